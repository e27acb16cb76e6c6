//! The caller's policies around an attempt: those before the network, and those that count when the
//! attempt has ended.
//!
//! An attempt passes adaptive throttling, the breaker, the bulkhead, the pool, then the network.
//! All state is kept per calling replica.

use crate::agenda::Time;
use crate::call::{Call, CallId, Cause, Detail, Outcome, Phase};
use crate::connections::wants;
use crate::event::{Event, LinkIx, NodeIx};
use crate::measure::LinkTally;
use crate::notes::WaitsFor;
use crate::policies::breaker::{self, Change};
use crate::policies::{Budget, Quota, Throttle, throttle};
use crate::world::{CallerState, Delay, Guards, LinkState, World};

/// The decision of the caller's policies on an attempt.
pub(crate) enum Verdict {
    Goes,
    Waits,
    Refused(Cause),
}

impl World {
    /// Makes an attempt with policies.
    #[inline(never)]
    pub(crate) fn attempt_guarded(&mut self, id: CallId) {
        if self.link(self.calls[id].link).guards.cancels {
            self.adopt(id);
        }
        match self.ask_policies(id) {
            Verdict::Goes => self.go(id),
            Verdict::Waits if self.watches(id) => self.trace_attempt(id),
            Verdict::Waits => {}
            Verdict::Refused(cause) => self.refuse(id, cause),
        }
    }

    fn ask_policies(&mut self, id: CallId) -> Verdict {
        let now = self.now;
        let call = &mut self.calls[id];
        let state = &mut self.links[call.link.0 as usize];
        let caller = &mut state.callers[call.caller_replica as usize];
        if let Some(spec) = &state.guards.adaptive {
            let probability = caller.adaptive.ask(spec, now);
            if state.guards.adaptive_stream.chance(probability) {
                call.set_detail(Detail::AdaptiveThrottle);
                return Verdict::Refused(Cause::Rejected);
            }
        }
        // A retried call was admitted as a whole.
        if let Some(spec) = state.breaker.as_ref().filter(|_| !call.is_judged) {
            let (may_pass, change) = caller.breaker.admits(spec, now);
            state.tally.count_breaker(change, now);
            if !may_pass {
                return Verdict::Refused(Cause::CircuitOpen);
            }
            call.is_judged = true;
            let note = self.notes.of(id);
            (note.epoch, note.admitted) = (caller.breaker.epoch(), now);
        }
        if let Some((places, wait)) = state.guards.bulkhead {
            if !caller.bulkhead.acquire(places) {
                if wait.is_some_and(|wait| wait.duration == 0) {
                    return Verdict::Refused(Cause::Rejected);
                }
                caller.bulkhead.wait(id);
                return self.hold(id, WaitsFor::Bulkhead, wait);
            }
            self.notes.of(id).holds_place = true;
        }
        self.enter_pool(id)
    }

    pub(crate) fn hold(&mut self, id: CallId, what: WaitsFor, wait: Option<Delay>) -> Verdict {
        let call = &mut self.calls[id];
        call.phase = Phase::Held;
        if self.links[call.link.0 as usize].guards.bulkhead.is_some() {
            // It may have to wait twice, and the timer of the first wait must not end the second.
            let note = self.notes.of(id);
            note.waits_for = what;
            note.waits_until = wait.map_or(Time::MAX, |wait| self.now + wait.duration);
        }
        if let Some(wait) = wait {
            self.after_delay(wait, Event::PoolWait(id));
        }
        Verdict::Waits
    }

    /// Returns why a call fails that has waited at its caller for the maximum time; `None` if the
    /// timer belongs to a wait that is over.
    pub(crate) fn waited_in_vain(&self, id: CallId) -> Option<Cause> {
        let wait = self.notes.get(id);
        match wait.map(|note| (note.waits_for, note.waits_until)) {
            None | Some((WaitsFor::Nothing, _)) => Some(Cause::PoolTimeout),
            Some((_, until)) if until > self.now => None,
            Some((WaitsFor::Bulkhead, _)) => Some(Cause::Rejected),
            Some((WaitsFor::Pool, _)) => Some(Cause::PoolTimeout),
        }
    }

