//! What is shared of a link.

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
    /// Whether attempts under way may hold a place or a connection: also after an edit that takes
    /// the bulkhead or pool away.
    pub(crate) has_held: bool,
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
    /// Connections, and how long an attempt waits for one.
    pub(crate) pool: Option<(u32, Option<Delay>)>,
    /// The link of the same caller whose pool it has, where that is another's.
    pub(crate) shared_pool: Option<LinkIx>,
    pub(crate) callers: Vec<CallerState>,
    pub(crate) guards: Guards,
    /// By calling replica: the callee's replica whose turn it is, modulo their number.
    pub(crate) turns: Vec<u32>,
    /// Where each caller begins its round.
    pub(crate) turn_stream: Stream,
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

impl LinkState {
    /// The link whose callers keep the pool of this one, which is at a place.
    #[inline]
    pub(crate) fn pool_at(&self, place: LinkIx) -> LinkIx {
        self.shared_pool.unwrap_or(place)
    }
}
