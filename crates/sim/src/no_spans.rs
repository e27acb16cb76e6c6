//! Without the feature `traces`, nothing is traced.

use crate::call::{CallId, Outcome};
use crate::world::World;

impl World {
    pub(crate) fn trace_request(&self, _id: CallId) {}
    pub(crate) fn trace_request_end(&self, _id: CallId, _outcome: Outcome) {}
    pub(crate) fn trace_attempt(&self, _id: CallId) {}
    pub(crate) fn trace_served(&self, _id: CallId) {}
    pub(crate) fn trace_answer(&self, _id: CallId) {}
    pub(crate) fn trace_conclusion(&self, _id: CallId, _outcome: Outcome) {}
}
