//! Services that read or write data they do not own: N+1 calls and dual writes.

use super::{Explanation, Rule};
use crate::facts::field;
use crate::facts::{AGE, Facts};
use crate::remedies;
use design::link::{Condition, Mode};
use design::{Command, Kind, Link, Metric};
use report::{
    Finding, Message, Severity, count_of, figure, link_name, list, message, name, percent, time,
    whole,
};
use sim::Report;

/// Calls to one callee per request from which it is an N+1 query.
const CALLS: u32 = 10;
/// Least share of a request's time that these calls take.
const SHARE: f64 = 0.3;

pub(super) const RULE: Rule = Rule {
    id: "data-ownership",
    title: "Dual writes and N+1 calls",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A service that does not own its data reads it one row per call, and writes it to one \
        store after the other. The reads turn one page into dozens of calls (N+1). The writes are \
        not atomic: a failure between them leaves one store written and the other not (a dual \
        write).",
    evidence: "Structural: a service writes to two or more databases that own their data, or a \
        link is called at least 10 times per request (notes). Measured: torn writes, where one \
        store has the write and the other does not (an error, whether or not the write was \
        acknowledged). Or a queue did not accept the events of committed writes, and the copy that \
        they feed missed a staleness requirement. Or at least 10 calls per request take 30% of the \
        caller's time, and a latency requirement is missed.",
    silent: "One write and its event, through an outbox or change data capture. Read models. \
        Batched calls.",
    fixes: "Keep a local read model or batch the calls, and use an outbox or a saga for writes. \
        The cost: responses that are slightly out of date.",
};

/// Returns the services that write to several stores, with the links they use.
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
            .calls_from(&node.id)
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
                    "Nothing makes these writes atomic. A failure between them leaves one store written and the other not.",
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
                        "Made one after the other, these calls take {}. One query could fetch \
                         everything.",
                        time(f64::from(link.calls) * facts.flow.call(&facts.graph, link))
                    ),
                    "Fetch everything in one call, or keep a local read model.",
                )
                .endangers(Metric::LatencyP99)
                .fixed_by([batch(link)]),
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
        "One response is as large as the several responses together.",
        vec![remedies::link(&link.id, "calls", remedies::number(1.0))],
    )
}

/// Returns the finding about writes that reached one store and not the other.
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
    Finding::new(RULE.id, subjects)
        .measured(onset(facts))
        .severity(Severity::Error)
        .says(
            message!(
                "{} one store and not the other",
                count_of(torn, "write reached", "writes reached")
            ),
            message!(
                "{} acknowledged in total. {}.",
                count_of(
                    whole(report.data.writes as f64).of(field::of("data.writes")),
                    "write was",
                    "writes were"
                ),
                match failing.is_empty() {
                    true => Message::from("The torn writes were interrupted between the stores"),
                    false => Message::join(failing, ", "),
                }
            ),
            "Write to one store, and update the other from its events.",
        )
        .endangers(Metric::TornWrites)
}

/// Returns when the first fault began.
fn onset(facts: &Facts<'_>) -> Option<f64> {
    let mut events = facts.series.as_ref()?.events.iter();
    events.find(|event| event.is_fault).map(|event| event.at_s)
}

/// Returns the finding about writes whose events a queue did not accept, although it feeds a copy.
fn unpublished(facts: &Facts<'_>, report: &Report) -> Option<Finding> {
    let missed = facts.missed(&AGE)?;
    let copies = facts.databases().filter(|(_, copy)| copy.copy_of.is_some());
    let copies: Vec<&str> = copies.map(|(node, _)| node.id.as_str()).collect();
    let links = facts.design.links.iter();
    let publishing = links.filter(|link| link.mode == Mode::Publish);
    let lost = publishing.filter_map(|link| {
        let of = report.links.get(&link.id)?;
        let failed: u64 = of.failures.values().sum();
        let reached = facts.graph.reach(&link.to);
        let copy = copies.iter().copied().find(|copy| reached.contains(copy))?;
        let mut stores = facts.calls_from(&link.from).map(|store| store.to.as_str());
        let store = stores.find(|id| {
            matches!(
                facts.graph.node(id).map(|node| &node.kind),
                Some(Kind::Database(_))
            )
        })?;
        (failed > of.retries).then_some((link, failed - of.retries, store, copy))
    });
    let (link, count, store, copy) = lost.max_by_key(|lost| lost.1)?;
    let count = whole(count as f64);
    let field = field::link_failures(&link.id);
    let is_exact = report.links[&link.id].retries == 0;
    let events = count_of(count.maybe_of(is_exact.then_some(field)), "event", "events");
    Some(
        Finding::new(
            RULE.id,
            [link.id.clone(), link.from.clone(), store.to_owned()],
        )
        .measured(onset(facts))
        .says(
            message!(
                "{} of writes to {} never reached {}",
                events,
                name(store),
                name(&link.to)
            ),
            message!(
                "{} writes to {} first and then publishes the event. If only the write succeeds, \
                     {} keeps the old value.",
                name(&link.from),
                name(store),
                name(copy)
            ),
            "Publish from the log of the store (an outbox or change data capture).",
        )
        .endangers(missed)
        .fixed_by([outbox(link, store)]),
    )
}

