//! The report of a run: the whole of it, and what is end to end.

use crate::cost::CostReport;
use crate::data::DataReport;
use crate::link::LinkReport;
use crate::node::NodeReport;
use crate::operator::Operator;
use crate::recovery::{Metastable, Recovery, Steady};
use crate::score::Score;
use crate::windows::{LinkWindows, NodeWindows, WindowReport};
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the report's structure.
pub const VERSION: u32 = 2;

/// The metrics of a finished (or running) run. Times are in ms unless a name says otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was run.
    pub run: Run,
    /// End to end.
    pub requests: Requests,
    /// What became of data.
    pub data: DataReport,
    /// By node id.
    pub nodes: BTreeMap<String, NodeReport>,
    /// By link id.
    pub links: BTreeMap<String, LinkReport>,
    /// Each requirement of the design, scored.
    pub requirements: Vec<Score>,
    /// What the operators saw.
    pub operator: Operator,
    /// Whether a steady state was reached before anything disturbed it.
    pub steady: Steady,
    /// How the system came back after its last fault; `null` where there was none that ended.
    pub recovery: Option<Recovery>,
    /// Where goodput stayed down by itself after the trigger was over.
    pub metastable: Option<Metastable>,
    /// What the design costs a month.
    pub cost: CostReport,
    /// Over time.
    pub windows: WindowReport,
    /// By node id, over time.
    pub node_windows: BTreeMap<String, NodeWindows>,
    /// By link id, over time.
    pub link_windows: BTreeMap<String, LinkWindows>,
}

/// What was run.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// Seed of all streams.
    pub seed: u64,
    /// How long requests arrived.
    pub duration_s: f64,
    /// The start phase that precedes the metrics.
    pub warmup_s: f64,
    /// When the run ended, the drain included.
    pub ended_s: f64,
    /// `ended`, `running` or `out_of_budget`; only the first has all metrics.
    pub status: &'static str,
    /// Events fired.
    pub events: u64,
    /// Covers every other field of the report: two reports with the same hash are the same.
    pub hash: String,
    /// Of this structure.
    pub version: u32,
}

/// Requests, end to end, that started after the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct Requests {
    /// Made by users.
    pub offered: u64,
    /// Finished in any way.
    pub completed: u64,
    /// Answered whole.
    pub ok: u64,
    /// Answered in part.
    pub degraded: u64,
    /// Not answered, by cause; causes that did not occur are left out.
    pub failed: BTreeMap<&'static str, u64>,
    /// Neither: still under way when the run ended.
    pub in_flight: u64,
    /// (ok + degraded) / completed, and once the run is over and drained also / what is still in
    /// flight, which is never answered; 1 where nothing was asked.
    pub availability: f64,
    /// What finished between warm-up and duration, per second.
    pub throughput_per_s: f64,
    /// Of that, what finished ok and in time.
    pub goodput_per_s: f64,
    /// Of requests answered.
    pub latency_ms: Latency,
    /// The same by operation (the client's id before it where two clients share a name).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_operation: BTreeMap<String, Requests>,
}

/// A latency distribution; `null` where nothing was counted.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Latency {
    /// How many were counted. A percentile p of fewer than 1 / (1 - p) samples is their maximum.
    pub samples: u64,
    /// Exact.
    pub mean: Option<f64>,
    /// Percentiles are within 0.4 %.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// 99.9th percentile.
    pub p999: Option<f64>,
    /// Exact.
    pub max: Option<f64>,
}

/// Mean, 99th percentile and maximum of a time.
#[derive(Clone, Debug, Serialize)]
pub struct Time {
    /// Exact.
    pub mean: Option<f64>,
    /// Within 0.4 %.
    pub p99: Option<f64>,
    /// Exact.
    pub max: Option<f64>,
}

/// The same of a time whose least is of interest too.
#[derive(Clone, Debug, Serialize)]
pub struct Spread {
    /// Within 0.4 %.
    pub min: Option<f64>,
    /// See [`Time`].
    #[serde(flatten)]
    pub time: Time,
}
