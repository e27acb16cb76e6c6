//! Frames: the state of a run at one moment, and traces of its requests.

use super::RunId;
use serde::{Deserialize, Serialize};

/// The causes of a failure, in the order of every `[u32; CAUSES]` below.
pub const CAUSE_NAMES: [&str; CAUSES] = [
    "timeout",
    "refused",
    "rejected",
    "circuit_open",
    "pool_timeout",
    "unavailable",
    "error",
    "abandoned",
];
/// How many causes there are.
pub const CAUSES: usize = 8;

/// What a run looks like at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The run.
    pub run: RunId,
    /// Simulated time, in ns.
    pub time_ns: u64,
    /// The furthest that the run ever got, in ns: where that is later than now, it went back.
    pub known_ns: u64,
    /// How far it can go back, in ns.
    pub from_ns: u64,
    /// The last seek that was done; 0 for none.
    pub seek: u32,
    /// With the first frame after a jump in time: the run one second earlier, so that rates can be
    /// taken.
    pub lead: Option<Box<Frame>>,
    /// Recent simulated seconds per second.
    pub speed: f64,
    /// Where the run is.
    pub state: RunState,
    /// Requests made so far (whole run, warm-up included).
    pub offered: u64,
    /// Answered, degraded ones included.
    pub ok: u64,
    /// Of those, degraded.
    pub degraded: u64,
    /// Failed, by cause.
    pub failed: [u64; CAUSES],
    /// In the order of the design's nodes (as last loaded or edited); a node that is not there yet
    /// at a moment of the past has nothing but zeros.
    pub nodes: Vec<NodeFrame>,
    /// In the order of the design's links.
    pub links: Vec<LinkFrame>,
    /// What the node holds that is looked into; with some frames only.
    pub inside: Option<Inside>,
    /// The status sentence of the lesson that is followed, as of this frame; with some frames only.
    /// It is empty during the warm-up.
    pub says: Option<String>,
    /// Every time an alert fired: its place in the design, when, and until when.
    pub alerts: Vec<(u16, u64, Option<u64>)>,
    /// Closed windows since the last frame, oldest first.
    pub windows: Vec<WindowFrame>,
    /// Calls, responses and messages in flight that began since the last frame (a sample).
    pub flights: Vec<Flight>,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunState {
    /// Time goes on.
    Playing,
    /// Paused.
    #[default]
    Paused,
    /// The duration is over and the work in flight is done.
    Ended,
    /// The run reached its event limit; the metrics cover the run up to here.
    OutOfBudget,
}

/// A node at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeFrame {
    /// Slots in use that do work of their own.
    pub working: u32,
    /// Slots held by calls that wait for others.
    pub blocked: u32,
    /// Slots in all, over all live replicas; 0 where unbounded.
    pub slots: u32,
    /// Calls waiting for a slot; messages waiting in a queue; entries held by a cache.
    pub waiting: u32,
    /// Waiting places in all; 0 where unbounded or none.
    pub capacity: u32,
    /// Calls that arrived so far (for a client: requests made).
    pub arrivals: u64,
    /// Calls answered well so far (client: requests ok in time).
    pub completions: u64,
    /// Failures so far, by cause, as answered by this node (client: as seen by users).
    pub failures: [u32; CAUSES],
    /// Hits so far (caches).
    pub hits: u64,
    /// Misses so far (caches).
    pub misses: u64,
    /// Versions committed so far (databases).
    pub versions: u64,
    /// Of a queue: how long its oldest message has waited. Of a database: how long the copy that is
    /// furthest behind has lacked a write. Of a cache: the ages of all that it served so far, added
    /// up; wraps at 2⁶⁴. In ns.
    pub age_ns: u64,
    /// Work finished so far, and work finished after its caller had timed out, in ms.
    pub worked_ms: [u64; 2],
    /// Stale answers, effects applied again, and writes undone so far.
    pub harm: [u64; 3],
    /// Redeliveries so far (queues).
    pub redelivered: u64,
    /// Whether what it tells of itself reaches its operators.
    pub heard: bool,
    /// Replicas, at most 64 of them shown.
    pub replicas: Vec<ReplicaState>,
    /// The load of each of these replicas; empty where there are fewer than two or more than
    /// [`BOXES_MAX`].
    pub boxes: Vec<BoxFrame>,
}

/// Most replicas that are drawn one by one.
pub const BOXES_MAX: usize = 32;

/// The load and the role of one replica, shard or member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxFrame {
    /// Slots in use that do work of their own.
    pub working: u32,
    /// Slots held by calls that wait for others.
    pub blocked: u32,
    /// Slots in all; 0 where unbounded.
    pub slots: u32,
    /// Calls waiting for a slot.
    pub waiting: u32,
    /// The shard that it holds a copy of; 0 where there are no shards.
    pub shard: u32,
    /// Whether it leads its shard, or the members of a coordinator.
    pub leads: bool,
    /// Whether it would lead and is down, or nobody leads and it is the first.
    pub is_vacant: bool,
    /// How long its copy has lacked a write, in ms.
    pub lag_ms: u32,
    /// Whether a partition separates it from the one before.
    pub cut: bool,
}

