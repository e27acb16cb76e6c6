//! A metric over time in two runs, on the same axes.

use std::fmt::Write;

use design::Value;
use host::scenarios::Shown;
use leptos::prelude::*;

use super::Comparison;
use crate::words;

/// The drawing, in its own pixels.
const SIZE: [f64; 2] = [520.0, 168.0];
/// Room for the labels on the left, above, and for the seconds below.
const ROOM: [f64; 3] = [44.0, 12.0, 20.0];
/// Maximum number of points of a line; windows beyond that are joined, and the worst value is kept.
const POINTS_MAX: usize = 260;

/// The chart of a series of windows.
pub(super) fn view(
    title: &'static str,
    path: &str,
    now: &Comparison,
    reports: &[Value; 2],
) -> AnyView {
    let series = [0, 1].map(|at| series(&reports[at], path));
    let width_s = reports[0].at_path("windows.width_s");
    let width_s = match width_s {
        Some(Value::Number(width)) if *width > 0.0 => *width,
        _ => 1.0,
    };
    let longest = series.iter().map(Vec::len).max().unwrap_or(0);
    let end_s = (longest as f64 * width_s).max(1.0);
    let top = series
        .iter()
        .flatten()
        .flatten()
        .copied()
        .fold(0.0, f64::max);
    let top = round_up(top);
    let [width, height] = SIZE;
    let [left, above, below] = ROOM;
    let x = move |s: f64| left + (s / end_s).clamp(0.0, 1.0) * (width - left - 8.0);
    let y =
        move |value: f64| height - below - (value / top).clamp(0.0, 1.0) * (height - below - above);
    let lines = series
        .each_ref()
        .map(|series| line(series, |at| x((at + 0.5) * width_s), y));
    let faults = now.faults.iter().map(|(from, to)| {
        let (from, to) = (x(*from), x(to.min(end_s)));
        view! {
            <rect class="fault" x=from y=above width=(to - from).max(1.0) height=height - below - above></rect>
        }
    });
    let rules = [0.0, 0.5, 1.0].map(|share| {
        let at = y(top * share);
        view! {
            <line class="rule" x1=left x2=width - 8.0 y1=at y2=at></line>
            <text class="num" x=left - 6.0 y=at + 4.0 text-anchor="end">
                {figure(top * share)}
            </text>
        }
    });
    let seconds = [0.0, 0.5, 1.0].map(|share: f64| {
        let anchor = ["start", "middle", "end"][(share * 2.0) as usize];
        view! {
            <text class="num" x=x(end_s * share) y=height - 4.0 text-anchor=anchor>
                {format!("{:.0} s", end_s * share)}
            </text>
        }
    });
    let means = series.each_ref().map(|series| mean(series));
    let label = format!(
        "{title}, over time. Mean before {}, after {}.",
        words::figure(means[0]),
        words::figure(means[1])
    );
    let [before, after] = lines;
    let name = |at: usize| now.names[at].clone();
    view! {
        <figure class="compare-chart">
            <figcaption>
                <b>{title}</b>
                <span class="key before">{name(0)}</span>
                <span class="key after">{name(1)}</span>
            </figcaption>
            <svg viewBox=format!("0 0 {width} {height}") role="img" aria-label=label>
                {faults.collect_view()}
                {rules.collect_view()}
                {seconds.collect_view()}
                <path class="before" d=before></path>
                <path class="after" d=after></path>
            </svg>
        </figure>
    }
    .into_any()
}

fn figure(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        v if v >= 10_000.0 => format!("{:.0}k", v / 1e3),
        v if v < 10.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

/// The next of 1, 2, 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    if !(value.is_finite() && value > 0.0) {
        return 1.0;
    }
    let unit = libm::pow(10.0, libm::floor(libm::log10(value)));
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| step * unit >= value);
    step.unwrap_or(10.0) * unit
}

fn series(report: &Value, path: &str) -> Vec<Option<f64>> {
    match report.at_path(path) {
        Some(Value::List(items)) => items
            .iter()
            .map(|item| match item {
                Value::Number(number) if number.is_finite() => Some(*number),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn mean(series: &[Option<f64>]) -> f64 {
    let known = series.iter().flatten();
    known.clone().sum::<f64>() / known.count() as f64
}

/// Returns a line through the windows that have the metric, with gaps where a window has none.
fn line(series: &[Option<f64>], x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) -> String {
    let join = series.len().div_ceil(POINTS_MAX).max(1);
    let mut line = String::new();
    let mut pen_is_down = false;
    for (nth, part) in series.chunks(join).enumerate() {
        let worst = part.iter().flatten().copied().reduce(f64::max);
        let at = (nth * join) as f64 + (part.len() as f64 - 1.0) / 2.0;
        if let Some(value) = worst {
            let verb = if pen_is_down { 'L' } else { 'M' };
            // Writing to a string never fails.
            let _ = write!(line, "{verb}{:.1} {:.1}", x(at), y(value));
        }
        pen_is_down = worst.is_some();
    }
    line
}

/// The lesson's own metric in both runs, as bars on one scale.
pub(super) fn bars(shown: &Shown, now: &Comparison, reports: &[Value; 2]) -> Option<AnyView> {
    let figures = [0, 1].map(|at| shown.figure.of(&reports[at]));
    let most = figures.iter().flatten().copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let bar = |at: usize| {
        let share = figures[at].map_or(0.0, |figure| figure / most * 100.0);
        let said = figures[at].map_or("\u{2013}".to_owned(), |figure| shown.unit.show(figure));
        view! {
            <div class=["before", "after"][at]>
                <span>{now.names[at].clone()}</span>
                <span class="track"><i prop:style=format!("width:{share:.1}%")></i></span>
                <span class="num">{said}</span>
            </div>
        }
    };
    let view = view! {
        <figure class="compare-bars">
            <figcaption><b>{shown.label.clone()}</b></figcaption>
            {bar(0)}
            {bar(1)}
        </figure>
    };
    Some(view.into_any())
}
