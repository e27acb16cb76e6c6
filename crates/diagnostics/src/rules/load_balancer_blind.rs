//! A balancer that does not see who is sick.

use super::Rule;
use crate::facts::Facts;
use crate::finding::{Finding, Remedy};
use crate::names::name;
use crate::remedies;
use crate::words::{figure, percent};
use design::kinds::load_balancer::{Algorithm, Depth, LoadBalancer};
use design::{Fault, FaultKind, Kind, Metric, Node, Value};
use sim::Report;

/// How much busier than the median a replica must be, with no more calls.
const BUSIER: f64 = 1.5;
/// Failures of a service that a sick replica must bring.
const FAILED: f64 = 0.002;

pub(super) const RULE: Rule = Rule {
    id: "load-balancer-blind",
    title: "A blind load balancer",
    means: "Round robin gives a slow or dead replica its full share: one of n poisons one in n requests. Health checks that look too deep do worse, and take all replicas out when something they share is slow.",
    evidence: "Structural: several replicas behind a balancer that neither checks them nor ejects who fails (a note); deep checks without a panic threshold (a note). Measured: a replica that was 1.5 times as busy as the median or more on no fewer calls than its share, or crashed or slow and still called, under an algorithm that does not look at load; or half the replicas out by checks at once while they failed nothing themselves.",
    silent: "Algorithms that look at load, outlier ejection, checks that notice within a few seconds.",
    mends: "Least outstanding or peak EWMA, outlier ejection with a limit, shallow checks: some healthy replica may be taken out.",
    structural,
    measured,
};

fn is_load_blind(balancer: &LoadBalancer) -> bool {
    matches!(
        balancer.algorithm,
        Algorithm::RoundRobin | Algorithm::Random | Algorithm::Weighted | Algorithm::ConsistentHash
    )
}

/// Balancers with the nodes behind them.
pub(super) fn behind<'a>(facts: &Facts<'a>) -> Vec<(&'a Node, &'a LoadBalancer, Vec<&'a Node>)> {
    let each = facts.balancers().map(|(node, balancer)| {
        let nodes = facts.graph.out(&node.id).iter().filter_map(|link| facts.graph.node(&link.to));
        (node, balancer, nodes.collect::<Vec<_>>())
    });
    each.filter(|(_, _, nodes)| nodes.iter().map(|node| node.kind.replicas()).sum::<u32>() > 1).collect()
}

fn mends(node: &Node, balancer: &LoadBalancer) -> Vec<Remedy> {
    let mut mends = Vec::new();
    if is_load_blind(balancer) {
        mends.push(Remedy::new(
            format!("{} prefers who has least under way", name(&node.id)),
            "A replica that fails fast looks idle and gets more, unless it is ejected.",
            vec![
                remedies::node(&node.id, "algorithm", Value::text("least_outstanding")),
                remedies::node(&node.id, "outlier_ejection", remedies::map(&[("max_ejected", remedies::number(0.5))])),
            ],
        ));
    }
    if balancer.outlier_ejection.is_none() {
        mends.push(Remedy::new(
            "Eject who fails five times in a row",
            "A healthy replica with bad luck is out for half a minute.",
            vec![remedies::node(&node.id, "outlier_ejection", remedies::map(&[("max_ejected", remedies::number(0.5))]))],
        ));
    }
    mends
}

fn shallow(node: &Node) -> Remedy {
    Remedy::new(
        "Checks that ask the replica alone",
        "A replica that cannot reach what it needs stays in.",
        vec![
            remedies::node(&node.id, "health_check.depth", Value::text("http")),
            remedies::node(&node.id, "panic_threshold", remedies::number(0.5)),
        ],
    )
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, balancer, _) in behind(facts) {
        let is_deep = balancer.health_check.as_ref().is_some_and(|check| check.depth == Depth::Deep);
        if balancer.health_check.is_none() && balancer.outlier_ejection.is_none() && is_load_blind(balancer) {
            found.push(
                Finding::new(RULE.id, [node.id.clone()])
                    .says(
                        format!("{} sends every replica its share, well or not", name(&node.id)),
                        "It checks nobody, ejects nobody, and does not look at who is busy: a replica that is slow or down keeps its share of the calls.",
                        "Check health, eject who fails, prefer who has least under way.",
                    )
                    .endangers(Metric::LatencyP99)
                    .mended_by(mends(node, balancer)),
            );
        } else if is_deep && balancer.panic_threshold < 0.3 {
            found.push(
                Finding::new(RULE.id, [node.id.clone()])
                    .says(
                        format!("The checks of {} can take every replica out at once", name(&node.id)),
                        "They call through to what the replicas share: when that is slow all replicas look sick, though none is.",
                        "Check the replica alone, and ignore health when most look sick.",
                    )
                    .endangers(Metric::Availability)
                    .mended_by([shallow(node)]),
            );
        }
    }
    found
}

