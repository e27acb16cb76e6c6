//! Row locks: writes of one key run one after another, in the order in which they requested the
//! lock.

use crate::call::{CallId, Calls};
use crate::components::store::KeyHasher;
use crate::measure::{Gauge, Histogram};
use hashbrown::HashMap;
use std::hash::BuildHasherDefault;

/// A row that is being written. Its call knows it; the waiting calls are linked through their
/// records.
#[derive(Clone, Debug)]
struct Row {
    first: u32,
    last: u32,
}

const NOBODY: u32 = u32::MAX;

/// The rows that are locked now.
#[derive(Clone, Debug, Default)]
pub(super) struct RowLocks {
    rows: HashMap<u32, Row, BuildHasherDefault<KeyHasher>>,
    /// Writes that wait for a row.
    pub(super) waiting: Gauge,
    /// Waiting times of the measured writes that had to wait.
    pub(super) waits: Histogram,
}

impl RowLocks {
    /// Returns whether no row is locked.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Locks the row of a key for a call. Returns false if the call now waits for it.
    pub(super) fn acquire(&mut self, id: CallId, key: u32, calls: &mut Calls) -> bool {
        let Some(row) = self.rows.get_mut(&key) else {
            let row = Row {
                first: NOBODY,
                last: NOBODY,
            };
            self.rows.insert(key, row);
            return true;
        };
        (calls[id].previous, calls[id].next) = (row.last, NOBODY);
        match row.last {
            NOBODY => row.first = id.slot,
            last => {
                let last = calls.id_at(last);
                calls[last].next = id.slot;
            }
        }
        row.last = id.slot;
        false
    }

    /// Releases a row and returns its next holder.
    pub(super) fn release(&mut self, key: u32, calls: &mut Calls) -> Option<CallId> {
        let row = self.rows.get_mut(&key)?;
        if row.first == NOBODY {
            self.rows.remove(&key);
            return None;
        }
        let next = calls.id_at(row.first);
        self.leave(next, key, calls);
        Some(next)
    }

    /// Removes a call that waits for a row.
    pub(super) fn leave(&mut self, id: CallId, key: u32, calls: &mut Calls) {
        let Some(row) = self.rows.get_mut(&key) else {
            return;
        };
        let (previous, next) = (calls[id].previous, calls[id].next);
        match previous {
            NOBODY => row.first = next,
            slot => {
                let previous = calls.id_at(slot);
                calls[previous].next = next;
            }
        }
        match next {
            NOBODY => row.last = previous,
            slot => {
                let next = calls.id_at(slot);
                calls[next].previous = previous;
            }
        }
        (calls[id].previous, calls[id].next) = (NOBODY, NOBODY);
    }
}
