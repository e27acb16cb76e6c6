//! A run: the design made into components, and the loop that fires events in order.

mod fire;
mod marks;

use crate::agenda::{Agenda, Time};
use crate::call::{CALLS_MAX, Calls};
use crate::components::{Component, Node};
use crate::construct;
use crate::data::Data;
use crate::event::{LinkIx, NodeIx};
use crate::fault::Faults;
use crate::frozen::Frozen;
use crate::locks::Locks;
use crate::measure::parts::Parts;
use crate::measure::{ByCause, Tap, Windows};
use crate::needed::Needed;
use crate::notes::Notes;
use crate::passage::Next;
use crate::watch::Watches;
use crate::world::World;
use crate::zones::Zones;
use design::Design;
use fire::is_live;
use std::sync::Arc;

/// Width of the report's windows.
const WINDOW: u64 = 1_000_000_000;

/// The state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// There are more events.
    Running,
    /// Duration and drain are over.
    Ended,
    /// The run was stopped: too many events, or too many concurrent calls for the memory.
    OutOfBudget,
}

/// A run of a design. A clone is a snapshot: it continues exactly as the original would.
#[derive(Clone, Debug)]
pub struct Simulation {
    pub(crate) world: World,
    pub(crate) nodes: Vec<Node>,
    pub(crate) faults: Faults,
    pub(crate) watches: Watches,
    /// Shared by copies of the run, like everything that only an edit changes.
    pub(crate) design: Arc<Design>,
    next_mark: Time,
    status: Status,
    events_max: u64,
    /// Number of events after which [`Self::look`] checks whether the run may continue.
    next_look: u64,
    /// Time of the last check, and the number of events since then during which time did not
    /// advance.
    looked: Time,
    standstill: u64,
    /// The time before a slice of the run advanced it without an event, and the event count there:
    /// a run ends at the same moment in however many pieces it is run.
    paused: ((u64, Time), Time),
    pub(crate) parts: Parts,
}

/// Default maximum number of events of one run: about ten minutes of one core.
pub const EVENTS_MAX: u64 = 4_000_000_000;

impl Simulation {
    /// Returns a run of a valid design, at time 0.
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
            node_places: Arc::default(),
            link_places: Arc::default(),
        };
        let mut simulation = Self {
            world,
            nodes: Vec::new(),
            faults: Faults::default(),
            watches: Watches::default(),
            design: Arc::default(),
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

    /// Limits the run to this many events.
    #[must_use]
    pub fn with_budget(mut self, events: u64) -> Self {
        self.events_max = events;
        self
    }

    /// Applies a changed design to the run: new elements begin, removed ones end, and the rest
    /// continues with its new parameters. The run keeps its seed.
    pub fn edit(&mut self, design: &Design) {
        let end = self.world.end;
        self.sweep_before_edit();
        self.world.part_all();
        (self.world.next, self.world.is_plain) = (Next::Barred, false);
        let timeouts = self.world.timeouts();
        construct::construct(self, design);
        self.world.shorten_timeouts(&timeouts);
        // The end may have moved into the open window, or to the present moment.
        let now = self.world.now;
        let is_at_end = self.world.end == now && end != now;
        let is_at_start = now == 0 && self.world.events == 0 && self.marks().contains(&0);
        self.next_mark = match is_at_end || is_at_start {
            true => now,
            false => self.following_mark(now),
        };
        self.design = Arc::new(design.clone());
        self.watches.set(design, &mut self.world);
        self.faults
            .set(&design.faults, &mut self.nodes, &mut self.world);
        self.keep_within_bounds();
        self.world.next = Next::Nothing;
        self.world.look_whether_plain();
    }

    /// Makes reports judge and price the run by this design, which produces the same run.
    pub fn judge_by(&mut self, design: &Design) {
        debug_assert!(self.design.makes_same_run(design));
        self.design = Arc::new(design.clone());
    }

    /// Continues until a simulated time, or until this many events have fired.
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

    /// Stops a run that would continue indefinitely within one moment, or fill the memory. It is
    /// called at fixed numbers of events, so that a run ends the same in however many pieces it is
    /// run.
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

    /// Fires what is due at the present moment, then the next event that is due before `limit` and
    /// the next mark. Returns false if there is none. Fires at most `until` events in total.
    #[inline(always)]
    fn step(&mut self, limit: Time, until: u64) -> bool {
        let limit = limit.min(self.next_mark);
        let now = self.world.now;
        if now >= limit {
            return false;
        }
        // Most hops take no time. Time does not advance while there is any of these.
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

    /// Fires what follows from the fired event and is part of it.
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

    /// Returns whether the run is over and has waited for its work: what is not finished by now
    /// never is.
    pub(crate) fn has_drained(&self) -> bool {
        self.status == Status::Ended && self.design.settings.drain
    }

    /// Returns simulated time, in ns.
    pub fn now(&self) -> Time {
        self.world.now
    }

    /// Returns the state of the run.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Returns the number of events fired so far.
    pub fn events(&self) -> u64 {
        self.world.events
    }

    /// Returns the present design.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// Returns the world, for reading.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Returns the requests so far, the warm-up included.
    pub fn totals(&self) -> Totals {
        // Users call only clients: calls that reach these are the requests.
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

    /// Returns the trace sink: what the page draws.
    pub fn tap_mut(&mut self) -> &mut Tap {
        &mut self.world.tap
    }

    /// Traces a share of future requests, from 0 to 1; [`Tap::trace`] has the result.
    #[cfg(feature = "traces")]
    pub fn trace(&mut self, share: f64) {
        self.world.tap.trace(share, self.world.seed);
    }

    /// Returns the place of a node of the design.
    pub fn node_place(&self, id: &str) -> Option<NodeIx> {
        self.world.node_places.get(id).copied()
    }

    /// Returns the place of a link of the design.
    pub fn link_place(&self, id: &str) -> Option<LinkIx> {
        self.world.link_places.get(id).copied()
    }

    /// Returns the behavior of a node, for reading.
    pub fn behaviour(&self, node: NodeIx) -> &Node {
        &self.nodes[node.0 as usize]
    }

    /// Sets the number of calls over a link per drawn one.
    pub fn set_dot(&mut self, link: LinkIx, dot: u32) {
        self.world.link_mut(link).dot = dot.max(1);
    }

    /// Returns whether a latency or loss fault is active on a link.
    pub fn is_impaired(&self, link: LinkIx) -> bool {
        crate::fault::is_impaired(&self.world, link)
    }
}

/// Requests of a whole run, the warm-up included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Made by users.
    pub offered: u64,
    /// Answered, in full or in part.
    pub answered: u64,
    /// Of those, in part.
    pub degraded: u64,
    /// Not answered, by cause.
    pub failed: ByCause,
}

/// Maximum number of messages of all queues, which bounds the memory of a run.
const MESSAGES_MAX: u64 = 20_000_000;

/// Number of events between two checks whether the run may continue.
const LOOK_EVERY: u64 = 4_096;

/// Maximum number of events of one moment: if time does not advance, a run never ends.
const STANDSTILL_MAX: u64 = 5_000_000;
