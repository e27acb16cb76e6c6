//! The palette: a bar with the kinds of node and, behind its first button, the list of everything
//! that can be put on the canvas. A click adds in the middle of the view, a drag where it is
//! dropped. A second row, folded at first, has the patterns: a click builds one at the selection, a
//! drag at what it is dropped on.

pub(crate) mod catalog;
mod drag;

use design::KINDS;
use editor::{Pattern, Thing};
use leptos::prelude::*;

use crate::bind::text;
use crate::icons;
use crate::state::Page;
use crate::storage;
use drag::{Drag, Tile};

/// Storage key: the patterns are unfolded.
const PATTERNS: &str = "faultline.patterns";

/// The palette.
#[component]
pub(crate) fn Palette() -> impl IntoView {
    let page = Page::get();
    let drag = Drag::new(page);
    let items: Vec<AnyView> = KINDS.iter().map(|kind| item(page, drag, kind)).collect();
    let open = page.adding;
    let patterns = RwSignal::new(storage::flag(PATTERNS));
    view! {
        <div class="palettes">
        <div class="palette" role="toolbar" aria-label="Add a node">
            <button
                class="more"
                data-add="all"
                aria-expanded=text(move || open.get().to_string())
                aria-label="Add: search all kinds and presets (A)"
                title="All kinds and presets (A)"
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
            <button
                class="more unfolds"
                data-add="patterns"
                aria-expanded=text(move || patterns.get().to_string())
                aria-label="Patterns: caches, fan-out, routes, queues"
                title="Patterns: a look-aside cache, fan-out, an outbox \u{2026}"
                on:click=move |_| {
                    patterns.update(|shown| *shown = !*shown);
                    storage::set_flag(PATTERNS, patterns.get_untracked());
                }
            >
                {icons::glyph(icons::PATTERNS)}
                <span>"patterns"</span>
            </button>
        </div>
        {move || patterns.get().then(|| row_of_patterns(page, drag))}
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
            on:pointerdown=move |event| drag.begin(Tile::Thing(thing), &event)
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

fn row_of_patterns(page: Page, drag: Drag) -> AnyView {
    let tiles: Vec<AnyView> = Pattern::ALL
        .into_iter()
        .map(|pattern| pattern_tile(page, drag, pattern))
        .collect();
    view! {
        <div class="palette patterns" role="toolbar" aria-label="Build a pattern">
            {tiles}
        </div>
    }
    .into_any()
}

fn pattern_tile(page: Page, drag: Drag, pattern: Pattern) -> AnyView {
    let fits = Memo::new(move |_| {
        page.selection
            .with(|selection| page.design.with(|design| pattern.fits(design, selection)))
    });
    let about = pattern.about();
    view! {
        <button
            data-pattern=pattern.key()
            class:fits=fits
            aria-label=format!("{}. {about}", pattern.name())
            aria-description=text(move || match fits.get() {
                true => "Fits the selection.".to_owned(),
                false => format!("Fits on {}.", pattern.fits_on()),
            })
            title=format!("{}. {about} Fits on {}.", pattern.name(), pattern.fits_on())
            on:pointerdown=move |event| drag.begin(Tile::Pattern(pattern), &event)
            on:pointermove=move |event| drag.moved(&event)
            on:pointerup=move |event| drag.drop(&event)
            on:pointercancel=move |_| drag.cancel()
            on:click=move |_| {
                if !drag.was_dragged() {
                    page.add_pattern(pattern, None);
                }
            }
        >
            {icons::glyph(icons::of_pattern(pattern))}
            <span>{pattern.label()}</span>
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
