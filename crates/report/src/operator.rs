//! What the operators saw.

use crate::run::Time;
use serde::Serialize;
use std::collections::BTreeMap;

/// An alert and when it fired.
#[derive(Clone, Debug, Serialize)]
pub struct AlertReport {
    /// Its name.
    pub name: String,
    /// The node whose metrics it watched.
    pub node: String,
    /// How often it fired; the first hundred times are listed.
    pub fired: u64,
    /// From when to when, in s.
    pub episodes: Vec<EpisodeReport>,
}

/// From when to when an alert fired.
#[derive(Clone, Debug, Serialize)]
pub struct EpisodeReport {
    /// Began.
    pub from_s: f64,
    /// Ended; `null` where it still fired when the run ended.
    pub until_s: Option<f64>,
}

/// A fault, and when somebody was told.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    /// What broke.
    pub fault: &'static str,
    /// Where.
    pub target: String,
    /// When it began.
    pub at_s: f64,
    /// Whether users felt it: goodput fell below 90% of its mean before the first fault, by more
    /// than random variation, until five minutes after its end.
    pub was_felt: bool,
    /// Time to detect: from its start to the first alert on the failed node, its callers or its
    /// dependencies; `null` if none fired.
    pub detected_after_s: Option<f64>,
    /// Which alert that was.
    pub by: Option<String>,
    /// For a random fault: its outages. The fields above describe the outage detected last;
    /// `was_felt` is true if any outage was felt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outages: Option<OutagesReport>,
}

/// The outages of a random fault.
#[derive(Clone, Debug, Serialize)]
pub struct OutagesReport {
    /// How many there were.
    pub count: u64,
    /// Outages that an alert detected, of the first thousand (fewer if an alert fires more often).
    pub detected: u64,
    /// Outages that users felt and no alert detected.
    pub undetected: u64,
    /// How long they lasted, of those that are over.
    pub lasted_ms: Time,
    /// From the start of an outage to the alert that detects it.
    pub detect_ms: Time,
    /// The first hundred.
    pub list: Vec<OutageReport>,
}

/// One outage.
#[derive(Clone, Debug, Serialize)]
pub struct OutageReport {
    /// The replica; 0 of a zone or a link.
    pub replica: u32,
    /// When it began.
    pub at_s: f64,
    /// When it was over; `null` where it is not.
    pub until_s: Option<f64>,
    /// Whether users felt it.
    pub was_felt: bool,
    /// From its beginning to the first alert that tells of it.
    pub detected_after_s: Option<f64>,
}

/// What a node told its operators.
#[derive(Clone, Debug, Serialize)]
pub struct NodeSeen {
    /// Calls that ended, by its metrics; `null` where it emits none.
    pub calls: Option<u64>,
    /// Share of them that failed.
    pub error_ratio: Option<f64>,
    /// 99th percentile of its response time.
    pub p99_ms: Option<f64>,
    /// Failures by cause, by its logs; `null` where it writes none.
    pub failures: Option<BTreeMap<&'static str, u64>>,
    /// Traces kept.
    pub traces: u64,
    /// Of those, of calls that failed.
    pub traces_of_failures: u64,
}

/// The operators' view.
#[derive(Clone, Debug, Serialize)]
pub struct Operator {
    /// Every alert.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertReport>,
    /// Every fault that began.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<Incident>,
    /// Time to detect: the longest of all faults; `null` if there was no fault, or if a fault that
    /// users felt was not detected.
    pub time_to_detect_s: Option<f64>,
    /// Faults that users felt and no alert detected.
    pub undetected: u64,
    /// By node id, what its telemetry showed.
    pub nodes: BTreeMap<String, NodeSeen>,
}
