//! What is said of a run while it grows: a reference design raises no alarm at any moment at which
//! it meets its requirements.

use super::{Kind, all, each};
use host::diagnostics;
use report::{Finding, Score, Severity};
use sim::Simulation;

/// Moments at which each run is looked at.
const LOOKS: u64 = 8;

#[test]
fn a_sound_run_raises_no_alarm_on_its_way() {
    let mut cases = all();
    cases.retain(|case| case.kind == Kind::Reference);
    let alarms = each(&cases, |case| {
        let mut simulation = Simulation::new(&case.design);
        let end = case.design.settings.duration.0;
        let mut alarms = Vec::new();
        for look in 1..LOOKS {
            simulation.run_until(end * look / LOOKS, u64::MAX);
            let report = simulation.report();
            if !report.requirements.iter().all(|score| is_fair(score)) {
                continue;
            }
            let findings = diagnostics::diagnose(&case.design, Some(&report));
            let loud = findings.iter().flat_map(Finding::all);
            let loud = loud.filter(|f| f.measured && f.severity != Severity::Note);
            alarms.extend(loud.map(|finding| {
                let what = text::message(&finding.what, &text::Titles::ids());
                format!("{} at {look}/{LOOKS}: {} ({what})", case.name, finding.rule)
            }));
        }
        alarms
    });
    let alarms: Vec<String> = alarms.into_iter().flatten().collect();
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
}

/// Met, or not known yet.
fn is_fair(score: &Score) -> bool {
    score.verdict != report::Verdict::Missed
}
