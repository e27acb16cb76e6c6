//! What the wheel does: it pushes the canvas, and with Ctrl or ⌘ (so comes a pinch on a trackpad)
//! it zooms. Whoever has a mouse may want it to zoom by itself: then Shift pushes.

use editor::{Input, Point, WheelAction};
use leptos::prelude::*;
use web_sys::WheelEvent;

use super::animation::to_stage;
use crate::state::{Page, Place};
use crate::storage;

/// Whether the wheel was to zoom on the last visit.
pub(crate) const WHEEL_ZOOMS: &str = "faultline.wheel-zooms";

/// Lets the wheel zoom without a key held, or no longer.
pub(crate) fn turn_wheel(page: Page) {
    let zooms = !page.wheel_zooms.get_untracked();
    page.wheel_zooms.set(zooms);
    storage::set_flag(WHEEL_ZOOMS, zooms);
    let says = match zooms {
        true => "The wheel now zooms; Shift with the wheel pans.",
        false => "The wheel now pans; Ctrl or \u{2318} with the wheel zooms.",
    };
    page.say(says.to_owned());
}

/// The wheel was turned over the canvas. In somebody's page it pushes nothing: that page scrolls.
pub(super) fn turned(page: Page, event: &WheelEvent) {
    let asks = event.ctrl_key() || event.meta_key();
    if page.place == Place::Embed && !asks {
        return;
    }
    let zooms = asks || page.wheel_zooms.get_untracked() && !event.shift_key();
    event.prevent_default();
    let client = [f64::from(event.client_x()), f64::from(event.client_y())];
    let Some(at) = to_stage(client) else { return };
    // Firefox counts in lines, some mice in pages.
    let pixels = match event.delta_mode() {
        WheelEvent::DOM_DELTA_LINE => 16.0,
        WheelEvent::DOM_DELTA_PAGE => 400.0,
        _ => 1.0,
    };
    let mut by = Point::new(event.delta_x() * pixels, event.delta_y() * pixels);
    if event.shift_key() && by.x == 0.0 {
        by = Point::new(by.y, 0.0);
    }
    let action = match zooms {
        true => WheelAction::Zoom,
        false => WheelAction::Pan,
    };
    page.input(Input::Wheel { at, by, action });
}
