//! The list of everything that can be put on the canvas: searched by typing, chosen by click, key
//! or drag. The palette shows all of it, a dropped wire only what may be connected.

use std::sync::atomic::{AtomicU32, Ordering};

use editor::catalog::{self, Thing};
use editor::{QuickAdd, Wire};
use leptos::ev::KeyboardEvent;
use leptos::html::{Div, Input};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::drag::{Drag, Tile};
use crate::bind::text;
use crate::icons;
use crate::state::Page;

/// The list: headings with names.
type Listed = Vec<(&'static str, Vec<&'static str>)>;

/// Everything the list's parts share.
#[derive(Clone, Copy)]
struct List {
    listed: Memo<Listed>,
    active: RwSignal<usize>,
    /// Distinguishes the ids of two lists.
    number: u32,
    choose: Callback<Thing>,
}

impl List {
    fn thing_at(self, at: usize) -> Option<Thing> {
        self.listed.with(|listed| {
            let mut names = listed.iter().flat_map(|(_, names)| names);
            catalog::thing(names.nth(at)?)
        })
    }

    fn count(self) -> usize {
        self.listed
            .with(|listed| listed.iter().map(|(_, names)| names.len()).sum())
    }

    fn option_id(self, name: &str) -> String {
        format!("catalog-{}-{name}", self.number)
    }

    fn active_id(self) -> Option<String> {
        let thing = self.thing_at(self.active.get())?;
        Some(self.option_id(thing.name()))
    }
}

/// The list, for this wire if there is one. `drag` lets entries be dragged out of it.
pub(crate) fn view(
    page: Page,
    wanted: Option<&QuickAdd>,
    drag: Option<Drag>,
    choose: Callback<Thing>,
    close: Callback<()>,
) -> AnyView {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let wire: Option<Wire> = wanted.and_then(|wanted| wanted.wire.clone());
    let query = RwSignal::new(String::new());
    let listed = Memo::new(move |_| {
        let shelves = page
            .design
            .with(|design| query.with(|query| catalog::shelves(design, wire.as_ref(), query)));
        let names = |things: &[Thing]| things.iter().map(Thing::name).collect();
        let shelves = shelves.iter();
        shelves
            .map(|shelf| (shelf.label, names(&shelf.things)))
            .collect()
    });
    let list = List {
        listed,
        active: RwSignal::new(0),
        number: NEXT.fetch_add(1, Ordering::Relaxed),
        choose,
    };
    let field = NodeRef::<Input>::new();
    field.on_load(|field| {
        // An on-screen keyboard would cover half of a phone.
        let coarse = window().match_media("(pointer: coarse)").ok().flatten();
        if coarse.is_none_or(|query| !query.matches()) {
            request_animation_frame(move || {
                // Fails only for elements that cannot have the focus.
                let _ = field.focus();
            });
        }
    });
    view! {
        <div class="catalog">
            <input
                node_ref=field
                class="catalog-search"
                type="search"
                role="combobox"
                aria-label="Search kinds and presets"
                aria-expanded="true"
                aria-autocomplete="list"
                aria-controls=format!("catalog-{}", list.number)
                aria-activedescendant=move || list.active_id()
                autocomplete="off"
                spellcheck="false"
                maxlength="60"
                placeholder="Search: redis, queue, cron\u{2026}"
                on:input=move |event| {
                    query.set(event_target_value(&event));
                    list.active.set(0);
                }
                on:keydown=move |event| on_key(list, close, &event)
            />
            {options(list, drag)}
            {about(list)}
        </div>
    }
    .into_any()
}

fn on_key(list: List, close: Callback<()>, event: &KeyboardEvent) {
    let (at, count) = (list.active.get_untracked(), untrack(|| list.count()));
    let to = match event.key().as_str() {
        "ArrowDown" => (at + 1).min(count.saturating_sub(1)),
        "ArrowUp" => at.saturating_sub(1),
        "PageDown" => (at + 8).min(count.saturating_sub(1)),
        "PageUp" => at.saturating_sub(8),
        "Enter" => {
            event.prevent_default();
            if let Some(thing) = untrack(|| list.thing_at(at)) {
                list.choose.run(thing);
            }
            return;
        }
        "Escape" => {
            event.stop_propagation();
            close.run(());
            return;
        }
        _ => return,
    };
    event.prevent_default();
    list.active.set(to);
    if let Some(id) = untrack(|| list.active_id()) {
        show_row(&id);
    }
}

