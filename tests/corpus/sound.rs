//! Reference designs cause no false alarms, neither at any moment of a run nor under fresh seeds.

use super::{Case, Kind, all, each};
use host::diagnostics;
use report::{Finding, Report, Severity, Verdict};
use sim::Simulation;

/// Number of moments at which each run is checked.
const LOOKS: u64 = 8;
/// Number of fresh seeds for each design.
const SEEDS: u64 = 3;
/// Maximum number of false alarms in a hundred runs under fresh seeds.
const ALARMS_MAX: f64 = 1.0;

fn sound() -> Vec<Case> {
    let mut cases = all();
    cases.retain(|case| case.kind == Kind::Reference);
    cases
}

#[test]
fn a_sound_run_raises_no_alarm_on_its_way() {
    let alarms = each(&sound(), |case| {
        let mut simulation = Simulation::new(&case.design);
        let end = case.design.settings.duration.0;
        let looks = (1..LOOKS).flat_map(|look| {
            simulation.run_until(end * look / LOOKS, u64::MAX);
            let alarms = alarms(case, &case.design, &simulation.report()).into_iter();
            alarms.map(move |alarm| format!("{alarm} at {look}/{LOOKS}"))
        });
        looks.collect::<Vec<_>>()
    });
    let alarms: Vec<String> = alarms.into_iter().flatten().collect();
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
}

#[test]
fn sound_designs_under_fresh_seeds_raise_no_alarm() {
    let seeds: Vec<u64> = testing::cases(0, SEEDS).seeds().collect();
    let cases = sound();
    let found = each(&cases, |case| {
        let under = seeds.iter().flat_map(|seed| {
            let mut design = case.design.clone();
            // A number that a design file can represent exactly.
            design.settings.seed = seed % (1 << 53);
            let report = host::run(&design, &host::Options::default()).expect("it can be run");
            let alarms = alarms(case, &design, &report).into_iter();
            alarms.map(move |alarm| format!("{alarm}, SEED={seed}"))
        });
        under.collect::<Vec<_>>()
    });
    let found: Vec<String> = found.into_iter().flatten().collect();
    let runs = cases.len() * seeds.len();
    let share = 100.0 * found.len() as f64 / runs as f64;
    println!("{share:.2} false alarms in a hundred of {runs} runs");
    assert!(share <= ALARMS_MAX, "{share}:\n{}", found.join("\n"));
}

/// Returns the errors and warnings of a run that meets its requirements, as far as they are known.
fn alarms(case: &Case, design: &design::Design, report: &Report) -> Vec<String> {
    let is_missed = |score: &report::Score| score.verdict == Verdict::Missed;
    let findings = match report.requirements.iter().any(is_missed) {
        true => Vec::new(),
        false => diagnostics::diagnose(design, Some(report)),
    };
    let all = findings.iter().flat_map(Finding::all);
    let loud = all.filter(|finding| finding.measured && finding.severity != Severity::Note);
    loud.map(|finding| {
        let what = text::message(&finding.what, &text::Titles::ids());
        format!("{}: {} ({what})", case.name, finding.rule)
    })
    .collect()
}
