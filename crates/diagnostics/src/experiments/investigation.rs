//! The experiments on one run: which to make, and their answers.

use super::claims::is_claimed;
use super::conclude;
use super::course::{Course, EDITS_MAX};
use super::evidence::is_suspect;
use super::interventions::{self, Intervention, Without};
use super::job::{Answer, Job};
use super::outcome::{Goal, Outcome, goals_of};
use super::remedies::Candidate;
use super::seeds::Other;
use crate::facts::Facts;
use design::{Design, Metric};
use report::{Conclusion, Finding, Severity};
use sim::Report;
use std::collections::BTreeMap;

/// Most suspects that are removed alone, whatever the budget.
const INTERVENTIONS_MAX: usize = 60;
/// Number of remedies that meet every requirement from which no others are tried.
const ENOUGH: usize = 3;
/// Most steps of the search for the size of a remedy.
const STEPS_MAX: u8 = 2;
/// Most events of an experiment: this many times those of the run it is compared with.
const EVENTS_RATIO: u64 = 4;
const EVENTS_LEAST: u64 = 200_000;
/// Largest loss of availability for which a better latency still counts.
const BOUGHT: f64 = 0.02;

/// Metrics that improve whenever the system does less: the state of the data, and the cost.
pub(super) const DATA: [Metric; 9] = [
    Metric::StalenessMax,
    Metric::StalenessP99,
    Metric::StaleReads,
    Metric::DuplicateEffects,
    Metric::LostWrites,
    Metric::TornWrites,
    Metric::OutOfOrder,
    Metric::DivergentKeys,
    Metric::MonthlyCost,
];

/// The budget of an investigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Most experiments.
    pub experiments: usize,
    /// Most events of all experiments together.
    pub events: u64,
}

/// The progress of an investigation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Experiments that ended.
    pub done: usize,
    /// Experiments planned so far.
    pub planned: usize,
}

/// The purpose of a job.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    Intervention(usize),
    Remedy(usize),
    /// Under the nth other seed.
    Seed(u64, Changed),
}

/// The change of a run under another seed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Changed {
    Nothing,
    /// Without a suspect.
    Without(usize),
    /// With a remedy.
    With(usize),
}

/// The experiments on one run of one design.
#[derive(Clone, Debug)]
pub struct Investigation {
    pub(super) course: Course,
    pub(super) report: Report,
    pub(super) base: Outcome,
    pub(super) goals: Vec<Goal>,
    /// Everything the rules found, as a flat list.
    pub(super) found: Vec<Finding>,
    pub(super) interventions: Vec<Intervention>,
    pub(super) answers: BTreeMap<usize, Answer>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) others: BTreeMap<u64, Other>,
    /// Interventions that remove two suspects, each with the first of them.
    pub(super) beside: BTreeMap<usize, usize>,
    round: Round,
    jobs: BTreeMap<usize, (Purpose, Job)>,
    next_id: usize,
    progress: Progress,
    budget: Budget,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// Removes one suspect.
    Causes,
    /// Removes a second suspect where the first does not explain everything.
    Pairs,
    /// Tries the remedies that rules suggest.
    Proposed,
    /// Tries further remedies where those are not enough.
    Library,
    /// Searches for the least sufficient size of remedies, in this many steps so far.
    Sizes(u8),
    /// Repeats the comparison under other seeds.
    Seeds,
    Done,
}

impl Investigation {
    /// Starts from a complete run of a design and its report.
    pub fn new(design: &Design, report: &Report, budget: Budget) -> Self {
        Self::of(Course::whole(design), report, budget)
    }

    /// Starts from a run and its report.
    pub fn of(course: Course, report: &Report, budget: Budget) -> Self {
        let design = course.design();
        let facts = crate::facts(design, Some(report));
        let found = crate::found(&facts);
        let base = Outcome::new(design, report);
        let goals = goals_of(design, &base, &found);
        let can_be_made = course.is_reached(report) && course.edits.len() <= EDITS_MAX;
        let is_worth_it = can_be_made && !goals.is_empty();
        let interventions = match is_worth_it {
            true => interventions::all(&facts),
            false => Vec::new(),
        };
        let mut investigation = Self {
            course,
            report: report.clone(),
            base,
            goals,
            found,
            interventions,
            answers: BTreeMap::new(),
            candidates: Vec::new(),
            others: BTreeMap::new(),
            beside: BTreeMap::new(),
            round: Round::Done,
            jobs: BTreeMap::new(),
            next_id: 0,
            progress: Progress::default(),
            budget,
        };
        if is_worth_it {
            investigation.round = Round::Causes;
            investigation.plan_causes();
            investigation.go_on();
        }
        investigation
    }

