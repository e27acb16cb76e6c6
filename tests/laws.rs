//! Conservation laws, determinism and snapshots over random designs of all kinds.

use sim::{Simulation, Status};

/// Events of one random design: enough to fill queues and fire faults, quick enough for hundreds.
const EVENTS: u64 = 60_000;

fn designs() -> impl Iterator<Item = (u64, design::Design)> {
    (0..200).map(|seed| (seed, format::arbitrary::design(seed)))
}

fn report(simulation: &Simulation) -> String {
    serde_json::to_string(&simulation.report()).unwrap()
}

#[test]
fn laws_hold_at_every_pause_and_at_the_end() {
    for (seed, design) in designs() {
        let mut simulation = Simulation::new(&design).with_budget(EVENTS);
        while simulation.run_until(u64::MAX, EVENTS / 7) == Status::Running {
            assert_eq!(
                simulation.broken_laws(),
                Vec::<String>::new(),
                "design {seed}"
            );
        }
        assert_eq!(
            simulation.broken_laws(),
            Vec::<String>::new(),
            "design {seed}, at the end"
        );
    }
}

#[test]
fn the_same_run_gives_the_same_bytes_however_it_is_sliced() {
    for (seed, design) in designs().take(100) {
        let mut whole = Simulation::new(&design).with_budget(EVENTS);
        whole.run();
        let mut sliced = Simulation::new(&design).with_budget(EVENTS);
        let mut time = 0;
        while sliced.status() == Status::Running {
            time += 777_777_777;
            sliced.run_until(time, 1_000);
        }
        assert_eq!(report(&whole), report(&sliced), "design {seed}");
    }
}

#[test]
fn what_is_known_of_data_is_the_same_however_soon_it_is_forgotten() {
    for (seed, design) in designs() {
        let mut seldom = Simulation::new(&design).with_budget(EVENTS);
        seldom.run();
        let mut often = Simulation::new(&design)
            .with_budget(EVENTS)
            .sweeping_often();
        often.run();
        assert_eq!(report(&seldom), report(&often), "design {seed}");
    }
}

#[test]
fn a_snapshot_goes_on_as_the_run_would_have() {
    for (seed, design) in designs().take(60) {
        let mut run = Simulation::new(&design).with_budget(EVENTS);
        run.run_until(u64::MAX, EVENTS / 3);
        let mut copy = run.clone();
        run.run();
        copy.run();
        assert_eq!(report(&run), report(&copy), "design {seed}");
    }
}

/// A balancer between a client that times out and tries again and an API that is too small at
/// times, with whatever can come between: the first hop has no record of its own, and gets one when
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

fn passages() -> impl Iterator<Item = (u64, design::Design)> {
    let of = |latency| format::json::read(&PASSAGES.replace("LATENCY", latency)).unwrap();
    (1_000..).zip(["const(0s)", "const(2ms)", "exp(1ms)"].map(of))
}

/// While the page watches, every hop has its record and its events; else most are spared them.
#[test]
fn a_run_that_is_watched_is_the_same_run() {
    for (seed, mut design) in designs().chain(passages()) {
        if seed < 200 && seed % 2 == 0 {
            // Hops that take no time are those that are spared.
            for link in &mut design.links {
                link.latency = design::Distribution::Const(design::Duration(0));
            }
        }
        let [alone, watched] = [false, true].map(|is_watched| {
            let mut run = Simulation::new(&design);
            run.tap_mut().is_open = is_watched;
            let mut time = 0;
            while run.status() == Status::Running && run.events() < EVENTS {
                time += 300_000_000;
                run.run_until(time, EVENTS);
                if time == 1_500_000_000 {
                    run.edit(&design);
                }
            }
            assert_eq!(run.broken_laws(), Vec::<String>::new(), "design {seed}");
            report(&run)
        });
        assert_eq!(alone, watched, "design {seed}");
    }
}

/// A database of several members, written and read for ten seconds; members die, hang or pause,
/// zones are cut off, leaders step down and keys move between the first second and the seventh.
fn troubled_members(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 20) % n
    };
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
    format!(
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
    )
}

#[test]
fn once_all_members_are_back_they_agree() {
    for seed in 0..300 {
        let text = troubled_members(seed);
        let design = format::json::read(&text).unwrap_or_else(|why| panic!("{why:?} in {text}"));
        let mut run = Simulation::new(&design);
        run.run();
        assert_eq!(run.broken_laws(), Vec::<String>::new(), "{text}");
        let report = serde_json::to_value(run.report()).unwrap();
        assert_eq!(report["data"]["divergent_keys"], 0, "{text}");
    }
}

#[test]
fn edits_keep_the_laws() {
    for (seed, design) in designs().take(100) {
        let mut run = Simulation::new(&design).with_budget(EVENTS);
        run.run_until(u64::MAX, EVENTS / 4);
        let mut changed = format::arbitrary::design(seed + 1000);
        changed.settings.duration = design.settings.duration;
        run.edit(&changed);
        run.run_until(u64::MAX, EVENTS / 4);
        assert_eq!(
            run.broken_laws(),
            Vec::<String>::new(),
            "design {seed}, another design in its place"
        );
        run.edit(&design);
        run.run();
        assert_eq!(
            run.broken_laws(),
            Vec::<String>::new(),
            "design {seed}, and back"
        );
    }
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
    for (seed, design) in designs().take(100) {
        let mut run = Simulation::new(&design).with_budget(EVENTS);
        run.run();
        let report = serde_json::to_value(run.report()).unwrap();
        check(&format!("design {seed}"), &report);
        let latency = &report["requests"]["latency_ms"];
        let order: Vec<f64> = ["p50", "p90", "p95", "p99", "p999", "max"]
            .iter()
            .filter_map(|p| latency[p].as_f64())
            .collect();
        assert!(order.is_sorted(), "design {seed}: {order:?}");
    }
}
