//! The world: everything that the components of a run share. They interact only through it.

mod link;
mod replica;

pub use link::{CallerState, Guards, LinkState, RetryState};
pub use replica::{Replica, Stage};
pub(crate) use replica::{StartUp, Troubles, WarmUp, stretch};

use crate::agenda::{Agenda, LaneIx, Time};
use crate::call::{CallId, Calls};
use crate::components::database::Router;
use crate::components::load_balancer::Balancer;
use crate::components::service::StartUps;
use crate::data::Data;
use crate::event::{Event, LinkIx, LockTag, NodeIx};
use crate::frozen::Frozen;
use crate::locks::Locks;
use crate::measure::{NodeTally, RequestTally, Tap, Unheard, Windows};
use crate::needed::Needed;
use crate::notes::Notes;
use crate::passage::Next;
use crate::plan::Plan;
use crate::random::Stream;
use crate::watch::Traces;
use crate::zones::{ZoneIx, Zones};
use design::kinds::client::Effect;
use design::kinds::database::Shards;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A duration that is scheduled repeatedly: through a lane if it is constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    pub(crate) duration: u64,
    pub(crate) lane: Option<LaneIx>,
}

/// The shared state of a node.
#[derive(Clone, Debug)]
pub struct NodeState {
    /// Its stable id.
    pub id: String,
    /// Its kind.
    pub kind: &'static str,
    /// Whether the node is still part of the design.
    pub is_present: bool,
    /// Its processes.
    pub replicas: Vec<Replica>,
    /// The warm-up of its replicas, if any.
    pub(crate) warm_up: Option<WarmUp>,
    /// What its processes do before they accept calls, if anything.
    pub(crate) start_ups: Option<Box<StartUps>>,
    /// The zones of its replicas, in turn; empty if it is in none.
    pub zones: Vec<ZoneIx>,
    /// Its calls, in stages.
    pub plan: Plan,
    /// Whether it calls no other node.
    pub is_bottom: bool,
    /// Draws the calls that a fault answers with an error, once there was such a fault.
    pub(crate) fault_errors: Option<Box<Stream>>,
    /// The routing of its callers, for a database with several members.
    pub(crate) router: Option<Box<Router>>,
    /// The present number of shards, if a resharding changed that of the design.
    pub(crate) resharded: Option<Box<(Shards, u32)>>,
    /// The state of the balancer, if it is one.
    pub balancer: Option<Box<Balancer>>,
    /// Whether it counts what its operators see.
    pub(crate) has_metrics: bool,
    /// Whether its telemetry is lost now.
    pub(crate) is_mute: bool,
    /// What the operators never saw, if anything.
    pub(crate) unheard: Option<Box<Unheard>>,
    /// Which of its traces are kept, if any.
    pub(crate) traces: Option<Box<Traces>>,
    /// Its metrics.
    pub tally: NodeTally,
}

impl NodeState {
    /// Returns whether its metrics are received: a node that is down sends none.
    pub fn emits_metrics(&self) -> bool {
        self.is_present && self.has_metrics && !self.is_mute && self.runs()
    }

    /// Returns whether a replica can take calls that arrive.
    #[inline(always)]
    pub(crate) fn takes_calls(&self, replica: u32) -> bool {
        let replica = self.replicas.get(replica as usize);
        replica.is_some_and(|replica| replica.is_up) && self.is_present
    }

    /// Returns whether any of its replicas runs.
    pub(crate) fn runs(&self) -> bool {
        self.replicas.is_empty() || self.replicas.iter().any(|replica| replica.is_up)
    }
}

/// An operation of a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The client.
    pub client: NodeIx,
    /// Its name.
    pub name: String,
    /// Its effect on data.
    pub effect: Effect,
    /// Whether an id travels with it.
    pub has_idempotency_key: bool,
    /// Its metrics.
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
    /// Whether some link propagates deadlines or cancels: callees may be spared work.
    pub(crate) spares_work: bool,
    /// Number of keys that operations may use: the largest of their key spaces.
    pub(crate) keys: u64,
    /// Whether any message is poison.
    pub(crate) poisons: bool,
    /// Messages held by all queues.
    pub(crate) messages: u64,
    pub(crate) nodes: Vec<NodeState>,
    pub(crate) links: Vec<LinkState>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) zones: Zones,
    /// Number of replicas that do not admit every call as usual.
    pub(crate) troubled: u32,
    /// Whether some clock is, was or will be skewed.
    pub(crate) has_skew: bool,
    /// Frozen processes.
    pub(crate) frozen: Frozen,
    /// The holders of locks.
    pub(crate) locks: Locks,
    /// Number of notifications in transit that no caller waits for: a released lock, or an outdated
    /// cache entry.
    pub(crate) words: u32,
    /// Requests answered in part, the warm-up included.
    pub(crate) requests_degraded: u64,
    /// The links that each request in progress has needed.
    pub(crate) needed: Needed,
    pub(crate) windows: Windows,
    /// Calls waiting in all queues.
    pub(crate) waiting: u64,
    /// What the page draws.
    pub tap: Tap,
    /// Places by id, for edits and reports.
    pub(crate) node_places: Arc<BTreeMap<String, NodeIx>>,
    pub(crate) link_places: Arc<BTreeMap<String, LinkIx>>,
}

