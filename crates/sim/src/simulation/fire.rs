//! Firing an event: which component handles it.

use super::Simulation;
use crate::agenda::Time;
use crate::call::{CallId, Calls, Cause, Outcome, Phase};
use crate::components::{Component, Node};
use crate::event::{ARRIVE, Event, Packed, REPLY, REQUEST, SERVED};

impl Simulation {
    #[inline(always)]
    pub(super) fn fire(&mut self, time: Time, event: Packed) {
        let id = event.call();
        match event.kind {
            ARRIVE => self.arrive(time, id),
            SERVED => self.served(time, id),
            REPLY if self.begins(time, Event::Reply(id)) => {
                if !self.stands_still(id, Event::Reply(id)) {
                    self.reply(id);
                }
            }
            REPLY => {}
            REQUEST => self.request(time, event.unpack()),
            _ => self.fire_rarer(time, event.unpack()),
        }
    }

    /// Handles the end of own work on a call, unless the call is gone. It checks the same as
    /// [`is_live`], with one access to the record for both.
    #[inline(always)]
    fn served(&mut self, time: Time, id: CallId) {
        let world = &mut self.world;
        let call = world.calls.get(id);
        let Some(call) = call.filter(|call| call.phase == Phase::Serving) else {
            return;
        };
        let node = call.node;
        (world.now, world.events) = (time, world.events + 1);
        if world.frozen.is_used && world.puts_off_work(id) {
            return;
        }
        if world.watches(id) {
            world.trace_served(id);
        }
        self.nodes[node.0 as usize].served(id, world);
    }

    /// Handles the next request of a client.
    #[inline(always)]
    fn request(&mut self, time: Time, event: Event) {
        let Event::Request { node, generation } = event else {
            return;
        };
        self.world.now = time;
        self.world.events += 1;
        if self.world.node(node).is_present
            && let Node::Client(client) = &mut self.nodes[node.0 as usize]
        {
            client.request_due(generation, &mut self.world);
        }
    }

    /// Fires the less frequent events. Each arm checks whether its event is still live: one jump
    /// per event, not two.
    #[inline(never)]
    fn fire_rarer(&mut self, time: Time, event: Event) {
        match event {
            Event::Timeout(id) | Event::ProbeTimeout(id) if self.begins(time, event) => {
                if !self.stands_still(id, event) {
                    self.give_up(id, Cause::Timeout);
                }
            }
            Event::PoolWait(id) if self.begins(time, event) => {
                let is_put_off = self.stands_still(id, event);
                if let Some(cause) = self.world.waited_in_vain(id).filter(|_| !is_put_off) {
                    self.give_up(id, cause);
                }
            }
            Event::Backoff(id) if self.begins(time, event) => {
                if !self.stands_still(id, event) {
                    self.world.attempt_again(id);
                }
            }
            Event::Hedge(id) if self.begins(time, event) => {
                if !self.stands_still(id, event) {
                    self.world.hedge(id);
                }
            }
            Event::Cancel(id) if self.begins(time, event) => self.cancel(id),
            Event::Expire(id) if self.begins(time, event) => self.withdraw(id, Cause::Timeout),
            Event::Patience(id) | Event::Visibility(id) | Event::Leave(id) | Event::Step(id)
                if self.begins(time, event) =>
            {
                let node = self.world.calls[id].node;
                self.nodes[node.0 as usize].timer(event, &mut self.world);
            }
            Event::Arrive(_)
            | Event::Served(_)
            | Event::Reply(_)
            | Event::Timeout(_)
            | Event::ProbeTimeout(_)
            | Event::PoolWait(_)
            | Event::Backoff(_)
            | Event::Hedge(_)
            | Event::Cancel(_)
            | Event::Expire(_)
            | Event::Patience(_)
            | Event::Visibility(_)
            | Event::Leave(_)
            | Event::Step(_)
            | Event::LaneHead { .. } => {}
            Event::Request { .. } => {}
            Event::Think { node, .. }
            | Event::Reload { node, .. }
            | Event::RateChange { node, .. }
            | Event::Probe { node, .. }
            | Event::Elect { node, .. }
            | Event::Relay { node, .. }
            | Event::Shared { node, .. } => {
                if self.begins(time, event) && self.world.node(node).is_present {
                    self.nodes[node.0 as usize].timer(event, &mut self.world);
                }
            }
            Event::Lock { node, .. } | Event::Invalidate { node, .. } => {
                if self.begins(time, event) {
                    self.world.hear(&event);
                    if self.world.node(node).is_present {
                        self.nodes[node.0 as usize].timer(event, &mut self.world);
                    }
                }
            }
            Event::Fill { node, fill } => {
                self.begins(time, event);
                let fill = self.world.take_fill(fill);
                if let Node::Cache(cache) = &mut self.nodes[node.0 as usize] {
                    cache.take_fill(fill, &mut self.world);
                }
            }
            Event::Scale { node, replica } => {
                if self.begins(time, event) && self.world.node(node).is_present {
                    self.settle_for_change();
                    self.scale(node, replica);
                    self.world.look_whether_plain();
                }
            }
            Event::Replica { node, replica } => {
                if self.begins(time, event) && self.world.node(node).is_present {
                    self.settle_for_change();
                    self.turn_replica(node, replica);
                    self.world.look_whether_plain();
                }
            }
            Event::Reshard { node } => {
                if self.begins(time, event) && self.world.node(node).is_present {
                    self.reshard(node);
                }
            }
            Event::Watch { alert, generation } => {
                if self.begins(time, event) {
                    self.world.settle();
                    self.watches
                        .evaluate(alert, generation, &self.nodes, &mut self.world);
                }
            }
            Event::Fault { generation, fault } => {
                if self.begins(time, event) && self.faults.is_current(generation) {
                    self.settle_for_change();
                    self.faults.turn(fault, &mut self.nodes, &mut self.world);
                    self.world.look_whether_plain();
                }
            }
        }
    }

