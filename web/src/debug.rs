//! The object for browser tests: `window.__faultline`, read-only except for `crashWorker()`. It is
//! not a public interface and may change at any time.

use design::Value;
use js_sys::{Object, Reflect};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use crate::state::{Page, RunHash};

/// Makes the object.
pub(crate) fn install(page: Page) {
    let object = Object::new();
    let state = Closure::<dyn Fn() -> String>::new(move || state(page));
    let crash = Closure::<dyn Fn()>::new(move || {
        page.engine.with_value(|engine| {
            if let Some(engine) = engine {
                engine.crash();
            }
        });
    });
    set(&object, "stateJson", state.as_ref());
    set(&object, "crashWorker", crash.as_ref());
    set(&window(), "__faultline", &object);
    // As long-lived as the page.
    state.forget();
    crash.forget();
}

fn set(object: &JsValue, name: &str, value: &JsValue) {
    // Fails only for objects that are frozen.
    let _ = Reflect::set(object, &name.into(), value);
}

/// The page's state as JSON.
fn state(page: Page) -> String {
    let hash = match page.hash.get_untracked() {
        RunHash::Known(hash) => Some(hash),
        RunHash::None | RunHash::Invalid => None,
    };
    let (place, run) = page.engine.with_value(|engine| {
        engine
            .as_ref()
            .map_or(("nowhere", 0), |engine| (engine.place(), engine.run()))
    });
    let last = page
        .history
        .with_value(|history| history.so_far().last().copied());
    let (known_s, from_s) = page
        .history
        .with_value(|history| (history.known_s, history.from_s));
    page.live.with_frame(|frame| {
        let number = |n: f64| Value::Number(n);
        let count = |n: u64| Value::Number(n as f64);
        let text = |text: Option<String>| text.map_or(Value::Null, Value::Text);
        let rate = |rate: Option<f32>| rate.map_or(Value::Null, |rate| number(f64::from(rate)));
        let entries = [
            ("engine", Value::text(place)),
            ("run", count(u64::from(run))),
            ("timeS", number(frame.time_ns as f64 / 1e9)),
            ("knownS", number(known_s)),
            ("fromS", number(from_s)),
            ("state", Value::Text(format!("{:?}", frame.state))),
            ("playing", Value::Bool(page.playing.get_untracked())),
            ("offered", count(frame.offered)),
            ("ok", count(frame.ok)),
            ("failed", count(crate::canvas::failed(frame))),
            ("dots", count(page.live.dots() as u64)),
            ("shapes", count(u64::from(page.places.shapes()))),
            ("hash", text(hash)),
            ("goodputPerS", rate(last.map(|window| window.goodput_per_s))),
            ("offeredPerS", rate(last.map(|window| window.offered_per_s))),
            (
                "amplification",
                rate(last.map(|window| window.amplification)),
            ),
            ("speed", number(page.speed.get_untracked())),
            ("saved", Value::Text(saved(page))),
            ("selected", Value::List(selected(page))),
            ("undo", text(page.undo_names.get_untracked().undo)),
            (
                "design",
                Value::Text(
                    page.design
                        .with_untracked(|design| format::json::write(design)),
                ),
            ),
        ];
        let entries = entries.map(|(name, value)| (name.to_owned(), value));
        format::json::value_to_string(&Value::Map(entries.into()))
    })
}

fn saved(page: Page) -> String {
    format!("{:?}", page.saved.get_untracked()).replace("Kept", "Saved")
}

fn selected(page: Page) -> Vec<Value> {
    page.selection.with_untracked(|selection| {
        let items = selection.items();
        items
            .filter_map(|item| item.id().map(Value::text))
            .collect()
    })
}
