//! Calls over links: from the caller's policies through the network to the callee, and back.
//!
//! An attempt passes the breaker, then the pool, then the network. A lost packet is silence. A
//! timeout ends the caller's wait, not the callee's work.

use crate::call::{ANY_REPLICA, Call, CallId, Cause, Outcome, Phase, Purpose};
use crate::event::{Event, LinkIx, NodeIx};
use crate::measure::{Flight, FlightKind, LinkTally};
use crate::policies::breaker::Change;
use crate::world::{LinkState, World};
use design::link::Mode;

/// What a job hears of a call it waited for.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// Which link it went over.
    pub link: LinkIx,
    /// How it ended.
    pub outcome: Outcome,
    /// As an answer from a cache: it does not have the key.
    pub is_miss: bool,
}

impl World {
    /// Makes a job call over a link. The answer comes back to the job's component as [`Done`].
    pub fn call(&mut self, job: CallId, link: LinkIx) {
        let remaining = self.link(link).calls - 1;
        self.call_with(job, link, remaining);
    }

    fn call_with(&mut self, job: CallId, link: LinkIx, remaining: u32) {
        let callee = self.link(link).to;
        let id = self.insert_child(job, link, callee);
        self.calls[id].remaining = remaining;
        let is_measured = self.calls[id].is_measured;
        let caller = self.calls[id].caller_replica as usize;
        let state = self.link_mut(link);
        LinkTally::count(&mut state.tally.calls, is_measured);
        if let Some(budget) = state
            .callers
            .get_mut(caller)
            .and_then(|caller| caller.budget.as_mut())
        {
            budget.deposit();
        }
        self.attempt(id);
    }

    /// Makes a balancer's job call one of its backends, chosen anew for every attempt.
    pub fn call_balanced(&mut self, job: CallId) {
        let node = self.calls[job].node;
        let id = self.insert_child(job, LinkIx::NONE, node);
        self.attempt(id);
    }

    fn insert_child(&mut self, job: CallId, link: LinkIx, callee: NodeIx) -> CallId {
        let parent = &self.calls[job];
        let mut call = Call::new(Purpose::Call, callee, link);
        call.parent = job;
        call.caller_replica = parent.replica;
        call.operation = parent.operation;
        call.key = parent.key;
        call.is_measured = parent.is_measured;
        call.is_shown = parent.is_shown;
        self.calls.insert(call)
    }

    /// Publishes a message that nobody waits for: a dead letter.
    pub fn send_and_forget(&mut self, link: LinkIx, operation: u32, key: u32, is_measured: bool) {
        let mut call = Call::new(Purpose::Call, self.link(link).to, link);
        (call.operation, call.key, call.is_measured, call.is_awaited) =
            (operation, key, is_measured, false);
        call.caller_replica = 0;
        let id = self.calls.insert(call);
        LinkTally::count(&mut self.link_mut(link).tally.calls, is_measured);
        self.send(id);
    }

    /// Probes a balancer's backend.
    pub fn probe(
        &mut self,
        purpose: Purpose,
        balancer: NodeIx,
        backend: u16,
        link: LinkIx,
        replica: u32,
        timeout: u64,
    ) {
        let mut call = Call::new(purpose, self.link(link).to, link);
        (call.replica, call.message, call.key) = (replica, u32::from(backend), balancer.0);
        let id = self.calls.insert(call);
        self.after(timeout, Event::Timeout(id));
        self.calls[id].is_sent = true;
        self.travel(id, replica);
    }

    /// Makes one attempt: policies first, then the network.
    fn attempt(&mut self, id: CallId) {
        if self.calls[id].link == LinkIx::NONE && !self.choose_backend(id) {
            return self.refuse(id, Cause::Unavailable);
        }
        let (link, caller) = (self.calls[id].link, self.calls[id].caller_replica as usize);
        let now = self.now;
        let state = &mut self.links[link.0 as usize];
        if let Some(spec) = &state.breaker {
            if !state.callers[caller].breaker.admits(spec, now) {
                return self.refuse(id, Cause::CircuitOpen);
            }
            self.calls[id].is_judged = true;
        }
        let Some((size, wait)) = state.pool else {
            return self.send(id);
        };
        let pool = &mut state.callers[caller].pool;
        if pool.acquire(size) {
            self.calls[id].holds_connection = true;
            return self.send(id);
        }
        pool.wait(id);
        self.calls[id].phase = Phase::Held;
        if let Some(wait) = wait {
            self.after_delay(wait, Event::PoolWait(id));
        }
    }

