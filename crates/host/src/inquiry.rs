//! The experiments on the run on the canvas, made in slices, with a conclusion after each few.
//! Other workers can make some of the runs: which of them takes which run, and which ends first,
//! does not matter for the conclusion.

use crate::SLICE_EVENTS;
use crate::experiments::{Running, budget};
use design::Problem;
use diagnostics::experiments::{self, Course, Investigation};
use format::json;
use format::message::{Answer, Course as Written, Job, Reply, pack, unpack};
use sim::EVENTS_MAX;
use std::collections::BTreeSet;

/// Least time between two conclusions while experiments are left, in ms.
const TOLD_EVERY_MS: f64 = 250.0;

/// Experiments on one run.
#[derive(Debug)]
pub(crate) struct Inquiry {
    token: u32,
    experiments: usize,
    course: Course,
    /// The investigation, once the run itself has been repeated.
    investigation: Option<Box<Investigation>>,
    /// The simulation in progress, with the job that it is for; without one, it is the run itself.
    running: Option<(Option<experiments::Job>, Running)>,
    /// Most jobs that other workers can take at a time.
    helpers: usize,
    /// The jobs that they have.
    lent: BTreeSet<usize>,
    has_news: bool,
    told_ms: f64,
}

/// One run of an experiment, for the worker that is in charge of the experiments.
#[derive(Debug)]
pub(crate) struct Errand {
    token: u32,
    job: experiments::Job,
    running: Running,
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
        helpers: u32,
    ) -> Result<Self, Vec<Problem>> {
        let course = course_of(course)?;
        Ok(Self {
            token,
            experiments: usize::try_from(experiments).unwrap_or(usize::MAX),
            running: Some((None, Running::new(&course, EVENTS_MAX))),
            course,
            investigation: None,
            helpers: usize::try_from(helpers).unwrap_or(usize::MAX),
            lent: BTreeSet::new(),
            has_news: false,
            told_ms: f64::NEG_INFINITY,
        })
    }

    /// Whether no experiment is left.
    pub(crate) fn is_done(&self) -> bool {
        let known = self.investigation.as_ref();
        known.is_some_and(|investigation| investigation.is_done())
    }

    /// Whether it has something to simulate or to tell, rather than to wait for other workers.
    pub(crate) fn has_work(&self) -> bool {
        self.running.is_some() || self.has_news
    }

    /// Simulates while there is time; returns a conclusion when one is due, and jobs for other
    /// workers.
    pub(crate) fn advance(&mut self, has_time: &dyn Fn() -> bool, now_ms: f64) -> Vec<Reply> {
        let mut replies = self.lend();
        while let Some((_, running)) = &mut self.running {
            if running.go_on(SLICE_EVENTS) {
                self.take_run();
                replies.extend(self.lend());
            }
            if self.is_done() || !has_time() {
                break;
            }
        }
        let is_due = self.is_done() || now_ms - self.told_ms >= TOLD_EVERY_MS;
        let is_waiting = self.running.is_none();
        if self.has_news && (is_due || is_waiting) && self.investigation.is_some() {
            replies.push(self.tell(now_ms));
        }
        replies
    }

    /// Takes the answer of another worker.
    pub(crate) fn take(&mut self, answer: &Answer) {
        let (Some(id), Some(investigation)) = (
            self.returned(answer.token, answer.id),
            &mut self.investigation,
        ) else {
            return;
        };
        match answer.outcome.as_deref().map(unpack) {
            // It is not an answer, so the run is made here.
            Some(Err(_)) => {}
            Some(Ok(outcome)) => investigation.answer(id, Some(outcome)),
            None => investigation.answer(id, None),
        }
        self.has_news = true;
        self.next();
    }

    /// Handles the failure of a worker that had a job: its run is made here, and there is one
    /// worker less.
    pub(crate) fn lose(&mut self, token: u32, id: u32) {
        if self.returned(token, id).is_some() {
            self.helpers = self.helpers.saturating_sub(1);
            self.next();
        }
    }

    /// Notes that a job has come back.
    fn returned(&mut self, token: u32, id: u32) -> Option<usize> {
        let id = usize::try_from(id).ok()?;
        (token == self.token && self.lent.remove(&id)).then_some(id)
    }

    /// Takes the report of a finished simulation, and begins the next.
    fn take_run(&mut self) {
        let Some((job, running)) = self.running.take() else {
            return;
        };
        let report = running.report();
        match (job, &mut self.investigation) {
            (Some(job), Some(investigation)) => investigation.answer(job.id, job.answer(&report)),
            _ => {
                let budget = budget(report.run.events, self.experiments);
                let begun = Investigation::of(self.course.clone(), &report, budget);
                self.investigation = Some(Box::new(begun));
            }
        }
        self.has_news = true;
        self.next();
    }

    /// Begins the next run, if there is one that no other worker has.
    fn next(&mut self) {
        if self.running.is_none()
            && let Some(job) = self.spare()
        {
            let running = Running::new(&job.course, job.events_max);
            self.running = Some((Some(job), running));
        }
    }

    /// Returns a job that no worker has.
    fn spare(&self) -> Option<experiments::Job> {
        let own = self.running.as_ref().and_then(|(job, _)| job.as_ref());
        let is_free = |job: &&experiments::Job| {
            own.is_none_or(|own| own.id != job.id) && !self.lent.contains(&job.id)
        };
        self.investigation.as_ref()?.jobs().find(is_free).cloned()
    }

    /// Returns jobs for the workers that have none.
    fn lend(&mut self) -> Vec<Reply> {
        let mut jobs = Vec::new();
        while self.lent.len() < self.helpers
            && let Some(job) = self.spare()
        {
            self.lent.insert(job.id);
            jobs.push(Reply::Job(Job {
                token: self.token,
                id: u32::try_from(job.id).unwrap_or(u32::MAX),
                course: written(&job.course),
                events_max: job.events_max,
                is_diagnosed: job.is_diagnosed,
            }));
        }
        jobs
    }

    fn tell(&mut self, now_ms: f64) -> Reply {
        self.told_ms = now_ms;
        self.has_news = false;
        let known = self.investigation.as_ref();
        let progress = known.map(|known| known.progress()).unwrap_or_default();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Reply::Concluded {
            token: self.token,
            done: count(progress.done),
            planned: count(progress.planned),
            is_done: self.is_done(),
            conclusion: known.map(|known| known.conclusion()).unwrap_or_default(),
        }
    }
}

