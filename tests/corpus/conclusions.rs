//! Conclusions about the designs in `tests/cases/`, by experiment: the cause on top, no false
//! blame, a finding for every missed requirement, no remedy with unreported harm.
//!
//! A random sample runs with the other tests. `cargo xtask validate` concludes all of them and
//! compares the counts with `docs/diagnosis.md`.

use super::{Case, Kind, all, each};
use design::Command;
use diagnostics::experiments::Conclusion;
use host::diagnostics;
use report::{Finding, Report, Severity};
use std::collections::BTreeSet;

/// Number of cases in a sample.
const SAMPLE: usize = 24;
/// Minimum share of the causes in a sample that are on top. Over all cases it is above 0.9; a
/// sample scatters.
const ON_TOP: f64 = 0.7;
/// Maximum number of experiments on a case.
const EXPERIMENTS: usize = 150;

/// The conclusion about a case.
#[derive(Default)]
struct Verdict {
    name: String,
    causes: usize,
    on_top: usize,
    /// Errors and warnings on top that blame something else.
    wrong: Vec<String>,
    is_silent: bool,
    offered: usize,
    /// Remedies without an effect, or with unreported harm.
    bad: Vec<String>,
    figures: usize,
}

fn judge(case: &Case) -> Verdict {
    let report = run(&case.design);
    let conclusion = conclude(case, &report);
    let loud: Vec<&Finding> = (conclusion.findings.iter())
        .filter(|finding| finding.severity != Severity::Note)
        .collect();
    let roots = case.roots();
    let is_met = report.requirements.iter().all(report::Score::is_met);
    let known: BTreeSet<&str> = roots
        .iter()
        .flatten()
        .chain(&case.also())
        .copied()
        .collect();
    let is_first = |root: &[&str]| match roots.len() {
        1 => loud
            .first()
            .is_some_and(|first| root.contains(&&*first.rule)),
        _ => loud.iter().any(|finding| root.contains(&&*finding.rule)),
    };
    let mut verdict = Verdict {
        name: case.name.clone(),
        causes: roots.len(),
        on_top: roots.iter().filter(|root| is_first(root)).count(),
        wrong: (loud.iter())
            .filter(|finding| !known.contains(&*finding.rule))
            .map(|finding| finding.rule.to_string())
            .collect(),
        is_silent: loud.is_empty() && !is_met,
        ..Verdict::default()
    };
    for finding in conclusion.findings.iter().flat_map(Finding::all) {
        try_remedies(case, &report, finding, &mut verdict);
    }
    verdict
}

/// Applies each offered remedy and runs it: it must have the stated effect.
fn try_remedies(case: &Case, before: &Report, finding: &Finding, verdict: &mut Verdict) {
    for remedy in finding
        .remedies
        .iter()
        .filter(|remedy| remedy.effect.is_some())
    {
        let effect = remedy.effect.as_ref().expect("it was filtered");
        let written = remedy.edits.iter().flat_map(design::edits::write_all);
        let list = design::Value::List(written.collect());
        let edits: Command = design::edits::read_all(&list).expect("edits can be read again");
        let mut with = case.design.clone();
        with.apply(edits).expect("a remedy applies");
        let after = run(&with);
        let told: BTreeSet<&str> = effect
            .worse
            .iter()
            .map(|worse| worse.metric.name())
            .collect();
        let (was, is) = (missed(before), missed(&after));
        let new: Vec<&str> = is.difference(&was).copied().collect();
        let label = text::message(&remedy.label, &text::Titles::ids());
        verdict.offered += 1;
        verdict.figures += 2;
        if new.iter().any(|metric| !told.contains(metric)) {
            verdict.bad.push(format!("{label}: harms {new:?}"));
        }
        if is.is_empty() != effect.fixes {
            verdict
                .bad
                .push(format!("{label}: fixes is {}", effect.fixes));
        }
    }
}

fn run(design: &design::Design) -> Report {
    host::run(design, &host::Options::default()).expect("a case can be run")
}

fn missed(report: &Report) -> BTreeSet<&'static str> {
    let scores = report.requirements.iter();
    let missed = scores.filter(|score| !score.is_met());
    missed.map(|score| score.metric.name()).collect()
}

fn conclude(case: &Case, report: &Report) -> Conclusion {
    let budget = host::experiments::budget(report.run.events, EXPERIMENTS);
    host::experiments::investigate(&case.design, report, budget, 1)
}

/// Sums over cases.
struct Sums {
    cases: usize,
    causes: usize,
    on_top: usize,
    silent: usize,
    wrong: usize,
    offered: usize,
}

