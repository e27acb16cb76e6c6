//! The memory of a run does not grow with the number of simulated requests, only with the number in
//! flight and with its windows.

#![cfg(target_os = "linux")]

/// Returns the maximum memory of this process, in KiB.
fn memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let figure = line.and_then(|line| line.split_whitespace().nth(1));
    figure.unwrap().parse().unwrap()
}

/// Runs the benchmark's design for this many simulated seconds, and returns the number of events.
fn run(seconds: u64) -> u64 {
    let mut design = format::json::read(include_str!("bench/w2.json")).unwrap();
    design.settings.duration = design::Duration::s(seconds);
    let report = host::run(&design, &host::Options::default()).unwrap();
    report.run.events
}

/// Runs in a process of its own, because nothing else may allocate in the meantime.
#[test]
fn ten_times_the_requests_take_no_more_memory() {
    let few = run(20);
    let before = memory_kib();
    let many = run(200);
    let grown = memory_kib() - before;
    assert!(many > 9 * few);
    // Keeping ten times as many requests would take 40 MiB of records. An occasional longer queue,
    // and 180 more windows, take a few hundred KiB.
    assert!(grown < 2_048, "{grown} KiB more");
}
