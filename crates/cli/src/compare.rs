//! Two designs under the same seeds: which metrics differ, and whether significantly.
//!
//! Runs are paired by seed. Elements of one name draw the same random numbers in both designs, so
//! paired differences vary far less than the metrics (common random numbers).

use crate::csv;
use crate::table::{self, table};
use report::Estimate;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One metric of both designs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    key: csv::Key,
    a: f64,
    b: f64,
    /// Of b − a, seed by seed.
    difference: Estimate,
    /// Seeds in which both have it.
    pairs: usize,
}

/// A comparison.
#[derive(Debug)]
pub(crate) struct Comparison {
    names: [String; 2],
    seeds: Vec<u64>,
    figures: Vec<Difference>,
    /// Nodes, links and operations that only one of the two has.
    alone: [Vec<(String, String)>; 2],
    /// Runs that were stopped before their end.
    stopped: usize,
}

/// Sections that are not compared: only metrics of the whole run are.
const SECTIONS: [&str; 4] = ["run", "windows", "node_windows", "link_windows"];

impl Difference {
    /// Whether 0 lies outside the confidence interval; `None` where one seed gives none.
    fn is_significant(&self) -> Option<bool> {
        let half = self.difference.half?;
        Some(self.difference.mean.abs() > half)
    }
}

/// Compares reports of two designs, paired by seed.
pub(crate) fn compare(names: [String; 2], seeds: &[u64], reports: [&[Value]; 2]) -> Comparison {
    let sides = reports.map(|reports| reports.iter().map(Figures::of).collect::<Vec<_>>());
    let mut figures = Vec::new();
    let mut seen = BTreeSet::new();
    let keys = sides.iter().flatten().flat_map(|report| &report.order);
    for key in keys.filter(|key| !SECTIONS.contains(&key.section.as_str())) {
        if !seen.insert(key) {
            continue;
        }
        let pairs = sides[0].iter().zip(&sides[1]);
        let pairs: Vec<(f64, f64)> = pairs
            .filter_map(|(a, b)| Some((a.get(key)?, b.get(key)?)))
            .collect();
        let mean = |side: fn(&(f64, f64)) -> f64| {
            Estimate::of(&pairs.iter().map(side).collect::<Vec<_>>()).map(|found| found.mean)
        };
        let differences: Vec<f64> = pairs.iter().map(|(a, b)| b - a).collect();
        if let (Some(a), Some(b), Some(difference)) = (
            mean(|pair| pair.0),
            mean(|pair| pair.1),
            Estimate::of(&differences),
        ) {
            let key = key.clone();
            figures.push(Difference {
                key,
                a,
                b,
                difference,
                pairs: pairs.len(),
            });
        }
    }
    let stopped = reports.iter().copied().flatten();
    Comparison {
        names,
        seeds: seeds.to_vec(),
        figures,
        alone: [(0, 1), (1, 0)].map(|(mine, other)| {
            let theirs = subjects(&sides[other]);
            let mine = subjects(&sides[mine]).into_iter();
            mine.filter(|subject| !theirs.contains(subject)).collect()
        }),
        stopped: stopped
            .filter(|report| report["run"]["status"] != "ended")
            .count(),
    }
}

fn subjects(reports: &[Figures]) -> BTreeSet<(String, String)> {
    let subjects = reports.iter().flat_map(|report| report.subjects.iter());
    subjects.cloned().collect()
}

/// The numbers of one report.
struct Figures {
    order: Vec<csv::Key>,
    numbers: BTreeMap<csv::Key, Option<f64>>,
    subjects: BTreeSet<(String, String)>,
}

impl Figures {
    fn of(report: &Value) -> Self {
        let rows = csv::rows(report);
        let rows = rows
            .into_iter()
            .filter(|(_, value)| value.is_number() || value.is_null())
            .collect::<Vec<_>>();
        let subject = |key: &csv::Key| (key.section.clone(), key.of.clone());
        Self {
            subjects: rows.iter().map(|(key, _)| subject(key)).collect(),
            order: rows.iter().map(|(key, _)| key.clone()).collect(),
            numbers: rows
                .into_iter()
                .map(|(key, value)| (key, value.as_f64()))
                .collect(),
        }
    }

    /// Returns a metric. A failure cause that a node does not list did not occur: it counts as 0.
    fn get(&self, key: &csv::Key) -> Option<f64> {
        match self.numbers.get(key) {
            Some(number) => *number,
            None if key.figure.starts_with("fail") => self
                .subjects
                .contains(&(key.section.clone(), key.of.clone()))
                .then_some(0.0),
            None => None,
        }
    }
}

