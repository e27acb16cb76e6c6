//! Work of a process before it accepts calls: its time, then its calls, one after another.

use crate::*;

/// Runs a service that dies from 100 to 200 ms. At its start it makes three calls to `config`,
/// which takes 10 ms for each. Requests come every 10 ms until 500 ms.
fn restart(api: &str, rest: &str, faults: &[String]) -> Run {
    let nodes = [
        replay((0..50).map(|n| n * 10 + 5)),
        service("api", 1, api),
        service("config", 10, ""),
    ];
    let only_at_start = r#""start_calls": 3, "when": {"probability": 0}"#;
    let links = [
        link("u->api", ""),
        link("api->config", &format!("{only_at_start}{rest}")),
    ];
    let mut all = vec![fault("crash", "api", 100, 200, "")];
    all.extend_from_slice(faults);
    run_with(r#""duration": "3s""#, &nodes, &links, &all)
}

#[test]
fn a_process_takes_calls_after_its_time_and_its_calls() {
    let run = restart(r#""start_up": "50ms""#, "", &[]);
    assert_eq!(run.sent("api->config"), [250.0, 260.0, 270.0]);
    // From 105 to 275 ms, requests are refused.
    assert_eq!(run.failed(), "refused 18");
    assert_eq!(run.number("/nodes/api/start_ups/completed"), 1.0);
    assert_eq!(run.number("/nodes/api/start_ups/time_ms/max"), 80.0);
    assert_eq!(run.number("/nodes/config/completions"), 3.0);
    assert_eq!(run.number("/links/api->config/attempts"), 3.0);
}

#[test]
fn the_calls_alone_and_the_time_alone() {
    let run = restart("", "", &[]);
    assert_eq!(run.sent("api->config"), [200.0, 210.0, 220.0]);
    assert_eq!(run.failed(), "refused 13");
    let nodes = [
        replay((0..50).map(|n| n * 10 + 5)),
        service("api", 1, r#""start_up": "50ms""#),
    ];
    let crash = [fault("crash", "api", 100, 200, "")];
    let timed = run_with("", &nodes, &[link("u->api", "")], &crash);
    assert_eq!(timed.failed(), "refused 15");
    assert_eq!(timed.number("/nodes/api/start_ups/time_ms/mean"), 50.0);
}

#[test]
fn a_failed_call_is_repeated_and_a_degraded_one_is_not() {
    let down = [fault("crash", "config", 205, 300, "")];
    // The call at 200 ms is cut off at 205, and repeated a second later.
    let run = restart("", "", &down);
    assert_eq!(run.sent("api->config"), [200.0, 1205.0, 1215.0, 1225.0]);
    assert_eq!(run.number("/nodes/api/start_ups/time_ms/max"), 1035.0);
    let optional = restart("", r#", "optional": true"#, &down);
    assert_eq!(optional.sent("api->config"), [200.0, 205.0, 205.0]);
}

#[test]
fn a_crash_during_the_start_up_begins_it_again() {
    let again = [fault("crash", "api", 215, 400, "")];
    let run = restart("", "", &again);
    assert_eq!(run.sent("api->config"), [200.0, 210.0, 400.0, 410.0, 420.0]);
    assert_eq!(run.number("/nodes/api/start_ups/completed"), 1.0);
    assert_eq!(run.number("/nodes/api/start_ups/time_ms/max"), 30.0);
    assert_eq!(run.ok(), 10.0 + 7.0, "until 95 ms, and from 435 ms");
}

#[test]
fn a_replica_that_ran_out_of_memory_or_was_added_starts_up_too() {
    let memory = r#""memory": {"limit_mb": 3, "idle_mb": 1, "call_mb": 1, "restart": "100ms"}"#;
    let api = format!(r#""start_up": "50ms", {memory}"#);
    let nodes = [replay([0, 0, 0, 149, 151]), service("api", 10, &api)];
    let killed = run(&nodes, &[link("u->api", "")]);
    assert_eq!(killed.number("/nodes/api/out_of_memory"), 1.0);
    assert_eq!(killed.failed(), "error 3, refused 1");
    assert_eq!(killed.ok(), 1.0);

    let autoscale = r#""autoscale": {"max": 2, "interval": "1s", "startup": "1s"}"#;
    let api = format!(r#""concurrency": 1, "start_up": "700ms", {autoscale}"#);
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "20/s"}"#),
        service("api", 45, &api),
    ];
    let scaled = run_with(r#""duration": "10s""#, &nodes, &[link("u->api", "")], &[]);
    assert_eq!(scaled.number("/nodes/api/scaled_out"), 1.0);
    assert_eq!(scaled.number("/nodes/api/start_ups/completed"), 1.0);
    // The first second is within the tolerance. It is requested at 2 s, and serves from 3.7 s on.
    let running = scaled.number("/nodes/api/replicas_mean");
    assert!((running - 1.63).abs() < 1e-9, "{running}");
}

#[test]
fn an_edit_that_ends_autoscaling_starts_the_replica_that_is_still_loading() {
    let design = |rest: &str| {
        let api = format!(r#""concurrency": 1, "start_up": "700ms", {rest}"#);
        let nodes = [
            node("u", "client", r#""arrivals": {"constant": "20/s"}"#),
            service("api", 45, &api),
        ];
        crate::design(r#""duration": "10s""#, &nodes, &[link("u->api", "")], &[])
    };
    let scaled = design(r#""autoscale": {"max": 2, "interval": "1s", "startup": "1s"}"#);
    // Requested at 2 s, and loading from 3 to 3.7 s.
    for at in [2_500_000_000, 3_200_000_000, 3_700_000_000] {
        let mut simulation = Simulation::new(&scaled);
        simulation.run_until(at, u64::MAX);
        simulation.edit(&design(r#""replicas": 2"#));
        simulation.run();
        assert_eq!(simulation.broken_laws(), Vec::<String>::new());
        let api = simulation.node_place("api").unwrap();
        let replicas = &simulation.world().node(api).replicas;
        assert_eq!(replicas.len(), 2);
        assert!(replicas.iter().all(|replica| replica.is_up), "{at}");
        assert!(simulation.report().nodes["api"].failures.is_empty());
    }
}

#[test]
fn keys_are_read_in_order_and_a_consumer_takes_no_messages_meanwhile() {
    let nodes = [
        replay_by(
            "u",
            [0, 150],
            r#""operations": [{"keys": {"uniform": {"n": 2}}}]"#,
        ),
        node("q", "queue", r#""redelivery": "at_once""#),
        service("w", 1, ""),
        database("db", 10, r#""shards": {"count": 2, "by": "range"}"#),
    ];
    let links = [
        link("u->q", r#""mode": "publish""#),
        link("q->w", r#""mode": "consume""#),
        link("w->db", r#""start_calls": 5, "when": {"probability": 0}"#),
    ];
    let crash = [fault("crash", "w", 100, 200, "")];
    let run = run_with("", &nodes, &links, &crash);
    // Keys 0, 1, 0, 1, 0: each shard has one of the two.
    let arrivals = |shard: u32| run.number(&format!("/nodes/db/replicas/{shard}/arrivals"));
    assert_eq!((arrivals(0), arrivals(1)), (3.0, 2.0));
    assert_eq!(run.sent("q->w"), [0.0, 250.0]);
}

#[test]
fn replicas_that_exist_at_the_start_have_already_started() {
    let nodes = [
        replay([0, 10]),
        service("api", 1, r#""start_up": "500ms""#),
        service("config", 10, ""),
    ];
    let none = [
        replay([0, 10]),
        service("api", 1, ""),
        service("config", 10, ""),
    ];
    let links = |rest: &str| [link("u->api", ""), link("api->config", rest)];
    let with = run(&nodes, &links(r#""start_calls": 9"#));
    let without = run(&none, &links(""));
    assert_eq!(with.hash(), without.hash());
}
