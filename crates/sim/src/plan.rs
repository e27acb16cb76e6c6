//! Plans: what a job calls, stage after stage.

use crate::call::{CallId, Cause, Outcome};
use crate::event::{Event, LinkIx};
use crate::network::Done;
use crate::random::Stream;
use crate::world::World;
use design::kinds::client::Effect;
use design::link::{Mode, OnWrite};

/// When a link is called, made ready.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Every time.
    Always,
    /// For reads.
    Reads,
    /// For writes.
    Writes,
    /// After a miss.
    OnMiss,
    /// After a failure.
    OnError,
    /// For these operations, by their place in the run.
    Operations(Vec<u32>),
    /// With this probability.
    Probability(f64),
}

/// A link in a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Which.
    pub link: LinkIx,
    /// When; any is enough.
    pub when: Vec<Condition>,
}

impl Step {
    fn is_fallback(&self) -> bool {
        self.when.contains(&Condition::OnError)
    }
}

/// A node's plan: stages one after another, the links of a stage in parallel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The stages.
    pub stages: Vec<Vec<Step>>,
    /// Links to caches that writes invalidate.
    pub invalidates: Vec<LinkIx>,
}

/// Where a job is with its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Calls are under way.
    Waiting,
    /// It is through.
    Finished(Outcome),
}

impl World {
    /// Starts a job's plan.
    pub fn start_plan(&mut self, job: CallId) -> Progress {
        self.calls[job].stage = 0;
        self.run_stages(job)
    }

    /// A call of the job's plan ended.
    pub fn continue_plan(&mut self, job: CallId, done: Done) -> Progress {
        let call = &mut self.calls[job];
        call.pending -= 1;
        let link = &self.links[done.link.0 as usize];
        match done.outcome {
            Outcome::Ok => {}
            Outcome::Degraded => call.is_degraded = true,
            Outcome::Failed(_) if link.is_optional => call.is_degraded = true,
            Outcome::Failed(cause) => {
                let next = self.nodes[call.node.0 as usize]
                    .plan
                    .stages
                    .get(call.stage as usize + 1);
                if !next.is_some_and(|stage| stage.iter().any(Step::is_fallback)) {
                    // The rest of the stage goes on in vain, as most code lets it.
                    return Progress::Finished(Outcome::Failed(cause));
                }
                call.saw_failure = true;
            }
        }
        if done.is_miss {
            call.saw_miss = true;
            call.fill = done.link;
        }
        if call.pending > 0 {
            return Progress::Waiting;
        }
        self.fill_after(job, done);
        self.calls[job].stage += 1;
        self.run_stages(job)
    }

    /// A look-aside cache missed, and this call loaded the key: the caller fills the cache.
    fn fill_after(&mut self, job: CallId, done: Done) {
        let call = &self.calls[job];
        if call.fill == LinkIx::NONE || done.link == call.fill || !done.outcome.is_answer() {
            return;
        }
        let (cache, key) = (call.fill, call.key);
        let node = self.link(cache).to;
        self.calls[job].fill = LinkIx::NONE;
        self.note(cache, Event::Fill { node, key });
    }

    /// Runs stages until one has calls to wait for.
    fn run_stages(&mut self, job: CallId) -> Progress {
        loop {
            let call = &mut self.calls[job];
            let (node, stage) = (call.node.0 as usize, call.stage as usize);
            let (saw_miss, saw_failure) = (call.saw_miss, call.saw_failure);
            let Some(links) = self.nodes[node].plan.stages.get(stage).map(Vec::len) else {
                return Progress::Finished(self.finish_plan(job));
            };
            (call.saw_miss, call.saw_failure) = (false, false);
            if saw_failure {
                call.is_degraded = true;
            }
            for place in 0..links {
                if let Some(link) = self.wanted(job, node, stage, place, saw_miss, saw_failure) {
                    self.calls[job].pending += 1;
                    self.call(job, link);
                }
            }
            if self.calls[job].pending > 0 {
                return Progress::Waiting;
            }
            if saw_failure {
                // The fallback's other conditions did not hold: the failure stands.
                return Progress::Finished(Outcome::Failed(Cause::Error));
            }
            self.calls[job].stage += 1;
        }
    }

    /// The link of a step, if the job calls it now.
    fn wanted(
        &mut self,
        job: CallId,
        node: usize,
        stage: usize,
        place: usize,
        miss: bool,
        failure: bool,
    ) -> Option<LinkIx> {
        let effect = self.effect(job);
        let operation = self.calls[job].operation;
        let state = &mut self.nodes[node];
        let step = &state.plan.stages[stage][place];
        let stream: &mut Stream = &mut state.conditions;
        let holds = |condition: &Condition, stream: &mut Stream| match condition {
            Condition::Always => true,
            Condition::Reads => effect == Effect::Read,
            Condition::Writes => effect == Effect::Write,
            Condition::OnMiss => miss,
            Condition::OnError => failure,
            Condition::Operations(operations) => operations.contains(&operation),
            Condition::Probability(p) => stream.chance(*p),
        };
        step.when
            .iter()
            .any(|condition| holds(condition, stream))
            .then_some(step.link)
    }

    fn finish_plan(&mut self, job: CallId) -> Outcome {
        let call = &self.calls[job];
        let (key, is_degraded) = (call.key, call.is_degraded);
        if self.effect(job) == Effect::Write {
            let node = self.calls[job].node.0 as usize;
            for place in 0..self.nodes[node].plan.invalidates.len() {
                let link = self.nodes[node].plan.invalidates[place];
                let cache = self.link(link).to;
                self.note(link, Event::Invalidate { node: cache, key });
            }
        }
        if is_degraded {
            Outcome::Degraded
        } else {
            Outcome::Ok
        }
    }
}

/// Whether a link is part of its caller's plan (and not a queue's delivery).
pub(crate) fn is_planned(mode: Mode) -> bool {
    match mode {
        Mode::Call | Mode::Publish => true,
        Mode::Consume | Mode::DeadLetter => false,
    }
}

/// Whether writes invalidate the cache at the end of a link.
pub(crate) fn invalidates(on_write: OnWrite) -> bool {
    match on_write {
        OnWrite::Invalidate => true,
        OnWrite::None => false,
    }
}
