//! W2 through the public API, metrics on: requests per second of process time.
//! `cargo run --profile native -p faultline-tests --example w2 [SECONDS SIMULATED]`

#![expect(
    clippy::disallowed_types,
    reason = "a benchmark measures wall-clock time; the ban is for the simulation"
)]

use std::time::Instant;

fn main() {
    let text = include_str!("w2.json");
    let mut design = format::json::read(text).expect("w2.json is a valid design");
    if let Some(seconds) = std::env::args().nth(1) {
        design.settings.duration =
            design::Duration::parse(&format!("{seconds}s")).expect("seconds");
    }
    let began = Instant::now();
    let report = host::run(&design, &host::Options::default()).expect("w2.json can be run");
    let took = began.elapsed().as_secs_f64();
    let requests = design.settings.duration.as_s() * 1500.0;
    println!(
        "{{\"requests\": {requests}, \"s\": {took:.3}, \"requests_per_s\": {:.0}, \"ns_per_event\": {:.1}, \
         \"events\": {}, \"mean_ms\": {:.2}, \"p99_ms\": {:.1}, \"timeouts\": {}, \"hash\": \"{}\"}}",
        requests / took,
        took * 1e9 / report.run.events as f64,
        report.run.events,
        report.requests.latency_ms.mean.unwrap_or(0.0),
        report.requests.latency_ms.p99.unwrap_or(0.0),
        report.requests.failed.get("timeout").unwrap_or(&0),
        report.run.hash,
    );
}
