//! The caller's policies: retries, budgets, pools, breakers.

use crate::*;

/// Sends over u->api, whose callee is down until the end unless set otherwise.
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
        "all three are wasted"
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
    // Failures at 0, 100, 200 open it until 1200; the trial is then answered.
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

#[test]
fn retries_stop_when_half_the_tokens_are_gone() {
    // 4 tokens: after two failed attempts 2 are left, which is not more than half.
    let retry = r#""retry": {"max_attempts": 5, "throttle": {"tokens": 4, "token_ratio": 0.5}}"#;
    let down = against_crash(replay([0, 100]), retry, 9000);
    assert_eq!(down.sent("u->api"), [0.0, 0.0, 100.0]);
    // Back from 150 on: 1 token is left at 100; answers at 200, 300, 400 make 2.5, so that a failed
    // attempt at 500 leaves 1.5, and three answers more are needed to try again.
    let nodes = [replay([0, 100, 200, 300, 400, 500]), service("api", 0, "")];
    let faults = [
        fault("crash", "api", 0, 150, ""),
        fault("crash", "api", 450, 950, ""),
    ];
    let back = run_with("", &nodes, &[link("u->api", retry)], &faults);
    assert_eq!(back.number("/links/u->api/retries"), 1.0);
}

#[test]
fn a_throttle_fills_up_with_answers() {
    // Of 4 tokens 2 go at 0. Each answer pays in 0.5: after four of them the attempt at 500 leaves
    // 3.
    let retry = r#""retry": {"max_attempts": 2, "throttle": {"tokens": 4, "token_ratio": 0.5}}"#;
    let nodes = [replay([0, 100, 200, 300, 400, 500]), service("api", 0, "")];
    let faults = [
        fault("crash", "api", 0, 50, ""),
        fault("crash", "api", 450, 950, ""),
    ];
    let run = run_with("", &nodes, &[link("u->api", retry)], &faults);
    assert_eq!(
        run.sent("u->api"),
        [0.0, 0.0, 100.0, 200.0, 300.0, 400.0, 500.0, 500.0]
    );
}

