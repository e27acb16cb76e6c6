//! Processor sharing: all calls run simultaneously, each at an equal share of the slots.
//!
//! With `n` calls on `c` processors, each runs at min(1, c/n) of full speed (egalitarian processor
//! sharing). A virtual clock runs at that speed, so a call is done when the clock has advanced by
//! its work since it arrived. An arrival changes no other call's finish on that clock, and the next
//! to leave is first in a heap (Zhang, Virtual Clock, 1990). Departures are rounded up to whole
//! nanoseconds.

use crate::agenda::Time;
use crate::call::CallId;
use crate::measure::Gauge;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Number of fraction bits of a nanosecond of the virtual clock.
const FRACTION: u32 = 32;
/// Less remaining work than this counts as done: the clock is rounded down at every step, and must
/// not make a departure a whole nanosecond late.
const ROUNDING: u128 = 1 << (FRACTION - 8);

/// A call and when it is done, by the virtual clock; of those done simultaneously, the first to
/// arrive leaves first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Share {
    finish: u128,
    number: u64,
    slot: u32,
    generation: u32,
}

/// The calls that share.
#[derive(Clone, Debug, Default)]
pub(super) struct Sharing {
    /// `None` is as many as there are calls.
    processors: Option<u64>,
    virtual_time: u128,
    updated: Time,
    calls: BinaryHeap<Reverse<Share>>,
    arrivals: u64,
    /// When the earliest event for this station that still counts is due.
    due: Time,
    /// Processors at work: of `n` calls on `c`, the smaller number.
    pub(super) busy: Gauge,
}

impl Sharing {
    pub(super) fn new(processors: Option<u64>) -> Self {
        Self {
            processors,
            due: Time::MAX,
            ..Self::default()
        }
    }

    fn at_work(&self) -> u64 {
        let calls = self.calls.len() as u64;
        self.processors.map_or(calls, |most| most.min(calls))
    }

    /// Advances the virtual clock to now.
    fn advance(&mut self, now: Time) {
        let elapsed = u128::from(now - self.updated) << FRACTION;
        let done = elapsed * u128::from(self.at_work());
        // Without calls, the clock may start over.
        self.virtual_time = match done.checked_div(self.calls.len() as u128) {
            Some(each) => self.virtual_time + each,
            None => 0,
        };
        self.updated = now;
    }

    pub(super) fn set_processors(&mut self, processors: Option<u64>, now: Time) {
        self.advance(now);
        self.processors = processors;
        self.busy.set(now, self.at_work());
    }

    /// Adds a call with this much work.
    pub(super) fn add(&mut self, id: CallId, work: u64, now: Time) {
        self.advance(now);
        self.arrivals += 1;
        self.calls.push(Reverse(Share {
            finish: self.virtual_time + (u128::from(work) << FRACTION),
            number: self.arrivals,
            slot: id.slot,
            generation: id.generation,
        }));
        self.busy.set(now, self.at_work());
    }

    /// Removes and returns the next call that is done by now.
    pub(super) fn finished(&mut self, now: Time) -> Option<CallId> {
        self.advance(now);
        let Reverse(first) = self.calls.peek()?;
        if first.finish > self.virtual_time + ROUNDING {
            return None;
        }
        let Reverse(first) = self.calls.pop()?;
        self.busy.set(now, self.at_work());
        Some(CallId {
            slot: first.slot,
            generation: first.generation,
        })
    }

    /// Returns when the next call will be done if nothing changes; `None` if an event for an
    /// earlier or the same moment is already scheduled.
    pub(super) fn next_due(&mut self, now: Time) -> Option<Time> {
        self.advance(now);
        let Reverse(first) = self.calls.peek()?;
        let left = first.finish.saturating_sub(self.virtual_time + ROUNDING);
        let calls = self.calls.len() as u128;
        let per_ns = u128::from(self.at_work()) << FRACTION;
        let due = now.saturating_add((left * calls).div_ceil(per_ns) as u64);
        if due >= self.due {
            return None;
        }
        self.due = due;
        Some(due)
    }

    /// Handles an event for this station. Returns whether it is the one that counts.
    pub(super) fn is_due(&mut self, now: Time) -> bool {
        let is_due = self.due == now;
        if is_due {
            self.due = Time::MAX;
        }
        is_due
    }

    /// Removes all calls, each with its remaining work, in the order in which they arrived.
    pub(super) fn dissolve(&mut self, now: Time) -> Vec<(CallId, u64)> {
        self.advance(now);
        let mut left: Vec<Share> = self.calls.drain().map(|Reverse(share)| share).collect();
        left.sort_unstable_by_key(|share| share.number);
        self.busy.set(now, 0);
        let virtual_time = self.virtual_time;
        let of = |share: Share| {
            let id = CallId {
                slot: share.slot,
                generation: share.generation,
            };
            let work = share.finish.saturating_sub(virtual_time);
            (id, ((work + ROUNDING) >> FRACTION) as u64)
        };
        left.into_iter().map(of).collect()
    }

    /// Loses all calls.
    pub(super) fn clear(&mut self, now: Time) {
        self.calls.clear();
        self.virtual_time = 0;
        self.updated = now;
        self.due = Time::MAX;
        self.busy.set(now, 0);
    }
}
