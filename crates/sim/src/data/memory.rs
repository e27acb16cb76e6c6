//! A service's memory of completed work, for idempotency.
//!
//! It is kept outside of its processes, as in a shared table: it survives a crash, and all replicas
//! share it. A repeat that arrives while the first is still in progress is answered with an error,
//! as in Stripe (409 Conflict) and AWS Lambda Powertools (already in progress).

use crate::agenda::Time;
use crate::call::{CallId, Calls};
use crate::components::KeyHasher;
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::hash::BuildHasherDefault;

/// Maximum number of ids that one service remembers; the oldest are forgotten first.
const IDS_MAX: usize = 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    UnderWay(CallId),
    /// Done, and until when that is remembered.
    Done(Time),
}

/// How to handle a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It is new: do it.
    No,
    /// The same is in progress for another call.
    UnderWay,
    /// It has been done: answer again.
    Done,
}

/// Ids with their state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    known: HashMap<u64, Known, BuildHasherDefault<KeyHasher>>,
    /// When each may be forgotten, the oldest first.
    order: VecDeque<(Time, u64)>,
}

impl Memory {
    /// Looks up a call. A new one is in progress from now on.
    pub(crate) fn look(&mut self, id: u64, call: CallId, now: Time, calls: &Calls) -> Repeat {
        let is_worked_on = |call: &CallId| {
            let state = calls.get(*call);
            state.is_some_and(|state| state.phase.is_at_callee())
        };
        match self.known.get(&id) {
            Some(Known::UnderWay(first)) if *first == call => Repeat::No,
            Some(Known::UnderWay(first)) if is_worked_on(first) => Repeat::UnderWay,
            Some(Known::Done(until)) if now < *until => Repeat::Done,
            Some(_) | None => {
                self.known.insert(id, Known::UnderWay(call));
                Repeat::No
            }
        }
    }

    /// Ends a call that was looked up. A failed call was not done.
    pub(crate) fn end(&mut self, id: u64, call: CallId, is_done: bool, now: Time, window: Time) {
        if self.known.get(&id) != Some(&Known::UnderWay(call)) {
            return;
        }
        if !is_done {
            self.known.remove(&id);
            return;
        }
        self.known.insert(id, Known::Done(now + window));
        self.order.push_back((now + window, id));
        while let Some((until, oldest)) = self.order.front().copied() {
            if until > now && self.order.len() <= IDS_MAX {
                break;
            }
            self.order.pop_front();
            if matches!(self.known.get(&oldest), Some(Known::Done(known)) if *known <= until) {
                self.known.remove(&oldest);
            }
        }
    }

    /// Removes the calls in progress of processes that died.
    pub(crate) fn forget_dead(&mut self, calls: &Calls) {
        self.known.retain(|_, known| match known {
            Known::Done(_) => true,
            Known::UnderWay(call) => calls
                .get(*call)
                .is_some_and(|state| state.phase.is_at_callee()),
        });
    }
}
