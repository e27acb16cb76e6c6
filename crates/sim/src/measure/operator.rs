//! What the operators saw: alerts, how long each fault went unnoticed, and what each node told.

use super::report::causes;
use crate::event::NodeIx;
use crate::simulation::Simulation;
use design::Design;
use design::telemetry::Telemetry;
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
    /// From its beginning to the first alert that fired after it; `null` where none did.
    pub detected_after_s: Option<f64>,
    /// Which alert that was.
    pub by: Option<String>,
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
    /// Every fault that began, where there are alerts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<Incident>,
    /// From the beginning of a fault to the first alert after it, of the fault that waited longest;
    /// `null` where there was no fault or one went unnoticed.
    pub time_to_detect_s: Option<f64>,
    /// Faults that no alert followed.
    pub undetected: u64,
    /// By node id, what its telemetry showed.
    pub nodes: BTreeMap<String, NodeSeen>,
}

/// How long after its end a fault may still be noticed: damage outlasts it.
const AFTERMATH: u64 = 300_000_000_000;

impl Simulation {
    /// What the operators saw.
    pub(crate) fn operator(&self) -> Operator {
        let design = self.design();
        let incidents = match self.watches.list.is_empty() {
            true => Vec::new(),
            false => self.incidents(design),
        };
        let undetected = incidents
            .iter()
            .filter(|incident| incident.by.is_none())
            .count() as u64;
        let longest = incidents
            .iter()
            .filter_map(|incident| incident.detected_after_s)
            .fold(None, |longest: Option<f64>, time| {
                Some(longest.map_or(time, |longest| longest.max(time)))
            });
        let mut nodes = BTreeMap::new();
        for node in &design.nodes {
            if let Some(place) = self.node_place(&node.id) {
                nodes.insert(
                    node.id.clone(),
                    self.seen(&node.deployment.telemetry, place),
                );
            }
        }
        Operator {
            alerts: self.alerts(design),
            incidents,
            time_to_detect_s: longest.filter(|_| undetected == 0),
            undetected,
            nodes,
        }
    }

    fn alerts(&self, design: &Design) -> Vec<AlertReport> {
        let watches = self.watches.list.iter().zip(&design.settings.alerts);
        let alerts = watches.map(|(watch, alert)| AlertReport {
            name: alert.name.clone(),
            node: alert.node.clone(),
            fired: watch.fired,
            episodes: watch
                .episodes
                .iter()
                .map(|episode| EpisodeReport {
                    from_s: episode.from as f64 / 1e9,
                    until_s: episode.until.map(|until| until as f64 / 1e9),
                })
                .collect(),
        });
        alerts.collect()
    }

    fn incidents(&self, design: &Design) -> Vec<Incident> {
        let begun = design
            .faults
            .iter()
            .filter(|fault| fault.at.0 <= self.now());
        let incidents = begun.map(|fault| {
            let from = fault.at.0;
            let replicas = design
                .node(&fault.target)
                .map_or(1, |node| node.kind.replicas());
            let until = fault
                .ends(replicas)
                .map_or(u64::MAX, |end| end.0.saturating_add(AFTERMATH));
            let mut first: Option<(u64, &str)> = None;
            for watch in &self.watches.list {
                let times = watch.episodes.iter().map(|episode| episode.from);
                let time = times.filter(|time| (from..=until).contains(time)).min();
                if let Some(time) = time
                    && first.is_none_or(|(known, _)| time < known)
                {
                    first = Some((time, watch.name()));
                }
            }
            Incident {
                fault: fault.kind.name(),
                target: fault.target.clone(),
                at_s: fault.at.as_s(),
                detected_after_s: first.map(|(time, _)| (time - from) as f64 / 1e9),
                by: first.map(|(_, name)| name.to_owned()),
            }
        });
        incidents.collect()
    }

    fn seen(&self, telemetry: &Telemetry, place: NodeIx) -> NodeSeen {
        let state = self.world().node(place);
        let tally = &state.tally.measured;
        let failed: u64 = tally.failures.iter().sum();
        let calls = tally.completions + failed;
        let traces = state.traces.as_deref();
        NodeSeen {
            calls: telemetry.metrics.then_some(calls),
            error_ratio: (telemetry.metrics && calls > 0).then(|| failed as f64 / calls as f64),
            p99_ms: state
                .tally
                .response
                .quantile(0.99)
                .filter(|_| telemetry.metrics)
                .map(|ns| ns as f64 / 1e6),
            failures: telemetry.logs.then(|| causes(&tally.failures)),
            traces: traces.map_or(0, |traces| traces.kept),
            traces_of_failures: traces.map_or(0, |traces| traces.of_failures),
        }
    }
}