impl World {
    /// Counts that a request needs a link, once per request regardless of the number of calls and
    /// retries that follow.
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

    /// Schedules an event after this time.
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

    /// Returns a constant delay, with a lane of its own if there is room.
    pub fn delay(&mut self, duration: u64) -> Delay {
        Delay {
            duration,
            lane: self.agenda.lane(duration),
        }
    }

    /// Returns a node's state.
    #[inline]
    pub fn node(&self, node: NodeIx) -> &NodeState {
        &self.nodes[node.0 as usize]
    }

    /// Returns a node's state.
    #[inline]
    pub fn node_mut(&mut self, node: NodeIx) -> &mut NodeState {
        &mut self.nodes[node.0 as usize]
    }

    /// Returns a link's state.
    #[inline]
    pub fn link(&self, link: LinkIx) -> &LinkState {
        &self.links[link.0 as usize]
    }

    /// Returns a link's state.
    #[inline]
    pub fn link_mut(&mut self, link: LinkIx) -> &mut LinkState {
        &mut self.links[link.0 as usize]
    }

    /// Returns every link, in order of place.
    pub fn links(&self) -> &[LinkState] {
        &self.links
    }

    /// Returns metrics over time.
    pub fn windows(&self) -> &Windows {
        &self.windows
    }

    /// Returns whether some balancer considers a replica unhealthy.
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

    /// Returns how long work takes on a replica.
    #[inline]
    pub fn slowed(&self, work: u64, node: NodeIx, replica: u32) -> u64 {
        self.nodes[node.0 as usize].replicas[replica as usize].time_for(work, self.now)
    }

    /// Returns whether a replica of a node runs.
    pub fn is_up(&self, node: NodeIx, replica: u32) -> bool {
        let state = self.node(node);
        let replica = state.replicas.get(replica as usize);
        state.is_present && replica.is_some_and(|replica| replica.is_up)
    }

    /// Returns the offset of a replica's clock, in ns; positive is ahead.
    #[cold]
    pub(crate) fn clock_of(&self, node: NodeIx, replica: u32) -> i64 {
        let replica = self.node(node).replicas.get(replica as usize);
        replica.map_or(0, |replica| replica.clock)
    }

    /// Returns the time of day at a replica, with which it stamps its writes.
    pub(crate) fn stamp(&self, node: NodeIx, replica: u32) -> i64 {
        let offset = match self.has_skew {
            true => self.clock_of(node, replica),
            false => 0,
        };
        (self.now as i64).saturating_add(offset)
    }

    /// Returns the effect of a call's operation.
    #[inline]
    pub fn effect(&self, call: CallId) -> Effect {
        // Probes and the like belong to no operation, and read.
        self.operations
            .get(self.calls[call].operation as usize)
            .map_or(Effect::Read, |operation| operation.effect)
    }

    /// Returns the name of an operation, by its index in the run.
    #[cfg(feature = "traces")]
    pub fn operation_name(&self, operation: u32) -> &str {
        let operation = self.operations.get(operation as usize);
        operation.map_or("", |operation| &operation.name)
    }

    /// Returns whether arrivals have ended.
    pub fn is_draining(&self) -> bool {
        self.now >= self.end
    }

    /// Returns whether work is in progress that a drain has to wait for.
    pub(crate) fn has_work(&self) -> bool {
        let is_idle = self.calls.live_work() == 0 && self.messages == 0;
        !is_idle || self.words > 0 || self.data.has_fills()
    }

    /// Handles a notification that arrives, or that no process is left to receive.
    pub(crate) fn hear(&mut self, event: &Event) {
        let is_word = match event {
            Event::Invalidate { .. } => true,
            Event::Lock { tag, .. } => matches!(LockTag::unpack(*tag), LockTag::Release(_)),
            _ => false,
        };
        self.words -= u32::from(is_word);
    }
}
