//! What a tool draws over the canvas: a wire, a marquee, guides. Screen coordinates.

use editor::{Editor, Guide, Hit, Point, Rect, Tool};
use leptos::prelude::*;

use crate::state::Page;

/// What there is to draw.
#[derive(Clone, Debug, Default, PartialEq)]
struct Drawn {
    wire: Option<(String, bool)>,
    refusal: Option<(String, Point)>,
    marquee: Option<Rect>,
    guides: Vec<[Point; 2]>,
    grips: Vec<Point>,
    scale: f64,
    offset: Point,
}

/// The layer.
#[component]
pub(crate) fn Overlay() -> impl IntoView {
    let page = Page::get();
    let drawn = Memo::new(move |_| {
        page.overlay.track();
        page.view.track();
        page.placed().track();
        page.selection.track();
        page.editor.with_value(drawn)
    });
    let guide = |[from, to]: [Point; 2]| {
        view! { <line class="guide" x1=from.x y1=from.y x2=to.x y2=to.y></line> }
    };
    let grip = |at: Point| view! { <circle class="grip" cx=at.x cy=at.y r="5"></circle> };
    view! {
        <svg class="overlay" aria-hidden="true">
            {move || {
                drawn
                    .with(|drawn| {
                        let Drawn { offset, scale, .. } = drawn;
                        let transform = format!(
                            "translate({} {}) scale({scale})",
                            offset.x,
                            offset.y,
                        );
                        let wire = drawn
                            .wire
                            .clone()
                            .map(|(d, refused)| {
                                let class = if refused { "wire refused" } else { "wire" };
                                view! { <path class=class d=d transform=transform></path> }
                            });
                        let marquee = drawn.marquee.map(marquee);
                        let guides = drawn.guides.iter().copied().map(guide).collect_view();
                        let grips = drawn.grips.iter().copied().map(grip).collect_view();
                        view! {
                            {wire}
                            {marquee}
                            {guides}
                            {grips}
                        }
                    })
            }}
        </svg>
        {move || {
            drawn
                .with(|drawn| drawn.refusal.clone())
                .map(|(why, at)| {
                    let style = format!("left:{}px;top:{}px", at.x + 14.0, at.y + 14.0);
                    view! {
                        <div class="toast" prop:style=style>
                            {crate::words::sentence(&why)}
                        </div>
                    }
                })
        }}
    }
}

fn marquee(rect: Rect) -> impl IntoView {
    let (at, size) = (rect.min, rect.size());
    view! { <rect class="marquee" x=at.x y=at.y width=size.x height=size.y></rect> }
}

fn drawn(editor: &Editor) -> Drawn {
    let view = editor.viewport();
    let grips = editor.grips().into_iter().flatten();
    let mut drawn = Drawn {
        scale: view.scale(),
        offset: view.offset(),
        grips: grips.map(|at| view.to_screen(at)).collect(),
        ..Drawn::default()
    };
    match editor.tool() {
        Tool::Wiring(wiring) => {
            let refusal = wiring
                .hover
                .as_ref()
                .and_then(|hover| hover.refusal.clone());
            drawn.wire = editor
                .wire_curve()
                .map(|curve| (curve.to_svg(), refusal.is_some()));
            let at = wiring.at.map(|at| view.to_screen(at));
            drawn.refusal = refusal.zip(at);
        }
        Tool::Marquee(marquee) => {
            drawn.marquee = Some(Rect::between(
                view.to_screen(marquee.rect.min),
                view.to_screen(marquee.rect.max),
            ));
        }
        Tool::Dragging(dragging) => {
            let size = view.size();
            drawn.guides = dragging
                .guides
                .iter()
                .map(|guide| match guide {
                    Guide::Horizontal(y) => {
                        let y = view.to_screen(Point::new(0.0, *y)).y;
                        [Point::new(0.0, y), Point::new(size.x, y)]
                    }
                    Guide::Vertical(x) => {
                        let x = view.to_screen(Point::new(*x, 0.0)).x;
                        [Point::new(x, 0.0), Point::new(x, size.y)]
                    }
                })
                .collect();
        }
        Tool::Idle(_) | Tool::Pressing(_) | Tool::Panning(_) | Tool::Pinching(_) => {}
    }
    drawn
}

/// Returns what the pointer is over: a node or link to highlight, or a port that accepts the wire.
pub(crate) fn hover(editor: &Editor) -> Hit {
    match editor.tool() {
        Tool::Idle(idle) => idle.hover.clone(),
        Tool::Wiring(wiring) => match &wiring.hover {
            Some(hover) if hover.refusal.is_none() => {
                Hit::Port(hover.node.clone(), wiring.wire.loose)
            }
            Some(_) | None => Hit::Empty,
        },
        Tool::Pressing(_)
        | Tool::Dragging(_)
        | Tool::Marquee(_)
        | Tool::Panning(_)
        | Tool::Pinching(_) => Hit::Empty,
    }
}
