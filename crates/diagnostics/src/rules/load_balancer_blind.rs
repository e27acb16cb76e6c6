//! Load balancers that do not see which replicas are unhealthy.

use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::kinds::load_balancer::{Algorithm, Depth, LoadBalancer};
use design::{Fault, FaultKind, Kind, Metric, Node, Value};
use report::{Field, Figure, Finding, Message, Remedy, message, name, percent, time, whole};
use sim::Report;

/// Least ratio of a replica's utilization to the median, with no fewer calls than its share.
const BUSIER: f64 = 1.5;
/// Least share of calls that failed, where replicas are unhealthy.
const FAILED: f64 = 0.002;

pub(super) const RULE: Rule = Rule {
    id: "load-balancer-blind",
    title: "Load balancing that ignores replica health",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "Round robin sends a slow or dead replica its full share of calls, so one of n replicas \
        fails one in n requests. Health checks that test shared dependencies do worse: when a \
        dependency is slow, they take all replicas out of service.",
    evidence: "Structural: several replicas are behind a load balancer without health checks and \
        without outlier ejection, under an algorithm that ignores load (a note). Or deep health \
        checks have a panic threshold below 30% (a note). Measured, under an algorithm that \
        ignores load: a replica was at least 1.5 times as busy as the median and still received \
        its share of calls. Or replicas failed and were still called, and at least 0.2% of the \
        calls failed. Measured, under an algorithm that considers load: replicas failed fast and \
        were still called, without health checks or ejection. Measured, with deep health checks: \
        at least 1% of the calls found no healthy replica, and fewer failed at the replicas \
        themselves.",
    silent: "Algorithms that consider load, where no replica fails fast. Outlier ejection. Health \
        checks that react within a few seconds.",
    fixes: "Use least outstanding requests or peak EWMA, outlier ejection with a limit, and \
        shallow health checks. The cost: a healthy replica may be ejected.",
};

fn is_load_blind(balancer: &LoadBalancer) -> bool {
    matches!(
        balancer.algorithm,
        Algorithm::RoundRobin | Algorithm::Random | Algorithm::Weighted | Algorithm::ConsistentHash
    )
}

/// Returns the load balancers with more than one replica behind them, each with its nodes.
pub(super) fn behind<'a>(facts: &Facts<'a>) -> Vec<(&'a Node, &'a LoadBalancer, Vec<&'a Node>)> {
    let each = facts.balancers().map(|(node, balancer)| {
        let nodes = facts
            .graph
            .out(&node.id)
            .iter()
            .filter_map(|link| facts.graph.node(&link.to));
        (node, balancer, nodes.collect::<Vec<_>>())
    });
    each.filter(|(_, _, nodes)| nodes.iter().map(|node| node.kind.replicas()).sum::<u32>() > 1)
        .collect()
}

fn fixes(node: &Node, balancer: &LoadBalancer) -> Vec<Remedy> {
    let mut fixes = Vec::new();
    if is_load_blind(balancer) {
        fixes.push(Remedy::new(
            message!(
                "Balance {} by least outstanding requests, and eject failing replicas",
                name(&node.id)
            ),
            "A replica that fails fast looks idle and attracts calls until it is ejected.",
            vec![
                remedies::node(&node.id, "algorithm", Value::text("least_outstanding")),
                remedies::node(
                    &node.id,
                    "outlier_ejection",
                    remedies::map(&[("max_ejected", remedies::number(0.5))]),
                ),
            ],
        ));
    }
    if balancer.outlier_ejection.is_none() {
        fixes.push(Remedy::new(
            "Eject a replica after five consecutive errors",
            "A healthy replica may be ejected for 30 s because of random errors.",
            vec![remedies::node(
                &node.id,
                "outlier_ejection",
                remedies::map(&[("max_ejected", remedies::number(0.5))]),
            )],
        ));
    }
    fixes
}

