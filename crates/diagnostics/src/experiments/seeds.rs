//! Tests under two more seeds whether a cause holds: the design is run with and without it.

use super::conclude::{CONFIRMED, conclude};
use super::investigation::{Investigation, Purpose};
use super::outcome::{Goal, Outcome};
use report::{Finding, Seeds, Standing};
use std::collections::BTreeMap;

/// Number of other seeds.
const OTHERS: u64 = 2;
/// Most causes that are tested under them.
const SUSPECTS_MAX: usize = 3;

/// Outcomes of the runs under one other seed.
#[derive(Clone, Debug, Default)]
pub(super) struct Other {
    /// With the cause.
    pub(super) base: Option<Outcome>,
    /// Without a cause, by the number of its intervention.
    pub(super) without: BTreeMap<usize, Outcome>,
}

impl Investigation {
    /// Plans the runs under other seeds.
    pub(super) fn plan_seeds(&mut self) {
        let suspects = self.causes();
        let each = 1 + suspects.len();
        // Each comparison needs both runs, so a seed is tested with all of its runs or not at all.
        let seeds = (self.allowed() / each).min(OTHERS as usize) as u64;
        if suspects.is_empty() {
            return;
        }
        for nth in 1..=seeds {
            let course = self.course.clone();
            self.plan(Purpose::Seed(nth, None), Some(course.under(nth)));
            for at in &suspects {
                let without = self.course.without(&self.interventions[*at], &self.report);
                let without = without.map(|course| course.under(nth));
                self.plan(Purpose::Seed(nth, Some(*at)), without);
            }
        }
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
