//! Tables for people.

use report::Estimate;
use text::cell::figure;

/// Formats columns as wide as needed: the first is left-aligned, the others are right-aligned.
pub(crate) fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let all: Vec<&Vec<String>> = std::iter::once(&head).chain(&rows).collect();
    let width = |column: usize| {
        all.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut out = String::new();
    for row in &all {
        let cells =
            row.iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, &width))| match column {
                    0 => format!("{cell:width$}"),
                    _ => format!("{cell:>width$}"),
                });
        out += cells.collect::<Vec<_>>().join("  ").trim_end();
        out.push('\n');
    }
    out
}

/// A difference, with half the width of its interval.
pub(crate) fn signed(difference: Estimate) -> String {
    let sign = if difference.mean > 0.0 { "+" } else { "" };
    let mean = figure(difference.mean);
    match difference.half {
        Some(half) => format!("{sign}{mean} ± {}", figure(half)),
        None => format!("{sign}{mean}"),
    }
}

/// A value, with half the width of its confidence interval if it covers several runs.
pub(crate) fn cell(estimate: Option<Estimate>, show: impl Fn(f64) -> String) -> String {
    let Some(estimate) = estimate else {
        return "-".to_owned();
    };
    match estimate.half {
        Some(half) if half > 0.0 => format!("{} ± {}", show(estimate.mean), show(half)),
        _ => show(estimate.mean),
    }
}

/// Counts are whole, means of counts need not be.
pub(crate) fn whole(n: f64) -> String {
    match n.fract() == 0.0 {
        true => text::count(n),
        false => figure(n),
    }
}
