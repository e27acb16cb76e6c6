//! Findings that no rule made: an experiment showed the cause, and what it removed names the
//! pattern.

mod details;
mod felt;
mod happened;
mod patterns;

use super::conclude::CONFIRMED;
use super::interventions::{TRIGGERS, Without};
use super::investigation::{DATA, Investigation};
use super::outcome::Goal;
use crate::facts::{Along, Facts, Span, Walk, field};
use design::Metric;
use felt::{felt, instead};
use happened::{faults_of, happened, of_fault};
use patterns::{UNEXPLAINED, name_of};
use report::{Figure, Finding, Fold, Message, Severity, Unit, message, moment, name, percent};

/// Least utilization of a node that is mentioned.
const BUSY: f64 = 0.5;
/// Most experiments that a finding without a cause lists.
const LISTED: usize = 6;

/// Returns findings for missed requirements that no confirmed finding explains.
pub(super) fn unexplained(
    of: &Investigation,
    facts: &Facts<'_>,
    explained: &[(Metric, u8)],
    told: &[Metric],
) -> Vec<(Finding, Option<usize>)> {
    let mut found: Vec<(Finding, Option<usize>)> = Vec::new();
    let has_cause = explained.iter().any(|(_, tier)| *tier < TRIGGERS);
    for goal in &of.goals {
        let is_missed = of.base.missed().contains(&goal.metric);
        if !is_missed || goal.distance(of.base.value(goal.metric)) == 0.0 {
            continue;
        }
        let by = explained
            .iter()
            .filter(|(metric, _)| *metric == goal.metric);
        let tier = by.map(|(_, tier)| *tier).min().unwrap_or(u8::MAX);
        let is_told = told.contains(&goal.metric);
        let finding = match best(of, facts, goal, (tier, is_told, has_cause)) {
            Some(at) => finding(of, facts, at, goal.metric).map(|finding| (finding, Some(at))),
            None if tier == u8::MAX && !is_told => {
                Some((nothing_helps(of, facts, goal.metric), None))
            }
            None => None,
        };
        let is_new = |finding: &Finding| {
            let mut found = found.iter();
            found.all(|(f, _)| f.rule != finding.rule || f.subjects != finding.subjects)
        };
        if let Some(finding) = finding.filter(|(finding, _)| is_new(finding)) {
            found.push(finding);
        }
    }
    found
}

/// Returns the experiment that explains a missed requirement best. It has to be better than the
/// existing explanations: the best tier of confirmed findings, whether a rule reports anything that
/// was not refuted, and whether the run has a confirmed cause.
fn best(
    of: &Investigation,
    facts: &Facts<'_>,
    goal: &Goal,
    (tier, is_told, has_cause): (u8, bool, bool),
) -> Option<usize> {
    let mut best: Option<((u8, Without), usize, f64)> = None;
    for at in of.answers.keys() {
        let about = &of.interventions[*at];
        let share = of.share(*at, goal);
        let rank = (tier_for(of, about.without, goal), about.without);
        let is_better = best.is_none_or(|(known, _, most)| match rank == known {
            true => share > most,
            false => rank < known,
        });
        // A missing alert explains an undetected fault, and a trigger adds nothing where a rule has
        // already said what happened.
        let is_news = match rank.0 < TRIGGERS {
            _ if goal.metric == Metric::TimeToDetect => !is_told && tier == u8::MAX,
            true => true,
            false => !has_cause && !is_told,
        };
        let is_enough = share >= CONFIRMED && rank.0 < tier;
        if is_news && is_enough && is_better && name_of(facts, about, goal.metric).is_some() {
            best = Some((rank, *at, share));
        }
    }
    best.map(|(_, at, _)| at)
}

/// How much a suspect explains of a goal by itself. A timeout that is fine at the usual load is a
/// sign of somebody else's load, and retries that should not be made at all are not too hasty.
fn tier_for(of: &Investigation, without: Without, goal: &Goal) -> u8 {
    let explains = |is: &dyn Fn(Without) -> bool| {
        let mut all = of.answers.keys();
        all.any(|at| is(of.interventions[*at].without) && of.share(*at, goal) >= CONFIRMED)
    };
    let is_load = |other: Without| other.tier() == Without::Client.tier();
    match without {
        Without::Timeout if explains(&is_load) => TRIGGERS,
        Without::Haste if explains(&|other| other == Without::Retries) => TRIGGERS,
        _ => without.tier(),
    }
}

