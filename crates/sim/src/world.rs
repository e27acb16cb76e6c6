//! The world: everything the components of a run share. It is their only door to one another.

use crate::agenda::{Agenda, LaneIx, Time};
use crate::call::{CallId, Calls};
use crate::components::database::Router;
use crate::components::load_balancer::Balancer;
use crate::data::Data;
use crate::event::{Event, LinkIx, LockTag, NodeIx};
use crate::frozen::Frozen;
use crate::hop::Hop;
use crate::locks::Locks;
use crate::measure::{LinkTally, NodeTally, RequestTally, Tap, Unheard, Windows};
use crate::needed::Needed;
use crate::network::Trip;
use crate::notes::Notes;
use crate::passage::Next;
use crate::plan::Plan;
use crate::policies::{
    AdaptiveThrottle, Backoff, Breaker, Budget, Pool, Quota, Throttle, breaker, throttle,
};
use crate::random::{Sampler, Stream};
use crate::watch::Traces;
use crate::zones::{ZoneIx, Zones};
use design::kinds::client::Effect;
use design::kinds::database::Shards;
use design::link::{Mode, OnWrite};
use std::collections::BTreeMap;

/// A duration scheduled again and again: through a lane where it is constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    pub(crate) duration: u64,
    pub(crate) lane: Option<LaneIx>,
}

/// Where a replica stands between its start and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is there (if it has crashed, until it is mended).
    Running,
    /// It has been asked for, and takes calls when it is ready.
    Starting,
    /// It was killed, and starts again.
    Restarting,
    /// It takes no new calls, and ends when it is done with those it has.
    Leaving,
    /// It is not there: its place is free.
    Absent,
}

/// How long a process is slower after its start, in ns, and how many times as long work takes at
/// first.
pub(crate) type WarmUp = (u64, f64);

/// A replica as others can see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Replica {
    /// Whether its process runs.
    pub is_up: bool,
    /// Where it stands between its start and its end.
    pub stage: Stage,
    /// When that changes next, where it does by itself.
    pub(crate) due: Time,
    /// Since when it has run.
    pub(crate) up_since: Time,
    /// Whether its work takes no longer than usual.
    is_at_full_speed: bool,
    /// Times its work takes, by faults.
    slowdown: f64,
    /// From when on and for how long it warms up, and how many times as long work takes at first.
    warming: Option<(Time, WarmUp)>,
    /// Whether a fault holds it down.
    pub is_crashed: bool,
    /// Whether it refuses every call though its process runs.
    pub is_out: bool,
    /// Since when it stands still, if it does.
    pub stands_since: Option<Time>,
    /// Whether what it is sent while it stands still is lost; else it waits.
    pub is_deaf: bool,
    /// How far its clock is ahead, in ns.
    pub(crate) clock: i64,
    /// What faults do to calls at its door.
    pub(crate) troubles: Option<Box<Troubles>>,
}

/// What faults do to calls at the door of a replica.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Troubles {
    /// Share answered with an error.
    pub(crate) errors: f64,
    /// The same, but not of health probes.
    pub(crate) hidden_errors: f64,
    /// Whether all others hear nothing.
    pub(crate) is_silent: bool,
    /// Whether writes are answered with an error.
    pub(crate) is_full: bool,
    /// Whether writes wait, and reads.
    pub(crate) is_locked: [bool; 2],
}

impl Default for Replica {
    fn default() -> Self {
        Self {
            is_up: true,
            stage: Stage::Running,
            due: 0,
            up_since: 0,
            is_at_full_speed: true,
            slowdown: 1.0,
            warming: None,
            is_crashed: false,
            is_out: false,
            stands_since: None,
            is_deaf: false,
            clock: 0,
            troubles: None,
        }
    }
}

impl Replica {
    /// Whether it takes up work by itself, as a consumer does.
    pub fn serves(&self) -> bool {
        self.takes_calls() && !self.is_out && self.stands_since.is_none()
    }

    /// Whether its process runs and is not about to end.
    #[inline]
    pub fn takes_calls(&self) -> bool {
        self.is_up && self.stage != Stage::Leaving
    }

