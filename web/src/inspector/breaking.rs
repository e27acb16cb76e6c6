//! How to break what is selected, and the faults that the design has for it.

use design::fault::Fault;
use design::{Command, Target};
use leptos::prelude::*;

use super::policies::fault_words;
use super::slot::Form;
use crate::faults::{FaultPalette, faults_for, is_on};
use crate::state::Page;

/// The fault palette of the target, and its faults.
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
            <h3>"Break it, now"</h3>
            <FaultPalette target=id.clone() on_done=|()| () />
            {aimed(form, id)}
        </section>
    }
    .into_any()
}

/// The target's faults, each with a way to end it, or to take it out.
fn aimed(form: Form, id: String) -> impl IntoView {
    let page = Page::get();
    let faults = Memo::new(move |_| {
        page.tick.track();
        let now_s = page.history.with_value(|history| history.now_s);
        form.design.with(|design| {
            let aimed = design.faults.iter().enumerate();
            let aimed = aimed.filter(|(_, fault)| fault.target == id);
            aimed
                .map(|(at, fault)| (at, fault.clone(), is_on(design, fault, now_s)))
                .collect::<Vec<_>>()
        })
    });
    let item = move |(at, fault, is_on): (usize, Fault, bool)| {
        let words = format!("{} from {:.1} s", fault_words(&fault), fault.at.as_s());
        view! {
            <li>
                <span>{words.clone()}</span>
                {is_on.then(|| view! {
                    <button
                        type="button"
                        class="quiet-button"
                        aria-label=format!("Mend {words}")
                        on:click=move |_| page.mend(at)
                    >
                        "Mend"
                    </button>
                })}
                <button
                    type="button"
                    class="icon-button"
                    aria-label=format!("Remove {words}")
                    title="Remove"
                    on:click=move |_| form.send(Command::RemoveFault(at))
                >
                    "×"
                </button>
            </li>
        }
    };
    move || {
        let faults = faults.get();
        (!faults.is_empty()).then(
            || view! { <ul class="scheduled">{faults.into_iter().map(item).collect_view()}</ul> },
        )
    }
}
