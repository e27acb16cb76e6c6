//! The order of findings: causes first. A finding that another explains goes below it. The others
//! are sorted by severity, by how close they are to a root cause, and by onset.

use crate::facts::{FELT, Facts};
use crate::rules;
use report::{Finding, Message, Severity, Step};
use std::collections::BTreeSet;

/// Most findings at the top, and below each of them.
const TOP_MAX: usize = 24;
const BELOW_MAX: usize = 12;
/// Most findings of one rule.
const OF_RULE_MAX: usize = 4;
/// Most steps of a chain of events.
const CHAIN_MAX: usize = 8;
/// Most nodes and links that are checked to see whether remedies apply.
const CHECKS: usize = 20_000;
/// Longest time before the onset of a finding that its chain of events covers, in seconds.
const CHAIN_S: f64 = 60.0;

/// Sorts findings and sets their severity and their chain of events.
pub(crate) fn rank(facts: &Facts<'_>, mut findings: Vec<Finding>) -> Vec<Finding> {
    drop_repeated(&mut findings);
    for finding in &mut findings {
        weigh(facts, finding);
        if finding.measured && finding.chain.is_empty() {
            finding.chain = chain(facts, finding);
        }
    }
    findings.sort_by_key(order);
    let mut checks = CHECKS / (facts.design.nodes.len() + facts.design.links.len()).max(1);
    for finding in &mut findings {
        keep_fitting(facts, finding, &mut checks);
    }
    findings
}

/// Removes remedies that do not apply to the design, for example because the new value contradicts
/// another field. Once the checks are used up, the remaining remedies are removed as well.
fn keep_fitting(facts: &Facts<'_>, finding: &mut Finding, checks: &mut usize) {
    finding.remedies.retain(|remedy| {
        *checks = checks.saturating_sub(1);
        let mut design = facts.design.clone();
        let is_applied = *checks > 0 && design.apply(remedy.command()).is_ok();
        is_applied && design != *facts.design && design.problems().is_empty()
    });
    for symptom in &mut finding.symptoms {
        keep_fitting(facts, symptom, checks);
    }
}

/// Removes structural findings of rules that the run confirms, and limits the findings of one rule.
fn drop_repeated(findings: &mut Vec<Finding>) {
    let shown: BTreeSet<String> = (findings.iter())
        .filter(|finding| finding.measured)
        .map(|finding| finding.rule.to_string())
        .collect();
    findings.retain(|finding| finding.measured || !shown.contains(&*finding.rule));
    let mut counts: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    findings.retain(|finding| {
        let count = counts.entry(finding.rule.to_string()).or_default();
        *count += 1;
        *count <= OF_RULE_MAX
    });
}

/// Adjusts the severity of a measured finding. A warning becomes an error if the run missed the
/// requirement that it endangers. It becomes a note if all requirements on what users experience
/// were met.
fn weigh(facts: &Facts<'_>, finding: &mut Finding) {
    let is_of_users = finding
        .requirement
        .is_some_and(|metric| FELT.contains(&metric));
    let is_stuck = facts
        .report
        .is_some_and(|report| report.metastable.is_some());
    if finding.measured
        && is_of_users
        && facts.requires(&FELT)
        && facts.missed_by_users().is_none()
        && !is_stuck
    {
        finding.severity = Severity::Note;
        return;
    }
    if !finding.measured || finding.severity != Severity::Warning {
        return;
    }
    let Some(metric) = finding.requirement else {
        return;
    };
    let is_missed = facts.report.is_some_and(|report| {
        let mut scores = report.requirements.iter();
        scores.any(|score| score.metric == metric && crate::is_unmet(report, score))
    });
    if is_missed {
        finding.severity = Severity::Error;
    }
}

/// Returns the sort key: a lower one is closer to the top.
fn order(finding: &Finding) -> (u8, u8, usize, u64) {
    let severity = match finding.severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Note => 2,
    };
    let onset = finding.onset_s.map_or(u64::MAX, |s| (s * 10.0) as u64);
    (
        u8::from(!finding.measured && finding.severity != Severity::Note),
        severity,
        rules::depth(&finding.rule),
        onset,
    )
}

/// Moves each finding below the first one before it that explains it.
pub(crate) fn nest(facts: &Facts<'_>, findings: Vec<Finding>) -> Vec<Finding> {
    // Each with a flag for every node: whether it is on a path with the finding.
    let mut top: Vec<(Finding, Vec<bool>)> = Vec::new();
    for finding in findings {
        let ends = ends(facts, &finding);
        let cause = top
            .iter()
            .position(|(cause, near)| explains(cause, &finding) && is_near(facts, near, &ends));
        match cause {
            Some(cause) if top[cause].0.symptoms.len() < BELOW_MAX => {
                top[cause].0.symptoms.push(finding);
            }
            Some(_) => {}
            None if top.len() < TOP_MAX => {
                let near = facts.graph.near(&ends);
                top.push((finding, near));
            }
            None => {}
        }
    }
    top.into_iter().map(|(finding, _)| finding).collect()
}

/// Returns whether one finding may cause another, by the rules that are known to do so.
fn explains(cause: &Finding, symptom: &Finding) -> bool {
    if !cause.measured || cause.severity < symptom.severity || symptom.severity == Severity::Note {
        return false;
    }
    cause.rule == symptom.rule || rules::explains(&cause.rule, &symptom.rule)
}

/// Returns the nodes that a finding is about.
fn ends<'a>(facts: &Facts<'a>, finding: &Finding) -> Vec<&'a str> {
    let subjects = finding.subjects.iter();
    subjects
        .flat_map(|subject| facts.graph.ends(subject))
        .collect()
}

/// Returns whether any of these nodes is on a path with the other finding. A finding about no node
/// is near every other one.
fn is_near(facts: &Facts<'_>, near: &[bool], ends: &[&str]) -> bool {
    let mut places = ends.iter().filter_map(|id| facts.graph.place(id));
    ends.is_empty() || !near.contains(&true) || places.any(|place| near[place])
}

/// Returns the chain of events around a finding's subjects, up to the effect on users.
fn chain(facts: &Facts<'_>, finding: &Finding) -> Vec<Step> {
    let Some(series) = &facts.series else {
        return Vec::new();
    };
    let near = facts.graph.near(&ends(facts, finding));
    let is_there = |id: &str| {
        // A zone is no end of a link: its events concern all findings.
        let mut places = facts
            .graph
            .ends(id)
            .into_iter()
            .filter_map(|end| facts.graph.place(end));
        places.all(|place| near[place])
    };
    let onset = finding.onset_s.unwrap_or(series.whole().from_s);
    let from = (onset - CHAIN_S).max(0.0);
    let mut seen: Vec<(&str, &Message)> = Vec::new();
    series
        .events_at(is_there, from)
        .filter(|event| {
            let said = (event.subject.as_str(), &event.what);
            let is_new = !seen.contains(&said);
            seen.push(said);
            is_new
        })
        .take(CHAIN_MAX)
        .map(|event| Step {
            at_s: event.at_s,
            subject: event.subject.clone(),
            what: event.what.clone(),
        })
        .collect()
}