fn finding(of: &Investigation, facts: &Facts<'_>, at: usize, metric: Metric) -> Option<Finding> {
    let about = &of.interventions[at];
    let (rule, remedy) = name_of(facts, about, metric)?;
    let (what, why) = match (metric, &faults_of(facts, about)[..]) {
        (Metric::TimeToDetect, [fault]) => undetected(of, facts, fault),
        _ => (
            message!(
                "{}, and {}",
                happened(facts, about),
                missed(of, facts, metric)
            ),
            message!(
                "{}{}{}",
                without(of, facts, at, metric),
                details::of(facts, about),
                trigger(of, facts, at, metric)
            ),
        ),
    };
    let finding = Finding::new(rule, about.subjects.iter().cloned())
        .measured(facts.series.as_ref().and_then(|series| series.first_loss()))
        .says(what, why, remedy)
        .endangers(metric)
        .severity(Severity::Error);
    Some(finding)
}

/// Returns the missed requirement, with its value in the run.
fn missed(of: &Investigation, facts: &Facts<'_>, metric: Metric) -> Message {
    felt(facts, metric, of.base.known(metric))
}

/// Says what the experiment showed.
fn without(of: &Investigation, facts: &Facts<'_>, at: usize, metric: Metric) -> Message {
    let outcome = &of.answers[&at].outcome;
    message!(
        "Without {}, on the same seed, {}.{}",
        of.interventions[at].label.clone(),
        instead(facts, metric, outcome.known(metric), of.base.known(metric)),
        match DATA.contains(&metric) {
            true => Message::new(),
            false => busiest(facts, BUSY),
        }
    )
}

/// Returns the fault that triggered it, if that is not the cause itself.
fn trigger(of: &Investigation, facts: &Facts<'_>, at: usize, metric: Metric) -> Message {
    let goal = of.goals.iter().find(|goal| goal.metric == metric);
    let mut all = of.answers.keys();
    let is_it = |other: &&usize| {
        let without = of.interventions[**other].without;
        let is_fault = matches!(without, Without::Fault | Without::ReplicaFault);
        is_fault && goal.is_some_and(|goal| of.share(**other, goal) >= CONFIRMED)
    };
    let is_cause = of.interventions[at].without.tier() < TRIGGERS && !DATA.contains(&metric);
    let fault = all.find(is_it).filter(|_| is_cause);
    let faults = fault.map(|other| faults_of(facts, &of.interventions[*other]));
    match faults.as_deref() {
        Some([fault]) => message!(" Trigger: {}.", of_fault(facts, fault)),
        _ => Message::new(),
    }
}

/// Describes a fault that no alert reported in time.
fn undetected(of: &Investigation, facts: &Facts<'_>, fault: &design::Fault) -> (Message, Message) {
    let incident = facts.report.and_then(|report| {
        let mut incidents = report.operator.incidents.iter();
        incidents
            .find(|incident| incident.target == fault.target && incident.at_s == fault.at.as_s())
    });
    let by = incident.and_then(|incident| {
        let after = incident.detected_after_s?;
        Some((incident.by.as_ref()?, incident.at_s + after))
    });
    let alerts = facts.design.settings.alerts.len();
    let why = match (by, alerts) {
        (Some((alert, at)), _) => {
            message!(
                "The first alert that fired for it was \"{}\", at {}.",
                alert,
                moment(at)
            )
        }
        (None, 0) => "The design has no alert.".into(),
        (None, 1) => "Its only alert did not fire.".into(),
        (None, n) => message!("None of its {} alerts fired.", n),
    };
    let happened = of_fault(facts, fault);
    (
        message!(
            "{}, and {}",
            happened,
            missed(of, facts, Metric::TimeToDetect)
        ),
        why,
    )
}

