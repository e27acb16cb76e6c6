//! The operators' view, and when an alert is raised.

use crate::*;

/// Ten calls a second; the service dies at 100 s for a minute.
fn outage(alerts: &str, telemetry: &str) -> Run {
    let client = node("u", "client", r#""arrivals": {"constant": "10/s"}"#);
    let settings = format!(r#""duration": "600s", "alerts": [{alerts}]"#);
    let nodes = [client, service("s", 1, telemetry)];
    let fault = r#"{"kind": "crash", "target": "s", "at": "100s", "for": "60s"}"#;
    run_with(&settings, &nodes, &[link("u->s", "")], &[fault.to_owned()])
}

/// Returns from when to when the first alert fired, in s.
fn episodes(run: &Run) -> Vec<(f64, f64)> {
    let episodes = run.report["operator"]["alerts"][0]["episodes"].as_array();
    let time = |episode: &Json, name: &str| episode[name].as_f64().unwrap_or(f64::NAN);
    let episodes = episodes.into_iter().flatten();
    episodes
        .map(|episode| (time(episode, "from_s"), time(episode, "until_s")))
        .collect()
}

/// Of 600 calls in a minute more than 60 must fail. Calls fail from 100.0 s on; at 106 s, 60 of the
/// last 600 have failed or will have, at 107 s more than 60. From 160 s on they succeed; at 213 s 70
/// of the failures are within the minute, at 214 s 60.
#[test]
fn an_error_ratio_fires_when_enough_of_the_window_failed() {
    let alert =
        r#"{"node": "u", "every": "1s", "when": {"error_ratio": {"above": 0.1, "over": "60s"}}}"#;
    let run = outage(alert, "");
    assert_eq!(episodes(&run), [(107.0, 214.0)]);
    assert_eq!(run.number("/operator/time_to_detect_s"), 7.0);
    assert_eq!(run.report["operator"]["incidents"][0]["fault"], "crash");
}

/// Error budget 50%, burn rate 1: more than half must fail. The long window of 40 s has 400 calls:
/// 200 of them at 120 s, so it fires at 121 s; the short one of 10 s is clean again 5 s after the
/// end.
#[test]
fn a_burn_rate_needs_both_windows() {
    let alert = r#"{"node": "u", "every": "1s",
        "when": {"burn_rate": {"slo": 0.5, "times": 1, "long": "40s", "short": "10s"}}}"#;
    let run = outage(alert, "");
    let [(from, until)] = episodes(&run)[..] else {
        panic!("{:?}", episodes(&run));
    };
    assert_eq!((from, until), (121.0, 165.0));
}

#[test]
fn a_dead_node_emits_nothing_so_that_only_silence_tells() {
    let ratio =
        r#"{"node": "s", "every": "1s", "when": {"error_ratio": {"above": 0.1, "over": "60s"}}}"#;
    let run = outage(ratio, "");
    assert_eq!(episodes(&run), []);
    assert_eq!(run.number("/operator/undetected"), 1.0);
    let silence = r#"{"node": "s", "every": "1s", "when": {"silence": "20s"}}"#;
    // It last reported a call at 99 s: at 100 s it is down, and at 160 s it has been for a part of
    // the second.
    assert_eq!(episodes(&outage(silence, "")), [(119.0, 161.0)]);
}

/// A call at 3.5 s takes 1.5 s and is counted at 5 s; the next takes half a second from `second`
/// on. An answer at the exact moment of an evaluation, counted after it, also ends a silence.
#[test]
fn a_silence_lasts_to_the_end_of_its_moment() {
    let told = |second: &str| {
        let alert = r#"{"node": "s", "every": "1s", "when": {"silence": "5s"}}"#;
        let settings = format!(r#""duration": "12s", "alerts": [{alert}]"#);
        let arrivals = format!(r#""arrivals": {{"replay": ["3.5s", "{second}"]}}"#);
        let nodes = [node("u", "client", &arrivals), service("s", 500, "")];
        let fault = r#"{"kind": "slowdown", "target": "s", "at": "0s", "for": "6s", "times": 3}"#;
        episodes(&run_with(
            &settings,
            &nodes,
            &[link("u->s", "")],
            &[fault.to_owned()],
        ))
    };
    assert_eq!(told("9.5s"), []);
    assert_eq!(told("9.6s"), [(10.0, 11.0)]);
}

/// The 99th percentile: more than 1% of a minute's 600 calls slower than 50 ms.
#[test]
fn a_slow_ratio_counts_answers() {
    let alert = r#"{"node": "s", "every": "1s", "when": {"slow_ratio": {"slower_than": "50ms", "above": 0.01, "over": "60s"}}}"#;
    let client = node("u", "client", r#""arrivals": {"constant": "10/s"}"#);
    let settings = format!(r#""duration": "300s", "alerts": [{alert}]"#);
    let nodes = [client, service("s", 1, "")];
    // 1 ms of work takes 80 ms: still no queue at 10/s.
    let fault = r#"{"kind": "slowdown", "target": "s", "at": "100s", "for": "10s", "times": 80}"#;
    let run = run_with(&settings, &nodes, &[link("u->s", "")], &[fault.to_owned()]);
    assert_eq!(episodes(&run).first().map(|(from, _)| *from), Some(101.0));
}

#[test]
fn what_a_node_does_not_tell_nobody_sees() {
    let quiet = outage("", r#""telemetry": {"metrics": false, "logs": false}"#);
    let seen = &quiet.report["operator"]["nodes"]["s"];
    assert!(seen["calls"].is_null() && seen["failures"].is_null());
    // It is down for 600 of the calls: the dead node counts and logs nothing; its callers do.
    let told = outage("", "");
    assert_eq!(told.number("/nodes/s/failures/refused"), 600.0);
    let seen = &told.report["operator"]["nodes"]["s"];
    assert_eq!(
        (seen["calls"].as_f64(), seen["failures"]["refused"].as_f64()),
        (Some(5399.0), None)
    );
    let caller = &told.report["operator"]["nodes"]["u"];
    assert_eq!(
        (caller["calls"].as_f64(), caller["error_ratio"].as_f64()),
        (Some(5999.0), Some(600.0 / 5999.0))
    );
}

/// Slow for 10 s without telemetry: neither the failures nor the 99th percentile show it.
#[test]
fn what_happens_while_telemetry_is_lost_is_in_no_figure_of_the_operators() {
    let seen = |lost: &[String]| {
        let client = node("u", "client", r#""arrivals": {"constant": "10/s"}"#);
        let mut faults = vec![fault("slowdown", "s", 100_000, 110_000, r#""times": 80"#)];
        faults.extend_from_slice(lost);
        let nodes = [client, service("s", 1, r#""telemetry": {"traces": 1}"#)];
        let run = run_with(
            r#""duration": "300s""#,
            &nodes,
            &[link("u->s", "")],
            &faults,
        );
        let figure = |name: &str| run.number(&format!("/operator/nodes/s/{name}"));
        (figure("calls"), figure("traces"), figure("p99_ms"))
    };
    let slow = seen(&[]);
    assert_eq!((slow.0, slow.1), (2999.0, 2999.0));
    assert!((79.0..81.0).contains(&slow.2), "{}", slow.2);
    // From 95 to 115 s: 200 calls.
    let lost = seen(&[fault("telemetry_loss", "s", 95_000, 115_000, "")]);
    assert_eq!((lost.0, lost.1), (2799.0, 2799.0));
    assert!((0.99..1.01).contains(&lost.2), "{}", lost.2);
}

#[test]
fn a_fault_is_told_of_by_an_alert_that_may_know_of_it() {
    let alert = |of: &str| {
        format!(
            r#"{{"node": "{of}", "every": "1s", "when": {{"error_ratio": {{"above": 0.1, "over": "10s"}}}}}}"#
        )
    };
    // Two unrelated pairs; only a has an alert. Both fail alike.
    let incidents = |faults: &[String], alerts: &str| {
        let client = |id: &str| node(id, "client", r#""arrivals": {"constant": "100/s"}"#);
        let nodes = [
            client("u"),
            service("a", 1, ""),
            client("v"),
            service("b", 1, ""),
        ];
        let settings = format!(r#""duration": "300s", "alerts": [{alerts}]"#);
        let links = [link("u->a", ""), link("v->b", "")];
        run_with(&settings, &nodes, &links, faults).report["operator"].clone()
    };
    let down = |of: &str| fault("error_rate", of, 100_000, 120_000, r#""errors": 1"#);
    let both = incidents(&[down("a"), down("b")], &alert("u"));
    // After one second a tenth has failed, which is not above a tenth.
    assert_eq!(both["incidents"][0]["detected_after_s"], 2.0);
    assert!(both["incidents"][1]["detected_after_s"].is_null());
    assert_eq!(both["undetected"], 1);
    // An alert that is already firing: an operator is already working on it.
    let twice = [down("a"), fault("slowdown", "a", 105_000, 110_000, "")];
    let again = incidents(&twice, &alert("u"));
    assert_eq!(again["incidents"][1]["detected_after_s"], 0.0);
    // Without any alert, nothing is reported.
    let nobody = incidents(&[down("a")], "");
    assert_eq!(
        (&nobody["undetected"], &nobody["time_to_detect_s"]),
        (&1.into(), &Json::Null)
    );
    // A fault that users do not notice is not an undetected incident.
    let unfelt = incidents(
        &[fault("slowdown", "a", 100_000, 120_000, r#""times": 2"#)],
        "",
    );
    assert_eq!(unfelt["incidents"][0]["was_felt"], false);
    assert_eq!(unfelt["undetected"], 0);
}

/// Head sampling: as likely for failures as for the rest.
#[test]
fn traces_are_kept_whatever_becomes_of_the_call() {
    let failing = |traces: &str| {
        let client = node("u", "client", r#""arrivals": {"constant": "10/s"}"#);
        let nodes = [client, service("s", 1, traces)];
        let errors = fault("error_rate", "s", 100_000, 160_000, r#""errors": 1"#);
        run_with(
            r#""duration": "600s""#,
            &nodes,
            &[link("u->s", "")],
            &[errors],
        )
    };
    let all = failing(r#""telemetry": {"traces": 1}"#);
    let seen = &all.report["operator"]["nodes"]["s"];
    assert_eq!(
        (seen["traces"].as_f64(), seen["traces_of_failures"].as_f64()),
        (Some(5999.0), Some(600.0))
    );
    let some = failing(r#""telemetry": {"traces": 0.1}"#);
    let kept = some.number("/operator/nodes/s/traces");
    assert!((520.0..680.0).contains(&kept), "{kept}");
}

#[test]
fn an_undetected_fault_fails_the_requirement() {
    let alert =
        r#"{"node": "u", "every": "1s", "when": {"error_ratio": {"above": 0.1, "over": "60s"}}}"#;
    let run = |alerts: &str| {
        let settings = format!(
            r#""duration": "600s", "alerts": [{alerts}], "requirements": [{{"metric": "time_to_detect", "at_most": "10s"}}]"#
        );
        let client = node("u", "client", r#""arrivals": {"constant": "10/s"}"#);
        let fault = r#"{"kind": "crash", "target": "s", "at": "100s", "for": "60s"}"#;
        run_with(
            &settings,
            &[client, service("s", 1, "")],
            &[link("u->s", "")],
            &[fault.to_owned()],
        )
    };
    assert_eq!(run(alert).report["requirements"][0]["met"], true);
    let late = alert.replace("0.1", "0.9");
    let score = &run(&late).report["requirements"][0];
    assert_eq!(
        (score["met"].as_bool(), score["actual"].as_f64()),
        (Some(false), Some(55e3))
    );
    let deaf = alert.replace("0.1", "1");
    let score = &run(&deaf).report["requirements"][0];
    assert_eq!(
        (score["met"].as_bool(), score["reason"].as_str()),
        (Some(false), Some("undetected"))
    );
}

/// Failures without telemetry raise no alert.
#[test]
fn lost_telemetry_hides_an_outage() {
    let alert =
        r#"{"node": "u", "every": "1s", "when": {"error_ratio": {"above": 0.1, "over": "60s"}}}"#;
    let settings = format!(r#""duration": "600s", "alerts": [{alert}]"#);
    let client = node("u", "client", r#""arrivals": {"constant": "10/s"}"#);
    let faults = [
        r#"{"kind": "crash", "target": "s", "at": "100s", "for": "60s"}"#.to_owned(),
        r#"{"kind": "telemetry_loss", "target": "u", "at": "90s", "for": "80s"}"#.to_owned(),
    ];
    let run = run_with(
        &settings,
        &[client, service("s", 1, "")],
        &[link("u->s", "")],
        &faults,
    );
    assert_eq!(episodes(&run), []);
    assert_eq!(run.number("/operator/undetected"), 2.0);
}

/// Ten simultaneous calls for one slot, 1.1 s each: 9 wait, and one less after each 1.1 s.
fn queue_of_ten(backlog: &str, faults: &[String]) -> Vec<(f64, f64)> {
    let alert = format!(r#"{{"node": "s", "every": "1s", "when": {{"backlog": {backlog}}}}}"#);
    let settings = format!(r#""duration": "20s", "alerts": [{alert}]"#);
    let nodes = [
        replay([0; 10]),
        service(
            "s",
            1100,
            r#""concurrency": 1, "queue": {"capacity": null}"#,
        ),
    ];
    episodes(&run_with(&settings, &nodes, &[link("u->s", "")], faults))
}

#[test]
fn a_backlog_fires_while_more_wait() {
    // At 5 s four have been served: 5 wait. At 6 s there are 4.
    assert_eq!(queue_of_ten(r#"{"above": 4}"#, &[]), [(1.0, 6.0)]);
    assert_eq!(queue_of_ten(r#"{"above": 9}"#, &[]), []);
    // For this long, it was so at 1 s first.
    let lasting = |seconds: u64| format!(r#"{{"above": 4, "for": "{seconds}s"}}"#);
    assert_eq!(queue_of_ten(&lasting(3), &[]), [(4.0, 6.0)]);
    assert_eq!(queue_of_ten(&lasting(5), &[]), []);
    // No telemetry arrives at 1 and 2 s: that counts as nothing waiting.
    let mute = || fault("telemetry_loss", "s", 0, 2_500, "");
    assert_eq!(queue_of_ten(r#"{"above": 4}"#, &[mute()]), [(3.0, 6.0)]);
    assert_eq!(queue_of_ten(&lasting(3), &[mute()]), []);
    // A dead process sends nothing.
    let dead = fault("crash", "s", 2_500, 20_000, "");
    assert_eq!(queue_of_ten(r#"{"above": 4}"#, &[dead]), [(1.0, 3.0)]);
}

#[test]
fn messages_that_wait_have_a_number_and_an_age() {
    // One consumer of 9.4 s a message: the second of three waits until 9.4 s, the third until 18.8 s.
    let seen = |when: &str| {
        let alert = format!(r#"{{"node": "q", "every": "1s", "when": {when}}}"#);
        let settings = format!(r#""duration": "40s", "alerts": [{alert}]"#);
        let nodes = [
            replay([0, 0, 0]),
            node("q", "queue", ""),
            service("w", 9400, r#""concurrency": 1"#),
        ];
        let links = [
            link("u->q", r#""mode": "publish""#),
            link("q->w", r#""mode": "consume", "concurrency": 1"#),
        ];
        episodes(&run_with(&settings, &nodes, &links, &[]))
    };
    assert_eq!(seen(r#"{"backlog": {"above": 1}}"#), [(1.0, 10.0)]);
    assert_eq!(seen(r#"{"backlog": {"above": 0}}"#), [(1.0, 19.0)]);
    assert_eq!(seen(r#"{"oldest_age": {"above": "5s"}}"#), [(6.0, 19.0)]);
    assert_eq!(seen(r#"{"oldest_age": {"above": "18s"}}"#), []);
}

#[test]
fn a_backlog_is_watched_where_something_waits() {
    let problems = |kind: &str, when: &str| {
        let text = format!(
            r#"{{"faultline": 1, "nodes": [{{"id": "n", "kind": "{kind}"}}], "alerts": [{{"node": "n", "when": {when}}}]}}"#
        );
        let problems = format::json::read(&text).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let backlog = r#"{"backlog": {}}"#;
    assert_eq!(
        problems("cache", backlog),
        [
            "alerts[0].node: n is a cache, which has nothing for backlog to measure; valid nodes: service, queue, database, coordinator"
        ]
    );
    assert_eq!(problems("database", backlog), Vec::<String>::new());
    assert_eq!(
        problems("service", r#"{"oldest_age": {}}"#),
        [
            "alerts[0].node: n is a service, which has nothing for oldest_age to measure; valid nodes: queue"
        ]
    );
}

#[test]
fn telemetry_has_a_price() {
    // 1000 calls a second that all fail, over 60 s, for the 730 hours of a month.
    let cost = |rest: &str| {
        let nodes = [
            node("u", "client", r#""arrivals": {"constant": "1000/s"}"#),
            service("api", 1, &format!(r#""error_rate": 1{rest}"#)),
        ];
        let settings = r#""duration": "60s""#;
        let run = run_with(settings, &nodes, &[link("u->api", "")], &[]);
        let calls = run.number("/nodes/api/arrivals");
        let millions = calls / 60.0 * 3600.0 * 730.0 / 1e6;
        run.report["cost"]["by_node"]["api"].as_f64().unwrap_or(0.0) / millions
    };
    let close = |is: f64, wanted: f64| assert!((is - wanted).abs() < 1e-9, "{is} not {wanted}");
    let prices = r#", "cost": {"per_million_traces": 5, "per_million_log_lines": 0.1}"#;
    close(cost(prices), 0.1);
    close(
        cost(&format!(r#"{prices}, "telemetry": {{"traces": 1}}"#)),
        5.1,
    );
    close(
        cost(&format!(
            r#"{prices}, "telemetry": {{"traces": 1, "logs": false}}"#
        )),
        5.0,
    );
    // By the list: the replica, and what it logs and traces.
    let listed = |rest: &str| cost(&format!(r#", "replicas": 1{rest}"#));
    let plain = listed(r#", "telemetry": {"logs": false}"#);
    close(listed("") - plain, 0.1);
    close(listed(r#", "telemetry": {"traces": 1}"#) - plain, 5.1);
}

#[test]
fn each_outage_by_chance_is_told_of_by_itself() {
    // Down 10 s in 110: over 22,000 s some 200 times, within 4 deviations of 13.
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "20/s"}"#),
        service("api", 1, ""),
    ];
    let alert = r#"{"name": "errors", "node": "u", "every": "1s", "when": {"error_ratio": {"above": 0.5, "over": "1s"}}}"#;
    let settings = format!(r#""duration": "22000s", "alerts": [{alert}]"#);
    let outage = r#"{"kind": "crash", "target": "api", "mtbf": "100s", "mttr": "10s"}"#.to_owned();
    let run = run_with(&settings, &nodes, &[link("u->api", "")], &[outage]);
    let number = |path: &str| run.number(&format!("/operator/incidents/0/outages/{path}"));
    let count = number("count");
    assert!((count - 200.0).abs() < 52.0, "{count}");
    assert_eq!(
        run.report["operator"]["incidents"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // Those shorter than a window in which most calls fail are not reported.
    let (detected, lasted) = (number("detected"), number("lasted_ms/mean"));
    assert!(
        detected < count && detected > 0.8 * count,
        "{detected} of {count}"
    );
    assert!((lasted - 10_000.0).abs() < 3_000.0, "{lasted}");
    let slowest = number("detect_ms/max");
    assert!(slowest > 500.0 && slowest <= 2_000.0, "{slowest}");
    assert_eq!(
        run.number("/operator/incidents/0/detected_after_s"),
        slowest / 1e3
    );
    let list = run.report["operator"]["incidents"][0]["outages"]["list"]
        .as_array()
        .unwrap();
    assert_eq!(list.len(), 100);
    // They come one after another, each over before the next.
    for pair in list.windows(2) {
        assert!(pair[0]["until_s"].as_f64() <= pair[1]["at_s"].as_f64());
    }
    // The share of the time that it was down is the share that was refused.
    let down = lasted * count / 22e6;
    let refused = 1.0 - run.number("/requests/availability");
    assert!((down - refused).abs() < 0.001, "{down} {refused}");
}
