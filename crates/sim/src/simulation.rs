//! A run: the design made into components, and the loop that fires events in order.

use crate::agenda::{Agenda, Time};
use crate::call::{CALLS_MAX, CallId, Calls, Cause, Outcome, Phase};
use crate::components::{Component, Node, Queue};
use crate::construct;
use crate::data::Data;
use crate::event::{ARRIVE, Event, LinkIx, NodeIx, Packed, REPLY, REQUEST, SERVED};
use crate::fault::Faults;
use crate::frozen::Frozen;
use crate::locks::Locks;
use crate::measure::parts::Parts;
use crate::measure::{ByCause, Gauge, NodeTally, Tap, Windows};
use crate::needed::Needed;
use crate::notes::Notes;
use crate::passage::Next;
use crate::watch::Watches;
use crate::world::World;
use crate::zones::Zones;
use design::Design;
use std::collections::BTreeMap;

/// Width of the report's windows.
const WINDOW: u64 = 1_000_000_000;

/// A drain ends after this much simulated time at the latest: calls that wait for ever do.
const DRAIN_MAX: u64 = 3_600_000_000_000;

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// There is more to come.
    Running,
    /// Duration and drain are over.
    Ended,
    /// The run was stopped: too many events, or too many calls at a time to hold in memory.
    OutOfBudget,
}

/// A run of a design. `Clone` is a snapshot: a clone goes on exactly as the original would.
#[derive(Clone, Debug)]
pub struct Simulation {
    pub(crate) world: World,
    pub(crate) nodes: Vec<Node>,
    pub(crate) faults: Faults,
    pub(crate) watches: Watches,
    pub(crate) design: Design,
    next_mark: Time,
    status: Status,
    events_max: u64,
    /// When so many events have fired, [`Self::look`] whether the run may go on.
    next_look: u64,
    /// When it was last looked, and events since then in which time stood still.
    looked: Time,
    standstill: u64,
    /// When time stood before a slice of the run moved it on without an event, and where that was:
    /// a run ends at the same moment in however many pieces it is run.
    paused: ((u64, Time), Time),
    pub(crate) parts: Parts,
}

/// Most events of one run, by default: about ten minutes of one core.
pub const EVENTS_MAX: u64 = 4_000_000_000;

impl Simulation {
    /// A run of a valid design, at time 0.
    pub fn new(design: &Design) -> Self {
        let settings = &design.settings;
        let world = World {
            now: 0,
            warmup: settings.warmup.0,
            end: settings.duration.0,
            seed: settings.seed,
            agenda: Agenda::default(),
            is_plain: false,
            next: Next::Nothing,
            events: 0,
            calls: Calls::default(),
            data: Data::default(),
            keys: 0,
            notes: Notes::default(),
            spares_work: false,
            poisons: false,
            messages: 0,
            nodes: Vec::new(),
            links: Vec::new(),
            operations: Vec::new(),
            zones: Zones::default(),
            troubled: 0,
            has_skew: false,
            frozen: Frozen::default(),
            locks: Locks::default(),
            words: 0,
            requests_degraded: 0,
            needed: Needed::default(),
            windows: Windows::new(WINDOW),
            waiting: 0,
            tap: Tap::default(),
            node_places: BTreeMap::new(),
            link_places: BTreeMap::new(),
        };
        let mut simulation = Self {
            world,
            nodes: Vec::new(),
            faults: Faults::default(),
            watches: Watches::default(),
            design: Design::default(),
            next_mark: 0,
            status: Status::Running,
            events_max: EVENTS_MAX,
            next_look: LOOK_EVERY,
            looked: 0,
            standstill: 0,
            paused: ((u64::MAX, 0), 0),
            parts: Parts::new(WINDOW),
        };
        simulation.edit(design);
        simulation
    }

    /// Bounds the run to this many events.
    #[must_use]
    pub fn with_budget(mut self, events: u64) -> Self {
        self.events_max = events;
        self
    }

    /// Takes a changed design into the run: what is new begins, what is gone ends, the rest goes on
    /// with its new parameters. The seed stays the run's own.
    pub fn edit(&mut self, design: &Design) {
        let end = self.world.end;
        self.sweep_before_edit();
        self.world.part_all();
        (self.world.next, self.world.is_plain) = (Next::Barred, false);
        construct::construct(self, design);
        // The end may have moved into the open window, or to this very moment.
        let now = self.world.now;
        let is_at_end = self.world.end == now && end != now;
        let is_at_start = now == 0 && self.world.events == 0 && self.marks().contains(&0);
        self.next_mark = match is_at_end || is_at_start {
            true => now,
            false => self.following_mark(now),
        };
        self.design = design.clone();
        self.watches.set(design, &mut self.world);
        self.faults
            .set(&design.faults, &mut self.nodes, &mut self.world);
        self.keep_within_bounds();
        self.world.next = Next::Nothing;
        self.world.look_whether_plain();
    }

