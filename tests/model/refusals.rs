//! Refused attempts by the limit that refused them, at the link of their caller.

use crate::*;

/// Returns the refused attempts of a link, by limit: "pool 2", or empty.
fn by(run: &Run, link: &str) -> String {
    let limits = run.report["links"][link]["refused_by"].as_object();
    let limits = limits.into_iter().flatten();
    let limits = limits.map(|(limit, count)| format!("{limit} {count}"));
    limits.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_limit_of_the_callee_is_told_apart_by_caller() {
    // Two tokens: the second and third of `u`, and that of `v`, get none.
    let nodes = [
        replay([0, 2, 3]),
        replay_by("v", [1, 4], ""),
        service("api", 1, r#""rate_limit": {"rate": "0.001/s", "burst": 2}"#),
    ];
    let run = run(&nodes, &[link("u->api", ""), link("v->api", "")]);
    assert_eq!(by(&run, "u->api"), "rate_limit 2");
    assert_eq!(by(&run, "v->api"), "rate_limit 1");
    assert_eq!(run.number("/nodes/api/turned_away/rate_limit"), 3.0);
}

#[test]
fn a_load_balancer_passes_the_limit_on() {
    // One slot and no place: of two simultaneous calls, one is refused.
    let api = r#""concurrency": 1, "queue": {"capacity": 0}"#;
    for retry in ["", r#""retry": {"max_attempts": 3, "backoff": "none"}"#] {
        let nodes = [
            replay([0]),
            replay_by("v", [1], ""),
            node("lb", "load_balancer", ""),
            service("api", 10, api),
        ];
        let links = [link("u->lb", ""), link("v->lb", ""), link("lb->api", retry)];
        let run = run(&nodes, &links);
        assert_eq!(
            (by(&run, "u->lb"), by(&run, "v->lb")),
            (String::new(), "queue_full 1".to_owned())
        );
        let attempts = if retry.is_empty() { 1 } else { 3 };
        assert_eq!(by(&run, "lb->api"), format!("queue_full {attempts}"));
    }
}

#[test]
fn what_a_callee_passes_on_as_an_error_is_no_refusal_there() {
    let nodes = [
        replay([0, 0]),
        service("api", 1, ""),
        service("db", 10, r#""concurrency": 1, "queue": {"capacity": 0}"#),
    ];
    let run = run(&nodes, &[link("u->api", ""), link("api->db", "")]);
    assert_eq!(run.failed(), "error 1");
    assert_eq!(
        (by(&run, "u->api"), by(&run, "api->db")),
        (String::new(), "queue_full 1".to_owned())
    );
}

#[test]
fn limits_of_the_caller() {
    let to = |policy: &str, db: &str| {
        let nodes = [replay([0, 1, 2]), database("db", 10, db)];
        by(&run(&nodes, &[link("u->db", policy)]), "u->db")
    };
    assert_eq!(to(r#""pool": {"size": 1, "wait": "5ms"}"#, ""), "pool 2");
    let bulkhead = r#""bulkhead": {"max_concurrent": 1}"#;
    assert_eq!(to(bulkhead, ""), "bulkhead 2");
    let waits = r#""bulkhead": {"max_concurrent": 1, "wait": "5ms"}"#;
    assert_eq!(to(waits, ""), "bulkhead 2");
    let failing = r#""error_rate": 1"#;
    let breaker = r#""breaker": {"consecutive_failures": 1}"#;
    let nodes = [replay([0, 20, 40]), database("db", 10, failing)];
    let run = run(&nodes, &[link("u->db", breaker)]);
    assert_eq!(by(&run, "u->db"), "circuit_breaker 2");
}

#[test]
fn adaptive_throttling_and_a_database_without_a_connection() {
    let throttle = r#""adaptive_throttle": {"k": 2, "window": "1h"}"#;
    let down = [fault("crash", "db", 0, 1_000, "")];
    let nodes = [replay(0..200), database("db", 1, "")];
    let run = run_with("", &nodes, &[link("u->db", throttle)], &down);
    let rejected = run.number("/links/u->db/failures/rejected");
    assert!(rejected > 50.0, "{rejected}");
    // A process that is down refuses too, but that is no limit.
    assert_eq!(by(&run, "u->db"), format!("adaptive_throttle {rejected}"));

    let full = r#""connections": 2, "concurrency": 1"#;
    for rest in ["", r#", "row_locks": true"#] {
        let nodes = [replay([0; 5]), database("db", 10, &format!("{full}{rest}"))];
        let run = crate::run(&nodes, &[link("u->db", "")]);
        assert_eq!(by(&run, "u->db"), "connections 3");
        assert_eq!(run.failed(), "refused 3");
    }
}

#[test]
fn a_full_message_queue() {
    let nodes = [
        replay([0; 5]),
        node("q", "queue", r#""capacity": 3"#),
        service("w", 100, ""),
    ];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", r#""mode": "consume""#),
    ];
    assert_eq!(by(&run(&nodes, &links), "u->q"), "queue_full 2");
}