/// Faults that make some replicas behind a balancer sick, and not all.
pub(super) fn sick<'f>(facts: &'f Facts<'_>, nodes: &[&Node], kinds: &'f [FaultKind]) -> Option<&'f Fault> {
    let replicas: u32 = nodes.iter().map(|node| node.kind.replicas()).sum();
    facts.design.faults.iter().find(|fault| {
        let hit = nodes.iter().find(|node| node.id == fault.target);
        let is_part = hit.is_some_and(|node| fault.replica.is_some() || node.kind.replicas() < replicas);
        is_part && kinds.contains(&fault.kind) && fault.at < facts.design.settings.duration
    })
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    if !facts.is_hurt() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (node, balancer, nodes) in behind(facts) {
        if let Some(finding) = all_out(facts, report, node, balancer, &nodes) {
            found.push(finding);
            continue;
        }
        let kinds = [FaultKind::Slowdown, FaultKind::Crash, FaultKind::Hang, FaultKind::ErrorRate, FaultKind::GcPauses, FaultKind::GrayFailure];
        let fault = sick(facts, &nodes, &kinds);
        let replicas: Vec<((&str, usize), f64, f64)> = nodes
            .iter()
            .filter_map(|node| Some((node, report.nodes.get(&node.id)?)))
            .flat_map(|(node, figures)| {
                let each = figures.replicas.iter().enumerate();
                each.map(|(at, replica)| ((node.id.as_str(), at), replica.arrivals as f64, replica.utilization.unwrap_or(0.0)))
            })
            .collect();
        let mut busy: Vec<f64> = replicas.iter().map(|(_, _, busy)| *busy).collect();
        busy.sort_by(f64::total_cmp);
        let median = busy.get((busy.len().max(1) - 1) / 2).copied().unwrap_or(0.0);
        let mean = replicas.iter().map(|(_, calls, _)| calls).sum::<f64>() / replicas.len().max(1) as f64;
        let worst = replicas.iter().max_by(|a, b| a.2.total_cmp(&b.2));
        let uneven = worst.filter(|(_, calls, busy)| {
            *busy >= BUSIER * median.max(0.01) && *busy >= 0.15 && *calls >= 0.8 * mean
        });
        let failing: u64 = nodes.iter().filter_map(|node| report.nodes.get(&node.id)).map(|node| node.failures.values().sum::<u64>()).sum();
        let refused: u64 = facts.graph.out(&node.id).iter().filter_map(|link| report.links.get(&link.id)).map(|link| link.failures.values().sum::<u64>()).sum();
        let share = (failing.max(refused)) as f64 / (mean * replicas.len() as f64).max(1.0);
        let is_called = fault.is_some() && share >= FAILED && balancer.outlier_ejection.is_none();
        if !is_load_blind(balancer) || uneven.is_none() && !is_called || is_even(facts, &nodes, fault) {
            continue;
        }
        let subject = fault.map(|fault| fault.target.clone()).or(uneven.map(|((id, _), ..)| (*id).to_owned()));
        let why = match uneven {
            Some(((id, at), calls, busy)) => format!(
                "{}#{at} was {} busy, the median replica {}, and it got {} of the calls, as if it were like the others.",
                name(id), percent(*busy), percent(median), percent(calls / (mean * replicas.len() as f64))
            ),
            None => format!("One of {} replicas was sick and kept its share: {} of the calls behind {} failed.", replicas.len(), percent(share), name(&node.id)),
        };
        let check = match &balancer.health_check {
            None => " Nobody checks the replicas.".to_owned(),
            Some(check) => format!(" The checks take a replica out after {} failures, {} apart, and it passed them or was slow to fail.", check.unhealthy_after, check.interval),
        };
        found.push(
            Finding::new(RULE.id, std::iter::once(node.id.clone()).chain(subject))
                .measured(fault.map(|fault| fault.at.as_s()).or(facts.series.as_ref().and_then(|series| series.first_loss())))
                .says(
                    format!("{} kept sending to a replica that could not keep up", name(&node.id)),
                    format!("{why}{check}"),
                    "Prefer who has least under way, and eject who fails.",
                )
                .at_risk(facts.felt())
                .mended_by(mends(node, balancer)),
        );
    }
    found
}

