//! The remedies that a finding offers: those that helped, with their effect.

use super::claims::is_claimed;
use super::conclude::{Causes, key};
use super::investigation::Investigation;
use super::remedies::Candidate;
use design::Design;
use report::{Effect, Finding, Remedy, Severity};
use std::collections::BTreeSet;

/// Least share of the distance to a bound that an offered remedy closes.
pub(super) const OFFERED: f64 = 0.2;
/// The same for a remedy that makes another metric worse.
const TRADED: f64 = 0.5;
/// Largest multiple of the present size that is offered without meeting the requirement.
const MUCH: f64 = 4.0;
/// Most remedies of a finding.
const REMEDIES_MAX: usize = 4;

/// Keeps the remedies that help, best first, each once and with its effect.
pub(super) fn offer(
    of: &Investigation,
    by: (&Design, &Causes),
    finding: &mut Finding,
    shown: &mut BTreeSet<String>,
) {
    let mut scores = of.report.requirements.iter();
    let is_unmet = scores.any(|score| crate::is_unmet(&of.report, score));
    if is_unmet || !of.goals.is_empty() {
        finding.remedies = offered(of, by, finding, shown);
    }
    for symptom in &mut finding.symptoms {
        offer(of, by, symptom, shown);
    }
}

fn offered(
    of: &Investigation,
    (design, causes): (&Design, &Causes),
    finding: &Finding,
    shown: &mut BTreeSet<String>,
) -> Vec<Remedy> {
    let cause = causes.get(&key(finding));
    let is_for = |candidate: &Candidate| {
        let is_claimed = candidate
            .causes
            .iter()
            .any(|at| cause == Some(at) || is_claimed(design, finding, &of.interventions[*at]));
        let is_loud = finding.measured && finding.severity != Severity::Note;
        // A remedy that a rule suggests for the design also counts for its measured findings.
        let mut alike = of.found.iter().filter(|other| other.rule == finding.rule);
        let is_of_rule = alike.any(|other| other.remedies.contains(&candidate.remedy));
        finding.remedies.contains(&candidate.remedy) || is_loud && (is_claimed || is_of_rule)
    };
    let helps = of.candidates.iter().enumerate().filter(|(at, c)| {
        let is_new = !shown.contains(&c.family);
        is_new && helps(c) && is_for(c) && of.is_lasting(*at)
    });
    let mut helps: Vec<(&Candidate, Effect)> = helps
        .filter_map(|(at, c)| {
            let seeds = of.remedy_under_others(at);
            let effect = c.effect.clone()?;
            Some((c, Effect { seeds, ..effect }))
        })
        .collect();
    let size = |c: &Candidate| c.size.as_ref().map_or(0.0, |size| size.to);
    helps.sort_by(|(a, of_a), (b, of_b)| better(of_a, of_b).then(size(a).total_cmp(&size(b))));
    let mut families = BTreeSet::new();
    let best = helps
        .into_iter()
        .filter(|(c, _)| families.insert(c.family.clone()));
    let (fair, traded): (Vec<_>, Vec<_>) = best.partition(|(_, effect)| effect.worse.is_empty());
    let is_a_trade = matches!(&*finding.rule, "cap" | "split-brain");
    let traded = traded
        .into_iter()
        .take(match fair.is_empty() && !is_a_trade {
            true => 0,
            false => 1,
        });
    let offered = fair.into_iter().take(REMEDIES_MAX).chain(traded);
    let offered = offered.map(|(candidate, effect)| {
        shown.insert(candidate.family.clone());
        Remedy {
            effect: Some(effect),
            ..candidate.remedy.clone()
        }
    });
    offered.collect()
}

/// Returns whether a remedy does enough under the run's own seed.
fn helps(candidate: &Candidate) -> bool {
    let Some(effect) = &candidate.effect else {
        return false;
    };
    let least = match effect.worse.is_empty() {
        true => OFFERED,
        false => TRADED,
    };
    let size = candidate.size.as_ref();
    let is_large = size.is_some_and(|size| size.to > MUCH * size.now);
    effect.share >= least && (effect.met || !is_large)
}

/// Orders remedies: those that fix all, then those that help, each by cost and then by effect.
fn better(a: &Effect, b: &Effect) -> std::cmp::Ordering {
    let added = |of: &Effect| {
        let change = &of.monthly_cost;
        let (after, before) = (change.after.unwrap_or(0.0), change.before.unwrap_or(0.0));
        ((after - before).max(0.0) / before.max(1.0) * 20.0) as u64
    };
    (!a.worse.is_empty(), !a.fixes, !a.met)
        .cmp(&(!b.worse.is_empty(), !b.fixes, !b.met))
        .then(added(a).cmp(&added(b)))
        .then(b.share.total_cmp(&a.share))
}
