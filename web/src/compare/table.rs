//! The metrics of two runs, with their difference.

use design::Value;
use host::scenarios::{Shown, Unit};
use leptos::prelude::*;
use report::{Score, Verdict};

use crate::findings::shapes;

/// Which way is better.
#[derive(Clone, Copy, PartialEq)]
enum Better {
    More,
    Less,
    Neither,
}

/// The metrics that are always compared: their path in the report, and their unit. Those that are 0
/// in both runs are left out.
const FIGURES: [(&str, &str, Unit, Better); 11] = [
    (
        "Goodput",
        "requests.goodput_per_s",
        Unit::PerSecond,
        Better::More,
    ),
    (
        "Availability",
        "requests.availability",
        Unit::Percent,
        Better::More,
    ),
    (
        "Median latency",
        "requests.latency_ms.p50",
        Unit::Ms,
        Better::Less,
    ),
    (
        "p99 latency",
        "requests.latency_ms.p99",
        Unit::Ms,
        Better::Less,
    ),
    ("Stale reads", "data.stale_reads", Unit::Count, Better::Less),
    ("Lost writes", "data.lost_writes", Unit::Count, Better::Less),
    ("Torn writes", "data.torn_writes", Unit::Count, Better::Less),
    (
        "Duplicate effects",
        "data.duplicate_effects",
        Unit::Count,
        Better::Less,
    ),
    (
        "Out of order",
        "data.out_of_order",
        Unit::Count,
        Better::Less,
    ),
    (
        "Divergent keys at the end",
        "data.divergent_keys",
        Unit::Count,
        Better::Less,
    ),
    ("Monthly cost", "cost.monthly", Unit::Dollars, Better::Less),
];

/// A row: name, both values, their difference and whether that is better.
struct Row {
    name: String,
    figures: [String; 2],
    /// The class of each value.
    classes: [&'static str; 2],
    /// For a requirement, whether each run met it.
    verdicts: Option<[Verdict; 2]>,
    change: String,
    is_better: Option<bool>,
}

/// The scorecard, the metrics of the lesson, and the main metrics.
pub(super) fn view(
    shows: &[Shown],
    names: &[String; 2],
    reports: &[Value; 2],
    scores: &[Vec<Score>; 2],
) -> AnyView {
    let mut groups = vec![
        ("Requirements", required(scores)),
        ("This lesson", told(shows, reports)),
        ("All metrics", main(reports)),
    ];
    groups.retain(|(_, rows)| !rows.is_empty());
    let bodies = groups.into_iter().map(|(title, rows)| {
        view! {
            <tbody>
                <tr>
                    <th class="group" colspan="4" scope="rowgroup">
                        {title}
                    </th>
                </tr>
                {rows.into_iter().map(row).collect_view()}
            </tbody>
        }
    });
    let [before, after] = names.clone();
    view! {
        <table class="compare-table">
            <thead>
                <tr>
                    <th scope="col">
                        <span class="visually-hidden">"Metric"</span>
                    </th>
                    <th scope="col">{before}</th>
                    <th scope="col">{after}</th>
                    <th scope="col">"Difference"</th>
                </tr>
            </thead>
            {bodies.collect_view()}
        </table>
    }
    .into_any()
}

fn row(row: Row) -> AnyView {
    let way = match row.is_better {
        Some(true) => "better",
        Some(false) => "worse",
        None => "",
    };
    let verdict = |at: usize| {
        row.verdicts.map(|verdicts| {
            let verdict: Verdict = verdicts[at];
            view! {
                <svg
                    class="verdict"
                    data-state=shapes::state(verdict)
                    viewBox="0 0 10 10"
                    role="img"
                    aria-label=text::verdict(verdict)
                >
                    <path d=shapes::icon(verdict)></path>
                </svg>
            }
        })
    };
    let (first, second) = (verdict(0), verdict(1));
    let [before, after] = row.figures;
    let classes = row.classes;
    view! {
        <tr>
            <th scope="row">{row.name}</th>
            <td class=classes[0]>{before} {first}</td>
            <td class=classes[1]>{after} {second}</td>
            <td class="num" data-way=way>
                {row.change}
            </td>
        </tr>
    }
    .into_any()
}

fn required([before, after]: &[Vec<Score>; 2]) -> Vec<Row> {
    let both = after.iter().filter_map(|after| {
        let is_same =
            |before: &&Score| before.metric == after.metric && before.bound == after.bound;
        let before = before.iter().find(is_same)?;
        let verdicts = [before.verdict, after.verdict];
        let (change, is_better) = match verdicts {
            [Verdict::Missed, Verdict::Met] => ("now met", Some(true)),
            [Verdict::Met, Verdict::Missed] => ("now missed", Some(false)),
            [_, Verdict::NotMeasured] => ("not measured", None),
            [_, Verdict::Met] => ("met", None),
            [Verdict::Missed, Verdict::Missed] => ("still missed", None),
            [Verdict::NotMeasured, Verdict::Missed] => ("missed", None),
        };
        Some(Row {
            name: format!(
                "{} {}",
                text::metric(after.metric),
                shapes::bound(after.bound, after.unit)
            ),
            change: change.to_owned(),
            figures: [before, after].map(shapes::actual),
            classes: [before, after].map(shapes::class),
            verdicts: Some(verdicts),
            is_better,
        })
    });
    both.collect()
}

fn told(shows: &[Shown], reports: &[Value; 2]) -> Vec<Row> {
    let rows = shows.iter().map(|shown| {
        let figures = [0, 1].map(|at| shown.figure.of(&reports[at]));
        compared(shown.label.clone(), figures, shown.unit, Better::Neither)
    });
    rows.collect()
}

fn main(reports: &[Value; 2]) -> Vec<Row> {
    let both = |path: &str| {
        [0, 1].map(|at| match reports[at].at_path(path) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        })
    };
    let answered = both("requests.availability").map(|share| share.unwrap_or(1.0));
    let is_of_others = (answered[1] - answered[0]).abs() > 0.01;
    let rows = FIGURES.iter().filter_map(|(name, path, unit, better)| {
        let figures = both(path);
        let is_there = figures.iter().flatten().any(|figure| *figure != 0.0);
        // Latency is of answered requests only. If far more are answered, a higher latency is no
        // sign of harm.
        let (name, better) = match unit {
            Unit::Ms if is_of_others => (format!("{name}, of answered requests"), Better::Neither),
            _ => ((*name).to_owned(), *better),
        };
        is_there.then(|| compared(name, figures, *unit, better))
    });
    rows.collect()
}

