//! Diagnosis: findings about a design and about a run of it, with causes, numbers and fixes.
//!
//! [`diagnose`] reads a [`Design`] and the [`Report`] of a run, and nothing else. Structural findings
//! [`diagnose`] reads a [`Design`] and the [`Report`] of a run, and nothing else. Structural
//! findings say what could happen, measured findings what did. Each rule is a file of [`rules`]
//! with its texts, thresholds and tests, and all rules read the same [`Facts`]. [`rank`] sorts the
//! findings: a cause at the top, and the findings that it explains below it. Their texts are
//! messages of typed pieces, which the `text` crate renders for each reader.

pub mod experiments;
pub mod facts;
mod lint;
mod rank;
mod remedies;
pub mod rules;

#[cfg(test)]
mod testing;

pub use facts::Facts;

use design::Design;
use report::{Finding, Score, Verdict};
use sim::Report;

/// Least number of requests in a run for measured findings.
const REQUESTS_MIN: u64 = 100;
/// Seconds after the warm-up from which a run that still goes on gives measured findings.
const SETTLED_S: f64 = 5.0;

/// Returns everything the rules find, causes first. Without a report, and while a run is warming up
/// or has too few requests, that is what the design alone shows.
pub fn diagnose(design: &Design, report: Option<&Report>) -> Vec<Finding> {
    let facts = facts(design, report);
    let found = found(&facts);
    rank::nest(&facts, found)
}

/// Returns the facts that the rules read. They include the run only if it is long enough.
pub(crate) fn facts<'a>(design: &'a Design, report: Option<&'a Report>) -> Facts<'a> {
    Facts::new(design, report.filter(|report| is_telling(report)))
}

/// Returns everything the rules find, as a flat list in order of rank.
pub(crate) fn found(facts: &Facts<'_>) -> Vec<Finding> {
    let is_allowed = |rule: &str| {
        let mut allowed = facts.design.settings.allow.iter();
        allowed.any(|allowance| allowance.rule == rule)
    };
    let mut findings = Vec::new();
    for rule in rules::ALL.iter().filter(|rule| !is_allowed(rule.id)) {
        findings.extend(rule.evaluate(facts));
    }
    rank::rank(facts, findings)
}

/// Returns whether a requirement was not met. A metric without a value may still be met while a run
/// goes on; afterwards it counts as missed.
pub(crate) fn is_unmet(report: &Report, score: &Score) -> bool {
    match score.verdict {
        Verdict::Met => false,
        Verdict::Missed => true,
        Verdict::NotMeasured => report.run.status != "running",
    }
}

/// Returns whether a run is long enough to be judged.
fn is_telling(report: &Report) -> bool {
    let run = &report.run;
    let is_settled = run.status != "running" || run.ended_s >= run.warmup_s + SETTLED_S;
    is_settled && report.requests.offered >= REQUESTS_MIN
}
