//! What the experiments come to.

use super::claims::claims;
use super::effect::{Change, Experiment, Standing};
use super::investigation::Investigation;
use crate::finding::{Finding, Severity};
use crate::rank;
use design::Design;

/// Share of the harm that has to go with a suspect for it to be the cause, and for it to be a part.
pub(super) const CONFIRMED: f64 = 0.5;
pub(super) const CONTRIBUTES: f64 = 0.1;
/// Least share of the distance to a bound that an offered remedy takes away.
const OFFERED: f64 = 0.2;

/// Findings in order.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Conclusion {
    /// Causes first, with what they explain below them.
    pub findings: Vec<Finding>,
    /// Findings whose claim an experiment refuted.
    pub ruled_out: Vec<Finding>,
    /// Every experiment on a cause, by what was taken away.
    pub tried: Vec<Experiment>,
}

pub(super) fn conclude(of: &Investigation, design: &Design) -> Conclusion {
    let facts = super::investigation::facts(design, &of.report);
    let mut findings = of.found.clone();
    for finding in &mut findings {
        stand(of, finding);
        offer(of, finding);
    }
    let is_out = |finding: &Finding| {
        finding.standing == Standing::RuledOut && finding.severity != Severity::Note
    };
    let (ruled_out, findings) = findings.into_iter().partition(is_out);
    let tried = of.answers.keys().map(|at| experiment(of, *at)).collect();
    Conclusion {
        findings: rank::hang(&facts, findings),
        ruled_out,
        tried,
    }
}

/// An experiment, by the requirement that it brought nearest.
fn experiment(of: &Investigation, at: usize) -> Experiment {
    let outcome = &of.answers[&at].outcome;
    let shares = of.goals.iter().map(|goal| (goal, outcome.share(&of.base, goal)));
    let best = shares.reduce(|best, next| match next.1 > best.1 {
        true => next,
        false => best,
    });
    let (goal, share) = best.expect("nothing is tried without a goal");
    let about = &of.interventions[at];
    Experiment {
        without: format!("{:?} {}: {}", about.without, about.subjects.join(","), about.label),
        requirement: Change {
            metric: goal.metric.name(),
            before: of.base.value(goal.metric),
            after: outcome.value(goal.metric),
        },
        share,
        curve: outcome.curve.clone(),
    }
}

/// Tries a finding's claim against the experiments.
fn stand(of: &Investigation, finding: &mut Finding) {
    if !finding.measured || of.goals.is_empty() {
        return;
    }
    let claims = claims(finding);
    let tried = (of.answers.keys().copied())
        .filter(|at| claims.contains(&of.interventions[*at].without));
    let mut experiments: Vec<Experiment> = tried.map(|at| experiment(of, at)).collect();
    experiments.sort_by(|a, b| b.share.total_cmp(&a.share));
    experiments.truncate(3);
    finding.standing = match experiments.first() {
        None if of.is_done() || claims.is_empty() => Standing::Untested,
        None => Standing::Suspected,
        Some(best) if best.share >= CONFIRMED => Standing::Confirmed,
        Some(best) if best.share >= CONTRIBUTES => Standing::Contributes,
        Some(_) => Standing::RuledOut,
    };
    finding.experiments = experiments;
}

/// Keeps the remedies that help, best first, each with its effect.
fn offer(of: &Investigation, finding: &mut Finding) {
    if of.goals.is_empty() {
        return;
    }
    let mut offered = Vec::new();
    for candidate in &of.candidates {
        let is_own = finding.remedies.contains(&candidate.remedy);
        let Some(effect) = candidate.effect.clone().filter(|_| is_own) else {
            continue;
        };
        if effect.share >= OFFERED {
            let mut remedy = candidate.remedy.clone();
            remedy.effect = Some(effect);
            offered.push(remedy);
        }
    }
    let order = |remedy: &crate::finding::Remedy| {
        let effect = remedy.effect.as_ref();
        effect.map_or((true, true, 0.0, 0.0), |effect| {
            let added = effect.monthly_cost.after - effect.monthly_cost.before;
            (!effect.worse.is_empty(), !effect.met, added.max(0.0), -effect.share)
        })
    };
    offered.sort_by(|a, b| {
        let (a, b) = (order(a), order(b));
        (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)).then(a.3.total_cmp(&b.3))
    });
    finding.remedies = offered;
}
