//! The page: a Leptos application over the editor, with the simulation in a web worker.
//!
//! Conventions of the build (`crates/xtask/src/main.rs` has the whole table):
//!
//! - This binary becomes `faultline-web.js` and `faultline-web_bg.wasm`; `web/boot.js` starts it
//!   from `index.html` and `embed.html`. `<body data-page="playground">` or `"embed"` says which.
//! - `crates/wasm` is the worker's module; `web/worker.js` starts it. Its URL, with a version, is
//!   in `<meta name="faultline-worker">`: always read it from there. It is a *module* worker.
//! - The worker posts `"ready"` first, or `{ failed: "why" }`. Post nothing to it before.
//! - Styles: `web/styles/*.css`, each with an `@import` line in `main.css`. Fonts, images:
//!   `web/public/`, `url("../public/...")` from CSS, `public/...` from HTML. URLs are relative.
//! - No `#[wasm_bindgen(module = ...)]` and no `inline_js`: the build rejects snippets.
//! - Tests run in wasm or in a browser only; logic that wants unit tests belongs in
//!   `crates/editor` or `crates/host`.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlMetaElement, MessageEvent, Worker, WorkerOptions, WorkerType};

fn main() {
    mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    let status = RwSignal::new("starting".to_string());
    if let Err(error) = start_worker(status) {
        status.set(format!("no worker: {error:?}"));
    }
    view! {
        <main>
            <h1>"Faultline"</h1>
            <p id="worker-status" role="status">{status}</p>
        </main>
    }
}

fn start_worker(status: RwSignal<String>) -> Result<(), JsValue> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(&worker_url(), &options)?;
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let data = message.data();
        status.set(data.as_string().unwrap_or_else(|| format!("{data:?}")));
    });
    worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // Page and worker live equally long.
    on_message.forget();
    Ok(())
}

fn worker_url() -> String {
    document()
        .query_selector("meta[name=faultline-worker]")
        .ok()
        .flatten()
        .and_then(|element| element.dyn_into::<HtmlMetaElement>().ok())
        .map_or_else(|| "worker.js".to_string(), |meta| meta.content())
}
