//! Nodes as cards: focusable, readable, and updated with every frame.

use editor::geometry::has_port;
use editor::{End, Hit};
use leptos::html::{Div, Input};
use leptos::prelude::*;

use super::Live;
use super::figures::{BODY, NodeParts};
use super::look::{Health, PLACES, SLOTS};
use crate::bind::text;
use crate::findings::cause;
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
    let moved = page.places.of_node(&id);
    let node = Memo::new(move |before: Option<&Option<design::Node>>| {
        moved.track();
        page.places.count_shape();
        let now = page.design.with(|design| design.node(&name).cloned());
        // A card that is about to be removed keeps its last look.
        now.or_else(|| before.cloned().flatten())
    });
    let kind = node.with_untracked(|node| node.as_ref().map(|node| node.kind.clone()));
    let standing = {
        let id = id.clone();
        Memo::new(move |_| Standing::of(page, &id))
    };
    let place = text(move || {
        let [x, y] = node.with(|node| node.as_ref().map_or([0, 0], |node| node.at));
        format!("transform:translate({x}px,{y}px)")
    });
    let what = text(move || {
        node.with(|node| {
            node.as_ref().map_or_else(String::new, |node| {
                words::in_parts(&words::describe(&node.kind))
            })
        })
    });
    let name = Name {
        id: id.clone(),
        node,
    };
    let card = NodeRef::<Div>::new();
    register(card, &id, live, node);
    let pressed = text(move || standing.with(|standing| standing.selected.to_string()));
    let tab_index = text(move || {
        let stops = standing.with(|standing| standing.tab_stop);
        if stops { "0" } else { "-1" }.to_owned()
    });
    view! {
        <div
            node_ref=card
            class=text(move || standing.with(Standing::class))
            role="button"
            aria-pressed=pressed
            tabindex=tab_index
            data-id=id.clone()
            data-kind=kind.as_ref().map(|kind| kind.name())
            prop:style=place
        >
            {kind.as_ref().map(ports)}
            <span class="head">
                {icons::glyph(kind.as_ref().map_or("", icons::of_kind))} {name.view()}
                <svg class="health" viewBox="0 0 10 10" aria-hidden="true">
                    <path d=Health::Fine.shape()></path>
                </svg>
            </span>
            <span class="about">
                <span class="what">{what}</span>
                <span class="aside num"></span>
            </span>
            {body()}
            {queue()}
            {badge(page, id.clone())}
            {broken(page, id.clone())}
        </div>
    }
}

/// What affects the look of a card besides its node.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Standing {
    selected: bool,
    /// Whether the Tab key leads here.
    tab_stop: bool,
    /// Whether the pointer is over it.
    aimed: bool,
    /// Whether experiments confirmed that it is the cause.
    cause: bool,
    /// The port under the pointer, or the one that the wire in progress fits.
    port: Option<End>,
}

impl Standing {
    fn of(page: Page, id: &str) -> Self {
        let (aimed, port) = page.hover.with(|hover| match hover {
            Hit::Port(node, port) if node == id => (true, Some(*port)),
            Hit::Node(node) => (node == id, None),
            Hit::Port(..) | Hit::LinkEnd(..) | Hit::Link(_) | Hit::Note(_) | Hit::Empty => {
                (false, None)
            }
        });
        Self {
            selected: page
                .selection
                .with(|selection| selection.nodes.contains(id)),
            tab_stop: page.focus_stop.with(|stop| stop.as_deref() == Some(id)),
            aimed,
            cause: page
                .review
                .findings
                .with(|findings| cause(findings) == Some(id)),
            port,
        }
    }

    fn class(&self) -> String {
        let mut class = "node".to_owned();
        if self.selected {
            class += " selected";
        }
        if self.aimed {
            class += " aimed";
        }
        if self.cause {
            class += " cause";
        }
        class += match self.port {
            Some(End::To) => " port-in",
            Some(End::From) => " port-out",
            None => "",
        };
        class
    }
}

fn ports(kind: &design::Kind) -> impl IntoView + use<> {
    let port = |end: End, class: &'static str| {
        has_port(kind, end).then(|| view! { <span class=class></span> })
    };
    (port(End::To, "port in"), port(End::From, "port out"))
}

/// The number of calls that failed here. A click shows failed requests; keyboard users have the
/// button beside the latencies.
fn badge(page: Page, id: String) -> impl IntoView {
    view! {
        <span
            class="badge"
            data-state="none"
            on:pointerdown=|event| event.stop_propagation()
            on:dblclick=|event| event.stop_propagation()
            on:click=move |_| page.ask_why_failed(id.clone())
        >
            <svg viewBox="0 0 10 10" aria-hidden="true">
                <path d="M2 2l6 6M8 2l-6 6"></path>
            </svg>
            <span class="badge-count num"></span>
            <span class="causes"></span>
        </span>
    }
}

/// A mark that a fault is active on the node itself, with its faults as a tooltip.
fn broken(page: Page, id: String) -> impl IntoView {
    let how = Memo::new(move |_| {
        page.broken.with(|broken| {
            let own = broken.iter().filter(|(node, _)| *node == id);
            own.map(|(_, how)| how.clone())
                .collect::<Vec<_>>()
                .join("\n")
        })
    });
    move || {
        let how = how.get();
        (!how.is_empty()).then(|| {
            view! {
                <span class="faulted" title=how>
                    {icons::glyph(icons::BROKEN)}
                </span>
            }
        })
    }
}

/// The name, or the field in which the user types it.
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
            // A field that is taken away loses the focus after its signals are gone.
            if done.try_get_value() != Some(false) {
                return;
            }
            done.set_value(true);
            let id = match label {
                Some(label) => page.rename_node(&id, &label),
                None => {
                    page.renaming.set(None);
                    id.clone()
                }
            };
            // A card with a new id is there with the next frame.
            request_animation_frame(move || super::input::focus_card(&id));
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

/// The picture of the node, and its metrics.
fn body() -> impl IntoView {
    let [width, height] = SLOTS;
    let paths = BODY.map(|name| view! { <path class=name></path> });
    view! {
        <svg class="body" width=width height=height aria-hidden="true">
            {paths.collect_view()}
        </svg>
        <span class="foot">
            <span class="rate num"></span>
            <span class="tell num"></span>
        </span>
        <span class="harm">
            <svg width="72" height="14" aria-hidden="true">
                <path></path>
            </svg>
            <span class="harm-words"></span>
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

/// Registers the card's parts with the animation, for as long as the card exists.
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