    /// Goes on until a simulated time, or until so many events have fired.
    pub fn run_until(&mut self, time: Time, events: u64) -> Status {
        let status = self.go_on_until(time, events);
        self.world.settle();
        status
    }

    fn go_on_until(&mut self, time: Time, events: u64) -> Status {
        let budget = self
            .world
            .events
            .saturating_add(events)
            .min(self.events_max);
        let limit = time.saturating_add(1);
        self.world.look_whether_plain();
        while self.status == Status::Running {
            let until = budget.min(self.next_look);
            while self.world.events < until {
                if !self.step(limit, until) && !self.pass_mark(time) {
                    return self.status;
                }
            }
            if self.world.events >= self.next_look {
                self.look();
            } else if budget == self.events_max {
                self.status = Status::OutOfBudget;
            } else {
                break;
            }
        }
        self.status
    }

    /// Stops a run that would go on for ever within one moment, or fill the memory. At fixed
    /// numbers of events, so that a run ends the same in however many pieces it is run.
    #[cold]
    fn look(&mut self) {
        self.next_look = self.world.events + LOOK_EVERY;
        let world = &self.world;
        self.standstill = match world.now == self.looked {
            true => self.standstill + LOOK_EVERY,
            false => 0,
        };
        self.looked = world.now;
        let has_data = world.calls.rows.is_on;
        let is_full = world.calls.live() > CALLS_MAX || world.messages > MESSAGES_MAX;
        if is_full || self.standstill > STANDSTILL_MAX {
            self.status = Status::OutOfBudget;
        }
        if has_data {
            self.sweep_if_due();
        }
    }

    /// Runs to the end.
    pub fn run(&mut self) -> Status {
        self.run_until(Time::MAX, u64::MAX)
    }

    /// Fires what is due at this very moment, then the next event that is due before `limit` and
    /// the next mark; false where there is none. No more than `until` events in all.
    #[inline(always)]
    fn step(&mut self, limit: Time, until: u64) -> bool {
        let limit = limit.min(self.next_mark);
        let now = self.world.now;
        if now >= limit {
            return false;
        }
        // Most hops take no time: time stands still while there is any of these.
        while let Some(event) = self.world.agenda.pop_at_once(now) {
            self.fire(now, event);
            self.follow();
            if self.world.events >= until {
                return true;
            }
        }
        let world = &mut self.world;
        let calls = &world.calls;
        let next = world.agenda.pop_later(limit, |event| is_live(calls, event));
        match next {
            Some((time, event)) => self.fire(time, event),
            None => return false,
        }
        self.follow();
        true
    }

    /// Fires what follows from the event that was fired, which is part of it.
    #[inline(always)]
    fn follow(&mut self) {
        loop {
            let world = &mut self.world;
            match world.next {
                Next::Nothing | Next::Barred => return,
                Next::Arrives(id, node) => {
                    world.next = Next::Nothing;
                    world.events += 1;
                    self.nodes[node.0 as usize].arrive(id, world);
                }
                Next::Answered(job, link, is_miss) => {
                    world.next = Next::Nothing;
                    world.events += 1;
                    if let Some(node) = world.waiting_at(job) {
                        self.nodes[node.0 as usize].done_well(job, link, is_miss, world);
                    }
                }
            }
        }
    }

