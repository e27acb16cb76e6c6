//! The conclusion from experiments: which findings are confirmed, their order, and their fixes.

use super::claims::is_claimed;
use super::interventions::{CAPACITY, TRIGGERS, Without};
use super::investigation::{DATA, Investigation};
use super::naming;
use super::offers::offer;
use crate::facts::Facts;
use crate::{rank, rules};
use design::{Command, Design, Metric};
use report::{Change, Conclusion, Effect, Experiment, Finding, Severity, Standing};
use std::collections::{BTreeMap, BTreeSet};

/// Least share of the harm that disappears without a suspect, for a cause and for a contribution.
pub(super) const CONFIRMED: f64 = 0.5;
pub(super) const CONTRIBUTES: f64 = 0.1;
/// Least share of the harm that counts as all of it.
const ALL: f64 = 0.98;
/// Most experiments that a finding lists.
const EXPERIMENTS_MAX: usize = 3;

/// The experiments behind the findings that no rule made.
pub(super) type Causes = BTreeMap<(String, Vec<String>), usize>;

pub(super) fn key(finding: &Finding) -> (String, Vec<String>) {
    (finding.rule.to_string(), finding.subjects.clone())
}

/// A finding, with the verdict of the experiments.
struct Judged {
    finding: Finding,
    /// Experiments that test its claim, the strongest first.
    tried: Vec<usize>,
    /// How good an explanation it is: the tier of the suspect that confirms it.
    tier: u8,
    /// Mean share of the harm that disappears with it.
    share: f64,
    /// The experiment that it comes from, if no rule made it.
    cause: Option<usize>,
}

pub(super) fn conclude(of: &Investigation, design: &Design) -> Conclusion {
    let facts = super::investigation::facts(design, &of.report);
    let mut judged: Vec<Judged> = of
        .found
        .iter()
        .map(|f| judge(of, design, f.clone(), None))
        .collect();
    if of.is_tried() && !of.goals.is_empty() {
        let explained = explained(of, &judged);
        let told = told(&judged);
        let more = naming::unexplained(of, &facts, &explained, &told);
        let is_allowed = |finding: &Finding| {
            let mut allowed = design.settings.allow.iter();
            allowed.any(|allowance| allowance.rule == finding.rule)
        };
        let more = more.into_iter().filter(|(finding, _)| !is_allowed(finding));
        judged.extend(more.map(|(finding, cause)| judge(of, design, finding, cause)));
    }
    let is_out = |judged: &Judged| {
        judged.finding.standing == Standing::RuledOut && judged.finding.severity != Severity::Note
    };
    let (out, mut kept): (Vec<Judged>, Vec<Judged>) = judged.into_iter().partition(is_out);
    let has_cause = kept
        .iter()
        .any(|judged| judged.finding.standing == Standing::Confirmed);
    for judged in kept
        .iter_mut()
        .filter(|judged| has_cause && !judged.finding.measured)
    {
        // It could happen, but is no part of what happened in this run.
        judged.finding.severity = Severity::Note;
    }
    kept.sort_by_key(order);
    let causes: Causes = (kept.iter())
        .filter_map(|judged| Some((key(&judged.finding), judged.cause?)))
        .collect();
    let mut findings = nest(of, &facts, kept);
    let mut shown = BTreeSet::new();
    for finding in &mut findings {
        offer(of, (design, &causes), finding, &mut shown);
    }
    let tried = of.answers.keys().map(|at| experiment(of, *at)).collect();
    Conclusion {
        findings,
        ruled_out: out.into_iter().map(|judged| judged.finding).collect(),
        tried,
        curve: of.base.curve.clone(),
    }
}

