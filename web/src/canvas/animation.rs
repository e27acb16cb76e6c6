//! The one animation loop of the page, and where the canvas is in the window.

use std::cell::RefCell;
use std::rc::Rc;

use editor::Point;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

type Loop = Rc<RefCell<Option<Closure<dyn FnMut(f64)>>>>;

/// Calls back before every repaint, with the time in ms, for the lifetime of the page.
pub(crate) fn animate(mut turn: impl FnMut(f64) + 'static) {
    let this: Loop = Rc::default();
    let next = Rc::clone(&this);
    *this.borrow_mut() = Some(Closure::new(move |now_ms: f64| {
        turn(now_ms);
        request(&next);
    }));
    request(&this);
}

fn request(turn: &Loop) {
    if let Some(turn) = turn.borrow().as_ref() {
        // Fails only for values that are not functions.
        let _ = window().request_animation_frame(turn.as_ref().unchecked_ref());
    }
}

/// Converts a place of the window to one of the canvas element; `None` outside it.
pub(crate) fn to_stage([x, y]: [f64; 2]) -> Option<Point> {
    let surface = document().query_selector(".surface").ok()??;
    let rect = surface.get_bounding_client_rect();
    let inside =
        (rect.left()..rect.right()).contains(&x) && (rect.top()..rect.bottom()).contains(&y);
    inside.then(|| Point::new(x - rect.left(), y - rect.top()))
}
