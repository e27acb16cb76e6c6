//! Visibility timeouts and maximum poll intervals shorter than the work: messages are redelivered
//! while they are processed.

use crate::facts::Facts;
use crate::remedies;
use design::kinds::Queue;
use design::kinds::queue::Delivery;
use design::kinds::service::Service;
use design::link::Mode;
use design::{Link, Metric, Node};
use report::{Finding, Remedy, Severity, message, name, time};

pub(super) const RULE: &str = "happy-path";

/// Ratio of the suggested limit to the longest processing time.
const ROOM: f64 = 2.0;

/// What limits the time for which a consumer may work on a message.
struct Limit {
    field: &'static str,
    name: &'static str,
    s: f64,
    /// What follows when it is exceeded.
    then: &'static str,
    cost: &'static str,
}

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, queue) in facts.queues() {
        if queue.delivery != Delivery::AtLeastOnce {
            continue;
        }
        let limit = limit(queue);
        let links = facts.graph.out(&node.id).iter();
        for link in links.filter(|link| link.mode == Mode::Consume) {
            let Some(service) = facts.graph.service(&link.to) else {
                continue;
            };
            // Its own work at the 99th percentile, and its calls on average.
            let own = service.service_time.mean_s().unwrap_or(0.0);
            let below = (facts.flow.response(&facts.graph, &link.to) - own).max(0.0);
            let work = service.service_time.p99_s() + below;
            if work > limit.s {
                found.push(exceeded(node, link, service, &limit, work));
            }
        }
    }
    found
}

/// Returns the limit of a queue: with a maximum poll interval, the visibility timeout applies to
/// lost messages only.
fn limit(queue: &Queue) -> Limit {
    let interval = queue.max_poll_interval;
    match interval.filter(|_| queue.partitions.is_some()) {
        Some(interval) => Limit {
            field: "max_poll_interval",
            name: "maximum poll interval",
            s: interval.as_s(),
            then: "The consumer loses its partitions, and its messages are redelivered",
            cost: "A consumer that is stuck keeps its partitions longer.",
        },
        None => Limit {
            field: "visibility_timeout",
            name: "visibility timeout",
            s: queue.visibility_timeout.as_s(),
            then: "A message is redelivered",
            cost: "Messages of a crashed consumer are redelivered later.",
        },
    }
}

fn exceeded(node: &Node, link: &Link, service: &Service, limit: &Limit, work: f64) -> Finding {
    // A consumer that recognizes a message wastes a delivery, but does not apply the write twice.
    let severity = match service.idempotency_window {
        Some(_) => Severity::Note,
        None => Severity::Warning,
    };
    let longer = Remedy::new(
        message!("Raise the {} to {}", limit.name, time(ROOM * work)),
        limit.cost,
        vec![remedies::node(
            &node.id,
            limit.field,
            remedies::duration(ROOM * work),
        )],
    );
    Finding::new(RULE, [node.id.as_str(), link.to.as_str()])
        .severity(severity)
        .says(
            message!(
                "{} redelivers messages while {} is processing them",
                name(&node.id),
                name(&link.to)
            ),
            message!(
                "{} after {}. One message in a hundred takes {} or longer, so it is processed \
                 twice without any crash.",
                limit.then,
                time(limit.s),
                time(work)
            ),
            message!(
                "Set the {} well above the longest processing time.",
                limit.name
            ),
        )
        .endangers(Metric::DuplicateEffects)
        .fixed_by([longer])
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::testing::{Says, lint, read, run};
    use report::Severity;

    fn design(queue: &str, work: &str) -> design::Design {
        read(&format!(
            r#"{{"duration": "30s", "nodes": [
            {{"id": "u", "kind": "client", "arrivals": {{"poisson": "20/s"}},
                "operations": [{{"name": "job", "effect": "write"}}]}},
            {{"id": "jobs", "kind": "queue", {queue}}},
            {{"id": "worker", "kind": "service", "concurrency": 100, {work}}},
            {{"id": "db", "kind": "database", "unique_ids": true}}],
            "links": [{{"from": "u", "to": "jobs", "mode": "publish"}},
                {{"from": "jobs", "to": "worker", "mode": "consume", "concurrency": 100}},
                {{"from": "worker", "to": "db", "timeout": "1s"}}]}}"#
        ))
    }

    const SECOND: &str = r#""visibility_timeout": "1s""#;

    #[test]
    fn work_that_outlasts_the_timeout_is_told_and_the_remedy_mends_it() {
        let mut faulty = design(
            SECOND,
            r#""service_time": "lognormal(p50=300ms,p99=2500ms)""#,
        );
        let found = lint(RULE, &faulty);
        assert_eq!(
            found[0].what.text(),
            "jobs redelivers messages while worker is processing them"
        );
        assert_eq!(found[0].severity, Severity::Warning);
        let again = |design: &design::Design| {
            run(design).nodes["jobs"]
                .messages
                .as_ref()
                .unwrap()
                .redelivered
        };
        assert!(again(&faulty) > 10);
        faulty.apply(found[0].remedies[0].command()).unwrap();
        assert!(lint(RULE, &faulty).is_empty());
        assert_eq!(again(&faulty), 0);
    }

    #[test]
    fn work_that_outlasts_the_poll_interval_is_told_and_the_remedy_mends_it() {
        let limited = |interval: &str| {
            let queue = format!(r#""partitions": 32, "max_poll_interval": "{interval}""#);
            design(
                &format!(r#"{queue}, "visibility_timeout": "1s", "max_receives": null"#),
                r#""replicas": 4, "service_time": "lognormal(p50=500ms,p99=2s)""#,
            )
        };
        let mut faulty = limited("1500ms");
        let found = lint(RULE, &faulty);
        let why = found[0].why.text();
        let said =
            "The consumer loses its partitions, and its messages are redelivered after 1.5 s";
        assert!(why.starts_with(said), "{why}");
        let again = |design: &design::Design| {
            let report = run(design);
            let messages = report.nodes["jobs"].messages.as_ref().unwrap();
            messages.redelivered_after.clone()
        };
        let causes = again(&faulty);
        assert!(causes["poll_interval"] >= 4, "{causes:?}");
        // The visibility timeout of 1 s does not apply to messages that are worked on.
        assert!(!causes.contains_key("visibility_timeout"), "{causes:?}");
        faulty.apply(found[0].remedies[0].command()).unwrap();
        assert!(lint(RULE, &faulty).is_empty());
        assert!(again(&faulty).values().sum::<u64>() <= 1);
        assert!(lint(RULE, &limited("3s")).is_empty());
    }

    #[test]
    fn a_timeout_just_above_is_not_and_one_whose_repeats_are_known_is_a_note() {
        // The 99th percentile of Exp(200 ms) is 921 ms; the database takes a few more.
        for (queue, work) in [
            (SECOND, r#""service_time": "exp(200ms)""#),
            (SECOND, r#""service_time": "const(900ms)""#),
            (
                r#""visibility_timeout": "1s", "delivery": "at_most_once""#,
                r#""service_time": "5s""#,
            ),
        ] {
            assert!(lint(RULE, &design(queue, work)).is_empty(), "{work}");
        }
        let known = design(
            SECOND,
            r#""service_time": "exp(300ms)", "idempotency_window": "1h""#,
        );
        assert_eq!(lint(RULE, &known)[0].severity, Severity::Note);
    }
}
