//! Metrics over time.

use serde::Serialize;

/// Metrics over time, including the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct WindowReport {
    /// Width of a window; the last may be cut short by the end of the run.
    pub width_s: f64,
    /// Requests sent, per second (offered load).
    pub offered_per_s: Vec<f64>,
    /// Requests completed, per second.
    pub throughput_per_s: Vec<f64>,
    /// Goodput: requests with a full response, per second.
    pub goodput_per_s: Vec<f64>,
    /// Requests that failed, per second.
    pub failed_per_s: Vec<f64>,
    /// Median latency of requests with a response; `null` if there were none.
    pub latency_p50_ms: Vec<Option<f64>>,
    /// 99th percentile of the same.
    pub latency_p99_ms: Vec<Option<f64>>,
    /// Retry amplification: attempts into nodes without callees, per request sent.
    pub amplification: Vec<Option<f64>>,
    /// Calls waiting in all queues at the end of the window.
    pub waiting: Vec<u64>,
}

/// The metrics of a node by window, including the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct NodeWindows {
    /// Width of a window; the last may be cut short by the end of arrivals.
    pub width_s: f64,
    /// Calls that arrived, per second.
    pub arrivals_per_s: Vec<f64>,
    /// Calls that completed, per second.
    pub completions_per_s: Vec<f64>,
    /// Calls that failed, per second.
    pub failures_per_s: Vec<f64>,
    /// Mean response time of calls that ended, in ms; `null` if none did.
    pub response_mean_ms: Vec<Option<f64>>,
    /// Utilization: share of slots in use; `null` if there are none or they are unlimited.
    pub utilization: Vec<Option<f64>>,
    /// Calls waiting at the end of the window.
    pub waiting: Vec<u64>,
    /// Calls at the node at the end of the window.
    pub in_flight: Vec<u64>,
}

/// The metrics of a link by window, including the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct LinkWindows {
    /// Width of a window; the last may be cut short by the end of arrivals.
    pub width_s: f64,
    /// Attempts sent, per second.
    pub attempts_per_s: Vec<f64>,
    /// Attempts that were retries, per second.
    pub retries_per_s: Vec<f64>,
    /// Attempts that succeeded, per second.
    pub answers_per_s: Vec<f64>,
    /// Attempts that failed, per second.
    pub failures_per_s: Vec<f64>,
    /// Mean number of open circuit breakers.
    pub breakers_open: Vec<f64>,
    /// Attempts in flight at the end of the window.
    pub in_flight: Vec<u64>,
}