    /// Sends an attempt that its caller's policies admitted.
    pub(crate) fn go(&mut self, id: CallId) {
        let link = self.calls[id].link;
        let mut deadline = None;
        if self.link(link).guards.passes_deadline {
            deadline = self.pass_deadline(id);
            if deadline == Some(self.now) {
                return self.refuse(id, Cause::Timeout);
            }
        }
        self.send(id);
        if let Some(deadline) = deadline {
            self.at(deadline, Event::Timeout(id));
        }
        if self.link(link).guards.hedge.is_some() || self.link(link).guards.has_hedged {
            self.plan_hedge(id);
        }
    }

    /// Applies the caller's policies to an attempt that ended. Returns whether there will be
    /// another.
    #[inline(never)]
    pub(crate) fn apply_policies(&mut self, id: CallId, ended: &Call, outcome: Outcome) -> bool {
        if outcome == Outcome::Failed(Cause::Timeout) && self.link(ended.link).guards.cancels {
            self.tell(id, ended);
        }
        self.judge(id, ended, outcome);
        let admitted = self.notes.get(id).map(|note| (note.epoch, note.admitted));
        // The others are abandoned first, so that what this one returns does not go to them.
        let goes_on = self
            .peers(id)
            .map(|peers| self.settle_hedge(peers, outcome));
        self.give_back(id, ended);
        if let Some(goes_on) = goes_on {
            return goes_on;
        }
        let goes_on = match outcome {
            Outcome::Failed(cause) => {
                self.is_waiting(ended.parent) && self.try_again(id, ended, cause)
            }
            Outcome::Ok | Outcome::Degraded => false,
        };
        if let Some((epoch, admitted)) = admitted.filter(|_| ended.is_judged && !goes_on) {
            self.judge_call(ended, outcome, epoch, admitted);
        }
        goes_on
    }

    /// Reports a call's outcome to a breaker that judges calls with all of their retries.
    fn judge_call(&mut self, ended: &Call, outcome: Outcome, epoch: u32, admitted: Time) {
        let now = self.now;
        let state = &mut self.links[ended.link.0 as usize];
        let spec = state.breaker.as_ref().filter(|spec| spec.is_of_calls);
        let caller = state.callers.get_mut(ended.caller_replica as usize);
        if let (Some(spec), Some(caller)) = (spec, caller) {
            let verdict = spec.verdict(!outcome.is_answer(), now - admitted);
            let change = caller.breaker.record(spec, verdict, epoch, now);
            state.tally.count_breaker(change, now);
        }
    }

    /// Handles a call that ends between two attempts and that a breaker had admitted as a whole.
    pub(crate) fn forget_admission(&mut self, id: CallId) {
        let call = &self.calls[id];
        if let (true, Some(note)) = (call.is_judged, self.notes.get(id)) {
            let state = &mut self.links[call.link.0 as usize];
            if let Some(caller) = state.callers.get_mut(call.caller_replica as usize) {
                caller.breaker.forget(note.epoch);
            }
        }
    }

    /// Reports an attempt's outcome to the policies that count.
    fn judge(&mut self, id: CallId, ended: &Call, outcome: Outcome) {
        let now = self.now;
        let state = &mut self.links[ended.link.0 as usize];
        let Some(caller) = state.callers.get_mut(ended.caller_replica as usize) else {
            return;
        };
        if let Some(spec) = &state.guards.adaptive {
            caller.adaptive.record(spec, outcome, now);
        }
        let spec = state.breaker.as_ref().filter(|spec| !spec.is_of_calls);
        if let (Some(spec), true) = (spec, ended.is_judged) {
            let took = if ended.is_sent {
                now - ended.started
            } else {
                0
            };
            let verdict = spec.verdict(!outcome.is_answer(), took);
            let epoch = self.notes.get(id).map_or(0, |note| note.epoch);
            let change = caller.breaker.record(spec, verdict, epoch, now);
            state.tally.count_breaker(change, now);
        }
        if !state.guards.counts_answers {
            return;
        }
        let may_be_tried_again = match (outcome, &state.retry) {
            (Outcome::Failed(cause), Some(retry)) => retry.on[cause as usize],
            _ => false,
        };
        if let Some(throttle) = &mut caller.throttle
            && (outcome.is_answer() || may_be_tried_again)
        {
            throttle.record(outcome.is_answer());
        }
        if let Some(quota) = &mut caller.quota
            && outcome.is_answer()
        {
            let is_retry = ended.attempt > 1;
            let took = self.notes.get(id).map_or(0, |note| note.took);
            quota.answered(is_retry.then_some(took));
        }
    }

