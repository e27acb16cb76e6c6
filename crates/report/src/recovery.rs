//! Recovery after the last fault, metastable failure and steady state.

use serde::Serialize;

/// The recovery of the system after the last fault.
#[derive(Clone, Debug, Serialize)]
pub struct Recovery {
    /// When the first fault (or rise in load) began, in s.
    pub trigger_start_s: f64,
    /// When the last fault had ended, in s.
    pub trigger_end_s: f64,
    /// Goodput before the first fault.
    pub goodput_before_per_s: f64,
    /// Recovery time: from the end of the last fault until goodput stays above 90% of its level
    /// before, and required latencies are met; `null` if that had not happened when arrivals ended.
    pub recovery_s: Option<f64>,
    /// The metric that recovered last or has not recovered: `goodput`, or the metric of a required
    /// latency.
    pub last: &'static str,
}

/// A metastable failure: goodput stayed down without a fault.
#[derive(Clone, Debug, Serialize)]
pub struct Metastable {
    /// When it began, in s: the trigger was over, the load was back at its usual level, and goodput
    /// was below half of its earlier level.
    pub since_s: f64,
    /// When it ended, in s; `null` if it lasted until arrivals ended.
    pub until_s: Option<f64>,
    /// Goodput before the trigger.
    pub goodput_before_per_s: f64,
    /// Goodput during the failure.
    pub goodput_per_s: f64,
}

/// The steady state of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Steady {
    /// When it began, in s: the load was at its usual level after the warm-up. `null` if there was
    /// no steady state before the first disturbance or the end of arrivals.
    pub since_s: Option<f64>,
    /// Why there was no steady state.
    pub why: Option<String>,
}