    /// The caller's own policy says no: heard at once, but not before the caller has finished
    /// what it is doing.
    fn refuse(&mut self, id: CallId, cause: Cause) {
        self.calls[id].outcome = Outcome::Failed(cause);
        self.calls[id].phase = Phase::Answering;
        self.at(self.now, Event::Reply(id));
    }

    /// Puts an attempt on the network.
    fn send(&mut self, id: CallId) {
        let now = self.now;
        let call = &mut self.calls[id];
        call.started = now;
        call.is_sent = true;
        let (link, is_measured, is_retry, chosen) =
            (call.link, call.is_measured, call.attempt > 1, call.replica);
        let is_awaited = call.is_awaited;
        let state = &mut self.links[link.0 as usize];
        LinkTally::count(&mut state.tally.attempts, is_measured);
        if is_retry {
            LinkTally::count(&mut state.tally.retries, is_measured);
        }
        if is_awaited {
            state.tally.in_flight.up(now);
        } else {
            state.tally.unawaited += 1;
        }
        if let Some(timeout) = state.timeout
            && is_awaited
        {
            self.after_delay(timeout, Event::Timeout(id));
        }
        let callee = self.links[link.0 as usize].to;
        if self.node(callee).is_bottom {
            self.windows.open.bottom_attempts += 1;
        }
        let replica = if chosen == ANY_REPLICA {
            self.next_live_replica(link, callee)
        } else {
            chosen
        };
        self.travel(id, replica);
    }

    fn travel(&mut self, id: CallId, replica: u32) {
        let call = &mut self.calls[id];
        call.replica = replica;
        call.phase = Phase::Travelling;
        let (link, is_retry) = (call.link, call.attempt > 1);
        let is_probe = matches!(call.purpose, Purpose::Probe(_));
        let is_lost = self.link_mut(link).loses();
        let latency = self.link_mut(link).draw_latency();
        if self.tap.is_open && !is_probe {
            self.show_call(id, link, is_retry, is_lost, latency);
        }
        if is_lost {
            self.calls[id].phase = Phase::Gone;
            if !self.calls[id].is_awaited {
                self.calls.remove(id);
            }
            return;
        }
        self.deliver(link, latency, Event::Arrive(id));
    }

    /// Schedules what comes at the other end of a link.
    #[inline]
    fn deliver(&mut self, link: LinkIx, latency: u64, event: Event) {
        let state = &self.links[link.0 as usize];
        match state.latency_lane {
            Some(lane) if state.added_latency.is_none() => {
                self.agenda.in_lane_at(self.now, lane, event)
            }
            _ => self.after(latency, event),
        }
    }

    /// Sends a note (a fill, an invalidation) over a link: it may be late or lost, and nobody waits.
    pub fn note(&mut self, link: LinkIx, event: Event) {
        if self.link_mut(link).loses() {
            return;
        }
        let latency = self.link_mut(link).draw_latency();
        self.deliver(link, latency, event);
    }

    /// Round robin over the live replicas of a callee.
    fn next_live_replica(&mut self, link: LinkIx, callee: NodeIx) -> u32 {
        let replicas = &self.nodes[callee.0 as usize].replicas;
        let count = replicas.len() as u32;
        if count <= 1 {
            // A callee that the design no longer has runs no replica, and refuses.
            return 0;
        }
        let first = self.links[link.0 as usize].next_replica % count;
        let chosen = (0..count)
            .map(|step| (first + step) % count)
            .find(|replica| replicas[*replica as usize].is_up)
            .unwrap_or(first);
        self.links[link.0 as usize].next_replica = (chosen + 1) % count;
        chosen
    }

    /// A call enters its callee: from here it counts there.
    #[inline]
    pub fn enter(&mut self, id: CallId) {
        let now = self.now;
        let call = &mut self.calls[id];
        call.arrived = now;
        let (node, is_measured, is_probe) = (
            call.node,
            call.is_measured,
            matches!(call.purpose, Purpose::Probe(_)),
        );
        let tally = &mut self.nodes[node.0 as usize].tally;
        tally.present.up(now);
        if !is_probe {
            tally.all.arrivals += 1;
            tally.measured.arrivals += u64::from(is_measured);
        }
    }

