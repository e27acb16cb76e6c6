//! Fault injection for the selection.

use design::Target;
use leptos::prelude::*;

use super::slot::Form;
use crate::faults::{FaultPalette, faults_for};

/// The fault palette of the target.
pub(super) fn breaking(form: Form) -> AnyView {
    let id = form.target.with_value(|target| match target {
        Target::Node(id) | Target::Link(id) => id.clone(),
        Target::Settings | Target::Fault(_) => String::new(),
    });
    let none = form
        .design
        .with_untracked(|design| faults_for(design, &id).is_empty());
    if none {
        return ().into_any();
    }
    view! {
        <section class="break" aria-label="Break it">
            <h3>"Break it now"</h3>
            <FaultPalette target=id on_done=|()| () />
        </section>
    }
    .into_any()
}
