//! Consumers that handle each message as if it were delivered exactly once and in order.

use super::{Explanation, Rule};
use crate::facts::Facts;
use crate::facts::field;
use crate::remedies;
use design::kinds::queue::{Delivery, Queue};
use design::link::Mode;
use design::{Kind, Metric, Node, Value};
use report::{
    Finding, Message, Messages, Remedy, Severity, count_of, message, name, percent, whole,
};
use sim::Report;

/// Share of writes out of order below which it is a note, where no order is required.
const RARE: f64 = 0.01;

pub(super) const RULE: Rule = Rule {
    id: "happy-path",
    title: "Duplicate and out-of-order messages",
    structural,
    measured,
};

pub(super) const EXPLANATION: Explanation = Explanation {
    means: "A queue redelivers messages that were not acknowledged, even if they were processed. \
        Without partitions, messages may also be processed out of order. A consumer that ignores \
        both applies writes twice and overwrites newer values with older ones.",
    evidence: "Structural: messages are delivered at least once to a consumer that writes and \
        cannot recognize duplicates (a note). Or processing takes longer than the visibility \
        timeout or the maximum poll interval for one message in a hundred: a warning, or a note \
        where the consumer recognizes duplicates. Measured: writes were applied again and messages \
        were redelivered. Or writes were applied out of order behind a queue without partitions. \
        Both are warnings, and errors where a requirement was missed. Below 1% out of order, \
        without duplicates, it is a note.",
    silent: "Consumers or databases that recognize duplicates. Queues \
        with partitions, which keep the order of each key.",
    fixes: "Make consumers idempotent with unique ids, and partition the queue by key. The cost: a \
        lookup per message, and less parallel work.",
};

/// Returns queues with a consumer, and its database, that cannot recognize a duplicate message.
fn naive<'a>(facts: &Facts<'a>) -> Vec<(&'a Node, &'a Queue, &'a str, &'a str)> {
    let mut found = Vec::new();
    for (node, queue) in facts
        .queues()
        .filter(|(_, queue)| queue.delivery == Delivery::AtLeastOnce)
    {
        for link in facts
            .graph
            .out(&node.id)
            .iter()
            .filter(|link| link.mode == Mode::Consume)
        {
            let knows = facts
                .graph
                .service(&link.to)
                .is_some_and(|service| service.idempotency_window.is_some());
            let stores = facts.graph.reach(&link.to);
            let naive = facts.databases().find(|(database, kind)| {
                stores.contains(database.id.as_str()) && !kind.unique_ids && kind.copy_of.is_none()
            });
            if let Some((database, _)) = naive.filter(|_| !knows) {
                found.push((node, queue, link.to.as_str(), database.id.as_str()));
            }
        }
    }
    found
}

fn fixes(
    facts: &Facts<'_>,
    queue: &Node,
    kind: &Queue,
    consumer: &str,
    database: &str,
) -> Vec<Remedy> {
    let mut fixes = vec![Remedy::new(
        message!("Let {} apply each message once", name(database)),
        "A lookup per write.",
        vec![remedies::node(database, "unique_ids", Value::Bool(true))],
    )];
    if let Some(Kind::Service(_)) = facts.graph.node(consumer).map(|node| &node.kind) {
        fixes.push(Remedy::new(
            message!("Let {} remember messages for an hour", name(consumer)),
            "Memory for the message ids of one hour.",
            vec![remedies::node(
                consumer,
                "idempotency_window",
                Value::text("1h"),
            )],
        ));
    }
    if kind.partitions.is_none() {
        fixes.push(Remedy::new(
            message!("Preserve the order of messages per key in {}", name(&queue.id)),
            "Each partition is processed one message at a time, so a slow message delays those behind it.",
            vec![remedies::node(
                &queue.id,
                "partitions",
                remedies::number(16.0),
            )],
        ));
    }
    fixes
}

fn structural(facts: &Facts<'_>) -> Vec<Finding> {
    let each = naive(facts).into_iter().map(|(queue, kind, consumer, database)| {
        Finding::new(RULE.id, [queue.id.as_str(), consumer, database])
            .says(
                message!("{} applies messages of {} again when they are redelivered", name(consumer), name(&queue.id)),
                message!("If it crashes after its work and before the acknowledgment, the message is redelivered. Neither it nor {} recognizes the duplicate.", name(database)),
                "Make the consumer idempotent, with unique ids or a record of processed messages.",
            )
            .endangers(Metric::DuplicateEffects)
            .fixed_by(fixes(facts, queue, kind, consumer, database))
    });
    each.collect()
}

