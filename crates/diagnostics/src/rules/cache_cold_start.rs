//! An origin that cannot serve the load while its cache is cold.

use super::{Explanation, Rule};
use crate::facts::field;
use crate::facts::{Facts, Series, Span};
use crate::remedies;
use design::kinds::Kind;
use design::link::{Condition, Mode};
use design::{FaultKind, Metric, Value};
use report::{Finding, Fold, Message, Remedy, Severity, figure, message, moment, name, rate};
use sim::Report;

/// Load without the cache, as a share of the origin's capacity, that the origin cannot serve.
const TOO_MUCH: f64 = 1.0;
/// Least time that an origin is saturated after its cache was lost, in seconds, for a finding.
const COLD_S: f64 = 5.0;

pub(super) const RULE: Rule = Rule {
    id: "cache-cold-start",
    title: "Cold cache overloads its origin",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "The origin behind a cache can serve the misses but not the whole load. When the cache \
        is flushed or down, the whole load reaches the origin. The origin slows down, loads time \
        out, and the cache never warms up.",
    evidence: "Structural: the load exceeds the capacity of the origin without the cache, and not \
        with it (a note; the capacity follows from Little's law). Measured: an origin was \
        saturated for at least 5 s after its cache was flushed, down or cold, while users were \
        affected.",
    silent: "An origin that can serve the whole load. An origin that was saturated before the \
        cache was lost. A dip that is over within 5 s.",
    fixes: "Warm the cache before it serves, coalesce loads (single-flight), limit the load on the \
        origin, or give it spare capacity. The cost: memory, waiting time or machines.",
};

/// Returns the caches, each with the nodes whose work it saves.
pub(super) fn origins<'a>(facts: &Facts<'a>) -> Vec<(&'a str, Vec<&'a str>)> {
    let each = facts.caches().map(|(cache, _)| {
        let behind = facts.calls_from(&cache.id).map(|link| link.to.as_str());
        let mut origins: Vec<&str> = behind.collect();
        for link in facts
            .graph
            .inward(&cache.id)
            .iter()
            .filter(|link| link.mode == Mode::Call)
        {
            let others = facts.graph.out(&link.from).iter();
            let loads = others.filter(|other| other.when.0.contains(&Condition::OnMiss));
            origins.extend(loads.map(|other| other.to.as_str()));
        }
        // Further caches and load balancers on the way are passed through.
        let mut work = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        while let Some(id) = origins.pop() {
            let Some(node) = facts
                .graph
                .node(id)
                .filter(|node| seen.insert(node.id.as_str()))
            else {
                continue;
            };
            match node.kind {
                Kind::Service(_) | Kind::LoadBalancer(_) | Kind::Cache(_) => {
                    origins.extend(facts.calls_from(id).map(|link| link.to.as_str()));
                    if matches!(node.kind, Kind::Service(_)) {
                        work.push(id_of(node));
                    }
                }
                Kind::Database(_) => work.push(id_of(node)),
                Kind::Client(_) | Kind::Queue(_) | Kind::Coordinator(_) => {}
            }
        }
        (cache.id.as_str(), work)
    });
    each.collect()
}

fn id_of(node: &design::Node) -> &str {
    &node.id
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (cache, origins) in origins(facts) {
        for origin in origins {
            let capacity = facts.cold.capacity(&facts.graph, origin);
            let cold = facts.cold.node(&facts.graph, origin);
            let warm = facts.flow.node(&facts.graph, origin);
            let (is, was) = (
                cold / capacity,
                warm / facts.flow.capacity(&facts.graph, origin),
            );
            if is >= TOO_MUCH && was < TOO_MUCH {
                found.push(
                    Finding::new(RULE.id, [cache, origin])
                        .says(
                            message!("{} cannot serve the load without {}", name(origin), name(cache)),
                            message!("While {} is empty, calls arrive at {}, which is {} times the {} that it can serve. With the hits of the cache, they arrive at {}.", name(cache), rate(cold), figure(is), rate(capacity), rate(warm)),
                            "Plan how the cache warms up: a warm start, single-flight, and a limit on the load of the origin.",
                        )
                        .endangers(Metric::Availability)
                        .fixed_by(fixes(facts, cache, origin)),
                );
                break;
            }
        }
    }
    found
}

