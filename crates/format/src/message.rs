//! Messages between the page and the simulation's worker: small, typed, binary.
//!
//! Page and worker come from one build, so these need no migration; [`PROTOCOL`] guards against a
//! stale worker in a browser's cache. Every message carries the run it belongs to, so that what a
//! run left behind in a queue drops, and the next frame is sent only after the last was taken.

use report::{Conclusion, Finding, Score};
use serde::{Deserialize, Serialize};

/// Grows with every change of these types.
pub const PROTOCOL: u32 = 6;

/// Which run a message belongs to: the page counts them.
pub type RunId = u32;

/// Most flights (dots) of one frame.
pub const FLIGHTS_MAX: usize = 2_000;

/// Most rows of what a node holds.
pub const ROWS_MAX: usize = 100;

/// From the page to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Starts a run of a design (its JSON) at time 0, in place of any run before.
    Load {
        /// The new run.
        run: RunId,
        /// The design, as JSON.
        design: String,
        /// Whether it plays at once.
        playing: bool,
        /// Simulated seconds per second; `f64::INFINITY` is as fast as it goes.
        speed: f64,
    },
    /// The design changed: takes effect in the present run, now.
    Edit {
        /// The present run.
        run: RunId,
        /// Counts the edits of the run.
        edit: u32,
        /// The whole design after the change, as JSON.
        design: String,
    },
    /// Goes on.
    Play {
        /// The present run.
        run: RunId,
    },
    /// Stands still.
    Pause {
        /// The present run.
        run: RunId,
    },
    /// Stands still this much simulated time further on, in milliseconds.
    Step {
        /// The present run.
        run: RunId,
        /// How far.
        ms: f64,
    },
    /// Goes to a moment, back or ahead, where the run is as it was the first time. The frame that
    /// shows it carries the token.
    Seek {
        /// The present run.
        run: RunId,
        /// Simulated time, in ns.
        time_ns: u64,
        /// Comes back in [`Frame::seek`].
        token: u32,
    },
    /// Changes the speed.
    Speed {
        /// The present run.
        run: RunId,
        /// Simulated seconds per second; `f64::INFINITY` is as fast as it goes.
        speed: f64,
    },
    /// The last frame was taken; the next may come.
    Taken {
        /// The present run.
        run: RunId,
    },
    /// Tells with the frames, a few times a second, what a cache or database holds.
    Look {
        /// The present run.
        run: RunId,
        /// Its id; `None` for none.
        node: Option<String>,
    },
    /// Asks for traces of requests of late, and answers with [`Reply::Why`]. The run goes on.
    Why {
        /// The present run.
        run: RunId,
        /// Comes back in the answer.
        token: u32,
        /// The request that this is of: a link, by its place in the design, and when something
        /// left over it. `None` asks for the slowest.
        of: Option<(u16, u64)>,
    },
    /// Asks what the run is made of, up to the furthest it got, and answers with [`Reply::Course`].
    Course {
        /// The present run.
        run: RunId,
    },
    /// Makes a run over and tries what is suspected in it, apart from the run on the canvas. In
    /// place of any before; answers with [`Reply::Concluded`] again and again until all is tried.
    Try {
        /// Comes back in the answers.
        token: u32,
        /// The run.
        course: Course,
        /// Most experiments.
        experiments: u32,
    },
    /// What is being tried is wanted no more.
    LeaveOff,
    /// Runs two designs whole, one after the other, and answers with [`Reply::Compared`].
    Compare {
        /// Comes back in the answer.
        token: u32,
        /// Before and after, as JSON.
        designs: [String; 2],
    },
}

/// From the worker to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// The worker runs. Sent first.
    Ready {
        /// Must equal [`PROTOCOL`].
        protocol: u32,
    },
    /// The state of the run now, and what happened since the last frame.
    Frame(Box<Frame>),
    /// What the run shows so far: sent whenever there is more to say.
    Diagnosed(Box<Diagnosed>),
    /// The hash of a run of the design as it is now, where that is the run on the canvas but for
    /// faults that were scheduled ahead of it: the report counts what the engine did, edits too.
    Hash {
        /// The run.
        run: RunId,
        /// The last edit that it has taken in.
        edit: u32,
        /// Its hash.
        hash: String,
    },
    /// What the run is made of.
    Course {
        /// The run.
        run: RunId,
        /// What it is made of; nothing where it was edited too often to be made again.
        course: Option<Course>,
    },
    /// What experiments say so far.
    Concluded {
        /// Of the request.
        token: u32,
        /// Experiments made.
        done: u32,
        /// Experiments planned so far.
        planned: u32,
        /// Whether nothing is left to try.
        is_done: bool,
        /// What they come to.
        conclusion: Conclusion,
    },
    /// Two finished runs.
    Compared {
        /// Of the request.
        token: u32,
        /// Before and after.
        counted: [Counted; 2],
    },
    /// Traces of requests: the one asked for, then the slowest, then failures.
    Why {
        /// Of the request.
        token: u32,
        /// The time looked at, in ns.
        from_ns: u64,
        /// Its end.
        until_ns: u64,
        /// How many requests were looked at.
        seen: u64,
        /// What was picked of them.
        requests: Vec<Traced>,
    },
    /// A design could not be run; the run before it goes on.
    Invalid {
        /// The run that was to start or change; `None` for a run apart from it.
        run: Option<RunId>,
        /// Of the request for a run apart.
        token: Option<u32>,
        /// Every problem: path and message.
        problems: Vec<(String, String)>,
    },
    /// The engine failed: a bug. The page starts a new worker with the design as it stands.
    Failed {
        /// What it said.
        message: String,
    },
}

