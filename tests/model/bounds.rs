//! Designs that would run indefinitely or fill the memory are stopped, and rates that are not a
//! whole number of ns are kept.

use crate::*;
use design::Metric;

/// Returns how a run of nodes and links ends, and its simulated time.
fn status(nodes: &[String], links: &[String]) -> (String, f64) {
    let mut simulation = Simulation::new(&design("", nodes, links, &[]));
    simulation.run();
    let report = simulation.report();
    (report.run.status.to_owned(), report.run.ended_s)
}

fn stopped_at(seconds: f64) -> (String, f64) {
    ("out_of_budget".to_owned(), seconds)
}

const RESTLESS: &str = r#""arrivals": {"closed": {"users": 1, "think": "const(0s)"}}"#;

#[test]
fn users_who_never_pause_stop_the_run() {
    let nodes = [node("u", "client", RESTLESS), service("api", 0, "")];
    assert_eq!(status(&nodes, &[link("u->api", "")]), stopped_at(0.0));
    assert_eq!(
        status(&[node("u", "client", RESTLESS)], &[]),
        stopped_at(0.0)
    );
}

#[test]
fn a_message_that_goes_round_within_a_moment_stops_the_run() {
    let nodes = [replay([500]), node("q", "queue", ""), service("w", 0, "")];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", r#""mode": "consume""#),
        link("w->q", r#""mode": "publish""#),
    ];
    assert_eq!(status(&nodes, &links), stopped_at(0.5));
}

