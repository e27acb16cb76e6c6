//! How a system came back after its last fault.

use serde::Serialize;

/// How the system came back after the last fault.
#[derive(Clone, Debug, Serialize)]
pub struct Recovery {
    /// When the first fault (or rise of the load) began.
    pub trigger_start_s: f64,
    /// When the last one had ended.
    pub trigger_end_s: f64,
    /// Goodput before.
    pub goodput_before_per_s: f64,
    /// From the end of the last fault until goodput was back for good at 90 % of that, and latency
    /// within what is required of it; `null` where it was not back when arrivals ended.
    pub recovery_s: Option<f64>,
    /// What was back last, or is not back: `goodput`, or the metric of a required latency.
    pub last: &'static str,
}

/// Goodput stayed down by itself.
#[derive(Clone, Debug, Serialize)]
pub struct Metastable {
    /// From when on the trigger was over, the load usual and goodput below half of what it was.
    pub since_s: f64,
    /// Until when; `null` where it lasted until arrivals ended.
    pub until_s: Option<f64>,
    /// Goodput before the trigger.
    pub goodput_before_per_s: f64,
    /// Goodput meanwhile.
    pub goodput_per_s: f64,
}

/// The steady state of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Steady {
    /// From when on the load was the usual one, the warm-up over; `null` where no steady state was
    /// reached before the first disturbance or the end of arrivals.
    pub since_s: Option<f64>,
    /// Why not, where it was not.
    pub why: Option<String>,
}
