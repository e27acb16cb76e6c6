//! Running designs: once, or under several seeds, on as many cores as there are.

use crate::arguments::{Running, SEED_MAX, Tested, Tracing};
use crate::input;
use design::{Design, Problem};
use host::Diagnosed;
use report::{Estimate, FindingOver, Report, ScoreOver};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Of several seeds, on how many experiments are made.
const SEEDS_TRIED: u64 = 3;
/// The default share of requests that are traced.
const TRACE_SHARE: f64 = 0.01;

/// The seeds of an invocation: from the one given or the design's own, one after the other.
pub(crate) fn seeds(design: &Design, running: &Running) -> Vec<u64> {
    let count = running.seeds.unwrap_or(1);
    let first = running.seed.unwrap_or(design.settings.seed);
    // The last seeds there are have none after them.
    let first = first.min(SEED_MAX - (count - 1));
    (first..first + count).collect()
}

/// The runs of an invocation.
pub(crate) struct Runs {
    /// One or more, in order of seed.
    all: Vec<Diagnosed>,
    /// Whether they are reported together: `--seeds`, with however many.
    pub(crate) are_several: bool,
}

impl Runs {
    /// The first of them.
    pub(crate) fn first(&self) -> &Report {
        &self.all[0].report
    }

    /// All reports, in order of seed.
    pub(crate) fn reports(&self) -> impl ExactSizeIterator<Item = &Report> {
        self.all.iter().map(|run| &run.report)
    }

    /// A metric over all runs; `None` if none of them has it.
    pub(crate) fn over(&self, figure: impl Fn(&Report) -> Option<f64>) -> Option<Estimate> {
        Estimate::over(self.reports().map(figure))
    }

    /// The mean of a metric that every run has.
    pub(crate) fn mean(&self, figure: impl Fn(&Report) -> f64) -> f64 {
        let over = self.over(|report| Some(figure(report)));
        over.map_or(0.0, |estimate| estimate.mean)
    }

    /// Each requirement over all runs.
    pub(crate) fn scores(&self) -> Vec<ScoreOver> {
        let places = 0..self.first().requirements.len();
        let over = |at: usize| {
            let scores: Vec<_> = self
                .reports()
                .map(|report| &report.requirements[at])
                .collect();
            ScoreOver::of(&scores)
        };
        places.filter_map(over).collect()
    }

    /// The findings, in how many runs each.
    pub(crate) fn findings(&self) -> Vec<FindingOver> {
        let each = self.all.iter().map(|run| run.findings.as_slice());
        match &self.all[..] {
            // In the order of one run, causes first.
            [_] if !self.are_several => {
                let findings = each.flatten().cloned();
                findings
                    .map(|finding| FindingOver { finding, seeds: 1 })
                    .collect()
            }
            _ => FindingOver::of(each),
        }
    }

    /// Each run's report as JSON, in order of seed.
    pub(crate) fn each_json(&self) -> Vec<Value> {
        self.all.iter().map(json).collect()
    }
}

fn json(run: &impl serde::Serialize) -> Value {
    serde_json::to_value(run).expect("a report holds nothing that JSON cannot")
}

/// The run of a design, or its runs under all seeds.
pub(crate) fn run(
    name: &str,
    design: &Design,
    tested: &Tested,
    tracing: &Tracing,
) -> Result<Runs, String> {
    let running = &tested.running;
    let all = match &tracing.trace {
        Some(path) => {
            let share = tracing.trace_sample.unwrap_or(TRACE_SHARE);
            let report = traced(name, design, running, (path, share))?;
            let seed = report.run.seed;
            vec![diagnosed(design, tested, seed, report)]
        }
        None => {
            let seeds = seeds(design, running);
            let look = |design: &Design, report| diagnosed(design, tested, seeds[0], report);
            runs(name, design, running, &seeds, &look)?
        }
    };
    Ok(Runs {
        all,
        are_several: running.seeds.is_some(),
    })
}

/// One run, with traces of a share of its requests in a file.
fn traced(
    name: &str,
    design: &Design,
    running: &Running,
    (path, share): (&str, f64),
) -> Result<Report, String> {
    let options = host_options(running, running.seed);
    let (report, traces) = host::run_traced(design, &options, share)
        .map_err(|problems| input::lines(name, &problems))?;
    std::fs::write(path, traces).map_err(|error| format!("--trace {path}: {error}"))?;
    Ok(report)
}

fn host_options(running: &Running, seed: Option<u64>) -> host::Options {
    host::Options {
        seed,
        duration: running.duration,
        events_max: running.max_events,
    }
}

/// A report with what the rules find in it. Experiments are made on the first seeds alone: others
/// take as long again and say the same.
fn diagnosed(design: &Design, tested: &Tested, first: u64, report: Report) -> Diagnosed {
    let most = usize::try_from(tested.experiments).unwrap_or(usize::MAX);
    match report.run.seed - first < SEEDS_TRIED {
        true => Diagnosed::tried(design, report, most),
        false => Diagnosed::new(design, report),
    }
}

/// The report of each seed's run as JSON, in order of seed.
pub(crate) fn counted(
    name: &str,
    design: &Design,
    running: &Running,
    seeds: &[u64],
) -> Result<Vec<Value>, String> {
    let counted = |_: &Design, report| json(&host::Counted(&report));
    runs(name, design, running, seeds, &counted)
}

/// One run per seed, in order of seed.
fn runs<T: Send>(
    name: &str,
    design: &Design,
    running: &Running,
    seeds: &[u64],
    look: &(dyn Fn(&Design, Report) -> T + Sync),
) -> Result<Vec<T>, String> {
    let run = |seed: u64| -> Result<T, Vec<Problem>> {
        let report = host::run(design, &host_options(running, Some(seed)))?;
        // With the seed, so that experiments are on the same requests.
        let mut design = design.clone();
        design.settings.seed = report.run.seed;
        if let Some(duration) = running.duration {
            design.settings.duration = duration;
        }
        Ok(look(&design, report))
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<u64, Result<T, Vec<Problem>>>> = Mutex::default();
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