    /// The callee is done with a call: it leaves, and the answer goes back.
    pub fn answer(&mut self, id: CallId, outcome: Outcome) {
        let now = self.now;
        let call = &mut self.calls[id];
        call.outcome = outcome;
        call.phase = Phase::Answering;
        let (node, link, is_awaited, is_measured) =
            (call.node, call.link, call.is_awaited, call.is_measured);
        let (sojourn, is_probe) = (
            now - call.arrived,
            matches!(call.purpose, Purpose::Probe(_)),
        );
        let is_shown = call.is_shown;
        let tally = &mut self.nodes[node.0 as usize].tally;
        tally.present.down(now);
        tally.sojourn += u128::from(sojourn);
        if !is_probe {
            tally.all.leave(outcome);
            if is_measured {
                tally.measured.leave(outcome);
                tally.response.add(sojourn);
            }
        }
        if !is_awaited {
            self.calls.remove(id);
            return;
        }
        let is_lost = self.link_mut(link).loses();
        let latency = self.link_mut(link).draw_latency();
        if self.tap.is_open && !is_probe {
            self.show_answer(link, outcome, is_shown, is_lost, latency);
        }
        if is_lost {
            self.calls[id].phase = Phase::Gone;
        } else {
            self.deliver(link, latency, Event::Reply(id));
        }
    }

    /// The caller's wait for an attempt is over. Tries again where the policy says so; otherwise
    /// gives the job that waited and what it hears.
    pub(crate) fn conclude(&mut self, id: CallId, outcome: Outcome) -> Option<(CallId, Done)> {
        let call = &mut self.calls[id];
        call.is_awaited = false;
        let job = call.parent;
        let ended = call.clone();
        if !matches!(ended.phase, Phase::Travelling) && !ended.phase.is_at_callee() {
            self.calls.remove(id);
        }
        if ended.link == LinkIx::NONE {
            let done = Done {
                link: ended.link,
                outcome,
                is_miss: false,
            };
            return self.is_waiting(job).then_some((job, done));
        }
        self.count_conclusion(&ended, outcome);
        self.give_back(&ended, outcome);
        let is_job_alive = self.is_waiting(job);
        match outcome {
            Outcome::Failed(cause) if is_job_alive && self.try_again(&ended, cause) => None,
            Outcome::Ok | Outcome::Degraded if is_job_alive && ended.remaining > 0 => {
                if outcome == Outcome::Degraded {
                    self.calls[job].is_degraded = true;
                }
                self.call_with(job, ended.link, ended.remaining - 1);
                None
            }
            outcome => is_job_alive.then_some((
                job,
                Done {
                    link: ended.link,
                    outcome,
                    is_miss: ended.is_miss,
                },
            )),
        }
    }

    /// Whether a job still waits for the calls of its plan.
    pub fn is_waiting(&self, job: CallId) -> bool {
        self.calls
            .get(job)
            .is_some_and(|job| job.phase == Phase::Planning)
    }

    fn count_conclusion(&mut self, ended: &Call, outcome: Outcome) {
        let now = self.now;
        let is_measured = ended.is_measured;
        let tally = &mut self.links[ended.link.0 as usize].tally;
        if ended.is_sent {
            tally.in_flight.down(now);
        } else {
            tally.unsent += 1;
        }
        match outcome {
            Outcome::Ok | Outcome::Degraded => {
                LinkTally::count(&mut tally.answers, is_measured);
                if is_measured {
                    tally.latency.add(now - ended.started);
                }
            }
            Outcome::Failed(cause) => tally.fail(cause, is_measured),
        }
        if self.tap.is_open && outcome == Outcome::Failed(Cause::Timeout) {
            self.show(ended.link, FlightKind::Timeout, 1);
        }
    }

    /// Gives back what the attempt held at the caller: connection, breaker's verdict, the
    /// balancer's count.
    fn give_back(&mut self, ended: &Call, outcome: Outcome) {
        let now = self.now;
        if let Some(balancer) =
            &mut self.nodes[self.links[ended.link.0 as usize].from.0 as usize].balancer
        {
            balancer.concluded(ended.link, ended.replica);
        }
        let state = &mut self.links[ended.link.0 as usize];
        let Some(caller) = state.callers.get_mut(ended.caller_replica as usize) else {
            return;
        };
        if let (Some(spec), true) = (&state.breaker, ended.is_judged) {
            match caller.breaker.record(spec, !outcome.is_answer(), now) {
                Change::Opened => state.tally.open.up(now),
                Change::Closed => state.tally.open.down(now),
                Change::None => {}
            }
        }
        if ended.holds_connection
            && let Some((size, _)) = state.pool
        {
            let calls = &self.calls;
            let wants = |id: CallId| {
                calls
                    .get(id)
                    .is_some_and(|call| call.is_awaited && call.phase == Phase::Held)
            };
            if let Some(next) = caller.pool.release(size, wants) {
                self.calls[next].holds_connection = true;
                self.send(next);
            }
        }
    }

