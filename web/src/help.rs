//! All shortcuts, by group.

use editor::actions::{HelpRow, help};
use leptos::prelude::*;

use crate::dialogs::head;
use crate::words::keyboard;

/// The list of shortcuts.
pub(crate) fn view() -> AnyView {
    let sections = help(keyboard()).into_iter().map(|section| {
        let rows = section.rows.into_iter().map(row);
        view! {
            <section>
                <h3>{section.name}</h3>
                <dl>{rows.collect_view()}</dl>
            </section>
        }
    });
    view! {
        <div class="dialog-body">
            {head("Keyboard shortcuts")}
            <div class="shortcuts" tabindex="0" role="region" aria-label="Shortcuts">
                <div class="columns">{sections.collect_view()}</div>
            </div>
        </div>
    }
    .into_any()
}

fn row(HelpRow { name, keys }: HelpRow) -> impl IntoView {
    let keys = keys.into_iter().map(|key| view! { <kbd>{key}</kbd> });
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{keys.collect_view()}</dd>
        </div>
    }
}
