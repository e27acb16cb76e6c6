//! A report for people.

use design::Design;
use host::Report;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The figures of a run, end to end, then node by node and link by link in the design's order.
pub(crate) fn report(design: &Design, report: &Report) -> String {
    let mut out = heading(design, report);
    out += &requests(report);
    out += "\n";
    out += &nodes(design, report);
    if !design.links.is_empty() {
        out += "\n";
        out += &links(design, report);
    }
    if !report.requirements.is_empty() {
        out += "\n";
        out += &requirements(report);
    }
    out
}

fn heading(design: &Design, report: &Report) -> String {
    let run = &report.run;
    let mut out = format!(
        "{}\nseed {}, {} s",
        design.settings.name, run.seed, run.duration_s
    );
    if run.warmup_s > 0.0 {
        write!(
            out,
            " of which the first {} s count in no figure",
            run.warmup_s
        )
        .expect("a String takes everything");
    }
    let (events, hash) = (count(run.events), &run.hash);
    write!(out, "\n{events} events, hash {hash}\n").expect("a String takes everything");
    if run.status == "out_of_budget" {
        out += "stopped: the run spent its budget of events. The figures are those up to there.\n";
    }
    out + "\n"
}

fn requests(report: &Report) -> String {
    let requests = &report.requests;
    let failed: u64 = requests.failed.values().sum();
    let latency = &requests.latency_ms;
    let latencies = [
        ("mean", latency.mean),
        ("p50", latency.p50),
        ("p90", latency.p90),
        ("p99", latency.p99),
        ("p99.9", latency.p999),
        ("max", latency.max),
    ];
    let latencies: Vec<String> = latencies
        .iter()
        .map(|(name, value)| format!("{name} {}", ms(*value)))
        .collect();
    let mut out = format!(
        "requests      {} offered, {} ok, {} degraded, {} failed",
        count(requests.offered),
        count(requests.ok),
        count(requests.degraded),
        count(failed)
    );
    if failed > 0 {
        out = format!("{out} ({})", causes(&requests.failed));
    }
    if requests.in_flight > 0 {
        out = format!("{out}, {} still under way", count(requests.in_flight));
    }
    format!(
        "{out}\navailability  {}\ngoodput       {}/s of {}/s finished\nlatency       {}\n",
        percent(requests.availability),
        figure(requests.goodput_per_s),
        figure(requests.throughput_per_s),
        latencies.join(", ")
    )
}

fn causes(failed: &BTreeMap<&'static str, u64>) -> String {
    let causes: Vec<String> = failed
        .iter()
        .map(|(cause, n)| format!("{cause} {}", count(*n)))
        .collect();
    causes.join(", ")
}

fn nodes(design: &Design, report: &Report) -> String {
    let head = [
        "node",
        "arrivals",
        "completed",
        "failed",
        "busy",
        "waiting",
        "most",
        "response",
        "p99",
    ];
    let row = |node: &design::Node| {
        let figures = report.nodes.get(&node.id)?;
        Some(vec![
            node.id.clone(),
            count(figures.arrivals),
            count(figures.completions),
            count(figures.failures.values().sum()),
            figures.utilization.map_or("-".to_owned(), percent),
            figure(figures.queue_mean),
            count(figures.queue_max),
            ms(figures.response_ms.mean),
            ms(figures.response_ms.p99),
        ])
    };
    table(&head, design.nodes.iter().filter_map(row).collect())
}

fn links(design: &Design, report: &Report) -> String {
    let head = [
        "link",
        "calls",
        "attempts",
        "retries",
        "timeouts",
        "amplification",
        "open",
        "latency",
        "p99",
    ];
    let row = |link: &design::Link| {
        let figures = report.links.get(&link.id)?;
        Some(vec![
            link.id.clone(),
            count(figures.calls),
            count(figures.attempts),
            count(figures.retries),
            count(figures.timeouts),
            format!("{:.2}", figures.amplification),
            format!("{} s", figure(figures.breaker_open_s)),
            ms(figures.latency_ms.mean),
            ms(figures.latency_ms.p99),
        ])
    };
    table(&head, design.links.iter().filter_map(row).collect())
}

fn requirements(report: &Report) -> String {
    let rows = report.requirements.iter().map(|score| {
        let held = if score.met { "held" } else { "missed" };
        vec![
            score.metric.to_owned(),
            score.target.clone(),
            score.actual.clone(),
            held.to_owned(),
        ]
    });
    table(&["requirement", "bound", "figure", ""], rows.collect())
}

/// Columns as wide as they need to be: the first to the left, the figures to the right.
fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
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

/// With commas between thousands.
fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Three digits that count.
fn figure(n: f64) -> String {
    match n.abs() {
        size if size >= 100.0 => count(n.round() as u64),
        size if size >= 10.0 => format!("{n:.1}"),
        0.0 => "0".to_owned(),
        _ => format!("{n:.2}"),
    }
}

fn ms(n: Option<f64>) -> String {
    match n {
        None => "-".to_owned(),
        Some(n) if n >= 10_000.0 => format!("{} s", figure(n / 1000.0)),
        Some(n) => format!("{} ms", figure(n)),
    }
}

/// Availability counts nines, so it keeps two decimals.
fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!(
            [0, 12, 1234, 1_234_567].map(count),
            ["0", "12", "1,234", "1,234,567"]
        );
        assert_eq!(
            [0.0, 0.123, 12.34, 123.4, 12345.6].map(figure),
            ["0", "0.12", "12.3", "123", "12,346"]
        );
        assert_eq!(
            [None, Some(1.5), Some(12_500.0)].map(ms),
            ["-", "1.50 ms", "12.5 s"]
        );
        assert_eq!(percent(0.99954), "99.95 %");
    }
}
