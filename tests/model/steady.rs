//! What counts as a disturbance, what it is compared with, and what counts as recovered.

use crate::*;

/// The goodput collapse of stability-sim: 90/s on 100/s, three times as slow from 8 s to 16 s, with
/// a timeout that queued calls outlive.
fn collapse(seed: u64, profile: &str) -> Run {
    let nodes = [
        node(
            "u",
            "client",
            &format!(r#""arrivals": {{"poisson": "90/s"}}{profile}"#),
        ),
        node(
            "api",
            "service",
            r#""service_time": "exp(100ms)", "concurrency": 10, "queue": {"capacity": null}"#,
        ),
    ];
    let settings = format!(r#""duration": "60s", "warmup": "4s", "drain": false, "seed": {seed}"#);
    let slow = fault("slowdown", "api", 8_000, 16_000, r#""times": 3"#);
    let links = [link("u->api", r#""timeout": "1s""#)];
    run_with(&settings, &nodes, &links, &[slow])
}

#[test]
fn a_load_that_rises_at_the_start_disturbs_nothing() {
    let profiles = [
        "",
        r#", "profile": [{"at": "0s", "times": 0.5}, {"at": "2s", "times": 1}]"#,
        r#", "profile": [{"at": "0s", "times": 0}, {"at": "1ms", "times": 1, "over": "3s"}]"#,
        r#", "profile": [{"at": "1s", "times": 1.2}, {"at": "2s", "times": 1}]"#,
        // Longer than the warm-up.
        r#", "profile": [{"at": "0s", "times": 0.5}, {"at": "5s", "times": 1}]"#,
    ];
    for profile in profiles {
        let run = collapse(2, profile);
        assert_eq!(run.number("/recovery/trigger_start_s"), 8.0, "{profile}");
        assert!(run.report["recovery"]["recovery_s"].is_null(), "{profile}");
        assert!(run.report["metastable"]["since_s"].is_number(), "{profile}");
        assert!(run.report["metastable"]["until_s"].is_null(), "{profile}");
    }
}

#[test]
fn a_run_says_whether_it_was_steady() {
    let steady = |profile: &str, seed: u64| {
        let run = collapse(seed, profile);
        let steady = &run.report["steady"];
        let why = steady["why"].as_str().unwrap_or_default().to_owned();
        (steady["since_s"].as_f64(), why)
    };
    assert_eq!(steady("", 1), (Some(4.0), String::new()));
    let longer = r#", "profile": [{"at": "0s", "times": 0.5}, {"at": "5s", "times": 1}]"#;
    assert_eq!(steady(longer, 1), (Some(5.0), String::new()));
    let never =
        r#", "profile": [{"at": "0s", "times": 0.5}, {"at": "1ms", "times": 1, "over": "20s"}]"#;
    let changing = "the load was still changing".to_owned();
    assert_eq!(steady(never, 1), (None, changing));
}

/// One slot of 10 ms, at a rate.
fn one_slot(rate: u32, rest: &str, faults: &[String]) -> Run {
    let nodes = [
        node(
            "u",
            "client",
            &format!(r#""arrivals": {{"constant": "{rate}/s"}}"#),
        ),
        service(
            "api",
            10,
            r#""concurrency": 1, "queue": {"capacity": null}"#,
        ),
    ];
    let settings = format!(r#""duration": "60s"{rest}"#);
    run_with(&settings, &nodes, &[link("u->api", "")], faults)
}

#[test]
fn a_backlog_that_grows_is_no_steady_state() {
    let since = |rate: u32| one_slot(rate, "", &[]).report["steady"]["since_s"].clone();
    assert_eq!(since(80), 0.0);
    assert_eq!(since(99), 0.0);
    assert!(since(120).is_null());
    // Of 120/s, 100 are finished; the second half of the run has 3,600 and 3,000 of them.
    let run = one_slot(120, "", &[]);
    assert_eq!(
        run.report["steady"]["why"],
        "3600 requests came from 30 s to 60 s, and only 3000 finished"
    );
    // Callers that leave do not hide it.
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "120/s"}"#),
        service(
            "api",
            10,
            r#""concurrency": 1, "queue": {"capacity": null}"#,
        ),
    ];
    let links = [link("u->api", r#""timeout": "100ms""#)];
    let run = run_with(r#""duration": "60s""#, &nodes, &links, &[]);
    let why = run.report["steady"]["why"].as_str().unwrap();
    assert!(
        why.starts_with("calls waiting in queues rose from"),
        "{why}"
    );
}

#[test]
fn recovery_waits_for_a_required_latency() {
    // Ten times slower from 10 s to 14 s, 280 of 320 are left over, which 20/s work off. Their wait
    // is below 500 ms once 50 are left: after 11.5 s. Goodput is that of before from 14 s on.
    let slow = || [fault("slowdown", "api", 10_000, 14_000, r#""times": 10"#)];
    let free = one_slot(80, "", &slow());
    assert_eq!(free.number("/recovery/recovery_s"), 0.0);
    assert_eq!(free.report["recovery"]["last"], "goodput");
    for metric in ["latency_p50", "latency_mean", "latency_p99"] {
        let wanted = format!(r#", "requirements": [{{"metric": "{metric}", "at_most": "500ms"}}]"#);
        let run = one_slot(80, &wanted, &slow());
        let recovery = run.number("/recovery/recovery_s");
        assert!((11.0..=13.0).contains(&recovery), "{metric}: {recovery}");
        assert_eq!(run.report["recovery"]["last"], metric);
    }
    // A requirement that was missed before says nothing about the fault.
    let missed = r#", "requirements": [{"metric": "latency_p99", "at_most": "5ms"}]"#;
    assert_eq!(
        one_slot(80, missed, &slow()).number("/recovery/recovery_s"),
        0.0
    );
}

#[test]
fn a_leader_far_away_is_no_recovery() {
    let run = |requirements: &str| {
        let nodes = [
            node(
                "u",
                "client",
                r#""arrivals": {"constant": "50/s"}, "zone": "east""#,
            ),
            database(
                "db",
                5,
                r#""zones": ["east", "west"], "replication": {"replicas": 2, "lag": "1ms"}"#,
            ),
        ];
        let settings = format!(
            r#""duration": "90s", "zones": {{"latency": "const(150ms)"}},
                "requirements": [{requirements}]"#
        );
        let moves = r#"{"kind": "leader_failover", "target": "db", "at": "30s"}"#;
        run_with(&settings, &nodes, &[link("u->db", "")], &[moves.to_owned()])
    };
    let free = run("");
    assert!(free.number("/recovery/recovery_s") < 10.0);
    let bound = r#"{"metric": "latency_p50", "at_most": "100ms"},
        {"metric": "recovery_time", "at_most": "30s"}"#;
    let bound = run(bound);
    assert!(bound.report["recovery"]["recovery_s"].is_null());
    assert_eq!(bound.report["recovery"]["last"], "latency_p50");
    let score = &bound.report["requirements"][1];
    assert_eq!(
        (&score["verdict"], &score["reason"]),
        (&"missed".into(), &"not_recovered".into())
    );
}