/// What caused redeliveries, after their number.
const WHY: [(&str, &str); 8] = [
    ("visibility_timeout", "while the consumer was still working"),
    ("failure", "after a failure"),
    ("consumer_crash", "after a crash of the consumer"),
    ("lost", "after a lost message or acknowledgment"),
    ("link_timeout", "after a timeout of the link"),
    ("session_timeout", "after a consumer lost its partition"),
    (
        "poll_interval",
        "after a consumer exceeded the maximum poll interval",
    ),
    ("queue_crash", "after a crash of the queue"),
];

/// Says how many deliveries a queue made, and how many of them were redeliveries.
fn delivered(id: &str, messages: &Messages) -> Message {
    let at = |name: &str| field::node(id, &format!("messages.{name}"));
    let of = |n: u64, name: &str| whole(n as f64).of(at(name));
    let causes = WHY.iter().filter_map(|(cause, words)| {
        let n = *messages.redelivered_after.get(cause)?;
        let place = format!("redelivered_after.{cause}");
        Some(message!("{} {}", of(n, &place), *words))
    });
    let causes = Message::join(causes, ", ");
    let again = match messages.redelivered {
        0 => Message::new(),
        n => message!(
            " {} of the deliveries were redeliveries: {}.",
            percent(n as f64 / messages.delivered.max(1) as f64)
                .of(at("redelivered").over(at("delivered"))),
            causes
        ),
    };
    message!(
        "{} made {} of {}.{}",
        name(id),
        count_of(
            of(messages.delivered, "delivered"),
            "delivery",
            "deliveries"
        ),
        count_of(of(messages.published, "published"), "message", "messages"),
        again
    )
}

fn measured(facts: &Facts<'_>, report: &Report) -> Vec<Finding> {
    let data = &report.data;
    let naive = naive(facts);
    let queue = facts.queues().max_by_key(|(node, _)| {
        let messages = report
            .nodes
            .get(&node.id)
            .and_then(|node| node.messages.as_ref());
        messages.map_or((0, 0), |messages| {
            (messages.redelivered, messages.delivered)
        })
    });
    let Some((node, kind)) = queue else {
        return Vec::new();
    };
    let Some(messages) = report
        .nodes
        .get(&node.id)
        .and_then(|node| node.messages.as_ref())
    else {
        return Vec::new();
    };
    let (consumer, database) = naive
        .first()
        .map_or(("", ""), |(_, _, consumer, database)| {
            (*consumer, *database)
        });
    let retries: u64 = report.links.values().map(|link| link.retries).sum();
    let doubled = data.duplicate_effects > 0
        && messages.redelivered > 0
        && (messages.redelivered >= data.duplicate_effects || retries < data.duplicate_effects);
    let disordered = data.out_of_order > 0 && kind.partitions.is_none();
    if !doubled && !disordered {
        return Vec::new();
    }
    let mut said = Vec::new();
    if doubled {
        said.push(message!(
            "{} applied again",
            count_of(
                whole(data.duplicate_effects as f64).of(field::of("data.duplicate_effects")),
                "write was",
                "writes were"
            )
        ));
    }
    if disordered {
        said.push(message!(
            "{} applied out of order",
            count_of(
                whole(data.out_of_order as f64).of(field::of("data.out_of_order")),
                "write was",
                "writes were"
            )
        ));
    }
    let crash = facts
        .design
        .faults
        .iter()
        .filter(|fault| facts.graph.reach(&node.id).contains(fault.target.as_str()));
    let onset = crash.map(|fault| fault.at.as_s()).reduce(f64::min);
    let subjects: Vec<&str> = [node.id.as_str(), consumer, database]
        .into_iter()
        .filter(|id| !id.is_empty())
        .collect();
    // Parallel consumers let a few messages overtake each other, and no requirement forbids it.
    let share = data.out_of_order as f64 / data.effects.max(1) as f64;
    let is_rare = !doubled && share < RARE && facts.missed(&[Metric::OutOfOrder]).is_none();
    let order = if disordered {
        " The queue has no partitions, so nothing preserves the order of messages."
    } else {
        ""
    };
    let twice = if doubled {
        crate::facts::first_duplicate(report)
    } else {
        Message::new()
    };
    let finding = Finding::new(RULE.id, subjects).measured(onset);
    let finding = if is_rare {
        finding.severity(Severity::Note)
    } else {
        finding
    };
    vec![
        finding
            .says(
                Message::join(said, ", and "),
                message!("{}{}{}", delivered(&node.id, messages), order, twice),
                "Make the consumer idempotent, and preserve the order per key where it matters.",
            )
            .endangers(if doubled {
                Metric::DuplicateEffects
            } else {
                Metric::OutOfOrder
            })
            .fixed_by(match database.is_empty() {
                true => Vec::new(),
                false => fixes(facts, node, kind, consumer, database),
            }),
    ]
}

