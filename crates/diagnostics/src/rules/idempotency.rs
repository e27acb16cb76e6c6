//! Retries of writes that must be applied once.

use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::kinds::client::Effect;
use design::kinds::{Database, Kind};
use design::link::Mode;
use design::{Command, Link, Metric, Value};
use report::{
    Finding, LinkReport, Message, Remedy, count_of, link_list, link_name, message, name, percent,
    whole,
};
use sim::Report;
use std::collections::BTreeSet;

pub(super) const RULE: Rule = Rule {
    id: "idempotency",
    title: "Retried writes without an idempotency key",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "When the response to a write is lost although the write was applied, a retry applies \
        it again. A customer is charged twice, exactly when the network is unreliable.",
    evidence: "Structural: writes are retried or hedged on the way to a database that cannot \
        recognize a repeat (a note). Measured: a write was applied more than once, and \
        redeliveries of a queue do not explain it. It is a warning, or an error where a \
        requirement was missed.",
    silent: "An idempotency key from the client, and a service or a database that remembers it.",
    fixes: "Send idempotency keys, and apply each key once. The cost: a lookup per write, and a \
        day of keys to store.",
};

/// Returns the databases that cannot recognize a repeated write from a client, with the links on
/// the way that retry or hedge it.
fn exposed<'a>(facts: &Facts<'a>) -> Vec<(&'a str, Vec<&'a Link>)> {
    let mut found = Vec::new();
    let sends_keys = facts.clients().all(|(_, client)| {
        let mut writes = client
            .operations
            .iter()
            .filter(|o| o.effect == Effect::Write);
        writes.all(|operation| operation.idempotency_key)
    });
    for (node, database) in facts.databases() {
        if facts.flow.writes(&facts.graph, &node.id) <= 0.0 || database.copy_of.is_some() {
            continue;
        }
        let above = above_by_calls(facts, &node.id);
        let remembers = above.iter().any(|id| {
            facts
                .graph
                .service(id)
                .is_some_and(|service| service.idempotency_window.is_some())
        });
        if sends_keys && (remembers || knows(database)) {
            continue;
        }
        let links = facts.design.links.iter().filter(|link| {
            let on_the_way = above.contains(link.from.as_str())
                && (link.to == node.id || above.contains(link.to.as_str()));
            let tries = link
                .retry
                .as_ref()
                .is_some_and(|retry| retry.max_attempts > 1);
            link.mode == Mode::Call && on_the_way && (tries || link.hedge.is_some())
        });
        let links: Vec<&Link> = links.collect();
        if !links.is_empty() {
            found.push((node.id.as_str(), links));
        }
    }
    found
}

fn knows(database: &Database) -> bool {
    database.unique_ids
}

/// Returns the nodes that reach a node by calls alone.
fn above_by_calls<'a>(facts: &Facts<'a>, id: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<&str> = vec![id];
    while let Some(id) = next.pop() {
        for link in facts.calls_to(id) {
            if seen.insert(link.from.as_str()) {
                next.push(&link.from);
            }
        }
    }
    seen
}

fn fixes(facts: &Facts<'_>, database: &str) -> Vec<Remedy> {
    let mut edits: Vec<Command> = Vec::new();
    for (node, client) in facts.clients() {
        for (at, operation) in client.operations.iter().enumerate() {
            if operation.effect == Effect::Write && !operation.idempotency_key {
                edits.push(remedies::node(
                    &node.id,
                    &format!("operations[{}].idempotency_key", at),
                    Value::Bool(true),
                ));
            }
        }
    }
    if matches!(
        facts.graph.node(database).map(|node| &node.kind),
        Some(Kind::Database(_))
    ) {
        edits.push(remedies::node(database, "unique_ids", Value::Bool(true)));
    }
    vec![Remedy::new(
        message!(
            "Send an idempotency key with each write to {}",
            name(database)
        ),
        "A lookup per write, and keys to store.",
        edits,
    )]
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let each = exposed(facts).into_iter().map(|(database, links)| {
        let names: Vec<&str> = links.iter().map(|link| link.id.as_str()).collect();
        Finding::new(RULE.id, std::iter::once(database.to_owned()).chain(names.iter().map(|name| (*name).to_owned())))
            .says(
                message!("Writes to {} are retried, and it cannot recognize a repeat", name(database)),
                message!("{} {} a write whose response does not arrive. If only the response was lost, the write is applied twice.", link_list(&names), if names.len() == 1 { "repeats" } else { "repeat" }),
                "Send an idempotency key with each write, and apply each key once.",
            )
            .endangers(Metric::DuplicateEffects)
            .fixed_by(fixes(facts, database))
    });
    each.collect()
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let data = &report.data;
    let queues = report.nodes.values();
    let queues = queues.filter_map(|node| node.messages.as_ref());
    let redelivered: u64 = queues.map(|messages| messages.redelivered).sum();
    let links = report.links.values();
    let retries: u64 = links.map(|link| link.retries + link.hedges).sum();
    let doubled = data.duplicate_effects;
    if doubled == 0 || redelivered >= doubled && redelivered >= retries {
        return Vec::new();
    }
    let exposed = exposed(facts);
    let (database, links) = match exposed.first() {
        Some((database, links)) => (*database, links.clone()),
        None => match facts.databases().next() {
            Some((node, _)) => (node.id.as_str(), Vec::new()),
            None => return Vec::new(),
        },
    };
    let worst = links
        .iter()
        .filter_map(|link| Some((*link, report.links.get(&link.id)?)));
    let worst = worst.max_by_key(|(_, figures)| figures.retries + figures.hedges);
    let how = worst.map_or(Message::new(), |(link, figures)| repeated(link, figures));
    let at = |name: &str| field::of(&format!("data.{name}"));
    let applied = (data.effects - data.duplicate_effects).max(1);
    let twice = crate::facts::first_duplicate(report);
    let onset = data.first_duplicate.as_ref().map(|one| one.again.at_s);
    let onset = onset.or_else(|| {
        worst.and_then(|(link, _)| {
            let series = facts.series.as_ref()?;
            let windows = series.link(&link.id)?;
            let at = windows.retries_per_s.iter().position(|rate| *rate > 0.0)?;
            Some(at as f64 * windows.width_s)
        })
    });
    vec![
        Finding::new(
            RULE.id,
            std::iter::once(database.to_owned()).chain(links.iter().map(|link| link.id.clone())),
        )
        .measured(onset)
        .says(
            message!(
                "{} applied more than once",
                count_of(
                    whole(data.duplicated_writes as f64).of(at("duplicated_writes")),
                    "write was",
                    "writes were"
                )
            ),
            message!(
                "They caused {} beyond the first, and are {} of all applied writes.{}{}",
                count_of(
                    whole(data.duplicate_effects as f64).of(at("duplicate_effects")),
                    "effect",
                    "effects"
                ),
                percent(data.duplicated_writes as f64 / applied as f64)
                    .of(at("duplicated_writes").over(at("effects").minus(at("duplicate_effects")))),
                twice,
                how
            ),
            "Send an idempotency key with each write, and apply each key once.",
        )
        .endangers(Metric::DuplicateEffects)
        .fixed_by(fixes(facts, database)),
    ]
}