fn shallow(node: &Node) -> Remedy {
    Remedy::new(
        "Use health checks that test only the replica itself",
        "A replica that cannot reach its dependencies stays in service.",
        vec![
            remedies::node(&node.id, "health_check.depth", Value::text("http")),
            remedies::node(&node.id, "panic_threshold", remedies::number(0.5)),
        ],
    )
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, balancer, _) in behind(facts) {
        let is_deep = balancer
            .health_check
            .as_ref()
            .is_some_and(|check| check.depth == Depth::Deep);
        if balancer.health_check.is_none()
            && balancer.outlier_ejection.is_none()
            && is_load_blind(balancer)
        {
            found.push(
                Finding::new(RULE.id, [node.id.clone()])
                    .says(
                        message!("{} sends every replica its share of calls, healthy or not", name(&node.id)),
                        "It has no health checks and no outlier ejection, and its algorithm ignores load. A slow or dead replica keeps its share of the calls.",
                        "Add health checks and outlier ejection first, then least-outstanding balancing. On its own, least-outstanding sends most calls to the replica that fails fastest.",
                    )
                    .endangers(Metric::LatencyP99)
                    .fixed_by(fixes(node, balancer)),
            );
        } else if is_deep && balancer.panic_threshold < 0.3 {
            found.push(
                Finding::new(RULE.id, [node.id.clone()])
                    .says(
                        message!("The health checks of {} can take every replica out of service together", name(&node.id)),
                        "They test dependencies that the replicas share. When one of these is slow, all replicas look unhealthy although none is.",
                        "Check only the replica itself, and ignore health when most replicas look unhealthy (panic threshold).",
                    )
                    .endangers(Metric::Availability)
                    .fixed_by([shallow(node)]),
            );
        }
    }
    found
}

/// A fault that affects some of the replicas behind a load balancer, but not all.
pub(super) struct Sick<'f> {
    pub fault: &'f Fault,
    /// The first node with such a replica.
    pub node: &'f Node,
    /// All such replicas.
    replicas: Vec<(&'f str, u32)>,
}

impl Sick<'_> {
    /// "1 of 3 replicas".
    pub(super) fn of(&self, all: usize) -> Message {
        message!("{} of {} replicas", self.replicas.len(), all)
    }

    /// Returns whether they fail calls immediately.
    fn fails_fast(&self) -> bool {
        matches!(
            self.fault.kind,
            FaultKind::Crash | FaultKind::ErrorRate | FaultKind::GrayFailure
        )
    }
}

/// Returns the first such fault of a node, of one of its replicas, or of the zone of some of them.
pub(super) fn sick<'f>(
    facts: &'f Facts<'_>,
    balancer: &Node,
    nodes: &[&'f Node],
    kinds: &[FaultKind],
) -> Option<Sick<'f>> {
    let all: u32 = nodes.iter().map(|node| node.kind.replicas()).sum();
    let faults =
        facts.design.faults.iter().filter(|fault| {
            kinds.contains(&fault.kind) && fault.at < facts.design.settings.duration
        });
    let mut sick = faults.filter_map(|fault| {
        let hit = |node: &Node, replica: u32| match fault.kind {
            FaultKind::Partition => is_cut(facts, fault, balancer, node, replica),
            _ => is_hit(facts, fault, node, replica),
        };
        let replicas = nodes.iter().flat_map(|node| {
            (0..node.kind.replicas())
                .filter(|at| hit(node, *at))
                .map(|at| (*node, at))
        });
        let replicas: Vec<(&Node, u32)> = replicas.collect();
        let node = replicas
            .first()
            .filter(|_| (replicas.len() as u32) < all)?
            .0;
        let replicas = replicas
            .iter()
            .map(|(node, at)| (node.id.as_str(), *at))
            .collect();
        Some(Sick {
            fault,
            node,
            replicas,
        })
    });
    sick.next()
}

fn is_hit(facts: &Facts<'_>, fault: &Fault, node: &Node, replica: u32) -> bool {
    let is_there = match facts.graph.node(&fault.target) {
        Some(target) => target.id == node.id,
        None => node.deployment.zone_of(replica) == Some(fault.target.as_str()),
    };
    is_there
        && fault.replica.is_none_or(|hit| hit == replica)
        && fault.kind.targets().contains(&node.kind.name())
}