/// Publishes what the store has committed, instead of what the service sends.
fn outbox(link: &Link, store: &str) -> report::Remedy {
    let id = format!("{store}->{}", link.to);
    let publish = Link::new(id, store, &link.to, Mode::Publish);
    report::Remedy::new(
        message!(
            "Publish the writes of {} from its log (an outbox)",
            name(store)
        ),
        "Events arrive slightly later, since they are read from the log.",
        vec![
            Command::RemoveLink(link.id.clone()),
            Command::AddLink(usize::MAX, Box::new(publish)),
        ],
    )
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let mut found: Vec<Finding> = unpublished(facts, report).into_iter().collect();
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
                            "Made one after the other, these calls took {} of the time of a \
                             request at {}.",
                            percent(share).maybe_of((share < 1.0).then_some(share_of)),
                            name(&link.from)
                        ),
                        "Fetch everything in one call, or keep a local read model.",
                    )
                    .endangers(metric)
                    .fixed_by([batch(link)]),
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
        let mut faulty = design("");
        assert!(
            lint("data-ownership", &faulty)[0]
                .what
                .contains("one after the other")
        );
        faulty.faults.push(fault(
            r#"{"at": "20s", "kind": "crash", "target": "stock"}"#,
        ));
        let torn = &found("data-ownership", &faulty, &run(&faulty))[0];
        assert_eq!((torn.severity, torn.onset_s), (Severity::Error, Some(20.0)));
        assert!(lint("data-ownership", &design(r#", "copy_of": "orders""#)).is_empty());
        let whole = design("");
        assert!(
            found("data-ownership", &whole, &run(&whole))
                .iter()
                .all(|f| !f.measured)
        );
    }

    fn published(outage: &str) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "users", "kind": "client", "operations": [
                {{"name": "put", "effect": "write", "keys": {{"uniform": {{"n": 50}}}}}}]}},
            {{"id": "readers", "kind": "client", "operations": [
                {{"name": "get", "keys": {{"uniform": {{"n": 50}}}}}}]}},
            {{"id": "api", "kind": "service"}}, {{"id": "search", "kind": "service"}},
            {{"id": "store", "kind": "database"}}, {{"id": "indexer", "kind": "service"}},
            {{"id": "index", "kind": "database", "copy_of": "store"}},
            {{"id": "events", "kind": "queue"}}],
            "links": [{{"from": "users", "to": "api"}}, {{"from": "api", "to": "store"}},
                {{"from": "api", "to": "events", "mode": "publish", "optional": true}},
                {{"from": "events", "to": "indexer", "mode": "consume"}},
                {{"from": "indexer", "to": "index"}},
                {{"from": "readers", "to": "search"}}, {{"from": "search", "to": "index"}}],
            "faults": [{outage}],
            "requirements": [{{"metric": "staleness_max", "at_most": "2s"}}]}}"#
        ))
    }

    #[test]
    fn events_beside_a_write_are_lost_with_the_queue_and_an_outbox_keeps_them() {
        let mut faulty =
            published(r#"{"at": "20s", "for": "5s", "kind": "queue_outage", "target": "events"}"#);
        let told = |design: &design::Design| {
            let found = found("data-ownership", design, &run(design));
            found.into_iter().find(|finding| finding.measured)
        };
        let finding = told(&faulty).unwrap();
        assert!(
            finding
                .what
                .ends_with("of writes to store never reached events"),
            "{}",
            finding.what.text()
        );
        faulty.apply(finding.remedies[0].command()).unwrap();
        assert!(told(&faulty).is_none());
        assert!(told(&published("")).is_none());
    }
}