/// Returns the missed metrics that a confirmed finding explains, each with its tier.
fn explained(of: &Investigation, judged: &[Judged]) -> Vec<(Metric, u8)> {
    let mut explained = Vec::new();
    let confirmed = judged.iter().filter(|j| {
        j.finding.standing == Standing::Confirmed && j.finding.severity != Severity::Note
    });
    for judged in confirmed {
        for goal in &of.goals {
            let by_claim = judged
                .tried
                .iter()
                .any(|at| of.share(*at, goal) >= CONFIRMED);
            let by_remedy = judged.tried.is_empty()
                && of.candidates.iter().any(|candidate| {
                    judged.finding.remedies.contains(&candidate.remedy)
                        && candidate.effect.as_ref().is_some_and(|effect| {
                            effect.requirement.metric == goal.metric
                                || effect.better.iter().any(|b| b.metric == goal.metric)
                        })
                });
            if by_claim || by_remedy {
                explained.push((goal.metric, judged.tier));
            }
        }
    }
    explained
}

/// Returns the metrics of findings that were not ruled out: they explain at least a part.
fn told(judged: &[Judged]) -> Vec<Metric> {
    let loud = judged.iter().filter(|judged| {
        let finding = &judged.finding;
        finding.measured
            && finding.severity != Severity::Note
            && finding.standing != Standing::RuledOut
            && judged.tier != CAPACITY
    });
    loud.filter_map(|judged| judged.finding.requirement)
        .collect()
}

/// Returns the sort key: a lower one is closer to the top.
fn order(judged: &Judged) -> (bool, u8, bool, u8, u8, u8, usize, u64) {
    let finding = &judged.finding;
    let is_quiet = finding.severity == Severity::Note;
    let standing = match finding.standing {
        Standing::Confirmed => 0,
        Standing::Untested | Standing::Suspected => 1,
        Standing::Contributes => 2,
        Standing::RuledOut => 3,
    };
    let effect = match judged.share {
        share if share >= ALL => 0,
        share if share >= 0.75 => 1,
        share if share >= CONFIRMED => 2,
        _ => 3,
    };
    let severity = match finding.severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Note => 2,
    };
    let onset = finding.onset_s.map_or(u64::MAX, |s| (s * 10.0) as u64);
    let depth = rules::depth(&finding.rule);
    match of_experiments(finding) {
        true => (
            is_quiet,
            standing,
            judged.tier >= CAPACITY,
            effect,
            judged.tier,
            severity,
            depth,
            onset,
        ),
        false => (is_quiet, 1, false, 4, 9, severity, depth, onset),
    }
}

fn of_experiments(finding: &Finding) -> bool {
    finding.measured && finding.standing != Standing::Untested
}

/// Moves each finding below the cause that explains it: the finding disappears without that cause,
/// or its rule is known to follow from the cause's rule.
fn nest(of: &Investigation, facts: &Facts<'_>, judged: Vec<Judged>) -> Vec<Finding> {
    let mut top: Vec<(Judged, Vec<Finding>)> = Vec::new();
    let mut apart = Vec::new();
    for next in judged {
        let cause = top.iter().position(|(cause, _)| {
            let is_cause = cause.finding.standing == Standing::Confirmed
                && next.finding.measured
                && next.finding.severity != Severity::Note;
            let best = cause.tried.first().filter(|_| is_cause);
            best.is_some_and(|at| is_part(cause, &next) || is_gone(of, *at, &next))
        });
        match cause {
            Some(at) if is_event_beside(of, &top[at].0, &next) => apart.push(next.finding),
            Some(at) => top[at].1.push(next.finding),
            None => top.push((next, Vec::new())),
        }
    }
    let findings = top.into_iter().map(|(judged, mut symptoms)| {
        let mut finding = judged.finding;
        finding.symptoms.append(&mut symptoms);
        finding
    });
    let mut findings = rank::nest(facts, findings.collect());
    let second = findings.len().min(1);
    findings.splice(second..second, apart);
    findings
}

/// The largest sum of the shares of two independent parts of the harm.
const TOGETHER: f64 = 1.1;

