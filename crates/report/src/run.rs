//! The report of a run, and its end-to-end metrics.

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
    /// The run itself.
    pub run: Run,
    /// End-to-end metrics of requests.
    pub requests: Requests,
    /// Correctness of data.
    pub data: DataReport,
    /// Metrics of each node, by node id.
    pub nodes: BTreeMap<String, NodeReport>,
    /// Metrics of each link, by link id.
    pub links: BTreeMap<String, LinkReport>,
    /// Each requirement of the design with its score.
    pub requirements: Vec<Score>,
    /// What the operators could see.
    pub operator: Operator,
    /// Whether a steady state was reached before anything disturbed it.
    pub steady: Steady,
    /// Recovery after the last fault; `null` if no fault ended.
    pub recovery: Option<Recovery>,
    /// Metastable failure: goodput stayed down after the trigger was over.
    pub metastable: Option<Metastable>,
    /// The monthly cost of the design.
    pub cost: CostReport,
    /// Metrics over time.
    pub windows: WindowReport,
    /// Metrics of each node over time, by node id.
    pub node_windows: BTreeMap<String, NodeWindows>,
    /// Metrics of each link over time, by link id.
    pub link_windows: BTreeMap<String, LinkWindows>,
}

/// The parameters of a run, and how it ended.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// Seed of all random streams.
    pub seed: u64,
    /// How long requests arrived, in s.
    pub duration_s: f64,
    /// Warm-up that precedes the metrics, in s.
    pub warmup_s: f64,
    /// When the run ended, including the drain, in s.
    pub ended_s: f64,
    /// `ended`, `running` or `out_of_budget`; only the first has all metrics.
    pub status: &'static str,
    /// Number of events processed.
    pub events: u64,
    /// Hash of every other field of the report: two reports with the same hash are the same.
    pub hash: String,
    /// Version of this structure.
    pub version: u32,
}

/// End-to-end metrics of requests that started after the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct Requests {
    /// Requests sent by users (offered load).
    pub offered: u64,
    /// Requests that completed, whether they succeeded or failed.
    pub completed: u64,
    /// Requests with a full response.
    pub ok: u64,
    /// Requests with a partial (degraded) response.
    pub degraded: u64,
    /// Requests that failed, by cause; causes that did not occur are left out.
    pub failed: BTreeMap<&'static str, u64>,
    /// Requests still in flight when the run ended.
    pub in_flight: u64,
    /// (ok + degraded) / completed. Once the run is over and drained, requests that are still in
    /// flight count as failed. It is 1 if there were no requests.
    pub availability: f64,
    /// Throughput: requests completed between warm-up and duration, per second.
    pub throughput_per_s: f64,
    /// Goodput: requests with a full response between warm-up and duration, per second.
    pub goodput_per_s: f64,
    /// Latency of requests with a full or partial response.
    pub latency_ms: Latency,
    /// The same by operation (with the client's id before it if two clients share a name).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_operation: BTreeMap<String, Requests>,
}

/// A latency distribution; `null` if there are no samples.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Latency {
    /// Number of samples. A percentile p of fewer than 1 / (1 - p) samples is their maximum.
    pub samples: u64,
    /// Exact mean.
    pub mean: Option<f64>,
    /// Median. Percentiles are within 0.4%.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// 99.9th percentile.
    pub p999: Option<f64>,
    /// Exact maximum.
    pub max: Option<f64>,
}

/// Mean, 99th percentile and maximum of a time.
#[derive(Clone, Debug, Serialize)]
pub struct Time {
    /// Exact mean.
    pub mean: Option<f64>,
    /// 99th percentile, within 0.4%.
    pub p99: Option<f64>,
    /// Exact maximum.
    pub max: Option<f64>,
}

/// Mean and maximum of a time.
#[derive(Clone, Debug, Serialize)]
pub struct Mean {
    /// Exact mean.
    pub mean: Option<f64>,
    /// Exact maximum.
    pub max: Option<f64>,
}

/// The same for a time whose minimum matters too.
#[derive(Clone, Debug, Serialize)]
pub struct Spread {
    /// Minimum, within 0.4%.
    pub min: Option<f64>,
    /// See [`Time`].
    #[serde(flatten)]
    pub time: Time,
}
