//! What is run: a design from its start, or the run that a person watched, with the edits made on
//! the way.

use super::interventions::{self, Intervention};
use design::{Command, Design};
use sim::Report;

/// Edits of a run beyond which nothing is tried: each experiment would copy all of them.
pub const EDITS_MAX: usize = 64;

/// A run of a design that may be edited on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// What it starts with.
    pub first: Design,
    /// What it was changed to, and when, in ns; in order of time.
    pub edits: Vec<(u64, Design)>,
    /// Where it stops, in ns; without a moment it runs to its end.
    pub until: Option<u64>,
}

impl Course {
    /// A run to its end.
    pub fn whole(design: &Design) -> Self {
        Self {
            first: design.clone(),
            edits: Vec::new(),
            until: None,
        }
    }

    /// The design as it is last.
    pub fn design(&self) -> &Design {
        self.edits.last().map_or(&self.first, |(_, design)| design)
    }

    /// Whether a run got as far as this one goes.
    pub(super) fn is_reached(&self, report: &Report) -> bool {
        let run = &report.run;
        match (run.status, self.until) {
            ("ended", _) => true,
            ("running", Some(until)) => run.ended_s * 1e9 + 1.0 >= until as f64,
            ("running", None) => false,
            // It was cut short, but only in its drain.
            _ => run.ended_s > run.duration_s,
        }
    }

    /// The same with other designs. Nothing where the last of them cannot be had; an earlier one
    /// that cannot be changed stays as it was.
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

    /// With this edit from the start on. Nothing where the design has it by now.
    pub(super) fn with(&self, command: &Command) -> Option<Self> {
        let with = self.changed(|_, design| applied(design, command.clone()))?;
        (with.design() != self.design()).then_some(with)
    }

    /// Under another seed, the nth after its own.
    pub(super) fn under(mut self, nth: u64) -> Self {
        let edits = self.edits.iter_mut().map(|(_, design)| design);
        for design in edits.chain([&mut self.first]) {
            design.settings.seed += nth;
        }
        self
    }

    /// Without a suspect from the start on. What takes it away is another edit in each design: a
    /// fault has another place in its list, say.
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

/// A design with an edit, where it takes it and can be run with it.
fn applied(design: &Design, command: Command) -> Option<Design> {
    let mut design = design.clone();
    design.apply(command).ok()?;
    design.problems().is_empty().then_some(design)
}
