//! Faults: the effect of each one, and that each has an effect on every possible target.

use crate::*;
use design::FaultKind;

/// One node of every kind, all of them in use, and a link of every mode.
fn everything(faults: &[String]) -> Run {
    let nodes = [
        node("poisson", "client", r#""arrivals": {"poisson": "50/s"}"#),
        node("constant", "client", r#""arrivals": {"constant": "50/s"}"#),
        node(
            "on_off",
            "client",
            r#""arrivals": {"on_off": {"rate": "100/s", "on": "100ms", "off": "100ms"}}"#,
        ),
        node(
            "closed",
            "client",
            r#""arrivals": {"closed": {"users": 5, "think": "exp(50ms)"}}"#,
        ),
        node("load_balancer", "load_balancer", ""),
        service("service", 5, r#""zone": "a""#),
        node("cache", "cache", ""),
        node(
            "queue",
            "queue",
            r#""visibility_timeout": "50ms", "max_receives": 2"#,
        ),
        service("worker", 5, r#""error_rate": 0.2"#),
        node("dead", "queue", ""),
        node("coordinator", "coordinator", ""),
        database(
            "database",
            5,
            r#""zone": "b", "replication": {"replicas": 2}"#,
        ),
    ];
    let links = [
        link("poisson->load_balancer", ""),
        link("constant->load_balancer", ""),
        link("on_off->load_balancer", ""),
        link("closed->load_balancer", ""),
        link("load_balancer->service", ""),
        link("service->cache", ""),
        link(
            "service->database",
            r#""when": "on_miss", "pool": {"size": 4, "wait": "50ms"}"#,
        ),
        link("service->queue", r#""mode": "publish""#),
        link("service->coordinator", ""),
        link("queue->worker", r#""mode": "consume""#),
        link("queue->dead", r#""mode": "dead_letter", "latency": "1ms""#),
    ];
    run_with(r#""duration": "3s""#, &nodes, &links, faults)
}

#[test]
fn every_fault_changes_everything_it_can_be_aimed_at() {
    let calm = everything(&[]);
    let links: Vec<&String> = calm.report["links"].as_object().unwrap().keys().collect();
    // Faults of telemetry change nothing that happens.
    let kinds = FaultKind::ALL.iter().copied();
    for kind in kinds.filter(|kind| *kind != FaultKind::TelemetryLoss) {
        let name = kind.name();
        let targets: Vec<&str> = match kind {
            FaultKind::Partition => vec!["a", "service", "service->database"],
            // Clocks that others read: tests/model/clocks.rs.
            FaultKind::ClockSkew => continue,
            // It changes what operators see: tests/model/telemetry.rs.
            FaultKind::TelemetryLoss => continue,
            FaultKind::TrafficSpike | FaultKind::KeySkew => {
                vec!["poisson", "constant", "on_off", "closed"]
            }
            FaultKind::ConnectionLeak => vec!["service->database"],
            _ if kind.is_for_links() => links.iter().map(|link| link.as_str()).collect(),
            _ => kind.targets().to_vec(),
        };
        for target in targets {
            let often = r#""every": "100ms", "pause": "10ms", "step": "100ms", "reads": true"#;
            let run = everything(&[fault(name, target, 1000, 2000, often)]);
            assert_ne!(
                run.hash(),
                calm.hash(),
                "{name} of {target} changes nothing"
            );
        }
    }
}

#[test]
fn a_fault_that_begins_after_the_end_or_was_over_before_it_began_changes_nothing() {
    let calm = everything(&[]);
    for target in ["service", "database"] {
        let run = everything(&[fault("crash", target, 60_000, 70_000, "")]);
        assert_eq!(run.report["requests"], calm.report["requests"]);
    }
}

#[test]
fn a_crash_resets_what_is_under_way_refuses_at_once_and_ends_empty() {
    // One slot: at 15 one call is worked on and one waits. New ones are refused until 50.
    let nodes = [
        replay([0, 10, 12, 20, 49, 50]),
        service("api", 10, r#""concurrency": 1"#),
    ];
    let run = run_with(
        "",
        &nodes,
        &[link("u->api", r#""latency": "1ms""#)],
        &[fault("crash", "api", 16, 50, "")],
    );
    assert_eq!(
        run.trace("u->api"),
        "call 0, call 10, answer 11, call 12, failure 16, failure 16, call 20, failure 21, \
         call 49, call 50, answer 60, answer 70"
    );
    assert_eq!(run.failed(), "error 2, refused 1");
}

#[test]
fn a_crash_of_one_replica_leaves_the_others() {
    let nodes = [
        replay([0, 0, 0, 20, 30, 40]),
        service("api", 10, r#""replicas": 3"#),
    ];
    let down = fault("crash", "api", 5, 900, r#""replica": 1"#);
    let run = run_with(IN_ORDER, &nodes, &[link("u->api", "")], &[down]);
    assert_eq!((run.ok(), run.failed().as_str()), (5.0, "error 1"));
    let arrivals =
        [0, 1, 2].map(|replica| run.number(&format!("/nodes/api/replicas/{replica}/arrivals")));
    assert_eq!(
        arrivals,
        [3.0, 1.0, 2.0],
        "a caller without a balancer goes round the living"
    );
}

#[test]
fn a_crash_of_the_caller_leaves_the_callee_working() {
    let nodes = [replay([0]), service("api", 0, ""), database("db", 100, "")];
    let run = run_with(
        "",
        &nodes,
        &[link("u->api", ""), link("api->db", "")],
        &[fault("crash", "api", 10, 20, "")],
    );
    assert_eq!(run.trace("u->api"), "call 0, failure 10");
    assert_eq!(run.number("/nodes/db/completions"), 1.0);
}

#[test]
fn a_slowdown_multiplies_the_time_of_work_that_begins_in_it() {
    let cache = node("n", "cache", r#""hit_time": "const(10ms)""#);
    for target in [service("n", 10, ""), database("n", 10, ""), cache] {
        let slow = |from, to| fault("slowdown", "n", from, to, r#""times": 3"#);
        for (faults, latency) in [
            (vec![], 10.0),
            (vec![slow(0, 1)], 30.0),
            (vec![slow(1, 500)], 10.0),
            (vec![slow(0, 500), slow(0, 100)], 90.0),
        ] {
            let run = run_with(
                "",
                &[replay([0]), target.clone()],
                &[link("u->n", "")],
                &faults,
            );
            assert_eq!(
                run.latency(),
                latency,
                "{target}, {} slowdowns",
                faults.len()
            );
        }
    }
}

#[test]
fn added_latency_is_paid_each_way_and_loss_is_silence() {
    let nodes = [replay([0, 100]), service("api", 10, "")];
    let slow = fault("latency", "u->api", 0, 50, r#""add": "const(7ms)""#);
    let slow = run_with(
        "",
        &nodes,
        &[link("u->api", r#""latency": "1ms""#)],
        &[slow],
    );
    assert_eq!(slow.latency(), 26.0);
    assert_eq!(slow.number("/requests/latency_ms/mean"), 19.0);
    let lost = fault("loss", "u->api", 0, 50, r#""loss": 1"#);
    let lost = run_with("", &nodes, &[link("u->api", "")], &[lost]);
    assert_eq!(lost.trace("u->api"), "lost 0, call 100, answer 110");
    assert_eq!(lost.number("/requests/in_flight"), 1.0);
}

#[test]
fn faults_on_one_target_overlap_and_end_on_their_own() {
    // Down from 10 to 40 by two crashes that overlap.
    let nodes = [replay([5, 15, 25, 35, 45]), service("api", 1, "")];
    let faults = [
        fault("crash", "api", 10, 30, ""),
        fault("crash", "api", 20, 40, ""),
    ];
    let run = run_with("", &nodes, &[link("u->api", "")], &faults);
    assert_eq!((run.ok(), run.failed().as_str()), (2.0, "refused 3"));
}