#[cfg(test)]
mod tests {
    use crate::testing::{Says, fault, found, lint, read, run};

    fn design(unique: bool) -> design::Design {
        read(&format!(
            r#"{{"nodes": [
            {{"id": "buyers", "kind": "client", "arrivals": {{"poisson": "50/s"}}, "operations": [{{"name": "pay", "effect": "write"}}]}},
            {{"id": "jobs", "kind": "queue", "visibility_timeout": "5s"}}, {{"id": "worker", "kind": "service", "service_time": "exp(50ms)"}},
            {{"id": "db", "kind": "database", "unique_ids": {unique}, "write_time": "exp(50ms)"}}],
            "links": [{{"from": "buyers", "to": "jobs", "mode": "publish"}}, {{"from": "jobs", "to": "worker", "mode": "consume", "concurrency": 20}},
                {{"from": "worker", "to": "db", "timeout": "2s"}}]}}"#
        ))
    }

    #[test]
    fn a_consumer_that_crashes_does_things_twice_unless_ids_are_unique() {
        let mut faulty = design(false);
        assert_eq!(
            lint("happy-path", &faulty)[0].subjects,
            ["jobs", "worker", "db"]
        );
        faulty.faults.push(fault(
            r#"{"at": "20s", "for": "2s", "kind": "crash", "target": "worker"}"#,
        ));
        let finding = &found("happy-path", &faulty, &run(&faulty))[0];
        assert!(
            finding.measured && finding.what.contains("applied again"),
            "{finding:?}"
        );
        // It names the delivery that applied the write first, and the one that applied it again.
        assert!(
            finding.why.contains("again at")
                && finding.why.contains("by attempt 2 of jobs->worker"),
            "{}",
            finding.why.text()
        );
        // Each redelivery has its cause: nothing but the crash here.
        let told = "of the deliveries were redeliveries: 7 after a crash of the consumer.";
        assert!(finding.why.contains(told), "{}", finding.why.text());
        let mut fixed = design(true);
        fixed.faults.clone_from(&faulty.faults);
        assert!(lint("happy-path", &fixed).is_empty());
        assert!(
            found("happy-path", &fixed, &run(&fixed))
                .iter()
                .all(|f| !f.what.contains("applied again"))
        );
    }

    #[test]
    fn deliveries_are_counted_and_not_what_was_published() {
        let mut faulty = design(false);
        faulty.faults.push(fault(
            r#"{"at": "20s", "for": "2s", "kind": "crash", "target": "worker"}"#,
        ));
        // Twenty at a time take 100 ms each: half of the messages are never delivered.
        let rate = crate::remedies::map(&[("poisson", design::Value::text("400/s"))]);
        let edit = crate::remedies::node("buyers", "arrivals", rate);
        faulty.apply(edit).unwrap();
        faulty.settings.drain = false;
        let report = run(&faulty);
        let messages = report.nodes["jobs"].messages.as_ref().unwrap();
        assert!(messages.published > messages.delivered);
        let told = &found("happy-path", &faulty, &report)[0];
        let said = format!(
            "jobs made {} deliveries",
            text::count(messages.delivered as f64)
        );
        assert!(told.why.starts_with(&said), "{}", told.why.text());
    }
}