    /// Returns the runs to make now, in any order. More may follow once all of them are answered.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().map(|(_, job)| job)
    }

    /// Returns whether no experiment is left.
    pub fn is_done(&self) -> bool {
        self.round == Round::Done
    }

    /// Returns whether causes and remedies have been tried under the run's own seed.
    pub(super) fn is_tried(&self) -> bool {
        matches!(self.round, Round::Seeds | Round::Done)
    }

    /// Returns the progress.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// Takes the answer to a job, or `None` if it could not run to its end.
    pub fn answer(&mut self, id: usize, answer: Option<Answer>) {
        let Some((purpose, _)) = self.jobs.remove(&id) else {
            return;
        };
        self.progress.done += 1;
        if let Some(answer) = answer {
            self.budget.events = self.budget.events.saturating_sub(answer.outcome.events);
            let outcome = &answer.outcome;
            match purpose {
                Purpose::Intervention(at) if self.adds(at, outcome) => {
                    self.answers.insert(at, answer);
                }
                Purpose::Intervention(_) => {}
                Purpose::Remedy(at) => {
                    self.candidates[at].effect = outcome.effect(&self.base, &self.goals);
                }
                Purpose::Seed(nth, changed) => {
                    let other = self.others.entry(nth).or_default();
                    other.take(changed, answer.outcome);
                }
            }
        }
        self.go_on();
    }

    /// Plans the next round once all jobs of this one are answered.
    fn go_on(&mut self) {
        while self.jobs.is_empty() && self.round != Round::Done {
            self.round = match self.round {
                Round::Causes => {
                    self.plan_pairs();
                    Round::Pairs
                }
                Round::Pairs => {
                    self.plan_remedies(self.proposed());
                    Round::Proposed
                }
                Round::Proposed => {
                    if self.fixing() < ENOUGH {
                        self.plan_remedies(self.library());
                    }
                    Round::Library
                }
                Round::Library => {
                    self.plan_remedies(self.sizes());
                    Round::Sizes(1)
                }
                Round::Sizes(steps) if steps < STEPS_MAX => {
                    self.plan_remedies(self.sizes());
                    Round::Sizes(steps + 1)
                }
                Round::Sizes(_) => {
                    self.round = Round::Seeds;
                    self.plan_seeds();
                    Round::Seeds
                }
                Round::Seeds | Round::Done => Round::Done,
            };
        }
    }

    /// Returns the conclusion so far: findings in order, causes first, and those that were ruled
    /// out.
    pub fn conclusion(&self) -> Conclusion {
        conclude::conclude(self, self.design())
    }

    /// Returns the last design of the run.
    pub(super) fn design(&self) -> &Design {
        self.course.design()
    }

    /// Returns whether a run that tests this finding is still to be made: one without what it
    /// claims, or one with a remedy of its own.
    pub(super) fn is_awaited(&self, finding: &Finding) -> bool {
        let mut purposes = self.jobs.values().map(|(purpose, _)| purpose);
        let is_about = |purpose: &Purpose| match purpose {
            Purpose::Intervention(at) => {
                is_claimed(self.design(), finding, &self.interventions[*at])
            }
            Purpose::Remedy(at) => finding.remedies.contains(&self.candidates[*at].remedy),
            Purpose::Seed(..) => false,
        };
        let is_early = matches!(self.round, Round::Causes | Round::Pairs);
        let has_remedies = is_early && !finding.remedies.is_empty();
        has_remedies || purposes.any(is_about)
    }

    /// Returns how many runs like this one the budget allows.
    pub(super) fn allowed(&self) -> usize {
        let each = self.base.events.max(20_000);
        let by_events = usize::try_from(self.budget.events / each).unwrap_or(usize::MAX);
        let left = self
            .budget
            .experiments
            .saturating_sub(self.progress.planned);
        by_events.min(left)
    }

    /// Returns the goals that the run missed.
    pub(super) fn missed(&self) -> Vec<Goal> {
        let missed = |goal: &&Goal| goal.distance(self.base.value(goal.metric)) > 0.0;
        self.goals.iter().filter(missed).copied().collect()
    }

    /// Returns the suspects that the run shows a sign of, first those that a finding names.
    fn plan_causes(&mut self) {
        let missed = self.missed();
        let facts = facts(self.design(), &self.report);
        let mut order: Vec<(bool, u8, usize)> = Vec::new();
        for (at, of) in self.interventions.iter().enumerate() {
            let mut loud = self
                .found
                .iter()
                .filter(|f| f.measured && f.severity != Severity::Note);
            let is_named = loud.any(|finding| {
                let mut subjects = of.subjects.iter();
                let is_about = subjects.any(|subject| finding.subjects.contains(subject));
                is_about && is_claimed(self.design(), finding, of)
            });
            if is_suspect(&facts, &missed, of) {
                order.push((!is_named, of.without.tier(), at));
            }
        }
        order.sort_unstable();
        let count = self.allowed().min(INTERVENTIONS_MAX);
        for (.., at) in order.into_iter().take(count) {
            let course = self.course.without(&self.interventions[at], &self.report);
            self.plan(Purpose::Intervention(at), course);
        }
    }

    /// Returns the share of a goal's distance that an intervention closes, or 0 if it has no
    /// bearing on the goal. Removing a client is judged by the requests of the others.
    fn share_if_any(&self, at: usize, goal: &Goal) -> Option<f64> {
        self.share_between(at, goal, &self.base, &self.answers[&at].outcome)
    }

    /// Returns the same for a run and a run without the suspect.
    pub(super) fn share_between(
        &self,
        at: usize,
        goal: &Goal,
        base: &Outcome,
        outcome: &Outcome,
    ) -> Option<f64> {
        let about = &self.interventions[at];
        if !about.without.bears_on(goal.metric) {
            return None;
        }
        // A leader that does not move is unreachable at times. That sheds no load.
        let is_shed = about.without != Without::FarLeader;
        if is_shed && is_bought(base, outcome, goal) {
            return Some(0.0);
        }
        match (about.without, about.subjects.first()) {
            (Without::Operation, Some(client)) => {
                let operation = about.subjects.get(1).map_or("", String::as_str);
                outcome.share_of_other_operations(base, goal, (client, operation))
            }
            (Without::Client, Some(client)) => outcome.share_of_others(base, goal, client),
            _ => Some(outcome.share(base, goal)),
        }
    }

    /// Returns the same, or 0 if the intervention has no bearing on the goal.
    pub(super) fn share(&self, at: usize, goal: &Goal) -> f64 {
        self.share_if_any(at, goal).unwrap_or(0.0)
    }

    /// Returns the largest of these shares.
    pub(super) fn best_share(&self, at: usize) -> f64 {
        let shares = self.goals.iter().map(|goal| self.share(at, goal));
        shares.fold(0.0, f64::max)
    }

    /// Returns their mean, over all goals that were missed and that it has a bearing on.
    pub(super) fn mean_share(&self, at: usize) -> f64 {
        let missed = self.missed();
        let shares = missed.iter().filter_map(|goal| self.share_if_any(at, goal));
        let shares: Vec<f64> = shares.map(|share| share.max(0.0)).collect();
        shares.iter().sum::<f64>() / shares.len().max(1) as f64
    }

    /// Plans a run, if it can be made.
    pub(super) fn plan(&mut self, purpose: Purpose, course: Option<Course>) {
        let Some(course) = course else {
            return;
        };
        let id = self.next_id;
        self.next_id += 1;
        self.progress.planned += 1;
        let events_max = (self.base.events * EVENTS_RATIO).max(EVENTS_LEAST);
        let job = Job {
            id,
            course,
            events_max,
            is_diagnosed: matches!(purpose, Purpose::Intervention(_)),
        };
        self.jobs.insert(id, (purpose, job));
    }
}

/// Returns whether a latency is better only because fewer requests succeeded.
fn is_bought(base: &Outcome, outcome: &Outcome, goal: &Goal) -> bool {
    let fell = |metric: Metric| base.value(metric) - outcome.value(metric);
    let is_latency = goal.metric.is_duration() && goal.metric != Metric::RecoveryTime;
    is_latency && fell(Metric::Availability) > BOUGHT
}

/// Returns the facts that experiments read: they include a run that is too short for the rules,
/// since a missed requirement always has to be explained.
pub(super) fn facts<'a>(design: &'a Design, report: &'a Report) -> Facts<'a> {
    Facts::new(design, Some(report))
}
