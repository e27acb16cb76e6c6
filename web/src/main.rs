//! The page: a Leptos application over the editor, with the simulation in a web worker of the same
//! module.
//!
//! Conventions of the build (`crates/xtask/src/main.rs` has the whole table):
//!
//! - This binary becomes `faultline-web.js` and `faultline-web_bg.wasm`; `web/boot.js` starts it
//!   from `index.html` and `embed.html`. `<body data-page="playground">` or `"embed"` says which.
//! - The worker runs this same module, compiled once: `web/worker.js` starts it, and `main` sees
//!   where it is. Its URL, with a version, is in `<meta name="faultline-worker">`: always read it
//!   from there. It is a *module* worker.
//! - The first message to the worker is the compiled module; it posts `Reply::Ready` then, or
//!   `{ failed: "why" }`. Post nothing else to it before.
//! - Styles: `web/styles/*.css`, each with an `@import` line in `main.css`. Fonts, images:
//!   `web/public/`, `url("../public/...")` from CSS, `public/...` from HTML. URLs are relative.
//! - No `#[wasm_bindgen(module = ...)]` and no `inline_js`: the build rejects snippets.
//! - Unit tests run natively, where every call into the browser panics. They test what needs no
//!   browser; `tests/browser` tests the rest.

#![expect(
    unreachable_pub,
    reason = "the component macro writes `pub` whatever the function says"
)]

mod acting;
mod announcing;
mod app;
mod arriving;
mod bar;
mod bind;
mod canvas;
mod charts;
mod clipboard;
mod compare;
mod debug;
mod dialogs;
mod edits;
mod embed;
mod embedding;
mod engine;
mod faults;
mod files;
mod finding;
mod findings;
mod gallery;
mod help;
mod hints;
mod history;
mod icons;
mod inspect;
mod inspector;
mod keeping;
mod layers;
mod lesson;
mod menu;
mod opening;
mod order;
mod outline;
mod palette;
mod picture;
mod runs;
mod seek;
mod share;
mod state;
mod storage;
mod theme;
mod toolbar;
mod trail;
mod why;
mod words;
mod worker;

use leptos::mount::mount_to_body;
use leptos::prelude::document;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// In `web/boot.js`: reports that the page itself has failed.
    #[wasm_bindgen(js_name = faultlineFailed)]
    fn page_failed(message: &str);
}

fn main() {
    if let Some(scope) = worker::scope() {
        worker::start(scope).expect("a browser with workers has message channels");
        return;
    }
    std::panic::set_hook(Box::new(|info| page_failed(&info.to_string())));
    let is_embed = document()
        .body()
        .and_then(|body| body.get_attribute("data-page"))
        .is_some_and(|page| page == "embed");
    // The picture that was shown while this module was loading.
    if let Some(first) = document().get_element_by_id("first") {
        first.remove();
    }
    if is_embed {
        mount_to_body(embed::Embed);
    } else {
        mount_to_body(app::App);
    }
}
