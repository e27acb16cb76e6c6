//! Stands in for `host::Session` until that exists.
use format::message::{Reply, Request};

pub(crate) struct Session;

impl Session {
    pub(crate) fn new() -> Self {
        Self
    }
    pub(crate) fn handle(&mut self, _request: Request) -> Vec<Reply> {
        Vec::new()
    }
    pub(crate) fn advance(&mut self, _wall_ms: f64) -> Vec<Reply> {
        Vec::new()
    }
}