    /// Whether others have its address: also while it is down.
    pub fn is_registered(&self) -> bool {
        matches!(self.stage, Stage::Running | Stage::Restarting)
    }

    /// Its process starts, cold where the node warms up.
    pub(crate) fn start(&mut self, warm_up: Option<WarmUp>, now: Time) {
        self.is_up = true;
        self.up_since = now;
        self.warming = warm_up.map(|warm_up| (now, warm_up));
        self.set_slowdown(self.slowdown);
    }

    /// Faults make its work take so many times as long.
    pub(crate) fn set_slowdown(&mut self, times: f64) {
        self.slowdown = times;
        self.is_at_full_speed = times == 1.0 && self.warming.is_none();
    }

    /// How many times as long work takes that begins now.
    pub fn pace(&self, now: Time) -> f64 {
        let cold = match self.warming {
            Some((since, (lasts, times))) if now < since + lasts => {
                let left = (since + lasts - now) as f64 / lasts as f64;
                1.0 + (times - 1.0) * left
            }
            Some(_) | None => 1.0,
        };
        self.slowdown * cold
    }

    /// Whether a call may not get in as usual.
    pub(crate) fn is_troubled(&self) -> bool {
        self.is_out || self.stands_since.is_some() || self.troubles.is_some()
    }
}

/// What is shared of a node.
#[derive(Clone, Debug)]
pub struct NodeState {
    /// Stable id.
    pub id: String,
    /// Its kind.
    pub kind: &'static str,
    /// Whether the node is still part of the design.
    pub is_present: bool,
    /// Its processes.
    pub replicas: Vec<Replica>,
    /// How its replicas warm up, where they do.
    pub(crate) warm_up: Option<WarmUp>,
    /// The zones of its replicas, in turn; empty where it is in none.
    pub zones: Vec<ZoneIx>,
    /// What it calls, in stages.
    pub plan: Plan,
    /// Whether it is at the bottom: it calls nobody.
    pub is_bottom: bool,
    /// Draws the calls that a fault answers with an error, once there was one.
    pub(crate) fault_errors: Option<Box<Stream>>,
    /// Whom its callers ask, where it is a database of several members.
    pub(crate) router: Option<Box<Router>>,
    /// Shards there are by now, where a resharding changed those of the design.
    pub(crate) resharded: Option<Box<(Shards, u32)>>,
    /// The balancer's beliefs, where it is one.
    pub balancer: Option<Box<Balancer>>,
    /// Whether it counts what its operators see.
    pub(crate) has_metrics: bool,
    /// Whether that gets lost now.
    pub(crate) is_mute: bool,
    /// What they never heard of, where there was any such time.
    pub(crate) unheard: Option<Box<Unheard>>,
    /// Which of its traces are kept, where some are.
    pub(crate) traces: Option<Box<Traces>>,
    /// Its figures.
    pub tally: NodeTally,
}

impl NodeState {
    /// Whether its metrics reach anybody: a node that is down sends none.
    pub fn emits_metrics(&self) -> bool {
        self.is_present && self.has_metrics && !self.is_mute && self.runs()
    }

    /// Whether a replica is there to take calls that arrive.
    #[inline(always)]
    pub(crate) fn takes_calls(&self, replica: u32) -> bool {
        let replica = self.replicas.get(replica as usize);
        replica.is_some_and(|replica| replica.is_up) && self.is_present
    }

    /// Whether any of it runs.
    pub(crate) fn runs(&self) -> bool {
        self.replicas.is_empty() || self.replicas.iter().any(|replica| replica.is_up)
    }
}

/// A retry policy made ready.
#[derive(Clone, Debug)]
pub struct RetryState {
    pub(crate) max_attempts: u32,
    pub(crate) backoff: Backoff,
    /// By cause: whether it is tried again.
    pub(crate) on: [bool; 8],
}

/// What a calling replica keeps for a link.
#[derive(Clone, Debug, Default)]
pub struct CallerState {
    pub(crate) budget: Option<Budget>,
    pub(crate) throttle: Option<Throttle>,
    pub(crate) quota: Option<Quota>,
    pub(crate) adaptive: AdaptiveThrottle,
    pub(crate) breaker: Breaker,
    pub(crate) bulkhead: Pool,
    pub(crate) pool: Pool,
}