fn compared(name: String, figures: [Option<f64>; 2], unit: Unit, better: Better) -> Row {
    let shown = figures.map(|figure| match figure {
        Some(figure) => unit.show(figure),
        None => "\u{2013}".to_owned(),
    });
    let (change, is_better) = match figures {
        [Some(before), Some(after)] => {
            let way = match better {
                Better::Neither => None,
                Better::More => Some(after > before),
                Better::Less => Some(after < before),
            };
            let is_other = (after - before).abs() > noise(before, after, unit);
            (difference(before, after, unit), way.filter(|_| is_other))
        }
        _ => (String::new(), None),
    };
    Row {
        name,
        figures: shown,
        classes: ["num"; 2],
        verdicts: None,
        change,
        is_better,
    }
}

/// Returns the difference that two runs of one design may show at random, from experience with the
/// lessons. A smaller difference is neither better nor worse.
fn noise(before: f64, after: f64, unit: Unit) -> f64 {
    match unit {
        // Two standard deviations of a Poisson count.
        Unit::Count => 2.0 * before.max(after).sqrt(),
        Unit::Percent => 0.002,
        Unit::PerSecond | Unit::Times => 0.02 * before.abs(),
        Unit::Ms | Unit::S => 0.05 * before.abs(),
        Unit::Dollars => 0.001 * before.abs(),
    }
}

/// Returns a difference in words: a factor if it is large, else a percentage; shares in points.
fn difference(before: f64, after: f64, unit: Unit) -> String {
    let sign = if after > before { '+' } else { '\u{2212}' };
    let size = (after - before).abs();
    // A difference that rounds to 0 is none.
    let least = if unit == Unit::Percent {
        5e-5
    } else {
        5e-4 * before.abs()
    };
    if size < least || size == 0.0 {
        return "same".to_owned();
    }
    if unit == Unit::Percent {
        return format!("{sign}{:.2} points", size * 100.0);
    }
    let factor = after / before;
    match factor {
        factor if !factor.is_finite() => format!("{sign}{}", unit.show(size)),
        0.0 => "none left".to_owned(),
        factor if factor >= 3.0 => format!("\u{d7}\u{202f}{factor:.1}"),
        factor if factor <= 1.0 / 3.0 => format!("\u{f7}\u{202f}{:.1}", 1.0 / factor),
        factor => format!("{sign}{:.1}%", (factor - 1.0).abs() * 100.0),
    }
}
