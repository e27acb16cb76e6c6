//! Users: when they arrive, how long they wait, and when they reload.

use crate::*;

fn arriving(arrivals: &str, rest: &str, settings: &str, faults: &[String]) -> Run {
    let client = node("u", "client", &format!(r#""arrivals": {arrivals}{rest}"#));
    run_with(
        settings,
        &[client, service("api", 10, "")],
        &[link("u->api", "")],
        faults,
    )
}

#[test]
fn constant_arrivals_are_evenly_spaced_and_profiles_stretch_them() {
    let steady = arriving(r#"{"constant": "10/s"}"#, "", "", &[]);
    let expected: Vec<f64> = (1..10).map(|n| f64::from(n) * 100.0).collect();
    assert_eq!(steady.sent("u->api"), expected);
    // Half of an interval at 10/s, the other half at 20/s.
    let profile = r#", "profile": [{"at": "350ms", "times": 2}, {"at": "500ms", "times": 0}, {"at": "800ms", "times": 1}]"#;
    let shaped = arriving(r#"{"constant": "10/s"}"#, profile, "", &[]);
    // At 500, an interval is complete but for 0: its arrival waits for the rate to return.
    assert_eq!(
        shaped.sent("u->api")[..5],
        [100.0, 200.0, 300.0, 375.0, 425.0]
    );
    assert!(
        shaped
            .sent("u->api")
            .iter()
            .all(|at| *at <= 500.0 || *at >= 800.0)
    );
}

#[test]
fn bursts_are_silent_in_between() {
    let bursts = r#"{"on_off": {"rate": "200/s", "on": "100ms", "off": "300ms"}}"#;
    let run = arriving(bursts, "", r#""duration": "4s""#, &[]);
    assert!(run.sent("u->api").iter().all(|at| at % 400.0 <= 100.0));
    let count = run.sent("u->api").len();
    assert!(
        (130..270).contains(&count),
        "{count} where 200 are to be expected"
    );
}

#[test]
fn recorded_moments_may_be_equal() {
    let nodes = [
        replay([7; 10_000]),
        service("api", 1, r#""concurrency": null"#),
    ];
    let run = run(&nodes, &[link("u->api", "")]);
    assert_eq!((run.ok(), run.latency()), (10_000.0, 1.0));
}

#[test]
fn closed_users_ask_wait_and_think() {
    // Each sends at 100, 210, 320 ... 980: 100 of think time and 10 of service.
    let run = arriving(
        r#"{"closed": {"users": 3, "think": "const(100ms)"}}"#,
        "",
        "",
        &[],
    );
    let expected: Vec<f64> = (0..9)
        .flat_map(|n| [100.0 + 110.0 * f64::from(n); 3])
        .collect();
    assert_eq!(run.sent("u->api"), expected);
    assert_eq!(run.number("/nodes/api/in_flight_mean"), 0.27);
}

#[test]
fn a_spike_brings_more_users_and_takes_them_away_again() {
    let spike = fault("traffic_spike", "u", 300, 600, r#""times": 4"#);
    let closed = arriving(
        r#"{"closed": {"users": 1, "think": "const(90ms)"}}"#,
        "",
        "",
        std::slice::from_ref(&spike),
    );
    // The first sends at 90, 190 ...; three more think from 300 on. From 600 on, three of the four
    // leave before their next request, at 690.
    let (before, during, after) = count_around(&closed);
    assert_eq!((before, during, after), (3, 4 * 3, 4));
    let open = arriving(r#"{"constant": "100/s"}"#, "", "", &[spike]);
    assert_eq!(count_around(&open), (29, 30 * 4 + 1, 39));
}

/// Returns the number of requests before 300, to 600, and after.
fn count_around(run: &Run) -> (usize, usize, usize) {
    let sent = run.sent("u->api");
    let before = sent.iter().filter(|at| **at < 300.0).count();
    let after = sent.iter().filter(|at| **at > 600.0).count();
    (before, sent.len() - before - after, after)
}

#[test]
fn a_user_out_of_patience_leaves_and_the_work_goes_on() {
    let run = arriving(
        r#"{"replay": ["0s", "5ms"]}"#,
        r#", "patience": "12ms""#,
        "",
        &[],
    );
    assert_eq!((run.ok(), run.failed().as_str()), (2.0, ""));
    let nodes = [
        replay_by("u", [0, 0], r#""patience": "12ms""#),
        service("api", 10, r#""concurrency": 1"#),
    ];
    let run = crate::run(&nodes, &[link("u->api", "")]);
    assert_eq!((run.ok(), run.failed().as_str()), (1.0, "abandoned 1"));
    assert_eq!(run.number("/nodes/u/response_ms/max"), 10.0);
    assert_eq!(run.number("/nodes/u/failure_ms/max"), 12.0);
    assert_eq!(run.trace("u->api"), "call 0, call 0, answer 10, answer 20");
}

#[test]
fn an_abandoned_request_is_not_tried_again() {
    let rest =
        r#""timeout": "10ms", "retry": {"max_attempts": 9, "backoff": {"constant": "10ms"}}"#;
    let nodes = [
        replay_by("u", [0], r#""patience": "45ms""#),
        service("api", 500, ""),
    ];
    let run = run(&nodes, &[link("u->api", rest)]);
    assert_eq!(run.sent("u->api"), [0.0, 20.0, 40.0]);
    assert_eq!(run.failed(), "abandoned 1");
}

#[test]
fn a_user_who_failed_reloads_a_moment_later() {
    let run = arriving(
        r#"{"replay": ["0s"]}"#,
        r#", "reload": 0.99"#,
        "",
        &[fault("crash", "api", 0, 5, "")],
    );
    assert_eq!(run.sent("u->api"), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!((run.ok(), run.failed().as_str()), (1.0, "refused 5"));
}

#[test]
fn a_ramp_rises_in_a_straight_line() {
    // From 10/s to 30/s over 2 s: by t seconds 10 t + 5 t² have come, so the n-th comes at
    // sqrt(1 + n / 5) - 1. From then on there are thirty a second.
    let ramp = r#", "profile": [{"at": "0s", "times": 3, "over": "2s"}]"#;
    let run = arriving(
        r#"{"constant": "10/s"}"#,
        ramp,
        r#""duration": "3001ms""#,
        &[],
    );
    let sent = run.sent("u->api");
    let expected = |n: usize| match n {
        n if n <= 40 => 1000.0 * ((1.0 + n as f64 / 5.0).sqrt() - 1.0),
        n => 2000.0 + (n - 40) as f64 * 1000.0 / 30.0,
    };
    assert_eq!(sent.len(), 70);
    for (at, n) in sent.iter().zip(1..) {
        assert!((at - expected(n)).abs() < 1e-5, "{n}: {at}");
    }
    // Down to zero over a second, from the third on: half as many as before, and then none.
    let down = r#", "profile": [{"at": "2s", "times": 0, "over": "1s"}]"#;
    let run = arriving(r#"{"constant": "10/s"}"#, down, r#""duration": "9s""#, &[]);
    let sent = run.sent("u->api");
    assert_eq!(sent.iter().filter(|at| **at <= 2000.0).count(), 20);
    assert!((24..=25).contains(&sent.len()) && sent.iter().all(|at| *at <= 3000.0));
}

#[test]
fn users_come_one_by_one_on_a_ramp() {
    // One user, and nine more over 900 ms: one every 100 ms, each with its first request a second
    // later.
    let ramp = r#", "profile": [{"at": "0s", "times": 10, "over": "900ms"}]"#;
    let closed = r#"{"closed": {"users": 1, "think": "const(1s)"}}"#;
    let run = arriving(closed, ramp, r#""duration": "2s""#, &[]);
    let expected: Vec<f64> = (0..10).map(|n| 1000.0 + 100.0 * f64::from(n)).collect();
    assert_eq!(run.sent("u->api")[..10], expected);
}

#[test]
fn what_comes_in_batches_comes_as_much_more_seldom() {
    let run = arriving(
        r#"{"constant": "10/s"}"#,
        r#", "batch": 4"#,
        r#""duration": "1s""#,
        &[],
    );
    assert_eq!(
        run.sent("u->api"),
        [400.0, 400.0, 400.0, 400.0, 800.0, 800.0, 800.0, 800.0]
    );
    // M^[b]/M/1: (b + 1) / 2 times as many present as in M/M/1: at half load 1 and 2.5.
    for (batch, present) in [(1, 1.0), (4, 2.5)] {
        let arrivals = format!(r#""arrivals": {{"poisson": "100/s"}}, "batch": {batch}"#);
        let api = r#""service_time": "exp(5ms)", "concurrency": 1, "queue": {"capacity": null}"#;
        let nodes = [node("u", "client", &arrivals), node("api", "service", api)];
        let settings = r#""duration": "4000s", "warmup": "10s""#;
        let mut simulation = Simulation::new(&design(settings, &nodes, &[link("u->api", "")], &[]));
        simulation.run();
        let report = serde_json::to_value(simulation.report()).unwrap();
        let seen = report["nodes"]["api"]["in_flight_mean"].as_f64().unwrap();
        assert!((seen / present - 1.0).abs() < 0.03, "{batch}: {seen}");
    }
}

#[test]
fn patience_may_differ_from_user_to_user() {
    // No request is answered before the patience ends: the share that has left by 100 ms is that of
    // the distribution.
    let run_of = |patience: &str| {
        let client = format!(r#""arrivals": {{"constant": "1000/s"}}, "patience": "{patience}""#);
        let nodes = [
            node("u", "client", &client),
            service("api", 100, r#""concurrency": null"#),
        ];
        run_with(r#""duration": "20s""#, &nodes, &[link("u->api", "")], &[])
    };
    let patient = run_of("exp(100ms)");
    let share = patient.ok() / patient.number("/requests/offered");
    assert!((share - libm::exp(-1.0)).abs() < 0.01, "{share}");
    assert!(patient.failed().starts_with("abandoned"));
    // A constant is the same as a duration, to the byte.
    assert_eq!(run_of("const(50ms)").hash(), run_of("50ms").hash());
    let even = run_of("uniform(50ms,150ms)");
    let share = even.ok() / even.number("/requests/offered");
    assert!((share - 0.5).abs() < 0.01, "{share}");
}