/// What a run shows up to a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagnosed {
    /// The run.
    pub run: RunId,
    /// The last edit that it has taken in; 0 for none.
    pub edit: u32,
    /// Up to when, in ns.
    pub until_ns: u64,
    /// Each requirement of the design, scored.
    pub scores: Vec<Score>,
    /// What the rules find, causes first.
    pub findings: Vec<Finding>,
    /// How long after the last disturbance it was back, in seconds; `None` where it is not, or
    /// where there was none.
    pub recovery_s: Option<f64>,
    /// The hash of the run, once it is over, where it was not edited.
    pub hash: Option<String>,
}

/// What a run is made of, for another to make it again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// What it started with, as JSON.
    pub first: String,
    /// What it was changed to, and when, in ns; in order of time.
    pub edits: Vec<(u64, String)>,
    /// Up to when, in ns; without a moment, to its end.
    pub until_ns: Option<u64>,
}

/// What a whole run counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// The report as JSON (the structure of `--format json`, without findings).
    pub json: String,
    /// Each requirement of the design, scored.
    pub scores: Vec<Score>,
}

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
    /// With the first frame after a jump in time: the run half a second earlier, so that rates can
    /// be told.
    pub lead: Option<Box<Frame>>,
    /// Simulated seconds per second of late.
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
    /// Every time an alert fired: its place in the design, when, and until when.
    pub alerts: Vec<(u16, u64, Option<u64>)>,
    /// Closed windows since the last frame, oldest first.
    pub windows: Vec<WindowFrame>,
    /// Calls, answers and messages under way that began since the last frame (a sample).
    pub flights: Vec<Flight>,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunState {
    /// Time goes on.
    Playing,
    /// Time stands still.
    #[default]
    Paused,
    /// The duration is over and the work in flight is done.
    Ended,
    /// The run spent its event budget; the figures are those up to here.
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
    /// up; begins anew at 2⁶⁴. In ns.
    pub age_ns: u64,
    /// Whether what it tells of itself reaches its operators.
    pub heard: bool,
    /// Replicas, at most 64 of them shown.
    pub replicas: Vec<ReplicaState>,
}

/// What a cache or a database holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inside {
    /// The node, by its place in the design.
    pub node: u16,
    /// Entries of a cache; keys of a database that were written.
    pub held: u64,
    /// Fills that nobody read, over the whole run.
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
    /// The version that stands at its owner.
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
    /// How it ended; empty where it is under way.
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
    /// Whether it went on when nobody waited any more.
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
    /// Crashed.
    Down,
    /// Up, but a balancer's health check has taken it out.
    Ejected,
    /// Not there yet: it starts, or starts again.
    Starting,
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
    /// Attempts under way.
    pub in_flight: u32,
    /// One flight shown stands for this many calls.
    pub dot: u32,
    /// Callers' breakers now open.
    pub breakers_open: u32,
    /// A latency or loss fault is on.
    pub impaired: bool,
    /// A partition cuts it, at least for some of its replicas.
    pub cut: bool,
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
    /// Attempts over all call links into nodes that call nobody, over requests made: how many times
    /// the work at the bottom is asked for per request; NaN where no request was made.
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
    /// An attempt given up by its caller after a timeout: a cross at the caller's end.
    Timeout,
    /// A packet that is lost on its way.
    Lost,
    /// A good answer made of a version that no longer stands.
    Stale,
}

impl Request {
    /// To bytes.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("messages hold nothing that cannot be encoded")
    }

    /// From bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        postcard::from_bytes(bytes).map_err(|error| format!("not a request: {error}"))
    }
}

impl Reply {
    /// To bytes.
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("messages hold nothing that cannot be encoded")
    }

    /// From bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        postcard::from_bytes(bytes).map_err(|error| format!("not a reply: {error}"))
    }
}
