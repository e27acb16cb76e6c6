//! The network: an attempt on its way to its callee, and the answer on its way back.
//!
//! A lost packet produces no event. A link that never loses packets and always takes the same time
//! draws nothing: its trip is known beforehand.

use crate::agenda::{LaneIx, Time};
use crate::call::{ANY_REPLICA, Call, CallId, Cause, Detail, Outcome, Phase, Purpose};
use crate::data::Carried;
use crate::event::{Event, LinkIx, NodeIx};
use crate::measure::LinkTally;
use crate::world::{Delay, LinkState, NodeState, World};
use crate::zones::Way;
use design::link::Mode;

/// The result of a call, for the job that waited.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// Its link.
    pub link: LinkIx,
    /// Its outcome.
    pub outcome: Outcome,
    /// For an answer from a cache: whether the key is missing.
    pub is_miss: bool,
    /// What more is known, if it failed.
    pub detail: Option<Detail>,
}

/// The time a packet takes over a link, and its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trip {
    pub(crate) latency: u64,
    lane: Option<LaneIx>,
}

impl Trip {
    /// Returns a trip that takes this much longer, in ns.
    #[inline]
    fn longer(self, ns: u64) -> Self {
        match ns {
            0 => self,
            ns => Self {
                latency: self.latency + ns,
                lane: None,
            },
        }
    }
}

impl World {
    /// Publishes a message that no caller waits for: a dead letter.
    pub fn send_and_forget(
        &mut self,
        link: LinkIx,
        operation: u32,
        key: u32,
        is_measured: bool,
        carried: Carried,
    ) {
        let mut call = Call::new(Purpose::Call, self.link(link).to, link);
        (call.operation, call.key, call.is_measured, call.is_awaited) =
            (operation, key, is_measured, false);
        let id = self.calls.insert(call);
        self.carry(id, carried);
        let tally = &mut self.link_mut(link).tally;
        LinkTally::count(&mut tally.calls, is_measured);
        tally.needed += u64::from(is_measured);
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
        (call.replica, call.place, call.remaining) = (replica, backend, balancer.0);
        call.operation = Call::NO_OPERATION;
        (call.is_sent, call.phase) = (true, Phase::Travelling);
        if replica == ANY_REPLICA {
            let state = &mut self.links[link.0 as usize];
            call.replica = state.choose_replica(&self.nodes, call.caller_replica);
        }
        let id = self.calls.insert(call);
        self.after(timeout, Event::ProbeTimeout(id));
        self.travel(id);
    }

    /// Handles the result of a probe.
    #[cold]
    pub(crate) fn conclude_probe(&mut self, id: CallId, outcome: Outcome) {
        let call = &mut self.calls[id];
        call.is_awaited = false;
        let (balancer, place) = (NodeIx(call.remaining), call.place);
        if matches!(call.phase, Phase::Answering | Phase::Gone) {
            self.calls.remove(id);
        }
        let now = self.now;
        if let Some(balancer) = &mut self.node_mut(balancer).balancer {
            balancer.probed(place, outcome.is_answer(), now);
        }
    }

    /// Sends an attempt over the network.
    #[inline(never)]
    pub(crate) fn send(&mut self, id: CallId) {
        let now = self.now;
        let call = &mut self.calls[id];
        let state = &mut self.links[call.link.0 as usize];
        (call.started, call.is_sent, call.phase) = (now, true, Phase::Travelling);
        state.count_attempt(call, now);
        self.windows.open.bottom_attempts += u64::from(state.is_into_bottom);
        if call.replica == ANY_REPLICA {
            call.replica = state.choose_replica(&self.nodes, call.caller_replica);
        }
        let timeout = state.timeout.filter(|_| call.is_awaited);
        let (link, is_instant) = (call.link, state.is_instant);
        self.dispatch(id, link, timeout, is_instant);
    }

    /// Handles an attempt that was sent: it is in transit, and its timeout runs.
    #[inline(always)]
    pub(crate) fn dispatch(
        &mut self,
        id: CallId,
        link: LinkIx,
        timeout: Option<Delay>,
        is_instant: bool,
    ) {
        if let Some(timeout) = timeout {
            self.after_delay(timeout, Event::Timeout(id));
        }
        if is_instant && !self.watches(id) {
            self.agenda.at_once(Event::Arrive(id));
        } else {
            self.set_out(id, link);
        }
    }