/// botocore's standard mode: 500 in total, 5 a retry, 10 after a timeout.
#[test]
fn a_quota_is_spent_on_a_hundred_retries() {
    let calls = || replay((0..100).map(|n| n * 50));
    let retry = r#""retry": {"max_attempts": 3, "quota": {}}"#;
    let errors = against_crash(calls(), retry, 9000);
    assert_eq!(errors.number("/links/u->api/retries"), 100.0);
    let sent = errors.sent("u->api");
    assert_eq!(sent[147..152], [2450.0, 2450.0, 2450.0, 2500.0, 2550.0]);
    let nodes = [calls(), service("api", 20_000, r#""concurrency": null"#)];
    let timeouts = run_with(
        r#""duration": "10s""#,
        &nodes,
        &[link("u->api", &format!(r#""timeout": "1ms", {retry}"#))],
        &[],
    );
    assert_eq!(timeouts.number("/links/u->api/retries"), 50.0);
}

#[test]
fn a_quota_gets_back_what_a_retry_took_and_a_little_for_answers_at_first() {
    // 5 pay for one retry. Its answer gives 5 back; without one, five answers at first do.
    let retry = r#""retry": {"max_attempts": 2, "backoff": {"constant": "10ms"}, "quota": {"capacity": 5}}"#;
    let nodes = [
        replay([0, 100, 200, 300, 310, 320, 330, 340, 400]),
        service("api", 0, ""),
    ];
    let faults = [
        fault("crash", "api", 0, 5, ""),
        fault("crash", "api", 95, 250, ""),
        fault("crash", "api", 395, 405, ""),
    ];
    let run = run_with("", &nodes, &[link("u->api", retry)], &faults);
    let retries: Vec<f64> = run
        .of("u->api")
        .filter(|(word, _)| *word == "retry")
        .map(|(_, at)| at)
        .collect();
    assert_eq!(
        retries,
        [10.0, 110.0, 410.0],
        "none at 210: nothing is left"
    );
}

#[test]
fn who_is_turned_away_asks_less() {
    // Nothing is accepted: the n-th request is refused with probability (n - 1) / n.
    let throttle = r#""adaptive_throttle": {"k": 2, "window": "1h"}"#;
    let run = against_crash(replay((0..2000).map(|n| n * 4)), throttle, 9000);
    let attempts = run.number("/links/u->api/attempts");
    // The harmonic number of 2000 is 8.2, the deviation 2.6.
    assert!((3.0..17.0).contains(&attempts), "{attempts}");
    assert_eq!(
        run.number("/requests/failed/rejected") + run.number("/requests/failed/refused"),
        2000.0
    );
    // All accepted: none is ever refused, and nothing is drawn.
    let nodes = [replay((0..2000).map(|n| n * 4)), service("api", 0, "")];
    let well = run_with(
        r#""duration": "10s""#,
        &nodes,
        &[link("u->api", throttle)],
        &[],
    );
    assert_eq!(well.ok(), 2000.0);
}

#[test]
fn adaptive_throttling_settles_at_k_times_what_is_accepted() {
    // One slot of 10 ms serves 100 of the 1000 requests a second: 2 × 100 are admitted.
    let client = node("u", "client", r#""arrivals": {"constant": "1000/s"}"#);
    let nodes = [
        client,
        service("api", 10, r#""concurrency": 1, "queue": {"capacity": 0}"#),
    ];
    let throttle = r#""adaptive_throttle": {"k": 2, "window": "10s"}"#;
    let run = run_with(
        r#""duration": "60s", "warmup": "20s""#,
        &nodes,
        &[link("u->api", throttle)],
        &[],
    );
    let attempts_per_s = run.number("/links/u->api/attempts") / 40.0;
    let accepted_per_s = run.number("/requests/goodput_per_s");
    assert!(
        (attempts_per_s / accepted_per_s / 2.0 - 1.0).abs() < 0.02,
        "{attempts_per_s} for {accepted_per_s}"
    );
}

/// Hystrix: 10 s in 10 buckets, 20 calls, 50%, 5 s of sleep, one trial.
#[test]
fn a_breaker_by_time_opens_tries_and_closes_as_hystrix_does() {
    let breaker = r#""breaker": {"window_time": "10s", "min_calls": 20, "failure_rate": 0.5, "open_for": "5s", "half_open_calls": 1}"#;
    let client = node("u", "client", r#""arrivals": {"constant": "10/s"}"#);
    let run = run_with(
        r#""duration": "40s""#,
        &[client, service("api", 0, "")],
        &[link("u->api", breaker)],
        &[fault("crash", "api", 9950, 29_950, "")],
    );
    // From 10 to 14.9 s fifty calls fail, and in the last ten buckets of a second are fifty good
    // ones. Trials at 19.9, 24.9 and 29.9 fail; that at 34.9 does not.
    let sent = run.sent("u->api");
    let outage: Vec<f64> = sent
        .iter()
        .copied()
        .filter(|at| *at > 14_850.0 && *at < 35_050.0)
        .collect();
    assert_eq!(
        outage,
        [14_900.0, 19_900.0, 24_900.0, 29_900.0, 34_900.0, 35_000.0]
    );
    assert_eq!(run.failed(), "circuit_open 196, refused 53");
    assert_eq!(run.number("/links/u->api/breaker_open_s"), 20.0);
    assert_eq!(run.number("/links/u->api/breaker_half_open_s"), 0.0);
}

#[test]
fn a_breaker_opens_when_calls_are_slow() {
    let breaker = |after: &str| {
        format!(
            r#""breaker": {{"failure_rate": null, "slow_call_rate": 0.5, "slow_call_duration": "{after}", "window": 4, "min_calls": 4, "open_for": "10s"}}"#
        )
    };
    for (after, sent) in [("9ms", 4), ("10ms", 30)] {
        let run = run_with(
            r#""duration": "4s""#,
            &[steady(), service("api", 10, "")],
            &[link("u->api", &breaker(after))],
            &[],
        );
        assert_eq!(run.sent("u->api").len(), sent, "slow from {after}");
    }
}

#[test]
fn what_was_sent_before_a_breaker_opened_is_no_trial() {
    // Two slots: the call of 0 takes 2000, and while that of 20 is there too the one of 100 is
    // rejected. The trial of 1200 takes until 3200; the answer at 2000 must not close the breaker.
    let breaker = r#""breaker": {"failure_rate": null, "consecutive_failures": 1, "open_for": "1s", "half_open_calls": 1}"#;
    let nodes = [
        replay([0, 20, 100, 1200, 2500, 3300]),
        service("api", 100, r#""concurrency": 2, "queue": {"capacity": 0}"#),
    ];
    let slow = |from, to| fault("slowdown", "api", from, to, r#""times": 20"#);
    let run = run_with(
        r#""duration": "6s""#,
        &nodes,
        &[link("u->api", breaker)],
        &[slow(0, 10), slow(1150, 1250)],
    );
    assert_eq!(run.sent("u->api"), [0.0, 20.0, 100.0, 1200.0, 3300.0]);
    assert_eq!(run.failed(), "circuit_open 1, rejected 1");
    let open_ms = run.number("/links/u->api/breaker_open_s") * 1e3;
    assert_eq!(open_ms.round(), 1100.0);
    assert_eq!(run.number("/links/u->api/breaker_half_open_s"), 2.0);
}

#[test]
fn work_for_users_who_have_left_needs_what_it_calls_once() {
    // Every user leaves after 100 ms; the service calls its callee after 10 s of work, for every
    // one of them.
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "100/s"}"#),
        node(
            "api",
            "service",
            r#""concurrency": null, "service_time": "10s""#,
        ),
        node(
            "db",
            "service",
            r#""concurrency": null, "service_time": "1ms""#,
        ),
    ];
    let links = [link("u->api", r#""timeout": "100ms""#), link("api->db", "")];
    let run = run_with(r#""duration": "20s""#, &nodes, &links, &[]);
    assert_eq!(run.number("/requests/offered"), 1_999.0);
    assert_eq!(run.number("/links/api->db/attempts"), 1_999.0);
    assert_eq!(run.number("/links/api->db/requests"), 1_999.0);
    assert_eq!(run.number("/links/api->db/amplification"), 1.0);
    // A failing database is called three times for each, and that is amplification too.
    let retried = [
        link("u->api", r#""timeout": "100ms""#),
        link(
            "api->db",
            r#""retry": {"max_attempts": 3, "backoff": "none"}"#,
        ),
    ];
    let broken = fault("error_rate", "db", 0, 60_000, r#""errors": 1.0"#);
    let run = run_with(r#""duration": "20s""#, &nodes, &retried, &[broken]);
    assert_eq!(run.number("/links/api->db/amplification"), 3.0);
}

#[test]
fn links_of_one_caller_may_share_a_pool() {
    // One connection of 10 ms for both: the read of the rows waits for that of the users.
    let nodes = |size: u32, shared: &str| {
        let nodes = [
            replay([0]),
            service("api", 0, ""),
            database("db", 10, r#""concurrency": 8"#),
        ];
        let pool = format!(r#""pool": {{"size": {size}, "wait": "15ms"{shared}}}"#);
        let links = [
            link("u->api", ""),
            link("api->db", &format!(r#""id": "users", "stage": 0, {pool}"#)),
            link("api->db", &format!(r#""id": "rows", "stage": 0, {pool}"#)),
        ];
        run(&nodes, &links)
    };
    let shared = nodes(1, r#", "shared": "db""#);
    assert_eq!(
        (shared.sent("users"), shared.sent("rows")),
        (vec![0.0], vec![10.0])
    );
    assert_eq!(shared.number("/links/rows/pool_wait_ms/max"), 10.0);
    assert_eq!(shared.number("/links/users/pool_wait_ms/max"), 0.0);
    let each = nodes(1, "");
    assert_eq!(
        (each.sent("users"), each.sent("rows")),
        (vec![0.0], vec![0.0])
    );
    let larger = nodes(2, r#", "shared": "db""#);
    assert_eq!(larger.sent("rows"), [0.0]);
}

#[test]
fn a_shared_pool_is_each_calling_replicas_own_and_starts_empty_after_a_crash() {
    let nodes = [
        replay([0, 0, 30]),
        service("api", 0, r#""replicas": 2"#),
        database("db", 100, r#""concurrency": 8"#),
    ];
    let pool = r#""pool": {"size": 1, "shared": "db"}"#;
    let links = [
        link("u->api", ""),
        link("api->db", &format!(r#""id": "a", "stage": 0, {pool}"#)),
        link("api->db", &format!(r#""id": "b", "stage": 0, {pool}"#)),
    ];
    // Both replicas die at 10: what is held is free again at 20.
    let down = fault("crash", "api", 10, 20, "");
    let run = run_with("", &nodes, &links, &[down]);
    assert_eq!(run.sent("a"), [0.0, 0.0, 30.0]);
    assert_eq!(run.sent("b"), [130.0]);
}

#[test]
fn an_edit_moves_who_holds_and_who_waits_to_the_pool_they_are_in_now() {
    let nodes = [
        replay([0, 1, 2, 50]),
        service("api", 0, ""),
        database("db", 10, r#""concurrency": 8"#),
    ];
    let with = |shared: [&str; 2]| {
        let link_of = |id: &str, shared: &str| {
            let pool = format!(r#""pool": {{"size": 1{shared}}}"#);
            link("api->db", &format!(r#""id": "{id}", "stage": 0, {pool}"#))
        };
        let links = [
            link("u->api", ""),
            link_of("a", shared[0]),
            link_of("b", shared[1]),
        ];
        design("", &nodes, &links, &[])
    };
    let named = r#", "shared": "db""#;
    let (apart, together) = (with(["", ""]), with([named, named]));
    for (first, second) in [(&apart, &together), (&together, &apart)] {
        let mut simulation = Simulation::new(first);
        simulation.run_until(5_000_000, u64::MAX);
        simulation.edit(second);
        simulation.run();
        assert_eq!(simulation.broken_laws(), Vec::<String>::new());
        let report = serde_json::to_value(simulation.report()).unwrap();
        // Nothing is lost in the move, and no connection remains in use: all four are answered.
        assert_eq!(report["requests"]["ok"], 4);
        assert_eq!(report["links"]["a"]["attempts"], 4);
        assert_eq!(report["links"]["b"]["attempts"], 4);
        // The last finds all free, and waits only for its own first call if they share.
        let last = report["requests"]["latency_ms"]["max"].as_f64().unwrap();
        assert!(last <= 60.0, "{last}");
    }
}

#[test]
fn pools_that_are_shared_have_one_size() {
    let with = |sizes: [u32; 2], names: [&str; 2]| {
        let link_of = |at: usize| {
            let (size, name) = (sizes[at], names[at]);
            let pool = format!(r#""pool": {{"size": {size}, "shared": "{name}"}}"#);
            link("api->db", &format!(r#""id": "{at}", {pool}"#))
        };
        let nodes = [replay([0]), service("api", 0, ""), database("db", 1, "")];
        let text = format!(
            r#"{{"faultline": 1, "nodes": [{}], "links": [{}, {}, {}]}}"#,
            nodes.join(", "),
            link("u->api", ""),
            link_of(0),
            link_of(1)
        );
        match format::json::read(&text) {
            Ok(_) => String::new(),
            Err(problems) => format!("{}: {}", problems[0].path, problems[0].message),
        }
    };
    assert_eq!(with([5, 5], ["db", "db"]), "");
    assert_eq!(with([5, 6], ["db", "rows"]), "");
    assert_eq!(
        with([5, 6], ["db", "db"]),
        "links[2].pool.size: 6 differs from the 5 of 0, which shares the pool \"db\"; both must \
         have the same size"
    );
    assert!(with([5, 5], ["db", " "]).starts_with("links[2].pool.shared: must not be empty"));
}

/// Calls every 100 ms that all fail, in no time; three attempts each, and a breaker that opens
/// after two consecutive failures.
fn around(rest: &str, retry_rest: &str, moments: &[u64]) -> Run {
    let breaker = format!(
        r#""breaker": {{"failure_rate": null, "consecutive_failures": 2, "open_for": "250ms",
            "half_open_calls": 1{rest}}}"#
    );
    let retry =
        format!(r#""retry": {{"max_attempts": 3, "backoff": {{"constant": "1ms"}}{retry_rest}}}"#);
    let nodes = [
        replay(moments.iter().copied()),
        service("api", 0, r#""error_rate": 1"#),
    ];
    run(&nodes, &[link("u->api", &format!("{breaker}, {retry}"))])
}

#[test]
fn a_breaker_stands_inside_the_retries_or_around_them() {
    let moments = [0, 100, 200, 300, 500];
    // Inside: the second attempt opens it until 251. The third is refused, and so are two calls.
    // The next at 300 and 500 are trials that open it again.
    let inside = around("", "", &moments);
    assert_eq!(inside.sent("u->api"), [0.0, 1.0, 300.0]);
    // Around: two calls of three attempts each, and it is open from 102 to 352. The trial at 500
    // is again a whole call.
    let outside = around(r#", "judges": "calls""#, "", &moments);
    assert_eq!(
        outside.sent("u->api"),
        [0.0, 1.0, 2.0, 100.0, 101.0, 102.0, 500.0, 501.0, 502.0]
    );
    assert_eq!(outside.number("/links/u->api/failures/circuit_open"), 2.0);
}

#[test]
fn what_a_breaker_around_the_retries_refuses_is_not_tried_again() {
    let on = r#", "on": ["error", "circuit_open"]"#;
    let moments = [0, 100, 200];
    // Inside, a refusal is a failure like any other: it is retried twice.
    let inside = around("", on, &moments);
    assert_eq!(
        inside.number("/links/u->api/failures/circuit_open"),
        1.0 + 3.0 + 3.0
    );
    let outside = around(r#", "judges": "calls""#, on, &moments);
    assert_eq!(outside.number("/links/u->api/failures/circuit_open"), 1.0);
}

#[test]
fn a_breaker_around_the_retries_counts_a_call_that_was_saved_by_one_as_good() {
    // Each first attempt fails: at its callee, every other call does, by the schedule of a fault.
    let judged = |judges: &str| {
        let breaker =
            format!(r#""breaker": {{"failure_rate": null, "consecutive_failures": 1{judges}}}"#);
        let rest = format!(
            r#"{breaker}, "retry": {{"max_attempts": 2, "backoff": {{"constant": "20ms"}}}}"#
        );
        let nodes = [replay([0, 100, 200]), service("api", 1, "")];
        let faults =
            [0, 100, 200].map(|at| fault("error_rate", "api", at, at + 10, r#""errors": 1"#));
        run_with("", &nodes, &[link("u->api", &rest)], &faults)
    };
    assert_eq!(judged(r#", "judges": "calls""#).ok(), 3.0);
    assert_eq!(judged("").ok(), 0.0);
}

#[test]
fn a_trial_call_that_is_stopped_between_its_attempts_makes_room_for_another() {
    // Two calls of two attempts open it at 280, until 530. The trial of 600 is canceled in the
    // pause before its second attempt, so that the call at 700 may be one.
    let nodes = [
        replay([0, 200, 700]),
        replay_by("v", [600], r#""patience": "30ms""#),
        service("api", 0, ""),
        service("db", 0, r#""error_rate": 1"#),
    ];
    let rest = r#""breaker": {"failure_rate": null, "consecutive_failures": 2, "open_for": "250ms",
            "half_open_calls": 1, "judges": "calls"},
        "retry": {"max_attempts": 2, "backoff": {"constant": "80ms"}}"#;
    let links = [
        link("u->api", ""),
        link("v->api", r#""cancellation": true"#),
        link("api->db", rest),
    ];
    let run = run(&nodes, &links);
    assert_eq!(
        run.sent("api->db"),
        [0.0, 80.0, 200.0, 280.0, 600.0, 700.0, 780.0]
    );
}

#[test]
fn where_calls_cannot_be_judged_is_told() {
    let problem = |links: &[String]| {
        let nodes = [
            replay([0]),
            node("lb", "load_balancer", ""),
            service("api", 0, ""),
        ];
        let text = format!(
            r#"{{"faultline": 1, "nodes": [{}], "links": [{}]}}"#,
            nodes.join(", "),
            links.join(", ")
        );
        match format::json::read(&text) {
            Ok(_) => String::new(),
            Err(problems) => format!("{}: {}", problems[0].path, problems[0].message),
        }
    };
    let breaker = r#""breaker": {"judges": "calls"}"#;
    let to_lb = |rest: &str| link("u->lb", rest);
    assert_eq!(problem(&[to_lb(breaker), link("lb->api", "")]), "");
    assert!(
        problem(&[to_lb(""), link("lb->api", breaker)])
            .starts_with("links[1].breaker.judges: a load balancer")
    );
    let hedged = format!(r#"{breaker}, "hedge": {{}}"#);
    assert!(
        problem(&[to_lb(&hedged), link("lb->api", "")])
            .starts_with("links[0].breaker.judges: hedged calls cannot")
    );
}
