//! A web worker with its listeners. It ends when this is dropped.

use format::message::Request;
use js_sys::{Reflect, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlMetaElement, MessageEvent, Worker, WorkerOptions, WorkerType};

/// A worker that runs, or is about to.
pub(super) struct LiveWorker {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(JsValue)>,
}

impl LiveWorker {
    /// Starts a worker. An error means that the browser starts none.
    pub(super) fn spawn(
        mut on_message: impl FnMut(JsValue) + 'static,
        mut on_error: impl FnMut(String) + 'static,
    ) -> Result<Self, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&url(), &options)?;
        // It is compiled already; a browser that cannot pass it on has the worker fetch it again.
        if worker.post_message(&wasm_bindgen::module()).is_err() {
            worker.post_message(&JsValue::NULL)?;
        }
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            on_message(message.data());
        });
        let on_error = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let message = Reflect::get(&event, &"message".into())
                .ok()
                .and_then(|message| message.as_string());
            on_error(message.unwrap_or_else(|| "the worker stopped".to_owned()));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self {
            worker,
            _on_message: on_message,
            _on_error: on_error,
        })
    }

    /// Sends a request.
    pub(super) fn send(&self, request: &Request) {
        self.send_bytes(&request.encode());
    }

    /// Sends bytes, whatever they are.
    pub(super) fn send_bytes(&self, bytes: &[u8]) {
        // Fails only for what cannot be cloned; bytes can.
        let _ = self.worker.post_message(&Uint8Array::from(bytes));
    }
}

impl Drop for LiveWorker {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.set_onmessageerror(None);
        self.worker.terminate();
    }
}

fn url() -> String {
    document()
        .query_selector("meta[name=faultline-worker]")
        .ok()
        .flatten()
        .and_then(|element| element.dyn_into::<HtmlMetaElement>().ok())
        .map_or_else(|| "worker.js".to_string(), |meta| meta.content())
}
