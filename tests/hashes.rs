//! The native half of "native = wasm": writes each design with the report of its native run to
//! `target/native-hashes.json`, for `tests/wasm/hashes.test.mjs` to run the same in WebAssembly.
//! The file contains the designs themselves, so both halves run the same fresh ones.

use std::path::Path;

/// Enough events to fill queues and fire faults.
const EVENTS: u64 = 60_000;
/// Lessons whose causes are also tested, and the maximum number of experiments on each.
const TRIED: [&str; 4] = [
    "pool-exhaustion",
    "hot-key",
    "cache-stampede",
    "split-brain",
];
const EXPERIMENTS: usize = 150;

#[test]
fn native_hashes_are_written_for_wasm_to_match() {
    let scenarios = scenarios::all().into_iter().flat_map(|scenario| {
        [
            (format!("{} faulty", scenario.id), scenario.faulty()),
            (format!("{} fixed", scenario.id), scenario.fixed()),
        ]
    });
    let scenarios = scenarios.map(|(name, design)| (name, design, 100_000_000));
    let random = testing::cases(100, 50).seeds().map(|seed| {
        let name = format!("random, SEED={seed}");
        (name, testing::design(seed), EVENTS)
    });
    let runs: Vec<_> = scenarios
        .chain(random)
        .map(|(name, design, events_max)| {
            let options = host::Options {
                events_max: Some(events_max),
                ..host::Options::default()
            };
            let report = host::run(&design, &options).unwrap();
            let is_tried = TRIED.iter().any(|id| name == format!("{id} faulty"));
            let experiments = if is_tried { EXPERIMENTS } else { 0 };
            let diagnosed = host::Diagnosed::tried(&design, report.clone(), experiments);
            assert_eq!(is_tried, !diagnosed.tried.is_empty(), "{name}");
            serde_json::json!({
                "name": name, "design": format::json::write(&design), "events_max": events_max,
                "hash": report.run.hash, "experiments": experiments, "report": diagnosed.json(),
            })
        })
        .collect();
    let hashes: std::collections::BTreeSet<_> =
        runs.iter().map(|run| run["hash"].to_string()).collect();
    assert_eq!(
        hashes.len(),
        runs.len(),
        "different runs have different hashes"
    );
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    std::fs::create_dir_all(&target).unwrap();
    std::fs::write(
        target.join("native-hashes.json"),
        serde_json::to_string(&runs).unwrap(),
    )
    .unwrap();
}
