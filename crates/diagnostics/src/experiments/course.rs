//! The run that experiments repeat: a design from its start, with the edits made during the run.

use super::interventions::{self, Intervention};
use design::{Command, Design};
use sim::Report;

/// Most edits of a run that is tested: each experiment copies all of its designs.
pub const EDITS_MAX: usize = 64;

/// A run of a design that may be edited during the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// The design at the start.
    pub first: Design,
    /// Each edit: its moment in ns, and the design after it; in order of time.
    pub edits: Vec<(u64, Design)>,
    /// When the run stops, in ns; without it, the run goes on to its end.
    pub until: Option<u64>,
}

impl Course {
    /// Returns a run to its end.
    pub fn whole(design: &Design) -> Self {
        Self {
            first: design.clone(),
            edits: Vec::new(),
            until: None,
        }
    }

    /// Returns the design after the last edit.
    pub fn design(&self) -> &Design {
        self.edits.last().map_or(&self.first, |(_, design)| design)
    }

    /// Returns whether the run of a report got as far as this course.
    pub(super) fn is_reached(&self, report: &Report) -> bool {
        let run = &report.run;
        match (run.status, self.until) {
            ("ended", _) => true,
            ("running", Some(until)) => run.ended_s * 1e9 + 1.0 >= until as f64,
            ("running", None) => false,
            // The run stopped early, but only while it drained.
            _ => run.ended_s > run.duration_s,
        }
    }

    /// Returns the same course with changed designs, or `None` if the last design cannot be
    /// changed. An earlier design that cannot be changed stays as it is.
    fn changed(&self, change: impl Fn(usize, &Design) -> Option<Design>) -> Option<Self> {
        let last = self.edits.len();
        let each = |at: usize, design: &Design| match change(at, design) {
            None if at < last => Some(design.clone()),
            changed => changed,
        };
        let edits = self.edits.iter().enumerate();
        Some(Self {
            first: each(0, &self.first)?,
            edits: edits
                .map(|(at, (time, design))| Some((*time, each(at + 1, design)?)))
                .collect::<Option<_>>()?,
            until: self.until,
        })
    }

    /// Returns the course with a command applied from the start, or `None` if it changes nothing.
    pub(super) fn with(&self, command: &Command) -> Option<Self> {
        let with = self.changed(|_, design| applied(design, command.clone()))?;
        (with.design() != self.design()).then_some(with)
    }

    /// Returns the course under the nth seed after its own.
    pub(super) fn under(mut self, nth: u64) -> Self {
        let edits = self.edits.iter_mut().map(|(_, design)| design);
        for design in edits.chain([&mut self.first]) {
            design.settings.seed += nth;
        }
        self
    }

    /// Returns the course without a suspect, from the start. Removing it can take different
    /// commands in each design, for example because the position of a fault in its list differs.
    pub(super) fn without(&self, suspect: &Intervention, report: &Report) -> Option<Self> {
        let last = self.edits.len();
        self.changed(|at, design| {
            let edits = match at == last {
                true => suspect.edits.clone(),
                false => {
                    let facts = crate::facts(design, Some(report));
                    let mut all = interventions::all(&facts).into_iter();
                    all.find(|one| one.is_like(suspect))?.edits
                }
            };
            applied(design, Command::Batch(edits))
        })
    }
}

/// Returns a design after a command, if the command applies and the result can be run.
fn applied(design: &Design, command: Command) -> Option<Design> {
    let mut design = design.clone();
    design.apply(command).ok()?;
    design.problems().is_empty().then_some(design)
}
