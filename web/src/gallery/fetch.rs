//! A text file beside the page.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

/// Maximum length of a file, in UTF-16 units.
const LENGTH_MAX: u32 = 1 << 20;

/// Returns the text, or why there is none.
pub(super) async fn text(path: &str) -> Result<String, String> {
    let offline = |_: JsValue| "there is no connection".to_owned();
    let response = JsFuture::from(window().fetch_with_str(path))
        .await
        .map_err(offline)?;
    let response: Response = response
        .dyn_into()
        .map_err(|_| "the request failed".to_owned())?;
    if !response.ok() {
        return Err(format!("the server returned {}", response.status()));
    }
    let text = response.text().map_err(offline)?;
    let text = JsFuture::from(text).await.map_err(offline)?;
    let text: js_sys::JsString = text.dyn_into().map_err(|_| "it is not text".to_owned())?;
    match text.length() {
        0..=LENGTH_MAX => Ok(text.into()),
        _ => Err("it is too long".to_owned()),
    }
}