/// What a link has of policies that few have.
#[derive(Clone, Debug)]
pub struct Guards {
    pub(crate) adaptive: Option<throttle::Spec>,
    pub(crate) adaptive_stream: Stream,
    /// Whether retries are bounded by what answers pay in.
    pub(crate) counts_answers: bool,
    /// Places, and how long an attempt waits for one.
    pub(crate) bulkhead: Option<(u32, Option<Delay>)>,
    /// After how long an attempt is hedged, and how often.
    pub(crate) hedge: Option<(Delay, u32)>,
    /// Whether the callee learns until when the caller waits, and when it gives up.
    pub(crate) passes_deadline: bool,
    pub(crate) cancels: bool,
    /// Whether attempts under way may be hedges, or hedged: also after an edit that ends it.
    pub(crate) has_hedged: bool,
}

/// What is shared of a link.
#[derive(Clone, Debug)]
pub struct LinkState {
    /// Stable id.
    pub id: String,
    /// Whether the link is still part of the design.
    pub is_present: bool,
    /// The caller.
    pub from: NodeIx,
    /// The callee.
    pub to: NodeIx,
    /// How it is used.
    pub mode: Mode,
    /// What a write does to a cache at its end.
    pub on_write: OnWrite,
    /// Calls one after another.
    pub calls: u32,
    /// Whether its failure degrades only.
    pub is_optional: bool,
    /// Deliveries in flight at most.
    pub concurrency: u32,
    /// From a balancer that goes by weight: that of each replica.
    pub weight: u32,
    /// Deliveries in flight at each replica at most.
    pub prefetch: Option<u32>,
    /// Whether what it carries is sent without waiting for an answer.
    pub is_unawaited: bool,
    pub(crate) latency: Sampler,
    pub(crate) latency_lane: Option<LaneIx>,
    /// What every packet's way is, where nothing about it is drawn.
    pub(crate) steady_trip: Option<Trip>,
    /// Whether that takes no time.
    pub(crate) is_instant: bool,
    /// Replicas of the callee, and whether it is at the bottom: what every attempt asks of it.
    pub(crate) callee_replicas: u32,
    pub(crate) is_into_bottom: bool,
    /// Whether, besides, nothing but a timeout is asked of its calls.
    pub(crate) is_simple: bool,
    /// Whether its callee keeps traces, and so looks at every end of a call by itself.
    pub(crate) is_into_traced: bool,
    /// What is noted of its calls, and not yet counted.
    pub(crate) hop: Hop,
    /// Whether it leads to a balancer that may pass its calls on without records of their own.
    pub(crate) passes: bool,
    /// Whether policies stand before the network, or count what comes back.
    pub(crate) is_guarded: bool,
    pub(crate) loss: f64,
    pub(crate) timeout: Option<Delay>,
    pub(crate) retry: Option<RetryState>,
    pub(crate) breaker: Option<breaker::Spec>,
    pub(crate) pool: Option<(u32, Option<Delay>)>,
    pub(crate) callers: Vec<CallerState>,
    pub(crate) guards: Guards,
    pub(crate) next_replica: u32,
    /// Added by faults: all of a draw, or (jitter) an even share of it.
    pub(crate) added_latency: Vec<(Sampler, bool)>,
    /// Added by faults.
    pub(crate) added_loss: f64,
    pub(crate) latency_stream: Stream,
    pub(crate) fault_stream: Stream,
    /// Share of connections that are never given back, by faults, and what draws them.
    pub(crate) leak: Option<Box<(f64, Stream)>>,
    /// Whether a partition cuts what it carries there, and back.
    pub(crate) cut: [bool; 2],
    /// Whether a partition or a distance between zones may now change a packet's way.
    pub(crate) crosses_zones: bool,
    /// For distances that are drawn, once the link has met one.
    pub(crate) distance_stream: Option<Box<Stream>>,
    /// For a condition with a probability.
    pub(crate) conditions: Stream,
    /// Its place in the caller's plan, over all stages.
    pub(crate) step: u32,
    /// Whether it is called on a miss: its answer is what a cache lacked.
    pub(crate) loads: bool,
    /// Whether it is a look-up at a cache.
    pub(crate) looks_up: bool,
    pub(crate) loss_stream: Stream,
    pub(crate) jitter_stream: Stream,
    /// One call drawn stands for this many.
    pub dot: u32,
    pub(crate) until_dot: u32,
    /// Its figures.
    pub tally: LinkTally,
}

