//! Sparing callees wasted work: deadline propagation and cancellation.
//!
//! A deadline is the moment until which a caller waits: the end of its timeout for an attempt, and
//! of its own deadline, which for a request is the user's patience. A cancellation is sent over the
//! same network, with the same latency and loss as any packet. Work in a slot is finished either
//! way, as a thread finishes what it runs; waiting calls are dropped, and no further calls are
//! made. A job that ends (answered, failed, crashed, stopped) abandons the calls it still has in
//! progress over links that cancel, so cancellation propagates down the tree.

use crate::agenda::Time;
use crate::call::{Call, CallId, Cause, Phase};
use crate::event::Event;
use crate::world::World;

/// Number of a job's calls from which ended ones are removed before the list grows.
const CALLS_KEPT: usize = 32;

impl World {
    /// Notes the deadline of an attempt. Returns the caller's own deadline (now, if it has passed),
    /// if that comes before the timeout of the attempt.
    pub(crate) fn pass_deadline(&mut self, id: CallId) -> Option<Time> {
        let call = &self.calls[id];
        let own = self
            .notes
            .get(call.parent)
            .map_or(Time::MAX, |note| note.deadline);
        let timeout = self.links[call.link.0 as usize].timeout;
        let timeout = timeout.map_or(Time::MAX, |timeout| self.now + timeout.duration);
        let deadline = own.min(timeout);
        if deadline < Time::MAX {
            let ahead = match self.has_skew {
                true => self.clock_of(self.link(call.link).from, call.caller_replica),
                false => 0,
            };
            self.notes.of(id).deadline = deadline.saturating_add_signed(ahead);
        }
        (own < timeout).then(|| own.max(self.now))
    }

    /// Converts the deadline of an arriving call from its caller's clock to its callee's.
    #[cold]
    pub(crate) fn read_deadline(&mut self, id: CallId) {
        let call = &self.calls[id];
        let ahead = self.clock_of(call.node, call.replica);
        if let Some(note) = self.notes.get_mut(id)
            && note.deadline < Time::MAX
        {
            note.deadline = note.deadline.saturating_add_signed(-ahead);
        }
    }

    /// Returns why an arriving call need not be served, if so.
    pub(crate) fn is_unwanted(&self, id: CallId) -> Option<Cause> {
        let note = self.notes.get(id)?;
        if note.is_cancelled {
            Some(Cause::Abandoned)
        } else if note.deadline <= self.now {
            Some(Cause::Timeout)
        } else {
            None
        }
    }

    /// Returns whether a job that has finished its own work need not make its calls.
    pub(crate) fn is_pointless(&self, job: CallId) -> bool {
        let node = self.calls[job].node;
        let is_cancelled = || self.notes.get(job).is_some_and(|note| note.is_cancelled);
        !self.node(node).plan.stages.is_empty() && is_cancelled()
    }

    /// Makes a call that waits for a slot leave the queue when its deadline passes.
    pub(crate) fn watch_deadline(&mut self, id: CallId) {
        let is_queued = self
            .calls
            .get(id)
            .is_some_and(|call| call.phase == Phase::Queued);
        let deadline = self.notes.get(id).map_or(Time::MAX, |note| note.deadline);
        if is_queued && deadline < Time::MAX {
            self.at(deadline, Event::Expire(id));
        }
    }

    /// Adds a job's call that is abandoned when the job ends.
    pub(crate) fn adopt(&mut self, id: CallId) {
        let job = self.calls[id].parent;
        let calls = &mut self.notes.of(job).calls;
        if calls.len() >= CALLS_KEPT && calls.len() == calls.capacity() {
            let records = &self.calls;
            calls.retain(|id| records.get(*id).is_some_and(|call| call.is_awaited));
        }
        calls.push(id);
    }

    /// Handles the end of a job: calls in progress over links that cancel are abandoned.
    #[inline(never)]
    pub(crate) fn cancel_calls(&mut self, job: CallId) {
        let Some(note) = self.notes.get_mut(job) else {
            return;
        };
        let mut calls = std::mem::take(&mut note.calls);
        for id in calls.drain(..) {
            let is_under_way = self
                .calls
                .get(id)
                .is_some_and(|call| call.is_awaited && call.parent == job);
            if is_under_way {
                self.abandon(id);
            }
        }
        if let Some(note) = self.notes.get_mut(job) {
            note.calls = calls;
        }
    }

    /// Sends the callee of an attempt, if it still has it, a cancellation.
    pub(crate) fn tell(&mut self, id: CallId, ended: &Call) {
        let is_there = |call: &Call| call.phase == Phase::Travelling || call.phase.is_at_callee();
        if self.calls.get(id).is_some_and(is_there) {
            self.note(ended.link, ended.caller_replica, Event::Cancel(id));
        }
    }
}
