//! A run of an experiment, and its answer. Both can travel to another worker and back.

use super::course::Course;
use super::outcome::Outcome;
use design::Design;
use report::Severity;
use serde::{Deserialize, Serialize};
use sim::Report;
use std::collections::BTreeSet;

/// A run to make, with a limit on its events. A run that exceeds it gives no answer.
#[derive(Clone, Debug)]
pub struct Job {
    /// The id to return with the answer.
    pub id: usize,
    /// What to run, including its seed.
    pub course: Course,
    /// Most events.
    pub events_max: u64,
    /// Whether the answer includes what the rules find in the run.
    pub is_diagnosed: bool,
}

/// The answer of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub(super) outcome: Outcome,
    /// Rules with a warning or an error in that run, each with the first subject; empty if they
    /// were not needed.
    pub(super) firing: BTreeSet<(String, String)>,
}

impl Job {
    /// Returns the answer that the report of the run gives, or `None` if the run did not get to its
    /// end.
    pub fn answer(&self, report: &Report) -> Option<Answer> {
        let is_whole = self.course.is_reached(report) && report.run.events < self.events_max;
        let design = self.course.design();
        is_whole.then(|| Answer {
            outcome: Outcome::new(design, report),
            firing: match self.is_diagnosed {
                true => firing(design, report),
                false => BTreeSet::new(),
            },
        })
    }
}

fn firing(design: &Design, report: &Report) -> BTreeSet<(String, String)> {
    let found = crate::found(&crate::facts(design, Some(report)));
    let loud = (found.into_iter()).filter(|f| f.measured && f.severity != Severity::Note);
    loud.map(|f| {
        (
            f.rule.to_string(),
            f.subjects.first().cloned().unwrap_or_default(),
        )
    })
    .collect()
}
