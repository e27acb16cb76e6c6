//! Experiments on a run, on as many cores as there are. The answers do not depend on which core
//! takes which run, nor on which run ends first: they are given in order of the runs' numbers.

use design::Design;
use diagnostics::experiments::{Answer, Budget, Conclusion, Course, Investigation, Job};
use sim::{Report, Simulation, Status};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Default limit of events of all experiments on one run together.
const EVENTS: u64 = 60_000_000;
/// The experiments may always take this many times the run's own events.
const EVENTS_RATIO: u64 = 16;

/// The budget for experiments on a run of this many events, and at most this many experiments.
pub fn budget(events: u64, experiments: usize) -> Budget {
    Budget {
        experiments,
        events: EVENTS.max(events.saturating_mul(EVENTS_RATIO)),
    }
}

/// Makes all experiments on a run and says what they come to.
pub fn investigate(design: &Design, report: &Report, budget: Budget, threads: usize) -> Conclusion {
    let mut investigation = Investigation::new(design, report, budget);
    loop {
        let jobs: Vec<Job> = investigation.jobs().cloned().collect();
        if jobs.is_empty() {
            return investigation.conclusion();
        }
        for (id, answer) in run_all(&jobs, threads) {
            investigation.answer(id, answer);
        }
    }
}

/// Runs jobs; their answers in order.
fn run_all(jobs: &[Job], threads: usize) -> Vec<(usize, Option<Answer>)> {
    if threads < 2 {
        return jobs.iter().map(|job| (job.id, run(job))).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Option<Answer>)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(jobs.len()) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer = run(job);
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.push((job.id, answer));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(id, _)| *id);
    done
}

/// Makes one run; `None` if it did not get to its end.
pub fn run(job: &Job) -> Option<Answer> {
    let mut running = Running::new(&job.course, job.events_max);
    while !running.go_on(u64::MAX) {}
    job.answer(&running.report())
}

/// A run that is being made, in slices.
#[derive(Debug)]
pub(crate) struct Running {
    simulation: Simulation,
    /// Edits to come, the next one last.
    edits: Vec<(u64, Design)>,
    until: Option<u64>,
}

impl Running {
    pub(crate) fn new(course: &Course, events_max: u64) -> Self {
        let mut edits = course.edits.clone();
        edits.reverse();
        Self {
            simulation: Simulation::new(&course.first).with_budget(events_max),
            edits,
            until: course.until,
        }
    }

    /// Advances by about this many events; true once it is done.
    pub(crate) fn go_on(&mut self, events: u64) -> bool {
        let before = self.simulation.events();
        let to = self.edits.last().map(|(at, _)| *at).or(self.until);
        let status = self.simulation.run_until(to.unwrap_or(u64::MAX), events);
        if status != Status::Running {
            return true;
        }
        let is_there = self.simulation.events() - before < events;
        match self.edits.pop_if(|_| is_there) {
            Some((_, design)) => {
                self.simulation.edit(&design);
                false
            }
            None => is_there && self.edits.is_empty(),
        }
    }

    pub(crate) fn report(&self) -> Report {
        self.simulation.report()
    }
}
