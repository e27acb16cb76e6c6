//! The simulation in the page itself, where no worker can start: the worker's own module, driven by
//! a timer.

use format::message::Request;
use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

/// The session works this often, in milliseconds.
const EVERY_MS: u64 = 16;

#[wasm_bindgen]
extern "C" {
    /// The session of the worker's module (`crates/wasm/src/page.rs`).
    pub(super) type PageSession;
    #[wasm_bindgen(method)]
    fn handle(this: &PageSession, request: &[u8]) -> Array;
    #[wasm_bindgen(method, catch)]
    fn advance(this: &PageSession) -> Result<Array, JsValue>;
    /// In `web/boot.js`.
    #[wasm_bindgen(catch, js_name = faultlineSession)]
    async fn page_session() -> Result<JsValue, JsValue>;
}

/// Fetches the module and makes a session.
pub(super) async fn open() -> Result<PageSession, JsValue> {
    page_session().await.map(JsCast::unchecked_into)
}

/// A session and its timer, which ends when this is dropped.
pub(super) struct InPage {
    session: PageSession,
    replies: Vec<Array>,
    timer: Option<IntervalHandle>,
}

impl InPage {
    /// Drives a session: `advance` is called at every turn.
    pub(super) fn new(session: PageSession, advance: impl Fn() + 'static) -> Self {
        let every = std::time::Duration::from_millis(EVERY_MS);
        Self {
            session,
            replies: Vec::new(),
            timer: set_interval_with_handle(advance, every).ok(),
        }
    }

    /// Takes a request. The answers come with the next turn, so that none arrives inside the
    /// caller's own borrow.
    pub(super) fn send(&mut self, request: &Request) {
        self.replies.push(self.session.handle(&request.encode()));
    }

    /// One turn: all that was answered since the last.
    pub(super) fn turn(&mut self) -> Result<Vec<JsValue>, String> {
        let advanced = self
            .session
            .advance()
            .map_err(|error| format!("{error:?}"))?;
        self.replies.push(advanced);
        let replies = std::mem::take(&mut self.replies);
        Ok(replies.iter().flat_map(Array::iter).collect())
    }
}

impl Drop for InPage {
    fn drop(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.clear();
        }
    }
}
