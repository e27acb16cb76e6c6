//! The path of a request: slots, plans, lost packets, and the knowledge of each end.

use crate::*;

#[test]
fn a_timeout_ends_the_wait_and_not_the_work() {
    // One slot: the second call waits for the first, whose caller has timed out.
    let run = run(
        &[replay([0, 20]), service("api", 50, r#""concurrency": 1"#)],
        &[link("u->api", r#""timeout": "10ms""#)],
    );
    assert_eq!(
        run.trace("u->api"),
        "call 0, timeout 10, call 20, timeout 30"
    );
    assert_eq!(run.failed(), "timeout 2");
    assert_eq!(run.number("/nodes/api/completions"), 2.0);
    assert_eq!(run.number("/nodes/api/wait_ms/max"), 30.0);
    assert_eq!(run.number("/nodes/api/utilization"), 0.1);
    assert_eq!(run.number("/nodes/api/wasted_work"), 1.0);
}

#[test]
fn an_answer_at_the_very_moment_of_the_timeout_is_late() {
    for (timeout, failed) in [(10, "timeout 1"), (11, "")] {
        let timeout = format!(r#""timeout": "{timeout}ms""#);
        let run = run(
            &[replay([0]), service("api", 10, "")],
            &[link("u->api", &timeout)],
        );
        assert_eq!(run.failed(), failed, "{timeout}");
    }
}

#[test]
fn a_lost_answer_leaves_the_effect_and_a_caller_that_does_not_know() {
    let run = run_with(
        "",
        &[replay([0]), database("db", 10, "")],
        &[link("u->db", r#""timeout": "50ms", "latency": "1ms""#)],
        &[fault("loss", "u->db", 5, 20, r#""loss": 1"#)],
    );
    assert_eq!(run.trace("u->db"), "call 0, lost 11, timeout 50");
    assert_eq!(run.number("/nodes/db/completions"), 1.0);
    assert_eq!(run.failed(), "timeout 1");
}

#[test]
fn a_lost_packet_without_a_timeout_holds_the_callers_slot_for_ever() {
    let run = run_with(
        "",
        &[
            replay([0, 10]),
            service("api", 0, r#""concurrency": 1"#),
            database("db", 5, ""),
        ],
        &[link("u->api", ""), link("api->db", "")],
        &[fault("loss", "api->db", 0, 1, r#""loss": 1"#)],
    );
    assert_eq!(
        run.trace("api->db"),
        "lost 0",
        "the second call never gets a slot"
    );
    assert_eq!(run.number("/requests/in_flight"), 2.0);
    assert_eq!(run.number("/nodes/api/utilization"), 1.0);
    assert_eq!(run.number("/nodes/api/blocked"), 1.0);
    assert_eq!(
        run.number("/run/ended_s"),
        1.0,
        "a drain does not wait for what cannot come"
    );
}

#[test]
fn a_slot_is_held_while_others_are_called_where_the_service_blocks() {
    for (blocking, latency) in [(true, 20.0), (false, 10.0)] {
        let api = format!(r#""concurrency": 1, "blocking": {blocking}"#);
        let run = run(
            &[
                replay([0, 0]),
                service("api", 0, &api),
                database("db", 10, ""),
            ],
            &[link("u->api", ""), link("api->db", "")],
        );
        assert_eq!(run.latency(), latency, "blocking: {blocking}");
    }
}

#[test]
fn stages_follow_one_another_and_links_of_a_stage_run_together() {
    for (stages, latency) in [(["", ""], 30.0), ([r#""stage": 3"#, r#""stage": 3"#], 20.0)] {
        let run = run(
            &[
                replay([0]),
                service("api", 0, ""),
                service("a", 10, ""),
                service("b", 20, ""),
            ],
            &[
                link("u->api", ""),
                link("api->a", stages[0]),
                link("api->b", stages[1]),
            ],
        );
        assert_eq!(run.latency(), latency, "{stages:?}");
    }
}

#[test]
fn calls_of_n_plus_one_follow_one_another_and_end_with_the_first_failure() {
    let nodes = [replay([0]), service("api", 0, ""), database("db", 10, "")];
    let links = [link("u->api", ""), link("api->db", r#""calls": 4"#)];
    let whole = run(&nodes, &links);
    assert_eq!(whole.sent("api->db"), [0.0, 10.0, 20.0, 30.0]);
    assert_eq!(whole.latency(), 40.0);
    let cut = run_with("", &nodes, &links, &[fault("crash", "db", 15, 500, "")]);
    assert_eq!(
        cut.trace("api->db"),
        "call 0, answer 10, call 10, failure 15"
    );
    assert_eq!(cut.failed(), "error 1");
}

#[test]
fn an_optional_part_degrades_and_a_fallback_answers() {
    let bad = || service("bad", 1, r#""error_rate": 1"#);
    // How the first call is marked, whether the second is made, and the outcome.
    for (first, second, fallback, outcome) in [
        (r#""optional": true"#, "", 1.0, "degraded"),
        ("", "", 0.0, "error 1"),
        ("", r#""when": "on_error""#, 1.0, "degraded"),
    ] {
        let run = run(
            &[
                replay([0]),
                service("api", 0, ""),
                bad(),
                service("other", 2, ""),
            ],
            &[
                link("u->api", ""),
                link("api->bad", first),
                link("api->other", second),
            ],
        );
        assert_eq!(
            run.number("/nodes/other/arrivals"),
            fallback,
            "{first} {second}"
        );
        let seen = match run.number("/requests/degraded") {
            1.0 => "degraded".to_owned(),
            _ => run.failed(),
        };
        assert_eq!(seen, outcome, "{first} {second}");
        assert_eq!(run.ok(), 0.0);
    }
    let both = run(
        &[
            replay([0]),
            service("api", 0, ""),
            bad(),
            service("worse", 2, r#""error_rate": 1"#),
        ],
        &[
            link("u->api", ""),
            link("api->bad", ""),
            link("api->worse", r#""when": "on_error""#),
        ],
    );
    assert_eq!(
        both.failed(),
        "error 1",
        "a fallback that fails is a failure"
    );
    let unneeded = run(
        &[
            replay([0]),
            service("api", 0, ""),
            service("a", 1, ""),
            service("b", 1, ""),
        ],
        &[
            link("u->api", ""),
            link("api->a", ""),
            link("api->b", r#""when": "on_error""#),
        ],
    );
    assert_eq!(
        (unneeded.ok(), unneeded.number("/nodes/b/arrivals")),
        (1.0, 0.0)
    );
}

#[test]
fn a_failure_reaches_the_user_under_its_own_cause_or_as_an_error_of_who_called() {
    let full = r#""concurrency": 1, "queue": {"capacity": 0}"#;
    let broken = r#""breaker": {"failure_rate": null, "consecutive_failures": 1}"#;
    let crash = || fault("crash", "api", 0, 900, "");
    for (api, rest, faults, failed) in [
        ("", r#""timeout": "5ms""#, vec![], "timeout 2"),
        ("", "", vec![crash()], "refused 2"),
        (full, "", vec![], "rejected 1"),
        (r#""error_rate": 1"#, "", vec![], "error 2"),
        (
            full,
            r#""pool": {"size": 1, "wait": "5ms"}"#,
            vec![],
            "pool_timeout 1",
        ),
        ("", broken, vec![crash()], "circuit_open 1, refused 1"),
    ] {
        let nodes = [replay([0, 1]), service("api", 10, api)];
        let direct = run_with("", &nodes, &[link("u->api", rest)], &faults);
        assert_eq!(direct.failed(), failed);
        // Through a service, all of these are the answer "error"; a proxy passes them on.
        let (front, lb) = (service("front", 0, ""), node("front", "load_balancer", ""));
        for (front, is_proxy) in [(front, false), (lb, true)] {
            let nodes = [replay([0, 1]), front, service("api", 10, api)];
            let links = [link("u->front", ""), link("front->api", rest)];
            let seen = run_with("", &nodes, &links, &faults);
            let count = direct.number("/requests/completed") - direct.ok();
            let expected = if is_proxy {
                failed.to_owned()
            } else {
                format!("error {count}")
            };
            assert_eq!(seen.failed(), expected);
        }
    }
    let nobody = run(
        &[replay([0]), node("lb", "load_balancer", "")],
        &[link("u->lb", "")],
    );
    assert_eq!(nobody.failed(), "unavailable 1");
    assert_eq!(run(&[replay([0])], &[]).failed(), "unavailable 1");
}

#[test]
fn disciplines_serve_the_oldest_or_the_newest() {
    // fifo ends at 10, 20, 30, 40 in order; lifo serves 0, then 3, 2 and 1.
    for (discipline, latency) in [("fifo", 37.0), ("lifo", 39.0)] {
        let queue = format!(r#""concurrency": 1, "queue": {{"discipline": "{discipline}"}}"#);
        let run = run(
            &[replay(0..4), service("api", 10, &queue)],
            &[link("u->api", "")],
        );
        assert_eq!(run.latency(), latency, "{discipline}");
        assert_eq!(
            run.number("/requests/latency_ms/mean"),
            23.5,
            "{discipline}"
        );
    }
}

#[test]
fn capacity_counts_waiting_places_alone() {
    for (capacity, ok) in [("0", 2.0), ("1", 3.0), ("3", 5.0), ("null", 9.0)] {
        let queue = format!(r#""concurrency": 2, "queue": {{"capacity": {capacity}}}"#);
        let run = run(
            &[replay([5; 9]), service("api", 10, &queue)],
            &[link("u->api", "")],
        );
        assert_eq!(run.ok(), ok, "capacity {capacity}");
    }
    // A database's connections are those in progress and those waiting; one more is refused.
    let connections = r#""connections": 3, "concurrency": 2"#;
    let run = run(
        &[replay([5; 9]), database("db", 10, connections)],
        &[link("u->db", "")],
    );
    assert_eq!((run.ok(), run.failed().as_str()), (3.0, "refused 6"));
}

#[test]
fn times_at_a_node_are_sojourns_with_the_wait_apart() {
    // 10 simultaneous calls on one slot of 10 ms: answers at 10, 20 ... 100.
    let one = r#""concurrency": 1"#;
    let run = run(
        &[replay([0; 10]), service("api", 10, one)],
        &[link("u->api", r#""latency": "2ms""#)],
    );
    assert_eq!(run.number("/nodes/api/response_ms/max"), 100.0);
    assert_eq!(run.number("/nodes/api/response_ms/mean"), 55.0);
    assert_eq!(run.number("/nodes/api/wait_ms/max"), 90.0);
    assert_eq!(run.number("/nodes/api/wait_ms/mean"), 45.0);
    assert_eq!(run.number("/nodes/api/queue_max"), 9.0);
    assert_eq!(run.number("/links/u->api/latency_ms/max"), 104.0);
    assert_eq!(run.latency(), 104.0);
}

#[test]
fn utilisation_is_throughput_times_service_time_over_slots() {
    let client = node("u", "client", r#""arrivals": {"constant": "50/s"}"#);
    for (rest, utilization) in [
        (r#""concurrency": 1"#, 0.5),
        (r#""concurrency": 4"#, 0.125),
        (r#""concurrency": 1, "replicas": 5"#, 0.1),
    ] {
        let run = run_with(
            r#""duration": "9s", "warmup": "1s""#,
            &[client.clone(), service("api", 10, rest)],
            &[link("u->api", "")],
            &[],
        );
        assert_eq!(run.number("/nodes/api/utilization"), utilization, "{rest}");
        assert_eq!(run.number("/requests/throughput_per_s"), 50.0);
        assert_eq!(run.number("/nodes/api/in_flight_mean"), 0.5, "Little's law");
    }
}

#[test]
fn what_starts_in_the_warm_up_counts_nowhere() {
    let run = run_with(
        r#""duration": "3s", "warmup": "1s""#,
        &[replay([0, 999, 1000, 1500]), service("api", 10, "")],
        &[link("u->api", "")],
        &[],
    );
    for path in [
        "/requests/offered",
        "/nodes/u/arrivals",
        "/nodes/api/arrivals",
        "/links/u->api/attempts",
    ] {
        assert_eq!(run.number(path), 2.0, "{path}");
    }
    assert_eq!(run.number("/run/ended_s"), 3.0);
}

#[test]
fn a_drain_finishes_what_is_under_way_and_takes_nothing_new() {
    for (drain, ok, in_flight) in [(true, 1.0, 0.0), (false, 0.0, 1.0)] {
        let run = run_with(
            &format!(r#""drain": {drain}"#),
            &[replay([990, 1000, 1010]), service("api", 50, "")],
            &[link("u->api", "")],
            &[],
        );
        assert_eq!(
            (run.ok(), run.number("/requests/in_flight")),
            (ok, in_flight)
        );
        assert_eq!(run.number("/requests/offered"), 1.0);
        assert_eq!(
            run.number("/requests/throughput_per_s"),
            0.0,
            "it finished after the duration"
        );
    }
}
