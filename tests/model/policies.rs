//! The caller's policies: retries, budgets, pools, breakers.

use crate::*;

/// Sends over u->api, whose callee is down until the end unless told otherwise.
fn against_crash(client: String, rest: &str, until: u64) -> Run {
    run_with(
        r#""duration": "10s""#,
        &[client, service("api", 0, "")],
        &[link("u->api", rest)],
        &[fault("crash", "api", 0, until, "")],
    )
}

#[test]
fn pauses_between_attempts() {
    for (policy, sent) in [
        (r#""max_attempts": 1"#, vec![0.0]),
        (r#""max_attempts": 3"#, vec![0.0, 0.0, 0.0]),
        (
            r#""max_attempts": 3, "backoff": {"constant": "100ms"}"#,
            vec![0.0, 100.0, 200.0],
        ),
        (
            r#""max_attempts": 5, "backoff": {"exponential": {"base": "100ms", "cap": "300ms"}}"#,
            vec![0.0, 100.0, 300.0, 600.0, 900.0],
        ),
    ] {
        let run = against_crash(replay([0]), &format!(r#""retry": {{{policy}}}"#), 9000);
        assert_eq!(run.sent("u->api"), sent, "{policy}");
        let retries = sent.len() as f64 - 1.0;
        assert_eq!(run.number("/links/u->api/retries"), retries);
        assert_eq!(run.number("/links/u->api/amplification"), retries + 1.0);
        assert_eq!(run.failed(), "refused 1");
    }
}

#[test]
fn a_pause_begins_when_the_attempt_is_given_up_and_the_work_goes_on() {
    let rest = r#""timeout": "10ms", "retry": {"backoff": {"constant": "5ms"}}"#;
    let run = run(
        &[replay([0]), service("api", 100, "")],
        &[link("u->api", rest)],
    );
    let trace = "call 0, timeout 10, retry 15, timeout 25, retry 30, timeout 40";
    assert_eq!(run.trace("u->api"), trace);
    assert_eq!(
        run.number("/nodes/api/completions"),
        3.0,
        "all three are done in vain"
    );
}

#[test]
fn only_the_causes_named_are_tried_again() {
    for (on, attempts) in [("timeout", 1.0), ("refused", 3.0)] {
        let run = against_crash(
            replay([0]),
            &format!(r#""retry": {{"on": ["{on}"]}}"#),
            9000,
        );
        assert_eq!(run.number("/links/u->api/attempts"), attempts, "{on}");
    }
}

#[test]
fn a_retry_that_meets_a_callee_which_is_back_succeeds() {
    let retry = r#""retry": {"backoff": {"constant": "100ms"}}"#;
    let run = against_crash(replay([0]), retry, 150);
    assert_eq!(
        run.trace("u->api"),
        "call 0, failure 0, retry 100, failure 100, retry 200, answer 200"
    );
    assert_eq!(run.latency(), 200.0, "the user waited for all of it");
    assert_eq!(
        run.number("/links/u->api/latency_ms/max"),
        0.0,
        "the last attempt did not"
    );
}

#[test]
fn a_budget_is_a_bucket_of_whole_retries() {
    // Full with 2 retries; each call pays in 0.25: the fifth and the ninth can pay again.
    let budget = r#""retry": {"max_attempts": 2, "budget": {"ratio": 0.25, "burst": 2}}"#;
    let run = against_crash(replay((0..9).map(|n| n * 10)), budget, 9000);
    let retries = run
        .of("u->api")
        .filter(|(word, _)| *word == "retry")
        .map(|(_, at)| at);
    assert_eq!(retries.collect::<Vec<_>>(), [0.0, 10.0, 40.0, 80.0]);
}

#[test]
fn layers_of_retries_multiply() {
    let retry = r#""retry": {"max_attempts": 3}"#;
    let nodes = [
        replay([0]),
        service("a", 0, ""),
        service("b", 0, ""),
        service("c", 0, r#""error_rate": 1"#),
    ];
    let links = [
        link("u->a", retry),
        link("a->b", retry),
        link("b->c", retry),
    ];
    let run = run(&nodes, &links);
    assert_eq!(run.number("/nodes/c/arrivals"), 27.0);
    assert_eq!(run.number("/windows/amplification/0"), 27.0);
    assert_eq!(run.failed(), "error 1");
}

#[test]
fn retries_in_a_fan_out_stay_with_the_call_that_failed() {
    let links = [
        link("u->api", ""),
        link("api->good", r#""stage": 0, "retry": {}"#),
        link("api->bad", r#""stage": 0, "retry": {}"#),
    ];
    let nodes = [
        replay([0, 100, 200]),
        service("api", 0, ""),
        service("good", 1, ""),
        service("bad", 2, r#""error_rate": 1"#),
    ];
    let run = run(&nodes, &links);
    assert_eq!((run.ok(), run.failed().as_str()), (0.0, "error 3"));
    assert_eq!(run.number("/nodes/good/arrivals"), 3.0);
    assert_eq!(run.number("/nodes/bad/arrivals"), 9.0);
}

#[test]
fn a_pool_is_served_in_order_and_waited_for_no_longer_than_told() {
    // One connection of 10 ms: the third would get it at 20 and leaves at 2 + 15.
    let pool = r#""pool": {"size": 1, "wait": "15ms"}"#;
    let run = run(
        &[replay([0, 1, 2]), service("api", 10, "")],
        &[link("u->api", pool)],
    );
    assert_eq!(run.trace("u->api"), "call 0, answer 10, call 10, answer 20");
    assert_eq!(
        (run.latency(), run.failed().as_str()),
        (19.0, "pool_timeout 1")
    );
    assert_eq!(
        run.number("/nodes/api/wait_ms/max"),
        0.0,
        "the wait is the caller's"
    );
}

#[test]
fn each_calling_replica_has_its_own_pool() {
    for (replicas, sent) in [(1, [0.0, 10.0]), (2, [0.0, 0.0])] {
        let nodes = [
            replay([0, 0]),
            service("api", 0, &format!(r#""replicas": {replicas}"#)),
            database("db", 10, ""),
        ];
        let run = run(
            &nodes,
            &[
                link("u->api", ""),
                link("api->db", r#""pool": {"size": 1}"#),
            ],
        );
        assert_eq!(run.sent("api->db"), sent, "{replicas} replicas");
    }
}

#[test]
fn a_timeout_gives_the_connection_back_and_does_not_count_the_wait_for_it() {
    let rest = r#""timeout": "4ms", "pool": {"size": 1}"#;
    let run = run(
        &[replay([0, 0]), service("api", 10, "")],
        &[link("u->api", rest)],
    );
    assert_eq!(run.trace("u->api"), "call 0, timeout 4, call 4, timeout 8");
}

/// Requests every 100 ms.
fn steady() -> String {
    replay((0..30).map(|n| n * 100))
}

#[test]
fn a_breaker_opens_after_so_many_and_tries_again_after_so_long() {
    let breaker = r#""breaker": {"failure_rate": null, "consecutive_failures": 3, "open_for": "1s", "half_open_calls": 1}"#;
    // Failures at 0, 100, 200 open it until 1200; the trial then is answered.
    let mended = against_crash(steady(), breaker, 1150);
    assert_eq!(
        mended.sent("u->api")[..5],
        [0.0, 100.0, 200.0, 1200.0, 1300.0]
    );
    assert_eq!(mended.failed(), "circuit_open 9, refused 3");
    assert_eq!(mended.number("/links/u->api/breaker_open_s"), 1.0);
    // The trial at 1200 fails: one failure opens it for another second.
    let again = against_crash(steady(), breaker, 2000);
    assert_eq!(
        again.sent("u->api")[..6],
        [0.0, 100.0, 200.0, 1200.0, 2200.0, 2300.0]
    );
    assert_eq!(again.failed(), "circuit_open 18, refused 4");
}

#[test]
fn a_breaker_by_rate_waits_for_its_minimum_of_calls() {
    // Down from 450 on: of the last four calls, two have failed at 600.
    let rate = r#""failure_rate": 0.5, "open_for": "10s""#;
    for (bounds, last) in [
        (r#""window": 4, "min_calls": 4"#, 600.0),
        (r#""window": 20, "min_calls": 15"#, 1400.0),
    ] {
        let nodes = [steady(), service("api", 0, "")];
        let breaker = link("u->api", &format!(r#""breaker": {{{rate}, {bounds}}}"#));
        let run = run_with(
            r#""duration": "3s""#,
            &nodes,
            &[breaker],
            &[fault("crash", "api", 450, 2999, "")],
        );
        assert_eq!(run.sent("u->api").last(), Some(&last), "{bounds}");
    }
}

#[test]
fn half_open_lets_through_as_many_trials_as_told() {
    let breaker = r#""breaker": {"failure_rate": null, "consecutive_failures": 1, "open_for": "1s", "half_open_calls": 2}"#;
    let nodes = [replay([0, 2000, 2000, 2000, 2100]), service("api", 10, "")];
    let down = fault("crash", "api", 0, 1, "");
    let run = run_with(
        r#""duration": "3s""#,
        &nodes,
        &[link("u->api", breaker)],
        &[down],
    );
    assert_eq!(run.sent("u->api"), [0.0, 2000.0, 2000.0, 2100.0]);
    assert_eq!(run.failed(), "circuit_open 1, refused 1");
}

#[test]
fn each_calling_replica_has_its_own_breaker() {
    let breaker =
        r#""breaker": {"failure_rate": null, "consecutive_failures": 2, "open_for": "10s"}"#;
    let nodes = [
        steady(),
        service("api", 0, r#""replicas": 3"#),
        service("db", 0, r#""error_rate": 1"#),
    ];
    let run = run_with(
        r#""duration": "4s""#,
        &nodes,
        &[link("u->api", ""), link("api->db", breaker)],
        &[],
    );
    assert_eq!(
        run.sent("api->db"),
        [0.0, 100.0, 200.0, 300.0, 400.0, 500.0]
    );
}