/// Returns whether a partition is between a load balancer and a replica: their zones, the nodes
/// themselves, or the link.
fn is_cut(facts: &Facts<'_>, fault: &Fault, balancer: &Node, node: &Node, replica: u32) -> bool {
    let is_between = |a: &str, b: &str| {
        let is_from = |end: &str, other: &str| {
            fault.target == end && fault.to.as_deref().is_none_or(|to| to == other)
        };
        a != b && (is_from(a, b) || is_from(b, a))
    };
    let zones = balancer
        .deployment
        .zone_of(0)
        .zip(node.deployment.zone_of(replica));
    let mut links = facts
        .graph
        .out(&balancer.id)
        .iter()
        .filter(|link| link.to == node.id);
    zones.is_some_and(|(a, b)| is_between(a, b))
        || is_between(&balancer.id, &node.id)
        || links.any(|link| link.id == fault.target)
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
        let kinds = [
            FaultKind::Slowdown,
            FaultKind::Crash,
            FaultKind::Hang,
            FaultKind::ErrorRate,
            FaultKind::GcPauses,
            FaultKind::GrayFailure,
            FaultKind::Partition,
        ];
        let sick = sick(facts, node, &nodes, &kinds);
        let fault = sick.as_ref().map(|sick| sick.fault);
        let replicas: Vec<((&str, usize), f64, f64)> = nodes
            .iter()
            .filter_map(|node| Some((node, report.nodes.get(&node.id)?)))
            .flat_map(|(node, figures)| {
                let each = figures.replicas.iter().enumerate();
                each.map(|(at, replica)| {
                    (
                        (node.id.as_str(), at),
                        replica.arrivals as f64,
                        replica.utilization.unwrap_or(0.0),
                    )
                })
            })
            .collect();
        let mut busy: Vec<f64> = replicas.iter().map(|(_, _, busy)| *busy).collect();
        busy.sort_by(f64::total_cmp);
        let median = busy
            .get((busy.len().max(1) - 1) / 2)
            .copied()
            .unwrap_or(0.0);
        let mean =
            replicas.iter().map(|(_, calls, _)| calls).sum::<f64>() / replicas.len().max(1) as f64;
        let worst = replicas.iter().max_by(|a, b| a.2.total_cmp(&b.2));
        let uneven = worst.filter(|((id, at), calls, busy)| {
            let is_told = sick
                .as_ref()
                .is_none_or(|sick| sick.replicas.contains(&(id, *at as u32)));
            is_told && *busy >= BUSIER * median.max(0.01) && *busy >= 0.15 && *calls >= 0.8 * mean
        });
        // As the load balancer saw it: a replica that is down does not count refused calls.
        let links = facts
            .graph
            .out(&node.id)
            .iter()
            .filter_map(|link| report.links.get(&link.id));
        let (calls, failed) = links.fold((0, 0), |(calls, failed), link| {
            (
                calls + link.attempts,
                failed + link.failures.values().sum::<u64>(),
            )
        });
        let share = failed as f64 / calls.max(1) as f64;
        let out = facts
            .graph
            .out(&node.id)
            .iter()
            .map(|link| link.id.as_str());
        let out: Vec<&str> = out.filter(|id| report.links.contains_key(*id)).collect();
        let failures = out.iter().map(|id| field::link_failures(id)).collect();
        let attempts_of = field::links(out, "attempts");
        let share_of = Field::Sum(failures).over(attempts_of.clone());
        let is_called = fault.is_some() && share >= FAILED && balancer.outlier_ejection.is_none();
        let is_blind = is_load_blind(balancer);
        if let Some(sick) = sick.as_ref().filter(|sick| {
            !is_blind && is_called && sick.fails_fast() && balancer.health_check.is_none()
        }) {
            let share = percent(share).of(share_of.clone());
            found.push(drawn_in(facts, node, balancer, sick, replicas.len(), share));
        }
        if !is_blind || uneven.is_none() && !is_called || is_even(&nodes, fault) {
            continue;
        }
        let subject = sick
            .as_ref()
            .map(|sick| sick.node.id.clone())
            .or(uneven.map(|((id, _), ..)| (*id).to_owned()));
        let path = |at: usize, name: &str| format!("replicas.{at}.{name}");
        let middle = replicas.iter().find(|(_, _, busy)| *busy == median);
        let middle = middle.map(|((id, at), ..)| field::node(id, &path(*at, "utilization")));
        let taken_of = |id: &str, at: usize| {
            let each = replicas.iter();
            let each = each.map(|((id, at), ..)| field::node(id, &path(*at, "arrivals")));
            let all = vec![Field::Sum(each.collect()), attempts_of.clone()];
            field::node(id, &path(at, "arrivals")).over(Field::Max(all))
        };
        let why = match uneven {
            Some(((id, at), taken, busy)) => message!(
                "{}#{} received {} of the calls and was {} busy. The median replica was {} busy.",
                name(id),
                at.to_string(),
                percent(taken / (mean * replicas.len() as f64).max(calls as f64))
                    .of(taken_of(id, *at)),
                percent(*busy).of(field::node(id, &format!("replicas.{at}.utilization"))),
                percent(median).maybe_of(middle)
            ),
            None => {
                let some = sick
                    .as_ref()
                    .map_or(Message::new(), |sick| sick.of(replicas.len()));
                message!("{} received a full share of the calls while failing.", some)
            }
        };
        let check = checks(balancer);
        found.push(
            Finding::new(RULE.id, std::iter::once(node.id.clone()).chain(subject))
                .measured(
                    fault
                        .map(|fault| fault.at.as_s())
                        .or(facts.series.as_ref().and_then(|series| series.first_loss())),
                )
                .says(
                    kept_sending(
                        &node.id,
                        uneven.map(|of| &of.0),
                        percent(share).of(share_of),
                    ),
                    message!("{}{}", why, check),
                    "Balance by least outstanding requests, and eject failing replicas.",
                )
                .endangers(facts.felt())
                .fixed_by(fixes(node, balancer)),
        );
    }
    found
}

