//! Edits during a run: new elements begin, removed ones end, and the rest continues.

use crate::*;

/// Runs a design that is edited at a moment, in ms.
fn edited(before: &Design, at: u64, after: &Design) -> Json {
    let mut simulation = Simulation::new(before);
    simulation.run_until(at * 1_000_000, u64::MAX);
    simulation.edit(after);
    simulation.run();
    assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    serde_json::to_value(simulation.report()).unwrap()
}

#[test]
fn closed_users_come_back_after_an_edit_and_back() {
    let of = |arrivals: &str| {
        let nodes = [
            node("u", "client", &format!(r#""arrivals": {arrivals}"#)),
            service("api", 0, ""),
        ];
        design(r#""duration": "10s""#, &nodes, &[link("u->api", "")], &[])
    };
    let closed = of(r#"{"closed": {"users": 5, "think": "const(100ms)"}}"#);
    let gone = design(r#""duration": "10s""#, &[service("api", 0, "")], &[], &[]);
    for between in [of(r#"{"constant": "1/s"}"#), gone] {
        let mut simulation = Simulation::new(&closed);
        simulation.run_until(1_000_000_000, u64::MAX);
        simulation.edit(&between);
        simulation.run_until(5_000_000_000, u64::MAX);
        simulation.edit(&closed);
        let before = simulation.totals().offered;
        simulation.run();
        assert!(simulation.totals().offered - before >= 240);
    }
}

#[test]
fn a_pool_made_larger_or_taken_away_lets_those_go_who_wait() {
    let of = |pool: &str| {
        let link = link("u->api", &format!(r#""pool": {pool}"#));
        design(
            r#""duration": "30s""#,
            &[replay([0; 4]), service("api", 2000, "")],
            &[link],
            &[],
        )
    };
    for pool in [r#"{"size": 4, "wait": null}"#, "null"] {
        let report = edited(&of(r#"{"size": 1, "wait": null}"#), 1000, &of(pool));
        assert_eq!(report["requests"]["latency_ms"]["max"], 3000.0, "{pool}");
    }
}

#[test]
fn edits_elsewhere_do_not_put_health_checks_off() {
    let lb = node(
        "lb",
        "load_balancer",
        r#""health_check": {"interval": "500ms"}"#,
    );
    let nodes = [
        node("u", "client", ""),
        lb,
        service("api", 1, r#""replicas": 2"#),
    ];
    let links = [link("u->lb", ""), link("lb->api", "")];
    let plain = design(
        r#""duration": "10s""#,
        &nodes,
        &links,
        &[fault("crash", "api", 0, 9000, r#""replica": 0"#)],
    );
    let mut simulation = Simulation::new(&plain);
    for n in 0..25 {
        simulation.run_until(n * 200_000_000, u64::MAX);
        simulation.edit(&plain);
    }
    let place = simulation.node_place("api").unwrap();
    assert!(simulation.world().is_ejected(place, 0));
}

#[test]
fn utilisation_is_of_the_slots_there_were() {
    let of = |slots: u32, replicas: u32| {
        let client = node("u", "client", r#""arrivals": {"constant": "100/s"}"#);
        let api = service(
            "api",
            80,
            &format!(r#""concurrency": {slots}, "replicas": {replicas}"#),
        );
        design(
            r#""duration": "10s""#,
            &[client, api],
            &[link("u->api", "")],
            &[],
        )
    };
    let fewer_slots = edited(&of(10, 1), 9000, &of(1, 1));
    assert!(fewer_slots["nodes"]["api"]["utilization"].as_f64().unwrap() <= 1.0);
    let fewer_replicas = edited(&of(8, 10), 100, &of(8, 1));
    assert!(
        fewer_replicas["nodes"]["api"]["utilization"]
            .as_f64()
            .unwrap()
            > 0.9
    );
}

#[test]
fn a_shorter_duration_ends_the_run_when_it_says() {
    let of = |duration: &str| {
        let nodes = [
            node("u", "client", ""),
            service("api", 20_000, r#""concurrency": null"#),
        ];
        design(
            &format!(r#""duration": "{duration}", "drain": false"#),
            &nodes,
            &[link("u->api", "")],
            &[],
        )
    };
    assert_eq!(
        edited(&of("60s"), 10_200, &of("10500ms"))["run"]["ended_s"],
        10.5
    );
}

#[test]
fn a_recorded_moment_is_not_played_twice() {
    let plain = design(
        "",
        &[replay([100]), service("api", 1, "")],
        &[link("u->api", "")],
        &[],
    );
    assert_eq!(edited(&plain, 100, &plain)["requests"]["offered"], 1);
}

/// Returns all metrics except the number of events.
fn figures(simulation: &Simulation) -> Json {
    let mut report = serde_json::to_value(simulation.report()).unwrap();
    for counts in ["events", "hash"] {
        report["run"].as_object_mut().unwrap().remove(counts);
    }
    report
}

/// Checks that an edit without a change, at any of these moments in ms, changes no metric.
#[track_caller]
fn check_unchanged(design: &Design, moments: impl IntoIterator<Item = u64>) {
    let mut plain = Simulation::new(design);
    plain.run();
    for at in moments {
        let mut edited = Simulation::new(design);
        edited.run_until(at * 1_000_000, u64::MAX);
        edited.edit(design);
        edited.run();
        assert_eq!(figures(&edited), figures(&plain), "edited at {at} ms");
    }
}

#[test]
fn an_edit_does_not_change_which_consumer_is_next() {
    let nodes = [
        replay([0, 10, 20, 30]),
        node("queue", "queue", ""),
        service("a", 1, ""),
        service("b", 2, ""),
    ];
    let links = [
        link("u->queue", r#""mode": "publish""#),
        link("queue->a", r#""mode": "consume""#),
        link("queue->b", r#""mode": "consume""#),
    ];
    check_unchanged(&design("", &nodes, &links, &[]), [5, 15, 25]);
}

#[test]
fn an_edit_does_not_take_what_a_retry_budget_has_saved() {
    let retry =
        r#""retry": {"max_attempts": 2, "backoff": "none", "budget": {"ratio": 0.5, "burst": 0}}"#;
    let nodes = [
        replay([0, 10, 20, 30]),
        service("api", 1, r#""error_rate": 1"#),
    ];
    let retried = design("", &nodes, &[link("u->api", retry)], &[]);
    check_unchanged(&retried, [5, 15, 25]);
}

#[test]
fn an_edit_on_a_ramp_brings_no_user_early() {
    let client = r#""arrivals": {"closed": {"users": 10, "think": "const(20ms)"}},
        "profile": [{"at": "100ms", "times": 2.15, "over": "800ms"}]"#;
    let nodes = [node("u", "client", client), service("api", 1, "")];
    let ramp = design("", &nodes, &[link("u->api", "")], &[]);
    check_unchanged(&ramp, (100..900).step_by(7));
}
