//! The whole design, small in a corner, with the part that is on the screen, for designs larger
//! than the screen. A press centers a place. Keyboard users have fit and the outline for the same
//! purpose.

use editor::scene::bounds_of_parts;
use editor::{Point, Rect, node_rect};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, PointerEvent};

use crate::bind::text;
use crate::state::Page;

/// Free space around the design, in canvas pixels.
const MARGIN: f64 = 60.0;

/// The minimap, if it is switched on.
#[component]
pub(crate) fn Minimap() -> impl IntoView {
    let page = Page::get();
    view! { <Show when=move || page.minimap.get()>{map(page)}</Show> }
}

fn map(page: Page) -> AnyView {
    let seen = move || page.view.with(editor::Viewport::visible);
    let bounds = Memo::new(move |_| page.placed().with(|design| bounds_of_parts(design)));
    let all = Memo::new(move |_| {
        let seen = seen();
        let bounds = bounds.get();
        bounds.map_or(seen, |bounds| bounds.expand(MARGIN).union(seen))
    });
    let nodes = move || {
        page.placed().with(|design| {
            let nodes = design.nodes.iter().map(node_rect);
            nodes.map(path).collect::<String>()
        })
    };
    let look = move |event: &PointerEvent| {
        if event.buttons() != 1 {
            return;
        }
        let Some(map) = event
            .current_target()
            .and_then(|map| map.dyn_into::<Element>().ok())
        else {
            return;
        };
        let (rect, all) = (map.get_bounding_client_rect(), all.get_untracked());
        let place = Point::new(
            f64::from(event.client_x()) - rect.left() - rect.width() / 2.0,
            f64::from(event.client_y()) - rect.top() - rect.height() / 2.0,
        );
        let size = all.size();
        // As the picture fits into its element: whole, centered.
        let per_px = (size.x / rect.width()).max(size.y / rect.height());
        let place = all.center() + place * per_px;
        // Outside of the design there is nothing to see, and the map would grow under the pointer.
        let place = bounds.get_untracked().map_or(place, |bounds| {
            Point::new(
                place.x.clamp(bounds.min.x, bounds.max.x),
                place.y.clamp(bounds.min.y, bounds.max.y),
            )
        });
        let effects = page.edit(|editor| {
            let scale = editor.viewport().scale();
            editor.look_at(place, scale)
        });
        page.follow_all(effects);
    };
    let area = text(move || {
        let (all, size) = (all.get(), all.get().size());
        format!("{} {} {} {}", all.min.x, all.min.y, size.x, size.y)
    });
    view! {
        <svg
            class="minimap"
            viewBox=area
            aria-hidden="true"
            on:pointerdown=move |event| {
                if let Some(map) = event.current_target().and_then(|map| map.dyn_into::<Element>().ok()) {
                    // Fails only for a pointer that has gone.
                    let _ = map.set_pointer_capture(event.pointer_id());
                }
                look(&event);
            }
            on:pointermove=move |event| look(&event)
        >
            <path class="nodes" d=text(nodes)></path>
            <path class="seen" d=text(move || path(seen()))></path>
        </svg>
    }
    .into_any()
}

fn path(rect: Rect) -> String {
    let size = rect.size();
    format!(
        "M{} {}h{}v{}h-{}z",
        rect.min.x, rect.min.y, size.x, size.y, size.x
    )
}
