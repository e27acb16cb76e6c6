//! Tests under two more seeds whether a cause holds and a remedy helps: the design is run as it is,
//! without the cause, and with the remedy.

use super::conclude::{CONFIRMED, conclude};
use super::course::Course;
use super::investigation::{Changed, Investigation, Purpose};
use super::offers::OFFERED;
use super::outcome::{Goal, Outcome};
use super::remedies::{Candidate, as_written};
use design::Metric;
use report::{Finding, Seeds, Standing};
use std::collections::BTreeMap;

/// Number of other seeds.
const OTHERS: u64 = 2;
/// Most causes that are tested under them.
const SUSPECTS_MAX: usize = 3;
/// Most remedies that are tested under them.
const REMEDIES_MAX: usize = 6;

/// Outcomes of the runs under one other seed.
#[derive(Clone, Debug, Default)]
pub(super) struct Other {
    /// With the cause.
    base: Option<Outcome>,
    /// Without a cause, by the number of its intervention.
    without: BTreeMap<usize, Outcome>,
    /// With a remedy, by the number of its candidate.
    with: BTreeMap<usize, Outcome>,
}

impl Other {
    pub(super) fn take(&mut self, changed: Changed, outcome: Outcome) {
        match changed {
            Changed::Nothing => self.base = Some(outcome),
            Changed::Without(at) => drop(self.without.insert(at, outcome)),
            Changed::With(at) => drop(self.with.insert(at, outcome)),
        }
    }
}

impl Investigation {
    /// Plans the runs under other seeds.
    pub(super) fn plan_seeds(&mut self) {
        let suspects = self.causes();
        let mut remedies = self.offers();
        // Each comparison needs both runs, so a seed is tested with all of its runs or not at all.
        // Causes come before remedies.
        let allowed = self.allowed();
        remedies.truncate((allowed / OTHERS as usize).saturating_sub(1 + suspects.len()));
        let each = 1 + suspects.len() + remedies.len();
        let seeds = (allowed / each).min(OTHERS as usize) as u64;
        if each == 1 {
            return;
        }
        for nth in 1..=seeds {
            let base = Some(self.course.clone());
            self.plan_under(nth, Changed::Nothing, base);
            for at in &suspects {
                let without = self.course.without(&self.interventions[*at], &self.report);
                self.plan_under(nth, Changed::Without(*at), without);
            }
            for at in &remedies {
                let command = as_written(&self.candidates[*at].remedy);
                let with = self.course.with(&command);
                self.plan_under(nth, Changed::With(*at), with);
            }
        }
    }

    fn plan_under(&mut self, nth: u64, changed: Changed, course: Option<Course>) {
        let course = course.map(|course| course.under(nth));
        self.plan(Purpose::Seed(nth, changed), course);
    }

    /// The remedies that are offered so far, those of the first findings first.
    fn offers(&self) -> Vec<usize> {
        let conclusion = conclude(self, self.course.design());
        let mut offers = Vec::new();
        let findings = conclusion.findings.iter().flat_map(Finding::all);
        for remedy in findings.flat_map(|finding| &finding.remedies) {
            let is_it = |c: &Candidate| c.remedy.edits == remedy.edits && c.effect.is_some();
            let at = self.candidates.iter().position(is_it);
            offers.extend(at.filter(|at| !offers.contains(at)));
        }
        offers.truncate(REMEDIES_MAX);
        offers
    }

    /// The best experiment of each confirmed finding, in the order of the findings.
    pub(super) fn causes(&self) -> Vec<usize> {
        let conclusion = conclude(self, self.course.design());
        let mut causes = Vec::new();
        let confirmed = conclusion.findings.iter().flat_map(Finding::all);
        for finding in confirmed.filter(|f| f.standing == Standing::Confirmed) {
            let Some(best) = finding.experiments.first() else {
                continue;
            };
            let is_it = |at: &&usize| {
                let about = &self.interventions[**at];
                (&about.label, &about.subjects) == (&best.without, &best.subjects)
            };
            let at = self.answers.keys().find(is_it).copied();
            causes.extend(at.filter(|at| !causes.contains(at)));
        }
        causes.truncate(SUSPECTS_MAX);
        causes
    }

    /// The results for a suspect under the other seeds, for one goal.
    pub(super) fn under_others(&self, at: usize, goal: &Goal) -> Seeds {
        let mut seeds = Seeds::default();
        for other in self.others.values() {
            let (Some(base), Some(without)) = (&other.base, other.without.get(&at)) else {
                continue;
            };
            let is_missed = goal.distance(base.value(goal.metric)) > 0.0;
            let share = self.share_between(at, goal, base, without).unwrap_or(0.0);
            seeds.tried += 1;
            seeds.missed += u32::from(is_missed);
            seeds.held += u32::from(is_missed && share >= CONFIRMED);
        }
        seeds
    }

    /// The results with a remedy under the other seeds, for the requirement that it is offered for.
    pub(super) fn remedy_under_others(&self, at: usize) -> Seeds {
        let mut seeds = Seeds::default();
        let Some(effect) = &self.candidates[at].effect else {
            return seeds;
        };
        let metric = effect.requirement.metric;
        let goal = |goal: &&Goal| goal.metric == metric && goal.bound == effect.bound;
        let Some(goal) = self.goals.iter().find(goal) else {
            return seeds;
        };
        for other in self.others.values() {
            let (Some(base), Some(with)) = (&other.base, other.with.get(&at)) else {
                continue;
            };
            let told = |metric: Metric| effect.worse.iter().any(|worse| worse.metric == metric);
            let worse = with.worse_than(base, &self.goals);
            let is_harm = worse.iter().any(|worse| !told(worse.metric));
            let is_missed = goal.distance(base.value(goal.metric)) > 0.0;
            let helps = with.share(base, goal) >= OFFERED;
            seeds.tried += 1;
            seeds.missed += u32::from(is_missed || is_harm);
            seeds.held += u32::from(is_missed && helps && !is_harm);
        }
        seeds
    }

    /// Whether a remedy helps under most of the seeds that miss the requirement, this seed
    /// included, and makes nothing worse that its effect does not say.
    pub(super) fn is_lasting(&self, at: usize) -> bool {
        let Seeds { missed, held, .. } = self.remedy_under_others(at);
        2 * (held + 1) > missed + 1
    }

    /// Whether the result holds under most of the seeds that miss the goal, this seed included.
    pub(super) fn is_settled(&self, at: usize) -> bool {
        let goals = self.goals.iter();
        let best = goals.max_by(|a, b| self.share(at, a).total_cmp(&self.share(at, b)));
        best.is_none_or(|goal| {
            let Seeds { missed, held, .. } = self.under_others(at, goal);
            2 * (held + 1) > missed + 1
        })
    }
}
