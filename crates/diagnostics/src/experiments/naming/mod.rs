//! Findings that no rule made: an experiment showed what the cause is, and what was taken away in
//! it says what the pattern is called.

mod patterns;

use super::conclude::CONFIRMED;
use super::interventions::{Intervention, TRIGGERS, Without};
use super::investigation::Investigation;
use super::outcome::Goal;
use crate::facts::Facts;
use design::Metric;
use patterns::{UNEXPLAINED, name_of};
use report::{
    Figure, Finding, Message, Severity, figure, link_name, message, name, percent, time, zone_name,
};

/// Findings for missed requirements that no confirmed finding explains.
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

/// The best explanation of a missed requirement that an experiment gives. It has to be better than
/// what findings explain it by already: the tier of the best of these, whether a rule says anything
/// of it that was not refuted, and whether the run has any confirmed cause.
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
        let rank = (about.without.tier(), about.without);
        let is_better = best.is_none_or(|(known, _, most)| match rank == known {
            true => share > most,
            false => rank < known,
        });
        // A fault that nobody is told of is explained by whatever says so, and what set it off is
        // no news where a rule has said what it did.
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

fn finding(of: &Investigation, facts: &Facts<'_>, at: usize, metric: Metric) -> Option<Finding> {
    let about = &of.interventions[at];
    let (rule, remedy) = name_of(facts, about, metric)?;
    let outcome = &of.answers[&at].outcome;
    let (before, after) = (of.base.value(metric), outcome.value(metric));
    let why = message!(
        "On the same requests without {}, {} is {}; with it, {}. {}",
        about.label.clone(),
        words_of(metric),
        shown(metric, after),
        shown(metric, before),
        busiest(facts)
    );
    let finding = Finding::new(rule, about.subjects.iter().cloned())
        .measured(facts.series.as_ref().and_then(|series| series.first_loss()))
        .says(
            message!("{}: {}", title(facts, about), about.label.clone()),
            why,
            remedy,
        )
        .endangers(metric)
        .severity(Severity::Error);
    Some(finding)
}

/// The first of its subjects, as a name; nothing where it is about everything.
fn title(facts: &Facts<'_>, about: &Intervention) -> Message {
    match about.subjects.first() {
        Some(id) if facts.graph.node(id).is_some() => name(id).into(),
        Some(id) if facts.design.link(id).is_some() => link_name(id).into(),
        Some(id) => zone_name(id).into(),
        None => "All of it".into(),
    }
}

/// What is said where no single experiment changes a missed requirement by half.
fn nothing_helps(of: &Investigation, facts: &Facts<'_>, metric: Metric) -> Finding {
    let mut tried: Vec<Message> = Vec::new();
    for at in of.answers.keys() {
        let label = &of.interventions[*at].label;
        if !tried.contains(label) {
            tried.push(label.clone());
        }
    }
    let list = match tried.is_empty() {
        true => message!("No experiment could be made."),
        false => message!(
            "Each of these was taken away alone, on the same requests: {}. None of them was half \
             of the distance to the bound.",
            Message::join(tried, ", ")
        ),
    };
    let nodes = match metric {
        Metric::MonthlyCost => dearest(facts),
        _ => busy_nodes(facts).first().map(|(id, _)| (*id).to_owned()),
    };
    Finding::new(UNEXPLAINED, nodes)
        .measured(facts.series.as_ref().and_then(|series| series.first_loss()))
        .says(
            message!("No single cause explains the missed {}", words_of(metric)),
            message!("{} {}", list, busiest(facts)),
            "Begin with the busiest node, and with what it waits for.",
        )
        .endangers(metric)
        .severity(Severity::Error)
}

/// The node that costs most.
fn dearest(facts: &Facts<'_>) -> Option<String> {
    let costs = facts.report?.cost.by_node.iter();
    let dearest = costs.max_by(|a, b| a.1.total_cmp(b.1))?;
    Some(dearest.0.clone())
}

/// How busy each node was while users were served badly, or in the whole run.
fn busy_nodes<'a>(facts: &Facts<'a>) -> Vec<(&'a str, f64)> {
    let Some(series) = &facts.series else {
        return Vec::new();
    };
    let span = series.losses.first().copied().unwrap_or(series.whole());
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

/// Where the time goes: the busiest node and the next.
fn busiest(facts: &Facts<'_>) -> Message {
    match busy_nodes(facts)[..] {
        [] => Message::new(),
        [(id, busy)] => message!("Meanwhile {} was {} busy.", name(id), percent(busy)),
        [(id, busy), (other, less), ..] => message!(
            "Meanwhile {} was {} busy, and {} {}.",
            name(id),
            percent(busy),
            name(other),
            percent(less)
        ),
    }
}

fn words_of(metric: Metric) -> String {
    metric.name().replace('_', " ")
}

/// A metric's value with its unit.
fn shown(metric: Metric, value: f64) -> Figure {
    match metric {
        Metric::Availability => percent(value),
        metric if metric.is_duration() => time(value / 1e3),
        _ => figure(value),
    }
}
