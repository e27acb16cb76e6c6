//! A small picture of a design: its nodes with the icons of their kinds, its links with a dot on
//! each while it is visible, and the targets of its faults. It is not a simulation.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use design::Value;
use editor::geometry::{End, port_at};
use editor::{Curve, Point, Rect, geometry, icons};
use leptos::html::Span;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry};

use super::{Shelf, fetch};
use crate::theme;

/// Maximum number of parts that are drawn.
const PARTS_MAX: usize = 60;

/// What is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
struct Drawing {
    frame: Option<Rect>,
    nodes: Vec<Card>,
    /// Each with whether a fault is aimed at it.
    links: Vec<(String, bool)>,
}

/// A node that is drawn.
#[derive(Clone, Debug, PartialEq)]
struct Card {
    rect: Rect,
    kind: String,
    is_hit: bool,
}

/// Watches which pictures are visible.
#[derive(Clone)]
pub(super) struct Sight(Rc<Option<IntersectionObserver>>);

thread_local! {
    /// Whether each picture is visible, by the path of its file.
    static WATCHED: RefCell<BTreeMap<String, RwSignal<bool>>> = const { RefCell::new(BTreeMap::new()) };
}

impl Sight {
    pub(super) fn new() -> Self {
        let look = Closure::<dyn FnMut(js_sys::Array)>::new(|entries: js_sys::Array| {
            for entry in entries.iter() {
                let Ok(entry) = entry.dyn_into::<IntersectionObserverEntry>() else {
                    continue;
                };
                let id = entry
                    .target()
                    .get_attribute("data-picture")
                    .unwrap_or_default();
                let watched = WATCHED.with(|all| all.borrow().get(&id).copied());
                if let Some(in_sight) = watched {
                    // The dialog may be closed by now.
                    let _ = in_sight.try_set(entry.is_intersecting());
                }
            }
        });
        let observer = IntersectionObserver::new(look.as_ref().unchecked_ref()).ok();
        // As long as the page: the dialog may be opened again at any time.
        look.forget();
        Self(Rc::new(observer))
    }

    fn watch(&self, element: &Element) {
        if let Some(observer) = self.0.as_ref() {
            observer.observe(element);
        }
    }
}

/// The picture of a file of the library.
pub(super) fn view(shelf: Shelf, id: &'static str, sight: &Sight) -> AnyView {
    let drawing = RwSignal::new(None::<Drawing>);
    let in_sight = RwSignal::new(false);
    let asked = StoredValue::new(false);
    let path = shelf.path(id);
    let watched = path.clone();
    WATCHED.with(|all| all.borrow_mut().insert(path.clone(), in_sight));
    Effect::new(move || {
        if in_sight.get() && !asked.get_value() {
            asked.set_value(true);
            let path = path.clone();
            spawn_local(async move {
                // A picture that cannot be fetched is left out; opening the card says why.
                if let Ok(text) = fetch::text(&path).await {
                    // The dialog may be closed by now.
                    let _ = drawing.try_set(Some(read(&text)));
                }
            });
        }
    });
    let place = NodeRef::<Span>::new();
    let sight = sight.clone();
    place.on_load(move |element| sight.watch(&element));
    let moves = !theme::wants_less_motion();
    let dots = move |links: &[(String, bool)]| {
        let dots = links.iter().enumerate().map(|(nth, (path, _))| {
            view! {
                <circle r="11">
                    <animateMotion
                        dur=format!("{:.1}s", 1.6 + 0.3 * (nth % 3) as f64)
                        begin=format!("{:.1}s", -0.5 * nth as f64)
                        repeatCount="indefinite"
                        path=path.clone()
                    ></animateMotion>
                </circle>
            }
        });
        dots.collect_view()
    };
    view! {
        <span class="picture" node_ref=place data-picture=watched aria-hidden="true">
            {move || {
                drawing
                    .get()
                    .and_then(|drawing| {
                        let frame = drawing.frame?;
                        let size = frame.size();
                        let box_of = format!(
                            "{} {} {} {}",
                            frame.min.x,
                            frame.min.y,
                            size.x,
                            size.y,
                        );
                        let links = drawing
                            .links
                            .iter()
                            .map(|(d, hit)| view! { <path class:hit=*hit d=d.clone()></path> });
                        let nodes = drawing
                            .nodes
                            .iter()
                            .map(|Card { rect, kind, is_hit }| {
                                let (size, middle) = (rect.size(), rect.center());
                                let radius = if kind == "client" { size.y / 2.0 } else { 12.0 };
                                // An icon is 20 x 20.
                                let at = format!(
                                    "translate({} {}) scale(3.6)",
                                    middle.x - 36.0,
                                    middle.y - 36.0,
                                );
                                view! {
                                    <rect
                                        class:hit=*is_hit
                                        x=rect.min.x
                                        y=rect.min.y
                                        width=size.x
                                        height=size.y
                                        rx=radius
                                    ></rect>
                                    <path
                                        class="glyph"
                                        class:hit=*is_hit
                                        transform=at
                                        d=icons::of_kind_named(kind)
                                    ></path>
                                }
                            });
                        let shown = drawing.links.clone();
                        Some(
                            view! {
                                <svg viewBox=box_of>
                                    {links.collect_view()} {nodes.collect_view()}
                                    {move || (moves && in_sight.get()).then(|| dots(&shown))}
                                </svg>
                            },
                        )
                    })
            }}
        </span>
    }
    .into_any()
}