/// Says what repeated the calls over a link: retries after lost or late responses, or hedges.
fn repeated(link: &Link, figures: &LinkReport) -> Message {
    let at = |name: &str| field::link(&link.id, name);
    let count = |n: u64, name: &str| whole(n as f64).of(at(name));
    let sent = message!(
        " {} made {} attempts for {} calls",
        link_name(&link.id),
        count(figures.attempts, "attempts"),
        count(figures.calls, "calls")
    );
    let timeouts = match figures.timeouts {
        0 => Message::new(),
        n => message!(
            ". {} timed out, and some of the timed-out attempts had been applied",
            count_of(count(n, "timeouts"), "attempt", "attempts")
        ),
    };
    let hedges = match figures.hedges {
        0 => Message::new(),
        n => message!(
            ". {} of the same call",
            count_of(
                count(n, "hedges"),
                "attempt was a hedge",
                "attempts were hedges"
            )
        ),
    };
    message!("{}{}{}.", sent, timeouts, hedges)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, found, lint, read, run};
    use report::Severity;

    fn design(retry: &str) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "buyers", "kind": "client", "arrivals": {{"poisson": "30/s"}}, "operations": [{{"name": "pay", "effect": "write"}}]}},
            {{"id": "shop", "kind": "service"}}, {{"id": "db", "kind": "database"}}],
            "links": [{{"from": "buyers", "to": "shop"}}, {{"from": "shop", "to": "db", "timeout": "200ms", "loss": 0.02{retry}}}]}}"#
        ))
    }

    #[test]
    fn lost_answers_charge_twice_until_writes_carry_a_key() {
        let faulty = design(r#", "retry": {"max_attempts": 3}"#);
        let noted = lint("idempotency", &faulty);
        assert_eq!(noted[0].subjects, ["db", "shop->db"]);
        let finding = &found("idempotency", &faulty, &run(&faulty))[0];
        assert!(finding.measured && finding.severity == Severity::Warning);
        // Reported with both attempts, at the time of the second.
        assert!(
            finding
                .why
                .contains("by attempt 1 of shop->db, and again at"),
            "{}",
            finding.why.text()
        );
        let again = format!(
            "again at {:.3} s by attempt 2 of shop->db.",
            finding.onset_s.unwrap()
        );
        assert!(finding.why.contains(&again), "{}", finding.why.text());
        let mut fixed = faulty.clone();
        fixed.apply(finding.remedies[0].command()).unwrap();
        assert!(lint("idempotency", &fixed).is_empty());
        assert!(found("idempotency", &fixed, &run(&fixed)).is_empty());
        let once = design("");
        assert!(lint("idempotency", &once).is_empty());
        assert!(found("idempotency", &once, &run(&once)).is_empty());
    }

    #[test]
    fn writes_that_hedges_did_twice_are_told_of_hedges() {
        let hedged = design(r#", "hedge": {"after": "1ms", "max": 1}"#);
        let mut calm = hedged.clone();
        calm.links[1].loss = 0.0;
        let told = &found("idempotency", &calm, &run(&calm))[0];
        let why = told.why.text();
        assert!(
            why.contains("attempts were hedges of the same call"),
            "{why}"
        );
        assert!(!why.contains("timed out"), "{why}");
    }
}