    /// Adds noted hops to the counts before anything that may change which fast paths are open, or
    /// read metrics.
    #[cold]
    fn settle_for_change(&mut self) {
        self.world.is_plain = false;
        self.world.settle();
    }

    /// Returns whether the caller of a call is frozen, so that its event has been deferred.
    #[inline(always)]
    fn stands_still(&mut self, id: CallId, event: Event) -> bool {
        self.world.frozen.is_used && self.world.puts_off_caller(id, event)
    }

    /// Advances time to an event, unless it belongs to a canceled timer.
    #[inline(always)]
    fn begins(&mut self, time: Time, event: Event) -> bool {
        let is_live = is_live(&self.world.calls, &event);
        if is_live {
            self.world.now = time;
            self.world.events += 1;
        }
        is_live
    }

    #[inline(always)]
    fn arrive(&mut self, time: Time, id: CallId) {
        if !self.begins(time, Event::Arrive(id)) {
            return;
        }
        let world = &mut self.world;
        if world.troubled > 0 && !world.gets_in(id) {
            return;
        }
        match world.enter(id) {
            Some(_) if world.spares_work => self.arrive_if_wanted(id),
            Some(node) => self.nodes[node.0 as usize].arrive(id, world),
            None => self.arrive_elsewhere(id),
        }
    }

    /// Handles a call that reached a process that is down. Another member of a database may serve
    /// its key.
    #[cold]
    fn arrive_elsewhere(&mut self, id: CallId) {
        let world = &mut self.world;
        let node = world.calls[id].node;
        world.find_member(id);
        match world.node(node).router.is_some() && world.is_up(node, world.calls[id].replica) {
            true if world.spares_work => self.arrive_if_wanted(id),
            true => self.nodes[node.0 as usize].arrive(id, world),
            false => world.answer(id, Outcome::Failed(Cause::Refused)),
        }
    }

    /// Handles an answer that reaches its caller. Simple ones, which are most, take the fast path;
    /// all other effects of an end are in [`World::conclude`](crate::world::World::conclude).
    #[inline(always)]
    fn reply(&mut self, id: CallId) {
        let world = &mut self.world;
        match world.conclude_plainly(id) {
            Some((job, link, is_miss)) => {
                if let Some(node) = world.waiting_at(job) {
                    self.nodes[node.0 as usize].done_well(job, link, is_miss, world);
                }
            }
            None => self.conclude_answer(id),
        }
    }

