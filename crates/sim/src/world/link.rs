//! The shared state of a link.

use super::Delay;
use crate::agenda::LaneIx;
use crate::event::{LinkIx, NodeIx};
use crate::hop::Hop;
use crate::measure::LinkTally;
use crate::network::Trip;
use crate::policies::{
    AdaptiveThrottle, Backoff, Breaker, Budget, Pool, Quota, Throttle, breaker, throttle,
};
use crate::random::{Sampler, Stream};
use design::link::{Mode, OnWrite};

/// A retry policy, prepared for use.
#[derive(Clone, Debug)]
pub struct RetryState {
    pub(crate) max_attempts: u32,
    pub(crate) backoff: Backoff,
    /// By cause: whether it is retried.
    pub(crate) on: [bool; 8],
}

/// The state of a calling replica for a link.
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

/// The less common policies of a link.
#[derive(Clone, Debug)]
pub struct Guards {
    pub(crate) adaptive: Option<throttle::Spec>,
    pub(crate) adaptive_stream: Stream,
    /// Whether retries are limited by what answers pay in.
    pub(crate) counts_answers: bool,
    /// Number of places, and how long an attempt waits for one.
    pub(crate) bulkhead: Option<(u32, Option<Delay>)>,
    /// The delay after which an attempt is hedged, and the maximum number of hedges.
    pub(crate) hedge: Option<(Delay, u32)>,
    /// Whether the callee receives the caller's deadline, and its cancellation.
    pub(crate) passes_deadline: bool,
    pub(crate) cancels: bool,
    /// Whether attempts in progress may be hedges, or hedged: also after an edit that ends hedging.
    pub(crate) has_hedged: bool,
    /// Whether attempts in progress may hold a place or a connection: also after an edit that
    /// removes the bulkhead or pool.
    pub(crate) has_held: bool,
}

/// The shared state of a link.
#[derive(Clone, Debug)]
pub struct LinkState {
    /// Its stable id.
    pub id: String,
    /// Whether the link is still part of the design.
    pub is_present: bool,
    /// The caller.
    pub from: NodeIx,
    /// The callee.
    pub to: NodeIx,
    /// How it is used.
    pub mode: Mode,
    /// The effect of a write on a cache at its end.
    pub on_write: OnWrite,
    /// Number of consecutive calls.
    pub calls: u32,
    /// Whether its failure only degrades the caller.
    pub is_optional: bool,
    /// Maximum number of deliveries in flight.
    pub concurrency: u32,
    /// From a balancer with weights: that of each replica.
    pub weight: u32,
    /// Maximum number of deliveries in flight at each replica.
    pub prefetch: Option<u32>,
    /// Whether what it carries is sent without waiting for an answer.
    pub is_unawaited: bool,
    pub(crate) latency: Sampler,
    pub(crate) latency_lane: Option<LaneIx>,
    /// The trip of every packet, if nothing about it is random.
    pub(crate) steady_trip: Option<Trip>,
    /// Whether that takes no time.
    pub(crate) is_instant: bool,
    /// Number of replicas of the callee, and whether the callee calls no other node: every attempt
    /// needs these.
    pub(crate) callee_replicas: u32,
    pub(crate) is_into_bottom: bool,
    /// Whether, in addition, its calls have no policy but a timeout.
    pub(crate) is_simple: bool,
    /// Whether its callee keeps traces, and so handles every end of a call itself.
    pub(crate) is_into_traced: bool,
    /// Noted hops that are not yet counted.
    pub(crate) hop: Hop,
    /// Whether it leads to a balancer that may pass its calls on without records of its own.
    pub(crate) passes: bool,
    /// Whether it has policies before the network, or policies that count results.
    pub(crate) is_guarded: bool,
    pub(crate) loss: f64,
    pub(crate) timeout: Option<Delay>,
    pub(crate) retry: Option<RetryState>,
    pub(crate) breaker: Option<breaker::Spec>,
    /// Number of connections, and how long an attempt waits for one.
    pub(crate) pool: Option<(u32, Option<Delay>)>,
    /// The link of the same caller whose pool it uses, if that is another's.
    pub(crate) shared_pool: Option<LinkIx>,
    pub(crate) callers: Vec<CallerState>,
    pub(crate) guards: Guards,
    /// By calling replica: the callee's replica whose turn it is, modulo their number.
    pub(crate) turns: Vec<u32>,
    /// Draws where each caller begins its round robin.
    pub(crate) turn_stream: Stream,
    /// Added by faults: a whole draw, or (jitter) a uniform share of it.
    pub(crate) added_latency: Vec<(Sampler, bool)>,
    /// Added by faults.
    pub(crate) added_loss: f64,
    pub(crate) latency_stream: Stream,
    pub(crate) fault_stream: Stream,
    /// Share of connections that faults leak, and the stream that draws them.
    pub(crate) leak: Option<Box<(f64, Stream)>>,
    /// Whether a partition blocks what it carries to the callee, and back.
    pub(crate) cut: [bool; 2],
    /// Whether a partition or a distance between zones may now change a packet's trip.
    pub(crate) crosses_zones: bool,
    /// For random distances, once the link has used one.
    pub(crate) distance_stream: Option<Box<Stream>>,
    /// For a condition with a probability.
    pub(crate) conditions: Stream,
    /// Its index in the caller's plan, over all stages.
    pub(crate) step: u32,
    /// Whether it is called on a miss: its answer is what a cache lacked.
    pub(crate) loads: bool,
    /// Whether it is a look-up at a cache.
    pub(crate) looks_up: bool,
    pub(crate) loss_stream: Stream,
    pub(crate) jitter_stream: Stream,
    /// One drawn call stands for this many.
    pub dot: u32,
    pub(crate) until_dot: u32,
    /// Its metrics.
    pub tally: LinkTally,
}

impl LinkState {
    /// Returns the link whose callers have the pool of this one, which is at a place.
    #[inline]
    pub(crate) fn pool_at(&self, place: LinkIx) -> LinkIx {
        self.shared_pool.unwrap_or(place)
    }
}
