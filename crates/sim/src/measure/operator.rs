//! The operators' view: alerts, the time to detect each fault, and the telemetry of each node.

use super::Histogram;
use super::fill::{causes, time};
use crate::event::NodeIx;
use crate::fault::{Outage, Outages};
use crate::simulation::Simulation;
use crate::watch::EPISODES;
use design::telemetry::{Signal, Telemetry};
use design::{Design, Fault, FaultKind};
use report::{
    AlertReport, EpisodeReport, Incident, NodeSeen, Operator, OutageReport, OutagesReport,
};
use std::collections::{BTreeMap, BTreeSet};

/// Maximum number of firings of an alert that the report lists.
const EPISODES_LISTED: usize = 100;
/// Maximum number of random outages that the report lists.
const OUTAGES_LISTED: usize = 100;

/// How long after its end a fault may still be detected, because damage outlasts it.
const AFTERMATH: u64 = 300_000_000_000;

impl Simulation {
    /// Returns the operators' view.
    pub(crate) fn operator(&self) -> Operator {
        let design = self.design();
        let incidents = self.incidents(design);
        let undetected: u64 = incidents
            .iter()
            .map(|incident| match &incident.outages {
                Some(outages) => outages.undetected,
                None => u64::from(incident.by.is_none() && incident.was_felt),
            })
            .sum();
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
                .take(EPISODES_LISTED)
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
        let kin = Kin::new(design);
        begun
            .map(|fault| self.incident(fault, design, &kin))
            .collect()
    }

    /// Returns when the next fault after a moment begins: alerts from then on are attributed to
    /// that one.
    fn next_fault(&self, design: &Design, after: u64) -> u64 {
        let begins = design.faults.iter().map(|fault| fault.at.0);
        begins.filter(|at| *at > after).min().unwrap_or(u64::MAX)
    }

    fn incident(&self, fault: &Fault, design: &Design, kin: &Kin<'_>) -> Incident {
        if let Some(outages) = self.faults.outages(fault) {
            return self.incident_of_outages(fault, outages, design, kin);
        }
        let from = fault.at.0;
        let until = self
            .fault_ended(fault)
            .map_or(u64::MAX, |end| end.saturating_add(AFTERMATH));
        let first = self.first_told(fault, (from, until), design, kin);
        Incident {
            fault: fault.kind.name(),
            target: fault.target.clone(),
            at_s: fault.at.as_s(),
            was_felt: self.was_felt(from, until.min(self.next_fault(design, from))),
            detected_after_s: first.map(|(time, _)| (time - from) as f64 / 1e9),
            by: first.map(|(_, name)| name.to_owned()),
            outages: None,
        }
    }

    /// Returns random outages, each with the alerts until the next began.
    fn incident_of_outages(
        &self,
        fault: &Fault,
        outages: &Outages,
        design: &Design,
        kin: &Kin<'_>,
    ) -> Incident {
        let [mut lasted, mut told] = [Histogram::default(), Histogram::default()];
        let (mut list, mut undetected, mut last) = (Vec::new(), 0, None);
        let mut was_felt = false;
        let known_until = self.alerts_known_until();
        for (place, outage) in outages.list.iter().enumerate() {
            let Outage { from, until, .. } = *outage;
            if from > known_until {
                break;
            }
            let end = until.unwrap_or(u64::MAX);
            let later = outages.list[place + 1..].iter().map(|next| next.from);
            let next = later.filter(|next| *next >= end).min();
            let until_told = end.saturating_add(AFTERMATH).min(next.unwrap_or(u64::MAX));
            let first = self.first_told(fault, (from, until_told), design, kin);
            let until_felt = until_told.min(self.next_fault(design, from));
            let is_felt = self.was_felt(from, until_felt);
            was_felt |= is_felt;
            undetected += u64::from(is_felt && first.is_none());
            if let Some(until) = until {
                lasted.add(until - from);
            }
            if let Some((time, name)) = first {
                told.add(time - from);
                if last.is_none_or(|(longest, _)| time - from > longest) {
                    last = Some((time - from, name));
                }
            }
            if list.len() < OUTAGES_LISTED {
                list.push(OutageReport {
                    replica: outage.place,
                    at_s: from as f64 / 1e9,
                    until_s: until.map(|until| until as f64 / 1e9),
                    was_felt: is_felt,
                    detected_after_s: first.map(|(time, _)| (time - from) as f64 / 1e9),
                });
            }
        }
        Incident {
            fault: fault.kind.name(),
            target: fault.target.clone(),
            at_s: fault.at.as_s(),
            was_felt,
            detected_after_s: last.map(|(after, _)| after as f64 / 1e9),
            by: last.map(|(_, name)| name.to_owned()),
            outages: Some(OutagesReport {
                count: outages.count,
                detected: told.count(),
                undetected,
                lasted_ms: time(&lasted),
                detect_ms: time(&told),
                list,
            }),
        }
    }