/// What a cache or a database holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inside {
    /// The node, by its place in the design.
    pub node: u16,
    /// Entries of a cache; keys of a database that were written.
    pub held: u64,
    /// Fills that were never read, over the whole run.
    pub never_read: u64,
    /// Some of them, at most [`ROWS_MAX`].
    pub rows: Vec<Held>,
}

/// An entry of a cache, or a key of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The key.
    pub key: u32,
    /// The version it is of; 0 where nothing was written.
    pub version: u32,
    /// The current version at its owner.
    pub standing: u32,
    /// Time since it was filled, in ns.
    pub age_ns: Option<u64>,
    /// Time until it expires, in ns; `None` where it never does.
    pub expires_ns: Option<u64>,
    /// Look-ups it answered since.
    pub hits: u32,
}

/// What became of one request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traced {
    /// Its operation.
    pub operation: String,
    /// When it was made, in ns.
    pub start_ns: u64,
    /// When it was over for its user, or where it was followed to.
    pub end_ns: u64,
    /// How it ended; empty while it is in progress.
    pub outcome: String,
    /// Its spans, each after the one it is a part of; the first is the request.
    pub spans: Vec<TracedSpan>,
    /// Spans that found no room.
    pub dropped: u64,
}

/// A stretch of time in a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TracedSpan {
    /// What it is of.
    pub kind: TracedKind,
    /// How many spans it is within.
    pub depth: u8,
    /// The node or link.
    pub place: String,
    /// From 1.
    pub attempt: u32,
    /// When it began, in ns.
    pub start_ns: u64,
    /// When it ended, in ns.
    pub end_ns: u64,
    /// How, where it failed.
    pub failed: String,
    /// Whether it continued after its caller stopped waiting.
    pub is_late: bool,
}

/// What a span is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TracedKind {
    /// From the user's wish to its end.
    Request,
    /// What a caller needed, over all attempts.
    Call,
    /// One attempt.
    Attempt,
    /// The pause before a further attempt.
    Backoff,
    /// Waiting for a connection of the caller's pool.
    Connection,
    /// On the way.
    Network,
    /// At the callee.
    Serve,
    /// Waiting for a slot.
    Queue,
    /// The callee's own work.
    Service,
}

/// A replica at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplicaState {
    /// Works.
    Up,
    /// Works slowly: a slowdown is on.
    Slow,
    /// Its process runs, but a fault makes it hang, or fail or hold up calls.
    Faulty,
    /// Crashed.
    Down,
    /// Up, but a balancer's health check has taken it out.
    Ejected,
    /// Not there yet: it starts, or starts again.
    Starting,
    /// Removed by the autoscaler: an empty place, with its load at 0.
    Removed,
}

/// A link at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinkFrame {
    /// Calls so far: what the caller needed.
    pub calls: u64,
    /// Attempts so far: calls and retries.
    pub attempts: u64,
    /// Attempts that got no answer in time so far.
    pub timeouts: u64,
    /// Attempts that failed in another way so far.
    pub failures: u64,
    /// Attempts in flight.
    pub in_flight: u32,
    /// One flight shown stands for this many calls.
    pub dot: u32,
    /// Callers' breakers now open.
    pub breakers_open: u32,
    /// A latency or loss fault is on.
    pub impaired: bool,
    /// Whether a partition cuts it, at least for some of its replicas.
    pub cut: bool,
    /// Whether some of its replicas reach each other in spite of it.
    pub passes: bool,
}

/// What happened in one window of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WindowFrame {
    /// Start, in seconds.
    pub start_s: f64,
    /// Length, in seconds.
    pub width_s: f64,
    /// Requests that users made, per second.
    pub offered_per_s: f32,
    /// Requests that finished, well or not, per second.
    pub throughput_per_s: f32,
    /// Requests that finished ok and in time, per second.
    pub goodput_per_s: f32,
    /// Requests that failed, per second.
    pub failed_per_s: f32,
    /// Median latency of the requests answered in the window, in ms; NaN where there are none.
    pub p50_ms: f32,
    /// 99th percentile, in ms; NaN where there are none.
    pub p99_ms: f32,
    /// Retry amplification: attempts into nodes without dependencies per request; NaN if there were
    /// no requests.
    pub amplification: f32,
    /// Calls waiting in all queues at the end of the window.
    pub waiting: u32,
}

/// Something on its way over a link: a dot.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flight {
    /// The link, by its place in the design.
    pub link: u16,
    /// What it is.
    pub kind: FlightKind,
    /// When it left, in ns.
    pub start_ns: u64,
    /// How long it takes, in ns. Never 0: a link without latency shows a short flight.
    pub duration_ns: u64,
}

/// What is on its way, and how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlightKind {
    /// The first attempt of a call.
    Call,
    /// A further attempt.
    Retry,
    /// A message.
    Message,
    /// A good answer on its way back.
    Answer,
    /// A failure on its way back.
    Failure,
    /// An attempt that timed out: a clock at the caller's end.
    Timeout,
    /// A packet that is lost on its way.
    Lost,
    /// A successful response with an outdated version.
    Stale,
    /// A failure on its way back because the callee took no call: a wall at the callee's end.
    Refused,
    /// An attempt that the caller's own policy did not send: an open switch at the caller's end.
    Unsent,
    /// An attempt whose caller stopped waiting before the timeout: an arrow that turns back.
    Abandoned,
    /// A response for which no caller waits any more: an empty set at the callee's end.
    Late,
}
