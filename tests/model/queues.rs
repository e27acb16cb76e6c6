//! Queues: no message is lost unless the delivery guarantee allows it.

use crate::*;

/// Returns a client that publishes, a queue, and one worker of its own.
fn queue(
    moments: impl IntoIterator<Item = u64>,
    queue: &str,
    worker: &str,
    consume: &str,
    faults: &[String],
) -> Run {
    let nodes = [
        replay(moments),
        node("q", "queue", queue),
        worker.to_owned(),
        node("dead", "queue", ""),
    ];
    let comma = if consume.is_empty() { "" } else { ", " };
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", &format!(r#""mode": "consume"{comma}{consume}"#)),
        link("q->dead", r#""mode": "dead_letter""#),
    ];
    run_with(r#""duration": "10s""#, &nodes, &links, faults)
}

impl Run {
    /// Returns the outcomes of the messages that are not 0.
    pub(crate) fn messages(&self, queue: &str) -> String {
        let fates = [
            "published",
            "delivered",
            "redelivered",
            "expired",
            "acknowledged",
            "dead_lettered",
            "dropped",
            "lost",
            "waiting",
        ];
        let counts = fates.map(|fate| {
            (
                fate,
                self.number(&format!("/nodes/{queue}/messages/{fate}")),
            )
        });
        let counts = counts.iter().filter(|(_, count)| *count > 0.0);
        counts
            .map(|(fate, count)| format!("{fate} {count}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

#[test]
fn publishing_answers_once_the_message_is_accepted() {
    let run = queue([0], "", &service("w", 500, ""), "", &[]);
    assert_eq!((run.ok(), run.latency()), (1.0, 0.0));
    assert_eq!(run.trace("q->w"), "message 0, answer 500");
    assert_eq!(
        run.messages("q"),
        "published 1, delivered 1, acknowledged 1"
    );
}

#[test]
fn a_failed_message_comes_again_when_its_visibility_runs_out_and_is_given_up_in_the_end() {
    let bad = service("w", 10, r#""error_rate": 1"#);
    let run = queue(
        [0],
        r#""visibility_timeout": "1s", "max_receives": 3"#,
        &bad,
        "",
        &[],
    );
    assert_eq!(
        run.trace("q->w"),
        "message 0, failure 10, message 1000, failure 1010, message 2000, failure 2010"
    );
    assert_eq!(run.sent("q->dead"), [3000.0]);
    assert_eq!(
        run.messages("q"),
        "published 1, delivered 3, redelivered 2, expired 3, dead_lettered 1"
    );
    assert_eq!(run.messages("dead"), "published 1, waiting 1");
}

#[test]
fn at_most_once_forgets_what_it_has_handed_over() {
    let bad = service("w", 10, r#""error_rate": 1"#);
    let run = queue([0, 1], r#""delivery": "at_most_once""#, &bad, "", &[]);
    assert_eq!(
        run.messages("q"),
        "published 2, delivered 2, acknowledged 2"
    );
}

#[test]
fn a_consumer_has_no_more_in_flight_than_its_concurrency() {
    let worker = service("w", 100, r#""concurrency": null"#);
    let run = queue([0; 5], "", &worker, r#""concurrency": 2"#, &[]);
    assert_eq!(run.sent("q->w"), [0.0, 0.0, 100.0, 100.0, 200.0]);
    assert_eq!(run.number("/nodes/q/queue_max"), 3.0);
}

#[test]
fn a_full_queue_rejects_the_new_or_drops_the_oldest() {
    let down = [fault("crash", "w", 0, 5000, "")];
    for (overflow, failed, messages) in [
        (
            "reject",
            "rejected 2",
            "published 3, delivered 3, acknowledged 3",
        ),
        (
            "drop_oldest",
            "",
            "published 5, delivered 3, acknowledged 3, dropped 2",
        ),
    ] {
        let spec = format!(r#""capacity": 3, "overflow": "{overflow}""#);
        let run = queue(0..5, &spec, &service("w", 1, ""), "", &down);
        assert_eq!(
            (run.failed().as_str(), run.messages("q").as_str()),
            (failed, messages)
        );
    }
}

#[test]
fn a_dead_consumer_takes_no_messages_and_destroys_none() {
    let down = [fault("crash", "w", 0, 5000, "")];
    for delivery in ["at_least_once", "at_most_once"] {
        let spec = format!(r#""delivery": "{delivery}""#);
        let run = queue(
            0..20,
            &spec,
            &service("w", 1, ""),
            r#""concurrency": 4"#,
            &down,
        );
        assert_eq!(run.ok(), 20.0, "publishers see nothing of it");
        assert_eq!(
            run.sent("q->w")[..5],
            [5000.0, 5000.0, 5000.0, 5000.0, 5001.0]
        );
        assert_eq!(
            run.messages("q"),
            "published 20, delivered 20, acknowledged 20"
        );
    }
}

#[test]
fn a_consumer_that_dies_over_a_message_gets_it_again() {
    let run = queue(
        [0],
        r#""visibility_timeout": "2s""#,
        &service("w", 100, ""),
        "",
        &[fault("crash", "w", 50, 500, "")],
    );
    assert_eq!(
        run.trace("q->w"),
        "message 0, failure 50, message 2000, answer 2100"
    );
    assert_eq!(
        run.messages("q"),
        "published 1, delivered 2, redelivered 1, expired 1, acknowledged 1"
    );
}

#[test]
fn a_slow_consumer_does_the_work_twice() {
    // 300 ms of work, visible again after 200: the answer at 300 comes too late for the first
    // delivery.
    let worker = service("w", 300, "");
    let spec = r#""visibility_timeout": "200ms", "max_receives": 2"#;
    let run = queue([0], spec, &worker, "", &[]);
    assert_eq!(run.sent("q->w"), [0.0, 200.0]);
    assert_eq!(run.number("/nodes/w/completions"), 2.0);
}

#[test]
fn a_crash_of_the_queue_refuses_publishers_and_keeps_its_messages() {
    let faults = [
        fault("crash", "w", 0, 4000, ""),
        fault("crash", "q", 1000, 3000, ""),
    ];
    let run = queue([500, 2000], "", &service("w", 1, ""), "", &faults);
    assert_eq!(run.failed(), "refused 1");
    assert_eq!(run.sent("q->w"), [4000.0]);
}