    /// Passes a window's end, the end of the warm-up or the end of arrivals, if it is due by
    /// `until`. False where there is none, or the run ends.
    #[cold]
    fn pass_mark(&mut self, until: Time) -> bool {
        if self.next_mark > until {
            let reached = (self.world.events, self.next_mark);
            if self.paused.0 != reached {
                self.paused = (reached, self.world.now);
            }
            self.world.now = self.world.now.max(until);
            return false;
        }
        let mark = self.next_mark;
        let world = &mut self.world;
        world.settle();
        // What waits for a crashed process to come back is not idle.
        let is_stuck = !world.agenda.has_work() && !self.faults.has_more(mark, world.end);
        let is_idle = || !world.has_work() || is_stuck;
        let is_idle = mark > world.end && is_idle();
        if is_idle || mark > world.end.saturating_add(DRAIN_MAX) {
            if self.paused.0 == (world.events, mark) {
                world.now = self.paused.1;
            }
            self.end_run();
            if !is_idle {
                // What is not done by now may yet be: nothing can be called lost.
                self.status = Status::OutOfBudget;
            }
            return false;
        }
        world.now = mark;
        if mark == world.warmup {
            self.each_gauge(Gauge::mark_warmup);
            self.each_tally(|tally| tally.came.0 = tally.all.arrivals);
            self.each_queue(|queue| queue.oldest_age.mark_warmup(mark));
        }
        if mark == self.world.end {
            self.each_gauge(Gauge::mark_end);
            self.each_tally(|tally| tally.came.1 = Some(tally.all.arrivals));
            self.each_queue(|queue| queue.oldest_age.mark_end(mark));
        }
        let world = &mut self.world;
        // The end of arrivals cuts the window that is open.
        if mark == world.windows.ends || mark == world.end {
            let waiting = world.waiting;
            world.windows.close(waiting, world.end);
            self.keep_parts();
        }
        let world = &mut self.world;
        if mark == world.end && !self.design.settings.drain {
            return self.end_run();
        }
        if world.calls.live() > CALLS_MAX || world.messages > MESSAGES_MAX {
            self.status = Status::OutOfBudget;
            return false;
        }
        self.next_mark = self.following_mark(mark);
        true
    }

    fn following_mark(&self, mark: Time) -> Time {
        let later = self.marks().into_iter().filter(|time| *time > mark).min();
        let window = self.world.windows.ends;
        // While draining, look often whether there is anything left to wait for.
        let drain = if mark >= self.world.end {
            mark + DRAIN_LOOK
        } else {
            Time::MAX
        };
        later.unwrap_or(Time::MAX).min(window).min(drain)
    }

    fn marks(&self) -> [Time; 2] {
        [self.world.warmup, self.world.end]
    }

    fn end_run(&mut self) -> bool {
        let world = &mut self.world;
        let is_open_window_used = world.windows.open != crate::measure::Window::default();
        if is_open_window_used {
            let waiting = world.waiting;
            world.windows.close(waiting, world.end);
        }
        self.status = Status::Ended;
        false
    }

    fn each_queue(&mut self, mark: impl Fn(&mut Queue)) {
        for node in &mut self.nodes {
            if let Node::Queue(queue) = node {
                mark(queue);
            }
        }
    }

    fn each_tally(&mut self, mark: impl Fn(&mut NodeTally)) {
        for state in &mut self.world.nodes {
            mark(&mut state.tally);
        }
    }

    fn each_gauge(&mut self, mark: impl Fn(&mut Gauge, Time)) {
        let now = self.world.now;
        for state in &mut self.world.nodes {
            mark(&mut state.tally.present, now);
        }
        for link in &mut self.world.links {
            mark(&mut link.tally.in_flight, now);
            mark(&mut link.tally.open, now);
            mark(&mut link.tally.half_open, now);
        }
        for node in &mut self.nodes {
            for station in node.stations_mut() {
                station.gauges_mut().for_each(|gauge| mark(gauge, now));
            }
            match node {
                Node::Queue(queue) => mark(&mut queue.waiting, now),
                Node::Coordinator(coordinator) => {
                    mark(&mut coordinator.waiting, now);
                    mark(&mut coordinator.held, now);
                }
                Node::Database(database) => {
                    database.gauges_mut().for_each(|gauge| mark(gauge, now));
                }
                Node::Client(_) | Node::LoadBalancer(_) | Node::Service(_) | Node::Cache(_) => {}
            }
            if let Node::Service(service) = node {
                service.limits_mut().for_each(|gauge| mark(gauge, now));
                service
                    .scaler_gauges_mut()
                    .for_each(|gauge| mark(gauge, now));
            }
        }
    }

    #[inline(always)]
    fn fire(&mut self, time: Time, event: Packed) {
        let id = event.call();
        match event.kind {
            ARRIVE => self.arrive(time, id),
            SERVED if self.begins(time, Event::Served(id)) => {
                if self.world.frozen.is_used && self.world.puts_off_work(id) {
                    return;
                }
                if self.world.watches(id) {
                    self.world.trace_served(id);
                }
                let node = self.world.calls[id].node;
                self.nodes[node.0 as usize].served(id, &mut self.world);
            }
            REPLY if self.begins(time, Event::Reply(id)) => {
                if !self.stands_still(id, Event::Reply(id)) {
                    self.reply(id);
                }
            }
            SERVED | REPLY => {}
            REQUEST => self.request(time, event.unpack()),
            _ => self.fire_rarer(time, event.unpack()),
        }
    }

    /// The next request of a client is due.
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

    /// Each arm asks by itself whether its event is still live: one jump per event, not two.
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

    /// Before anything that may change which short ways are open, or look at figures.
    #[cold]
    fn settle_for_change(&mut self) {
        self.world.is_plain = false;
        self.world.settle();
    }

