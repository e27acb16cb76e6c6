//! Metrics over time.

use serde::Serialize;

/// Metrics over time, including the warm-up.
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

/// The metrics of a node by window, including the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct NodeWindows {
    /// Width of a window; the last may be cut short by the end of arrivals.
    pub width_s: f64,
    /// Calls that came.
    pub arrivals_per_s: Vec<f64>,
    /// Calls answered.
    pub completions_per_s: Vec<f64>,
    /// Calls failed.
    pub failures_per_s: Vec<f64>,
    /// Mean time from arrival to answer or failure of what left; `null` where nothing did.
    pub response_mean_ms: Vec<Option<f64>>,
    /// Share of the slots held; `null` where there are none or no end of them.
    pub utilization: Vec<Option<f64>>,
    /// Waiting at the end of the window.
    pub waiting: Vec<u64>,
    /// Present at the end of the window.
    pub in_flight: Vec<u64>,
}

/// The metrics of a link by window, including the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct LinkWindows {
    /// Width of a window; the last may be cut short by the end of arrivals.
    pub width_s: f64,
    /// Attempts sent.
    pub attempts_per_s: Vec<f64>,
    /// Of those, retries.
    pub retries_per_s: Vec<f64>,
    /// Attempts answered well.
    pub answers_per_s: Vec<f64>,
    /// Attempts failed.
    pub failures_per_s: Vec<f64>,
    /// Mean number of open breakers.
    pub breakers_open: Vec<f64>,
    /// Attempts under way at the end of the window.
    pub in_flight: Vec<u64>,
}