/// Prints all metrics of requests and data, and the node and link metrics that differ.
pub(crate) fn text(comparison: &Comparison) -> String {
    let [a, b] = &comparison.names;
    let seeds = &comparison.seeds;
    let (first, last) = (seeds[0], seeds[seeds.len() - 1]);
    let mut out = format!("A: {a}\nB: {b}\n");
    out += &match seeds.len() {
        1 => {
            format!("seed {first}; one seed cannot tell a difference from noise, try --seeds 10\n")
        }
        n => format!(
            "{n} seeds, {first} to {last}; B - A with its 95% confidence interval, * if it excludes 0\n"
        ),
    };
    if comparison.stopped > 0 {
        out += &format!(
            "{} runs stopped early at their event limit; their metrics end there.\n",
            comparison.stopped
        );
    }
    let head = ["", "A", "B", "B - A", ""];
    let is_of_all = |figure: &&Difference| figure.key.of.is_empty();
    let row = |figure: &Difference| row(figure, seeds.len());
    let rows = |figures: Vec<&Difference>| figures.into_iter().map(row).collect::<Vec<_>>();
    let of_all: Vec<&Difference> = comparison.figures.iter().filter(is_of_all).collect();
    out += &format!("\n{}", table(&head, rows(of_all)));
    let of_parts: Vec<&Difference> = comparison
        .figures
        .iter()
        .filter(|figure| !is_of_all(figure) && figure.is_significant() == Some(true))
        .filter(|figure| !figure.key.figure.starts_with("replicas["))
        .collect();
    if !of_parts.is_empty() {
        out += &format!("\n{}", table(&head, rows(of_parts)));
    }
    for (name, alone) in ["A", "B"].iter().zip(&comparison.alone) {
        if !alone.is_empty() {
            let alone: Vec<&str> = alone.iter().map(|(_, of)| of.as_str()).collect();
            out += &format!("\nonly in {name}: {}\n", alone.join(", "));
        }
    }
    out
}

fn row(figure: &Difference, seeds: usize) -> Vec<String> {
    let key = &figure.key;
    let mut name = match key.of.as_str() {
        "" => key.figure.clone(),
        of => format!("{of} {}", key.figure),
    };
    if figure.pairs < seeds {
        name += &format!(" (present in both in {} of {seeds} seeds)", figure.pairs);
    }
    let mark = if figure.is_significant() == Some(true) {
        "*"
    } else {
        ""
    };
    vec![
        name,
        text::cell::figure(figure.a),
        text::cell::figure(figure.b),
        table::signed(figure.difference),
        mark.to_owned(),
    ]
}

/// For programs.
pub(crate) fn json(comparison: &Comparison) -> String {
    let figures: Vec<Value> = comparison
        .figures
        .iter()
        .map(|figure| {
            json!({
                "section": figure.key.section,
                "of": figure.key.of,
                "figure": figure.key.figure,
                "pairs": figure.pairs,
                "a": figure.a,
                "b": figure.b,
                "difference": figure.difference.mean,
                "ci95": figure.difference.interval(),
                "significant": figure.is_significant(),
            })
        })
        .collect();
    let alone = comparison.alone.each_ref().map(|alone| {
        let alone = alone.iter();
        alone
            .map(|(section, of)| json!({"section": section, "of": of}))
            .collect::<Vec<_>>()
    });
    let all = json!({
        "a": comparison.names[0],
        "b": comparison.names[1],
        "seeds": comparison.seeds,
        "stopped": comparison.stopped,
        "figures": figures,
        "only_in_a": alone[0],
        "only_in_b": alone[1],
    });
    format!("{all}\n")
}

/// For spreadsheets.
pub(crate) fn csv(comparison: &Comparison) -> String {
    let head = "section,of,figure,pairs,a,b,difference,ci95_low,ci95_high,significant\n";
    let mut out = head.to_owned();
    for figure in &comparison.figures {
        let ends = figure
            .difference
            .interval()
            .map(|ends| ends.map(|end| end.to_string()));
        let [low, high] = ends.unwrap_or_default();
        let significant = figure.is_significant().map(|is| is.to_string());
        csv::line(
            &mut out,
            &[
                &figure.key.section,
                &figure.key.of,
                &figure.key.figure,
                &figure.pairs.to_string(),
                &figure.a.to_string(),
                &figure.b.to_string(),
                &figure.difference.mean.to_string(),
                &low,
                &high,
                &significant.unwrap_or_default(),
            ],
        );
    }
    out
}
