//! The report: what a run counted, in the structure people and programs read.

use super::caches::CacheReport;
use super::cost::CostReport;
use super::data::DataReport;
use super::database_report::DatabaseReport;
use super::locks::LockReport;
use super::operator::Operator;
use super::parts::{LinkWindows, NodeWindows};
use super::queues::Messages;
use super::recovery::{Metastable, Recovery};
use super::service_report::ScalingReport;
use super::steady::Steady;
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the report's structure.
pub const VERSION: u32 = 1;

/// A finished (or running) run's figures. Times are in ms unless a name says otherwise.
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
    /// What came before the figures.
    pub warmup_s: f64,
    /// When the run ended, the drain included.
    pub ended_s: f64,
    /// `ended`, `running` or `out_of_budget`; only the first has all of its figures.
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

/// A node's figures.
#[derive(Clone, Debug, Serialize)]
pub struct NodeReport {
    /// Calls (for a client: requests) that started after the warm-up.
    pub arrivals: u64,
    /// Answered.
    pub completions: u64,
    /// Failed, by cause as the node answered.
    pub failures: BTreeMap<&'static str, u64>,
    /// Neither: still there when the run ended.
    pub in_flight: u64,
    /// Mean number present, from the warm-up to the duration.
    pub in_flight_mean: f64,
    /// Mean number waiting for a slot (for a queue: messages waiting; for a coordinator: for a lock).
    pub queue_mean: f64,
    /// Most waiting, in one replica.
    pub queue_max: u64,
    /// Share of calls served that found no free slot; `null` where nothing was served.
    pub waited: Option<f64>,
    /// From arrival to slot.
    pub wait_ms: Time,
    /// From arrival to answer, waiting included, of calls that were answered.
    pub response_ms: Time,
    /// The same of calls that failed, where any did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_ms: Option<Time>,
    /// Mean share of slots held; `null` where slots are unbounded or none.
    pub utilization: Option<f64>,
    /// Mean share of slots held by calls that wait for others.
    pub blocked: Option<f64>,
    /// Share of work done after its caller had given up.
    pub wasted_work: f64,
    /// Look-ups that found their key; `null` for other kinds.
    pub hit_ratio: Option<f64>,
    /// For a cache or a database: reads that it answered with a version out of date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_reads: Option<u64>,
    /// For a cache or a database: keys on which it disagrees with their owner, now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divergent_keys: Option<u64>,
    /// For a service: calls turned away before they had a slot, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub turned_away: BTreeMap<&'static str, u64>,
    /// For a service with adaptive concurrency: the mean limit of a replica.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency_limit_mean: Option<f64>,
    /// For a service that scales itself: how many replicas it had.
    #[serde(flatten)]
    pub scaling: Option<ScalingReport>,
    /// For a service whose memory has a limit: how often a replica was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_memory: Option<u64>,
    /// For a queue: what became of its messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Messages>,
    /// For a cache: what became of its entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheReport>,
    /// For a coordinator: what became of its locks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locks: Option<LockReport>,
    /// For a database: what its members do among themselves, where they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseReport>,
    /// One by one: of a database, shard after shard.
    pub replicas: Vec<ReplicaReport>,
}

/// A replica's figures.
#[derive(Clone, Debug, Serialize)]
pub struct ReplicaReport {
    /// Calls that reached it.
    pub arrivals: u64,
    /// Mean share of its slots held.
    pub utilization: Option<f64>,
}

/// A link's figures.
#[derive(Clone, Debug, Serialize)]
pub struct LinkReport {
    /// Requests that needed it.
    pub requests: u64,
    /// What callers needed: calls made, retries apart.
    pub calls: u64,
    /// What was sent.
    pub attempts: u64,
    /// Of that, retries.
    pub retries: u64,
    /// Attempts sent beside others that took long.
    pub hedges: u64,
    /// Attempts given up because another of the same call was answered first.
    pub abandoned: u64,
    /// Attempts without an answer in time.
    pub timeouts: u64,
    /// All failed attempts, by cause as the caller saw it.
    pub failures: BTreeMap<&'static str, u64>,
    /// Attempts per request that needed the link: retries of all layers above and repeated calls
    /// multiply here.
    pub amplification: f64,
    /// How long breakers were open, summed over calling replicas.
    pub breaker_open_s: f64,
    /// How long they were half open: trial calls apart, closed to traffic.
    pub breaker_half_open_s: f64,
    /// Mean number of attempts under way.
    pub in_flight_mean: f64,
    /// Of attempts answered well.
    pub latency_ms: Time,
    /// Pauses before retries, where there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause_ms: Option<Spread>,
    /// Where it has a pool: waits for a connection, of attempts that got one; 0 where one was free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_wait_ms: Option<Spread>,
}

/// A requirement, scored.
#[derive(Clone, Debug, Serialize)]
pub struct Score {
    /// Which figure.
    pub metric: &'static str,
    /// The bound, as written.
    pub target: String,
    /// What the run gave, with its unit; where there is no value, why there is none.
    pub actual: String,
    /// The value as a number, durations in ms; `null` where `actual` says why there is none.
    pub value: Option<f64>,
    /// What the run says about the requirement.
    pub verdict: Verdict,
    /// Whether the requirement was met: false as well where nothing was measured.
    pub met: bool,
}

/// What a run says about a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The bound held, or what it limits could not occur.
    Met,
    /// The bound did not hold.
    Missed,
    /// The run gives nothing to compare with the bound.
    NotMeasured,
}

/// Figures over time, the warm-up included.
#[derive(Clone, Debug, Serialize)]
pub struct WindowReport {
    /// Width of a window; the last may be cut short by the end of the run.
    pub width_s: f64,
    /// Requests made.
    pub offered_per_s: Vec<f64>,
    /// Requests finished.
    pub throughput_per_s: Vec<f64>,
    /// Requests finished ok and in time.
    pub goodput_per_s: Vec<f64>,
    /// Requests failed.
    pub failed_per_s: Vec<f64>,
    /// Median latency of what was answered; `null` where nothing was.
    pub latency_p50_ms: Vec<Option<f64>>,
    /// 99th percentile.
    pub latency_p99_ms: Vec<Option<f64>>,
    /// Attempts into nodes that call nobody, per request made.
    pub amplification: Vec<Option<f64>>,
    /// Calls waiting in all queues, at the end of the window.
    pub waiting: Vec<u64>,
}
