//! Sweeping: intents and versions that nothing in progress can use any more are judged or
//! forgotten.
//!
//! Holders mark their intents and versions during a sweep ([`Held`]); they do not have to release
//! anything. Sweeps happen at fixed numbers of events, so that a run is the same in however many
//! pieces it is run.

use super::row::{Carried, OpId, Seen};
use super::{Data, DataTally};
use crate::components::Component;
use crate::event::NodeIx;
use crate::simulation::Simulation;

/// Intents are swept again when this many were added.
const OPS_MIN: usize = 4_096;
/// Older acknowledgments are swept again when this many were added.
const OLDER_MIN: usize = 16_384;

/// When to sweep again.
#[derive(Clone, Debug)]
pub(super) struct Due {
    ops: usize,
    older: usize,
}

impl Default for Due {
    fn default() -> Self {
        Self {
            ops: OPS_MIN,
            older: OLDER_MIN,
        }
    }
}

/// Everything that is held.
#[derive(Debug)]
pub struct Held {
    is_held: Vec<bool>,
    versions: Vec<(u16, u32, u32)>,
    /// What the present holder has from before any write.
    first: Seen,
}

impl Held {
    /// Marks an intent that may still be applied.
    pub fn op(&mut self, op: OpId) {
        if let Some(is_held) = self.is_held.get_mut(op.place as usize) {
            *is_held = true;
        }
    }

    /// Marks versions of a key that may still be needed.
    pub fn seen(&mut self, key: u32, seen: &Seen) {
        let seen = match *seen {
            Seen::FIRST => &self.first,
            _ => seen,
        };
        let mine = seen.iter().map(|(store, version)| (store, key, version));
        self.versions.extend(mine);
    }

    /// Marks a message.
    pub fn message(&mut self, key: u32, carried: &Carried) {
        self.op(carried.op);
        self.seen(key, &carried.version);
    }
}

impl Simulation {
    /// Sweeps if there is enough to make it worth while.
    #[cold]
    pub(crate) fn sweep_if_due(&mut self) {
        let data = &self.world.data;
        let older: usize = data.stores.iter().map(|store| store.older).sum();
        if data.ops.open() < data.due.ops && older < data.due.older && !data.sweeps_often {
            return;
        }
        self.sweep();
    }

    /// Judges finished intents by the plans under which they were made, before the plans change.
    pub(crate) fn sweep_before_edit(&mut self) {
        if self.world.data.ops.open() > 0 {
            self.sweep();
        }
    }

    fn sweep(&mut self) {
        let mut held = self.held();
        let data = &mut self.world.data;
        data.settle(&held.is_held);
        data.forget_older(&mut held.versions);
        let older: usize = data.stores.iter().map(|store| store.older).sum();
        data.due = Due {
            ops: (2 * data.ops.open()).max(OPS_MIN),
            older: (2 * older).max(OLDER_MIN),
        };
    }

    /// Sweeps as often as possible, which must not change the run. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn sweeping_often(mut self) -> Self {
        self.world.data.sweeps_often = true;
        self
    }

    /// Returns what all holders mark.
    fn held(&self) -> Held {
        let world = &self.world;
        let mut held = Held {
            is_held: vec![false; world.data.ops.places()],
            versions: Vec::new(),
            first: Seen::NOTHING,
        };
        for (id, call) in world.calls.iter() {
            let row = world.calls.rows.get(id.slot);
            held.message(call.key, &row.carried);
            held.seen(call.key, &row.seen);
            held.seen(call.key, &row.loaded);
        }
        world.data.hold(&mut held);
        for (place, node) in self.nodes.iter().enumerate() {
            let place = NodeIx(place as u32);
            held.first = world.data.source(place);
            node.hold(world.now, &mut held);
        }
        held
    }

    /// Returns the counts of data, with everything that can be judged now. For a run that has
    /// drained, that is everything.
    pub(crate) fn data_tally(&self) -> DataTally {
        let data = &self.world.data;
        let mut tally = data.tally.clone();
        if data.ops.open() > 0 {
            let is_over = self.has_drained();
            let held = self.held();
            for (place, op) in data.ops.iter() {
                if is_over || !(held.is_held[place] || op.is_kept) {
                    data.judge_op(op, &mut tally);
                }
            }
        }
        tally
    }
}

impl Data {
    /// Judges every intent that is not held.
    fn settle(&mut self, is_held: &[bool]) {
        let mut tally = std::mem::take(&mut self.tally);
        for (place, is_held) in is_held.iter().enumerate() {
            let op = self.ops.at(place).filter(|op| !is_held && !op.is_kept);
            if let Some(op) = op {
                self.judge_op(op, &mut tally);
                self.ops.settle(place);
            }
        }
        self.tally = tally;
    }

    /// Removes the acknowledgments that no held version needs.
    fn forget_older(&mut self, versions: &mut Vec<(u16, u32, u32)>) {
        versions.sort_unstable();
        versions.dedup();
        for (place, store) in self.stores.iter_mut().enumerate() {
            store.older = 0;
            for (key, state) in store.keys.iter_mut() {
                if state.older.is_empty() {
                    continue;
                }
                let first = versions.partition_point(|held| *held < (place as u16, key, 0));
                let mine = versions[first..].iter();
                let mut mine = mine
                    .take_while(|held| (held.0, held.1) == (place as u16, key))
                    .map(|held| held.2)
                    .peekable();
                // Each acknowledgment covers the held versions from the one before it up to its
                // own.
                state.older.retain(|ack| {
                    let mut dates_one = false;
                    while mine.peek().is_some_and(|version| *version < ack.version) {
                        dates_one = true;
                        mine.next();
                    }
                    dates_one
                });
                store.older += state.older.len();
            }
        }
    }
}