/// Returns whether a contributing finding is part of a cause. It is not if the two shares add up to
/// no more than the whole harm: each then explains its own part.
fn is_part(cause: &Judged, next: &Judged) -> bool {
    let is_part = next.finding.standing == Standing::Contributes;
    is_part && cause.share + next.share > TOGETHER
}

/// Returns whether a finding disappears without the cause, or most of the wrong data it is about.
fn is_gone(of: &Investigation, at: usize, next: &Judged) -> bool {
    let finding = &next.finding;
    let subject = finding.subjects.first().cloned().unwrap_or_default();
    let key = (finding.rule.to_string(), subject);
    let answer = &of.answers[&at];
    let data = finding.requirement.filter(|metric| {
        let bears = of.interventions[at].without.bears_on(*metric);
        DATA.contains(metric) && bears && finding.standing == Standing::Untested
    });
    let is_rarer = data.is_some_and(|metric| {
        answer.outcome.value(metric) <= (1.0 - CONFIRMED) * of.base.value(metric)
    });
    is_rarer || !answer.firing.contains(&key)
}

/// Returns whether a change of load and a fault did all of the harm together: neither would have
/// alone.
fn is_event_beside(of: &Investigation, cause: &Judged, next: &Judged) -> bool {
    let first = |judged: &Judged| judged.tried.first().map(|at| &of.interventions[*at]);
    let is_fault = |edit: &Command| matches!(edit, Command::RemoveFault(_));
    let by_fault = first(cause).is_some_and(|by| by.edits.iter().any(is_fault));
    let by_load = next.tried.iter().any(|at| {
        let is_change = of.interventions[*at].without == Without::LoadChange;
        is_change && of.best_share(*at) >= ALL
    });
    by_fault && by_load && next.finding.standing == Standing::Confirmed
}

/// Describes an experiment, by the requirement that it brought closest to its bound.
fn experiment(of: &Investigation, at: usize) -> Experiment {
    let outcome = &of.answers[&at].outcome;
    let left = of.beside.get(&at).map(|first| of.left(*first));
    let goals = left.as_ref().unwrap_or(&of.goals).iter();
    let shares = goals.map(|goal| (goal, of.share(at, goal)));
    let best = shares.reduce(|best, next| match next.1 > best.1 {
        true => next,
        false => best,
    });
    let (goal, share) = best.expect("experiments need a goal");
    let about = &of.interventions[at];
    Experiment {
        without: about.label.clone(),
        subjects: about.subjects.clone(),
        requirement: Change {
            metric: goal.metric,
            before: of.base.known(goal.metric),
            after: outcome.known(goal.metric),
        },
        share,
        seeds: of.under_others(at, goal),
        curve: outcome.curve.clone(),
    }
}

/// Tests a finding's claim against the experiments.
fn judge(
    of: &Investigation,
    design: &Design,
    mut finding: Finding,
    cause: Option<usize>,
) -> Judged {
    let tried = match cause {
        Some(at) => vec![at],
        None if is_of_run(of, &finding) => claimed(of, design, &finding),
        None => Vec::new(),
    };
    let (standing, tier, share) = match is_of_run(of, &finding) {
        true => match stand(of, design, &finding, &tried) {
            (Standing::Confirmed, tier, share) => (Standing::Confirmed, tier, share),
            (_, tier, share) if of.is_awaited(&finding) => (Standing::Suspected, tier, share),
            stands => stands,
        },
        false => (Standing::Untested, 9, 0.0),
    };
    finding.standing = standing;
    let told = tried.iter().take(EXPERIMENTS_MAX);
    finding.experiments = told.map(|at| experiment(of, *at)).collect();
    if standing == Standing::Confirmed && finding.severity == Severity::Warning {
        let best = finding.experiments.first();
        let metric = best.map(|best| best.requirement.metric);
        if let Some(metric) = metric.filter(|metric| of.base.missed().contains(metric)) {
            finding.requirement = Some(metric);
            finding.severity = Severity::Error;
        }
    }
    Judged {
        finding,
        tried,
        tier,
        share,
        cause,
    }
}

