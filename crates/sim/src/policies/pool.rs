//! Connection pools and bulkheads: a number of connections (or places) per calling replica, in
//! order of arrival.

use crate::call::CallId;
use std::collections::VecDeque;

/// One caller's connections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pool {
    in_use: u32,
    waiting: VecDeque<CallId>,
}

impl Pool {
    /// Takes a free connection, if there is one.
    pub fn acquire(&mut self, size: u32) -> bool {
        let is_free = self.in_use < size;
        self.in_use += u32::from(is_free);
        is_free
    }

    /// Waits for a connection.
    pub fn wait(&mut self, call: CallId) {
        self.waiting.push_back(call);
    }

    /// Returns a connection. [`Self::grant`] must follow.
    pub fn release(&mut self) {
        self.in_use = self.in_use.saturating_sub(1);
    }

    /// Gives a free connection to the attempt that has waited longest and still wants one, as
    /// `wants` decides.
    pub fn grant(&mut self, size: u32, wants: impl Fn(CallId) -> bool) -> Option<CallId> {
        if self.in_use >= size {
            return None;
        }
        while let Some(call) = self.waiting.pop_front() {
            if wants(call) {
                self.in_use += 1;
                return Some(call);
            }
        }
        None
    }

    /// Takes over a connection in use from another pool.
    pub fn take(&mut self) {
        self.in_use += 1;
    }

    /// Removes the waiting attempts that `goes` selects, in their order.
    pub fn leave(&mut self, goes: impl Fn(CallId) -> bool) -> Vec<CallId> {
        let (leaving, staying) = self.waiting.drain(..).partition(|call| goes(*call));
        self.waiting = staying;
        Vec::from(leaving)
    }

    /// Returns the number of connections in use.
    pub fn in_use(&self) -> u32 {
        self.in_use
    }
}
