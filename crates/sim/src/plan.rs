//! Plans: the calls of a job, stage by stage.

use crate::call::{Call, CallId, Cause, Outcome};
use crate::event::{Event, LinkIx};
use crate::network::Done;
use crate::world::{LinkState, Operation, World};
use design::kinds::client::Effect;
use design::link::{Mode, OnWrite};

/// The condition of a link, prepared for evaluation.
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
    /// For these operations, by their index in the run.
    Operations(Vec<u32>),
    /// With this probability.
    Probability(f64),
}

/// A link in a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The link.
    pub link: LinkIx,
    /// Its conditions; any is enough.
    pub when: Vec<Condition>,
}

impl Step {
    fn is_fallback(&self) -> bool {
        self.when.contains(&Condition::OnError)
    }

    /// Returns whether a job of this operation calls its link now.
    #[inline(always)]
    fn is_wanted(
        &self,
        link: &mut LinkState,
        operations: &[Operation],
        operation: u32,
        seen: Seen,
    ) -> bool {
        if operation == Call::NO_OPERATION {
            // A deep probe calls every dependency, but changes nothing and publishes nothing.
            return link.mode == Mode::Call && !self.is_fallback();
        }
        let effect = || {
            let known = operations.get(operation as usize);
            known.map_or(Effect::Read, |operation| operation.effect)
        };
        let stream = &mut link.conditions;
        let mut holds = |condition: &Condition| match condition {
            Condition::Always => true,
            Condition::Reads => effect() == Effect::Read,
            Condition::Writes => effect() == Effect::Write,
            Condition::OnMiss => seen.miss,
            Condition::OnError => seen.failure,
            Condition::Operations(operations) => operations.contains(&operation),
            Condition::Probability(p) => stream.chance(*p),
        };
        self.when.iter().any(&mut holds)
    }
}

/// Links called in parallel.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Its links, each with its conditions.
    pub steps: Vec<Step>,
    /// The only link, if there is just one with a simple condition, as in most stages.
    only: Option<(LinkIx, When)>,
}

/// The one condition of an only link.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    Always,
    Reads,
    Writes,
    OnMiss,
    Probability(f64),
}

impl When {
    fn of(when: &[Condition]) -> Option<Self> {
        match when {
            // Other conditions before it might draw a random number, and then must.
            [Condition::Always, ..] => Some(Self::Always),
            [Condition::Reads] => Some(Self::Reads),
            [Condition::Writes] => Some(Self::Writes),
            [Condition::OnMiss] => Some(Self::OnMiss),
            [Condition::Probability(p)] => Some(Self::Probability(*p)),
            _ => None,
        }
    }
}

impl Stage {
    /// Returns a stage of these steps.
    pub fn new(steps: Vec<Step>) -> Self {
        let only = match &steps[..] {
            [step] => When::of(&step.when).map(|when| (step.link, when)),
            _ => None,
        };
        Self { steps, only }
    }

    /// Returns the stage for a link that is not waited for: every step has to be evaluated.
    #[must_use]
    pub fn without_only(self) -> Self {
        Self { only: None, ..self }
    }
}

/// A node's plan: stages one after another, the links of a stage in parallel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The stages.
    pub stages: Vec<Stage>,
    /// Links to caches that are notified of writes.
    pub notes: Vec<LinkIx>,
}

