//! Replicas that pass their health checks and fail their calls.

use super::load_balancer_blind::{behind, sick};
use super::{Explanation, Rule, nothing};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::kinds::load_balancer::Depth;
use design::{FaultKind, Node};
use report::{Field, Figure, Finding, Remedy, count_of, message, name, percent, whole};
use sim::Report;

/// Least share of calls that fail or time out while health checks pass.
const FAILED: f64 = 0.002;

pub(super) const RULE: Rule = Rule {
    id: "gray-failure",
    title: "Gray failure",
    structural: nothing,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A replica passes its health checks and fails its calls. The health checks see no \
        problem, while callers see one in n requests fail. The difference between the two views is \
        the failure (Huang et al., HotOS 2017).",
    evidence: "Measured: behind a load balancer with health checks and without outlier ejection, a \
        replica failed calls or was slow while its health checks passed. At least 0.2% of the \
        calls failed or timed out, or a requirement was missed, and users were affected.",
    silent: "Replicas whose health checks fail too. Ejection by the results of calls.",
    fixes: "Use outlier ejection, peak EWMA or end-to-end health checks. The cost: a healthy \
        replica may be ejected because of random errors.",
};

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    if !facts.is_hurt() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (node, balancer, nodes) in behind(facts) {
        let Some(check) = &balancer.health_check else {
            continue;
        };
        if balancer.outlier_ejection.is_some() || check.depth == Depth::Deep {
            continue;
        }
        let mut kinds = vec![FaultKind::GrayFailure];
        if check.depth == Depth::Tcp {
            // A TCP check only opens a connection, so it passes even while every call fails.
            kinds.extend([
                FaultKind::ErrorRate,
                FaultKind::Slowdown,
                FaultKind::ThirdPartyOutage,
            ]);
        }
        let Some(sick) = sick(facts, node, &nodes, &kinds) else {
            continue;
        };
        let figures: Vec<_> = nodes
            .iter()
            .filter_map(|node| report.nodes.get(&node.id))
            .collect();
        let arrivals: u64 = figures.iter().map(|node| node.arrivals).sum();
        let failed: u64 = figures
            .iter()
            .map(|node| node.failures.values().sum::<u64>())
            .sum();
        let timeouts: u64 = facts
            .graph
            .out(&node.id)
            .iter()
            .filter_map(|link| report.links.get(&link.id))
            .map(|link| link.timeouts)
            .sum();
        let share = failed.max(timeouts) as f64 / arrivals.max(1) as f64;
        if share < FAILED && facts.missed_by_users().is_none() {
            continue;
        }
        let (failed, attempts) = as_called(facts, report, node);
        let replicas: u32 = nodes.iter().map(|node| node.kind.replicas()).sum();
        found.push(
            Finding::new(RULE.id, [node.id.as_str(), sick.node.id.as_str()])
                .measured(Some(sick.fault.at.as_s()))
                .says(
                    message!("A replica of {} passed its health checks while {} of the calls behind {} failed", name(&sick.node.id), share_of(&failed, &attempts), name(&node.id)),
                    message!(
                        "{} of {} behind {} failed while the {} health checks passed. {} still received a full share of the calls.",
                        failed, count_of(attempts, "attempt", "attempts"), name(&node.id), check.depth.name(), sick.of(replicas as usize)
                    ),
                    "Judge replicas by the results of their calls: use outlier ejection or peak EWMA.",
                )
                .endangers(facts.felt())
                .fixed_by([Remedy::new(
                    "Eject a replica after five consecutive errors",
                    "A healthy replica may be ejected for 30 s because of random errors.",
                    vec![remedies::node(&node.id, "outlier_ejection", remedies::map(&[("max_ejected", remedies::number(0.5))]))],
                )]),
        );
    }
    found
}

fn share_of(part: &Figure, all: &Figure) -> Figure {
    let places = part.field.clone().zip(all.field.clone());
    let place = places.map(|(part, all)| part.over(*all));
    percent(part.value / all.value.max(1.0)).maybe_of(place)
}

/// Returns the failed attempts and all attempts of a load balancer, as the balancer counted them.
fn as_called(facts: &Facts<'_>, report: &Report, node: &Node) -> (Figure, Figure) {
    let out = facts.graph.out(&node.id).iter();
    let out: Vec<&str> = out
        .map(|link| link.id.as_str())
        .filter(|id| report.links.contains_key(*id))
        .collect();
    let links = || out.iter().map(|id| &report.links[*id]);
    let failed: u64 = links().flat_map(|link| link.failures.values()).sum();
    let attempts: u64 = links().map(|link| link.attempts).sum();
    let failed_of = Field::Sum(out.iter().map(|id| field::link_failures(id)).collect());
    (
        whole(failed as f64).of(failed_of),
        whole(attempts as f64).of(field::links(out, "attempts")),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{fault, found, read, run};

    fn design(ejection: &str) -> design::Design {
        let mut design = read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "100/s"}}}},
            {{"id": "lb", "kind": "load_balancer", "health_check": {{"depth": "http"}}{ejection}}},
            {{"id": "api", "kind": "service", "replicas": 4, "service_time": "exp(20ms)"}}],
            "links": [{{"from": "users", "to": "lb"}}, {{"from": "lb", "to": "api", "timeout": "1s"}}]}}"#
        ));
        design.faults.push(fault(r#"{"at": "20s", "for": "30s", "kind": "gray_failure", "target": "api", "replica": 1, "errors": 0.8, "times": 1}"#));
        design
    }

    #[test]
    fn what_checks_do_not_see_is_told_and_ejection_sees_it() {
        let faulty = design("");
        let finding = &found("gray-failure", &faulty, &run(&faulty))[0];
        assert_eq!(finding.onset_s, Some(20.0));
        let fixed = design(r#", "outlier_ejection": {}"#);
        assert!(found("gray-failure", &fixed, &run(&fixed)).is_empty());
        let mut whole = faulty.clone();
        whole.faults.clear();
        assert!(found("gray-failure", &whole, &run(&whole)).is_empty());
    }
}
