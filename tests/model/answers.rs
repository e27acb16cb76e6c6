//! Answers that no caller waits for, fills of caches, and what a crash loses.

use crate::*;

#[test]
fn work_is_wasted_when_anybody_up_the_chain_has_given_up() {
    let lb = || node("front", "load_balancer", "");
    for (client, front, rest) in [
        (replay([0]), lb(), r#""timeout": "10ms""#),
        (replay([0]), service("front", 0, ""), r#""timeout": "10ms""#),
        (replay_by("u", [0], r#""patience": "10ms""#), lb(), ""),
    ] {
        let nodes = [client, front, service("api", 50, "")];
        let run = run(&nodes, &[link("u->front", rest), link("front->api", "")]);
        assert_eq!(run.number("/nodes/api/wasted_work"), 1.0, "{rest}");
    }
}

#[test]
fn only_what_was_loaded_fills_a_look_aside_cache() {
    let cache = node("cache", "cache", r#""hit_time": "const(1ms)""#);
    let nodes = [
        replay_by("u", [0, 5, 8], GET),
        service("api", 0, ""),
        cache,
        service("other", 2, ""),
        database("db", 100, ""),
    ];
    let links = [
        link("u->api", ""),
        link("api->cache", r#""stage": 0"#),
        link("api->other", r#""stage": 0"#),
        link("api->db", r#""stage": 1, "when": "on_miss""#),
    ];
    assert_eq!(run(&nodes, &links).sent("api->db"), [2.0, 7.0, 10.0]);
}

#[test]
fn a_failure_beside_the_load_does_not_lose_the_fill() {
    let cache = node("cache", "cache", r#""hit_time": "const(1ms)""#);
    let nodes = [
        replay_by("u", [0, 100], GET),
        service("api", 0, ""),
        cache,
        database("db", 10, ""),
        service("bad", 20, r#""error_rate": 1"#),
    ];
    let links = [
        link("u->api", ""),
        link("api->cache", r#""stage": 0"#),
        link("api->db", r#""stage": 1, "when": "on_miss""#),
        link(
            "api->bad",
            r#""stage": 1, "when": "on_miss", "optional": true"#,
        ),
    ];
    assert_eq!(run(&nodes, &links).sent("api->db"), [1.0]);
}

#[test]
fn a_consumer_that_still_works_has_no_room() {
    let nodes = [
        replay([0]),
        node("q", "queue", r#""visibility_timeout": "200ms""#),
        service("w", 900, ""),
    ];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", r#""mode": "consume", "concurrency": 1"#),
    ];
    let run = run(&nodes, &links);
    assert_eq!(run.sent("q->w")[..2], [0.0, 900.0]);
}

#[test]
fn at_most_once_is_done_with_a_message_it_has_handed_over() {
    let nodes = [
        replay([0, 100]),
        node("q", "queue", r#""delivery": "at_most_once""#),
        service("w", 1, ""),
    ];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", r#""mode": "consume", "concurrency": 1"#),
    ];
    let run = run_with(
        "",
        &nodes,
        &links,
        &[fault("loss", "q->w", 0, 50, r#""loss": 1"#)],
    );
    assert_eq!(run.number("/nodes/w/completions"), 1.0);
    assert_eq!(run.number("/nodes/q/messages/waiting"), 0.0);
}

#[test]
fn a_process_that_dies_takes_its_waiting_calls_along() {
    let nodes = [
        replay([0, 1, 2]),
        service("api", 0, ""),
        database("db", 100, ""),
    ];
    let links = [
        link("u->api", ""),
        link("api->db", r#""pool": {"size": 1, "wait": null}"#),
    ];
    let run = run_with("", &nodes, &links, &[fault("crash", "api", 50, 60, "")]);
    assert_eq!(run.sent("api->db"), [0.0]);
}

#[test]
fn a_process_that_starts_again_has_its_connections_free() {
    let nodes = [
        replay([0, 500]),
        service("api", 0, ""),
        database("db", 1, ""),
    ];
    let links = [
        link("u->api", ""),
        link("api->db", r#""pool": {"size": 1, "wait": null}"#),
    ];
    let faults = [
        fault("loss", "api->db", 0, 10, r#""loss": 1"#),
        fault("crash", "api", 50, 60, ""),
    ];
    assert_eq!(run_with("", &nodes, &links, &faults).ok(), 1.0);
}

#[test]
fn a_drain_waits_for_the_end_of_a_fault() {
    let nodes = [replay([500]), node("q", "queue", ""), service("w", 1, "")];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", r#""mode": "consume""#),
    ];
    let run = run_with("", &nodes, &links, &[fault("crash", "w", 0, 5000, "")]);
    assert_eq!(run.sent("q->w"), [5000.0]);
}

#[test]
fn a_deep_probe_reads_writes_nothing_and_touches_no_key() {
    let client = replay_by(
        "u",
        [900],
        r#""operations": [{"name": "put", "effect": "write"}]"#,
    );
    let lb = node(
        "lb",
        "load_balancer",
        r#""health_check": {"depth": "deep", "interval": "100ms"}"#,
    );
    let nodes = [
        client,
        lb,
        service("api", 0, ""),
        node("q", "queue", ""),
        service("w", 1, ""),
    ];
    let links = [
        link("u->lb", ""),
        link("lb->api", ""),
        link("api->q", r#""mode": "publish", "when": "writes""#),
        link("q->w", r#""mode": "consume""#),
    ];
    assert_eq!(
        run(&nodes, &links).number("/nodes/q/messages/published"),
        1.0
    );
}

#[test]
fn an_operation_that_no_link_of_the_client_serves_is_not_ok() {
    let client = replay_by(
        "u",
        [0],
        r#""operations": [{"name": "put", "effect": "write"}]"#,
    );
    let run = run(
        &[client, service("api", 1, "")],
        &[link("u->api", r#""when": "reads""#)],
    );
    assert_eq!(run.failed(), "unavailable 1");
}

#[test]
fn an_optional_part_that_fails_still_has_its_fallback() {
    let nodes = [
        replay([0]),
        service("api", 0, ""),
        service("bad", 1, r#""error_rate": 1"#),
        service("other", 1, ""),
    ];
    let links = [
        link("u->api", ""),
        link("api->bad", r#""optional": true"#),
        link("api->other", r#""when": "on_error""#),
    ];
    assert_eq!(run(&nodes, &links).number("/nodes/other/arrivals"), 1.0);
}

#[test]
fn a_stage_that_is_skipped_does_not_swallow_the_miss() {
    let nodes = [
        replay([0]),
        service("api", 0, ""),
        node("cache", "cache", ""),
        service("audit", 1, ""),
        database("db", 1, ""),
    ];
    let links = [
        link("u->api", ""),
        link("api->cache", ""),
        link("api->audit", r#""when": "writes""#),
        link("api->db", r#""when": "on_miss""#),
    ];
    assert_eq!(run(&nodes, &links).number("/nodes/db/arrivals"), 1.0);
}

#[test]
fn slowdowns_that_multiply_do_not_overflow_the_clock() {
    let slow: Vec<_> = (0..4)
        .map(|_| fault("slowdown", "api", 0, 900, r#""times": 10000"#))
        .collect();
    let run = run_with(
        "",
        &[replay([1]), service("api", 1000, "")],
        &[link("u->api", "")],
        &slow,
    );
    assert_eq!(run.number("/requests/in_flight"), 1.0);
}
