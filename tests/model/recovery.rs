//! After a fault: recovery, metastable failures, and cost.

use crate::*;

/// A thousand requests a second, evenly, to a service with spare capacity.
fn steady(faults: &[String]) -> Run {
    let nodes = [
        node(
            "u",
            "client",
            r#""arrivals": {"constant": "1000/s"}, "patience": "500ms""#,
        ),
        service("api", 1, r#""queue": {"capacity": null}"#),
    ];
    run_with(
        r#""duration": "60s""#,
        &nodes,
        &[link("u->api", "")],
        faults,
    )
}

#[test]
fn recovery_is_from_the_end_of_the_last_fault_to_the_last_bad_window() {
    // Down from 10 to 15, then immediately healthy: the window from 15 on is good.
    let run = steady(&[fault("crash", "api", 10_000, 15_000, "")]);
    assert_eq!(run.number("/recovery/recovery_s"), 0.0);
    // The first comes after 1 ms and takes 1: two fewer in ten seconds.
    assert_eq!(run.number("/recovery/goodput_before_per_s"), 999.8);
    assert_eq!(run.number("/recovery/trigger_start_s"), 10.0);
    assert_eq!(run.number("/recovery/trigger_end_s"), 15.0);
    assert!(run.report["metastable"].is_null());
    // Two faults: the end of the last counts.
    let two = [
        fault("crash", "api", 10_000, 15_000, ""),
        fault("error_rate", "api", 20_000, 21_000, ""),
    ];
    assert_eq!(steady(&two).number("/recovery/trigger_end_s"), 21.0);
    // None, or one that never ends: nothing to report.
    assert!(steady(&[]).report["recovery"].is_null());
    let endless = r#"{"kind": "crash", "target": "api", "at": "10s", "for": null}"#;
    assert!(steady(&[endless.to_owned()]).report["recovery"].is_null());
}

/// A hundred requests a second, answered through a pool of ten after this time each.
fn pooled(faults: &[String], rest: &str) -> Run {
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "100/s"}"#),
        node(
            "api",
            "service",
            r#""concurrency": null, "service_time": "1ms""#,
        ),
        node(
            "db",
            "service",
            r#""concurrency": null, "service_time": "80ms""#,
        ),
    ];
    let links = [
        link("u->api", ""),
        link("api->db", r#""pool": {"size": 10, "wait": "100ms"}"#),
    ];
    let settings = format!(r#""duration": "600s", {rest}"#);
    run_with(&settings, &nodes, &links, faults)
}

#[test]
fn a_small_loss_that_stays_is_no_recovery() {
    // What leaks in 35 ms stays leaked: seven or eight connections of 80 ms give less than 100/s.
    let leak = fault(
        "connection_leak",
        "api->db",
        100_000,
        100_035,
        r#""errors": 1.0"#,
    );
    let wanted = r#""requirements": [{"metric": "recovery_time", "at_most": "10s"}]"#;
    let run = pooled(&[leak], wanted);
    let good = run.number("/requests/goodput_per_s");
    assert!((75.0..90.0).contains(&good), "{good}");
    assert!(run.report["recovery"]["recovery_s"].is_null());
    assert_eq!(run.report["requirements"][0]["reason"], "not_recovered");
    assert_eq!(run.report["operator"]["incidents"][0]["was_felt"], true);
    // A loss of 5% of the answers, for as long, is within what counts as recovered.
    let run = pooled(
        &[fault(
            "error_rate",
            "db",
            100_000,
            500_000,
            r#""errors": 0.05"#,
        )],
        wanted,
    );
    assert_eq!(run.report["operator"]["incidents"][0]["was_felt"], false);
    // 20% is not, though no stretch of 200 answers shows it.
    let run = pooled(
        &[fault(
            "error_rate",
            "db",
            100_000,
            500_000,
            r#""errors": 0.2"#,
        )],
        wanted,
    );
    assert_eq!(run.report["operator"]["incidents"][0]["was_felt"], true);
    assert_eq!(run.number("/recovery/recovery_s"), 0.0);
}

#[test]
fn at_a_low_rate_too_recovery_is_when_the_loss_ended() {
    // Writes and reads do not wait for a leader: all fail from 30 to 34, and ten seconds are a
    // stretch.
    let db = r#""replication": {"replicas": 3, "election_time": "4s"}"#;
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "20/s"}"#),
        node("db", "database", db),
    ];
    let links = [link("u->db", "")];
    let failover = r#"{"kind": "leader_failover", "target": "db", "at": "30s"}"#;
    let run = run_with(
        r#""duration": "100s""#,
        &nodes,
        &links,
        &[failover.to_owned()],
    );
    assert_eq!(run.number("/recovery/recovery_s"), 4.0);
}