fn checks(balancer: &LoadBalancer) -> Message {
    match &balancer.health_check {
        None => " There are no health checks.".into(),
        Some(check) => message!(
            " A health check takes a replica out of service only after {} failures, {} apart.",
            check.unhealthy_after,
            check.interval
        ),
    }
}

/// Says what a load balancer kept doing: it sent calls to a replica that could not keep up, or to
/// replicas that failed.
fn kept_sending(id: &str, uneven: Option<&(&str, usize)>, failed: Figure) -> Message {
    match uneven {
        Some((replica, at)) => message!(
            "{} sent {}#{} its full share of calls although it could not keep up",
            name(id),
            name(replica),
            at.to_string()
        ),
        None => message!(
            "{} kept sending calls to replicas that failed, and {} of its calls failed",
            name(id),
            failed
        ),
    }
}

/// Returns the finding about replicas that fail fast and so look idle to their load balancer.
fn drawn_in(
    facts: &Facts<'_>,
    node: &Node,
    balancer: &LoadBalancer,
    sick: &Sick<'_>,
    replicas: usize,
    share: Figure,
) -> Finding {
    Finding::new(RULE.id, [node.id.clone(), sick.node.id.clone()])
        .measured(Some(sick.fault.at.as_s()))
        .says(
            message!("{} preferred replicas that failed fast, and {} of its calls failed", name(&node.id), share),
            message!(
                "{} failed calls immediately and so looked least loaded. There are no health checks and no outlier ejection.",
                sick.of(replicas)
            ),
            "Add health checks and outlier ejection.",
        )
        .endangers(facts.felt())
        .fixed_by(fixes(node, balancer))
}

/// Returns whether all replicas are equally affected.
fn is_even(nodes: &[&Node], fault: Option<&Fault>) -> bool {
    let slots: Vec<f64> = nodes
        .iter()
        .filter_map(|node| match &node.kind {
            Kind::Service(service) => Some(service.service_time.mean_s().unwrap_or(0.0)),
            _ => None,
        })
        .collect();
    let unequal = slots
        .iter()
        .any(|time| *time > 1.5 * slots[0] || *time < slots[0] / 1.5);
    fault.is_none() && !unequal
}