    /// Returns what the attempt held at the caller: its connection, its place in the bulkhead.
    pub(crate) fn give_back(&mut self, id: CallId, ended: &Call) {
        let state = &mut self.links[ended.link.0 as usize];
        let Some(caller) = state.callers.get_mut(ended.caller_replica as usize) else {
            return;
        };
        let holds_place = match self.notes.get_mut(id) {
            Some(note) => std::mem::take(&mut note.holds_place),
            None => false,
        };
        if holds_place {
            caller.bulkhead.release();
        }
        let leak = state.leak.as_mut().filter(|_| ended.holds_connection);
        let leaks = leak.is_some_and(|leak| leak.1.chance(leak.0));
        if ended.holds_connection && !leaks {
            self.give_connection_back(ended.link, ended.caller_replica);
        }
        if holds_place {
            self.grant_place(ended.link, ended.caller_replica);
        }
    }

    /// Gives a free place in the bulkhead to the attempt that has waited longest. Returns whether
    /// there were both.
    fn grant_place(&mut self, link: LinkIx, caller: u32) -> bool {
        let state = &mut self.links[link.0 as usize];
        let places = state.guards.bulkhead.map_or(u32::MAX, |(places, _)| places);
        let wants = |id: CallId| wants(&self.calls, id);
        let caller = &mut state.callers[caller as usize];
        let Some(next) = caller.bulkhead.grant(places, wants) else {
            return false;
        };
        self.notes.of(next).holds_place = true;
        match self.enter_pool(next) {
            Verdict::Goes => self.go(next),
            Verdict::Waits | Verdict::Refused(_) => {}
        }
        true
    }

    /// Gives places and connections that an edit has freed to waiting attempts.
    pub(crate) fn grant(&mut self) {
        for place in 0..self.links.len() {
            if !self.links[place].is_present {
                continue;
            }
            let link = LinkIx(place as u32);
            for caller in 0..self.links[place].callers.len() as u32 {
                while self.grant_place(link, caller) {}
                while self.grant_connection(link, caller) {}
            }
        }
    }

    /// Starts a further attempt if the policy allows one.
    fn try_again(&mut self, last: CallId, failed: &Call, cause: Cause) -> bool {
        let state = &mut self.links[failed.link.0 as usize];
        let Some(retry) = &state.retry else {
            return false;
        };
        if u32::from(failed.attempt) >= retry.max_attempts || !retry.on[cause as usize] {
            return false;
        }
        let is_of_call = state.breaker.as_ref().is_some_and(|spec| spec.is_of_calls);
        if is_of_call && cause == Cause::CircuitOpen {
            return false;
        }
        let caller = &mut state.callers[failed.caller_replica as usize];
        let Some(took) = caller.pay_for_retry(cause) else {
            return false;
        };
        let before = self.notes.get(last).map_or(0, |note| note.pause);
        let attempt = u32::from(failed.attempt) + 1;
        let backoff = &retry.backoff;
        let pause = backoff.pause(attempt, before, &mut state.jitter_stream);
        let is_kept = backoff.looks_back();
        if state.guards.passes_deadline
            && let Some(note) = self.notes.get(failed.parent)
            && note.deadline <= self.now + pause
        {
            // The caller's own deadline would leave no time.
            return false;
        }
        if failed.is_measured {
            state.tally.pauses.add(pause);
        }
        let mut next = failed.once_more();
        next.attempt += 1;
        next.is_judged = is_of_call && failed.is_judged;
        let admitted = self.notes.get(last).map(|note| (note.epoch, note.admitted));
        let is_judged = next.is_judged;
        let id = self.calls.insert(next);
        if let Some(admitted) = admitted.filter(|_| is_judged) {
            let note = self.notes.of(id);
            (note.epoch, note.admitted) = admitted;
        }
        if is_kept {
            self.notes.of(id).pause = pause;
        }
        if took > 0 {
            self.notes.of(id).took = took;
        }
        self.after(pause, Event::Backoff(id));
        true
    }

