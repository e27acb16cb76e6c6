//! The waits and service times of each operation at a node.

use crate::*;

const TWO: &str = r#""operations": [{"name": "read"}, {"name": "write", "effect": "write"}]"#;

#[test]
fn each_operation_has_its_own_service_time_and_wait() {
    // Reads take 10 ms and writes 30 ms, one after the other.
    let nodes = [
        replay_by("u", (0..40).map(|n| n * 100), TWO),
        node(
            "db",
            "database",
            r#""read_time": "const(10ms)", "write_time": "const(30ms)", "concurrency": 1"#,
        ),
    ];
    let run = run_with(r#""duration": "5s""#, &nodes, &[link("u->db", "")], &[]);
    let of = |operation: &str, field: &str| {
        run.number(&format!("/nodes/db/by_operation/{operation}/{field}"))
    };
    for (operation, ms) in [("read", 10.0), ("write", 30.0)] {
        let offered = run.number(&format!("/requests/by_operation/{operation}/offered"));
        assert_eq!(of(operation, "served"), offered);
        assert_eq!(of(operation, "service_ms/mean"), ms);
        assert_eq!(of(operation, "service_ms/max"), ms);
        assert_eq!(of(operation, "wait_ms/max"), 0.0);
    }
}

#[test]
fn the_waits_of_operations_add_up_to_that_of_the_node() {
    let nodes = [
        node(
            "u",
            "client",
            &format!(r#""arrivals": {{"poisson": "80/s"}}, {TWO}"#),
        ),
        replay_by(
            "v",
            (0..50).map(|n| n * 20),
            r#""operations": [{"name": "read"}]"#,
        ),
        service("api", 8, r#""concurrency": 1"#),
    ];
    let links = [link("u->api", ""), link("v->api", "")];
    let run = run_with(r#""duration": "10s", "drain": true"#, &nodes, &links, &[]);
    let of = run.report["nodes"]["api"]["by_operation"]
        .as_object()
        .unwrap();
    // A name that two clients use is preceded by the client's id.
    assert_eq!(of.keys().collect::<Vec<_>>(), ["u/read", "v/read", "write"]);
    let sum: f64 = of
        .values()
        .map(|times| {
            let served = times["served"].as_f64().unwrap();
            assert_eq!(times["service_ms"]["mean"].as_f64().unwrap(), 8.0);
            served * times["wait_ms"]["mean"].as_f64().unwrap()
        })
        .sum();
    let all = run.number("/nodes/api/wait_ms/mean") * run.number("/nodes/api/completions");
    assert!(
        (sum - all).abs() < 1e-6 * all && all > 0.0,
        "{sum} of {all}"
    );
}

#[test]
fn a_node_with_one_operation_has_its_own_metrics_alone() {
    let nodes = [
        replay_by("u", [0, 1, 2, 3], TWO),
        service("api", 1, ""),
        database("db", 1, ""),
    ];
    let links = [link("u->api", ""), link("api->db", r#""when": "writes""#)];
    let several = run(&nodes, &links);
    assert!(several.report["nodes"]["api"]["by_operation"].is_object());
    assert!(several.report["nodes"]["db"]["by_operation"].is_null());
    let one = run(
        &[replay([0, 1]), service("api", 1, "")],
        &[link("u->api", "")],
    );
    assert!(one.report["nodes"]["api"]["by_operation"].is_null());
}
