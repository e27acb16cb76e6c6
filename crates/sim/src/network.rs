//! The network: an attempt on its way to its callee, and the answer on its way back.
//!
//! A lost packet is silence. A link that never loses and always takes the same time draws nothing:
//! its [`Trip`] is known beforehand.

use crate::agenda::{LaneIx, Time};
use crate::call::{ANY_REPLICA, Call, CallId, Outcome, Phase, Purpose};
use crate::event::{Event, LinkIx, NodeIx};
use crate::measure::LinkTally;
use crate::world::{LinkState, NodeState, World};

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

/// How a packet fares over a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trip {
    pub(crate) is_lost: bool,
    pub(crate) latency: u64,
    lane: Option<LaneIx>,
}

impl World {
    /// Publishes a message that nobody waits for: a dead letter.
    pub fn send_and_forget(&mut self, link: LinkIx, operation: u32, key: u32, is_measured: bool) {
        let mut call = Call::new(Purpose::Call, self.link(link).to, link);
        (call.operation, call.key, call.is_measured, call.is_awaited) =
            (operation, key, is_measured, false);
        let id = self.calls.insert(call);
        LinkTally::count(&mut self.link_mut(link).tally.calls, is_measured);
        self.send(id);
    }

    /// Probes a balancer's backend.
    pub fn probe(
        &mut self,
        purpose: Purpose,
        balancer: NodeIx,
        backend: u32,
        link: LinkIx,
        replica: u32,
        timeout: u64,
    ) {
        let mut call = Call::new(purpose, self.link(link).to, link);
        (call.replica, call.place, call.key) = (replica, backend, balancer.0);
        (call.is_sent, call.phase) = (true, Phase::Travelling);
        let id = self.calls.insert(call);
        self.after(timeout, Event::Timeout(id));
        let trip = self.link_mut(link).trip();
        self.travel(id, trip);
    }

    /// A probe was answered, or not.
    #[cold]
    pub(crate) fn conclude_probe(&mut self, id: CallId, outcome: Outcome) {
        let call = &mut self.calls[id];
        call.is_awaited = false;
        let (balancer, place) = (NodeIx(call.key), call.place);
        if matches!(call.phase, Phase::Answering | Phase::Gone) {
            self.calls.remove(id);
        }
        if let Some(balancer) = &mut self.node_mut(balancer).balancer {
            balancer.probed(place, outcome.is_answer());
        }
    }

    /// Puts an attempt on the network.
    #[inline]
    pub(crate) fn send(&mut self, id: CallId) {
        let now = self.now;
        let call = &mut self.calls[id];
        let link = call.link;
        let state = &mut self.links[link.0 as usize];
        call.started = now;
        call.is_sent = true;
        call.phase = Phase::Travelling;
        state.count_attempt(call, now);
        let callee = &self.nodes[state.to.0 as usize];
        self.windows.open.bottom_attempts += u64::from(callee.is_bottom);
        if call.replica == ANY_REPLICA {
            call.replica = state.next_live_replica(callee);
        }
        let trip = state.trip();
        if call.is_awaited
            && let Some(timeout) = state.timeout
        {
            self.after_delay(timeout, Event::Timeout(id));
        }
        if self.tap.is_open {
            self.show_call(id, link, trip);
        }
        self.travel(id, trip);
    }

    #[inline]
    fn travel(&mut self, id: CallId, trip: Trip) {
        if trip.is_lost {
            let call = &mut self.calls[id];
            call.phase = Phase::Gone;
            if !call.is_awaited {
                self.calls.remove(id);
            }
        } else {
            self.deliver(trip, Event::Arrive(id));
        }
    }

    /// Schedules what comes at the other end of a link.
    #[inline]
    fn deliver(&mut self, trip: Trip, event: Event) {
        match trip.lane {
            Some(lane) => self.agenda.in_lane_at(self.now, lane, event),
            None if trip.latency == 0 => self.agenda.at_once(event),
            None => self.after(trip.latency, event),
        }
    }

    /// Sends a note (a fill, an invalidation) over a link: it may be late or lost, and nobody waits.
    pub fn note(&mut self, link: LinkIx, event: Event) {
        let state = self.link_mut(link);
        // A note that is lost draws no latency.
        if !state.loses() {
            let trip = state.lossless_trip();
            self.deliver(trip, event);
        }
    }

    /// A call enters its callee: from here it counts there. `None` where nobody runs to take it.
    #[inline]
    pub fn enter(&mut self, id: CallId) -> Option<NodeIx> {
        let call = &mut self.calls[id];
        let node = call.node;
        call.arrived = self.now;
        let state = &mut self.nodes[node.0 as usize];
        state.tally.present.up(self.now);
        if !call.is_probe() {
            state.tally.all.arrivals += 1;
            state.tally.measured.arrivals += u64::from(call.is_measured);
        }
        let replica = state.replicas.get(call.replica as usize);
        (replica.is_some_and(|replica| replica.is_up) && state.is_present).then_some(node)
    }

