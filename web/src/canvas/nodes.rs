//! Nodes as cards: focusable, readable, and written to by [`super::figures`] while the run goes on.

use editor::geometry::has_port;
use editor::{End, Hit};
use leptos::html::{Div, Input};
use leptos::prelude::*;

use super::Live;
use super::figures::NodeParts;
use super::look::{Health, PLACES, SLOTS};
use crate::bind::text;
use crate::state::Page;
use crate::{icons, words};

/// All cards.
#[component]
pub(crate) fn Nodes() -> impl IntoView {
    let page = Page::get();
    let ids = Memo::new(move |_| {
        page.design.with(|design| {
            design
                .nodes
                .iter()
                .map(|node| node.id.clone())
                .collect::<Vec<_>>()
        })
    });
    view! {
        <For each=move || ids.get() key=|id| id.clone() let:id>
            <Card id=id />
        </For>
    }
}

#[component]
fn Card(id: String) -> impl IntoView {
    let page = Page::get();
    let live = Live::get();
    let name = id.clone();
    let node = Memo::new(move |before: Option<&Option<design::Node>>| {
        let now = page.design.with(|design| design.node(&name).cloned());
        // A card that is about to go keeps its last look.
        now.or_else(|| before.cloned().flatten())
    });
    let with = move |read: fn(&design::Node) -> String| {
        node.with(|node| node.as_ref().map_or_else(String::new, read))
    };
    let kind = node.with_untracked(|node| node.as_ref().map(|node| node.kind.clone()));
    let ports = kind.as_ref().map_or((false, false), |kind| {
        (has_port(kind, End::To), has_port(kind, End::From))
    });
    let icon = kind.as_ref().map_or("", icons::of_kind);
    let selected = {
        let id = id.clone();
        Memo::new(move |_| {
            page.selection
                .with(|selection| selection.nodes.contains(&id))
        })
    };
    let focused = {
        let id = id.clone();
        Memo::new(move |_| {
            page.focus_stop
                .with(|stop| stop.as_deref() == Some(id.as_str()))
        })
    };
    let over = {
        let id = id.clone();
        move |end: Option<End>| {
            let id = id.clone();
            Memo::new(move |_| {
                page.hover.with(|hover| match (hover, end) {
                    (Hit::Port(node, port), Some(end)) => *node == id && *port == end,
                    (Hit::Port(node, _) | Hit::Node(node), None) => *node == id,
                    _ => false,
                })
            })
        }
    };
    let (aimed, port_in, port_out) = (over(None), over(Some(End::To)), over(Some(End::From)));
    let name = Name {
        id: id.clone(),
        node,
    };
    let card = NodeRef::<Div>::new();
    register(card, &id, live, node);
    view! {
        <div
            node_ref=card
            class="node"
            class:selected=selected
            class:aimed=aimed
            class:port-in=port_in
            class:port-out=port_out
            role="button"
            aria-pressed=text(move || selected.get().to_string())
            tabindex=text(move || if focused.get() { "0" } else { "-1" }.to_owned())
            data-id=id.clone()
            data-kind=kind.as_ref().map(|kind| kind.name())
            style=text(move || {
                let [x, y] = node.with(|node| node.as_ref().map_or([0, 0], |node| node.at));
                format!("transform:translate({x}px,{y}px)")
            })
        >
            {ports.0.then(|| view! { <span class="port in"></span> })}
            {ports.1.then(|| view! { <span class="port out"></span> })}
            <span class="head">
                {icons::glyph(icon)} {name.view()}
                <svg class="health" viewBox="0 0 10 10" aria-hidden="true">
                    <path d=Health::Fine.shape()></path>
                </svg>
            </span>
            <span class="about">
                <span class="what">{text(move || with(|node| words::describe(&node.kind)))}</span>
                <span class="rate num"></span>
            </span>
            {lower_row()}
            {queue()}
            <span class="badge" data-state="none">
                <svg viewBox="0 0 10 10" aria-hidden="true">
                    <path d="M2 2l6 6M8 2l-6 6"></path>
                </svg>
                <span class="badge-count num"></span>
                <span class="causes"></span>
            </span>
        </div>
    }
}