    #[inline(never)]
    pub(crate) fn set_out(&mut self, id: CallId, link: LinkIx) {
        match self.link(link).steady_trip {
            Some(trip) if !self.watches(id) => {
                self.deliver(trip, Event::Arrive(id));
            }
            _ => self.travel(id),
        }
    }

    /// Sends an attempt for which something is drawn: random numbers, or dots on the page.
    #[inline(never)]
    fn travel(&mut self, id: CallId) {
        let call = &self.calls[id];
        let (link, is_probe) = (call.link, call.is_probe());
        let (is_lost, trip) = self.draw_trip(id, Way::There);
        if self.watches(id) && !is_probe {
            self.show_call(id, link, is_lost, trip.latency);
        }
        if is_lost {
            self.lose(id);
        } else {
            self.deliver(trip, Event::Arrive(id));
        }
    }

    /// Draws the trip of a call's packet, and whether it is lost.
    fn draw_trip(&mut self, id: CallId, way: Way) -> (bool, Trip) {
        let link = self.calls[id].link;
        let state = &mut self.links[link.0 as usize];
        let (is_lost, trip) = state.draw_trip();
        if !state.crosses_zones {
            return (is_lost, trip);
        }
        if way == Way::There {
            self.find_member(id);
        }
        let (is_cut, distance) = self.cross_zones(link, way, self.zones_of_call(id, way));
        (is_lost || is_cut, trip.longer(distance))
    }

    /// Handles a lost packet of a call: nothing follows.
    #[cold]
    pub(crate) fn lose(&mut self, id: CallId) {
        let call = &mut self.calls[id];
        call.phase = Phase::Gone;
        let parent = call.parent;
        if !call.is_awaited {
            self.calls.remove(id);
        }
        // A queue can distinguish a consumer that never received a message from one that still
        // works.
        if let Some(delivery) = self.calls.get_mut(parent)
            && delivery.purpose == Purpose::Delivery
        {
            delivery.saw_failure = true;
        }
    }

    /// Schedules an event at the other end of a link.
    #[inline]
    fn deliver(&mut self, trip: Trip, event: Event) {
        if trip.latency == 0 {
            self.agenda.at_once(event);
        } else {
            self.deliver_late(trip, event);
        }
    }

    #[inline(never)]
    fn deliver_late(&mut self, trip: Trip, event: Event) {
        match trip.lane {
            Some(lane) => self.agenda.in_lane_at(self.now, lane, event),
            None => self.after(trip.latency, event),
        }
    }

    /// Sends a notification (a fill, an invalidation) from a replica over a link: it may be late or
    /// lost, and no caller waits. Returns false if it is lost.
    pub fn note(&mut self, link: LinkIx, replica: u32, event: Event) -> bool {
        let state = self.link_mut(link);
        // A lost notification draws no latency.
        if state.loses() {
            return false;
        }
        let trip = state.lossless_trip();
        if !state.crosses_zones {
            self.deliver(trip, event);
            return true;
        }
        let (from, to) = (state.from, state.to);
        let ends = [self.zone_of(from, replica), self.zone_of(to, 0)];
        let (is_cut, distance) = self.cross_zones(link, Way::There, ends);
        if !is_cut {
            self.deliver(trip.longer(distance), event);
        }
        !is_cut
    }

    /// Sends a notification that is repeated until it arrives: late, but not lost.
    pub(crate) fn note_surely(&mut self, link: LinkIx, replica: u32, event: Event) {
        let state = self.link_mut(link);
        let (from, to) = (state.from, state.to);
        let trip = state.lossless_trip();
        let distance = match state.crosses_zones {
            true => {
                let ends = [self.zone_of(from, replica), self.zone_of(to, 0)];
                self.cross_zones(link, Way::There, ends).1
            }
            false => 0,
        };
        self.deliver(trip.longer(distance), event);
    }

