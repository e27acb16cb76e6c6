//! Drives the engine: one-shot runs for the command line and the JavaScript API, and the live
//! [`Session`] behind the page, which is the same code in a web worker and in the page itself.

pub mod experiments;
mod frame;
mod live;
mod past;
mod session;
mod trace;
mod why;

pub use diagnostics;
pub use scenarios;
pub use session::Session;
pub use sim::Report;

use design::{Design, Problem};
use diagnostics::experiments::Conclusion;
use report::Finding;
use text::{Names, Titles};

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

/// A report with what the rules find in it. Its serialized form is that of `--format json`.
pub struct Diagnosed<'a> {
    report: &'a Report,
    conclusion: Conclusion,
    titles: Titles,
}

impl<'a> Diagnosed<'a> {
    /// Looks at a run of a design. People who see the design drawn know its nodes by their titles,
    /// programs by their ids.
    pub fn new(design: &Design, report: &'a Report, names: Names) -> Self {
        let conclusion = Conclusion {
            findings: diagnostics::diagnose(design, Some(report)),
            ..Conclusion::default()
        };
        Self {
            report,
            conclusion,
            titles: Titles::new(design, names),
        }
    }

    /// The same, with experiments on what is suspected.
    pub fn tried(design: &Design, report: &'a Report, names: Names, budget: u64) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            report,
            conclusion: experiments::investigate(design, report, budget, threads),
            titles: Titles::new(design, names),
        }
    }

    /// What the rules found.
    pub fn findings(&self) -> &[Finding] {
        &self.conclusion.findings
    }

    /// As JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("a report holds nothing that JSON cannot")
    }
}

impl serde::Serialize for Diagnosed<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct WithFindings<'a> {
            #[serde(flatten)]
            report: &'a Report,
            findings: Vec<text::Written<'a>>,
            ruled_out: Vec<text::Written<'a>>,
            tried: Vec<text::WrittenExperiment<'a>>,
        }
        let of = &self.conclusion;
        let written = WithFindings {
            report: self.report,
            findings: text::Written::all(&of.findings, &self.titles),
            ruled_out: text::Written::all(&of.ruled_out, &self.titles),
            tried: text::WrittenExperiment::all(&of.tried, &self.titles),
        };
        written.serialize(to)
    }
}

/// What was counted, as JSON, without what the rules find in it.
pub fn report_json(report: &Report) -> String {
    serde_json::to_string(report).expect("a report holds nothing that JSON cannot")
}