#[test]
fn what_is_felt_is_laid_at_the_door_of_the_last_fault_that_began() {
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "100/s"}"#),
        node("v", "client", r#""arrivals": {"constant": "1/s"}"#),
        service("api", 10, ""),
        node(
            "slow",
            "service",
            r#""concurrency": null, "service_time": "15s""#,
        ),
    ];
    let links = [link("u->api", ""), link("v->slow", "")];
    let felt = |faults: &[String]| {
        let run = run_with(r#""duration": "100s""#, &nodes, &links, faults);
        let incidents = run.report["operator"]["incidents"].as_array();
        let incidents = incidents.expect("a list").iter();
        incidents
            .map(|it| it["was_felt"] == true)
            .collect::<Vec<_>>()
    };
    let harmless = fault("slowdown", "slow", 20_000, 30_000, r#""times": 1.1"#);
    let crash = fault("crash", "api", 50_000, 60_000, "");
    assert_eq!(felt(&[harmless.clone(), crash]), [false, true]);
    // A fault after the last request affects no request.
    let late = fault("crash", "api", 105_000, 110_000, "");
    assert_eq!(felt(&[harmless, late]), [false, false]);
}

#[test]
fn a_backlog_is_worked_off_before_the_system_has_recovered() {
    // Twenty slots of 10 ms serve 2000 a second, of which 1600 come. Ten times slower from 10 to
    // 14, 200 are served and 5600 are left over, which 400 a second work off: 14 s. A request is
    // within 500 ms again if fewer than 1000 are before it: (5600 - 1000) / 400 = 11.5 s after the
    // end.
    let nodes = [
        node(
            "u",
            "client",
            r#""arrivals": {"constant": "1600/s"}, "patience": "500ms""#,
        ),
        service("api", 10, r#""queue": {"capacity": null}"#),
    ];
    let slow = fault("slowdown", "api", 10_000, 14_000, "");
    let links = [link("u->api", "")];
    let run = run_with(r#""duration": "60s""#, &nodes, &links, &[slow]);
    let recovery = run.number("/recovery/recovery_s");
    assert!((11.0..=13.0).contains(&recovery), "{recovery}");
    // For that long goodput was 0 though load was usual: ten seconds are enough to conclude that.
    assert_eq!(run.number("/metastable/since_s"), 14.0);
    let until = run.number("/metastable/until_s");
    assert!((25.0..=27.0).contains(&until), "{until}");
}

#[test]
fn retries_that_keep_a_system_down_are_metastable() {
    // R09: 15 workers of Exp(50 ms) serve 300 a second. One retry makes 560 of 280, indefinitely;
    // of 50 it makes 100, and the backlog of a stop of 10 s is worked off in 5 s.
    let metastable = |rate: u32| {
        let arrivals = format!(r#""arrivals": {{"poisson": "{rate}/s"}}"#);
        let nodes = [
            node("u", "client", &arrivals),
            node(
                "db",
                "service",
                r#""service_time": "exp(50ms)", "concurrency": 15, "queue": {"capacity": null}"#,
            ),
        ];
        let retry = r#""timeout": "1s", "retry": {"max_attempts": 2}"#;
        let stop = r#""every": "20s", "pause": "10s""#;
        let stop = fault("gc_pauses", "db", 30_000, 40_000, stop);
        let settings = r#""duration": "120s", "drain": false"#;
        run_with(settings, &nodes, &[link("u->db", retry)], &[stop])
    };
    let stuck = metastable(280);
    assert!(stuck.report["recovery"]["recovery_s"].is_null());
    assert!(stuck.report["metastable"]["until_s"].is_null());
    assert!(stuck.number("/metastable/goodput_per_s") < 3.0);
    assert!(metastable(50).report["metastable"].is_null());
}

#[test]
fn a_recovery_that_cannot_be_judged_is_none() {
    let scored = |settings: &str, client: &str, faults: &[String]| {
        let settings = format!(
            r#""duration": "60s", "requirements": [{{"metric": "recovery_time", "at_most": "5s"}}]{settings}"#
        );
        let users = format!(r#""arrivals": {{"constant": "1000/s"}}{client}"#);
        let api = service("api", 1, r#""concurrency": 1, "queue": {"capacity": null}"#);
        let nodes = [node("u", "client", &users), api];
        let run = run_with(&settings, &nodes, &[link("u->api", "")], faults);
        let score = &run.report["requirements"][0];
        let reason = score["reason"].as_str().unwrap().to_owned();
        (reason, score["met"].as_bool().unwrap())
    };
    let unmet = |why: &str| (why.to_owned(), false);
    let down = |from, to| [fault("crash", "api", from, to, "")];
    let no_before = "no_time_before";
    assert_eq!(
        scored(r#", "warmup": "10s""#, "", &down(1_500, 45_000)),
        unmet(no_before)
    );
    let endless = r#"{"kind": "crash", "target": "api", "at": "10s", "for": null}"#;
    assert_eq!(scored("", "", &[endless.to_owned()]), unmet("fault_lasts"));
    assert_eq!(scored("", "", &down(10_000, 61_000)), unmet("fault_lasts"));
    let no_after = "no_time_after";
    assert_eq!(scored("", "", &down(10_000, 59_500)), unmet(no_after));
    // The load is usual until it rises: one slot of 1 ms serves 1000 of the 3000, and never works
    // the backlog off.
    let rise = r#", "patience": "500ms", "profile": [{"at": "0s", "times": 1}, {"at": "20s", "times": 3}, {"at": "30s", "times": 1}]"#;
    let (reason, is_met) = scored("", rise, &[]);
    assert_eq!((reason.as_str(), is_met), ("not_recovered", false));
}

#[test]
fn a_fault_before_the_run_has_settled_is_judged_by_what_came_before_it() {
    let recovery = |warmup: &str| {
        let settings = format!(r#""duration": "60s", "warmup": "{warmup}""#);
        let nodes = [
            node("u", "client", r#""arrivals": {"constant": "500/s"}"#),
            service("api", 1, r#""concurrency": 8"#),
        ];
        let down = fault("crash", "api", 4_000, 10_000, "");
        let run = run_with(&settings, &nodes, &[link("u->api", "")], &[down]);
        run.report["recovery"]["recovery_s"].as_f64()
    };
    assert!(recovery("0s").is_some_and(|s| s < 2.0));
    assert_eq!(recovery("8s"), recovery("0s"));
}

#[test]
fn who_is_never_answered_is_not_available() {
    let lossy = |drain: bool| {
        let nodes = [
            node("u", "client", r#""arrivals": {"constant": "100/s"}"#),
            service("api", 1, ""),
        ];
        let settings = format!(r#""duration": "60s", "drain": {drain}"#);
        let silent = [fault("loss", "u->api", 0, 60_000, r#""loss": 1"#)];
        run_with(&settings, &nodes, &[link("u->api", "")], &silent)
    };
    for drain in [true, false] {
        let run = lossy(drain);
        assert_eq!(run.number("/requests/completed"), 0.0);
        assert_eq!(run.number("/requests/availability"), 0.0);
    }
}

#[test]
fn requirements_on_recovery_and_cost_are_scored() {
    let scored = |faults: &[String], requirement: &str| {
        let nodes = [
            node("u", "client", r#""arrivals": {"constant": "1000/s"}"#),
            service(
                "api",
                1,
                r#""replicas": 2, "cost": {"replica_month": 30, "per_million_calls": 0.2}"#,
            ),
        ];
        let mut design = design(
            r#""duration": "60s""#,
            &nodes,
            &[link("u->api", "")],
            faults,
        );
        let text = format!(
            r#"{{"faultline": 1, "nodes": [], "links": [], "requirements": [{requirement}]}}"#
        );
        design.requirements = format::json::read(&text).unwrap().requirements;
        let run = run_design(&design);
        let score = &run.report["requirements"][0];
        (
            score["actual"].as_f64().ok_or(score["reason"].clone()),
            score["met"].as_bool().unwrap(),
        )
    };
    let recovery = r#"{"metric": "recovery_time", "at_most": "5s"}"#;
    let down = fault("crash", "api", 10_000, 15_000, "");
    assert_eq!(scored(&[down], recovery), (Ok(0.0), true));
    assert_eq!(scored(&[], recovery), (Err("no_fault".into()), true));
    // Two replicas, and 59,999 calls in 60 s for 730 hours: 2628 million.
    let cost = r#"{"metric": "monthly_cost", "at_most": 585}"#;
    let (dollars, is_met) = scored(&[], cost);
    assert!((dollars.unwrap() - 585.59124).abs() < 1e-5 && !is_met);
}

#[test]
fn what_says_nothing_of_its_cost_has_the_usual_one() {
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "100/s"}"#),
        service("api", 1, r#""replicas": 3"#),
        node("db", "database", ""),
        node("free", "cache", r#""cost": {}"#),
    ];
    let links = [
        link("u->api", ""),
        link("api->db", ""),
        link("api->free", ""),
    ];
    let run = run(&nodes, &links);
    let close = |path: &str, wanted: f64| {
        let is = run.number(path);
        assert!((is - wanted).abs() < 1e-9, "{path}: {is} against {wanted}");
    };
    close("/cost/by_node/api", 3.0 * 0.049_37 * 730.0);
    close("/cost/by_node/db", 0.159 * 730.0 + 11.5);
    close(
        "/cost/monthly",
        3.0 * 0.049_37 * 730.0 + 0.159 * 730.0 + 11.5,
    );
    assert!(run.report["cost"]["by_node"]["free"].is_null());
}

#[test]
fn what_a_drain_handles_is_not_what_the_load_costs() {
    // Ten messages a second are handled, a hundred come: those handled later belong to other hours.
    let price = r#""cost": {"per_million_calls": 1}"#;
    let nodes = [
        node(
            "u",
            "client",
            r#""arrivals": {"constant": "100/s"}, "operations": [{"name": "w", "effect": "write"}]"#,
        ),
        node("q", "queue", r#""cost": {}, "visibility_timeout": "100s""#),
        node(
            "w",
            "service",
            &format!(r#""concurrency": 1, "service_time": "100ms", {price}"#),
        ),
    ];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", r#""mode": "consume", "concurrency": 1"#),
    ];
    let run = run_with(
        r#""duration": "100s", "warmup": "50s""#,
        &nodes,
        &links,
        &[],
    );
    // 10/s for 730 hours are 26.28 million.
    let cost = run.number("/cost/by_node/w");
    assert!((cost - 26.28).abs() < 0.1, "{cost}");
}

#[test]
fn a_drain_of_more_than_an_hour_is_cut_and_says_so() {
    let nodes = [
        node(
            "u",
            "client",
            r#""arrivals": {"constant": "100/s"}, "operations": [{"name": "w", "effect": "write"}]"#,
        ),
        node("q", "queue", r#""visibility_timeout": "100s""#),
        node("w", "service", r#""concurrency": 1, "service_time": "1s""#),
        node("db", "database", ""),
    ];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", r#""mode": "consume", "concurrency": 1"#),
        link("w->db", ""),
    ];
    let run = run_with(r#""duration": "100s""#, &nodes, &links, &[]);
    assert_eq!(run.report["run"]["status"], "out_of_budget");
    // Messages in a queue are not lost.
    assert_eq!(run.number("/data/lost_writes"), 0.0);
}