    /// Handles a call that reaches its callee: from here, it counts there. `None` if no process can
    /// take it.
    #[inline]
    pub fn enter(&mut self, id: CallId) -> Option<NodeIx> {
        let call = &mut self.calls[id];
        let node = call.node;
        call.arrived = self.now;
        let state = &mut self.nodes[node.0 as usize];
        if !call.is_probe() {
            state.count_entry(call, self.now);
        }
        state.takes_calls(call.replica).then_some(node)
    }

    /// Answers a call as [`Self::answer`] does; inlined for the component that answers most.
    #[inline(always)]
    pub(crate) fn answer_here(&mut self, id: CallId, outcome: Outcome) {
        if !matches!(outcome, Outcome::Ok) || !self.answer_directly(id) {
            self.answer(id, outcome);
        }
    }

    /// Answers a call that a limit refused, or whose process died.
    #[inline]
    pub(crate) fn answer_with(&mut self, id: CallId, cause: Cause, detail: Detail) {
        self.calls[id].set_detail(detail);
        self.answer(id, Outcome::Failed(cause));
    }

    /// Answers a call: it leaves the callee, and the answer is sent.
    #[inline(never)]
    pub fn answer(&mut self, id: CallId, outcome: Outcome) {
        let now = self.now;
        let call = &mut self.calls[id];
        call.outcome = outcome;
        call.phase = Phase::Answering;
        if !call.is_probe() {
            let arrived = call.arrived;
            self.nodes[call.node.0 as usize].count_exit(call, arrived, outcome, now);
        }
        let (link, is_awaited) = (call.link, call.is_awaited);
        let is_watched = self.tap.watches(call);
        if self.spares_work {
            self.cancel_calls(id);
        }
        if self.locks.count > 0 {
            self.let_go(id);
        }
        if !is_awaited {
            if is_watched {
                self.show_late_answer(id);
            }
            return self.calls.remove(id);
        }
        if self.links[link.0 as usize].is_instant && !is_watched {
            self.agenda.at_once(Event::Reply(id));
        } else {
            self.set_out_back(id, link);
        }
    }

    #[inline(never)]
    fn set_out_back(&mut self, id: CallId, link: LinkIx) {
        match self.link(link).steady_trip {
            Some(trip) if !self.watches(id) => {
                self.deliver(trip, Event::Reply(id));
            }
            _ => self.travel_back(id),
        }
    }

    /// Sends an answer for which something is drawn: random numbers, or dots on the page.
    #[inline(never)]
    fn travel_back(&mut self, id: CallId) {
        let link = self.calls[id].link;
        let (is_lost, trip) = self.draw_trip(id, Way::Back);
        if self.watches(id) {
            self.show_answer(id, link, is_lost, trip.latency);
        }
        if is_lost {
            self.lose(id);
        } else {
            self.deliver(trip, Event::Reply(id));
        }
    }
}

impl NodeState {
    #[inline(always)]
    pub(crate) fn count_entry(&mut self, call: &Call, now: Time) {
        let tally = &mut self.tally;
        tally.present.step_up(now);
        tally.all.arrivals += 1;
        tally.measured.arrivals += u64::from(call.is_measured);
    }

    #[inline(always)]
    pub(crate) fn count_exit(&mut self, call: &Call, arrived: Time, outcome: Outcome, now: Time) {
        let sojourn = now - arrived;
        let tally = &mut self.tally;
        tally.present.step_down(now);
        tally.sojourn += u128::from(sojourn);
        tally.all.leave(outcome);
        if call.is_measured {
            tally.measured.leave(outcome);
            tally.times(outcome).add(sojourn);
            if let Some(traces) = &mut self.traces {
                traces.ended(outcome);
            }
        }
    }
}

impl LinkState {
    /// Counts a call, which pays into the retry budget.
    #[inline(always)]
    pub(crate) fn count_call(&mut self, is_measured: bool, caller: u32) {
        LinkTally::count(&mut self.tally.calls, is_measured);
        self.pay_in(caller);
    }

    /// Pays a call into the retry budget, if there is one.
    #[inline(always)]
    pub(crate) fn pay_in(&mut self, caller: u32) {
        if self.retry.is_some()
            && let Some(caller) = self.callers.get_mut(caller as usize)
            && let Some(budget) = &mut caller.budget
        {
            budget.deposit();
        }
    }

