//! One client whose load slows down the others.

use super::{Explanation, Rule, nothing, shared_database};
use crate::facts::field;
use crate::facts::{Facts, Span};
use crate::remedies;
use design::{Kind, Metric, Node};
use report::{Finding, Fold, Message, Remedy, message, moment, name, rate};
use sim::Report;

/// Least increase of the load from the client that causes it, and least slowdown of another client.
const MORE: f64 = 2.0;
const SLOWER: f64 = 2.0;

pub(super) const RULE: Rule = Rule {
    id: "noisy-neighbour",
    title: "Noisy neighbor",
    structural: nothing,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "Clients that share a service share its slots and its queue. When one client sends many \
        times its usual load, the requests of the others wait in the queue that it fills.",
    evidence: "Measured: a service or database that clients share was saturated. During that time, \
        one client sent at least twice as much as before. Another client, whose load grew by \
        at most 30%, was served at half the speed or failed.",
    silent: "A rise of all clients. A shared node with headroom. A limit that rejects only the \
        client that exceeds it.",
    fixes: "Use a rate limit per client, fair queues, or cells. The cost: requests above the limit \
        are rejected at a peak.",
};

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let Some(series) = facts.series.as_ref() else {
        return Vec::new();
    };
    let clients: Vec<&Node> = facts.clients().map(|(node, _)| node).collect();
    if clients.len() < 2 || !facts.is_hurt() && report.requests.failed.is_empty() {
        return Vec::new();
    }
    let nodes = facts.design.nodes.iter();
    let is_shared = |node: &&Node| matches!(node.kind, Kind::Service(_) | Kind::Database(_));
    for shared in nodes.filter(is_shared) {
        let spans = series.saturated(&shared.id);
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
            continue;
        };
        let above = facts.graph.reached_by(&shared.id);
        let users: Vec<&Node> = clients
            .iter()
            .copied()
            .filter(|node| above.contains(node.id.as_str()))
            .collect();
        let (from_s, until_s) = (first.from_s, last.until_s);
        let span = Span { from_s, until_s };
        let change = |node: &Node| -> Option<(f64, f64)> {
            let windows = series.node(&node.id)?;
            let before = series.mean(&windows.arrivals_per_s, windows.width_s, series.calm);
            let during = series.mean(&windows.arrivals_per_s, windows.width_s, span);
            Some((before, during))
        };
        let culprit = users.iter().filter_map(|node| {
            let (before, during) = change(node)?;
            (during >= MORE * before && during > before + 5.0).then_some((*node, before, during))
        });
        let Some((culprit, before, during)) =
            culprit.max_by(|a, b| (a.2 - a.1).total_cmp(&(b.2 - b.1)))
        else {
            continue;
        };
        let victim = users.iter().filter_map(|node| {
            let (before, during) = change(node)?;
            let slower = shared_database::slowdown(facts, &node.id, span);
            let is_steady = during <= 1.3 * before + 1.0;
            (node.id != culprit.id && is_steady && slower >= SLOWER).then_some((*node, slower))
        });
        let Some((victim, _)) = victim.max_by(|a, b| a.1.total_cmp(&b.1)) else {
            continue;
        };
        let at = |span| field::node_over(&culprit.id, "arrivals_per_s", Fold::Mean, span);
        let subjects = [&shared.id, &culprit.id, &victim.id].map(String::clone);
        return vec![
            Finding::new(RULE.id, subjects)
            .measured(Some(span.from_s))
            .says(
                saturated(&culprit.id, &shared.id, &victim.id, span),
                message!(
                    "{} sent requests at {}, up from {}. {}, whose load changed little, {}.",
                    name(&culprit.id),
                    rate(during).of(at(span)),
                    rate(before).of(at(series.calm)),
                    name(&victim.id),
                    shared_database::suffered(facts, &victim.id, span)
                ),
                "Give each client its own share: a rate limit per client, fair queues, or cells.",
            )
            .endangers(facts.missed(&[Metric::LatencyP99]).unwrap_or(facts.felt()))
            .fixed_by(limit(shared, during, before)),
        ];
    }
    Vec::new()
}

/// Returns the title of a finding about load from one node that slowed another down.
pub(super) fn saturated(culprit: &str, shared: &str, victim: &str, span: Span) -> Message {
    message!(
        "Load from {} saturated {} from {} on and slowed {} down",
        name(culprit),
        name(shared),
        moment(span.from_s),
        name(victim)
    )
}

fn limit(shared: &Node, during: f64, before: f64) -> Vec<Remedy> {
    let Kind::Service(service) = &shared.kind else {
        return Vec::new();
    };
    if service.rate_limit.is_some() {
        return Vec::new();
    }
    let most = (2.0 * before).clamp(1.0, during.max(1.0));
    let limit = remedies::map(&[
        (
            "rate",
            design::Value::text(format!("{}/s", libm::ceil(most))),
        ),
        ("burst", remedies::number(libm::ceil(most).max(10.0))),
        ("scope", design::Value::text("service")),
        ("per", design::Value::text("key")),
    ]);
    vec![Remedy::new(
        message!(
            "Limit each key to {} at {}",
            rate(libm::ceil(most)),
            name(&shared.id)
        ),
        "Requests beyond the limit are rejected even when there is free capacity.",
        vec![remedies::node(&shared.id, "rate_limit", limit)],
    )]
}

#[cfg(test)]
mod tests {
    use crate::testing::{found, read, run};

    fn design(times: f64) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "customers", "kind": "client", "arrivals": {{"poisson": "100/s"}}, "patience": "5s"}},
            {{"id": "importer", "kind": "client", "arrivals": {{"poisson": "20/s"}}, "profile": [{{"at": "20s", "times": {times}}}], "patience": "5s"}},
            {{"id": "api", "kind": "service", "concurrency": 6, "queue": {{"capacity": 200}}, "service_time": "exp(20ms)"}}],
            "links": [{{"from": "customers", "to": "api"}}, {{"from": "importer", "to": "api"}}], "warmup": "2s"}}"#
        ))
    }

    #[test]
    fn a_client_that_asks_for_twenty_times_as_much_is_named_with_its_victim() {
        let faulty = design(20.0);
        let finding = &found("noisy-neighbour", &faulty, &run(&faulty))[0];
        assert_eq!(finding.subjects, ["api", "importer", "customers"]);
        let near = design(3.0);
        assert!(found("noisy-neighbour", &near, &run(&near)).is_empty());
    }
}
