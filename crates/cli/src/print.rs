//! Prints the runs of a design for people: one run, or several seeds together.

use crate::outcomes;
use crate::runs::Runs;
use crate::table::{cell, table, whole};
use design::Design;
use report::{Latency, Report, ScoreOver};
use std::collections::{BTreeMap, BTreeSet};
use text::cell::{figure, ms, percent};

/// Prints end-to-end metrics, then node and link metrics in the design's order.
pub(crate) fn report(design: &Design, runs: &Runs) -> String {
    let mut out = heading(design, runs);
    let is_over = design.settings.drain && status(runs) == "ended";
    out += &requests(runs, is_over);
    out += &outcomes::lines(runs);
    out += "\n";
    out += &nodes(design, runs);
    if !design.links.is_empty() {
        out += "\n";
        out += &links(design, runs);
    }
    let scores = requirements(runs);
    if !scores.is_empty() {
        out += "\n";
        out += &scores;
    }
    let findings = runs.findings();
    if !findings.is_empty() {
        out += "\n";
        out += &crate::findings::text(&findings, runs.are_several);
    }
    out
}

/// `ended` only where every run did.
pub(crate) fn status(runs: &Runs) -> &'static str {
    let mut statuses = runs.reports().map(|report| report.run.status);
    let worst = statuses.find(|status| *status != "ended");
    worst.unwrap_or("ended")
}

fn heading(design: &Design, runs: &Runs) -> String {
    let run = &runs.first().run;
    let seeds: Vec<u64> = runs.reports().map(|report| report.run.seed).collect();
    let mut out = format!("{}\n", design.settings.name);
    out += &match &seeds[..] {
        [seed] => format!("seed {seed}"),
        [first, .., last] => format!("{} seeds, {first} to {last}", seeds.len()),
        [] => String::new(),
    };
    out += &format!(", {} s", run.duration_s);
    if run.warmup_s > 0.0 {
        let warmup = run.warmup_s;
        out += &format!(", the first {warmup} s excluded as warm-up");
    }
    let events = cell(runs.over(|report| Some(report.run.events as f64)), whole);
    out += &match (runs.are_several, seeds.len()) {
        (false, _) => format!("\n{events} events, hash {}\n", run.hash),
        (true, 1) => format!("\n{events} events\n"),
        (true, _) => {
            "\nmeans over all seeds, ± half the width of the 95% confidence interval\n".to_owned()
        }
    };
    if status(runs) == "out_of_budget" {
        out += "stopped early: the run reached its limit of events, memory or drain time (1 h). \
                The metrics cover the run up to that point.\n";
    }
    out + "\n"
}

fn requests(runs: &Runs, is_over: bool) -> String {
    let of = |figure: fn(&Report) -> u64, show: fn(f64) -> String| {
        cell(runs.over(|report| Some(figure(report) as f64)), show)
    };
    let latency = |name: &str, figure: fn(&Latency) -> Option<f64>| {
        let over = runs.over(|report| figure(&report.requests.latency_ms));
        format!("{name} {}", cell(over, ms))
    };
    let latencies = [
        latency("mean", |latency| latency.mean),
        latency("p50", |latency| latency.p50),
        latency("p90", |latency| latency.p90),
        latency("p99", |latency| latency.p99),
        latency("p99.9", |latency| latency.p999),
        latency("max", |latency| latency.max),
    ];
    let mut out = format!(
        "requests      {} offered, {} ok, {} degraded, {} failed",
        of(|report| report.requests.offered, whole),
        of(|report| report.requests.ok, whole),
        of(|report| report.requests.degraded, whole),
        whole(runs.mean(|report| sum(&report.requests.failed)))
    );
    let causes: BTreeSet<&str> = (runs.reports())
        .flat_map(|report| report.requests.failed.keys().copied())
        .collect();
    let causes = causes.into_iter().map(|cause| {
        let of = |report: &Report| report.requests.failed.get(cause).copied();
        let over = runs.over(|report| Some(of(report).unwrap_or(0) as f64));
        format!("{cause} {}", cell(over, whole))
    });
    let causes: Vec<String> = causes.collect();
    if !causes.is_empty() {
        out += &format!(" ({})", causes.join(", "));
    }
    if runs.mean(|report| report.requests.in_flight as f64) > 0.0 {
        let left = of(|report| report.requests.in_flight, whole);
        out += &match is_over {
            true => format!(", {left} without a response"),
            false => format!(", {left} in flight"),
        };
    }
    let share = |figure: fn(&Report) -> f64, show: fn(f64) -> String| {
        cell(runs.over(|report| Some(figure(report))), show)
    };
    format!(
        "{out}\navailability  {}\ngoodput       {}/s of {}/s completed\nlatency       {}\n",
        share(|report| report.requests.availability, percent),
        share(|report| report.requests.goodput_per_s, figure),
        share(|report| report.requests.throughput_per_s, figure),
        latencies.join(", ")
    )
}

