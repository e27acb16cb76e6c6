//! The outcome of writes: applied twice, in part, later, or nowhere.

use crate::data::{reader, writer};
use crate::*;

#[test]
fn a_retry_after_a_lost_answer_applies_the_write_twice() {
    let retried = r#""timeout": "50ms", "retry": {"max_attempts": 3}"#;
    let nodes = [writer([2, 500], ""), database("db", 10, "")];
    let links = [link("w->db", retried)];
    // Applied at 12 and 62: the first answer is lost.
    let lossy = fault("loss", "w->db", 5, 20, r#""loss": 1"#);
    let run = run_with("", &nodes, &links, &[lossy]);
    assert_eq!(run.outcomes(), "duplicate_effects 1, duplicated_writes 1");
    assert_eq!(
        (run.number("/data/effects"), run.number("/data/writes")),
        (3.0, 2.0)
    );
    // The two attempts that did it, the client's name and the moment of its request.
    let told = &run.report["data"]["first_duplicate"];
    assert_eq!(
        *told,
        serde_json::json!({"client": "w", "operation": "put", "key": 0, "wanted_s": 0.002, "node": "db",
            "first": {"at_s": 0.012, "link": "w->db", "attempt": 1},
            "again": {"at_s": 0.062, "link": "w->db", "attempt": 2}})
    );
    // A lost request was never applied: a retry is then the first.
    let lossy = fault("loss", "w->db", 0, 5, r#""loss": 1"#);
    let run = run_with("", &nodes, &links, &[lossy]);
    assert_eq!(run.outcomes(), "");
    assert_eq!(run.number("/links/w->db/attempts"), 3.0);
}

#[test]
fn two_statements_of_one_operation_are_no_duplicates() {
    let nodes = [
        writer([0], ""),
        service("api", 0, ""),
        database("db", 10, ""),
    ];
    let links = [link("w->api", ""), link("api->db", r#""calls": 3"#)];
    let run = run(&nodes, &links);
    assert_eq!(
        (run.outcomes().as_str(), run.number("/data/effects")),
        ("", 3.0)
    );
}

#[test]
fn a_second_write_that_fails_leaves_the_operation_torn() {
    let nodes = [
        writer([0, 500], ""),
        service("api", 0, ""),
        database("orders", 10, ""),
        database("stock", 10, ""),
    ];
    let links = [
        link("w->api", ""),
        link("api->orders", ""),
        link("api->stock", ""),
    ];
    let crash = |node| [fault("crash", node, 0, 400, "")];
    let run = run_with("", &nodes, &links, &crash("stock"));
    assert_eq!(
        (run.outcomes().as_str(), run.failed().as_str()),
        ("torn_writes 1", "error 1")
    );
    // The first one failing, nothing was written: an honest failure.
    let run = run_with("", &nodes, &links, &crash("orders"));
    assert_eq!(
        (run.outcomes().as_str(), run.failed().as_str()),
        ("", "error 1")
    );
}

/// A writer whose writes go through a queue and a worker of 100 ms to a database of 10 ms.
fn queued(moments: &[u64], queue: &str, faults: &[String]) -> Run {
    let nodes = [
        writer(moments.iter().copied(), ""),
        node("q", "queue", queue),
        service("worker", 100, ""),
        database("db", 10, ""),
    ];
    let links = [
        link("w->q", r#""mode": "publish""#),
        link("q->worker", r#""mode": "consume""#),
        link("worker->db", ""),
    ];
    run_with(r#""duration": "10s""#, &nodes, &links, faults)
}

#[test]
fn accepted_is_not_done() {
    let run = queued(&[0, 1000], "", &[]);
    assert_eq!((run.latency(), run.outcomes().as_str()), (0.0, ""));
    assert_eq!(run.number("/data/effect_delay_ms/max"), 110.0);
    assert_eq!(run.number("/data/effect_delay_ms/mean"), 110.0);
}

#[test]
fn a_message_that_is_delivered_at_most_once_can_be_lost() {
    let crash = fault("crash", "worker", 50, 500, "");
    let once = r#""delivery": "at_most_once""#;
    let run = queued(&[0, 1000], once, std::slice::from_ref(&crash));
    assert_eq!((run.ok(), run.outcomes().as_str()), (2.0, "lost_writes 1"));
    let least = r#""visibility_timeout": "2s""#;
    let run = queued(&[0, 1000], least, &[crash]);
    assert_eq!((run.ok(), run.number("/data/effects")), (2.0, 2.0));
    // Retried at 2000; the one of 1000 was applied at 1110.
    assert_eq!(run.outcomes(), "out_of_order 1");
    assert_eq!(run.number("/data/effect_delay_ms/max"), 2110.0);
}

#[test]
fn a_visibility_timeout_below_the_work_applies_twice() {
    let short = r#""visibility_timeout": "80ms", "max_receives": 2"#;
    let run = queued(&[0], short, &[]);
    assert_eq!(run.outcomes(), "duplicate_effects 1, duplicated_writes 1");
    assert_eq!(run.number("/data/effect_delay_ms/max"), 190.0);
}

#[test]
fn an_idempotency_key_and_unique_ids_apply_a_retried_write_once() {
    let retried = r#""timeout": "50ms", "retry": {"max_attempts": 3}"#;
    let lossy = [fault("loss", "w->db", 5, 20, r#""loss": 1"#)];
    for (key, unique, outcomes) in [
        (true, true, ""),
        (true, false, "duplicate_effects 1, duplicated_writes 1"),
        (false, true, "duplicate_effects 1, duplicated_writes 1"),
    ] {
        let nodes = [
            writer([2], &format!(r#""idempotency_key": {key}"#)),
            database("db", 10, &format!(r#""unique_ids": {unique}"#)),
        ];
        let run = run_with("", &nodes, &[link("w->db", retried)], &lossy);
        assert_eq!(run.outcomes(), outcomes, "key {key}, unique {unique}");
        assert_eq!(run.ok(), 1.0);
    }
}

#[test]
fn a_service_that_remembers_answers_a_repeat_at_once_and_one_too_early_with_an_error() {
    let retried = r#""timeout": "50ms", "retry": {"max_attempts": 4}"#;
    let nodes = |window: &str, work_ms| {
        [
            writer([2], r#""idempotency_key": true"#),
            service(
                "api",
                work_ms,
                &format!(r#""idempotency_window": {window}"#),
            ),
            database("db", 10, ""),
        ]
    };
    let links = [link("w->api", retried), link("api->db", "")];
    let lossy = [fault("loss", "w->api", 5, 40, r#""loss": 1"#)];
    // Done at 22, the answer lost; retried at 52 and answered immediately.
    let run = run_with("", &nodes(r#""10m""#, 10), &links, &lossy);
    assert_eq!((run.latency(), run.outcomes().as_str()), (50.0, ""));
    // Forgotten after 20 ms: done again, at 72.
    let run = run_with("", &nodes(r#""20ms""#, 10), &links, &lossy);
    assert_eq!(run.latency(), 70.0);
    assert_eq!(run.outcomes(), "duplicate_effects 1, duplicated_writes 1");
    // 90 ms of work, done at 102: of the repeats at 52 (an error, so retried immediately: three
    // errors) none is answered, and the write is applied once.
    let run = run_with("", &nodes(r#""10m""#, 90), &links, &[]);
    assert_eq!(
        (run.failed().as_str(), run.outcomes().as_str()),
        ("error 1", "")
    );
    assert_eq!(run.number("/links/w->api/attempts"), 4.0);
}

#[test]
fn what_a_process_was_doing_when_it_died_is_done_again() {
    let retried =
        r#""timeout": "200ms", "retry": {"max_attempts": 2, "backoff": {"constant": "50ms"}}"#;
    let nodes = [
        writer([0], r#""idempotency_key": true"#),
        service("api", 10, r#""idempotency_window": "10m""#),
        database("db", 10, ""),
    ];
    let links = [link("w->api", retried), link("api->db", "")];
    // It dies at 15, while the database works on it: the write is applied at 20 all the same.
    let run = run_with("", &nodes, &links, &[fault("crash", "api", 15, 30, "")]);
    assert_eq!((run.ok(), run.latency()), (1.0, 85.0));
    assert_eq!(run.outcomes(), "duplicate_effects 1, duplicated_writes 1");
}

#[test]
fn messages_have_ids_of_their_own() {
    // Delivered at 0 and again at 80, each worked on for 100 ms.
    let run = |worker: &str, db: &str| {
        let nodes = [
            writer([0], ""),
            node(
                "q",
                "queue",
                r#""visibility_timeout": "105ms", "max_receives": 2"#,
            ),
            service("worker", 100, worker),
            database("db", 10, db),
        ];
        let links = [
            link("w->q", r#""mode": "publish""#),
            link("q->worker", r#""mode": "consume""#),
            link("worker->db", ""),
        ];
        run_with(r#""duration": "10s""#, &nodes, &links, &[]).outcomes()
    };
    assert_eq!(run("", ""), "duplicate_effects 1, duplicated_writes 1");
    assert_eq!(run("", r#""unique_ids": true"#), "");
    assert_eq!(run(r#""idempotency_window": "1m""#, ""), "");
}

#[test]
fn a_user_who_reloads_wants_the_same_and_says_so_only_with_a_key() {
    // The answer of 10 is lost; the user leaves at 30 and reloads at 31, until the link works
    // again.
    for (key, writes) in [(true, 1.0), (false, 2.0)] {
        let keys = format!(r#""keys": {{"uniform": {{"n": 1000}}}}, "idempotency_key": {key}"#);
        let nodes = [
            replay_by(
                "w",
                [0],
                &format!(
                    r#""patience": "30ms", "reload": 0.99,
                    "operations": [{{"name": "put", "effect": "write", {keys}}}]"#
                ),
            ),
            database("db", 10, r#""unique_ids": true"#),
        ];
        let lossy = [fault("loss", "w->db", 5, 20, r#""loss": 1"#)];
        let run = run_with("", &nodes, &[link("w->db", "")], &lossy);
        assert_eq!((run.number("/requests/offered"), run.ok()), (2.0, 1.0));
        assert_eq!(run.number("/data/effects"), writes, "key {key}");
        assert_eq!(run.outcomes(), "");
    }
}

/// A copy of the orders, 100 ms behind: written by the consumer of what the api publishes.
fn read_model(links: &[String], faults: &[String]) -> Run {
    let nodes = [
        reader([0, 50, 112, 300]),
        writer([100], ""),
        service("api", 0, ""),
        database("orders", 10, ""),
        node("q", "queue", ""),
        service("projector", 90, ""),
        database("view", 10, r#""copy_of": "orders""#),
    ];
    let mut all = vec![
        link("r->view", ""),
        link("w->api", ""),
        link("q->projector", r#""mode": "consume""#),
        link("projector->view", ""),
    ];
    all.extend_from_slice(links);
    run_with(r#""duration": "10s""#, &nodes, &all, faults)
}

#[test]
fn a_copy_is_judged_against_its_owner() {
    let links = [
        link("api->orders", ""),
        link("api->q", r#""mode": "publish""#),
    ];
    // Committed, published and known at 110; in the copy at 210. Sent at 112, read at 122.
    let run = read_model(&links, &[]);
    assert_eq!(run.outcomes(), "stale_reads 1");
    assert_eq!(run.number("/data/staleness_ms/max"), 2.0);
    assert_eq!(run.number("/nodes/view/stale_reads"), 1.0);
    assert_eq!(run.number("/data/effect_delay_ms/max"), 100.0);
    assert_eq!(run.number("/data/effects"), 1.0, "a copy makes no version");
}

#[test]
fn a_publish_that_is_lost_leaves_the_copy_behind_for_good() {
    let links = [
        link("api->orders", ""),
        link("api->q", r#""mode": "publish", "optional": true"#),
    ];
    let down = fault("crash", "q", 105, 200, "");
    let run = read_model(&links, &[down]);
    assert_eq!(run.outcomes(), "stale_reads 2, divergent_keys 1");
    assert_eq!(run.number("/data/staleness_ms/max"), 190.0);
    assert_eq!(run.number("/nodes/view/divergent_keys"), 1.0);
}

#[test]
fn a_copy_may_be_ahead_of_its_owner() {
    let links = [
        link("api->q", r#""mode": "publish""#),
        link("api->orders", ""),
    ];
    // Published at 100, in the copy at 200; the owner is slow, and has it at 1110.
    let slow = fault("slowdown", "orders", 50, 500, r#""times": 101"#);
    let run = read_model(&links, &[slow]);
    assert_eq!(run.outcomes(), "");
    // The owner refuses: the copy has what no owner has.
    let down = fault("crash", "orders", 50, 500, "");
    let run = read_model(&links, &[down]);
    assert_eq!(
        (run.outcomes().as_str(), run.failed().as_str()),
        ("divergent_keys 1", "error 1")
    );
}

#[test]
fn copies_that_cannot_be_are_refused() {
    let refusal = |copy_of: &str| {
        let text = format!(
            r#"{{"faultline": 1, "nodes": [
            {{"id": "orders", "kind": "database"}}, {{"id": "api", "kind": "service"}},
            {{"id": "view", "kind": "database", "copy_of": "orders"}},
            {{"id": "x", "kind": "database", "copy_of": "{copy_of}"}}]}}"#
        );
        let problems = format::json::read(&text).unwrap_err();
        problems[0].to_string()
    };
    for (copy_of, why) in [
        ("order", "unknown node \"order\", did you mean \"orders\"?"),
        ("view", "view is itself a copy of orders"),
        ("x", "a database cannot be a copy of itself"),
        ("api", "api is a service; copy_of must be a database"),
    ] {
        let refusal = refusal(copy_of);
        assert!(
            refusal.contains(why) && refusal.contains("nodes[3].copy_of"),
            "{refusal}"
        );
    }
}
