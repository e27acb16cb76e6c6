//! Why messages are delivered again. The trace of each run is worked out in the tests of queues.

use crate::*;

/// Runs one message through a queue to a worker, and returns its redeliveries by cause.
fn causes(spec: &str, worker: &str, consume: &str, faults: &[String]) -> String {
    let nodes = [replay([0]), node("q", "queue", spec), worker.to_owned()];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", &format!(r#""mode": "consume"{consume}"#)),
    ];
    let run = run_with(r#""duration": "4s""#, &nodes, &links, faults);
    let again = run.report["nodes"]["q"]["messages"]["redelivered_after"].as_object();
    let causes = again.into_iter().flatten();
    let causes = causes.map(|(cause, count)| format!("{cause} {count}"));
    causes.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_consumer_that_is_still_working() {
    let spec = r#""visibility_timeout": "200ms", "max_receives": 2"#;
    assert_eq!(
        causes(spec, &service("w", 300, ""), "", &[]),
        "visibility_timeout 1"
    );
}

#[test]
fn a_failure_whether_reported_or_found_out_by_the_timeout() {
    let bad = service("w", 10, r#""error_rate": 1"#);
    for redelivery in ["at_once", "on_timeout"] {
        let spec = format!(
            r#""visibility_timeout": "1s", "max_receives": 3, "redelivery": "{redelivery}""#
        );
        assert_eq!(causes(&spec, &bad, "", &[]), "failure 2", "{redelivery}");
    }
}

#[test]
fn a_consumer_that_died_over_it_with_and_without_partitions() {
    let worker = service("w", 100, "");
    let crash = [fault("crash", "w", 50, 500, "")];
    for spec in [
        r#""visibility_timeout": "2s""#,
        r#""visibility_timeout": "2s", "redelivery": "at_once""#,
        r#""visibility_timeout": "2s", "partitions": 1"#,
    ] {
        assert_eq!(
            causes(spec, &worker, "", &crash),
            "consumer_crash 1",
            "{spec}"
        );
    }
}

#[test]
fn a_message_or_an_acknowledgment_that_was_lost() {
    let spec = r#""visibility_timeout": "1s""#;
    let worker = service("w", 100, "");
    for (from, to) in [(0, 50), (50, 150)] {
        let loss = [fault("loss", "q->w", from, to, r#""loss": 1"#)];
        assert_eq!(causes(spec, &worker, "", &loss), "lost 1");
    }
}

#[test]
fn the_timeout_of_the_link() {
    let spec = r#""visibility_timeout": "1s", "max_receives": 2, "redelivery": "at_once""#;
    let causes = causes(spec, &service("w", 100, ""), r#", "timeout": "50ms""#, &[]);
    assert_eq!(causes, "link_timeout 1");
}

#[test]
fn a_reader_whose_session_expired() {
    let spec = r#""partitions": 1, "session_timeout": "500ms", "heartbeat": "100ms""#;
    let worker = service("w", 10, r#""replicas": 2"#);
    let hang = [fault("hang", "w", 5, 3_000, r#""replica": 0"#)];
    assert_eq!(causes(spec, &worker, "", &hang), "session_timeout 1");
}

#[test]
fn a_queue_that_crashed() {
    let crash = [fault("crash", "q", 50, 60, "")];
    let spec = r#""visibility_timeout": "1s""#;
    assert_eq!(
        causes(spec, &service("w", 100, ""), "", &crash),
        "queue_crash 1"
    );
}

#[test]
fn a_message_that_is_delivered_once_has_no_cause() {
    assert_eq!(causes("", &service("w", 100, ""), "", &[]), "");
}
