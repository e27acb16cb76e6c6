//! Drives the engine: one-shot runs for the command line and the JavaScript API, and the live
//! [`Session`] behind the page, which is the same code in a web worker and in the page itself.

mod frame;
mod session;

pub use scenarios;
pub use session::Session;
pub use sim::Report;

use design::{Design, Problem};

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
    let mut simulation =
        sim::Simulation::new(&design).with_budget(options.events_max.unwrap_or(sim::EVENTS_MAX));
    simulation.run();
    Ok(simulation.report())
}

/// The report as JSON, the structure of `--format json`.
pub fn report_json(report: &Report) -> String {
    serde_json::to_string(report).expect("a report holds nothing that JSON cannot")
}