/// Reads only what is drawn: a damaged file has a damaged picture, and no other effect.
fn read(text: &str) -> Drawing {
    let Ok(value) = format::json::value_from_str(text) else {
        return Drawing::default();
    };
    let list = |path: &str| match value.at_path(path) {
        Some(Value::List(items)) => items.iter().take(PARTS_MAX).collect(),
        _ => Vec::new(),
    };
    let word = |item: &Value, name: &str| match item.get(name) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let faults = ["trigger.faults", "design.faults"]
        .into_iter()
        .flat_map(list);
    let targets: Vec<String> = faults.map(|fault| word(fault, "target")).collect();
    let nodes: Vec<(String, Point, String)> = list("design.nodes")
        .into_iter()
        .filter_map(|node| {
            let at = |index| match node.at_path(&format!("at[{index}]")) {
                Some(Value::Number(number)) if number.is_finite() => Some(*number),
                _ => None,
            };
            Some((
                word(node, "id"),
                Point::new(at(0)?, at(1)?),
                word(node, "kind"),
            ))
        })
        .collect();
    let place = |id: &str| {
        nodes
            .iter()
            .find(|(known, ..)| known == id)
            .map(|(_, at, _)| *at)
    };
    let links = list("design.links").into_iter().filter_map(|link| {
        let (from, to) = (word(link, "from"), word(link, "to"));
        let id = format!("{from}->{to}");
        let from = port_at(place(&from)?, End::From);
        let to = port_at(place(&to)?, End::To);
        Some((Curve::between(from, to, 0.0), targets.contains(&id)))
    });
    let links: Vec<(Curve, bool)> = links.collect();
    let cards = nodes.iter().map(|(id, at, kind)| Card {
        rect: geometry::rect_at(*at),
        kind: kind.clone(),
        is_hit: targets.contains(id),
    });
    let cards: Vec<Card> = cards.collect();
    let around = cards.iter().map(|card| card.rect).reduce(Rect::union);
    let around = links
        .iter()
        .map(|(curve, _)| curve.hull())
        .fold(around, |all, one| all.map(|all| all.union(one)));
    Drawing {
        frame: around.map(|rect| rect.expand(24.0)),
        nodes: cards,
        links: links
            .iter()
            .map(|(curve, is_hit)| (curve.to_svg(), *is_hit))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_shows_kinds_and_what_a_fault_is_aimed_at() {
        let drawing = read(
            r#"{"design": {
                "nodes": [{"id": "a", "kind": "client", "at": [0, 0]},
                          {"id": "b", "kind": "database", "at": [280, 0]}],
                "links": [{"from": "a", "to": "b"}]},
            "trigger": {"faults": [{"target": "b"}]}}"#,
        );
        let shown: Vec<_> = drawing
            .nodes
            .iter()
            .map(|card| (&*card.kind, card.is_hit))
            .collect();
        assert_eq!(shown, [("client", false), ("database", true)]);
        assert_eq!(
            drawing
                .links
                .iter()
                .map(|(_, is_hit)| *is_hit)
                .collect::<Vec<_>>(),
            [false]
        );
    }
}