fn fixes(facts: &Facts<'_>, cache: &str, origin: &str) -> Vec<Remedy> {
    let mut fixes = vec![Remedy::new(
        message!(
            "Coalesce concurrent loads of a key (single-flight) in {}",
            name(cache)
        ),
        "Misses wait for the load of another request, and fail if it fails.",
        vec![remedies::node(cache, "single_flight", Value::Bool(true))],
    )];
    fixes.extend(remedies::shed(facts.design, origin));
    let callers = facts.callers(origin);
    fixes.extend(
        callers
            .iter()
            .filter_map(|node| remedies::shed(facts.design, &node.id))
            .take(1),
    );
    fixes
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let Some(series) = facts.series.as_ref().filter(|_| facts.is_hurt()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (cache, origins) in origins(facts) {
        let lost = facts.faults_on(&[cache]).filter(|fault| {
            matches!(
                fault.kind,
                FaultKind::CacheFlush | FaultKind::CacheOutage | FaultKind::Crash | FaultKind::Hang
            )
        });
        let mut lost: Vec<(f64, String)> = lost
            .map(|fault| (fault.at.as_s(), said(fault.kind).to_owned()))
            .collect();
        if let Some(from) = cold_from(facts, cache) {
            lost.push((from, "was cold".to_owned()));
        }
        let struck = lost.iter().find_map(|(at, what)| {
            let after = |id: &str| -> Option<Span> {
                let mut spans = series.saturated(id).iter().copied();
                spans.find(|span| {
                    span.from_s >= at - 1.5 && span.from_s <= at + 20.0 && span.s() >= COLD_S
                })
            };
            let (origin, span) = origins.iter().find_map(|id| Some((*id, after(id)?)))?;
            // Where the origin can serve the whole load, the cache cannot be the cause.
            let is_felt = series
                .losses
                .iter()
                .any(|loss| loss.until_s > *at && loss.from_s <= span.until_s)
                || facts.missed_by_users().is_some();
            is_felt.then(|| (*at, what.clone(), origin, span))
        });
        let Some((at, what, origin, span)) = struck else {
            continue;
        };
        let stuck = match &report.metastable {
            Some(stuck) => message!(
                " Goodput stayed at {}, down from {}, although the trigger was over.",
                rate(stuck.goodput_per_s).of(field::of("metastable.goodput_per_s")),
                rate(stuck.goodput_before_per_s).of(field::of("metastable.goodput_before_per_s"))
            ),
            None => Message::new(),
        };
        let demand = demand(series, origin, span, at);
        let mut finding = Finding::new(RULE.id, [cache, origin])
            .measured(Some(at))
            .says(
                message!("{} was overloaded when {} {} at {}", name(origin), name(cache), what, moment(at)),
                message!("It was saturated from {} to {}. {}{}", moment(span.from_s), moment(span.until_s), demand, stuck),
                "Warm the cache before it serves, coalesce loads of a key, and admit no more calls than the origin can serve.",
            )
            .endangers(facts.felt())
            .fixed_by(fixes(facts, cache, origin));
        if report.metastable.is_some() || facts.is_collapsed() {
            finding = finding.severity(Severity::Error);
        }
        found.push(finding);
    }
    found
}

/// Says how many calls an origin received and completed, and received before its cache was lost.
fn demand(series: &Series<'_>, origin: &str, span: Span, lost_s: f64) -> Message {
    let (came, went) = series.flow_of(origin, span);
    let usual = series.flow_of(origin, series.calm).0;
    let over = |series, span| field::node_over(origin, series, Fold::Mean, span);
    let before = match series.calm.until_s <= lost_s && usual > 0.0 {
        true => message!(
            ", up from {},",
            rate(usual).of(over("arrivals_per_s", series.calm))
        ),
        false => Message::new(),
    };
    message!(
        "In that time, calls arrived at {}{} and completed at {}.",
        rate(came).of(over("arrivals_per_s", span)),
        before,
        rate(went).of(over("completions_per_s", span))
    )
}

fn said(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::CacheFlush => "was flushed",
        FaultKind::CacheOutage => "went down",
        FaultKind::Crash => "crashed and came back empty",
        _ => "hung",
    }
}

/// Returns when a cache that started cold received its first calls: at 0 s, if there is no warm-up.
fn cold_from(facts: &Facts<'_>, cache: &str) -> Option<f64> {
    let Kind::Cache(kind) = &facts.graph.node(cache)?.kind else {
        return None;
    };
    let is_cold = kind.warm == 0.0 && kind.hit_ratio.is_none();
    let warmup = facts.report?.run.warmup_s;
    (is_cold && warmup < 1.0).then_some(0.0)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, fault, found, lint, read, run};

    fn design(rate: u32) -> design::Design {
        let mut design = read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "{rate}/s"}}, "operations": [{{"name": "get", "keys": {{"uniform": {{"n": 5000}}}}}}]}},
            {{"id": "api", "kind": "service", "replicas": 4, "concurrency": 100, "service_time": "1ms"}},
            {{"id": "cache", "kind": "cache", "ttl": null, "warm": 1.0}},
            {{"id": "db", "kind": "database", "concurrency": 4, "connections": 50, "read_time": "exp(20ms)"}}],
            "links": [{{"from": "users", "to": "api", "timeout": "2s"}}, {{"from": "api", "to": "cache"}},
                {{"from": "api", "to": "db", "when": "on_miss", "timeout": "200ms"}}], "warmup": "2s"}}"#
        ));
        design.faults.push(fault(
            r#"{"at": "20s", "kind": "cache_flush", "target": "cache"}"#,
        ));
        design
    }

    #[test]
    fn an_origin_that_needs_its_cache_is_noted_and_its_fall_is_told() {
        let faulty = design(800);
        assert_eq!(
            lint("cache-cold-start", &faulty)[0].subjects,
            ["cache", "db"]
        );
        let finding = &found("cache-cold-start", &faulty, &run(&faulty))[0];
        assert!(
            finding.measured
                && finding
                    .what
                    .contains("was overloaded when cache was flushed"),
            "{finding:?}"
        );
        let near = design(120);
        assert!(lint("cache-cold-start", &near).is_empty());
        assert!(found("cache-cold-start", &near, &run(&near)).is_empty());
    }
}
