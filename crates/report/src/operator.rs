//! What the operators could see.

use crate::run::Time;
use serde::Serialize;
use std::collections::BTreeMap;

/// An alert and when it fired.
#[derive(Clone, Debug, Serialize)]
pub struct AlertReport {
    /// Its name.
    pub name: String,
    /// The node whose metrics it evaluates.
    pub node: String,
    /// Number of times it fired; the first hundred are listed.
    pub fired: u64,
    /// When it fired, in s.
    pub episodes: Vec<EpisodeReport>,
}

/// A period in which an alert fired.
#[derive(Clone, Debug, Serialize)]
pub struct EpisodeReport {
    /// Its start, in s.
    pub from_s: f64,
    /// Its end, in s; `null` if the alert still fired when the run ended.
    pub until_s: Option<f64>,
}

/// A fault, and when it was detected.
#[derive(Clone, Debug, Serialize)]
pub struct Incident {
    /// The kind of fault.
    pub fault: &'static str,
    /// The node, link or zone.
    pub target: String,
    /// When it began, in s.
    pub at_s: f64,
    /// Whether it affected users: goodput fell below 90% of its mean before the first fault, by
    /// more than random variation, until five minutes after its end.
    pub was_felt: bool,
    /// Time to detect: from its start to the first alert on the failed node, its callers or its
    /// dependencies; `null` if none fired.
    pub detected_after_s: Option<f64>,
    /// The alert that detected it.
    pub by: Option<String>,
    /// For a random fault: its outages. The fields above describe the outage detected last;
    /// `was_felt` is true if any outage affected users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outages: Option<OutagesReport>,
}

/// The outages of a random fault.
#[derive(Clone, Debug, Serialize)]
pub struct OutagesReport {
    /// Number of outages.
    pub count: u64,
    /// Outages that an alert detected, of the first thousand (fewer if an alert fires more often).
    pub detected: u64,
    /// Outages that affected users and that no alert detected.
    pub undetected: u64,
    /// Duration of the outages that are over.
    pub lasted_ms: Time,
    /// Time from the start of an outage to the alert that detects it.
    pub detect_ms: Time,
    /// The first hundred outages.
    pub list: Vec<OutageReport>,
}

/// One outage.
#[derive(Clone, Debug, Serialize)]
pub struct OutageReport {
    /// The replica; 0 for a zone or a link.
    pub replica: u32,
    /// When it began, in s.
    pub at_s: f64,
    /// When it ended, in s; `null` if it has not.
    pub until_s: Option<f64>,
    /// Whether it affected users.
    pub was_felt: bool,
    /// Time from its start to the first alert that detects it.
    pub detected_after_s: Option<f64>,
}

/// The telemetry of a node.
#[derive(Clone, Debug, Serialize)]
pub struct NodeSeen {
    /// Calls that ended, by its metrics; `null` if it emits none.
    pub calls: Option<u64>,
    /// Share of these calls that failed.
    pub error_ratio: Option<f64>,
    /// 99th percentile of its response time.
    pub p99_ms: Option<f64>,
    /// Failures by cause, by its logs; `null` if it writes none.
    pub failures: Option<BTreeMap<&'static str, u64>>,
    /// Traces sampled.
    pub traces: u64,
    /// Traces sampled of failed calls.
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
    /// affected users was not detected.
    pub time_to_detect_s: Option<f64>,
    /// Faults that affected users and that no alert detected.
    pub undetected: u64,
    /// The telemetry of each node, by node id.
    pub nodes: BTreeMap<String, NodeSeen>,
}