/// Returns the finding about deep health checks that took replicas out although these served calls.
fn all_out(
    facts: &Facts<'_>,
    report: &Report,
    node: &Node,
    balancer: &LoadBalancer,
    nodes: &[&Node],
) -> Option<Finding> {
    let check = balancer
        .health_check
        .as_ref()
        .filter(|check| check.depth == Depth::Deep)?;
    let figures = report.nodes.get(&node.id)?;
    let out = figures.out_of_service.as_ref();
    let out = out.filter(|out| out.failed_checks > 0 || out.none_healthy_s > 0.0)?;
    let cause = match figures.failures.contains_key("unavailable") {
        true => "unavailable",
        false => "refused",
    };
    let unavailable = figures.failures.get(cause).copied().unwrap_or(0);
    if (unavailable as f64) < 0.01 * figures.arrivals as f64 || unavailable < 20 {
        return None;
    }
    let own: u64 = nodes
        .iter()
        .filter_map(|node| report.nodes.get(&node.id)?.failures.get("error"))
        .sum();
    if own >= unavailable {
        return None;
    }
    let failing = nodes.iter().filter(|node| {
        let counts = report.nodes.get(&node.id);
        counts.is_some_and(|counts| counts.failures.contains_key("error"))
    });
    let own_of = field::nodes(failing.map(|node| node.id.as_str()), "failures.error");
    let onset = facts.series.as_ref().and_then(|series| series.first_loss());
    let for_how_long = match out.none_healthy_s {
        0.0 => Message::new(),
        s => message!(
            " No replica was healthy for {}.",
            time(s).of(field::node(&node.id, "out_of_service.none_healthy_s"))
        ),
    };
    Some(
        Finding::new(RULE.id, [node.id.clone()])
            .measured(onset)
            .says(
                message!("The health checks of {} took every replica out of service", name(&node.id)),
                message!("{} calls found no healthy replica, while {} failed at the replicas themselves.{} A health check fails after {}, so it also fails when a dependency that the replicas share is slow.", whole(unavailable as f64).of(field::node(&node.id, &format!("failures.{cause}"))), whole(own as f64).of(own_of), for_how_long, check.timeout),
                "Check only the replica itself, and ignore health when most replicas look unhealthy (panic threshold).",
            )
            .endangers(facts.felt())
            .fixed_by([shallow(node)]),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, fault, found, lint, read, run};

    fn design(algorithm: &str) -> design::Design {
        let mut design = read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "100/s"}}, "patience": "2s"}},
            {{"id": "lb", "kind": "load_balancer", "algorithm": "{algorithm}"}},
            {{"id": "api", "kind": "service", "replicas": 4, "concurrency": 4, "service_time": "exp(20ms)"}}],
            "links": [{{"from": "users", "to": "lb"}}, {{"from": "lb", "to": "api", "timeout": "1s"}}], "warmup": "5s"}}"#
        ));
        design.faults.push(fault(r#"{"at": "20s", "for": "30s", "kind": "slowdown", "target": "api", "replica": 1, "times": 20}"#));
        design
    }

    #[test]
    fn round_robin_feeds_a_slow_replica_and_least_outstanding_does_not() {
        let faulty = design("round_robin");
        assert!(
            lint("load-balancer-blind", &faulty)[0]
                .what
                .contains("healthy or not")
        );
        let finding = &found("load-balancer-blind", &faulty, &run(&faulty))[0];
        assert!(
            finding.measured && finding.subjects == ["lb", "api"],
            "{finding:?}"
        );
        let fixed = design("least_outstanding");
        assert!(found("load-balancer-blind", &fixed, &run(&fixed)).is_empty());
        let mut near = faulty.clone();
        near.faults.clear();
        assert!(
            found("load-balancer-blind", &near, &run(&near))
                .iter()
                .all(|f| !f.measured)
        );
    }

    /// A replica in each of three zones, called from zone a, and a fault of zone b.
    fn in_zones(lb: &str, fault_of_b: &str) -> design::Design {
        let mut design = read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"constant": "100/s"}}}},
            {{"id": "lb", "kind": "load_balancer", "zone": "a"{lb}}},
            {{"id": "app", "kind": "service", "replicas": 3, "zones": ["a", "b", "c"], "concurrency": 8, "service_time": "exp(20ms)"}}],
            "links": [{{"from": "users", "to": "lb"}}, {{"from": "lb", "to": "app", "timeout": "1s"}}], "warmup": "5s"}}"#
        ));
        design.faults.push(fault(&format!(
            r#"{{"at": "20s", "for": "30s", {fault_of_b}}}"#
        )));
        design
    }

    #[test]
    fn a_fault_of_a_zone_is_one_of_the_replicas_there() {
        for of_b in [
            r#""kind": "crash", "target": "b""#,
            r#""kind": "partition", "target": "b""#,
            r#""kind": "partition", "target": "a", "to": "b""#,
        ] {
            let faulty = in_zones("", of_b);
            let report = run(&faulty);
            let finding = &found("load-balancer-blind", &faulty, &report)[0];
            assert!(
                finding.measured && finding.subjects == ["lb", "app"],
                "{finding:?}"
            );
            // Of all calls, including those that were refused.
            let link = &report.links["lb->app"];
            let share = link.failures.values().sum::<u64>() as f64 / link.attempts as f64;
            let said = format!("and {} of its calls failed", text::percent(share));
            assert!(finding.what.contains(&said), "{finding:?}");
            let said = "1 of 3 replicas received a full share of the calls while failing.";
            assert!(finding.why.starts_with(said), "{finding:?}");
        }
        let near = in_zones(
            r#", "outlier_ejection": {}"#,
            r#""kind": "crash", "target": "b""#,
        );
        assert!(
            found("load-balancer-blind", &near, &run(&near))
                .iter()
                .all(|f| !f.measured)
        );
    }

    #[test]
    fn a_zone_with_all_replicas_or_none_makes_no_part_of_them_sick() {
        for zones in [["b", "b"], ["a", "c"]] {
            let mut design = in_zones("", r#""kind": "crash", "target": "b""#);
            design.nodes[2].deployment.zones = zones.map(str::to_owned).to_vec();
            let facts = crate::Facts::new(&design, None);
            let (node, _, nodes) = super::behind(&facts).remove(0);
            assert!(super::sick(&facts, node, &nodes, &[design::FaultKind::Crash]).is_none());
        }
    }

    #[test]
    fn deep_checks_that_take_all_replicas_out_say_for_how_long() {
        let deep = |panic: f64| {
            let mut design = read(&format!(
                r#"{{"nodes": [
                {{"id": "users", "kind": "client", "arrivals": {{"constant": "100/s"}}}},
                {{"id": "lb", "kind": "load_balancer", "panic_threshold": {panic},
                    "health_check": {{"depth": "deep", "interval": "1s", "timeout": "100ms"}}}},
                {{"id": "app", "kind": "service", "replicas": 3, "service_time": "2ms"}},
                {{"id": "ads", "kind": "service", "service_time": "5ms"}}],
                "links": [{{"from": "users", "to": "lb"}}, {{"from": "lb", "to": "app"}},
                    {{"from": "app", "to": "ads", "when": "writes", "timeout": "50ms"}}],
                "warmup": "5s", "duration": "60s"}}"#
            ));
            design.faults.push(fault(
                r#"{"at": "20s", "for": "20s", "kind": "crash", "target": "ads"}"#,
            ));
            let report = run(&design);
            (found("load-balancer-blind", &design, &report), report)
        };
        let (findings, report) = deep(0.0);
        let why = findings[0].why.text();
        let out = report.nodes["lb"].out_of_service.as_ref().unwrap();
        let said = format!(
            "No replica was healthy for {}.",
            text::duration(out.none_healthy_s)
        );
        assert!(why.contains(&said), "{why}");
        assert!((15.0..25.0).contains(&out.none_healthy_s), "{out:?}");
        // In panic mode, calls go to all replicas.
        let (findings, report) = deep(0.5);
        let out = report.nodes["lb"].out_of_service.as_ref().unwrap();
        assert!(out.panic_s > 15.0 && out.none_healthy_s == 0.0, "{out:?}");
        assert!(findings.iter().all(|f| !f.measured), "{findings:?}");
    }

    #[test]
    fn a_replica_that_fails_fast_looks_idle_and_ejection_sees_it() {
        let crash = r#""kind": "crash", "target": "b""#;
        for algorithm in ["least_outstanding", "power_of_two", "peak_ewma"] {
            let lb = format!(r#", "algorithm": "{algorithm}""#);
            let faulty = in_zones(&lb, crash);
            let finding = &found("load-balancer-blind", &faulty, &run(&faulty))[0];
            assert!(
                finding.measured && finding.why.contains("and so looked least loaded"),
                "{finding:?}"
            );
            let mut fixed = faulty.clone();
            fixed.apply(finding.remedies[0].command()).unwrap();
            assert!(found("load-balancer-blind", &fixed, &run(&fixed)).is_empty());
            let checked = in_zones(
                &format!(r#"{lb}, "health_check": {{"interval": "1s"}}"#),
                crash,
            );
            assert!(found("load-balancer-blind", &checked, &run(&checked)).is_empty());
        }
        // A slow replica has more calls in flight, and so receives fewer.
        let near = in_zones(
            r#", "algorithm": "least_outstanding""#,
            r#""kind": "slowdown", "target": "b", "times": 5"#,
        );
        assert!(found("load-balancer-blind", &near, &run(&near)).is_empty());
    }
}
