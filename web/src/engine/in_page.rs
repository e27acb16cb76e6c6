//! The simulation in the page itself, if no worker can start: a session driven by a timer.

use format::message::{Reply, Request};
use host::Session;
use leptos::prelude::*;

use super::now_ms;

/// The session works this often, in milliseconds.
const EVERY_MS: u64 = 16;

/// A session and its timer, which ends when this is dropped.
pub(super) struct InPage {
    session: Session,
    replies: Vec<Reply>,
    timer: Option<IntervalHandle>,
}

impl InPage {
    /// Starts a new session: `advance` is called at every turn.
    pub(super) fn new(advance: impl Fn() + 'static) -> Self {
        let every = std::time::Duration::from_millis(EVERY_MS);
        Self {
            session: Session::default(),
            replies: Vec::new(),
            timer: set_interval_with_handle(advance, every).ok(),
        }
    }

    /// Takes a request. Replies come with the next turn, so that none arrives inside the caller's
    /// own borrow.
    pub(super) fn send(&mut self, request: Request) {
        self.replies.extend(self.session.handle(request));
    }

    /// Runs one turn and returns all replies since the last.
    pub(super) fn turn(&mut self) -> Vec<Reply> {
        self.replies.extend(self.session.advance(&now_ms));
        std::mem::take(&mut self.replies)
    }
}

impl Drop for InPage {
    fn drop(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.clear();
        }
    }
}
