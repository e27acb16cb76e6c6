//! Every number of every finding with a reference to the report, computed again from the report as
//! JSON, over all lessons, reference designs and cases.

use super::{all, each};
use design::Design;
use report::{Field, Figure, Finding, Fold, Message, Piece};
use serde_json::Value;
use std::collections::BTreeMap;

/// Minimum share of the numbers in measured findings that refer to the report. Most of the others
/// are of the design: a timeout, a number of replicas, what a node can do.
const TOLD: f64 = 0.8;

/// Counts of one rule's numbers: those with a reference, and those without.
type Counts = BTreeMap<String, [usize; 2]>;

fn designs() -> Vec<(String, Design)> {
    let lessons = scenarios::all().into_iter().flat_map(|scenario| {
        let id = &scenario.id;
        [
            (format!("{id} (faulty)"), scenario.faulty()),
            (format!("{id} (fixed)"), scenario.fixed()),
        ]
    });
    let sound = scenarios::sound().into_iter();
    let sound = sound.map(|sound| (sound.id, sound.design));
    let cases = all().into_iter();
    let cases = cases.map(|case| (case.name, case.design));
    lessons.chain(sound).chain(cases).collect()
}

/// Returns the value at the end of keys.
fn walk<'a>(report: &'a Value, keys: &[String]) -> Option<&'a Value> {
    keys.iter().try_fold(report, |value, key| match value {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        value => value.get(key),
    })
}

/// Returns the value of a field.
fn evaluate(report: &Value, field: &Field) -> Option<f64> {
    let of = |field: &Field| evaluate(report, field);
    match field {
        Field::At(keys) => walk(report, keys)?.as_f64(),
        Field::All(keys) => {
            let all = walk(report, keys)?.as_object()?.values();
            all.map(Value::as_f64).sum()
        }
        Field::Windows {
            of,
            fold,
            from_s,
            until_s,
        } => {
            let (_, beside) = of.split_last()?;
            let width_s = walk(report, beside)?.get("width_s")?.as_f64()?;
            let series = walk(report, of)?.as_array()?;
            let at = |s: f64| ((s / width_s).round().max(0.0) as usize).min(series.len());
            let part = series.get(at(*from_s)..at(*until_s))?;
            let numbers: Vec<f64> = part.iter().filter_map(Value::as_f64).collect();
            let sum: f64 = numbers.iter().sum();
            match fold {
                Fold::Sum => Some(sum),
                Fold::Mean => Some(sum / numbers.len() as f64),
                Fold::Max => numbers.iter().copied().reduce(f64::max),
                Fold::Min => numbers.iter().copied().reduce(f64::min),
                Fold::First => numbers.first().copied(),
                Fold::Last => numbers.last().copied(),
            }
        }
        Field::Sum(fields) => fields.iter().map(of).sum(),
        Field::Max(fields) => fields.iter().filter_map(of).reduce(f64::max),
        Field::Difference(both) => Some(of(&both[0])? - of(&both[1])?),
        Field::Ratio(both) => Some(of(&both[0])? / of(&both[1])?),
        Field::Scaled(field, by) => Some(of(field)? * by),
        Field::Rest(field) => Some(1.0 - of(field)?),
    }
}

/// Returns the numbers that a finding states about the run. Those below it are left out: remedies
/// are proposals, and their numbers are of the design.
fn figures(finding: &Finding) -> Vec<&Figure> {
    let steps = finding.chain.iter().map(|step| &step.what);
    let own = [&finding.what, &finding.why, &finding.remedy].into_iter();
    let pieces = own.chain(steps).flat_map(Message::pieces);
    let figures = pieces.filter_map(|piece| match piece {
        Piece::Figure(figure) => Some(figure),
        _ => None,
    });
    figures.collect()
}

/// Returns what is wrong with the numbers of a design's findings; counts the numbers of each rule.
fn check(name: &str, design: &Design) -> (Vec<String>, Counts) {
    let report = host::run(design, &host::Options::default()).expect("it is valid");
    let diagnosed = host::Diagnosed::new(design, report);
    let json: Value = serde_json::from_str(&diagnosed.json()).expect("a report is JSON");
    let (mut problems, mut counts) = (Vec::new(), Counts::new());
    let found = diagnosed.findings;
    for finding in found.iter().flat_map(Finding::all).filter(|f| f.measured) {
        let [told, untold] = counts.entry(finding.rule.to_string()).or_default();
        for figure in figures(finding) {
            let Some(field) = &figure.field else {
                *untold += 1;
                continue;
            };
            *told += 1;
            let again = evaluate(&json, field);
            let is_same = again.is_some_and(|again| {
                (again - figure.value).abs() <= 1e-9 * figure.value.abs().max(1e-6)
            });
            if !is_same {
                let (rule, value, field) = (&finding.rule, figure.value, text::field(field));
                problems.push(format!("{name}: {rule}: {value}, and {again:?} is {field}"));
            }
        }
    }
    (problems, counts)
}

#[test]
fn every_figure_that_says_where_it_is_from_is_there() {
    let designs = designs();
    let (mut problems, mut counts) = (Vec::new(), Counts::new());
    for (wrong, counted) in each(&designs, |(name, design)| check(name, design)) {
        problems.extend(wrong);
        for (rule, [told, untold]) in counted {
            let sum = counts.entry(rule).or_default();
            *sum = [sum[0] + told, sum[1] + untold];
        }
    }
    for (rule, [told, untold]) in &counts {
        println!("{rule:28} {told:5} with a field, {untold:5} without");
    }
    let sum = |at: usize| counts.values().map(|count| count[at]).sum::<usize>();
    let (told, untold) = (sum(0), sum(1));
    println!("{told} numbers with a field, {untold} without");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let share = told as f64 / (told + untold) as f64;
    assert!(share >= TOLD, "{share} of the numbers refer to the report");
}
