//! The JavaScript API of the engine, and the web worker's entry.
//!
//! One module for both: the functions are what the npm package exports, and [`start`] makes a
//! dedicated worker of it. `web/worker.js` calls it; node tests import the same file
//! (`tests/wasm/`).

use wasm_bindgen::prelude::*;
use web_sys::DedicatedWorkerGlobalScope;

/// Turns this module's dedicated worker into the simulation's: it listens, then posts `"ready"`.
///
/// # Errors
///
/// Fails outside a dedicated worker.
#[wasm_bindgen]
pub fn start() -> Result<(), JsValue> {
    let scope: DedicatedWorkerGlobalScope = worker_scope()?;
    scope.post_message(&JsValue::from_str("ready"))
}

/// The version of the engine and of this API.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_string()
}

fn worker_scope() -> Result<DedicatedWorkerGlobalScope, JsValue> {
    js_sys::global()
        .dyn_into()
        .map_err(|_| JsValue::from_str("start() works in a dedicated web worker only"))
}
