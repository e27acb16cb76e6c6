//! The experiments on the run on the canvas, made in slices, with a conclusion after each few.

use crate::experiments::{Running, budget};
use crate::session::{SLICE_EVENTS, read};
use design::Problem;
use diagnostics::experiments::{Course, Investigation};
use format::message::{Course as Written, Reply};
use sim::EVENTS_MAX;

/// Least time between two conclusions while experiments are left, in ms.
const TOLD_EVERY_MS: f64 = 250.0;

/// Experiments on one run.
#[derive(Debug)]
pub(crate) struct Inquiry {
    token: u32,
    experiments: usize,
    course: Course,
    /// The simulation under way: first the run itself, then one experiment after the other.
    running: Running,
    /// The investigation, once the run itself is repeated, and the experiment under way.
    investigation: Option<(Box<Investigation>, Option<usize>)>,
    told_ms: f64,
}

impl Inquiry {
    /// Begins the experiments on a run.
    ///
    /// # Errors
    ///
    /// Every problem of a design that cannot be run.
    pub(crate) fn new(
        token: u32,
        course: &Written,
        experiments: u32,
    ) -> Result<Self, Vec<Problem>> {
        let edits = course.edits.iter();
        let course = Course {
            first: read(&course.first)?,
            edits: edits
                .map(|(at, design)| Ok((*at, read(design)?)))
                .collect::<Result<_, Vec<Problem>>>()?,
            until: course.until_ns,
        };
        Ok(Self {
            token,
            experiments: usize::try_from(experiments).unwrap_or(usize::MAX),
            running: Running::new(&course, EVENTS_MAX),
            course,
            investigation: None,
            told_ms: f64::NEG_INFINITY,
        })
    }

    /// Whether no experiment is left.
    pub(crate) fn is_done(&self) -> bool {
        let known = self.investigation.as_ref();
        known.is_some_and(|(investigation, _)| investigation.is_done())
    }

    /// Simulates while there is time; returns a conclusion when one is due.
    pub(crate) fn advance(&mut self, has_time: &dyn Fn() -> bool, now_ms: f64) -> Option<Reply> {
        let mut has_news = false;
        loop {
            if self.running.go_on(SLICE_EVENTS) {
                has_news = true;
                if self.take_run() {
                    return Some(self.tell(now_ms));
                }
            }
            if !has_time() {
                break;
            }
        }
        let is_due = now_ms - self.told_ms >= TOLD_EVERY_MS;
        (has_news && is_due && self.investigation.is_some()).then(|| self.tell(now_ms))
    }

    /// Takes the report of a finished simulation and begins the next; true where none is left.
    fn take_run(&mut self) -> bool {
        let report = self.running.report();
        let (investigation, under_way) = self.investigation.get_or_insert_with(|| {
            let budget = budget(report.run.events, self.experiments);
            let begun = Investigation::of(self.course.clone(), &report, budget);
            (Box::new(begun), None)
        });
        if let Some(id) = under_way.take() {
            investigation.answer(id, Some(&report));
        }
        let Some(job) = investigation.jobs().next().cloned() else {
            return true;
        };
        self.running = Running::new(&job.course, job.events_max);
        *under_way = Some(job.id);
        false
    }

    fn tell(&mut self, now_ms: f64) -> Reply {
        self.told_ms = now_ms;
        let known = self.investigation.as_ref();
        let progress = known.map(|(known, _)| known.progress()).unwrap_or_default();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Reply::Concluded {
            token: self.token,
            done: count(progress.done),
            planned: count(progress.planned),
            is_done: self.is_done(),
            conclusion: known
                .map(|(known, _)| known.conclusion())
                .unwrap_or_default(),
        }
    }
}
