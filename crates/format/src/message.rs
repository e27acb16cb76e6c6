//! Messages between the page and the simulation's worker: small, typed, binary.
//!
//! Page and worker come from one build, so these need no migration; [`PROTOCOL`] guards against a
//! stale worker in a browser's cache. Every message carries the run it belongs to, so that what a
//! run left behind in a queue drops, and the next frame is sent only after the last was taken.

mod frame;

pub use frame::*;

use report::{Conclusion, Finding, Score};
use serde::{Deserialize, Serialize};

/// Grows with every change of these types.
pub const PROTOCOL: u32 = 10;

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
        /// Whether it plays immediately.
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
    /// Pauses.
    Pause {
        /// The present run.
        run: RunId,
    },
    /// Advances by this much simulated time, in milliseconds, and pauses.
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
    /// Adds a lesson's status sentence to the frames, a few times a second.
    Follow {
        /// The present run.
        run: RunId,
        /// The sentence as the lesson's file has it, in JSON; `None` for none.
        status: Option<String>,
    },
    /// Requests traces of recent requests, answered by [`Reply::Why`]. The run continues.
    Why {
        /// The present run.
        run: RunId,
        /// Comes back in the answer.
        token: u32,
        /// The request that this is of: a link, by its place in the design, and when something
        /// left over it. `None` requests the slowest.
        of: Option<(u16, u64)>,
    },
    /// Requests the design and the edits of the run; answered by [`Reply::Course`].
    Course {
        /// The present run.
        run: RunId,
    },
    /// Repeats a run and makes experiments on it, apart from the run on the canvas. Replaces
    /// earlier experiments; answered by [`Reply::Concluded`] until all experiments are done.
    Try {
        /// Comes back in the answers.
        token: u32,
        /// The run.
        course: Course,
        /// Most experiments.
        experiments: u32,
        /// Number of other workers that can take a [`Reply::Job`] each.
        helpers: u32,
    },
    /// Makes one run of experiments that another worker is in charge of; answered by
    /// [`Reply::Ran`].
    Run(Job),
    /// The answer to a [`Reply::Job`].
    Ran(Answer),
    /// The worker that had a job failed. Its run is made by the worker in charge.
    Lost {
        /// Of the job.
        token: u32,
        /// Of the job.
        id: u32,
    },
    /// Stops the experiments.
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
    /// A diagnosis of the run up to now, sent as the run goes on.
    Diagnosed(Box<Diagnosed>),
    /// The hash of a run of the present design from its start, for a run in which only later faults
    /// were added or changed. (An edit adds events to the live run, so its own hash differs.)
    Hash {
        /// The run.
        run: RunId,
        /// The last edit that it has taken in.
        edit: u32,
        /// Its hash.
        hash: String,
    },
    /// The design and the edits of the run.
    Course {
        /// The run.
        run: RunId,
        /// The course; nothing where the run has too many edits to be repeated.
        course: Option<Course>,
    },
    /// The results of experiments so far.
    Concluded {
        /// Of the request.
        token: u32,
        /// Experiments made.
        done: u32,
        /// Experiments planned so far.
        planned: u32,
        /// Whether no experiment is left.
        is_done: bool,
        /// The conclusion.
        conclusion: Conclusion,
    },
    /// A run of an experiment that another worker is to make.
    Job(Job),
    /// A run of an experiment was made.
    Ran(Answer),
    /// Two finished runs.
    Compared {
        /// Of the request.
        token: u32,
        /// Before and after.
        counted: [Counted; 2],
    },
    /// Traces of requests: the requested one, then the slowest, then failures.
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
    /// The engine failed: a bug. The page starts a new worker with the current design.
    Failed {
        /// What it said.
        message: String,
    },
}

/// The diagnosis of a run up to a moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagnosed {
    /// The run.
    pub run: RunId,
    /// The last edit that it has taken in; 0 for none.
    pub edit: u32,
    /// The moment, in ns.
    pub until_ns: u64,
    /// Each requirement of the design, scored.
    pub scores: Vec<Score>,
    /// Findings of the rules, causes first.
    pub findings: Vec<Finding>,
    /// The recovery time after the last disturbance, in seconds; `None` before the recovery, or
    /// without a disturbance.
    pub recovery_s: Option<f64>,
    /// The moment since which a feedback loop keeps the run down, in s; `None` if none does.
    pub stuck_s: Option<f64>,
    /// The hash of the run, if it has ended and was not edited.
    pub hash: Option<String>,
}

/// All that is needed to repeat a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// The design at the start, as JSON.
    pub first: String,
    /// Each edit: its moment in ns, and the design after it as JSON; in order of time.
    pub edits: Vec<(u64, String)>,
    /// The moment at which the run stops, in ns; without one it runs to its end.
    pub until_ns: Option<u64>,
}

/// One run of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The token of the experiments.
    pub token: u32,
    /// Distinguishes it from the other runs of these experiments.
    pub id: u32,
    /// The run.
    pub course: Course,
    /// Most events of the run.
    pub events_max: u64,
    /// Whether the answer includes what the rules find in the run.
    pub is_diagnosed: bool,
}

/// The answer to a [`Job`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Of the job.
    pub token: u32,
    /// Of the job.
    pub id: u32,
    /// The outcome, in a form that only the worker in charge reads; `None` if the run did not get
    /// to its end.
    pub outcome: Option<Vec<u8>>,
}

/// What a whole run counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// The report as JSON (the structure of `--format json`, without findings).
    pub json: String,
    /// Each requirement of the design, scored.
    pub scores: Vec<Score>,
}

/// To bytes.
pub fn pack(value: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).expect("messages hold nothing that cannot be encoded")
}

/// From bytes.
pub fn unpack<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    postcard::from_bytes(bytes).map_err(|error| error.to_string())
}

impl Request {
    /// To bytes.
    pub fn encode(&self) -> Vec<u8> {
        pack(self)
    }

    /// From bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        unpack(bytes).map_err(|error| format!("not a request: {error}"))
    }
}

impl Reply {
    /// To bytes.
    pub fn encode(&self) -> Vec<u8> {
        pack(self)
    }

    /// From bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        unpack(bytes).map_err(|error| format!("not a reply: {error}"))
    }
}