    #[inline(always)]
    pub(crate) fn count_attempt(&mut self, call: &Call, now: Time) {
        let tally = &mut self.tally;
        LinkTally::count(&mut tally.attempts, call.is_measured);
        if call.attempt > 1 {
            LinkTally::count(&mut tally.retries, call.is_measured);
        }
        if call.is_awaited {
            tally.in_flight.step_up(now);
        } else {
            tally.unawaited += 1;
        }
    }

    #[inline(always)]
    pub(crate) fn count_conclusion(&mut self, ended: &Call, outcome: Outcome, now: Time) {
        let tally = &mut self.tally;
        if ended.is_sent {
            tally.in_flight.step_down(now);
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

    /// Chooses the callee's replica for an attempt of a calling replica.
    #[inline(always)]
    pub(crate) fn choose_replica(&mut self, nodes: &[NodeState], caller: u32) -> u32 {
        match self.callee_replicas {
            // A callee that the design no longer has runs no replica, and refuses.
            0 | 1 => 0,
            count => self.next_live_replica(&nodes[self.to.0 as usize], count, caller),
        }
    }

    /// Returns the next live replica of a callee in a calling replica's round robin.
    #[inline(never)]
    pub(crate) fn next_live_replica(&mut self, callee: &NodeState, count: u32, caller: u32) -> u32 {
        let first = self
            .turns
            .get(caller as usize)
            .map_or(0, |turn| turn % count);
        // A consumer takes its messages itself. A caller cannot recognize a frozen replica.
        let is_taken = self.mode == Mode::Consume;
        let is_live = |replica: &u32| {
            let replica = &callee.replicas[*replica as usize];
            replica.takes_calls() && (!is_taken || replica.serves())
        };
        let chosen = (first..count)
            .chain(0..first)
            .find(is_live)
            .unwrap_or(first);
        self.take_turn(caller, (chosen + 1) % count);
        chosen
    }

    /// Advances the round robin of a calling replica.
    #[inline(always)]
    pub(crate) fn take_turn(&mut self, caller: u32, replica: u32) {
        if let Some(turn) = self.turns.get_mut(caller as usize) {
            *turn = replica;
        }
    }

    /// Computes what follows from latency, loss and policies. Must be called after every change of
    /// them.
    pub(crate) fn refresh(&mut self) {
        self.guards.has_held |= self.pool.is_some() || self.guards.bulkhead.is_some();
        self.is_guarded = self.breaker.is_some() || self.pool.is_some() || self.guards.are_up();
        let is_faultless = self.added_loss == 0.0 && self.added_latency.is_empty();
        let is_steady = self.loss == 0.0 && is_faultless && !self.crosses_zones;
        self.steady_trip = self
            .latency
            .constant()
            .filter(|_| is_steady)
            .map(|latency| Trip {
                latency,
                lane: self.latency_lane,
            });
        self.is_instant = self.steady_trip.is_some_and(|trip| trip.latency == 0);
        self.is_simple = self.is_instant && !self.is_guarded && self.mode == Mode::Call;
    }

    /// Draws a packet's trip, and whether it is lost. A lost packet draws its latency too, so that
    /// other draws do not depend on it.
    fn draw_trip(&mut self) -> (bool, Trip) {
        (self.loses(), self.lossless_trip())
    }

    fn loses(&mut self) -> bool {
        // Two independent ways to lose a packet: the link's own, and the fault's.
        let loss = self.loss + self.added_loss - self.loss * self.added_loss;
        self.loss_stream.chance(loss)
    }

    fn lossless_trip(&mut self) -> Trip {
        let own = self.latency.draw(&mut self.latency_stream);
        // Faults draw from a stream of their own, so that they do not change the link's draws.
        let stream = &mut self.fault_stream;
        let added = self.added_latency.iter().map(|(added, is_share)| {
            let most = added.draw(stream);
            match is_share {
                true => (most as f64 * stream.unit()) as u64,
                false => most,
            }
        });
        let latency = own + added.sum::<u64>();
        let lane = self.latency_lane.filter(|_| self.added_latency.is_empty());
        Trip { latency, lane }
    }
}
