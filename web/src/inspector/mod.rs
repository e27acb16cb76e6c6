//! Placeholder for the inspector.

use std::sync::Arc;

use design::{Command, Design};
use leptos::prelude::*;

use crate::state::Selection;

/// The parameters of what is selected.
#[component]
pub(crate) fn Inspector(
    /// The design as it stands.
    #[prop(into)]
    design: Signal<Arc<Design>>,
    /// What is selected.
    #[prop(into)]
    selection: Signal<Selection>,
    /// Carries out an edit.
    on_command: Callback<Command>,
) -> impl IntoView {
    let _ = on_command;
    view! { <p>{move || format!("{} nodes, {} selected", design.get().nodes.len(), selection.get().nodes.len())}</p> }
}
