//! Visibility timeouts shorter than the work: messages are redelivered while they are processed.

use crate::facts::Facts;
use crate::remedies;
use design::Metric;
use design::kinds::queue::Delivery;
use design::link::Mode;
use report::{Finding, Remedy, Severity, message, name, time};

pub(super) const RULE: &str = "happy-path";

/// Ratio of the suggested timeout to the longest processing time.
const ROOM: f64 = 2.0;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (node, queue) in facts.queues() {
        if queue.delivery != Delivery::AtLeastOnce {
            continue;
        }
        for link in facts.graph.out(&node.id) {
            let Some(service) = facts
                .graph
                .service(&link.to)
                .filter(|_| link.mode == Mode::Consume)
            else {
                continue;
            };
            // Its own work at the 99th percentile, and its calls on average.
            let own = service.service_time.mean_s().unwrap_or(0.0);
            let below = (facts.flow.response(&facts.graph, &link.to) - own).max(0.0);
            let work = service.service_time.p99_s() + below;
            let timeout = queue.visibility_timeout.as_s();
            if work <= timeout {
                continue;
            }
            // A consumer that recognizes a message wastes a delivery, but does not apply the write
            // twice.
            let severity = match service.idempotency_window {
                Some(_) => Severity::Note,
                None => Severity::Warning,
            };
            let longer = Remedy::new(
                message!("Raise the visibility timeout to {}", time(ROOM * work)),
                "Messages of a crashed consumer are redelivered later.",
                vec![remedies::node(
                    &node.id,
                    "visibility_timeout",
                    remedies::duration(ROOM * work),
                )],
            );
            let finding = Finding::new(RULE, [node.id.as_str(), link.to.as_str()])
                .severity(severity)
                .says(
                    message!(
                        "{} redelivers messages while {} is processing them",
                        name(&node.id),
                        name(&link.to)
                    ),
                    message!(
                        "A message is redelivered after {}. One message in a hundred takes {} or \
                         longer, so it is processed twice without any crash.",
                        time(timeout),
                        time(work)
                    ),
                    "Set the visibility timeout well above the longest processing time.",
                )
                .endangers(Metric::DuplicateEffects)
                .fixed_by([longer]);
            found.push(finding);
        }
    }
    found
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