    /// Returns until when all firings of alerts are known.
    fn alerts_known_until(&self) -> u64 {
        let full = self.watches.list.iter();
        let full = full.filter(|watch| watch.fired as usize > EPISODES);
        let last = full.filter_map(|watch| watch.episodes.last());
        last.map(|episode| episode.from).min().unwrap_or(u64::MAX)
    }

    /// Returns the first alert in a period that may be caused by a fault, and when it fired.
    fn first_told(
        &self,
        fault: &Fault,
        (from, until): (u64, u64),
        design: &Design,
        kin: &Kin<'_>,
    ) -> Option<(u64, &str)> {
        let mut first: Option<(u64, &str)> = None;
        for (watch, alert) in self.watches.list.iter().zip(&design.settings.alerts) {
            let is_told = match fault.kind {
                // The other alerts of a node without telemetry receive nothing.
                FaultKind::TelemetryLoss => {
                    matches!(alert.when, Signal::Silence(_)) && kin.is_of(fault, &alert.node)
                }
                _ => kin.is_near(fault, &alert.node),
            };
            if !is_told {
                continue;
            }
            // An alert that is already firing is already being handled.
            let fires = watch.episodes.iter().filter(|episode| {
                episode.from <= until && episode.until.is_none_or(|end| end > from)
            });
            let time = fires.map(|episode| episode.from.max(from)).min();
            if let Some(time) = time
                && first.is_none_or(|(known, _)| time < known)
            {
                first = Some((time, watch.name()));
            }
        }
        first
    }

    fn seen(&self, telemetry: &Telemetry, place: NodeIx) -> NodeSeen {
        let told = self.world().node(place).told();
        let failed: u64 = told.failures.iter().sum();
        let calls = told.completions + failed;
        let p99 = told.response.quantile(0.99);
        NodeSeen {
            calls: telemetry.metrics.then_some(calls),
            error_ratio: (telemetry.metrics && calls > 0).then(|| failed as f64 / calls as f64),
            p99_ms: p99.filter(|_| telemetry.metrics).map(|ns| ns as f64 / 1e6),
            failures: telemetry.logs.then(|| causes(&told.failures)),
            traces: told.traces[0],
            traces_of_failures: told.traces[1],
        }
    }
}

/// Which alerts may be caused by which fault: those of the faulty nodes, of their callers, and of
/// their callees, directly or indirectly.
struct Kin<'a> {
    design: &'a Design,
    /// By node: the nodes it reaches by links.
    reach: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Kin<'a> {
    fn new(design: &'a Design) -> Self {
        let mut onward: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for link in &design.links {
            onward.entry(&link.from).or_default().push(&link.to);
        }
        // Only if there is an alert.
        let watched = design
            .settings
            .alerts
            .iter()
            .map(|alert| alert.node.as_str());
        let broken = design.faults.iter().flat_map(|fault| parts(fault, design));
        let reach = watched.chain(broken).map(|start| {
            let mut seen = BTreeSet::from([start]);
            let mut next = vec![start];
            while let Some(node) = next.pop() {
                let callees = onward.get(node).into_iter().flatten();
                next.extend(callees.filter(|callee| seen.insert(callee)));
            }
            (start, seen)
        });
        Self {
            design,
            reach: reach.collect(),
        }
    }

    fn is_of(&self, fault: &Fault, node: &str) -> bool {
        parts(fault, self.design).contains(&node)
    }

    fn is_near(&self, fault: &Fault, node: &str) -> bool {
        let reaches = |from: &str, to: &str| {
            let known = self.reach.get(from);
            known.is_some_and(|reach| reach.contains(to))
        };
        let parts = parts(fault, self.design);
        parts
            .iter()
            .any(|part| reaches(node, part) || reaches(part, node))
    }
}

/// Returns the nodes of a fault: a node, the ends of a link, or everything in a zone.
fn parts<'a>(fault: &'a Fault, design: &'a Design) -> Vec<&'a str> {
    if let Some(link) = design.link(&fault.target) {
        return vec![&link.from, &link.to];
    }
    if let Some(node) = design.node(&fault.target) {
        return vec![&node.id];
    }
    let is_in = |node: &&design::Node| {
        let zones = &node.deployment.zones;
        zones.contains(&fault.target) || node.deployment.zone.as_ref() == Some(&fault.target)
    };
    let nodes = design.nodes.iter().filter(is_in);
    nodes.map(|node| node.id.as_str()).collect()
}
