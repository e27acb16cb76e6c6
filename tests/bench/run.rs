//! One workload through the public API, metrics on, timed (processor time if the system reports
//! it): what `cargo xtask bench` and `cargo xtask count` run as a process of its own.
//!
//! `cargo run --profile native -p faultline-tests --example run -- WORKLOAD SECONDS [MODE]`
//!
//! A workload is `w1` (M/M/1 at 0.8), `w2` (w2.json), `w2x256` (256 times its replicas, connections
//! and rate) or a scenario's id (the faulty design). With `keyframes`, a snapshot is taken every
//! simulated second, as the page does for its timeline. With `traces`, one request in a hundred is
//! traced. With `design`, the design is printed instead of run. `scenarios` alone lists their ids.

#![expect(
    clippy::disallowed_types,
    reason = "a benchmark measures time; the ban is for the simulation"
)]

use design::{Design, Duration};
use std::time::Instant;

const W1: &str = r#"{
  "faultline": 1,
  "name": "W1: M/M/1 at 0.8",
  "seed": 1,
  "duration": "600s",
  "warmup": "10s",
  "nodes": [
    {"id": "clients", "kind": "client", "arrivals": {"poisson": "800/s"}, "operations": [{"name": "get", "keys": {"uniform": {"n": 1}}}]},
    {"id": "server", "kind": "service", "at": [240, 0], "concurrency": 1, "queue": {"capacity": null}, "service_time": "exp(1ms)"}
  ],
  "links": [{"from": "clients", "to": "server", "latency": "const(0s)"}]
}"#;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let workload = arguments.next().unwrap_or_else(|| "w2".to_owned());
    if workload == "scenarios" {
        let ids = scenarios::all().into_iter().map(|scenario| scenario.id);
        return ids.for_each(|id| println!("{id}"));
    }
    let seconds = arguments.next().unwrap_or_else(|| "60".to_owned());
    let mode = arguments.next().unwrap_or_default();
    let mut design = design(&workload);
    design.settings.duration = Duration::parse(&format!("{seconds}s")).expect("seconds");
    if mode == "design" {
        return print!("{}", format::json::write(&design));
    }
    let (began, worked) = (Instant::now(), processor_s());
    let mut simulation = sim::Simulation::new(&design);
    match mode.as_str() {
        "keyframes" => run_with_keyframes(&mut simulation),
        "traces" => {
            simulation.trace(0.01);
            simulation.run();
        }
        _ => {
            simulation.run();
        }
    }
    let report = simulation.report();
    let took = match (worked, processor_s()) {
        (Some(before), Some(after)) => after - before,
        _ => began.elapsed().as_secs_f64(),
    };
    let requests = simulation.totals().offered as f64;
    println!(
        "{{\"workload\": \"{workload}\", \"requests\": {requests}, \"s\": {took:.4}, \
         \"requests_per_s\": {:.0}, \"ns_per_event\": {:.1}, \"events\": {}, \"memory_kib\": {}, \
         \"mean_ms\": {:.2}, \"p99_ms\": {:.1}, \"hash\": \"{}\"}}",
        requests / took,
        took * 1e9 / report.run.events as f64,
        report.run.events,
        memory_kib().unwrap_or(0),
        report.requests.latency_ms.mean.unwrap_or(0.0),
        report.requests.latency_ms.p99.unwrap_or(0.0),
        report.run.hash,
    );
}

fn design(workload: &str) -> Design {
    let w2 = include_str!("w2.json");
    let text = match workload {
        "w1" => W1.to_owned(),
        "w2" => w2.to_owned(),
        "w2x256" => w2
            .replace("1500/s", "384000/s")
            .replace("\"replicas\": 8", "\"replicas\": 2048")
            .replace("\"concurrency\": 16", "\"concurrency\": 4096"),
        id => {
            let mut all = scenarios::all().into_iter();
            let scenario = all.find(|scenario| scenario.id == id);
            return scenario.expect("a workload or a scenario's id").faulty();
        }
    };
    format::json::read(&text).expect("the workload is a valid design")
}

fn run_with_keyframes(simulation: &mut sim::Simulation) {
    let mut keyframes = std::collections::VecDeque::new();
    let mut second = 0;
    while simulation.status() == sim::Status::Running {
        second += 1;
        simulation.run_until(second * 1_000_000_000, u64::MAX);
        keyframes.push_back(simulation.clone());
        // The page keeps a bounded number of them too.
        if keyframes.len() > 60 {
            keyframes.pop_front();
        }
    }
}

/// Returns the processor time of this process, in s: on a shared machine, it waits for a processor
/// half of the time.
fn processor_s() -> Option<f64> {
    let schedule = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let ns: u64 = schedule.split_whitespace().next()?.parse().ok()?;
    Some(ns as f64 / 1e9)
}

/// Returns the maximum memory of the process, in KiB, if the system reports it.
fn memory_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
