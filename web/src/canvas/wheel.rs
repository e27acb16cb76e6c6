//! The wheel pans the canvas, and with Ctrl or ⌘ it zooms; a trackpad's pinch arrives that way. For
//! a mouse, the user can reverse this: the wheel zooms, and Shift with the wheel pans.

use editor::{Input, Point, WheelAction};
use leptos::prelude::*;
use web_sys::WheelEvent;

use super::animation::to_stage;
use crate::state::{Page, Place};
use crate::storage;

/// Where the choice to zoom with the wheel is saved.
pub(crate) const WHEEL_ZOOMS: &str = "faultline.wheel-zooms";

/// Switches the wheel between panning and zooming.
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

/// Handles a turn of the wheel over the canvas. In an embed it pans nothing, because the page
/// around it scrolls.
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
