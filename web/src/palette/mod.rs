//! The palette: a bar with the kinds of node, and behind its first button the list of everything
//! that can be put on the canvas. A click adds in the middle of the view, a drag where it is
//! dropped.

pub(crate) mod catalog;
mod drag;

use design::KINDS;
use editor::Thing;
use leptos::prelude::*;

use crate::bind::text;
use crate::icons;
use crate::state::Page;
use drag::Drag;

/// The palette.
#[component]
pub(crate) fn Palette() -> impl IntoView {
    let page = Page::get();
    let drag = Drag::new(page);
    let items: Vec<AnyView> = KINDS.iter().map(|kind| item(page, drag, kind)).collect();
    let open = page.adding;
    view! {
        <div class="palette" role="toolbar" aria-label="Add a node">
            <button
                class="more"
                data-add="all"
                aria-expanded=text(move || open.get().to_string())
                aria-label="Add something: search all kinds and presets (A)"
                title="Everything that can be added (A)"
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {icons::glyph(icons::PLUS)}
                <span>"add\u{2026}"</span>
            </button>
            {items}
            <button
                data-add="note"
                aria-label="Add a note (N)"
                title="Add a note: text on the canvas (N)"
                on:click=move |_| page.act(editor::ActionId::AddNote)
            >
                {icons::glyph(icons::NOTE)}
                <span>"note"</span>
            </button>
        </div>
        {move || open.get().then(|| panel(page, drag))}
        {drag.ghost()}
    }
}

fn item(page: Page, drag: Drag, kind: &'static design::KindInfo) -> AnyView {
    let thing = Thing::Kind(kind);
    view! {
        <button
            data-kind=kind.name
            aria-label=format!("Add a {}", kind.label)
            title=format!("Add a {}: click, or drag it onto the canvas", kind.label)
            on:pointerdown=move |event| drag.begin(thing, &event)
            on:pointermove=move |event| drag.moved(&event)
            on:pointerup=move |event| drag.drop(&event)
            on:pointercancel=move |_| drag.cancel()
            on:click=move |_| {
                if !drag.was_dragged() {
                    page.add_thing(&thing, None);
                    crate::canvas::focus_selected(page);
                }
            }
        >
            {icons::glyph(icons::of_kind(&(kind.make)()))}
            <span>{kind.label}</span>
        </button>
    }
    .into_any()
}

fn panel(page: Page, drag: Drag) -> AnyView {
    let close = Callback::new(move |()| page.adding.set(false));
    let choose = Callback::new(move |thing: Thing| {
        page.adding.set(false);
        page.add_thing(&thing, None);
        crate::canvas::focus_selected(page);
    });
    view! {
        <div class="palette-panel" role="dialog" aria-label="Add to the canvas">
            {catalog::view(page, None, Some(drag), choose, close)}
        </div>
    }
    .into_any()
}