impl Errand {
    /// Begins a run.
    ///
    /// # Errors
    ///
    /// Every problem of a design that cannot be run.
    pub(crate) fn new(job: &Job) -> Result<Self, Vec<Problem>> {
        let job_here = experiments::Job {
            id: usize::try_from(job.id).unwrap_or(usize::MAX),
            course: course_of(&job.course)?,
            events_max: job.events_max,
            is_diagnosed: job.is_diagnosed,
        };
        Ok(Self {
            token: job.token,
            running: Running::new(&job_here.course, job_here.events_max),
            job: job_here,
        })
    }

    /// Simulates while there is time; returns the answer once the run is over.
    pub(crate) fn advance(&mut self, has_time: &dyn Fn() -> bool) -> Option<Reply> {
        loop {
            if self.running.go_on(SLICE_EVENTS) {
                let answer = self.job.answer(&self.running.report());
                return Some(Reply::Ran(Answer {
                    token: self.token,
                    id: u32::try_from(self.job.id).unwrap_or(u32::MAX),
                    outcome: answer.as_ref().map(pack),
                }));
            }
            if !has_time() {
                return None;
            }
        }
    }
}

/// Reads the designs of a run.
fn course_of(course: &Written) -> Result<Course, Vec<Problem>> {
    let edits = course.edits.iter();
    Ok(Course {
        first: json::read(&course.first)?,
        edits: edits
            .map(|(at, design)| Ok((*at, json::read(design)?)))
            .collect::<Result<_, Vec<Problem>>>()?,
        until: course.until_ns,
    })
}

/// Writes the designs of a run.
fn written(course: &Course) -> Written {
    let edits = course.edits.iter();
    Written {
        first: json::write(&course.first),
        edits: edits
            .map(|(at, design)| (*at, json::write(design)))
            .collect(),
        until_ns: course.until,
    }
}
