//! Bulkheads and hedges.

use crate::*;

#[test]
fn a_bulkhead_lets_so_many_through_and_rejects_the_rest_at_once() {
    let nodes = [replay([0, 5, 11]), service("api", 10, "")];
    let one = run(
        &nodes,
        &[link("u->api", r#""bulkhead": {"max_concurrent": 1}"#)],
    );
    assert_eq!(one.sent("u->api"), [0.0, 11.0]);
    assert_eq!(one.failed(), "rejected 1");
    let two = run(
        &nodes,
        &[link("u->api", r#""bulkhead": {"max_concurrent": 2}"#)],
    );
    assert_eq!(two.sent("u->api"), [0.0, 5.0, 11.0]);
}

#[test]
fn a_place_in_a_bulkhead_is_waited_for_no_longer_than_told() {
    let bulkhead = r#""bulkhead": {"max_concurrent": 1, "wait": "15ms"}"#;
    let run = run(
        &[replay([0, 1, 2]), service("api", 10, "")],
        &[link("u->api", bulkhead)],
    );
    assert_eq!(run.trace("u->api"), "call 0, answer 10, call 10, answer 20");
    assert_eq!((run.latency(), run.failed().as_str()), (19.0, "rejected 1"));
}

#[test]
fn a_bulkhead_stands_before_the_pool_and_each_has_its_own_wait() {
    // The second has a place at 1 and waits for the only connection until 16. Its place goes to the
    // third, which had waited for one since 6 and would have until 18; it gets the connection at
    // 20.
    let rest =
        r#""bulkhead": {"max_concurrent": 2, "wait": "12ms"}, "pool": {"size": 1, "wait": "15ms"}"#;
    let run = run(
        &[replay([0, 1, 6]), service("api", 20, "")],
        &[link("u->api", rest)],
    );
    assert_eq!(run.sent("u->api"), [0.0, 20.0]);
    assert_eq!((run.ok(), run.failed().as_str()), (2.0, "pool_timeout 1"));
}

#[test]
fn a_timeout_gives_the_place_back() {
    let rest = r#""timeout": "4ms", "bulkhead": {"max_concurrent": 1}"#;
    let nodes = [replay([0, 5]), service("api", 10, "")];
    let run = run(&nodes, &[link("u->api", rest)]);
    assert_eq!(run.trace("u->api"), "call 0, timeout 4, call 5, timeout 9");
}

/// A user's call to two replicas of 100 ms, the first of which is slow.
fn hedged(rest: &str, faults: &[String]) -> Run {
    let slow = fault("slowdown", "api", 0, 40, r#""times": 10, "replica": 0"#);
    let faults: Vec<String> = faults.iter().cloned().chain([slow]).collect();
    let nodes = [replay([0]), service("api", 100, r#""replicas": 2"#)];
    let settings = format!(r#""duration": "2s", {IN_ORDER}"#);
    run_with(&settings, &nodes, &[link("u->api", rest)], &faults)
}

#[test]
fn the_first_answer_wins_and_the_other_attempt_is_given_up() {
    let run = hedged(r#""hedge": {"after": "50ms"}"#, &[]);
    assert_eq!(run.trace("u->api"), "call 0, call 50, answer 150");
    assert_eq!((run.ok(), run.latency()), (1.0, 150.0));
    for (metric, value) in [
        ("attempts", 2.0),
        ("hedges", 1.0),
        ("retries", 0.0),
        ("abandoned", 1.0),
        ("amplification", 2.0),
    ] {
        assert_eq!(
            run.number(&format!("/links/u->api/{metric}")),
            value,
            "{metric}"
        );
    }
    assert_eq!(run.number("/nodes/api/wasted_work"), 1000.0 / 1100.0);
    // A fast answer needs no second attempt.
    let quick = hedged(r#""hedge": {"after": "1001ms"}"#, &[]);
    assert_eq!(quick.trace("u->api"), "call 0, answer 1000");
}

#[test]
fn hedges_follow_one_another() {
    let nodes = [replay([0]), service("api", 500, "")];
    let hedge = link("u->api", r#""hedge": {"after": "50ms", "max": 3}"#);
    let run = run(&nodes, &[hedge]);
    assert_eq!(run.sent("u->api"), [0.0, 50.0, 100.0, 150.0]);
    assert_eq!(run.number("/links/u->api/abandoned"), 3.0);
    assert_eq!(run.ok(), 1.0);
}

#[test]
fn an_attempt_that_fails_leaves_the_call_to_the_others() {
    let rest = r#""hedge": {"after": "50ms"}, "retry": {"max_attempts": 2, "backoff": {"constant": "100ms"}}"#;
    let first = fault("crash", "api", 60, 160, r#""replica": 0"#);
    let one = hedged(rest, std::slice::from_ref(&first));
    assert_eq!(
        one.trace("u->api"),
        "call 0, call 50, failure 60, answer 150"
    );
    assert_eq!((one.ok(), one.number("/links/u->api/retries")), (1.0, 0.0));
    // The last of them to fail is retried, and the retry is hedged again.
    let both = hedged(
        rest,
        &[first, fault("crash", "api", 70, 160, r#""replica": 1"#)],
    );
    assert_eq!(
        both.trace("u->api"),
        "call 0, call 50, failure 60, failure 70, retry 170, retry 220, answer 270"
    );
    assert_eq!(both.number("/links/u->api/retries"), 1.0);
    assert_eq!(both.number("/links/u->api/hedges"), 2.0);
}

#[test]
fn a_hedge_that_still_waits_for_a_connection_is_never_sent() {
    let rest = r#""hedge": {"after": "50ms"}, "pool": {"size": 1}"#;
    let nodes = [replay([0, 200]), service("api", 100, "")];
    let run = run(&nodes, &[link("u->api", rest)]);
    assert_eq!(
        run.trace("u->api"),
        "call 0, answer 100, call 200, answer 300"
    );
    assert_eq!(run.number("/links/u->api/hedges"), 0.0);
}

#[test]
fn a_balancer_sends_a_hedge_to_another_replica() {
    for algorithm in ["round_robin", "random", "least_outstanding", "power_of_two"] {
        let nodes = [
            replay((0..20).map(|n| n * 40)),
            node(
                "lb",
                "load_balancer",
                &format!(r#""algorithm": "{algorithm}""#),
            ),
            service("a", 30, ""),
            service("b", 30, ""),
        ];
        let hedge = r#""hedge": {"after": "10ms"}"#;
        let links = [
            link("u->lb", ""),
            link("lb->a", hedge),
            link("lb->b", hedge),
        ];
        let run = run(&nodes, &links);
        assert_eq!(run.ok(), 20.0);
        let both = run.sent("lb->a").len() + run.sent("lb->b").len();
        assert_eq!(both, 40, "{algorithm}");
        let apart = run.sent("lb->a").len().abs_diff(20);
        let is_drawn = ["random", "power_of_two"].contains(&algorithm);
        assert!(
            apart <= if is_drawn { 3 } else { 0 },
            "{algorithm}: {apart}"
        );
    }
}

/// P(T > t) = S(t) S(t - d): Dean and Barroso's hedged requests, leaves of lognormal time.
#[test]
fn hedges_cut_the_tail_as_theory_says() {
    let client = node("u", "client", r#""arrivals": {"poisson": "2000/s"}"#);
    let leaf = r#""concurrency": null, "service_time": "lognormal(p50=10ms,p99=102.40473656ms)""#;
    let hedge = r#""hedge": {"after": "10ms"}"#;
    let run = run_with(
        r#""duration": "100s""#,
        &[client, node("leaf", "service", leaf)],
        &[link("u->leaf", hedge)],
        &[],
    );
    let extra = run.number("/links/u->leaf/hedges") / run.number("/requests/offered");
    assert!((extra - 0.5).abs() < 0.004, "{extra}");
    for (percentile, ms, tolerance) in [
        ("p50", 10.0, 0.02),
        ("p95", 26.630_792, 0.02),
        ("p99", 41.204_741, 0.03),
        ("p999", 69.193_417, 0.08),
    ] {
        let actual = run.number(&format!("/requests/latency_ms/{percentile}"));
        assert!(
            (actual / ms - 1.0).abs() < tolerance,
            "{percentile}: {actual}"
        );
    }
}
