//! Joins across services at run time, and writes to two stores at once.

use super::Rule;
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::link::{Condition, Mode};
use design::{Kind, Link, Metric};
use report::{
    Finding, Message, Severity, count_of, figure, link_name, list, message, name, percent, time,
    whole,
};
use sim::Report;

/// Calls to one callee for one request from which it is an N+1 query.
const CALLS: u32 = 10;
/// Share of a request's time that they take.
const SHARE: f64 = 0.3;

pub(super) const RULE: Rule = Rule {
    id: "data-ownership",
    title: "Data without an owner",
    means: "A service that does not own the data it needs reads it row by row, and writes it \
        store by store. The first makes a page of forty calls. The second leaves one store \
        written and the other not, whenever it fails in between.",
    evidence: "Structural: a node that writes to two or more databases that own their data, \
        without an outbox; a link that is called at least 10 times for one request (notes). \
        Measured: torn writes (an error: acknowledged or not, the stores disagree); at least 10 \
        calls that take 30% of the time of their caller, while a required latency is missed.",
    silent: "One write and an event (an outbox, change data capture); read models; batches.",
    mends: "An owned read model or a batch; an outbox or a saga: responses that are slightly old.",
    structural,
    measured,
};

/// Nodes that write to several stores, with the links they do it over.
fn dual_writers<'a>(facts: &Facts<'a>) -> Vec<(&'a str, Vec<&'a Link>)> {
    let owns = |link: &Link| {
        let ends = facts.graph.served_by(link);
        ends.iter().any(
            |node| matches!(&node.kind, Kind::Database(database) if database.copy_of.is_none()),
        )
    };
    let writes = |link: &Link| {
        let mut when = link.when.0.iter();
        when.any(|condition| {
            !matches!(
                condition,
                Condition::Reads | Condition::OnMiss | Condition::OnError
            )
        })
    };
    let each = facts.services().map(|(node, _)| {
        let links = facts
            .asks(&node.id)
            .filter(|link| owns(link) && writes(link));
        (node.id.as_str(), links.collect::<Vec<_>>())
    });
    each.filter(|(_, links)| {
        let first = links.first().map(|link| link.to.as_str());
        links.iter().any(|link| Some(link.to.as_str()) != first)
    })
    .filter(|(id, _)| facts.flow.writes(&facts.graph, id) > 0.0)
    .collect()
}

fn chatty<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Link> {
    let links = facts.design.links.iter();
    links.filter(|link| link.mode == Mode::Call && link.calls >= CALLS)
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, links) in dual_writers(facts) {
        let stores: Vec<&str> = links.iter().map(|link| link.to.as_str()).collect();
        found.push(
            Finding::new(RULE.id, std::iter::once(id.to_owned()).chain(links.iter().map(|link| link.id.clone())))
                .says(
                    message!("{} writes to {}, one after the other", name(id), list(&stores)),
                    "Nothing makes the writes atomic: a failure between them leaves one store written and the other not.",
                    "Write to one store, and update the other from its events (an outbox or change data capture).",
                )
                .endangers(Metric::TornWrites),
        );
    }
    for link in chatty(facts) {
        found.push(
            Finding::new(RULE.id, [link.id.clone()])
                .says(
                    message!(
                        "{} calls {} {} times for one request",
                        name(&link.from),
                        name(&link.to),
                        link.calls
                    ),
                    message!(
                        "In sequence, the calls take {} where one query could fetch all of it.",
                        time(f64::from(link.calls) * facts.flow.call(&facts.graph, link))
                    ),
                    "Fetch all of it in one call, or keep a local read model.",
                )
                .endangers(Metric::LatencyP99)
                .mended_by([batch(link)]),
        );
    }
    found
}

fn batch(link: &Link) -> report::Remedy {
    report::Remedy::new(
        message!(
            "Make one call on {} instead of several",
            link_name(&link.id)
        ),
        "One response as large as all of them together.",
        vec![remedies::link(&link.id, "calls", remedies::number(1.0))],
    )
}

