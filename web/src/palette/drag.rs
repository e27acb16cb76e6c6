//! Drags an entry or a pattern from the palette onto the canvas.

use editor::{NODE_HEIGHT, NODE_WIDTH, Pattern, Thing};
use leptos::prelude::*;
use web_sys::PointerEvent;

use crate::state::Page;

/// Distance after which a press is a drag, in pixels.
const THRESHOLD: f64 = 4.0;

/// What can be dragged out of the palette.
#[derive(Clone, Copy)]
pub(crate) enum Tile {
    /// A new node.
    Thing(Thing),
    /// What a pattern adds at the node or link it is dropped on.
    Pattern(Pattern),
}

impl Tile {
    fn label(&self) -> &'static str {
        match self {
            Self::Thing(thing) => thing.label(),
            Self::Pattern(pattern) => pattern.label(),
        }
    }
}

/// A tile under the pointer on its way to the canvas.
#[derive(Clone, Copy)]
struct Held {
    tile: Tile,
    from: [f64; 2],
    at: [f64; 2],
    dragging: bool,
}

/// The drag in progress, if any. Copies share it.
#[derive(Clone, Copy)]
pub(crate) struct Drag {
    page: Page,
    held: RwSignal<Option<Held>>,
    /// Whether the next click ends a drag and must be ignored.
    dragged: StoredValue<bool>,
}

impl Drag {
    pub(super) fn new(page: Page) -> Self {
        Self {
            page,
            held: RwSignal::new(None),
            dragged: StoredValue::new(false),
        }
    }

    /// Begins a drag.
    pub(super) fn begin(self, tile: Tile, event: &PointerEvent) {
        self.dragged.set_value(false);
        if event.button() != 0 {
            return;
        }
        let at = place(event);
        self.held.set(Some(Held {
            tile,
            from: at,
            at,
            dragging: false,
        }));
        let element = event_target::<web_sys::Element>(event);
        // Without capture the drop is missed only outside the window.
        let _ = element.set_pointer_capture(event.pointer_id());
    }

    /// Follows the pointer.
    pub(super) fn moved(self, event: &PointerEvent) {
        if self.held.with_untracked(Option::is_none) {
            return;
        }
        let at = place(event);
        self.held.update(|held| {
            if let Some(held) = held {
                held.at = at;
                let [dx, dy] = [at[0] - held.from[0], at[1] - held.from[1]];
                held.dragging |= dx.abs().max(dy.abs()) > THRESHOLD;
            }
        });
    }

    /// Ends the drag. On the canvas, the tile is added there.
    pub(super) fn drop(self, event: &PointerEvent) {
        let Some(was) = self.held.get_untracked() else {
            return;
        };
        self.held.set(None);
        self.dragged.set_value(was.dragging);
        let added = |at| match was.tile {
            Tile::Thing(thing) => self.page.add_thing(&thing, at),
            Tile::Pattern(pattern) => self.page.add_pattern(pattern, at),
        };
        if was.dragging && added(Some(place(event))) {
            self.page.adding.set(false);
            // Otherwise the space bar would still press the button.
            crate::canvas::focus_selected(self.page);
        }
    }

    /// The browser took the pointer away.
    pub(super) fn cancel(self) {
        self.held.set(None);
    }

    /// Returns whether the press before a click was a drag.
    pub(super) fn was_dragged(self) -> bool {
        self.dragged
            .try_update_value(std::mem::take)
            .unwrap_or_default()
    }

    /// What is shown under the pointer.
    pub(super) fn ghost(self) -> impl IntoView {
        move || {
            let held = self.held.get().filter(|held| held.dragging)?;
            let [x, y] = [
                held.at[0] - NODE_WIDTH / 2.0,
                held.at[1] - NODE_HEIGHT / 2.0,
            ];
            Some(view! {
                <div class="ghost" prop:style=format!("left:{x}px;top:{y}px")>
                    {held.tile.label()}
                </div>
            })
        }
    }
}

fn place(event: &PointerEvent) -> [f64; 2] {
    [f64::from(event.client_x()), f64::from(event.client_y())]
}
