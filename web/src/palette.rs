//! The six kinds of node: a click adds one in the middle of the view, a drag where it is dropped.

use design::KINDS;
use leptos::prelude::*;
use web_sys::PointerEvent;

use crate::icons;
use crate::state::Page;

/// How far a press may stray before it is a drag, in pixels.
const THRESHOLD: f64 = 4.0;

/// A kind under the pointer on its way to the canvas.
#[derive(Clone, Copy, PartialEq)]
struct Held {
    kind: usize,
    from: [f64; 2],
    at: [f64; 2],
    dragging: bool,
}

/// The palette.
#[component]
pub(crate) fn Palette() -> impl IntoView {
    let page = Page::get();
    let held = RwSignal::new(None::<Held>);
    let moved = move |event: PointerEvent| {
        let at = [f64::from(event.client_x()), f64::from(event.client_y())];
        held.update(|held| {
            if let Some(held) = held {
                held.at = at;
                let [dx, dy] = [at[0] - held.from[0], at[1] - held.from[1]];
                held.dragging |= dx.abs().max(dy.abs()) > THRESHOLD;
            }
        });
    };
    let dropped = move |event: PointerEvent| {
        let Some(was) = held.get_untracked() else {
            return;
        };
        held.set(None);
        if was.dragging {
            let at = [f64::from(event.client_x()), f64::from(event.client_y())];
            page.add_node(KINDS[was.kind].name, Some(at));
        }
    };
    let items = KINDS.iter().enumerate().map(|(ix, kind)| {
        view! {
            <button
                data-kind=kind.name
                aria-label=format!("Add a {}", kind.label)
                title=format!("Add a {}: click, or drag it onto the canvas", kind.label)
                on:pointerdown=move |event| {
                    if event.button() == 0 {
                        let at = [f64::from(event.client_x()), f64::from(event.client_y())];
                        held.set(Some(Held { kind: ix, from: at, at, dragging: false }));
                        let button = event_target::<web_sys::Element>(&event);
                        // Without capture the drop is missed only outside the window.
                        let _ = button.set_pointer_capture(event.pointer_id());
                    }
                }
                on:pointermove=moved
                on:pointerup=move |event| {
                    let dragged = held.get_untracked().is_some_and(|held| held.dragging);
                    page.swallow_click.set_value(dragged);
                    dropped(event);
                }
                on:pointercancel=move |_| held.set(None)
                on:click=move |_| {
                    if !page.swallow_click.get_value() {
                        page.add_node(kind.name, None);
                    }
                    page.swallow_click.set_value(false);
                }
            >
                {icons::glyph(icons::of_kind(&(kind.make)()))}
                <span>{kind.label}</span>
            </button>
        }
    });
    view! {
        <div class="palette" role="toolbar" aria-label="Add a node">
            {items.collect_view()}
        </div>
        {move || held.get().filter(|held| held.dragging).map(ghost)}
    }
}

/// Where the node would be dropped.
fn ghost(held: Held) -> impl IntoView {
    let [x, y] = [held.at[0] - 88.0, held.at[1] - 36.0];
    view! { <div class="ghost" style=format!("left:{x}px;top:{y}px")></div> }
}
