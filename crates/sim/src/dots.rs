//! What the page draws of calls: one of every N, and every failure.

use crate::call::{CallId, Cause, Outcome};
use crate::data::Seen;
use crate::event::LinkIx;
use crate::measure::{Flight, FlightKind};
use crate::world::World;
use design::kinds::client::Effect;
use design::link::Mode;

impl World {
    /// Returns whether anything about a call is recorded.
    #[inline(always)]
    pub(crate) fn watches(&self, id: CallId) -> bool {
        self.tap.is_open && self.tap.watches(&self.calls[id])
    }

    /// Records an attempt that is sent. Whether it is drawn decides for its answer and for the
    /// calls it makes.
    #[cold]
    pub(crate) fn show_call(&mut self, id: CallId, link: LinkIx, is_lost: bool, latency: u64) {
        self.trace_attempt(id);
        if self.tap.is_for_traces {
            return;
        }
        let is_retry = self.calls[id].attempt > 1;
        let state = &mut self.links[link.0 as usize];
        state.until_dot = state.until_dot.saturating_sub(1);
        let is_chosen = state.until_dot == 0;
        if is_chosen {
            state.until_dot = state.dot.max(1);
        }
        let kind = match (is_lost, state.mode, is_retry) {
            (true, ..) => FlightKind::Lost,
            (false, Mode::Call, true) => FlightKind::Retry,
            (false, Mode::Call, false) => FlightKind::Call,
            (false, Mode::Publish | Mode::Consume | Mode::DeadLetter, _) => FlightKind::Message,
        };
        self.calls[id].is_shown = is_chosen;
        if is_chosen || is_lost {
            self.show(link, kind, latency);
        }
    }

    /// Records an answer that is sent. Probes are not drawn; failures are always drawn.
    #[cold]
    pub(crate) fn show_answer(&mut self, id: CallId, link: LinkIx, is_lost: bool, latency: u64) {
        let call = &self.calls[id];
        if call.is_probe() {
            return;
        }
        self.trace_answer(id);
        let call = &self.calls[id];
        match (is_lost, call.outcome) {
            (true, _) => self.show(link, FlightKind::Lost, latency),
            (false, Outcome::Failed(_)) => self.show(link, FlightKind::Failure, latency),
            (false, Outcome::Ok | Outcome::Degraded) if call.is_shown => {
                let kind = match self.is_behind(id) {
                    true => FlightKind::Stale,
                    false => FlightKind::Answer,
                };
                self.show(link, kind, latency)
            }
            (false, Outcome::Ok | Outcome::Degraded) => {}
        }
    }

    /// Returns whether the answer to a read is made of an outdated version.
    fn is_behind(&self, id: CallId) -> bool {
        if self.effect(id) == Effect::Write {
            return false;
        }
        let key = self.calls[id].key;
        let seen = self
            .calls
            .rows
            .is_on
            .then(|| self.calls.rows.get(id.slot).seen);
        let mut versions = seen.iter().flat_map(Seen::iter);
        versions.any(|(store, version)| version < self.standing_at(store, key))
    }

    /// Records the end of a caller's wait; drawn if it timed out.
    #[cold]
    pub(crate) fn show_conclusion(&mut self, id: CallId, outcome: Outcome) {
        self.trace_conclusion(id, outcome);
        let link = self.calls[id].link;
        if outcome == Outcome::Failed(Cause::Timeout) && link != LinkIx::NONE {
            self.show(link, FlightKind::Timeout, 1);
        }
    }

    /// Records a flight. Nothing is drawn if only traces are recorded.
    fn show(&mut self, link: LinkIx, kind: FlightKind, duration: u64) {
        if self.tap.is_for_traces {
            return;
        }
        self.tap.record(Flight {
            link,
            kind,
            start: self.now,
            duration,
        });
    }
}
