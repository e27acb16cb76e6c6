//! What is wrong with a design, and what was wrong in a run of it: findings, with their cause,
//! their numbers and what would mend them.
//!
//! [`diagnose`] reads a [`Design`] and the [`Report`] of a run, and nothing else. Structural findings
//! say what could happen; measured ones say what did. Each rule stands in a file of [`rules`], with
//! its documentation, its thresholds and its tests; all of them look at the same [`Facts`]. What
//! they find is put in order by [`rank`]: a cause on top, and below it what it explains. What they
//! say stays in pieces: the `text` crate makes text of it for each reader.

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

/// Requests that a run must have seen before anything is said of it.
const REQUESTS_MIN: u64 = 100;
/// Seconds after the warm-up before anything is said of a run that still goes on.
const SETTLED_S: f64 = 5.0;

/// Everything the rules find, causes first. Without a report, and while a run is warming up or has
/// seen too few requests, that is what the design alone shows.
pub fn diagnose(design: &Design, report: Option<&Report>) -> Vec<Finding> {
    let facts = facts(design, report);
    let found = found(&facts);
    rank::hang(&facts, found)
}

/// What the rules look at, where the run has shown enough.
pub(crate) fn facts<'a>(design: &'a Design, report: Option<&'a Report>) -> Facts<'a> {
    Facts::new(design, report.filter(|report| is_telling(report)))
}

/// Everything the rules find, one after the other.
pub(crate) fn found(facts: &Facts<'_>) -> Vec<Finding> {
    let is_allowed = |rule: &str| {
        let mut allowed = facts.design.settings.allow.iter();
        allowed.any(|allowance| allowance.rule == rule)
    };
    let mut findings = Vec::new();
    for rule in rules::ALL.iter().filter(|rule| !is_allowed(rule.id)) {
        findings.extend(rule.look(facts));
    }
    rank::rank(facts, findings)
}

/// Whether a requirement was not met. What is not measured yet may still be, as long as a run goes
/// on; afterwards it counts as not met.
pub(crate) fn is_unmet(report: &Report, score: &Score) -> bool {
    match score.verdict {
        Verdict::Met => false,
        Verdict::Missed => true,
        Verdict::NotMeasured => report.run.status != "running",
    }
}

/// Whether a run has shown enough to be judged.
fn is_telling(report: &Report) -> bool {
    let run = &report.run;
    let is_settled = run.status != "running" || run.ended_s >= run.warmup_s + SETTLED_S;
    is_settled && report.requests.offered >= REQUESTS_MIN
}
