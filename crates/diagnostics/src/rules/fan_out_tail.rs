//! A request that calls many nodes in parallel and waits for the slowest.

use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::{Kind, Link, Metric};
use report::{Finding, Remedy, figure, message, ms, name, percent};
use sim::Report;
use std::collections::BTreeMap;

/// Number of leaves called in parallel from which their tail determines the latency.
const LEAVES: usize = 10;
/// Ratio of a leaf's 99th percentile to its mean from which its tail is heavy.
const TAIL: f64 = 4.0;
const CALLS: u64 = 500;
/// Share of failed calls above which the caller mostly waits for timeouts, not for the tail.
const FAILED: f64 = 0.001;

pub(super) const RULE: Rule = Rule {
    id: "fan-out-tail",
    title: "Tail latency amplification in fan-out",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A request that calls many leaves in parallel and waits for all of them is as slow as \
        the slowest. If 1% of the calls to each of 100 leaves are slow, 63% of the requests are \
        slow (Dean and Barroso, The Tail at Scale, 2013).",
    evidence: "Structural: ten or more leaves are called in parallel by a caller that needs all of \
        them (a note). Measured: the same, in a run that missed a latency requirement. In \
        addition, the 99th percentile of the median leaf is at least 4 times the mean of the \
        leaves. Or the caller waits that long for its slowest leaf, without failures. The share of \
        requests that meet a slow call is 1 - (1 - p)^n.",
    silent: "Leaves without a heavy tail. Partial responses (optional leaves). Hedged calls.",
    fixes: "Hedge calls after the 95th percentile, return partial responses, or call fewer leaves. \
        The cost: a few percent more calls, or incomplete responses.",
};

/// Links that one caller calls in parallel, and whose responses it all needs.
fn stages<'a>(facts: &Facts<'a>) -> Vec<(&'a str, Vec<&'a Link>)> {
    let mut found = Vec::new();
    for (node, _) in facts.services() {
        let mut stages: BTreeMap<u32, Vec<&Link>> = BTreeMap::new();
        for link in facts.calls_from(&node.id).filter(|link| !link.optional) {
            if let Some(stage) = link.stage {
                stages.entry(stage).or_default().push(link);
            }
        }
        for (_, links) in stages {
            if links.len() >= LEAVES {
                found.push((node.id.as_str(), links));
            }
        }
    }
    found
}

/// Returns the databases whose operations query all of at least ten shards.
fn scattering<'a>(facts: &Facts<'a>) -> Vec<(&'a str, usize)> {
    let each = facts
        .databases()
        .filter(|(_, database)| database.cross_shard.is_some());
    let each = each.map(|(node, database)| (node.id.as_str(), database.shards.count as usize));
    each.filter(|(_, count)| *count >= LEAVES).collect()
}

fn fixes(links: &[&Link], p95_ms: f64) -> Vec<Remedy> {
    let after = remedies::duration((p95_ms / 1e3).max(1e-3));
    let hedge = remedies::map(&[("after", after)]);
    let edits = links.iter().filter(|link| link.hedge.is_none());
    let optional = links
        .iter()
        .map(|link| remedies::link(&link.id, "optional", design::Value::Bool(true)));
    let timeouts = links.iter().map(|link| {
        remedies::link(
            &link.id,
            "timeout",
            remedies::duration((3.0 * p95_ms / 1e3).max(1e-3)),
        )
    });
    vec![
        Remedy::new(
            "Hedge slow calls with a second attempt",
            "A few percent more calls, and many more when all leaves are slow.",
            edits
                .map(|link| remedies::link(&link.id, "hedge", hedge.clone()))
                .collect(),
        ),
        Remedy::new(
            "Respond without the leaves that are late",
            "Some responses are incomplete.",
            optional.chain(timeouts).collect(),
        ),
    ]
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, links) in stages(facts) {
        if links.iter().all(|link| link.hedge.is_some()) {
            continue;
        }
        let n = links.len();
        found.push(
            Finding::new(RULE.id, [id])
                .says(
                    message!(
                        "{} calls {} in parallel and waits for all of them",
                        name(id),
                        n
                    ),
                    message!(
                        "If 1% of these calls are slow, {} of its requests are slow.",
                        percent(1.0 - libm::pow(0.99, n as f64))
                    ),
                    "Hedge slow calls, or return partial responses.",
                )
                .endangers(Metric::LatencyP99),
        );
    }
    for (id, n) in scattering(facts) {
        found.push(
            Finding::new(RULE.id, [id])
                .says(
                    message!(
                        "Operations on {} query all {} shards and wait for the slowest",
                        name(id),
                        n
                    ),
                    message!(
                        "If 1% of the shard queries are slow, {} of the operations are slow.",
                        percent(1.0 - libm::pow(0.99, n as f64))
                    ),
                    "Shard by what the operations query.",
                )
                .endangers(Metric::LatencyP99),
        );
    }
    found
}