    /// Whether the caller of a call stands still, so that what concerns it has been put off.
    #[inline(always)]
    fn stands_still(&mut self, id: CallId, event: Event) -> bool {
        self.world.frozen.is_used && self.world.puts_off_caller(id, event)
    }

    /// Time moves to an event, unless it is of a timer that was cancelled.
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

    /// A call reached a process that is down. Of a database another member may serve its key.
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

    /// An answer reaches its caller. The plain ones, which most are, take the short way: what else
    /// an end may bring with it is in [`World::conclude`].
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

    /// A call arrives where callees are spared work: nobody may want it any more, or not for long.
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

    /// A caller's word that it gave up reaches the callee.
    #[cold]
    fn cancel(&mut self, id: CallId) {
        let world = &mut self.world;
        let node = world.calls[id].node.0 as usize;
        match world.calls[id].phase {
            // It is heeded on arrival, or when the work in hand is done.
            Phase::Travelling | Phase::Serving => world.notes.of(id).is_cancelled = true,
            Phase::Queued => self.withdraw(id, Cause::Abandoned),
            Phase::Planning => self.nodes[node].stop(id, world),
            Phase::Held | Phase::Answering | Phase::Gone => {}
        }
    }

    /// A call leaves its callee's queue without having been served.
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

    /// A caller has waited long enough.
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

    /// Whether the run is over and has waited for its work: what was not done by now never is.
    pub(crate) fn has_drained(&self) -> bool {
        self.status == Status::Ended && self.design.settings.drain
    }

    /// Simulated time, in ns.
    pub fn now(&self) -> Time {
        self.world.now
    }

    /// Where the run is.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Events fired so far.
    pub fn events(&self) -> u64 {
        self.world.events
    }

    /// The design as it is now.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// The world, to look at.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Requests so far, the warm-up included.
    pub fn totals(&self) -> Totals {
        // Users call nobody but clients: what reaches these are the requests.
        let nodes = self.world.nodes.iter().zip(&self.nodes);
        let clients = nodes.filter(|(_, node)| matches!(node, Node::Client(_)));
        let mut totals = Totals {
            degraded: self.world.requests_degraded,
            ..Totals::default()
        };
        for (client, _) in clients {
            let tally = &client.tally.all;
            totals.offered += tally.arrivals;
            totals.answered += tally.completions;
            for (sum, failed) in totals.failed.iter_mut().zip(tally.failures) {
                *sum += failed;
            }
        }
        totals
    }

    /// The tap: what the page draws.
    pub fn tap_mut(&mut self) -> &mut Tap {
        &mut self.world.tap
    }

    /// Traces a share of the requests to come, from 0 to 1; [`Tap::trace`] has what came of them.
    #[cfg(feature = "traces")]
    pub fn trace(&mut self, share: f64) {
        self.world.tap.trace(share, self.world.seed);
    }

    /// The place of a node of the design.
    pub fn node_place(&self, id: &str) -> Option<NodeIx> {
        self.world.node_places.get(id).copied()
    }

    /// The place of a link of the design.
    pub fn link_place(&self, id: &str) -> Option<LinkIx> {
        self.world.link_places.get(id).copied()
    }

    /// The behaviour of a node, to look at.
    pub fn behaviour(&self, node: NodeIx) -> &Node {
        &self.nodes[node.0 as usize]
    }

    /// Draws one of every so many calls over a link.
    pub fn set_dot(&mut self, link: LinkIx, dot: u32) {
        self.world.link_mut(link).dot = dot.max(1);
    }

    /// Whether a latency or loss fault is on a link.
    pub fn is_impaired(&self, link: LinkIx) -> bool {
        crate::fault::is_impaired(&self.world, link)
    }
}

/// Requests of a whole run, the warm-up included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Made by users.
    pub offered: u64,
    /// Answered, in whole or in part.
    pub answered: u64,
    /// Of those, in part.
    pub degraded: u64,
    /// Not answered, by cause.
    pub failed: ByCause,
}

/// Most messages of all queues at a time: what a run may hold in memory.
const MESSAGES_MAX: u64 = 20_000_000;

/// How many events fire between two looks whether the run may go on.
const LOOK_EVERY: u64 = 4_096;

/// Most events of one moment: time that does not pass never ends a run.
const STANDSTILL_MAX: u64 = 5_000_000;

/// How often a drain looks whether it is over.
const DRAIN_LOOK: u64 = 10_000_000;

/// Whether an event still means anything: a timer whose call has ended does not.
#[inline(always)]
fn is_live(calls: &Calls, event: &Event) -> bool {
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