/// Returns the experiments that test a finding's claim, the strongest first.
fn claimed(of: &Investigation, design: &Design, finding: &Finding) -> Vec<usize> {
    let without = |at: usize| of.interventions[at].without;
    let is_fault = |at: usize| matches!(without(at), Without::Fault | Without::ReplicaFault);
    let mut all = of.answers.keys();
    let has_fault = all.any(|at| is_fault(*at) && of.best_share(*at) >= CONFIRMED);
    let answers = of.answers.keys().copied();
    let mut tried: Vec<usize> = answers
        // An operation that a fault made slow is not the cause.
        .filter(|at| !has_fault || without(*at) != Without::Operation)
        .filter(|at| is_claimed(design, finding, &of.interventions[*at]))
        .collect();
    tried.sort_by(|a, b| {
        let tier = |at: &usize| of.interventions[*at].without.tier();
        (of.best_share(*b).total_cmp(&of.best_share(*a))).then(tier(a).cmp(&tier(b)))
    });
    tried
}

/// Returns the standing of a finding, its tier, and its share of the harm.
fn stand(
    of: &Investigation,
    design: &Design,
    finding: &Finding,
    tried: &[usize],
) -> (Standing, u8, f64) {
    let own = own_effect(of, finding).filter(|effect| effect.share >= CONFIRMED);
    let Some(best) = tried.first() else {
        let mut known = of.interventions.iter();
        return match own {
            // A remedy that helps is weaker evidence than a finding that disappears without the
            // cause.
            Some(effect) => (Standing::Confirmed, TRIGGERS, 0.9 * effect.share),
            // The run shows no sign of what the finding claims.
            None if known.any(|by| is_claimed(design, finding, by)) => (Standing::RuledOut, 9, 0.0),
            None => (Standing::Untested, 9, 0.0),
        };
    };
    let standing = match (of.best_share(*best), own) {
        (share, _) if share >= CONFIRMED && of.is_settled(*best) => Standing::Confirmed,
        (share, _) if share >= CONTRIBUTES => Standing::Contributes,
        (_, Some(_)) => Standing::Contributes,
        (_, None) => Standing::RuledOut,
    };
    (standing, tier_of(of, finding, *best), of.mean_share(*best))
}

/// Returns how good an explanation a finding is. What keeps a system down explains more than that
/// it stays down, and an unhealthy replica more than a load balancer that does not see it.
fn tier_of(of: &Investigation, finding: &Finding, best: usize) -> u8 {
    let tier = of.interventions[best].without.tier();
    let is_one_replica = of.answers.keys().any(|at| {
        of.interventions[*at].without == Without::ReplicaFault && of.best_share(*at) >= CONFIRMED
    });
    match &*finding.rule {
        "metastable-failure" if amplification(of) >= STORM => 2,
        "metastable-failure" => tier.max(1),
        "load-balancer-blind" if is_one_replica => TRIGGERS,
        _ => tier,
    }
}

/// Attempts per call from which retries are what keeps a system down.
const STORM: f64 = 5.0;

/// Returns the most attempts per call over any link.
fn amplification(of: &Investigation) -> f64 {
    let links = of.report.links.values();
    links
        .map(|link| link.attempts as f64 / link.calls.max(1) as f64)
        .fold(0.0, f64::max)
}

/// Returns whether a finding is about this run, and experiments were made.
fn is_of_run(of: &Investigation, finding: &Finding) -> bool {
    finding.measured && !of.goals.is_empty()
}

/// Returns the best effect of a remedy that the rule itself suggests.
fn own_effect<'a>(of: &'a Investigation, finding: &Finding) -> Option<&'a Effect> {
    let own = of
        .candidates
        .iter()
        .filter(|c| finding.remedies.contains(&c.remedy));
    let effects = own.filter_map(|candidate| candidate.effect.as_ref());
    effects.max_by(|a, b| a.share.total_cmp(&b.share))
}
