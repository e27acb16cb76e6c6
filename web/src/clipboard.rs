//! The browser's clipboard. A page on plain http has none, and a browser may refuse.

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::Clipboard;

#[wasm_bindgen]
extern "C" {
    /// One thing in several formats.
    #[wasm_bindgen(extends = Object)]
    type ClipboardItem;

    #[wasm_bindgen(constructor, catch)]
    fn new(formats: &Object) -> Result<ClipboardItem, JsValue>;
}

fn clipboard() -> Option<Clipboard> {
    let found = Reflect::get(&window().navigator(), &"clipboard".into()).ok()?;
    found.is_object().then(|| found.unchecked_into())
}

/// Writes a text to the clipboard. Returns false if that is not possible.
pub(crate) async fn write(text: &str) -> bool {
    match clipboard() {
        Some(clipboard) => JsFuture::from(clipboard.write_text(text)).await.is_ok(),
        None => false,
    }
}

/// Writes files to the clipboard, each with its type. Call it in response to a click or a key,
/// before the files are made. Returns false if the browser does not support such files, or refuses.
pub(crate) async fn write_files(files: Vec<(&'static str, Promise)>) -> bool {
    let Some(clipboard) = clipboard() else {
        return false;
    };
    let formats = Object::new();
    for (kind, file) in files {
        // Fails for frozen objects only.
        let _ = Reflect::set(&formats, &kind.into(), &file);
    }
    match ClipboardItem::new(&formats) {
        Ok(item) => JsFuture::from(clipboard.write(&Array::of1(&item)))
            .await
            .is_ok(),
        // The browser does not support such items.
        Err(_) => false,
    }
}

/// Returns whether files of this type can be written to the clipboard.
pub(crate) fn takes(kind: &str) -> bool {
    let found = || {
        let item = Reflect::get(&window(), &"ClipboardItem".into()).ok()?;
        let supports = Reflect::get(&item, &"supports".into()).ok()?;
        let supports: Function = supports.dyn_into().ok()?;
        supports.call1(&item, &kind.into()).ok()?.as_bool()
    };
    found() == Some(true)
}

/// Returns the text in the clipboard, if it may be read.
pub(crate) async fn read() -> Option<String> {
    let read = JsFuture::from(clipboard()?.read_text()).await.ok()?;
    Some(read.as_string().unwrap_or_default())
}
