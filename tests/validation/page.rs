//! `docs/accuracy.md`: every expected value beside the measured one.

use super::harness::{Line, Published, Verdict, round};
use serde_json::Value as Json;

/// A case, and the lines of its points.
type Results<'a> = (&'a Published, Vec<(usize, &'a [Line])>);

/// Returns the page of these results, case by case and point by point.
pub(crate) fn document<'a>(
    results: impl Iterator<Item = (&'a Published, usize, &'a [Line])>,
    fingerprint: &str,
) -> String {
    let mut cases: Vec<Results<'a>> = Vec::new();
    for (case, point, lines) in results {
        match cases.last_mut() {
            Some((last, points)) if last.id == case.id => points.push((point, lines)),
            _ => cases.push((case, vec![(point, lines)])),
        }
    }
    let sections: String = cases
        .iter()
        .map(|(case, points)| section(case, points))
        .collect();
    let all = || cases.iter().flat_map(|(_, points)| points);
    let all = || all().flat_map(|(_, lines)| lines.iter());
    let count = |is_so: fn(&Verdict) -> bool| all().filter(|line| is_so(&line.verdict)).count();
    format!(
        "# How accurate is it?\n\n\
         This page compares published results and closed forms with what the simulator reports\n\
         for the same system. `cargo xtask validate` runs all cases and writes this page. Times\n\
         are in seconds and rates per second unless the name says otherwise. A tolerance is that\n\
         of one run of the length used.\n\n\
         {} values hold, {} are missed, {} are not expressed.\n\n\
         {FINGERPRINT}`{fingerprint}`.\n\
         A test fails if the engine or a case gives another fingerprint.\n\n\
         ## Not expressed\n\n\
         | case | metric | why |\n|---|---|---|\n{}{sections}",
        count(|verdict| *verdict == Verdict::Held),
        count(|verdict| *verdict == Verdict::Missed),
        count(|verdict| matches!(verdict, Verdict::Omitted(_))),
        omitted(&cases),
    )
}

/// What the page says before its fingerprint.
const FINGERPRINT: &str = "Fingerprint of the engine and the cases behind this page: ";

/// Returns the fingerprint that a page gives.
pub(crate) fn fingerprint_of(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once(FINGERPRINT)?;
    rest.split('`').nth(1)
}

/// Returns whether a page has these rows in the section of their case.
pub(crate) fn has(page: &str, case: &Published, point: usize, lines: &[Line]) -> bool {
    let section = page.split("\n## ").find(|section| {
        let mut words = section.split(' ');
        words.next() == Some(&case.id)
    });
    section.is_some_and(|section| section.contains(&rows(case, point, lines)))
}

/// The values that are not expressed, each once.
fn omitted(cases: &[Results]) -> String {
    let mut omitted = String::new();
    for (case, points) in cases {
        for line in points.iter().flat_map(|(_, lines)| lines.iter()) {
            if let Verdict::Omitted(why) = line.verdict {
                let row = format!("| {} | {} | {why} |\n", case.id, line.name);
                if !omitted.contains(&row) {
                    omitted += &row;
                }
            }
        }
    }
    omitted
}

/// A case: a row for each value measured, or why there is none.
fn section(case: &Published, points: &[(usize, &[Line])]) -> String {
    let head = format!("\n## {} {}\n\n{}\n\n", case.id, case.title, case.source);
    let rows: String = points
        .iter()
        .map(|(point, lines)| rows(case, *point, lines))
        .collect();
    if !rows.is_empty() {
        let columns =
            "| point | metric | expected | measured | tolerance | |\n|---|---|---|---|---|---|\n";
        return format!("{head}{columns}{rows}");
    }
    let mut reasons = points
        .iter()
        .flat_map(|(_, lines)| lines.iter())
        .filter_map(|line| match line.verdict {
            Verdict::Omitted(why) => Some(why),
            Verdict::Held | Verdict::Missed => None,
        });
    let reason = reasons.next().unwrap_or("the run failed");
    format!("{head}Not expressed: {reason}.\n")
}

/// The rows of a point, one for each value that is measured.
fn rows(case: &Published, point: usize, lines: &[Line]) -> String {
    let params: Vec<String> = case.points[point]
        .params
        .iter()
        .map(|(name, value)| format!("{name} {}", cell(value)))
        .collect();
    let mut rows = String::new();
    for (at, line) in lines.iter().enumerate() {
        let verdict = match line.verdict {
            Verdict::Held => "holds",
            Verdict::Missed => "**missed**",
            Verdict::Omitted(_) => continue,
        };
        rows += &format!(
            "| {} | {} | {} | {} | {} | {verdict} |\n",
            if at == 0 {
                params.join(", ")
            } else {
                String::new()
            },
            line.name,
            cell(&line.expected.value),
            line.measured.as_ref().map_or("nothing".to_owned(), cell),
            line.expected.tolerance(),
        );
    }
    rows
}

fn cell(value: &Json) -> String {
    match value {
        Json::Number(number) => {
            let number = number.as_f64().unwrap_or(0.0);
            match number.abs() {
                size if size != 0.0 && size < 0.001 => format!("{number:.3e}"),
                _ => round(number).to_string(),
            }
        }
        Json::String(text) => text.replace('|', "/"),
        Json::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
