//! Experiments: what they conclude does not depend on the order of their ends, what they offer does
//! what it says, and a system that is fine is left alone.

use design::{Command, Design};
use diagnostics::experiments::{Conclusion, Investigation, Job};
use host::Options;
use host::experiments::{budget, investigate, run};
use report::{Finding, Report, Severity, Standing};
use std::collections::BTreeSet;

fn design(name: &str) -> Design {
    let scenario = scenarios::find(name).expect("there is one of this name");
    scenario.faulty()
}

fn report(design: &Design) -> Report {
    host::run(design, &Options::default()).expect("it is valid")
}

fn concluded(design: &Design) -> (Report, Conclusion) {
    let report = report(design);
    let budget = budget(report.run.events, 150);
    let conclusion = investigate(design, &report, budget, 2);
    (report, conclusion)
}

fn missed(report: &Report) -> BTreeSet<&'static str> {
    let scores = report.requirements.iter();
    let missed = scores.filter(|score| !score.is_met());
    missed.map(|score| score.metric.name()).collect()
}

fn all(findings: &[Finding]) -> Vec<&Finding> {
    findings.iter().flat_map(Finding::all).collect()
}

#[test]
fn the_order_in_which_experiments_end_does_not_matter() {
    for name in ["retry-storm", "pool-exhaustion"] {
        let design = design(name);
        let report = report(&design);
        let budget = budget(report.run.events, 150);
        let forward = investigate(&design, &report, budget, 1);
        assert_eq!(investigate(&design, &report, budget, 2), forward, "{name}");
        let mut backward = Investigation::new(&design, &report, budget);
        while !backward.is_done() {
            let mut jobs: Vec<Job> = backward.jobs().cloned().collect();
            jobs.reverse();
            for job in jobs {
                backward.answer(job.id, run(&job));
            }
        }
        assert_eq!(backward.conclusion(), forward, "{name}");
    }
}

#[test]
fn a_cause_is_confirmed_by_a_run_without_it() {
    let (report, conclusion) = concluded(&design("retry-storm"));
    assert!(!missed(&report).is_empty());
    let first = &conclusion.findings[0];
    assert_eq!(first.rule, "retry-storm");
    assert_eq!(first.standing, Standing::Confirmed);
    let best = &first.experiments[0];
    assert!(best.share >= 0.5);
    // The other half of the claim: what was taken away is what the experiment says.
    assert!(best.subjects.iter().all(|id| first.subjects.contains(id)));
    assert_eq!(
        best.curve.offered_per_s.len(),
        best.curve.goodput_per_s.len()
    );
}

#[test]
fn every_remedy_that_is_offered_has_the_effect_that_is_told() {
    for name in ["retry-storm", "pool-exhaustion", "cache-stampede", "cap"] {
        let design = design(name);
        let (before, conclusion) = concluded(&design);
        let mut tried = 0;
        for finding in all(&conclusion.findings) {
            for remedy in &finding.remedies {
                let effect = remedy
                    .effect
                    .as_ref()
                    .expect("only what was tried is offered");
                let written = remedy.edits.iter().flat_map(design::edits::write_all);
                let list = design::Value::List(written.collect());
                let edits = design::edits::read_all(&list).expect("edits can be read again");
                let mut with = design.clone();
                with.apply(edits).expect("a remedy applies");
                let after = report(&with);
                let value = |report: &Report| {
                    let mut scores = report.requirements.iter();
                    let score = scores.find(|score| score.metric == effect.requirement.metric);
                    score.and_then(|score| score.actual.ok())
                };
                assert_eq!(value(&before), effect.requirement.before, "{name}");
                assert_eq!(value(&after), effect.requirement.after, "{name}");
                assert_eq!(missed(&after).is_empty(), effect.fixes, "{name}");
                let told: BTreeSet<&str> = effect
                    .worse
                    .iter()
                    .map(|change| change.metric.name())
                    .collect();
                let new: BTreeSet<&str> = missed(&after)
                    .difference(&missed(&before))
                    .copied()
                    .collect();
                assert!(new.is_subset(&told), "{name}: {new:?} is not told");
                tried += 1;
            }
        }
        assert!(tried > 0, "{name} has remedies");
    }
}

#[test]
fn a_missed_requirement_is_never_without_a_finding() {
    let design = unexplained();
    let (report, conclusion) = concluded(&design);
    assert_eq!(missed(&report), BTreeSet::from(["availability"]));
    let first = &conclusion.findings[0];
    assert_eq!(first.rule, "unexplained");
    assert_eq!(first.severity, Severity::Error);
    assert_eq!(first.subjects, ["gateway"], "it names what refuses");
    assert!(!first.remedies.is_empty() || !conclusion.tried.is_empty());
}

/// A rate limit below the load, in a system that has room for all of it.
fn unexplained() -> Design {
    let text = r#"{"faultline": 1, "duration": "30s", "warmup": "5s",
        "nodes": [
            {"id": "users", "kind": "client", "arrivals": {"poisson": "200/s"}},
            {"id": "gateway", "kind": "service", "concurrency": 50, "service_time": "const(2ms)",
             "rate_limit": {"rate": "120/s", "burst": 20}}],
        "links": [{"from": "users", "to": "gateway", "timeout": "1s"}],
        "requirements": [{"metric": "availability", "at_least": 0.99}]}"#;
    format::json::read(text).expect("it is valid")
}

#[test]
fn a_system_that_is_fine_takes_no_experiments() {
    let mut design = unexplained();
    let without = Command::Set(
        design::Target::Node("gateway".to_owned()),
        "rate_limit".to_owned(),
        design::Value::Null,
    );
    design.apply(without).expect("it applies");
    let report = report(&design);
    let investigation = Investigation::new(&design, &report, budget(report.run.events, 150));
    assert!(investigation.is_done());
    assert_eq!(investigation.progress().planned, 0);
    let loud = |finding: &&Finding| finding.severity != Severity::Note;
    assert_eq!(investigation.conclusion().findings.iter().find(loud), None);
}

#[test]
fn a_budget_is_kept() {
    let design = design("retry-storm");
    let report = report(&design);
    let mut few = budget(report.run.events, 5);
    assert!(planned(&design, &report, few) <= 5);
    few.experiments = 150;
    few.events = 3 * report.run.events;
    assert!(planned(&design, &report, few) <= 6);
}

fn planned(design: &Design, report: &Report, budget: diagnostics::experiments::Budget) -> usize {
    let mut investigation = Investigation::new(design, report, budget);
    while !investigation.is_done() {
        let jobs: Vec<Job> = investigation.jobs().cloned().collect();
        for job in jobs {
            // What could not be run to its end is no answer, and stops nothing.
            investigation.answer(job.id, None);
        }
    }
    investigation.progress().planned
}