    /// The callee is done with a call: it leaves, and the answer goes back.
    pub fn answer(&mut self, id: CallId, outcome: Outcome) {
        let now = self.now;
        let call = &mut self.calls[id];
        call.outcome = outcome;
        call.phase = Phase::Answering;
        self.nodes[call.node.0 as usize].count_answer(call, outcome, now);
        if !call.is_awaited {
            return self.calls.remove(id);
        }
        let link = call.link;
        let trip = self.links[link.0 as usize].trip();
        if trip.is_lost {
            call.phase = Phase::Gone;
        }
        if self.tap.is_open {
            self.show_answer(id, link, trip);
        }
        if !trip.is_lost {
            self.deliver(trip, Event::Reply(id));
        }
    }
}

impl NodeState {
    #[inline]
    fn count_answer(&mut self, call: &Call, outcome: Outcome, now: Time) {
        let sojourn = now - call.arrived;
        let tally = &mut self.tally;
        tally.present.down(now);
        tally.sojourn += u128::from(sojourn);
        if call.is_probe() {
            return;
        }
        tally.all.leave(outcome);
        if call.is_measured {
            tally.measured.leave(outcome);
            tally.response.add(sojourn);
        }
    }
}

impl LinkState {
    /// A call is needed: it counts, and pays into the budget of retries.
    #[inline]
    pub(crate) fn count_call(&mut self, is_measured: bool, caller: u32) {
        LinkTally::count(&mut self.tally.calls, is_measured);
        if self.retry.is_some()
            && let Some(caller) = self.callers.get_mut(caller as usize)
            && let Some(budget) = &mut caller.budget
        {
            budget.deposit();
        }
    }

    #[inline]
    fn count_attempt(&mut self, call: &Call, now: Time) {
        let tally = &mut self.tally;
        LinkTally::count(&mut tally.attempts, call.is_measured);
        if call.attempt > 1 {
            LinkTally::count(&mut tally.retries, call.is_measured);
        }
        if call.is_awaited {
            tally.in_flight.up(now);
        } else {
            tally.unawaited += 1;
        }
    }

    #[inline]
    pub(crate) fn count_conclusion(&mut self, ended: &Call, outcome: Outcome, now: Time) {
        let tally = &mut self.tally;
        if ended.is_sent {
            tally.in_flight.down(now);
        } else {
            tally.unsent += 1;
        }
        match outcome {
            Outcome::Ok | Outcome::Degraded => {
                LinkTally::count(&mut tally.answers, ended.is_measured);
                if ended.is_measured {
                    tally.latency.add(now - ended.started);
                }
            }
            Outcome::Failed(cause) => tally.fail(cause, ended.is_measured),
        }
    }

    /// Round robin over the live replicas of a callee.
    #[inline]
    fn next_live_replica(&mut self, callee: &NodeState) -> u32 {
        match callee.replicas.len() {
            // A callee that the design no longer has runs no replica, and refuses.
            0 | 1 => 0,
            count => self.next_of_many(callee, count as u32),
        }
    }

    fn next_of_many(&mut self, callee: &NodeState, count: u32) -> u32 {
        let first = self.next_replica % count;
        let chosen = (first..count)
            .chain(0..first)
            .find(|replica| callee.replicas[*replica as usize].is_up)
            .unwrap_or(first);
        self.next_replica = (chosen + 1) % count;
        chosen
    }

    /// Makes ready what follows from latency, loss and policies. After every change of them.
    pub(crate) fn refresh(&mut self) {
        self.is_guarded = self.breaker.is_some() || self.pool.is_some();
        let is_steady = self.loss == 0.0 && self.added_loss == 0.0 && self.added_latency.is_none();
        self.steady_trip = self
            .latency
            .constant()
            .filter(|_| is_steady)
            .map(|latency| Trip {
                is_lost: false,
                latency,
                lane: self.latency_lane,
            });
    }

    /// One packet's way.
    #[inline]
    fn trip(&mut self) -> Trip {
        match self.steady_trip {
            Some(trip) => trip,
            None => self.draw_trip(),
        }
    }

    fn draw_trip(&mut self) -> Trip {
        // A lost packet draws its latency too: what others draw does not hang on its fate.
        Trip {
            is_lost: self.loses(),
            ..self.lossless_trip()
        }
    }

    fn loses(&mut self) -> bool {
        // Two independent ways to lose a packet: the link's own, and the fault's.
        let loss = self.loss + self.added_loss - self.loss * self.added_loss;
        self.loss_stream.chance(loss)
    }

    fn lossless_trip(&mut self) -> Trip {
        let own = self.latency.draw(&mut self.latency_stream);
        let (latency, lane) = match &self.added_latency {
            None => (own, self.latency_lane),
            Some(added) => (own + added.draw(&mut self.latency_stream), None),
        };
        Trip {
            is_lost: false,
            latency,
            lane,
        }
    }
}