    /// Resets the state of callers that died: full budgets, closed breakers, empty pools, and a
    /// random start of their round robin.
    pub(crate) fn forget_callers(&mut self, node: NodeIx, replicas: &[u32]) {
        let now = self.now;
        for link in self.links.iter_mut().filter(|link| link.from == node) {
            for replica in replicas {
                let Some(caller) = link.callers.get_mut(*replica as usize) else {
                    continue;
                };
                link.turns[*replica as usize] = link.turn_stream.bits() as u32;
                link.tally.count_reset(caller.breaker.is_open(), now);
                *caller = CallerState {
                    budget: caller.budget.take().map(Budget::refilled),
                    throttle: caller.throttle.take().map(Throttle::refilled),
                    quota: caller.quota.take().map(Quota::refilled),
                    breaker: caller.breaker.reset(),
                    ..CallerState::default()
                };
            }
        }
    }
}

impl CallerState {
    /// Takes the cost of a retry after this failure from all that limit retries, or from none.
    /// Returns what the quota paid, if all could.
    fn pay_for_retry(&mut self, cause: Cause) -> Option<u32> {
        let cost = self.quota.as_ref().map_or(0, |quota| quota.cost(cause));
        let is_allowed = self.throttle.as_ref().is_none_or(Throttle::allows)
            && self.quota.as_ref().is_none_or(|quota| quota.has(cost));
        if !is_allowed || self.budget.as_mut().is_some_and(|it| !it.withdraw()) {
            return None;
        }
        if let Some(quota) = &mut self.quota {
            quota.take(cost);
        }
        Some(cost)
    }
}

impl Guards {
    /// Returns whether any of them is there.
    pub(crate) fn are_up(&self) -> bool {
        self.adaptive.is_some()
            || self.counts_answers
            || self.bulkhead.is_some()
            || self.hedge.is_some()
            || self.has_hedged
            || self.has_held
            || self.passes_deadline
            || self.cancels
    }
}

impl LinkState {
    /// Takes the parameters of policies that have state per caller. Saved tokens stay, within the
    /// new bounds; a new breaker is closed.
    pub(crate) fn take_guards(&mut self, link: &design::Link, callers: usize, now: Time) {
        let breaker = link.breaker.as_ref().map(breaker::Spec::new);
        let is_same_breaker = self.breaker == breaker;
        self.breaker = breaker;
        let adaptive = link.adaptive_throttle.as_ref().map(throttle::Spec::new);
        let is_same_adaptive = self.guards.adaptive == adaptive;
        self.guards.adaptive = adaptive;
        let retry = link.retry.as_ref();
        let budget = retry.and_then(|retry| retry.budget.as_ref());
        let throttle = retry.and_then(|retry| retry.throttle.as_ref());
        let quota = retry.and_then(|retry| retry.quota.as_ref());
        self.guards.counts_answers = throttle.is_some() || quota.is_some();
        let (turns, stream) = (&mut self.turns, &mut self.turn_stream);
        turns.resize_with(callers.max(turns.len()), || stream.bits() as u32);
        self.callers
            .resize_with(callers.max(self.callers.len()), CallerState::default);
        for caller in &mut self.callers {
            if !is_same_breaker {
                caller.breaker = caller.breaker.reset();
            }
            if !is_same_adaptive {
                caller.adaptive = Default::default();
            }
            let new = budget.map(Budget::new);
            take_over(&mut caller.budget, new, Budget::rebound);
            let new = throttle.map(Throttle::new);
            take_over(&mut caller.throttle, new, Throttle::rebound);
            take_over(&mut caller.quota, quota.map(Quota::new), Quota::rebound);
        }
        if !is_same_breaker {
            self.tally.open.set(now, 0);
            self.tally.half_open.set(now, 0);
        }
    }
}

/// Keeps saved state that is still there.
fn take_over<T>(slot: &mut Option<T>, new: Option<T>, rebound: impl Fn(&mut T, &T)) {
    match (slot.as_mut(), &new) {
        (Some(old), Some(new)) => rebound(old, new),
        _ => *slot = new,
    }
}

impl LinkTally {
    /// Counts a change of a breaker of the link.
    pub(crate) fn count_breaker(&mut self, change: Change, now: Time) {
        match change {
            Change::None => {}
            Change::Opened => self.open.up(now),
            Change::HalfOpened => {
                self.open.down(now);
                self.half_open.up(now);
            }
            Change::Reopened => {
                self.half_open.down(now);
                self.open.up(now);
            }
            Change::Closed => self.half_open.down(now),
        }
    }

    /// Counts the reset of a breaker that was open or half open.
    fn count_reset(&mut self, [was_open, was_half_open]: [bool; 2], now: Time) {
        if was_open {
            self.open.down(now);
        }
        if was_half_open {
            self.half_open.down(now);
        }
    }
}
