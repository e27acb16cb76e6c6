//! What the page draws of calls: one of every N, and every failure.

use crate::call::{CallId, Cause, Outcome};
use crate::data::Seen;
use crate::event::{LinkIx, NodeIx};
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
        let is_chosen = self.choose_dot(link);
        let mode = self.links[link.0 as usize].mode;
        let kind = match (is_lost, mode, is_retry) {
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

    /// Returns whether what happens on a link now is one of the calls that are drawn.
    fn choose_dot(&mut self, link: LinkIx) -> bool {
        let state = &mut self.links[link.0 as usize];
        state.until_dot = state.until_dot.saturating_sub(1);
        let is_chosen = state.until_dot == 0;
        if is_chosen {
            state.until_dot = state.dot.max(1);
        }
        is_chosen
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
            (false, Outcome::Failed(cause)) => {
                let kind = match cause {
                    Cause::Refused | Cause::Rejected | Cause::Unavailable => FlightKind::Refused,
                    _ => FlightKind::Failure,
                };
                self.show(link, kind, latency)
            }
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

    /// Records an answer for which no caller waits any more.
    #[cold]
    pub(crate) fn show_late_answer(&mut self, id: CallId) {
        self.trace_answer(id);
        let call = &self.calls[id];
        let (link, is_shown) = (call.link, call.is_shown && call.outcome.is_answer());
        let is_call = || self.links[link.0 as usize].mode == Mode::Call;
        if is_shown && link != LinkIx::NONE && is_call() {
            self.show(link, FlightKind::Late, 1);
        }
    }

    /// Records the end of a caller's wait. Timeouts are always drawn, answers by
    /// [`Self::show_answer`].
    #[cold]
    pub(crate) fn show_conclusion(&mut self, id: CallId, outcome: Outcome) {
        self.trace_conclusion(id, outcome);
        let (link, is_sent) = (self.calls[id].link, self.calls[id].is_sent);
        let kind = match outcome {
            _ if link == LinkIx::NONE => return,
            Outcome::Failed(Cause::Timeout) => FlightKind::Timeout,
            Outcome::Failed(Cause::CircuitOpen | Cause::PoolTimeout) if !is_sent => {
                FlightKind::Unsent
            }
            Outcome::Failed(Cause::Abandoned) => FlightKind::Abandoned,
            Outcome::Ok | Outcome::Degraded | Outcome::Failed(_) => return,
        };
        if kind == FlightKind::Timeout || self.choose_dot(link) {
            self.show(link, kind, 1);
        }
    }

    /// Records a user who leaves before the answer, where it is certain for which link.
    pub(crate) fn show_departure(&mut self, client: NodeIx) {
        let mut links = (0..self.links.len() as u32).map(LinkIx);
        let is_own = |link: &LinkIx| self.links[link.0 as usize].from == client;
        if let (Some(link), None) = (links.find(is_own), links.find(is_own))
            && self.tap.is_open
            && self.choose_dot(link)
        {
            self.show(link, FlightKind::Abandoned, 1);
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