/// An operation of a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The client.
    pub client: NodeIx,
    /// Its name.
    pub name: String,
    /// What it does to data.
    pub effect: Effect,
    /// Whether an id travels with it.
    pub has_idempotency_key: bool,
    /// Its figures.
    pub tally: RequestTally,
}

/// Everything shared.
#[derive(Clone, Debug)]
pub struct World {
    /// Simulated time.
    pub now: Time,
    /// When requests begin to count.
    pub warmup: Time,
    /// When arrivals end.
    pub end: Time,
    /// The seed of all streams.
    pub seed: u64,
    pub(crate) agenda: Agenda,
    /// Whether nothing comes between a call and its callee, or an answer and its caller.
    pub(crate) is_plain: bool,
    /// What follows from the event that is being fired.
    pub(crate) next: Next,
    /// Events fired so far.
    pub(crate) events: u64,
    pub(crate) calls: Calls,
    pub(crate) data: Data,
    pub(crate) notes: Notes,
    /// Whether some link passes on deadlines or cancels: callees may be spared work.
    pub(crate) spares_work: bool,
    /// Keys that operations may touch: as many as the largest of their key spaces.
    pub(crate) keys: u64,
    /// Whether any message is poison.
    pub(crate) poisons: bool,
    /// Messages held by all queues.
    pub(crate) messages: u64,
    pub(crate) nodes: Vec<NodeState>,
    pub(crate) links: Vec<LinkState>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) zones: Zones,
    /// Replicas that do not let every call in as usual.
    pub(crate) troubled: u32,
    /// Whether some clock is, was or will be off.
    pub(crate) has_skew: bool,
    /// What stands still.
    pub(crate) frozen: Frozen,
    /// Who holds which locks.
    pub(crate) locks: Locks,
    /// Words on their way that nobody waits for: that a lock is free, or an entry of a cache old.
    pub(crate) words: u32,
    /// Requests answered in part, the warm-up included.
    pub(crate) requests_degraded: u64,
    /// Which links each request under way has needed.
    pub(crate) needed: Needed,
    pub(crate) windows: Windows,
    /// Calls waiting in all queues.
    pub(crate) waiting: u64,
    /// What the page draws.
    pub tap: Tap,
    /// Places by id, for edits and reports.
    pub(crate) node_places: BTreeMap<String, NodeIx>,
    pub(crate) link_places: BTreeMap<String, LinkIx>,
}

impl World {
    /// Counts that a request needs a link, once per request however many calls and retries follow.
    #[inline]
    pub(crate) fn count_need(&mut self, root: CallId, link: LinkIx, is_measured: bool) {
        if is_measured && self.needed.is_first(&self.calls, root, link) {
            self.link_mut(link).tally.needed += 1;
        }
    }

    /// Schedules an event at a time.
    #[inline]
    pub fn at(&mut self, time: Time, event: Event) {
        self.agenda.at(self.now, time, event);
    }

    /// Schedules an event after a while.
    #[inline]
    pub fn after(&mut self, ns: u64, event: Event) {
        self.at(self.now + ns, event);
    }

    /// Schedules an event after a constant delay.
    #[inline(always)]
    pub fn after_delay(&mut self, delay: Delay, event: Event) {
        match delay.lane {
            Some(lane) => self.agenda.in_lane_at(self.now, lane, event),
            None => self.after(delay.duration, event),
        }
    }

    /// A constant delay, with a lane of its own where there is room.
    pub fn delay(&mut self, duration: u64) -> Delay {
        Delay {
            duration,
            lane: self.agenda.lane(duration),
        }
    }

    /// A node's state.
    #[inline]
    pub fn node(&self, node: NodeIx) -> &NodeState {
        &self.nodes[node.0 as usize]
    }

