//! What a service remembers of what it has done, so that it does not do it twice.
//!
//! Kept outside of its processes, as in a shared table: it outlives a crash, and all replicas know
//! it. A repeat that comes while the first is still worked on is answered with an error, as Stripe
//! (409 Conflict) and AWS Lambda Powertools (already in progress) do.

use crate::agenda::Time;
use crate::call::{CallId, Calls};
use crate::components::KeyHasher;
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::hash::BuildHasherDefault;

/// Most ids that one service remembers; the oldest are forgotten first.
const IDS_MAX: usize = 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    UnderWay(CallId),
    /// And until when that is remembered.
    Done(Time),
}

/// What is to be done about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Nothing was: do it.
    No,
    /// It is being done for another call.
    UnderWay,
    /// It has been done: answer again.
    Done,
}

/// Ids by what is known of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    known: HashMap<u64, Known, BuildHasherDefault<KeyHasher>>,
    /// When each may be forgotten, the oldest first.
    order: VecDeque<(Time, u64)>,
}

impl Memory {
    /// A call is looked up; one that is new is under way from now on.
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

    /// A call that was looked up has ended. What failed was not done.
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

    /// Calls of processes that died are under way no more.
    pub(crate) fn forget_dead(&mut self, calls: &Calls) {
        self.known.retain(|_, known| match known {
            Known::Done(_) => true,
            Known::UnderWay(call) => calls
                .get(*call)
                .is_some_and(|state| state.phase.is_at_callee()),
        });
    }
}
