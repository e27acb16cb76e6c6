//! The workers that make experiments: one is in charge, and hands some of the runs to helpers on
//! the other cores.

use format::message::{Answer, Course, Job, Reply, Request};
use leptos::prelude::*;

use crate::engine::{Engine, EngineEvent};
use crate::state::Page;

/// Most workers beside the one in charge.
const HELPERS_MAX: u32 = 3;
/// Maximum number of experiments on one run.
const EXPERIMENTS: u32 = 150;

/// The workers. They start when they are first needed.
#[derive(Default)]
pub(crate) struct Lab {
    lead: Option<Engine>,
    helpers: Vec<Helper>,
}

struct Helper {
    engine: Engine,
    /// The token and the id of the job that it has.
    job: Option<(u32, u32)>,
}

impl Lab {
    /// Starts experiments on a run, in place of earlier ones.
    fn begin(&mut self, page: Page, token: u32, course: Course, helpers: u32) {
        self.release();
        let lead = self
            .lead
            .get_or_insert_with(|| Engine::start(move |event| page.on_lab(event)));
        lead.send(Request::Try {
            token,
            course,
            experiments: EXPERIMENTS,
            helpers,
        });
    }

    /// Stops all experiments.
    fn stop(&mut self) {
        self.release();
        self.tell(Request::LeaveOff);
    }

    /// Takes the helpers away from what they do.
    fn release(&mut self) {
        for helper in &mut self.helpers {
            if helper.job.take().is_some() {
                helper.engine.send(Request::LeaveOff);
            }
        }
    }

    fn tell(&self, request: Request) {
        if let Some(lead) = &self.lead {
            lead.send(request);
        }
    }

    /// Gives a job to a helper without one.
    fn hand_out(&mut self, page: Page, job: Job) {
        let free = self.helpers.iter().position(|helper| helper.job.is_none());
        let at = free.unwrap_or_else(|| {
            let at = self.helpers.len();
            self.helpers.push(Helper {
                engine: Engine::start(move |event| page.on_helper(at, event)),
                job: None,
            });
            at
        });
        let helper = &mut self.helpers[at];
        helper.job = Some((job.token, job.id));
        helper.engine.send(Request::Run(job));
    }

    /// Takes the answer of a helper. The answer to a job that it no longer has is dropped.
    fn take(&mut self, at: usize, answer: Answer) {
        let job = Some((answer.token, answer.id));
        if self.helpers[at].job == job {
            self.helpers[at].job = None;
            self.tell(Request::Ran(answer));
        }
    }

    /// Returns the job of a helper that failed.
    fn lose(&mut self, at: usize) {
        if let Some((token, id)) = self.helpers[at].job.take() {
            self.tell(Request::Lost { token, id });
        }
    }
}

impl Page {
    /// Starts experiments on a run.
    pub(super) fn begin_experiments(self, token: u32, course: Course) {
        let helpers = self.helpers();
        self.lab
            .update_value(|lab| lab.begin(self, token, course, helpers));
    }

    /// Stops them.
    pub(super) fn stop_experiments(self) {
        self.lab.update_value(Lab::stop);
    }

    /// Gives a job to a helper.
    pub(super) fn hand_out(self, job: Job) {
        let is_present = self.hidden.with_value(|hidden| hidden.trial == job.token);
        if is_present {
            self.lab.update_value(|lab| lab.hand_out(self, job));
        }
    }

    /// The number of helpers. A core is left to the worker of a run that plays; where no worker
    /// starts at all, there are no helpers either.
    fn helpers(self) -> u32 {
        let place = self
            .engine
            .with_value(|engine| engine.as_ref().map(Engine::place));
        if place != Some("worker") {
            return 0;
        }
        let cores = window().navigator().hardware_concurrency().min(64.0) as u32;
        let taken = 1 + u32::from(self.playing.get_untracked());
        cores.saturating_sub(taken).min(HELPERS_MAX)
    }

    fn on_helper(self, at: usize, event: EngineEvent) {
        self.lab.update_value(|lab| match event {
            EngineEvent::Reply(Reply::Ran(answer)) => lab.take(at, answer),
            EngineEvent::Reply(Reply::Invalid { .. }) | EngineEvent::Failed { .. } => lab.lose(at),
            EngineEvent::Reply(_) => {}
        });
    }
}
