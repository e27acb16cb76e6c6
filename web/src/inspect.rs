//! The inspector beside the canvas. It shows the selection, or the design if nothing is selected.

use design::Target;
use editor::Selection;
use leptos::prelude::*;

use crate::acting::focus_soon;
use crate::bind::{flag, text};
use crate::findings::Side;
use crate::icons;
use crate::inspector::Inspector;
use crate::state::Page;

/// Maximum number of items that are edited together.
const SEVERAL_MAX: usize = 200;

/// The inspector.
#[component]
pub(crate) fn Inspect() -> impl IntoView {
    let page = Page::get();
    // Nodes together, or links together; if both are selected, the nodes.
    let targets = Memo::new(move |_| {
        page.selection.with(|selection| {
            if selection.is_empty() && page.about_design.get() {
                return vec![Target::Settings];
            }
            let mut items: Vec<_> = selection.items().filter_map(|item| item.target()).collect();
            let has_node = items.iter().any(|target| matches!(target, Target::Node(_)));
            items.retain(|target| !has_node || matches!(target, Target::Node(_)));
            if items.len() > SEVERAL_MAX {
                items.clear();
            }
            items
        })
    });
    let count = Memo::new(move |_| page.selection.with(Selection::len));
    let hint = text(move || match count.get() {
        n if n > SEVERAL_MAX => {
            format!("{n} items are selected; at most {SEVERAL_MAX} can be edited together.")
        }
        _ => String::new(),
    });
    let of_design = Memo::new(move |_| targets.with(|targets| targets[..] == [Target::Settings]));
    let open = open_for_selection(page);
    let is_empty = flag(move || !open.get() && !of_design.get());
    let inspector = NodeRef::<leptos::html::Aside>::new();
    Effect::new(move |_| {
        targets.track();
        // The scroll position belongs to the earlier selection.
        if let Some(inspector) = inspector.get() {
            inspector.set_scroll_top(0);
        }
    });
    view! {
        <aside
            node_ref=inspector
            class="inspect"
            id="inspect"
            aria-label="Inspector"
            class:empty=is_empty
        >
            <h2 class="visually-hidden">"Inspector"</h2>
            {move || of_design.get().then(|| close(page))}
            <Inspector
                targets=targets
                design=page.design
                on_command=Callback::new(move |(command, key)| page.command_keyed(command, key))
                on_delete=Callback::new(move |target: Target| page.delete(&target))
            />
            {move || of_design.get().then(|| requirements(page))}
            <p class="inspect-hint quiet">{hint}</p>
        </aside>
    }
}

/// Closes the settings of the design.
fn close(page: Page) -> impl IntoView {
    view! {
        <button
            class="button bare icon inspect-close"
            aria-label="Close the settings"
            title="Close (Esc)"
            on:click=move |_| {
                page.about_design.set(false);
                focus_soon(".bar .time");
            }
        >
            {icons::glyph(icons::CLOSE)}
        </button>
    }
}

/// The requirements are part of the design too, and are edited beside their verdicts.
fn requirements(page: Page) -> impl IntoView {
    let count = text(
        move || match page.design.with(|design| design.requirements.len()) {
            0 => "None yet. A requirement states what every run must achieve.".to_owned(),
            1 => "1 requirement".to_owned(),
            n => format!("{n} requirements"),
        },
    );
    view! {
        <section class="inspect-requirements">
            <h3>"Requirements"</h3>
            <p class="quiet">{count}</p>
            <button class="button" on:click=move |_| page.show_side(Side::Findings)>
                "Edit requirements"
            </button>
        </section>
    }
}

/// Returns whether the inspector is open beside the canvas. If it would cover what was just
/// clicked, it waits until the click cannot be the first half of a double click.
fn open_for_selection(page: Page) -> RwSignal<bool> {
    /// Width of the inspector, and maximum time between two clicks of a double click.
    const WIDTH: f64 = 320.0;
    const DOUBLE_CLICK: std::time::Duration = std::time::Duration::from_millis(500);
    let open = RwSignal::new(false);
    // A note is edited on the canvas: it has nothing to inspect.
    let has_selection = Memo::new(move |_| {
        let mut selected = page.selection.get();
        selected.notes.clear();
        !selected.is_empty()
    });
    Effect::new(move |_| {
        if !has_selection.get() {
            return open.set(false);
        }
        let pointer = page.hidden.with_value(|hidden| hidden.pointer.x);
        let width = page.view.with_untracked(|view| view.size().x);
        if pointer < width - WIDTH {
            return open.set(true);
        }
        let settle = move || open.set(has_selection.get_untracked());
        set_timeout(settle, DOUBLE_CLICK);
    });
    open
}