/// Whether all replicas are as sick as each other.
fn is_even(facts: &Facts<'_>, nodes: &[&Node], fault: Option<&Fault>) -> bool {
    let slots: Vec<f64> = nodes
        .iter()
        .filter_map(|node| match &node.kind {
            Kind::Service(service) => Some(service.service_time.mean_s().unwrap_or(0.0)),
            _ => None,
        })
        .collect();
    let unequal = slots.iter().any(|time| *time > 1.5 * slots[0] || *time < slots[0] / 1.5);
    let _ = facts;
    fault.is_none() && !unequal
}

/// Deep checks that took most replicas out, though these failed nothing.
fn all_out(facts: &Facts<'_>, report: &Report, node: &Node, balancer: &LoadBalancer, nodes: &[&Node]) -> Option<Finding> {
    let check = balancer.health_check.as_ref().filter(|check| check.depth == Depth::Deep)?;
    let figures = report.nodes.get(&node.id)?;
    let unavailable = figures.failures.get("unavailable").or(figures.failures.get("refused")).copied().unwrap_or(0);
    if (unavailable as f64) < 0.01 * figures.arrivals as f64 || unavailable < 20 {
        return None;
    }
    let own: u64 = nodes.iter().filter_map(|node| report.nodes.get(&node.id)?.failures.get("error")).sum();
    if own >= unavailable {
        return None;
    }
    let onset = facts.series.as_ref().and_then(|series| series.first_loss());
    Some(
        Finding::new(RULE.id, [node.id.clone()])
            .measured(onset)
            .says(
                format!("The checks of {} took every replica out", name(&node.id)),
                format!("{} calls found nobody well, while the replicas had answered {own} with an error of their own. A check fails after {} where something shared is slow.", figure(unavailable as f64), check.timeout),
                "Check the replica alone, and ignore health when most look sick.",
            )
            .at_risk(facts.felt())
            .mended_by([shallow(node)]),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{fault, found, lint, read, run};

    fn design(algorithm: &str) -> design::Design {
        let mut design = read(&format!(r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "100/s"}}, "patience": "2s"}},
            {{"id": "lb", "kind": "load_balancer", "algorithm": "{algorithm}"}},
            {{"id": "api", "kind": "service", "replicas": 4, "concurrency": 4, "service_time": "exp(20ms)"}}],
            "links": [{{"from": "users", "to": "lb"}}, {{"from": "lb", "to": "api", "timeout": "1s"}}], "warmup": "5s"}}"#));
        design.faults.push(fault(r#"{"at": "20s", "for": "30s", "kind": "slowdown", "target": "api", "replica": 1, "times": 20}"#));
        design
    }

    #[test]
    fn round_robin_feeds_a_slow_replica_and_least_outstanding_does_not() {
        let broken = design("round_robin");
        assert!(lint("load-balancer-blind", &broken)[0].what.contains("well or not"));
        let finding = &found("load-balancer-blind", &broken, &run(&broken))[0];
        assert!(finding.measured && finding.subjects == ["lb", "api"], "{finding:?}");
        let mended = design("least_outstanding");
        assert!(found("load-balancer-blind", &mended, &run(&mended)).is_empty());
        let mut near = broken.clone();
        near.faults.clear();
        assert!(found("load-balancer-blind", &near, &run(&near)).iter().all(|f| !f.measured));
    }
}
