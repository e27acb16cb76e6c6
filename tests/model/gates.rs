//! Admission control of a service: rate limits, shedding, adaptive concurrency.

use crate::*;

fn limited(client: String, rest: &str) -> Run {
    let api = format!(r#""concurrency": null{rest}"#);
    let nodes = [client, service("api", 1, &api)];
    run_with(r#""duration": "10s""#, &nodes, &[link("u->api", "")], &[])
}

fn constant(rate: u32) -> String {
    let arrivals = format!(r#""arrivals": {{"constant": "{rate}/s"}}"#);
    node("u", "client", &arrivals)
}

#[test]
fn a_token_bucket_lets_in_its_burst_and_then_its_rate() {
    let bucket = r#", "rate_limit": {"rate": "100/s", "burst": 50}"#;
    let run = limited(constant(150), bucket);
    let (ok, rejected) = (run.ok(), run.number("/requests/failed/rejected"));
    assert!((1048.0..=1052.0).contains(&ok), "{ok} of 50 + 100 x 10 s");
    assert!((448.0..=452.0).contains(&rejected), "{rejected}");
    assert_eq!(run.number("/nodes/api/turned_away/rate_limit"), rejected);
    let run = limited(constant(100), bucket);
    assert_eq!(run.ok(), run.number("/requests/offered"));
    let run = limited(replay([0; 200]), bucket);
    assert_eq!((run.ok(), run.failed()), (50.0, "rejected 150".to_owned()));
    // 10 ms per token: 19 ms after the bucket is empty there is one, and the next a millisecond
    // later.
    let run = limited(
        replay([0, 0, 19, 19, 20]),
        r#", "rate_limit": {"rate": "100/s", "burst": 2}"#,
    );
    assert_eq!((run.ok(), run.failed()), (4.0, "rejected 1".to_owned()));
}

#[test]
fn a_bucket_is_each_replicas_or_the_services_or_each_keys() {
    let of = |rest: &str, client: &str| {
        let rest =
            format!(r#", "replicas": 2, "rate_limit": {{"rate": "0.001/s", "burst": 50, {rest}}}"#);
        limited(replay_by("u", [0; 400], client), &rest).ok()
    };
    assert_eq!(of(r#""scope": "replica""#, ""), 100.0);
    assert_eq!(of(r#""scope": "service""#, ""), 50.0);
    let two_keys = r#""operations": [{"keys": {"uniform": {"n": 2}}}]"#;
    assert_eq!(of(r#""scope": "service", "per": "key""#, two_keys), 100.0);
    assert_eq!(of(r#""scope": "replica", "per": "key""#, two_keys), 200.0);
}

#[test]
fn new_calls_are_shed_while_the_oldest_has_waited_too_long() {
    let nodes = [
        replay([0, 1, 2, 17, 18, 21]),
        service(
            "api",
            10,
            r#""concurrency": 1, "shed": {"queue_delay": "15ms"}"#,
        ),
    ];
    let run = run(&nodes, &[link("u->api", "")]);
    // At 17 the oldest has waited for 15 ms, at 18 for 16; at 20 it has a slot.
    assert_eq!(
        run.trace("u->api"),
        "call 0, call 1, call 2, answer 10, call 17, call 18, failure 18, answer 20, call 21, answer 30, answer 40, answer 50"
    );
    assert_eq!(run.number("/nodes/api/turned_away/shed"), 1.0);
}

/// Ten simultaneous calls every 20 ms, each of 10 ms.
fn adaptive(limit: &str) -> Run {
    let moments = (0..12).flat_map(|burst| [burst * 20; 10]);
    let api = format!(r#""concurrency": null, "adaptive_concurrency": {limit}"#);
    run(
        &[replay(moments), service("api", 10, &api)],
        &[link("u->api", "")],
    )
}

#[test]
fn a_limit_moves_by_what_a_window_of_answers_says() {
    let aimd = |timeout: &str| {
        format!(
            r#"{{"aimd": {{"initial": 4, "min": 1, "max": 5, "timeout": "{timeout}", "window": "100ms"}}}}"#
        )
    };
    // The answers at 110 and 210 end a window: six bursts under a limit of 4, five under 5, and no
    // higher.
    let run = adaptive(&aimd("10ms"));
    assert_eq!(run.ok(), 6.0 * 4.0 + 6.0 * 5.0);
    assert_eq!(
        run.number("/nodes/api/turned_away/concurrency_limit"),
        120.0 - run.ok()
    );
    // Too slow: 4 x 0.9 is 3.6, and that x 0.9 is 3.24. There are 3 and 3 places.
    let run = adaptive(&aimd("9ms"));
    assert_eq!(run.ok(), 6.0 * 4.0 + 5.0 * 3.0 + 3.0);
    // 4 x 1 + 4 more, a fifth of it taken over: 4.8 and then 5.6.
    let gradient = r#"{"gradient": {"initial": 4, "min": 1, "window": "100ms"}}"#;
    let run = adaptive(gradient);
    assert_eq!(run.ok(), 6.0 * 4.0 + 5.0 * 4.0 + 5.0);
    assert_eq!(run.number("/nodes/api/concurrency_limit_mean"), 4.79);
}

#[test]
fn a_gradient_keeps_an_overloaded_service_quick() {
    let nodes = |limit: &str| {
        let api = format!(r#""concurrency": 10, "queue": {{"capacity": null}}{limit}"#);
        [constant(2_000), service("api", 10, &api)]
    };
    let ends = |limit: &str| {
        let run = run_with(
            r#""duration": "30s""#,
            &nodes(limit),
            &[link("u->api", "")],
            &[],
        );
        (
            run.number("/requests/goodput_per_s"),
            run.number("/requests/latency_ms/p99"),
        )
    };
    let (goodput, p99) = ends(r#", "adaptive_concurrency": {"gradient": {}}"#);
    assert!(goodput > 990.0 && p99 < 60.0, "{goodput}/s, {p99} ms");
    let (_, without) = ends("");
    assert!(without > 10_000.0, "{without} ms");
}