fn sums(cases: &[Case], verdicts: &[Verdict], kind: Kind) -> Sums {
    let of_kind = || {
        let pairs = cases.iter().zip(verdicts);
        pairs
            .filter(|(case, _)| case.kind == kind)
            .map(|(_, verdict)| verdict)
    };
    Sums {
        cases: of_kind().count(),
        causes: of_kind().map(|verdict| verdict.causes).sum(),
        on_top: of_kind().map(|verdict| verdict.on_top).sum(),
        silent: of_kind().filter(|verdict| verdict.is_silent).count(),
        wrong: of_kind().map(|verdict| verdict.wrong.len()).sum(),
        offered: of_kind().map(|verdict| verdict.offered).sum(),
    }
}

/// Returns what no case may do, whatever else it misses.
fn broken_promises(cases: &[Case], verdicts: &[Verdict]) -> Vec<String> {
    let mut problems = Vec::new();
    for (case, verdict) in cases.iter().zip(verdicts) {
        let mut problem = |what: String| problems.push(format!("{}: {what}", verdict.name));
        if verdict.is_silent {
            problem("a requirement is missed, and nothing is said".to_owned());
        }
        if case.kind == Kind::Reference && !verdict.wrong.is_empty() {
            problem(format!("false alarm {:?}", verdict.wrong));
        }
        verdict.bad.iter().for_each(|bad| problem(bad.clone()));
    }
    problems
}

/// Checks a sample. `CASE=name` concludes one case, and prints what is wrong.
#[test]
fn a_sample_of_the_cases_is_concluded() {
    let mut left = all();
    let wanted = std::env::var("CASE").ok();
    left.retain(|case| wanted.as_ref().is_none_or(|wanted| case.name == *wanted));
    let seed = testing::cases(0, 1).seeds().next().expect("one is drawn");
    let mut rng = testing::Rng::new(seed);
    let mut taken = Vec::new();
    while taken.len() < SAMPLE && !left.is_empty() {
        taken.push(left.swap_remove(rng.place(left.len())));
    }
    let verdicts = each(&taken, judge);
    let names: Vec<&str> = verdicts.iter().map(|verdict| &*verdict.name).collect();
    println!("conclusions of SEED={seed}: {}", names.join(" "));
    let problems = broken_promises(&taken, &verdicts);
    assert!(problems.is_empty(), "SEED={seed}\n{}", problems.join("\n"));
    let causes: usize = verdicts.iter().map(|verdict| verdict.causes).sum();
    let on_top: usize = verdicts.iter().map(|verdict| verdict.on_top).sum();
    let other = verdicts
        .iter()
        .filter(|verdict| verdict.on_top < verdict.causes);
    let other: Vec<&str> = other.map(|verdict| &*verdict.name).collect();
    assert!(
        on_top as f64 >= ON_TOP * causes as f64,
        "SEED={seed}: {on_top} of {causes} causes are on top, not those of {other:?}"
    );
}

#[test]
#[ignore = "minutes: cargo xtask validate"]
fn the_counts_are_those_of_the_page() {
    let cases = all();
    let verdicts = each(&cases, judge);
    let problems = broken_promises(&cases, &verdicts);
    for verdict in &verdicts {
        if verdict.on_top < verdict.causes || !verdict.wrong.is_empty() {
            println!(
                "{}: on top {} of {}, beside it {:?}",
                verdict.name, verdict.on_top, verdict.causes, verdict.wrong
            );
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let mut table = String::new();
    for (kind, name) in [
        (Kind::Faulty, "faulty designs"),
        (Kind::Incident, "designs after public incidents"),
        (Kind::Reference, "reference designs"),
    ] {
        let sums = sums(&cases, &verdicts, kind);
        table += &format!(
            "| {} {name} | {} | {} | {} | {} | {} |\n",
            sums.cases, sums.causes, sums.on_top, sums.wrong, sums.silent, sums.offered
        );
    }
    hold_page(&table);
}

/// Checks the table of the page, or writes it with `UPDATE_EXPECT=1`.
fn hold_page(table: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/diagnosis.md");
    let page = std::fs::read_to_string(path).expect("the page is there");
    let (head, rest) = page.split_once(BEGIN).expect("the page has a table");
    let (_, tail) = rest.split_once(END).expect("the table has an end");
    let current = format!("{head}{BEGIN}{table}{END}{tail}");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &current).expect("the page can be written");
    }
    assert!(
        page == current || std::env::var_os("UPDATE_EXPECT").is_some(),
        "docs/diagnosis.md is not what was counted: run this test with UPDATE_EXPECT=1\n{table}"
    );
}

const BEGIN: &str = "|---|---|---|---|---|---|\n";
const END: &str = "\nCounted by";