    /// A node's state.
    #[inline]
    pub fn node_mut(&mut self, node: NodeIx) -> &mut NodeState {
        &mut self.nodes[node.0 as usize]
    }

    /// A link's state.
    #[inline]
    pub fn link(&self, link: LinkIx) -> &LinkState {
        &self.links[link.0 as usize]
    }

    /// A link's state.
    #[inline]
    pub fn link_mut(&mut self, link: LinkIx) -> &mut LinkState {
        &mut self.links[link.0 as usize]
    }

    /// Every link, in order of place.
    pub fn links(&self) -> &[LinkState] {
        &self.links
    }

    /// Figures over time.
    pub fn windows(&self) -> &Windows {
        &self.windows
    }

    /// Whether some balancer believes a replica unhealthy.
    pub fn is_ejected(&self, node: NodeIx, replica: u32) -> bool {
        let balancers = self
            .nodes
            .iter()
            .filter(|state| state.is_present)
            .filter_map(|state| state.balancer.as_ref());
        balancers
            .flat_map(|balancer| &balancer.backends)
            .any(|backend| {
                (backend.replica == replica || backend.replica == crate::call::ANY_REPLICA)
                    && !backend.is_believed_well(self.now)
                    && self.link(backend.link).to == node
            })
    }

    /// How long work takes on a replica.
    #[inline]
    pub fn slowed(&self, work: u64, node: NodeIx, replica: u32) -> u64 {
        let replica = &self.nodes[node.0 as usize].replicas[replica as usize];
        if replica.is_at_full_speed {
            work
        } else {
            stretch(work, replica.pace(self.now))
        }
    }

    /// Whether a replica of a node runs.
    pub fn is_up(&self, node: NodeIx, replica: u32) -> bool {
        let state = self.node(node);
        let replica = state.replicas.get(replica as usize);
        state.is_present && replica.is_some_and(|replica| replica.is_up)
    }

    /// How far the clock of a replica is ahead, in ns.
    #[cold]
    pub(crate) fn clock_of(&self, node: NodeIx, replica: u32) -> i64 {
        let replica = self.node(node).replicas.get(replica as usize);
        replica.map_or(0, |replica| replica.clock)
    }

    /// The time of day at a replica, as it stamps what it writes.
    pub(crate) fn stamp(&self, node: NodeIx, replica: u32) -> i64 {
        let offset = match self.has_skew {
            true => self.clock_of(node, replica),
            false => 0,
        };
        (self.now as i64).saturating_add(offset)
    }

    /// The effect of a call's operation.
    #[inline]
    pub fn effect(&self, call: CallId) -> Effect {
        // Probes and the like belong to no operation and read.
        self.operations
            .get(self.calls[call].operation as usize)
            .map_or(Effect::Read, |operation| operation.effect)
    }

    /// The name of an operation, by its place in the run.
    #[cfg(feature = "traces")]
    pub fn operation_name(&self, operation: u32) -> &str {
        let operation = self.operations.get(operation as usize);
        operation.map_or("", |operation| &operation.name)
    }

    /// Whether the arrival phase is over.
    pub fn is_draining(&self) -> bool {
        self.now >= self.end
    }

    /// Whether work is under way that a drain has to wait for.
    pub(crate) fn has_work(&self) -> bool {
        let is_idle = self.calls.live_work() == 0 && self.messages == 0;
        !is_idle || self.words > 0 || self.data.has_fills()
    }

    /// A word that nobody waits for is heard, or there is nobody any more to hear it.
    pub(crate) fn hear(&mut self, event: &Event) {
        let is_word = match event {
            Event::Invalidate { .. } => true,
            Event::Lock { tag, .. } => matches!(LockTag::unpack(*tag), LockTag::Release(_)),
            _ => false,
        };
        self.words -= u32::from(is_word);
    }
}

/// At most 30 days, however many slowdowns come together: the clock must not overflow.
#[cold]
pub(crate) fn stretch(work: u64, times: f64) -> u64 {
    (work as f64 * times).min(design::quantity::DURATION_MAX.0 as f64) as u64
}