/// Writes that reached one store and not the other.
fn torn(facts: &Facts<'_>, report: &Report) -> Finding {
    let writers = dual_writers(facts);
    let subjects: Vec<String> = match writers.first() {
        Some((id, links)) => std::iter::once((*id).to_owned())
            .chain(links.iter().map(|link| link.id.clone()))
            .collect(),
        None => facts
            .databases()
            .take(2)
            .map(|(node, _)| node.id.clone())
            .collect(),
    };
    let failing = writers
        .iter()
        .flat_map(|(_, links)| links)
        .filter_map(|link| {
            let failures: u64 = report.links.get(&link.id)?.failures.values().sum();
            (failures > 0).then(|| {
                message!(
                    "{} on {} failed",
                    count_of(
                        whole(failures as f64).of(field::link_failures(&link.id)),
                        "attempt",
                        "attempts"
                    ),
                    link_name(&link.id)
                )
            })
        });
    let torn = whole(report.data.torn_writes as f64).of(field::of("data.torn_writes"));
    let failing: Vec<Message> = failing.take(3).collect();
    let onset = facts.series.as_ref().and_then(|series| {
        series
            .events
            .iter()
            .find(|event| event.is_fault)
            .map(|event| event.at_s)
    });
    Finding::new(RULE.id, subjects)
        .measured(onset)
        .severity(Severity::Error)
        .says(
            message!(
                "{} one store and not the other",
                count_of(torn, "write reached", "writes reached")
            ),
            message!(
                "{} acknowledged in all. {}.",
                count_of(
                    whole(report.data.writes as f64).of(field::of("data.writes")),
                    "write was",
                    "writes were"
                ),
                match failing.is_empty() {
                    true => Message::from("The torn ones were interrupted between the stores"),
                    false => Message::join(failing, ", "),
                }
            ),
            "Write to one store, and update the other from its events.",
        )
        .endangers(Metric::TornWrites)
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let mut found = Vec::new();
    if report.data.torn_writes > 0 {
        found.push(torn(facts, report));
    }
    let missed = facts.missed(&[
        Metric::LatencyP99,
        Metric::LatencyP95,
        Metric::LatencyP90,
        Metric::LatencyP50,
        Metric::LatencyMean,
        Metric::LatencyP999,
    ]);
    for link in chatty(facts) {
        let (Some(metric), Some(figures)) = (missed, report.links.get(&link.id)) else {
            continue;
        };
        let (Some(each), Some(whole)) = (
            figures.latency_ms.mean,
            report
                .nodes
                .get(&link.from)
                .and_then(|node| node.response_ms.mean),
        ) else {
            continue;
        };
        let per = figures.calls as f64
            / report
                .nodes
                .get(&link.from)
                .map_or(1, |node| node.arrivals)
                .max(1) as f64;
        let share = (each * per / whole.max(1e-9)).min(1.0);
        let per_of = field::link(&link.id, "calls").over(field::node(&link.from, "arrivals"));
        let time_of = field::node(&link.from, "response_ms.mean").over(per_of.clone());
        let share_of = field::link(&link.id, "latency_ms.mean").over(time_of);
        if share >= SHARE {
            found.push(
                Finding::new(RULE.id, [link.id.clone()])
                    .measured(None)
                    .says(
                        message!(
                            "{} called {} {} times per request",
                            name(&link.from),
                            name(&link.to),
                            figure(per).of(per_of.clone())
                        ),
                        message!(
                            "In sequence, these calls took {} of the time of a request at {}.",
                            percent(share).maybe_of((share < 1.0).then_some(share_of)),
                            name(&link.from)
                        ),
                        "Fetch all of it in one call, or keep a local read model.",
                    )
                    .endangers(metric)
                    .mended_by([batch(link)]),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, fault, found, lint, read, run};
    use report::Severity;

    fn design(second: &str) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "50/s"}}, "operations": [{{"name": "buy", "effect": "write"}}]}},
            {{"id": "api", "kind": "service", "concurrency": 50}}, {{"id": "orders", "kind": "database"}},
            {{"id": "stock", "kind": "database"{second}}}],
            "links": [{{"from": "users", "to": "api", "timeout": "2s"}}, {{"from": "api", "to": "orders", "timeout": "1s"}},
                {{"from": "api", "to": "stock", "timeout": "1s"}}]}}"#
        ))
    }

    #[test]
    fn two_stores_written_one_after_the_other_tear_when_one_fails() {
        let mut broken = design("");
        assert!(
            lint("data-ownership", &broken)[0]
                .what
                .contains("one after the other")
        );
        broken.faults.push(fault(
            r#"{"at": "20s", "kind": "crash", "target": "stock"}"#,
        ));
        let torn = &found("data-ownership", &broken, &run(&broken))[0];
        assert_eq!((torn.severity, torn.onset_s), (Severity::Error, Some(20.0)));
        assert!(lint("data-ownership", &design(r#", "copy_of": "orders""#)).is_empty());
        let whole = design("");
        assert!(
            found("data-ownership", &whole, &run(&whole))
                .iter()
                .all(|f| !f.measured)
        );
    }
}
