//! The caller's end of calls: policies before an attempt, and what follows when the caller stops
//! waiting.
//!
//! A timeout ends the caller's wait, not the callee's work. Links without a policy (most links, and
//! the fast ones) skip everything in [`crate::guard`].

use crate::agenda::Time;
use crate::call::{ANY_REPLICA, Call, CallId, Cause, Outcome, Phase, Purpose};
use crate::event::{Event, LinkIx, NodeIx};
use crate::network::Done;
use crate::world::World;

impl World {
    /// Makes a job call over a link. The answer is passed to the job's component as [`Done`].
    #[inline(never)]
    pub fn call(&mut self, job: CallId, link: LinkIx) {
        let remaining = self.link(link).calls - 1;
        self.call_with(job, link, remaining);
    }

    /// Makes a call as [`Self::call`] does, for a job that does nothing else then; on the fast path
    /// if possible.
    #[inline(always)]
    pub(crate) fn call_here(&mut self, job: CallId, link: LinkIx) {
        let state = &self.links[link.0 as usize];
        let is_simple = state.is_simple && state.calls == 1;
        let is_on_its_way = match state.passes {
            true => is_simple && self.pass_on(job, link),
            false => is_simple && self.is_direct() && self.call_directly(job, link),
        };
        if !is_on_its_way {
            self.call(job, link);
        }
    }

    /// Makes a single call over a link, whatever the number of consecutive calls.
    #[cold]
    pub(crate) fn call_once(&mut self, job: CallId, link: LinkIx) {
        self.call_with(job, link, 0);
    }

    #[inline(always)]
    fn call_with(&mut self, job: CallId, link: LinkIx, remaining: u32) {
        let state = &mut self.links[link.0 as usize];
        let parent = &self.calls[job];
        state.count_call(parent.is_measured, parent.replica);
        let mut call = Call::of_job(job, parent, link, state.to);
        call.remaining = remaining;
        call.replica = if state.is_guarded {
            ANY_REPLICA
        } else {
            state.choose_replica(&self.nodes, call.caller_replica)
        };
        self.make(call, link);
    }

    /// Makes a job call a certain replica at the end of a link, or any.
    pub fn call_replica(&mut self, job: CallId, link: LinkIx, replica: u32) {
        if replica == ANY_REPLICA {
            return self.call(job, link);
        }
        let state = &mut self.links[link.0 as usize];
        let parent = &self.calls[job];
        state.count_call(parent.is_measured, parent.replica);
        let mut call = Call::of_job(job, parent, link, state.to);
        (call.remaining, call.replica) = (state.calls - 1, replica);
        self.make(call, link);
    }

    /// Sends what a job publishes over a link without waiting for an answer.
    #[cold]
    pub fn call_unawaited(&mut self, job: CallId, link: LinkIx) {
        for remaining in (0..self.link(link).calls).rev() {
            let state = &mut self.links[link.0 as usize];
            let parent = &self.calls[job];
            state.count_call(parent.is_measured, parent.replica);
            let mut call = Call::of_job(job, parent, link, state.to);
            (call.remaining, call.is_awaited) = (remaining, false);
            let (root, is_measured) = (call.root, call.is_measured);
            self.count_need(root, link, is_measured);
            let id = self.calls.insert(call);
            self.send(id);
        }
    }

    /// Makes a balancer's job call one of its backends, chosen again for every attempt.
    #[inline(never)]
    pub fn call_balanced(&mut self, job: CallId) {
        let parent = &self.calls[job];
        let mut call = Call::of_job(job, parent, LinkIx::NONE, parent.node);
        call.is_balanced = true;
        match self.choose_backend(call.node, call.key) {
            Some((place, link, replica)) => {
                let state = &mut self.links[link.0 as usize];
                state.count_call(call.is_measured, call.caller_replica);
                (call.link, call.replica, call.place) = (link, replica, place);
                call.node = state.to;
                if replica == ANY_REPLICA {
                    call.replica = state.choose_replica(&self.nodes, call.caller_replica);
                }
                self.make(call, link);
            }
            None => {
                let id = self.calls.insert(call);
                self.refuse(id, Cause::Unavailable);
            }
        }
    }

    /// Makes the first attempt of a call: policies first, then the network. Inlined, so that the
    /// record is written once, when it is sent.
    #[inline(always)]
    fn make(&mut self, mut call: Call, link: LinkIx) {
        let state = &mut self.links[link.0 as usize];
        if call.is_measured && self.needed.is_first(&self.calls, call.root, link) {
            state.tally.needed += 1;
        }
        if state.is_guarded {
            let id = self.calls.insert(call);
            return self.attempt_guarded(id);
        }
        call.phase = Phase::Travelling;
        call.started = self.now;
        call.is_sent = true;
        state.count_attempt(&call, self.now);
        self.windows.open.bottom_attempts += u64::from(state.is_into_bottom);
        let (timeout, is_instant) = (state.timeout, state.is_instant);
        let id = self.calls.insert(call);
        self.dispatch(id, link, timeout, is_instant);
    }

