//! Running designs: once, or under several seeds, on as many cores as there are.

use crate::arguments::{Options, SEED_MAX};
use crate::input;
use crate::statistics::summarize;
use design::{Design, Problem};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use text::Names;

/// The share of requests that are traced where nobody says otherwise.
const TRACE_SHARE: f64 = 0.01;

/// The seeds of an invocation: from the one given or the design's own, one after the other.
pub(crate) fn seeds(design: &Design, options: &Options) -> Vec<u64> {
    let count = u64::from(options.seeds.unwrap_or(1));
    let first = options.seed.unwrap_or(design.settings.seed);
    // The last seeds there are have none after them.
    let first = first.min(SEED_MAX - (count - 1));
    (first..first + count).collect()
}

/// The report of one run, or what the reports of all seeds say together.
pub(crate) fn report(name: &str, design: &Design, options: &Options) -> Result<Value, String> {
    if let Some(path) = &options.trace {
        return traced(name, design, options, path);
    }
    let mut reports = reports(name, design, options, &seeds(design, options), diagnosed)?;
    match options.seeds {
        None => Ok(reports.remove(0)),
        Some(_) => Ok(summarize(&reports)),
    }
}

/// One run, with its traces in a file.
fn traced(name: &str, design: &Design, options: &Options, path: &str) -> Result<Value, String> {
    let share = options.trace_share.unwrap_or(TRACE_SHARE);
    let host_options = host_options(options, options.seed);
    let (report, traces) = host::run_traced(design, &host_options, share)
        .map_err(|problems| input::lines(name, &problems))?;
    std::fs::write(path, traces).map_err(|error| format!("--trace {path}: {error}"))?;
    Ok(diagnosed(design, &report))
}

fn host_options(options: &Options, seed: Option<u64>) -> host::Options {
    host::Options {
        seed,
        duration: options.duration,
        events_max: options.events_max,
    }
}

/// A report with what the rules find in it.
fn diagnosed(design: &Design, report: &host::Report) -> Value {
    let budget = host::experiments::budget(report.run.events);
    serde_json::to_value(host::Diagnosed::tried(design, report, Names::Ids, budget))
        .expect("a report holds nothing that JSON cannot")
}

/// A report's figures alone.
pub(crate) fn counted(_: &Design, report: &host::Report) -> Value {
    serde_json::to_value(report).expect("a report holds nothing that JSON cannot")
}

/// One report per seed, in order of seed.
pub(crate) fn reports(
    name: &str,
    design: &Design,
    options: &Options,
    seeds: &[u64],
    write: fn(&Design, &host::Report) -> Value,
) -> Result<Vec<Value>, String> {
    let run = |seed: u64| -> Result<Value, Vec<Problem>> {
        let report = host::run(design, &host_options(options, Some(seed)))?;
        Ok(write(design, &report))
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<u64, Result<Value, Vec<Problem>>>> = Mutex::default();
    // A run depends on its seed alone, so it does not matter which core takes which.
    std::thread::scope(|scope| {
        for _ in 0..workers.min(seeds.len()) {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = run(*seed);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.insert(*seed, report);
                }
            });
        }
    });
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.into_values()
        .collect::<Result<_, _>>()
        .map_err(|problems| input::lines(name, &problems))
}