fn nodes(design: &Design, runs: &Runs) -> String {
    let head = [
        "node",
        "arrivals",
        "completed",
        "failed",
        "utilization",
        "queue mean",
        "queue max",
        "mean latency",
        "p99 latency",
    ];
    let row = |node: &design::Node| {
        let id = &node.id;
        runs.first().nodes.get(id)?;
        let of = |figure: fn(&report::NodeReport) -> Option<f64>, show: fn(f64) -> String| {
            cell(runs.over(|report| figure(report.nodes.get(id)?)), show)
        };
        Some(vec![
            id.clone(),
            of(|node| Some(node.arrivals as f64), whole),
            of(|node| Some(node.completions as f64), whole),
            whole(runs.mean(|report| report.nodes.get(id).map_or(0.0, |node| sum(&node.failures)))),
            of(|node| node.utilization, percent),
            of(|node| Some(node.queue_mean), figure),
            of(|node| Some(node.queue_max as f64), whole),
            of(|node| node.response_ms.mean, ms),
            of(|node| node.response_ms.p99, ms),
        ])
    };
    table(&head, design.nodes.iter().filter_map(row).collect())
}

fn links(design: &Design, runs: &Runs) -> String {
    let head = [
        "link",
        "calls",
        "attempts",
        "retries",
        "timeouts",
        "amplification",
        "breaker open",
        "mean latency",
        "p99 latency",
    ];
    let row = |link: &design::Link| {
        let id = &link.id;
        runs.first().links.get(id)?;
        let of = |figure: fn(&report::LinkReport) -> Option<f64>, show: fn(f64) -> String| {
            cell(runs.over(|report| figure(report.links.get(id)?)), show)
        };
        Some(vec![
            id.clone(),
            of(|link| Some(link.calls as f64), whole),
            of(|link| Some(link.attempts as f64), whole),
            of(|link| Some(link.retries as f64), whole),
            of(|link| Some(link.timeouts as f64), whole),
            of(|link| Some(link.amplification), |n| format!("{n:.2}")),
            of(
                |link| Some(link.breaker_open_s),
                |n| format!("{} s", figure(n)),
            ),
            of(|link| link.latency_ms.mean, ms),
            of(|link| link.latency_ms.p99, ms),
        ])
    };
    table(&head, design.links.iter().filter_map(row).collect())
}

fn requirements(runs: &Runs) -> String {
    let rows = match runs.reports().len() {
        1 => {
            let scores = runs.first().requirements.iter();
            let row = |score: &report::Score| {
                vec![
                    score.metric.name().to_owned(),
                    text::bound(score),
                    text::actual(score),
                    text::verdict(score.verdict).to_owned(),
                ]
            };
            scores.map(row).collect()
        }
        seeds => {
            let row = |score: ScoreOver| {
                vec![
                    score.metric.name().to_owned(),
                    text::bound_of(score.bound, score.unit),
                    String::new(),
                    format!("met in {} of {seeds}", score.met_in),
                ]
            };
            runs.scores().into_iter().map(row).collect::<Vec<_>>()
        }
    };
    match rows.is_empty() {
        true => String::new(),
        false => table(&["requirement", "bound", "measured", ""], rows),
    }
}

/// What `check` says about requirements that were not met: a line for each that was missed, and one
/// if it was not measured. Over several seeds it can be both.
pub(crate) fn unmet(runs: &Runs) -> Vec<String> {
    if !runs.are_several {
        let scores = runs.first().requirements.iter();
        let unmet = scores.filter(|score| !score.is_met());
        return unmet.map(text::score).collect();
    }
    let scores = runs.scores();
    scores.iter().flat_map(unmet_in).collect()
}

fn unmet_in(score: &ScoreOver) -> Vec<String> {
    let (name, bound) = (score.metric.name(), text::bound_of(score.bound, score.unit));
    let all = score.each.len();
    let lines = [
        ("missed", score.missed_in()),
        ("not measured", score.not_measured_in),
    ];
    let lines = lines.into_iter().filter(|(_, seeds)| *seeds > 0);
    lines
        .map(|(verdict, seeds)| format!("{verdict}: {name} {bound}, in {seeds} of {all} seeds"))
        .collect()
}

fn sum(causes: &BTreeMap<&'static str, u64>) -> f64 {
    causes.values().sum::<u64>() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use report::{Bound, Unit, Verdict};

    #[test]
    fn what_is_missed_in_some_seeds_and_not_measured_in_others_has_two_lines() {
        let score = ScoreOver {
            metric: design::Metric::RecoveryTime,
            bound: Bound::AtMost(20e3),
            unit: Unit::Milliseconds,
            each: vec![Some(1e3), Some(31e3), None, None],
            verdict: Verdict::Missed,
            met_in: 1,
            not_measured_in: 2,
        };
        assert_eq!(
            unmet_in(&score),
            [
                "missed: recovery_time at most 20 s, in 1 of 4 seeds",
                "not measured: recovery_time at most 20 s, in 2 of 4 seeds"
            ]
        );
    }
}