    #[inline(never)]
    fn conclude_answer(&mut self, id: CallId) {
        let outcome = self.world.calls[id].outcome;
        self.conclude(id, outcome);
    }

    /// Handles an arriving call if callees are spared work: its caller may no longer wait, or not
    /// for long.
    #[inline(never)]
    fn arrive_if_wanted(&mut self, id: CallId) {
        let world = &mut self.world;
        if world.has_skew {
            world.read_deadline(id);
        }
        if let Some(cause) = world.is_unwanted(id) {
            return world.answer(id, Outcome::Failed(cause));
        }
        let node = world.calls[id].node;
        self.nodes[node.0 as usize].arrive(id, world);
        world.watch_deadline(id);
    }

    /// Handles a caller's cancellation that reaches the callee.
    #[cold]
    fn cancel(&mut self, id: CallId) {
        let world = &mut self.world;
        let node = world.calls[id].node.0 as usize;
        match world.calls[id].phase {
            // It takes effect on arrival, or when the present work is done.
            Phase::Travelling | Phase::Serving => world.notes.of(id).is_cancelled = true,
            Phase::Queued => self.withdraw(id, Cause::Abandoned),
            Phase::Planning => self.nodes[node].stop(id, world),
            Phase::Held | Phase::Answering | Phase::Gone => {}
        }
    }

    /// Removes a call from its callee's queue that has not been served.
    #[cold]
    fn withdraw(&mut self, id: CallId, cause: Cause) {
        let world = &mut self.world;
        let (node, replica) = (world.calls[id].node.0 as usize, world.calls[id].replica);
        if let Node::Database(database) = &mut self.nodes[node]
            && database.withdraws(id, cause, world)
        {
            return;
        }
        let stations = self.nodes[node].stations_mut();
        if let Some(station) = stations.get_mut(replica as usize) {
            station.withdraw(id, &mut world.calls, world.now);
            world.waiting -= 1;
            world.answer(id, Outcome::Failed(cause));
        }
    }

    /// Handles the timeout of a caller.
    #[cold]
    fn give_up(&mut self, id: CallId, cause: Cause) {
        let id = self.world.timed_out(id);
        self.conclude(id, Outcome::Failed(cause));
    }

    #[inline(always)]
    fn conclude(&mut self, id: CallId, outcome: Outcome) {
        let world = &mut self.world;
        if world.calls[id].is_probe() {
            return world.conclude_probe(id, outcome);
        }
        if let Some((job, done)) = world.conclude(id, outcome) {
            let node = world.calls[job].node;
            self.nodes[node.0 as usize].done(job, done, world);
        }
    }
}

/// Returns whether an event still has an effect: a timer whose call has ended does not.
#[inline(always)]
pub(super) fn is_live(calls: &Calls, event: &Event) -> bool {
    match event {
        Event::Timeout(id) | Event::ProbeTimeout(id) | Event::Hedge(id) => calls
            .get(*id)
            .is_some_and(|call| call.is_awaited && !call.is_parted),
        Event::Expire(id) => calls
            .get(*id)
            .is_some_and(|call| call.phase == Phase::Queued),
        Event::PoolWait(id) => calls
            .get(*id)
            .is_some_and(|call| call.is_awaited && call.phase == Phase::Held),
        Event::Served(id) => calls
            .get(*id)
            .is_some_and(|call| call.phase == Phase::Serving),
        Event::Leave(id) => calls
            .get(*id)
            .is_some_and(|call| call.phase == Phase::Queued),
        Event::Arrive(id)
        | Event::Reply(id)
        | Event::Backoff(id)
        | Event::Cancel(id)
        | Event::Patience(id)
        | Event::Visibility(id)
        | Event::Step(id) => calls.get(*id).is_some(),
        Event::Request { .. }
        | Event::Think { .. }
        | Event::Reload { .. }
        | Event::RateChange { .. }
        | Event::Probe { .. }
        | Event::Fill { .. }
        | Event::Invalidate { .. }
        | Event::Shared { .. }
        | Event::Fault { .. }
        | Event::Watch { .. }
        | Event::Lock { .. }
        | Event::Scale { .. }
        | Event::Replica { .. }
        | Event::Reshard { .. }
        | Event::Elect { .. }
        | Event::Relay { .. }
        | Event::LaneHead { .. } => true,
    }
}
