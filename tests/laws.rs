//! Conservation laws, determinism and snapshots over random designs of all kinds.

use sim::{Simulation, Status};

/// Number of events of one random design: enough to fill queues and fire faults, and fast enough
/// for hundreds.
const EVENTS: u64 = 60_000;

fn report(simulation: &Simulation) -> String {
    serde_json::to_string(&simulation.report()).unwrap()
}

/// Checks that every law holds now.
#[track_caller]
fn check_laws(run: &Simulation, when: &str) {
    assert_eq!(run.broken_laws(), Vec::<String>::new(), "{when}");
}

#[test]
fn laws_hold_at_every_pause_and_at_the_end() {
    testing::cases(100, 100).check(|design, _| {
        let mut run = Simulation::new(design).with_budget(EVENTS);
        while run.run_until(u64::MAX, EVENTS / 7) == Status::Running {
            check_laws(&run, "at a pause");
        }
        check_laws(&run, "at the end");
    });
}

#[test]
fn the_same_run_gives_the_same_bytes_however_it_is_sliced() {
    testing::cases(50, 50).check(|design, _| {
        let mut whole = Simulation::new(design).with_budget(EVENTS);
        whole.run();
        let mut sliced = Simulation::new(design).with_budget(EVENTS);
        let mut time = 0;
        while sliced.status() == Status::Running {
            time += 777_777_777;
            sliced.run_until(time, 1_000);
        }
        assert_eq!(report(&whole), report(&sliced));
    });
}

#[test]
fn what_is_known_of_data_is_the_same_however_soon_it_is_forgotten() {
    testing::cases(100, 100).check(|design, _| {
        let mut seldom = Simulation::new(design).with_budget(EVENTS);
        seldom.run();
        let mut often = Simulation::new(design).with_budget(EVENTS).sweeping_often();
        often.run();
        assert_eq!(report(&seldom), report(&often));
    });
}

#[test]
fn a_snapshot_goes_on_as_the_run_would_have() {
    testing::cases(30, 30).check(|design, _| {
        let mut run = Simulation::new(design).with_budget(EVENTS);
        run.run_until(u64::MAX, EVENTS / 3);
        let mut copy = run.clone();
        run.run();
        copy.run();
        assert_eq!(report(&run), report(&copy));
    });
}

/// A balancer between a client that times out and retries and an API that is sometimes too small,
/// with everything that can come between: the first hop has no record of its own, and gets one when
/// it needs it.
const PASSAGES: &str = r#"{
  "faultline": 1, "seed": 3, "duration": "12s", "warmup": "1s",
  "nodes": [
    {"id": "u", "kind": "client", "arrivals": {"poisson": "300/s"}, "patience": "90ms"},
    {"id": "lb", "kind": "load_balancer", "at": [240, 0], "outlier_ejection": {}},
    {"id": "api", "kind": "service", "at": [480, 0], "replicas": 3, "concurrency": 2, "service_time": "exp(15ms)"},
    {"id": "db", "kind": "database", "at": [720, 0], "concurrency": 4, "read_time": "exp(5ms)"}
  ],
  "links": [
    {"from": "u", "to": "lb", "latency": "const(0s)", "timeout": "60ms", "retry": {"max_attempts": 2, "jitter": "decorrelated", "backoff": {"exponential": {"base": "5ms", "cap": "50ms"}}}},
    {"from": "lb", "to": "api", "latency": "LATENCY"},
    {"from": "api", "to": "db", "latency": "const(0s)", "when": {"probability": 0.5}}
  ],
  "faults": [
    {"kind": "crash", "target": "lb", "at": "2s", "for": "200ms"},
    {"kind": "hang", "target": "api", "at": "3s", "for": "300ms"},
    {"kind": "latency", "target": "u->lb", "at": "4s", "for": "500ms", "add": "exp(5ms)"},
    {"kind": "loss", "target": "u->lb", "at": "5s", "for": "500ms", "loss": 0.1},
    {"kind": "hang", "target": "lb", "at": "6s", "for": "100ms"},
    {"kind": "loss", "target": "lb->api", "at": "7s", "for": "500ms", "loss": 0.1},
    {"kind": "error_rate", "target": "api", "at": "8s", "for": "500ms", "errors": 0.2},
    {"kind": "crash", "target": "api", "mtbf": "2s", "mttr": "200ms"}
  ]
}"#;