    /// Makes one attempt: policies first, then the network.
    fn attempt(&mut self, id: CallId) {
        if self.links[self.calls[id].link.0 as usize].is_guarded {
            self.attempt_guarded(id);
        } else {
            self.send(id);
        }
    }

    /// Refuses an attempt by the caller's own policy. The caller learns of it at the same moment,
    /// but not before it has finished what it is doing.
    #[cold]
    pub(crate) fn refuse(&mut self, id: CallId, cause: Cause) {
        self.calls[id].outcome = Outcome::Failed(cause);
        self.calls[id].phase = Phase::Answering;
        self.at(self.now, Event::Reply(id));
    }

    /// Ends the caller's wait for an attempt. Retries if the policy says so; otherwise returns the
    /// job that waited and the outcome it receives.
    #[inline(always)]
    pub(crate) fn conclude(&mut self, id: CallId, outcome: Outcome) -> Option<(CallId, Done)> {
        if self.calls[id].via != LinkIx::NONE {
            self.part(id);
        }
        if self.watches(id) {
            self.show_conclusion(id, outcome);
        }
        let call = &mut self.calls[id];
        call.is_awaited = false;
        let (job, link, remaining) = (call.parent, call.link, call.remaining);
        let done = Done {
            link,
            outcome,
            is_miss: call.is_miss,
            detail: call.detail(outcome),
        };
        let is_over = !matches!(call.phase, Phase::Travelling) && !call.phase.is_at_callee();
        if self.calls.rows.is_on && outcome.is_answer() {
            self.pass_up(id, job, link);
        }
        let call = &mut self.calls[id];
        if link == LinkIx::NONE {
            // The balancer has no backend to send it to.
            if is_over {
                self.calls.remove(id);
            }
            return self.is_waiting(job).then_some((job, done));
        }
        let state = &mut self.links[link.0 as usize];
        state.count_conclusion(call, outcome, self.now);
        if let Some(detail) = done.detail {
            state.tally.count_refusal(detail, call.is_measured);
        }
        if call.is_balanced
            && let Some(balancer) = &mut self.nodes[state.from.0 as usize].balancer
        {
            balancer.concluded(call, outcome, self.now);
        }
        // Policies act on the copy of the attempt once its record is free for another.
        let has_policy = state.is_guarded || (state.retry.is_some() && !outcome.is_answer());
        let ended = if has_policy { Some(*call) } else { None };
        if is_over {
            self.calls.remove(id);
        }
        if let Some(ended) = ended
            && self.apply_policies(id, &ended, outcome)
        {
            return None;
        }
        if !self.is_waiting(job) {
            return None;
        }
        if remaining > 0 && outcome.is_answer() {
            self.call_once_more(job, &done, remaining);
            return None;
        }
        Some((job, done))
    }

    /// Ends an attempt as [`Self::conclude`] does, if it was answered well, no policy applies, no
    /// data is passed on and nothing follows. It is a subset that is spelled out because most calls
    /// end this way. What matters at the end of a call must be checked in `is_plain` too. Returns
    /// the job that waited, the link and whether it was a miss; `None` if the case is not that
    /// simple, and nothing was done.
    #[inline(always)]
    pub(crate) fn conclude_plainly(&mut self, id: CallId) -> Option<(CallId, LinkIx, bool)> {
        let is_data_carried = self.calls.rows.is_on;
        let call = &self.calls[id];
        let link = call.link;
        let state = self.links.get_mut(link.0 as usize)?;
        let is_plain = matches!(call.outcome, Outcome::Ok)
            && matches!(call.phase, Phase::Answering)
            && call.remaining == 0
            && matches!(call.purpose, Purpose::Call)
            && !state.is_guarded
            && !is_data_carried
            && !self.tap.watches(call);
        if !is_plain {
            return None;
        }
        if call.via != LinkIx::NONE {
            return self.pass_back_late(id);
        }
        state.count_conclusion(call, Outcome::Ok, self.now);
        if call.is_balanced
            && let Some(balancer) = &mut self.nodes[state.from.0 as usize].balancer
        {
            balancer.concluded(call, Outcome::Ok, self.now);
        }
        let (job, is_miss) = (call.parent, call.is_miss);
        self.calls.remove_call(id);
        Some((job, link, is_miss))
    }

