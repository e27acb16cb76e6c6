//! The time line: the axis of the charts as a slider. Dragging it, or moving it by keyboard, takes
//! the run to another moment.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::Charter;
use crate::bind::text;
use crate::state::Page;
use crate::words;

/// Steps of the arrow keys and of the page keys, in seconds.
const KEY_S: f64 = 1.0;
const PAGE_S: f64 = 10.0;

/// The slider over the axis.
pub(super) fn slider(charter: Charter) -> impl IntoView {
    let page = Page::get();
    let figure = move |read: fn(&crate::history::History) -> f64| {
        text(move || {
            page.tick.track();
            let value = page.history.with_value(read);
            format!("{value:.1}")
        })
    };
    // A memo, because a style is written whenever its signal runs.
    let share = Memo::new(move |_| {
        charter.now.track();
        let (now_s, end_s) = charter
            .painted
            .with_value(|painted| (painted.now_s, painted.end_s));
        let share = if end_s > 0.0 {
            (now_s / end_s).min(1.0)
        } else {
            0.0
        };
        format!("left:{:.3}%", share.clamp(0.0, 1.0) * 100.0)
    });
    let value = text(move || {
        page.tick.track();
        page.history.with_value(|history| {
            let now = words::clock(history.now_s);
            match history.now_s < history.known_s - 0.05 {
                true => format!("{now}, of {} so far", words::clock(history.known_s)),
                false => now,
            }
        })
    });
    view! {
        <div
            class="timeline"
            role="slider"
            tabindex="0"
            aria-label="Time line"
            aria-valuemin=figure(|history| history.from_s)
            aria-valuemax=figure(|history| history.known_s)
            aria-valuenow=figure(|history| history.now_s)
            aria-valuetext=value
            title="Drag to go back in time; arrows 1 s, Page keys 10 s"
            on:keydown=move |event| key(page, &event)
            on:pointerdown=move |event| charter.grab(&event)
            on:pointermove=move |event| charter.point(&event)
            on:pointerup=move |_| charter.release()
            on:pointercancel=move |_| charter.release()
            on:pointerleave=move |_| charter.leave()
        >
            <i class="thumb" prop:style=share></i>
        </div>
    }
}

fn key(page: Page, event: &KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let known_s = || page.history.with_value(|history| history.known_s);
    match event.key().as_str() {
        "ArrowLeft" | "ArrowDown" => page.seek_by(-KEY_S),
        "ArrowRight" | "ArrowUp" => page.seek_by(KEY_S),
        "PageDown" => page.seek_by(-PAGE_S),
        "PageUp" => page.seek_by(PAGE_S),
        "Home" => page.seek(0.0),
        "End" => page.seek(known_s()),
        _ => return,
    }
    event.prevent_default();
    // The canvas moves by these keys too.
    event.stop_propagation();
}

impl Charter {
    /// Begins a drag: the run moves to the pointer.
    pub(super) fn grab(self, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let Some(at_s) = self.moment(event) else {
            return;
        };
        if let Some(element) = event
            .current_target()
            .and_then(|target| target.dyn_into::<Element>().ok())
        {
            // Fails only for a pointer that is gone.
            let _ = element.set_pointer_capture(event.pointer_id());
        }
        self.held.set_value(true);
        self.page.grab_time();
        self.page.seek(at_s);
        self.hover.set(None);
    }

    /// Ends the drag.
    pub(super) fn release(self) {
        if self.held.get_value() {
            self.held.set_value(false);
            self.page.release_time();
        }
    }

    /// Handles a pointer that left.
    pub(super) fn leave(self) {
        self.hover.set(None);
        self.page.end_peek();
    }

    /// Handles a move of the pointer: it drags, or reads the values at the moment under it.
    pub(super) fn point(self, event: &PointerEvent) {
        let Some(at_s) = self.moment(event) else {
            return self.hover.set(None);
        };
        if self.held.get_value() {
            return self.page.seek(at_s);
        }
        let known_s = self.page.history.with_value(|history| history.known_s);
        let is_known = at_s <= known_s;
        self.hover.set(is_known.then_some(at_s));
        if is_known && event.pointer_type() == "mouse" {
            self.page.peek(at_s);
        }
    }

    /// Returns the moment under the pointer. A drag beyond the axis is at its end.
    fn moment(self, event: &PointerEvent) -> Option<f64> {
        let root = self.root.get_untracked()?;
        let x = f64::from(event.client_x()) - root.get_bounding_client_rect().x();
        self.painted.with_value(|painted| {
            let axis = painted.places.axis;
            let share = (x - axis.x) / axis.width;
            let is_on_it = axis.width > 0.0 && (0.0..=1.0).contains(&share);
            let is_held = axis.width > 0.0 && self.held.get_value();
            (is_on_it || is_held).then(|| share.clamp(0.0, 1.0) * painted.end_s)
        })
    }
}
