//! The browser's clipboard. A page on plain http has none, and a browser may refuse.

use js_sys::Reflect;
use leptos::prelude::window;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Clipboard;

fn clipboard() -> Option<Clipboard> {
    let found = Reflect::get(&window().navigator(), &"clipboard".into()).ok()?;
    found.is_object().then(|| found.unchecked_into())
}

/// Puts a text there; false where that is not possible.
pub(crate) async fn write(text: &str) -> bool {
    match clipboard() {
        Some(clipboard) => JsFuture::from(clipboard.write_text(text)).await.is_ok(),
        None => false,
    }
}

/// The text there, where it may be read.
pub(crate) async fn read() -> Option<String> {
    let read = JsFuture::from(clipboard()?.read_text()).await.ok()?;
    Some(read.as_string().unwrap_or_default())
}
