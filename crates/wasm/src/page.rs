//! The simulation inside a page that cannot start a worker: the same [`Session`], driven by the
//! page's timer. Here, and not in the page's own module, so that nobody downloads the engine twice.

use format::message::{Reply, Request};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn now_ms() -> f64;
}

/// A session that speaks the worker's messages. No part of the public API.
#[wasm_bindgen(skip_typescript)]
#[derive(Default)]
pub struct PageSession(host::Session);

#[wasm_bindgen]
impl PageSession {
    /// A session with nothing loaded.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a request and gives what it answers at once.
    pub fn handle(&mut self, request: &[u8]) -> Array {
        to_js(match Request::decode(request) {
            Ok(request) => self.0.handle(request),
            Err(message) => vec![Reply::Failed { message }],
        })
    }

    /// Simulates on for a few milliseconds and gives what there is to tell.
    pub fn advance(&mut self) -> Array {
        to_js(self.0.advance(&now_ms))
    }
}

fn to_js(replies: Vec<Reply>) -> Array {
    let bytes = |reply: &Reply| Uint8Array::from(reply.encode().as_slice());
    replies.iter().map(bytes).collect()
}