    /// Returns the node of a job that still waits for the calls of its plan.
    #[inline(always)]
    pub(crate) fn waiting_at(&self, job: CallId) -> Option<NodeIx> {
        let job = self.calls.get(job)?;
        (job.phase == Phase::Planning).then_some(job.node)
    }

    /// Returns the timeout of every link, for [`Self::shorten_timeouts`].
    pub(crate) fn timeouts(&self) -> Vec<Option<u64>> {
        let timeouts = self.links.iter().map(|link| link.timeout);
        timeouts
            .map(|timeout| timeout.map(|timeout| timeout.duration))
            .collect()
    }

    /// Applies a timeout that an edit added or shortened to attempts in progress. Otherwise, a
    /// caller that waits for a lost packet without a timeout would hold its slot until the end of
    /// the run, whatever the edit.
    pub(crate) fn shorten_timeouts(&mut self, before: &[Option<u64>]) {
        let links = self.links.iter().zip(before);
        let shorter: Vec<Option<u64>> = links
            .map(|(link, before)| {
                let now = link.timeout.map(|timeout| timeout.duration);
                now.filter(|now| before.is_none_or(|before| *now < before))
            })
            .collect();
        if shorter.iter().all(Option::is_none) {
            return;
        }
        let calls = self.calls.iter();
        let under_way = calls.filter(|(_, call)| {
            let is_attempt = matches!(call.purpose, Purpose::Call) && call.phase != Phase::Held;
            is_attempt && call.is_awaited && call.is_sent
        });
        let due: Vec<_> = under_way
            .filter_map(|(id, call)| {
                let timeout = *shorter.get(call.link.0 as usize)?;
                let due = call.started.saturating_add(timeout?);
                (self.timer_left(call, before) >= due).then_some((id, due))
            })
            .collect();
        for (id, due) in due {
            self.calls[id].is_parted = false;
            self.at(due.max(self.now), Event::Timeout(id));
        }
    }

    /// Returns when the timer is due that was set for a call and its hop to a balancer together. It
    /// no longer counts for the call once that hop has a record of its own.
    fn timer_left(&self, call: &Call, timeouts: &[Option<u64>]) -> Time {
        let hop = self.calls.get(call.parent).filter(|_| call.is_parted);
        let timeout = hop.and_then(|hop| *timeouts.get(hop.link.0 as usize)?);
        timeout.map_or(Time::MAX, |timeout| call.started.saturating_add(timeout))
    }

    /// Makes the next of several consecutive calls (N+1).
    #[cold]
    fn call_once_more(&mut self, job: CallId, done: &Done, remaining: u32) {
        self.calls[job].is_degraded |= done.outcome == Outcome::Degraded;
        self.call_with(job, done.link, remaining - 1);
    }

    /// Returns whether a job still waits for the calls of its plan.
    #[inline]
    pub fn is_waiting(&self, job: CallId) -> bool {
        self.calls
            .get(job)
            .is_some_and(|job| job.phase == Phase::Planning)
    }

    /// Makes a further attempt after its pause.
    pub(crate) fn attempt_again(&mut self, id: CallId) {
        let call = &mut self.calls[id];
        let (job, link) = (call.parent, call.link);
        if !self.is_waiting(job) {
            // The caller no longer exists: a crash, or a user that left.
            self.forget_admission(id);
            return self.calls.remove(id);
        }
        let caller = self.link(link).from;
        if self.node(caller).balancer.is_some() {
            self.attempt_balanced(id);
        } else {
            self.attempt(id);
        }
    }

    /// Makes a further attempt of a balancer's call: to another backend if there is one.
    #[cold]
    fn attempt_balanced(&mut self, id: CallId) {
        let job = self.calls[id].parent;
        let balancer = self.calls.get(job).map(|job| (job.node, job.key));
        let chosen = balancer.and_then(|(balancer, key)| self.choose_backend(balancer, key));
        let call = &mut self.calls[id];
        (call.link, call.is_balanced) = (LinkIx::NONE, true);
        let Some((place, link, replica)) = chosen else {
            return self.refuse(id, Cause::Unavailable);
        };
        (call.link, call.replica, call.place) = (link, replica, place);
        call.node = self.links[link.0 as usize].to;
        let (root, is_measured) = (call.root, call.is_measured);
        self.count_need(root, link, is_measured);
        self.attempt(id);
    }

    /// Returns a balancer's choice for an attempt: the backend's index, link and replica. `None` if
    /// there is no backend.
    #[inline(always)]
    fn choose_backend(&mut self, balancer: NodeIx, key: u32) -> Option<(u32, LinkIx, u32)> {
        let balancer = self.nodes[balancer.0 as usize].balancer.as_mut()?;
        let (place, backend) = balancer.choose(key, self.now)?;
        Some((place, backend.link, backend.replica))
    }
}
