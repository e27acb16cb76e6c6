//! Experiments without two suspects, for requirements that removing the first cause does not meet.

use super::claims::is_claimed;
use super::conclude::{CONFIRMED, CONTRIBUTES};
use super::interventions::Intervention;
use super::investigation::{Investigation, Purpose};
use super::outcome::{Goal, Outcome};
use design::Command;
use report::{Severity, message};

/// Most suspects that are removed in addition to the first cause.
const BESIDE_MAX: usize = 6;

impl Investigation {
    /// Plans runs without the first cause and one more suspect that a finding names and that had no
    /// effect alone.
    pub(super) fn plan_pairs(&mut self) {
        let Some(first) = self.causes().first().copied() else {
            return;
        };
        let left = self.left(first);
        if left.is_empty() || !self.course.edits.is_empty() {
            return;
        }
        let is_beside = |at: &usize| {
            let other = &self.interventions[*at];
            let mut loud = (self.found.iter())
                .filter(|found| found.measured && found.severity != Severity::Note);
            *at != first
                && self.best_share(*at) < CONTRIBUTES
                && left.iter().any(|goal| other.without.bears_on(goal.metric))
                && loud.any(|finding| is_claimed(self.course.design(), finding, other))
        };
        let beside: Vec<usize> = self.answers.keys().copied().filter(is_beside).collect();
        for at in beside.into_iter().take(BESIDE_MAX.min(self.allowed())) {
            let Some(pair) = pair(&self.interventions[first], &self.interventions[at]) else {
                continue;
            };
            let course = self.course.without(&pair, &self.report);
            self.interventions.push(pair);
            self.beside.insert(self.interventions.len() - 1, first);
            self.plan(Purpose::Intervention(self.interventions.len() - 1), course);
        }
    }

    /// Returns the goals that are missed without a suspect too.
    pub(super) fn left(&self, first: usize) -> Vec<Goal> {
        let without = &self.answers[&first].outcome;
        let is_left = |goal: &Goal| goal.distance(without.value(goal.metric)) > 0.0;
        self.missed().into_iter().filter(is_left).collect()
    }

    /// Returns whether an experiment has one suspect, or removing its second suspect closes half of
    /// the gap that the first leaves.
    pub(super) fn adds(&self, at: usize, outcome: &Outcome) -> bool {
        self.beside.get(&at).is_none_or(|first| {
            let before = &self.answers[first].outcome;
            let mut left = self.left(*first).into_iter();
            left.any(|goal| outcome.share(before, &goal) >= CONFIRMED)
        })
    }
}

/// Returns an intervention that removes both, unless both remove faults: removing one fault shifts
/// the positions of the others.
fn pair(first: &Intervention, other: &Intervention) -> Option<Intervention> {
    let is_fault = |edit: &Command| matches!(edit, Command::RemoveFault(_));
    let has_fault = |of: &Intervention| of.edits.iter().any(is_fault);
    let edits = first.edits.iter().chain(&other.edits).cloned();
    (!has_fault(first) || !has_fault(other)).then(|| Intervention {
        without: other.without,
        subjects: other.subjects.clone(),
        label: message!("{} and {}", first.label.clone(), other.label.clone()),
        edits: edits.collect(),
    })
}
