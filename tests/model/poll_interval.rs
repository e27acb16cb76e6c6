//! Kafka's maximum poll interval: who works on a message for longer loses its partitions.

use crate::*;

/// Runs messages through a queue with this specification to a worker and a database.
fn consume(moments: &[u64], spec: &str, worker: &str, faults: &[String]) -> Run {
    let nodes = [
        replay_by("u", moments.iter().copied(), PUT),
        node("q", "queue", spec),
        worker.to_owned(),
        database("db", 0, ""),
    ];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", r#""mode": "consume""#),
        link("w->db", ""),
    ];
    run_with(r#""duration": "4s""#, &nodes, &links, faults)
}

fn causes(run: &Run) -> String {
    let again = run.report["nodes"]["q"]["messages"]["redelivered_after"].as_object();
    let causes = again.into_iter().flatten();
    let causes = causes.map(|(cause, count)| format!("{cause} {count}"));
    causes.collect::<Vec<_>>().join(", ")
}

fn readers(run: &Run) -> usize {
    let readers = &run.report["nodes"]["q"]["messages"]["readers"];
    readers.as_array().map_or(0, Vec::len)
}

const LIMITED: &str = r#""partitions": 1, "max_poll_interval": "100ms""#;

/// The first replica takes 300 ms for what it begins in the first 50 ms, and 10 ms afterwards.
fn slow_at_first() -> String {
    fault("slowdown", "w", 0, 50, r#""replica": 0, "times": 30"#)
}

#[test]
fn a_message_goes_to_another_reader_and_its_effect_is_doubled() {
    let worker = service("w", 10, r#""replicas": 2"#);
    let run = consume(&[0, 1], LIMITED, &worker, &[slow_at_first()]);
    assert_eq!(run.sent("q->w"), [0.0, 100.0, 110.0]);
    assert_eq!(
        run.messages("q"),
        "published 2, delivered 3, redelivered 1, acknowledged 2"
    );
    assert_eq!(causes(&run), "poll_interval 1");
    assert_eq!(run.number("/nodes/w/completions"), 3.0);
    assert_eq!(run.number("/data/duplicate_effects"), 1.0);
    // It joined again when it was done, at 300 ms, and keeps off what the other one has.
    assert_eq!(readers(&run), 2);
    let reader = &run.report["nodes"]["q"]["messages"]["partitions"][0]["reader"];
    assert_eq!(reader, "w#1");
}

#[test]
fn the_only_reader_begins_again_and_again() {
    let spec = format!(r#"{LIMITED}, "max_receives": 3"#);
    let run = consume(&[0], &spec, &service("w", 300, ""), &[]);
    // From 100 to 300 ms the partition has no reader.
    assert_eq!(run.sent("q->w"), [0.0, 300.0, 600.0]);
    assert_eq!(
        run.messages("q"),
        "published 1, delivered 3, redelivered 2, dropped 1"
    );
    assert_eq!(run.number("/data/duplicate_effects"), 2.0);
}

#[test]
fn all_messages_of_a_late_reader_are_delivered_again_once_it_is_done_with_all() {
    let two = r#""operations": [{"effect": "write", "keys": {"uniform": {"n": 2}}}]"#;
    let nodes = [
        replay_by("u", [0; 8], two),
        node(
            "q",
            "queue",
            r#""partitions": 2, "max_poll_interval": "100ms""#,
        ),
        service("w", 300, ""),
    ];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", r#""mode": "consume""#),
    ];
    let run = run_with(r#""duration": "1s""#, &nodes, &links, &[]);
    assert_eq!(
        run.sent("q->w")[..6],
        [0.0, 0.0, 300.0, 300.0, 600.0, 600.0]
    );
}

#[test]
fn work_within_the_interval_changes_nothing_and_no_timeout_cuts_it_short() {
    let worker = service("w", 90, r#""replicas": 2"#);
    let without = consume(&[0, 1], r#""partitions": 1"#, &worker, &[]);
    let with = consume(&[0, 1], LIMITED, &worker, &[]);
    assert_eq!(with.hash(), without.hash());
    // A visibility timeout of less is for lost messages alone.
    let spec = format!(r#"{LIMITED}, "visibility_timeout": "40ms""#);
    let run = consume(&[0], &spec, &worker, &[]);
    assert_eq!((run.sent("q->w"), causes(&run)), (vec![0.0], String::new()));
    let lost = [fault("loss", "q->w", 0, 20, r#""loss": 1"#)];
    let run = consume(&[0], &spec, &worker, &lost);
    assert_eq!(run.sent("q->w"), [40.0], "the first was lost");
    assert_eq!(causes(&run), "lost 1");
    // The acknowledgment is lost after the first timeout: the second one finds that out.
    let lost = [fault("loss", "q->w", 80, 95, r#""loss": 1"#)];
    let run = consume(&[0], &spec, &worker, &lost);
    assert_eq!(run.sent("q->w"), [0.0, 120.0]);
}

#[test]
fn a_late_reader_that_crashes_or_hangs_joins_when_it_can() {
    let worker = service("w", 10, r#""replicas": 2"#);
    for kind in ["crash", "hang"] {
        let faults = [
            slow_at_first(),
            fault(kind, "w", 150, 250, r#""replica": 0"#),
        ];
        let run = consume(&[0, 1, 2_000], LIMITED, &worker, &faults);
        assert_eq!(run.sent("q->w"), [0.0, 100.0, 110.0, 2_000.0], "{kind}");
        assert_eq!(readers(&run), 2, "{kind}");
    }
}

#[test]
fn without_partitions_there_is_no_group_to_leave() {
    let spec = r#""max_poll_interval": "100ms""#;
    let run = consume(&[0], spec, &service("w", 300, ""), &[]);
    assert_eq!(run.sent("q->w"), [0.0]);
}