/// The name, or the field in which it is typed.
#[derive(Clone)]
struct Name {
    id: String,
    node: Memo<Option<design::Node>>,
}

impl Name {
    fn view(self) -> impl IntoView {
        let page = Page::get();
        let Self { id, node } = self;
        let title = text(move || {
            node.with(|node| {
                node.as_ref()
                    .map_or_else(String::new, |node| node.title().to_owned())
            })
        });
        let key = id.clone();
        let typing = Memo::new(move |_| page.renaming.with(|id| id.as_deref() == Some(&key)));
        move || {
            if typing.get() {
                name_field(page, id.clone(), title.get_untracked()).into_any()
            } else {
                view! { <span class="name">{title}</span> }.into_any()
            }
        }
    }
}

fn name_field(page: Page, id: String, title: String) -> impl IntoView {
    let field = NodeRef::<Input>::new();
    field.on_load(|field| {
        request_animation_frame(move || {
            // Fails only for elements that cannot have the focus.
            let _ = field.focus();
            field.select();
        });
    });
    let done = StoredValue::new(false);
    let finish = {
        let id = id.clone();
        move |label: Option<String>| {
            if done.get_value() {
                return;
            }
            done.set_value(true);
            match label {
                Some(label) => page.rename_node(&id, &label),
                None => page.renaming.set(None),
            }
            super::input::focus_card(&id);
        }
    };
    let finish_by_key = finish.clone();
    view! {
        <input
            node_ref=field
            class="name-field"
            aria-label="Name"
            maxlength="80"
            prop:value=title
            on:keydown=move |event| match event.key().as_str() {
                "Enter" => finish_by_key(Some(event_target_value(&event))),
                "Escape" => finish_by_key(None),
                _ => {}
            }
            on:blur=move |event| finish(Some(event_target_value(&event)))
        />
    }
}

fn lower_row() -> impl IntoView {
    let [width, height] = SLOTS;
    view! {
        <span class="lower">
            <svg class="slots" width=width height=height aria-hidden="true">
                <path class="slot-all"></path>
                <path class="slot-blocked"></path>
                <path class="slot-working"></path>
            </svg>
            <svg class="pips" width="88" height="10" aria-hidden="true">
                <path class="pip-up"></path>
                <path class="pip-slow"></path>
                <path class="pip-down"></path>
                <path class="pip-ejected"></path>
            </svg>
            <span class="tell"></span>
        </span>
    }
}

fn queue() -> impl IntoView {
    view! {
        <span class="queue">
            <span class="waiting num"></span>
            <svg width=f64::from(PLACES) * 7.0 height="10" aria-hidden="true">
                <path class="place-all"></path>
                <path class="place-taken"></path>
            </svg>
        </span>
    }
}

/// Tells the animation where the card's parts are, for as long as it is there.
fn register(card: NodeRef<Div>, id: &str, live: Live, node: Memo<Option<design::Node>>) {
    let title = move || {
        node.with(|node| {
            node.as_ref().map_or_else(String::new, |node| {
                format!(
                    "{}, {}, {}",
                    node.title(),
                    node.kind.info().label,
                    words::describe(&node.kind)
                )
            })
        })
    };
    let key = id.to_owned();
    card.on_load(move |element| {
        if let Some(parts) = NodeParts::of(&element, untrack(title)) {
            live.add_node(key, parts);
        }
    });
    let key = id.to_owned();
    Effect::new(move || {
        let title = title();
        live.with_node(&key, |parts| parts.rename(title));
    });
    let key = id.to_owned();
    on_cleanup(move || live.remove_node(&key));
}