/// Returns how long a caller waits on average for these links, in ms, without its own work and its
/// other calls. It is 0 where calls over them fail, because the caller then waits for timeouts.
fn waits_ms(facts: &Facts<'_>, report: &Report, id: &str, links: &[&Link]) -> f64 {
    let mine = links.iter().filter_map(|link| report.links.get(&link.id));
    let (calls, failed) = mine.fold((0, 0), |(calls, failed), link| {
        (
            calls + link.attempts,
            failed + link.failures.values().sum::<u64>(),
        )
    });
    let Some(node) = report
        .nodes
        .get(id)
        .filter(|_| failed as f64 <= FAILED * calls as f64)
    else {
        return 0.0;
    };
    let own = facts
        .graph
        .service(id)
        .and_then(|service| service.service_time.mean_s())
        .unwrap_or(0.0);
    let others = facts
        .calls_from(id)
        .filter(|link| links.iter().all(|leaf| leaf.id != link.id));
    let others = others
        .filter_map(|link| report.links.get(&link.id))
        .map(|link| {
            link.latency_ms.mean.unwrap_or(0.0) * link.attempts as f64 / node.arrivals.max(1) as f64
        });
    node.response_ms.mean.unwrap_or(0.0)
        - node.wait_ms.mean.unwrap_or(0.0)
        - 1e3 * own
        - others.sum::<f64>()
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let latencies = [
        Metric::LatencyP99,
        Metric::LatencyP95,
        Metric::LatencyP90,
        Metric::LatencyP50,
        Metric::LatencyMean,
        Metric::LatencyP999,
    ];
    let Some(missed) = facts.missed(&latencies) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (id, links) in stages(facts) {
        let leaves: Vec<(f64, f64, u64)> = links
            .iter()
            .filter_map(|link| {
                let latency = &report.links.get(&link.id)?.latency_ms;
                Some((
                    latency.mean?,
                    latency.p99?,
                    report.links.get(&link.id)?.attempts,
                ))
            })
            .collect();
        let n = leaves.len().max(1) as f64;
        let mean = leaves.iter().map(|(mean, ..)| mean).sum::<f64>() / n;
        // The median leaf: a few leaves whose tail just reaches their p99 would distort the mean.
        let mut p99s: Vec<f64> = leaves.iter().map(|(_, p99, _)| *p99).collect();
        p99s.sort_by(f64::total_cmp);
        let p99 = p99s.get(p99s.len() / 2).copied().unwrap_or(0.0);
        let worst = links
            .iter()
            .filter_map(|link| report.links.get(&link.id)?.latency_ms.max)
            .fold(0.0, f64::max);
        let calls: u64 = leaves.iter().map(|(.., calls)| calls).sum();
        if leaves.len() < LEAVES || calls < CALLS || links.iter().all(|link| link.hedge.is_some()) {
            continue;
        }
        // One slow call in a hundred raises the mean, but not the p99, which lies below it.
        let is_heavy = p99 >= TAIL * mean || waits_ms(facts, report, id, &links) >= TAIL * mean;
        if !is_heavy {
            continue;
        }
        // Where a leaf is saturated, its queue is the reason and not its tail.
        let is_full = links.iter().any(|link| {
            facts
                .series
                .as_ref()
                .is_some_and(|s| s.saturated_s(&link.to) > 5.0)
        });
        let Some(parent) = report.nodes.get(id).filter(|_| !is_full) else {
            continue;
        };
        let whole = parent.response_ms.mean.unwrap_or(0.0);
        if whole < 0.5 * p99 {
            continue;
        }
        let known = || {
            links.iter().filter(|link| {
                let latency = report.links.get(&link.id).map(|link| &link.latency_ms);
                latency.is_some_and(|latency| latency.mean.is_some() && latency.p99.is_some())
            })
        };
        let ids = known().map(|link| link.id.as_str());
        let mean_of = field::links(ids, "latency_ms.mean").times(1.0 / n);
        let tail = |name: &str, value: f64| {
            let link = known().find(|link| {
                let latency = &report.links[&link.id].latency_ms;
                latency.p99 == Some(value) || latency.max == Some(value)
            });
            Some(field::link(&link?.id, &format!("latency_ms.{name}")))
        };
        let whole_of = field::node(id, "response_ms.mean");
        found.push(
            Finding::new(RULE.id, std::iter::once(id.to_owned()).chain(links.iter().take(3).map(|link| link.id.clone())))
                .measured(None)
                .says(
                    message!("{} waited for the slowest of {} calls: {} on average, {} times one call", name(id), links.len(), ms(whole).of(whole_of.clone()), figure(whole / mean.max(1e-9)).of(whole_of.over(mean_of.clone()))),
                    message!(
                        "A call to a leaf took {} on average, {} at the 99th percentile of the median leaf, and {} at most. If 1% of the calls to each leaf are slow, {} of the requests are slow.",
                        ms(mean).of(mean_of.clone()), ms(p99).maybe_of(tail("p99", p99)), ms(worst).maybe_of(tail("max", worst)), percent(1.0 - libm::pow(0.99, links.len() as f64))
                    ),
                    "Hedge slow calls, or return partial responses.",
                )
                .endangers(missed)
                .fixed_by(fixes(&links, 0.4 * p99)),
        );
    }
    for (id, n) in scattering(facts) {
        let Some(node) = report.nodes.get(id) else {
            continue;
        };
        let Some(Kind::Database(database)) = facts.graph.node(id).map(|node| &node.kind) else {
            continue;
        };
        let own = 1e3 * database.read_time.mean_s().unwrap_or(0.0);
        let whole = node.response_ms.mean.unwrap_or(0.0);
        if whole >= TAIL * own
            && facts
                .series
                .as_ref()
                .is_some_and(|s| s.saturated_s(id) < 5.0)
        {
            found.push(
                Finding::new(RULE.id, [id])
                    .measured(None)
                    .says(
                        message!("{} waited for the slowest of {} shards", name(id), n),
                        message!(
                            "A read takes {} on one shard, and took {} on average when all shards had to respond.",
                            ms(own),
                            ms(whole).of(field::node(id, "response_ms.mean"))
                        ),
                        "Shard by what the requests query.",
                    )
                    .endangers(missed),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, fault, found, lint, read, run};

    fn design(leaves: usize, time: &str) -> design::Design {
        let nodes: Vec<String> = (0..leaves).map(|at| format!(r#"{{"id": "leaf-{at}", "kind": "service", "concurrency": 50, "service_time": "{time}"}}"#)).collect();
        let links: Vec<String> = (0..leaves)
            .map(|at| {
                format!(r#"{{"from": "root", "to": "leaf-{at}", "stage": 0, "timeout": "5s"}}"#)
            })
            .collect();
        read(&format!(
            r#"{{"nodes": [{{"id": "users", "kind": "client", "arrivals": {{"poisson": "20/s"}}}},
            {{"id": "root", "kind": "service", "concurrency": 100, "service_time": "1ms"}}, {}],
            "links": [{{"from": "users", "to": "root"}}, {}], "requirements": [{{"metric": "latency_p90", "at_most": "100ms"}}]}}"#,
            nodes.join(","),
            links.join(",")
        ))
    }

    #[test]
    fn forty_leaves_with_a_tail_are_told_and_without_one_are_not() {
        let faulty = design(40, "hyperexp(0.98:5ms,0.02:200ms)");
        assert!(lint("fan-out-tail", &faulty)[0].why.contains("33.1%"));
        let finding = &found("fan-out-tail", &faulty, &run(&faulty))[0];
        assert!(finding.measured, "{finding:?}");
        let even = design(40, "uniform(4ms,6ms)");
        assert!(
            found("fan-out-tail", &even, &run(&even))
                .iter()
                .all(|f| !f.measured)
        );
        assert!(lint("fan-out-tail", &design(5, "5ms")).is_empty());
    }

    #[test]
    fn the_p99_of_a_leaf_is_that_of_the_leaf_in_the_middle() {
        // A slow call in a hundred: the p99 of each leaf falls on either side of the step at
        // random.
        let faulty = design(40, "hyperexp(0.99:5ms,0.01:800ms)");
        let report = run(&faulty);
        let finding = &found("fan-out-tail", &faulty, &report)[0];
        assert!(
            finding.measured && finding.why.contains("33.1% of the requests are slow"),
            "{finding:?}"
        );
        let mut p99s: Vec<f64> = (0..40)
            .map(|at| {
                report.links[&format!("root->leaf-{at}")]
                    .latency_ms
                    .p99
                    .unwrap()
            })
            .collect();
        p99s.sort_by(f64::total_cmp);
        let said = format!("{} at the 99th percentile", text::duration(p99s[20] / 1e3));
        assert!(
            p99s[20] < 60.0 && finding.why.contains(&said),
            "{finding:?}"
        );
        // A caller that waits for timeouts does not wait for a tail.
        let mut near = design(40, "uniform(4ms,6ms)");
        near.faults.push(fault(
            r#"{"at": "10s", "for": "40s", "kind": "hang", "target": "leaf-7"}"#,
        ));
        assert!(
            found("fan-out-tail", &near, &run(&near))
                .iter()
                .all(|f| !f.measured)
        );
    }
}
