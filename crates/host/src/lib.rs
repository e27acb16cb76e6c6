//! Drives the engine: one-shot runs for the command line and the JavaScript API, and the live
//! [`Session`] behind the page, which is the same code in a web worker and in the page itself.

pub mod experiments;
mod frame;
mod inquiry;
mod live;
mod past;
pub mod rates;
mod session;
mod trace;
mod why;

pub use diagnostics;
pub use scenarios;
pub use session::Session;
pub use sim::Report;

use design::{Design, Problem};
use report::{Experiment, Finding};
use serde::Serialize;
use std::collections::BTreeMap;
use text::Titles;

/// Events between two looks at the clock.
const SLICE_EVENTS: u64 = 2_000;

/// How a run differs from what its design says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Another seed.
    pub seed: Option<u64>,
    /// Another duration.
    pub duration: Option<design::Duration>,
    /// Most events; [`sim::EVENTS_MAX`] where none is given.
    pub events_max: Option<u64>,
}

/// Runs a design to its end.
///
/// # Errors
///
/// Every problem of a design that cannot be run.
pub fn run(design: &Design, options: &Options) -> Result<Report, Vec<Problem>> {
    let mut simulation = prepare(design, options)?;
    simulation.run();
    Ok(simulation.report())
}

/// Runs a design to its end and traces a share of its requests, from 0 to 1. The report is that of
/// [`run`]; beside it stand the traces as one JSON document in the Chrome trace event format.
///
/// # Errors
///
/// Every problem of a design that cannot be run.
pub fn run_traced(
    design: &Design,
    options: &Options,
    share: f64,
) -> Result<(Report, String), Vec<Problem>> {
    let mut simulation = prepare(design, options)?;
    simulation.trace(share);
    simulation.run();
    let traced = simulation.tap_mut().trace.take();
    let traces = traced.map(|traced| trace::chrome(&simulation, &traced));
    Ok((simulation.report(), traces.unwrap_or_default()))
}

fn prepare(design: &Design, options: &Options) -> Result<sim::Simulation, Vec<Problem>> {
    let mut design = design.clone();
    if let Some(seed) = options.seed {
        design.settings.seed = seed;
    }
    if let Some(duration) = options.duration {
        design.settings.duration = duration;
    }
    match design.problems() {
        problems if problems.is_empty() => {}
        problems => return Err(problems),
    }
    let events_max = options.events_max.unwrap_or(sim::EVENTS_MAX);
    Ok(sim::Simulation::new(&design).with_budget(events_max))
}

/// What a run counted. Its serialized form is that of `--format json`, without findings.
pub struct Counted<'a>(pub &'a Report);

/// A run with what the rules find in it. Its serialized form is that of `--format json`, in which
/// nodes and links go by their ids.
pub struct Diagnosed {
    /// What was counted.
    pub report: Report,
    /// What the rules found.
    pub findings: Vec<Finding>,
    /// Findings whose claim an experiment refuted.
    pub ruled_out: Vec<Finding>,
    /// Every experiment on a cause.
    pub tried: Vec<Experiment>,
}

impl Counted<'_> {
    /// As JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("a report holds nothing that JSON cannot")
    }
}

impl Diagnosed {
    /// Looks at a run of a design.
    pub fn new(design: &Design, report: Report) -> Self {
        Self {
            findings: diagnostics::diagnose(design, Some(&report)),
            report,
            ruled_out: Vec::new(),
            tried: Vec::new(),
        }
    }

    /// The same, with at most this many experiments on the suspects. 0 makes none.
    pub fn tried(design: &Design, report: Report, experiments: usize) -> Self {
        if experiments == 0 {
            return Self::new(design, report);
        }
        // The run may have had another seed and duration than its design says.
        let mut made = design.clone();
        made.settings.seed = report.run.seed;
        made.settings.duration = design::Duration((report.run.duration_s * 1e9).round() as u64);
        let budget = experiments::budget(report.run.events, experiments);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let conclusion = experiments::investigate(&made, &report, budget, threads);
        Self {
            report,
            findings: conclusion.findings,
            ruled_out: conclusion.ruled_out,
            tried: conclusion.tried,
        }
    }

    /// As JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("a report holds nothing that JSON cannot")
    }
}

/// The report's structure, with texts beside scores and findings. The page writes reports without
/// findings alone, and so does without the code that writes findings.
#[derive(Serialize)]
struct Written<'a, F> {
    run: &'a report::Run,
    requests: &'a report::Requests,
    data: &'a report::DataReport,
    nodes: &'a BTreeMap<String, report::NodeReport>,
    links: &'a BTreeMap<String, report::LinkReport>,
    requirements: Vec<text::WrittenScore<'a>>,
    operator: &'a report::Operator,
    steady: &'a report::Steady,
    recovery: &'a Option<report::Recovery>,
    metastable: &'a Option<report::Metastable>,
    cost: &'a report::CostReport,
    windows: &'a report::WindowReport,
    node_windows: &'a BTreeMap<String, report::NodeWindows>,
    link_windows: &'a BTreeMap<String, report::LinkWindows>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<F>,
}

impl<'a, F> Written<'a, F> {
    fn new(report: &'a Report, findings: Option<F>) -> Self {
        let Report {
            run,
            requests,
            data,
            nodes,
            links,
            requirements,
            operator,
            steady,
            recovery,
            metastable,
            cost,
            windows,
            node_windows,
            link_windows,
        } = report;
        Self {
            run,
            requests,
            data,
            nodes,
            links,
            requirements: text::WrittenScore::all(requirements),
            operator,
            steady,
            recovery,
            metastable,
            cost,
            windows,
            node_windows,
            link_windows,
            findings,
        }
    }
}

impl Serialize for Counted<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Written::<()>::new(self.0, None).serialize(to)
    }
}

/// What was counted and found, and what experiments say of it.
#[derive(Serialize)]
struct Concluded<'a> {
    #[serde(flatten)]
    counted: Written<'a, Vec<text::Written<'a>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ruled_out: Vec<text::Written<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tried: Vec<text::WrittenExperiment<'a>>,
}

impl Serialize for Diagnosed {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let ids = Titles::ids();
        let findings = text::Written::all(&self.findings, &ids);
        let concluded = Concluded {
            counted: Written::new(&self.report, Some(findings)),
            ruled_out: text::Written::all(&self.ruled_out, &ids),
            tried: text::WrittenExperiment::all(&self.tried, &ids),
        };
        concluded.serialize(to)
    }
}
