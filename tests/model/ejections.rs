//! What a balancer reports of the replicas that it had out of service: exact to the moment, even if
//! it chose none meanwhile.

use crate::*;

fn balancer(rest: &str) -> String {
    node("lb", "load_balancer", rest)
}

/// Runs three backends of which two are dead for 500 ms. Requests come every 10 ms, until 290 ms:
/// each of the two is ejected by the first, for a second.
fn two_of_three(settings: &str, rest: &str) -> Run {
    let nodes = [
        replay((0..30).map(|n| n * 10)),
        balancer(&format!(
            r#""outlier_ejection": {{"consecutive_errors": 1, "eject_for": "1s",
                "max_ejected": 1}}{rest}"#
        )),
        service("a", 1, ""),
        service("b", 1, ""),
        service("c", 1, ""),
    ];
    let links = ["u->lb", "lb->a", "lb->b", "lb->c"].map(|ends| link(ends, ""));
    let faults = ["a", "b"].map(|id| fault("crash", id, 0, 500, ""));
    let settings = format!(r#"{IN_ORDER}, "duration": "3s"{settings}"#);
    run_with(&settings, &nodes, &links, &faults)
}

fn of(run: &Run, field: &str) -> f64 {
    run.number(&format!("/nodes/lb/out_of_service/{field}"))
}

#[test]
fn ejections_and_panic_mode_last_until_the_moment_they_end() {
    // `a` is out from 0 to 1,000 ms, `b` from 10 to 1,010 ms.
    let run = two_of_three("", "");
    assert_eq!((of(&run, "ejections"), of(&run, "ejected_max")), (2.0, 2.0));
    assert_eq!(of(&run, "ejected_s"), 1.010);
    // One of three is healthy, and the threshold is one half.
    assert_eq!(of(&run, "panic_s"), 0.990);
    assert_eq!(
        (of(&run, "none_healthy_s"), of(&run, "failed_checks")),
        (0.0, 0.0)
    );
    let calm = two_of_three("", r#", "panic_threshold": 0.3"#);
    assert_eq!((of(&calm, "ejected_s"), of(&calm, "panic_s")), (1.010, 0.0));
}

#[test]
fn a_warm_up_is_not_counted() {
    let run = two_of_three(r#", "warmup": "500ms""#, "");
    assert_eq!((of(&run, "ejections"), of(&run, "ejected_max")), (0.0, 2.0));
    assert_eq!((of(&run, "ejected_s"), of(&run, "panic_s")), (0.510, 0.500));
}

#[test]
fn further_ejections_add_up() {
    let nodes = [
        replay((0..60).map(|n| n * 1_000)),
        balancer(
            r#""outlier_ejection": {"consecutive_errors": 1, "eject_for": "10s",
                "max_eject_for": "10s", "max_ejected": 1}"#,
        ),
        service("a", 1, ""),
        service("b", 1, ""),
    ];
    let links = ["u->lb", "lb->a", "lb->b"].map(|ends| link(ends, ""));
    let faults = [fault("crash", "b", 0, 60_000, "")];
    let run = run_with(r#""duration": "60s""#, &nodes, &links, &faults);
    let out = run.sent("lb->b");
    assert!(out.len() >= 4, "{out:?}");
    let until_60 = out.iter().map(|at| (60_000.0 - at).min(10_000.0) / 1e3);
    assert_eq!(of(&run, "ejections"), out.len() as f64);
    assert!((of(&run, "ejected_s") - until_60.sum::<f64>()).abs() < 1e-9);
}

#[test]
fn health_checks_that_take_all_replicas_out_leave_none_or_lead_to_panic_mode() {
    let run = |panic: &str| {
        let nodes = [
            replay((0..100).map(|n| n * 100 + 50)),
            balancer(&format!(
                r#""health_check": {{"depth": "deep", "interval": "1s", "timeout": "100ms",
                    "unhealthy_after": 2, "healthy_after": 2}}, "panic_threshold": {panic}"#
            )),
            service("api", 1, r#""replicas": 2"#),
            database("db", 1, ""),
        ];
        let links = [
            link("u->lb", ""),
            link("lb->api", ""),
            link("api->db", r#""when": "writes""#),
        ];
        let faults = [fault("crash", "db", 0, 9_000, "")];
        run_with(r#""duration": "10s""#, &nodes, &links, &faults)
    };
    // Probes at 500 and 1,500 ms take the first out, those at 1,000 and 2,000 ms the second. The
    // second probe that passes comes at 10,500 ms.
    let none = run("0");
    assert_eq!(of(&none, "failed_checks"), 2.0);
    assert_eq!(
        (of(&none, "none_healthy_s"), of(&none, "panic_s")),
        (8.0, 0.0)
    );
    let panics = run("0.5");
    assert_eq!(
        (of(&panics, "none_healthy_s"), of(&panics, "panic_s")),
        (0.0, 8.0)
    );
    assert_eq!(of(&panics, "ejected_s"), 0.0);
}

#[test]
fn a_balancer_that_had_all_replicas_in_service_reports_nothing() {
    let nodes = [
        replay((0..30).map(|n| n * 10)),
        balancer(r#""outlier_ejection": {}, "health_check": {}"#),
        service("api", 1, r#""replicas": 2"#),
    ];
    let run = run(&nodes, &[link("u->lb", ""), link("lb->api", "")]);
    assert!(run.report["nodes"]["lb"]["out_of_service"].is_null());
}