/// Checks that recording, and an edit without a change, leave the run the same, by every law.
#[track_caller]
fn check_watched(design: &design::Design) {
    let [alone, watched] = [false, true].map(|is_watched| {
        let mut run = Simulation::new(design);
        run.tap_mut().is_open = is_watched;
        let mut time = 0;
        while run.status() == Status::Running && run.events() < EVENTS {
            time += 300_000_000;
            run.run_until(time, EVENTS);
            if time == 1_500_000_000 {
                run.edit(design);
            }
        }
        check_laws(&run, "at the end");
        report(&run)
    });
    assert_eq!(alone, watched);
}

/// While flights are recorded, every hop has its record and its events; otherwise, most hops do not
/// need them.
#[test]
fn a_run_that_is_watched_is_the_same_run() {
    for latency in ["const(0s)", "const(2ms)", "exp(1ms)"] {
        check_watched(&format::json::read(&PASSAGES.replace("LATENCY", latency)).unwrap());
    }
    testing::cases(100, 100).check(|design, rng| {
        let mut design = design.clone();
        if rng.chance(50) {
            // Hops that take no time are the ones on the fast path.
            for link in &mut design.links {
                link.latency = design::Distribution::Const(design::Duration(0));
            }
        }
        check_watched(&design);
    });
}