#[test]
fn rates_above_one_a_nanosecond_pass_time() {
    let steps = r#"[{"at": "1us", "times": 1000}, {"at": "11us", "times": 0}]"#;
    let rest = format!(r#""arrivals": {{"constant": "10000000/s"}}, "profile": {steps}"#);
    let nodes = [
        node("u", "client", &rest),
        service("api", 0, r#""concurrency": null"#),
    ];
    let run = run_with(r#""duration": "1ms""#, &nodes, &[link("u->api", "")], &[]);
    // 10 in the first µs, 10 a ns in ten more.
    assert!((run.number("/requests/offered") - 100_010.0).abs() <= 10.0);
}

#[test]
fn a_run_that_fills_the_memory_is_stopped_within_a_window() {
    let users = r#""arrivals": {"closed": {"users": 1000000, "think": "const(0s)"}}, "profile": [{"at": "1ns", "times": 1000}]"#;
    let nodes = [
        node("u", "client", users),
        service("api", 10_000, r#""concurrency": null"#),
    ];
    let mut simulation = Simulation::new(&design("", &nodes, &[link("u->api", "")], &[]));
    simulation.run();
    assert!(simulation.now() <= 1_000_000_000 && simulation.totals().offered <= 4_010_000);
    let arrivals = r#""arrivals": {"constant": "10000000/s"}"#;
    let nodes = [
        node("u", "client", arrivals),
        service("api", 10_000, r#""concurrency": null"#),
    ];
    // It was stopped early: the rest is unknown, whatever was measured.
    let requirement = r#""requirements": [{"metric": "availability", "at_least": 0}]"#;
    let run = run_with(requirement, &nodes, &[link("u->api", "")], &[]);
    let score = &run.report["requirements"][0];
    assert_eq!(
        (score["met"].as_bool(), score["reason"].as_str()),
        (Some(false), Some("cut_short"))
    );
    // Two records a request.
    let (status, ended) = status(&nodes, &[link("u->api", "")]);
    assert_eq!(status, "out_of_budget");
    assert!((ended - 0.2).abs() < 0.01, "{ended}");
}

#[test]
fn nothing_measured_is_nothing_held() {
    let scores = |rate: &str, metrics: &[Metric]| {
        let users = format!(r#""arrivals": {{"constant": "{rate}"}}"#);
        let nodes = [node("u", "client", &users), service("api", 1, "")];
        let requirement = |metric: &Metric| {
            let bound = if metric.is_duration() { r#""1h""# } else { "1" };
            let name = metric.name();
            format!(r#"{{"metric": "{name}", "at_most": {bound}}}"#)
        };
        let requirements: Vec<String> = metrics.iter().map(requirement).collect();
        let settings = format!(
            r#""duration": "1s", "requirements": [{}]"#,
            requirements.join(",")
        );
        let silent = fault("loss", "u->api", 0, 1_000, r#""loss": 1"#);
        let run = run_with(&settings, &nodes, &[link("u->api", "")], &[silent]);
        run.report["requirements"].as_array().unwrap().clone()
    };
    let verdict = |score: &serde_json::Value| {
        let of = |name: &str| score[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(score["met"], of("verdict") == "met");
        (of("verdict"), of("reason"), score["actual"].as_f64())
    };
    let said = |verdict: &str, reason: &str| (verdict.to_owned(), reason.to_owned(), None);
    for (metric, score) in Metric::ALL.iter().zip(scores("0/s", Metric::ALL)) {
        if *metric == Metric::MonthlyCost {
            // Replicas also cost money without load.
            assert!(verdict(&score).2.is_some_and(|cost| cost > 0.0));
            continue;
        }
        let unknown = said("not_measured", "no_request");
        assert_eq!(verdict(&score), unknown, "{}", metric.name());
    }
    // Requests that are made and never answered take longer than any bound.
    let metrics = [
        Metric::LatencyP99,
        Metric::StalenessMax,
        Metric::Availability,
    ];
    let scores = scores("100/s", &metrics);
    assert_eq!(verdict(&scores[0]), said("missed", "no_answer"));
    assert_eq!(verdict(&scores[1]), said("not_measured", "no_read"));
    assert_eq!(verdict(&scores[2]).2, Some(0.0));
}

#[test]
fn a_window_cut_short_by_the_duration_has_its_own_length() {
    let client = node("u", "client", r#""arrivals": {"constant": "1000/s"}"#);
    let nodes = [client, service("api", 3000, r#""concurrency": null"#)];
    let run = run_with(
        r#""duration": "1500ms""#,
        &nodes,
        &[link("u->api", "")],
        &[],
    );
    assert!((run.number("/windows/offered_per_s/1") - 1000.0).abs() < 3.0);
}

#[test]
fn high_rates_are_not_rounded_up() {
    let client = node("u", "client", r#""arrivals": {"constant": "9000000/s"}"#);
    let nodes = [client, service("api", 0, r#""concurrency": null"#)];
    let run = run_with(r#""duration": "10ms""#, &nodes, &[link("u->api", "")], &[]);
    assert!((run.number("/requests/offered") - 90_000.0).abs() <= 1.0);
}

/// Returns the first problem of a design of one client, a service, and two queues.
fn problem(client: &str, api: &str, dead: &str, faults: &str) -> String {
    let text = format!(
        r#"{{"faultline": 1, "nodes": [
            {{"id": "u", "kind": "client"{client}}}, {{"id": "api", "kind": "service"}},
            {{"id": "q", "kind": "queue"}}, {{"id": "dlq", "kind": "queue"}}],
        "links": [{{"from": "u", "to": "api"{api}}},
            {{"from": "q", "to": "dlq", "mode": "dead_letter"{dead}}}], "faults": [{faults}]}}"#
    );
    match format::json::read(&text) {
        Ok(_) => String::new(),
        Err(problems) => problems[0].path.clone(),
    }
}

#[test]
fn what_would_do_nothing_is_refused() {
    let replay = r#", "arrivals": {"replay": ["1s"]}"#;
    let profile = format!(r#"{replay}, "profile": [{{"at": "1s", "times": 2}}]"#);
    let spike = r#"{"kind": "traffic_spike", "target": "u", "at": "1s", "for": "1s"}"#;
    let backoff = r#", "retry": {"backoff": {"exponential": {"base": "3s", "cap": "2s"}}}"#;
    assert_eq!(problem(replay, "", "", ""), "");
    assert_eq!(problem("", "", "", spike), "");
    assert_eq!(problem(&profile, "", "", ""), "nodes[0].profile");
    assert_eq!(problem(replay, "", "", spike), "faults[0].target");
    assert_eq!(
        problem("", backoff, "", ""),
        "links[0].retry.backoff.exponential.base"
    );
    for policy in ["retry", "breaker", "pool"] {
        let dead = format!(r#", "{policy}": {{}}"#);
        assert_eq!(problem("", "", &dead, ""), format!("links[1].{policy}"));
    }
}