/// Returns the finding for a missed requirement if no single experiment closes half of the gap.
fn nothing_helps(of: &Investigation, facts: &Facts<'_>, metric: Metric) -> Finding {
    let goal = of.goals.iter().find(|goal| goal.metric == metric);
    let share = |at: usize| goal.map_or(0.0, |goal| of.share(at, goal));
    let mut answers: Vec<usize> = of.answers.keys().copied().collect();
    answers.sort_by(|a, b| share(*b).total_cmp(&share(*a)));
    let labels = answers.iter().map(|at| of.interventions[*at].label.clone());
    let mut tried: Vec<Message> = labels.collect();
    let list = match tried.len() {
        0 => "No experiment could be made.".into(),
        all => {
            tried.truncate(LISTED);
            if all > LISTED {
                tried.push(message!("and {} more", all - LISTED));
            }
            message!(
                "Each of these was removed alone, on the same seed, and none closed half of the \
                 gap to the requirement: {}.",
                Message::join(tried, "; ")
            )
        }
    };
    let (nodes, aside, remedy) = match metric {
        Metric::MonthlyCost => {
            let (id, aside) = dearest(facts).unzip();
            let remedy = "Start with the node that costs most.";
            (id, aside.unwrap_or_default(), remedy)
        }
        _ => match walk(facts, metric) {
            Some(walk) => (
                Some(walk.end().to_owned()),
                walk.text(facts),
                "Start where these calls failed or waited.",
            ),
            None => (
                busy_nodes(facts).first().map(|(id, _)| (*id).to_owned()),
                busiest(facts, 0.0),
                "Start with the busiest node and its callees.",
            ),
        },
    };
    Finding::new(UNEXPLAINED, nodes)
        .measured(facts.series.as_ref().and_then(|series| series.first_loss()))
        .says(
            message!("No single cause explains why {}", missed(of, facts, metric)),
            message!("{}{}", list, aside),
            remedy,
        )
        .endangers(metric)
        .severity(Severity::Error)
}

/// Returns where the requests failed or waited that missed a requirement.
fn walk<'a>(facts: &Facts<'a>, metric: Metric) -> Option<Walk<'a>> {
    let along = match metric {
        metric if DATA.contains(&metric) => return None,
        metric if metric.is_duration() => Along::Time,
        _ => Along::Failures,
    };
    Walk::new(facts, bad_time(facts)?, along)
}

/// Returns the node that costs most, and what it costs.
fn dearest(facts: &Facts<'_>) -> Option<(String, Message)> {
    let cost = &facts.report?.cost;
    let (id, dollars) = cost.by_node.iter().max_by(|a, b| a.1.total_cmp(b.1))?;
    let dollars =
        Figure::new(*dollars, Unit::Dollars).of(report::Field::at(["cost", "by_node", id]));
    let all = Figure::new(cost.monthly, Unit::Dollars).of(field::of("cost.monthly"));
    let aside = message!(" {} costs {} of the {} a month.", name(id), dollars, all);
    Some((id.clone(), aside))
}

/// Returns when users were first served badly, or the whole run.
fn bad_time(facts: &Facts<'_>) -> Option<Span> {
    let series = facts.series.as_ref()?;
    Some(series.losses.first().copied().unwrap_or(series.whole()))
}

/// Returns the utilization of each node in that time.
fn busy_nodes<'a>(facts: &Facts<'a>) -> Vec<(&'a str, f64)> {
    let (Some(series), Some(span)) = (&facts.series, bad_time(facts)) else {
        return Vec::new();
    };
    let nodes = facts.design.nodes.iter();
    let mut busy: Vec<(&str, f64)> = nodes
        .filter_map(|node| {
            let windows = series.node(&node.id)?;
            let held = series.between(&windows.utilization, windows.width_s, span);
            let held: Vec<f64> = held.iter().flatten().copied().collect();
            let mean = held.iter().sum::<f64>() / held.len() as f64;
            (!held.is_empty()).then_some((node.id.as_str(), mean))
        })
        .collect();
    busy.sort_by(|a, b| b.1.total_cmp(&a.1));
    busy
}

/// Names the busiest node, if it is at least this busy, and the next one.
fn busiest(facts: &Facts<'_>, least: f64) -> Message {
    let Some(span) = bad_time(facts) else {
        return Message::new();
    };
    let share = |id: &str, busy: f64| {
        percent(busy).of(field::node_over(id, "utilization", Fold::Mean, span))
    };
    let (from, until) = (moment(span.from_s), moment(span.until_s));
    match busy_nodes(facts)[..] {
        [(id, busy)] if busy >= least => message!(
            " From {} to {}, {} was {} busy.",
            from,
            until,
            name(id),
            share(id, busy)
        ),
        [(id, busy), (other, less), ..] if busy >= least => message!(
            " From {} to {}, {} was {} busy, and {} {}.",
            from,
            until,
            name(id),
            share(id, busy),
            name(other),
            share(other, less)
        ),
        _ => Message::new(),
    }
}

#[cfg(test)]
mod tests;