/// Returns a database of several members that is written and read for ten seconds. Members die,
/// hang or pause, zones are partitioned, leaders step down and keys move between the first second
/// and the seventh.
fn troubled_members(seed: u64) -> design::Design {
    let rng = &mut testing::Rng::new(seed);
    let mut below = |n: u64| rng.below(n);
    let mode = ["async", "semi_sync", "quorum"][below(3) as usize];
    let on_partition = ["refuse", "diverge"][below(2) as usize];
    let (replicas, shards) = (2 + below(3), 1 + below(2));
    let lag = ["const(1s)", "exp(100ms)", "const(1ms)"][below(3) as usize];
    let quorum = match mode {
        "quorum" => format!(r#", "r": {}, "w": {}"#, 1 + below(2), 1 + below(2)),
        _ => String::new(),
    };
    let locks = below(2) == 0 && mode != "quorum";
    let faults = (0..1 + below(4)).map(|_| {
        let (at, lasts) = (1_000 + below(4_000), 50 + below(2_000));
        let span = format!(r#""at": "{at}ms", "for": "{lasts}ms""#);
        let member = below(replicas * shards);
        match below(7) {
            0 | 1 => format!(r#"{{"kind": "crash", "target": "db", "replica": {member}, {span}}}"#),
            2 => format!(r#"{{"kind": "hang", "target": "db", "replica": {member}, {span}}}"#),
            3 if mode != "quorum" => {
                format!(r#"{{"kind": "leader_failover", "target": "db", "at": "{at}ms"}}"#)
            }
            6 => format!(r#"{{"kind": "reshard", "target": "db", "at": "{at}ms", "shards": {}, "batch": {}, "copy_time": "5ms"}}"#,
                3 + below(2), 1 + below(20)),
            4 => format!(r#"{{"kind": "crash", "target": "db", {span}}}"#),
            _ => format!(
                r#"{{"kind": "partition", "target": "{}", {span}}}"#,
                ["a", "b", "c"][below(3) as usize]
            ),
        }
    });
    let faults: Vec<String> = faults.collect();
    let text = format!(
        r#"{{"faultline": 1, "seed": {seed}, "duration": "10s", "nodes": [
            {{"id": "u", "kind": "client", "arrivals": {{"poisson": "200/s"}}, "operations": [
                {{"name": "r", "keys": {{"uniform": {{"n": 40}}}}}},
                {{"name": "w", "effect": "write", "keys": {{"uniform": {{"n": 40}}}}}}]}},
            {{"id": "api", "kind": "service", "service_time": "const(1ms)", "replicas": 3, "concurrency": null, "zones": ["a", "b", "c"]}},
            {{"id": "db", "kind": "database", "zones": ["a", "b", "c"], "shards": {{"count": {shards}}}, "row_locks": {locks},
              "replication": {{"mode": "{mode}", "replicas": {replicas}, "lag": "{lag}", "on_partition": "{on_partition}",
                "detection_time": "{}ms", "election_time": "{}ms"{quorum}}}}}],
          "links": [{{"from": "u", "to": "api"}}, {{"from": "api", "to": "db", "timeout": "500ms"}}],
          "faults": [{}]}}"#,
        20 + below(400),
        20 + below(400),
        faults.join(", ")
    );
    format::json::read(&text).unwrap_or_else(|why| panic!("{why:?} in {text}"))
}

#[test]
fn once_all_members_are_back_they_agree() {
    testing::cases(150, 150).check_drawn(troubled_members, |design, _| {
        let mut run = Simulation::new(design);
        run.run();
        check_laws(&run, "at the end");
        let report = serde_json::to_value(run.report()).unwrap();
        assert_eq!(report["data"]["divergent_keys"], 0);
    });
}

/// All members die while a batch of keys moves: a write that waits for the cutover is released by
/// the first death, and must not be answered again by its own member's.
#[test]
fn a_write_that_waits_for_a_cutover_dies_once() {
    let text = r#"{"faultline": 1, "seed": 234278348446, "duration": "5s", "nodes": [
        {"id": "u", "kind": "client", "arrivals": {"poisson": "200/s"}, "operations": [
            {"name": "w", "effect": "write", "keys": {"uniform": {"n": 38}}}]},
        {"id": "db", "kind": "database", "replication": {"replicas": 2, "mode": "async",
            "lag": "const(1ms)", "on_partition": "diverge", "detection_time": "0s",
            "election_time": "0s"}}],
        "links": [{"from": "u", "to": "db"}], "faults": [
            {"at": "4989ms", "kind": "crash", "target": "db"},
            {"at": "4748ms", "kind": "reshard", "target": "db", "shards": 4, "batch": 16,
             "copy_time": "5ms"},
            {"at": "0s", "for": "1ms", "kind": "hang", "target": "db", "replica": 0}]}"#;
    let design = format::json::read(text).expect("it is valid");
    let mut run = Simulation::new(&design);
    run.run();
    check_laws(&run, "at the end");
}

#[test]
fn edits_keep_the_laws() {
    testing::cases(50, 50).check(|design, rng| {
        let mut run = Simulation::new(design).with_budget(EVENTS);
        run.run_until(u64::MAX, EVENTS / 4);
        let mut changed = testing::design(rng.bits());
        changed.settings.duration = design.settings.duration;
        run.edit(&changed);
        run.run_until(u64::MAX, EVENTS / 4);
        check_laws(&run, "another design in its place");
        run.edit(design);
        run.run();
        check_laws(&run, "and back");
    });
}

#[test]
fn any_node_can_be_taken_out_and_put_back() {
    testing::cases(50, 50).check(|design, rng| {
        let mut run = Simulation::new(design).with_budget(EVENTS);
        run.run_until(u64::MAX, rng.bits() % (EVENTS / 2));
        for node in &design.nodes {
            let mut without = design.clone();
            let command = design::Command::RemoveNode(node.id.clone());
            if without.apply(command).is_err() {
                continue;
            }
            let mut run = run.clone();
            run.edit(&without);
            run.run_until(u64::MAX, 2_000);
            check_laws(&run, &format!("without {}", node.id));
            run.edit(design);
            run.run_until(u64::MAX, 2_000);
            check_laws(&run, "and back");
        }
    });
}

#[test]
fn no_figure_is_negative_or_not_finite_and_percentiles_are_in_order() {
    fn check(path: &str, value: &serde_json::Value) {
        match value {
            serde_json::Value::Number(number) => {
                let number = number.as_f64().unwrap();
                assert!(number.is_finite() && number >= 0.0, "{path} is {number}");
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| check(path, item)),
            serde_json::Value::Object(map) => map
                .iter()
                .for_each(|(key, item)| check(&format!("{path}/{key}"), item)),
            _ => {}
        }
    }
    testing::cases(50, 50).check(|design, _| {
        let mut run = Simulation::new(design).with_budget(EVENTS);
        run.run();
        let report = serde_json::to_value(run.report()).unwrap();
        check("", &report);
        let latency = &report["requests"]["latency_ms"];
        let order: Vec<f64> = ["p50", "p90", "p95", "p99", "p999", "max"]
            .iter()
            .filter_map(|p| latency[p].as_f64())
            .collect();
        assert!(order.is_sorted(), "{order:?}");
    });
}