    /// Starts a further attempt if the policy allows one.
    fn try_again(&mut self, failed: &Call, cause: Cause) -> bool {
        let state = &mut self.links[failed.link.0 as usize];
        let Some(retry) = &state.retry else {
            return false;
        };
        if failed.attempt >= retry.max_attempts || !retry.on[cause as usize] {
            return false;
        }
        let caller = &mut state.callers[failed.caller_replica as usize];
        if caller
            .budget
            .as_mut()
            .is_some_and(|budget| !budget.withdraw())
        {
            return false;
        }
        let pause = retry
            .backoff
            .pause(failed.attempt + 1, failed.pause, &mut state.jitter_stream);
        let mut next = Call::new(Purpose::Call, failed.node, failed.link);
        next.parent = failed.parent;
        next.caller_replica = failed.caller_replica;
        next.operation = failed.operation;
        next.key = failed.key;
        next.is_measured = failed.is_measured;
        next.is_shown = failed.is_shown;
        next.remaining = failed.remaining;
        next.attempt = failed.attempt + 1;
        next.pause = pause;
        let id = self.calls.insert(next);
        self.after(pause, Event::Backoff(id));
        true
    }

    /// The pause before a further attempt is over.
    pub(crate) fn attempt_again(&mut self, id: CallId) {
        let call = &self.calls[id];
        if !self.is_waiting(call.parent) {
            // Whoever wanted it is gone: a crash, or a user who left.
            return self.calls.remove(id);
        }
        let caller = self.link(call.link).from;
        if self.node(caller).balancer.is_some() {
            self.calls[id].link = LinkIx::NONE;
        }
        self.attempt(id);
    }

    /// Chooses link and replica for a balancer's attempt; false where there is nobody.
    fn choose_backend(&mut self, id: CallId) -> bool {
        let job = self.calls[id].parent;
        let Some(job) = self.calls.get(job) else {
            return false;
        };
        let node = job.node.0 as usize;
        let Some(balancer) = &mut self.nodes[node].balancer else {
            return false;
        };
        let Some((link, replica)) = balancer.choose() else {
            return false;
        };
        let is_first = self.calls[id].attempt == 1;
        let callee = self.link(link).to;
        let call = &mut self.calls[id];
        (call.link, call.replica, call.node) = (link, replica, callee);
        let (is_measured, caller) = (call.is_measured, call.caller_replica as usize);
        let state = self.link_mut(link);
        if is_first {
            LinkTally::count(&mut state.tally.calls, is_measured);
            if let Some(budget) = state
                .callers
                .get_mut(caller)
                .and_then(|caller| caller.budget.as_mut())
            {
                budget.deposit();
            }
        }
        true
    }

    fn show_call(&mut self, id: CallId, link: LinkIx, is_retry: bool, is_lost: bool, latency: u64) {
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

    fn show_answer(
        &mut self,
        link: LinkIx,
        outcome: Outcome,
        is_shown: bool,
        is_lost: bool,
        latency: u64,
    ) {
        // Failures are never sampled away.
        match (is_lost, outcome) {
            (true, _) => self.show(link, FlightKind::Lost, latency),
            (false, Outcome::Failed(_)) => self.show(link, FlightKind::Failure, latency),
            (false, Outcome::Ok | Outcome::Degraded) if is_shown => {
                self.show(link, FlightKind::Answer, latency)
            }
            (false, Outcome::Ok | Outcome::Degraded) => {}
        }
    }

    fn show(&mut self, link: LinkIx, kind: FlightKind, duration: u64) {
        self.tap.record(Flight {
            link,
            kind,
            start: self.now,
            duration,
        });
    }
}

impl LinkState {
    #[inline]
    fn loses(&mut self) -> bool {
        // Two independent ways to lose a packet: the link's own, and the fault's.
        let loss = self.loss + self.added_loss - self.loss * self.added_loss;
        self.loss_stream.chance(loss)
    }

    #[inline]
    fn draw_latency(&mut self) -> u64 {
        let own = self.latency.draw(&mut self.latency_stream);
        match &self.added_latency {
            None => own,
            Some(added) => own + added.draw(&mut self.latency_stream),
        }
    }
}
