//! The form of a fault that is already in the design: time, duration and parameters.

use design::{Command, Fault, Target};
use leptos::prelude::*;

use super::{has_length, parameters};
use crate::icons;
use crate::inspector::FieldForm;
use crate::state::Page;

/// Returns the fields of a fault that can be changed.
pub(super) fn fields_of(fault: &Fault) -> Vec<&'static str> {
    let mut shown = vec!["at"];
    if has_length(fault) {
        shown.push("for");
    }
    shown.extend(parameters(fault.kind));
    shown
}

/// Returns all fields of a fault but these.
pub(super) fn all_but(shown: &[&str]) -> Vec<&'static str> {
    let names = Fault::RECORD.fields.iter().map(|field| field.name);
    names.filter(|name| !shown.contains(name)).collect()
}

/// The form, with its title and a button that deletes the fault.
pub(crate) fn edit_fault(page: Page, ix: usize) -> Option<AnyView> {
    let (fault, title) = page.design.with_untracked(|design| {
        let fault = design.faults.get(ix)?;
        Some((fault.clone(), crate::history::fault_label(fault, design)))
    })?;
    let shown = fields_of(&fault);
    Some(
        view! {
            <h3>{title}</h3>
            <div class="fault-form inspector">
                <FieldForm
                    target=Target::Fault(ix)
                    design=page.design
                    on_command=Callback::new(move |(command, key)| page.command_keyed(command, key))
                    record=Fault::RECORD
                    hidden=all_but(&shown)
                />
                <button
                    type="button"
                    class="button"
                    on:click=move |_| {
                        page.popup.set(None);
                        page.remove_fault(ix);
                    }
                >
                    {icons::glyph(icons::CLOSE)}
                    "Delete the fault"
                </button>
            </div>
        }
        .into_any(),
    )
}

impl Page {
    /// Deletes a fault from the design.
    pub(crate) fn remove_fault(self, ix: usize) {
        let title = self.design.with_untracked(|design| {
            let fault = design.faults.get(ix)?;
            Some(crate::history::fault_label(fault, design))
        });
        if let Some(title) = title {
            self.command_named(Command::RemoveFault(ix), &format!("Delete: {title}"));
        }
    }
}