impl Plan {
    /// Returns the link of a plan that always makes exactly one call.
    pub(crate) fn only_call(&self) -> Option<LinkIx> {
        match &self.stages[..] {
            [stage] if self.notes.is_empty() => match stage.only {
                Some((link, When::Always)) => Some(link),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns its links, in the order of stages.
    pub fn links(&self) -> impl Iterator<Item = LinkIx> {
        self.stages
            .iter()
            .flat_map(|stage| stage.steps.iter().map(|step| step.link))
    }
}

/// The state of a job's plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Calls are in progress.
    Waiting,
    /// It is finished.
    Finished(Outcome),
}

impl World {
    /// Returns the condition that an operation has one of these names.
    pub fn operations_named(&self, names: &[String]) -> Condition {
        let places = self
            .operations
            .iter()
            .enumerate()
            .filter(|(_, operation)| names.contains(&operation.name));
        Condition::Operations(places.map(|(place, _)| place as u32).collect())
    }

    /// Starts a job's plan.
    #[inline(never)]
    pub fn start_plan(&mut self, job: CallId) -> Progress {
        self.start_plan_here(job)
    }

    /// Starts a job's plan as [`Self::start_plan`] does, inlined for the component that starts
    /// most.
    #[inline(always)]
    pub(crate) fn start_plan_here(&mut self, job: CallId) -> Progress {
        if self.spares_work && self.is_pointless(job) {
            return Progress::Finished(Outcome::Failed(Cause::Abandoned));
        }
        self.run_stages(job, 0, Seen::default(), false)
    }

    /// Handles the end of a call of the job's plan.
    pub fn continue_plan(&mut self, job: CallId, done: &Done) -> Progress {
        if !matches!(done.outcome, Outcome::Ok)
            && let Some(failed) = self.went_wrong(job, done)
        {
            return failed;
        }
        self.go_on(job, done.link, done.is_miss, done.outcome.is_answer())
    }

    /// Continues as [`Self::continue_plan`] does, after failures have been handled.
    #[inline(never)]
    pub(crate) fn go_on(
        &mut self,
        job: CallId,
        link: LinkIx,
        is_miss: bool,
        is_answer: bool,
    ) -> Progress {
        let link = &self.links[link.0 as usize];
        let call = &mut self.calls[job];
        call.pending -= 1;
        if is_miss {
            call.saw_miss = true;
            call.missed |= 1u64.checked_shl(link.step).unwrap_or(0);
        } else if link.loads && is_answer {
            call.has_loaded = true;
            if call.lacks_look_up {
                (call.is_degraded, call.lacks_look_up) = (false, false);
            }
        }
        if call.pending > 0 {
            return Progress::Waiting;
        }
        if call.missed != 0 && call.has_loaded {
            self.fill_caches(job);
        }
        let call = &mut self.calls[job];
        let seen = Seen {
            miss: std::mem::take(&mut call.saw_miss),
            failure: std::mem::take(&mut call.saw_failure),
        };
        let must_fall_back = std::mem::take(&mut call.must_fall_back);
        let next = call.stage as usize + 1;
        self.run_stages(job, next, seen, must_fall_back)
    }

    /// Handles a call of the job's plan that was not answered in full. Returns how the plan ends,
    /// if it ends here.
    #[inline(never)]
    fn went_wrong(&mut self, job: CallId, done: &Done) -> Option<Progress> {
        let call = &mut self.calls[job];
        let Outcome::Failed(cause) = done.outcome else {
            (call.is_degraded, call.lacks_look_up) = (true, false);
            return None;
        };
        let stages = &self.nodes[call.node.0 as usize].plan.stages;
        let next = stages.get(call.stage as usize + 1);
        let has_fallback = next.is_some_and(|stage| stage.steps.iter().any(Step::is_fallback));
        let link = &self.links[done.link.0 as usize];
        let is_optional = link.is_optional;
        if !has_fallback && !is_optional {
            // The rest of the stage continues although it is wasted, as in most code.
            call.pending -= 1;
            return Some(Progress::Finished(Outcome::Failed(cause)));
        }
        // A cache that does not answer counts as a miss: a load from the origin makes the answer
        // complete, unless something else is missing.
        let is_whole_but_for_look_ups = !call.is_degraded || call.lacks_look_up;
        call.lacks_look_up = link.looks_up && is_whole_but_for_look_ups;
        call.is_degraded = true;
        if link.looks_up {
            call.saw_miss |= is_optional;
            call.missed |= 1u64.checked_shl(link.step).unwrap_or(0);
        }
        call.saw_failure |= has_fallback;
        call.must_fall_back |= !is_optional;
        None
    }

    /// Fills all look-aside caches that missed with the loaded key.
    #[cold]
    fn fill_caches(&mut self, job: CallId) {
        let call = &mut self.calls[job];
        let (missed, key, node) = (std::mem::take(&mut call.missed), call.key, call.node);
        let replica = call.replica;
        call.has_loaded = false;
        let loaded = self.take_loaded(job);
        for place in 0..self.nodes[node.0 as usize].plan.links().count() {
            let link = self.nodes[node.0 as usize].plan.links().nth(place);
            let Some(link) =
                link.filter(|_| missed & 1u64.checked_shl(place as u32).unwrap_or(0) != 0)
            else {
                continue;
            };
            self.send_fill(link, replica, key, loaded, Some(job));
        }
    }

    /// Runs stages from `stage` on until one has calls to wait for.
    #[inline(always)]
    fn run_stages(
        &mut self,
        job: CallId,
        mut stage: usize,
        mut seen: Seen,
        must_fall_back: bool,
    ) -> Progress {
        let call = &self.calls[job];
        let (node, operation) = (call.node.0 as usize, call.operation);
        loop {
            let plan = &self.nodes[node].plan;
            let Some(steps) = plan.stages.get(stage) else {
                if !plan.notes.is_empty() {
                    self.tell_of_write(job, node);
                }
                return Progress::Finished(match self.calls[job].is_degraded {
                    true => Outcome::Degraded,
                    false => Outcome::Ok,
                });
            };
            let pending = match steps.only {
                Some((link, when)) if operation != Call::NO_OPERATION => {
                    let is_wanted = match when {
                        When::Always => true,
                        When::OnMiss => seen.miss,
                        When::Probability(p) => {
                            let state = &mut self.links[link.0 as usize];
                            state.conditions.chance(p)
                        }
                        When::Reads => self.effect(job) == Effect::Read,
                        When::Writes => self.effect(job) == Effect::Write,
                    };
                    if is_wanted {
                        let call = &mut self.calls[job];
                        (call.stage, call.pending) = (stage as u32, 1);
                        self.call_here(job, link);
                        return Progress::Waiting;
                    }
                    0
                }
                _ => self.call_wanted(job, node, stage, operation, seen),
            };
            if pending > 0 {
                let call = &mut self.calls[job];
                (call.stage, call.pending) = (stage as u32, pending);
                return Progress::Waiting;
            }
            if must_fall_back {
                // The fallback's other conditions did not hold, so the failure remains.
                return Progress::Finished(Outcome::Failed(Cause::Error));
            }
            // A stage without calls has no result, so an earlier miss still counts.
            seen.failure = false;
            stage += 1;
        }
    }

    /// Calls the links of a stage whose conditions hold now. Returns their number.
    #[inline(never)]
    fn call_wanted(
        &mut self,
        job: CallId,
        node: usize,
        stage: usize,
        operation: u32,
        seen: Seen,
    ) -> u32 {
        let (mut pending, mut place) = (0, 0);
        while let Some(step) = self.nodes[node].plan.stages[stage].steps.get(place) {
            let link = step.link;
            let state = &mut self.links[link.0 as usize];
            if step.is_wanted(state, &self.operations, operation, seen) {
                // A fallback always waits, because the answer depends on its success.
                if state.is_unawaited && !seen.failure {
                    self.call_unawaited(job, link);
                } else {
                    pending += 1;
                    self.call(job, link);
                }
            }
            place += 1;
        }
        pending
    }

    /// Notifies caches of a finished write: they invalidate its key, or store its new value.
    #[cold]
    fn tell_of_write(&mut self, job: CallId, node: usize) {
        if self.effect(job) != Effect::Write {
            return;
        }
        let (key, replica) = (self.calls[job].key, self.calls[job].replica);
        for place in 0..self.nodes[node].plan.notes.len() {
            let link = self.nodes[node].plan.notes[place];
            let (node, on_write) = (self.link(link).to, self.link(link).on_write);
            match on_write {
                OnWrite::Invalidate => {
                    let is_sent = self.note(link, replica, Event::Invalidate { node, key });
                    self.words += u32::from(is_sent);
                }
                OnWrite::Update => self.send_fill(link, replica, key, self.seen(job), None),
                OnWrite::None | OnWrite::WriteBehind => {}
            }
        }
    }
}

/// What happened in the stage before.
#[derive(Clone, Copy, Default)]
struct Seen {
    miss: bool,
    failure: bool,
}

/// Returns whether a link is part of its caller's plan (and not a queue's delivery).
pub(crate) fn is_planned(mode: Mode) -> bool {
    match mode {
        Mode::Call | Mode::Publish => true,
        Mode::Consume | Mode::DeadLetter => false,
    }
}

/// Returns whether the cache at the end of a link is notified of writes elsewhere.
pub(crate) fn is_told_of_writes(on_write: OnWrite) -> bool {
    match on_write {
        OnWrite::Invalidate | OnWrite::Update => true,
        OnWrite::None | OnWrite::WriteBehind => false,
    }
}