/// Scrolls just far enough to show a row.
fn show_row(id: &str) {
    let row = document().get_element_by_id(id);
    let Some(row) = row.and_then(|row| row.dyn_into::<HtmlElement>().ok()) else {
        return;
    };
    let Some(list) = row.offset_parent() else {
        return;
    };
    let (top, bottom) = (row.offset_top(), row.offset_top() + row.offset_height());
    if top < list.scroll_top() {
        list.set_scroll_top(top);
    } else if bottom > list.scroll_top() + list.client_height() {
        list.set_scroll_top(bottom - list.client_height());
    }
}

fn options(list: List, drag: Option<Drag>) -> AnyView {
    let box_of = NodeRef::<Div>::new();
    let rows = move || {
        let mut at = 0;
        let shelves = list.listed.get().into_iter().map(|(label, names)| {
            let rows: Vec<AnyView> = names
                .into_iter()
                .filter_map(|name| {
                    at += 1;
                    Some(option(list, drag, at - 1, catalog::thing(name)?))
                })
                .collect();
            view! {
                <div role="group" aria-label=label>
                    <p class="shelf" aria-hidden="true">
                        {label}
                    </p>
                    {rows}
                </div>
            }
            .into_any()
        });
        shelves.collect::<Vec<AnyView>>()
    };
    view! {
        <div
            node_ref=box_of
            class="options"
            id=format!("catalog-{}", list.number)
            role="listbox"
            aria-label="Kinds and presets"
        >
            {rows}
            {move || {
                (list.count() == 0)
                    .then(|| view! { <p class="quiet none">"No match."</p> })
            }}
        </div>
    }
    .into_any()
}

fn option(list: List, drag: Option<Drag>, at: usize, thing: Thing) -> AnyView {
    let is_plain = matches!(thing, Thing::Kind(_));
    view! {
        <div
            class="option"
            class:plain=is_plain
            role="option"
            id=list.option_id(thing.name())
            data-thing=thing.name()
            aria-selected=text(move || (list.active.get() == at).to_string())
            on:pointermove=move |event| {
                list.active.set(at);
                if let Some(drag) = drag {
                    drag.moved(&event);
                }
            }
            on:pointerdown=move |event| {
                // The field keeps the focus.
                event.prevent_default();
                if let Some(drag) = drag && event.pointer_type() != "touch" {
                    drag.begin(Tile::Thing(thing), &event);
                }
            }
            on:pointerup=move |event| {
                if let Some(drag) = drag {
                    drag.drop(&event);
                }
            }
            on:pointercancel=move |_| {
                if let Some(drag) = drag {
                    drag.cancel();
                }
            }
            on:click=move |_| {
                if !drag.is_some_and(Drag::was_dragged) {
                    list.choose.run(thing);
                }
            }
        >
            {icons::glyph(icons::of_kind(&(thing.info().make)()))}
            <span>{thing.label()}</span>
            {(!is_plain).then(|| view! { <span class="kind quiet">{thing.info().label}</span> })}
        </div>
    }
    .into_any()
}

/// The description of the chosen entry, and the source of its values.
fn about(list: List) -> AnyView {
    let shown = move || {
        list.thing_at(list.active.get()).map(|thing| {
            let sources: Vec<AnyView> = match thing {
                Thing::Kind(_) => Vec::new(),
                Thing::Preset(preset) => {
                    let values = preset
                        .values
                        .iter()
                        .filter(|given| !given.source.is_empty());
                    values
                        .map(|given| view! { <li>{given.source}</li> }.into_any())
                        .collect()
                }
            };
            view! {
                <p>{thing.about()}</p>
                {(!sources.is_empty()).then(|| view! { <ul class="quiet">{sources}</ul> })}
            }
        })
    };
    view! { <div class="catalog-about">{shown}</div> }.into_any()
}
