//! A report for people, of one run or of several seeds.

use crate::outcomes;
use crate::statistics::Estimate;
use crate::table::{count, figure, ms, percent, table};
use design::Design;
use serde_json::Value;

/// The figures, end to end, then node by node and link by link in the design's order.
pub(crate) fn report(design: &Design, report: &Value) -> String {
    let mut out = heading(design, report);
    let is_over = design.settings.drain && report["run"]["status"] == "ended";
    out += &requests(&report["requests"], is_over);
    out += &outcomes::lines(report);
    out += "\n";
    out += &nodes(design, report);
    if !design.links.is_empty() {
        out += "\n";
        out += &links(design, report);
    }
    let scores = report["requirements"].as_array();
    if let Some(scores) = scores.filter(|scores| !scores.is_empty()) {
        out += "\n";
        out += &requirements(scores);
    }
    let findings = crate::findings::of_report(report);
    if !findings.is_empty() {
        out += "\n";
        out += &crate::findings::text(findings);
    }
    out
}

fn heading(design: &Design, report: &Value) -> String {
    let run = &report["run"];
    let seeds = run["seeds"].as_array();
    let mut out = format!("{}\n", design.settings.name);
    out += &match seeds.map(Vec::as_slice) {
        None => format!("seed {}", run["seed"]),
        Some([seed]) => format!("seed {seed}"),
        Some(seeds) => format!(
            "{} seeds, {} to {}",
            seeds.len(),
            seeds[0],
            seeds[seeds.len() - 1]
        ),
    };
    out += &format!(", {} s", number(&run["duration_s"]));
    if number(&run["warmup_s"]) > 0.0 {
        out += &format!(
            " of which the first {} s count in no figure",
            number(&run["warmup_s"])
        );
    }
    let events = cell(&run["events"], whole);
    out += &match seeds {
        None => format!("\n{events} events, hash {}\n", plain(&run["hash"])),
        Some(seeds) if seeds.len() > 1 => {
            "\nmeans of all seeds, ± half the width of the 95 % confidence interval\n".to_owned()
        }
        Some(_) => format!("\n{events} events\n"),
    };
    if run["status"] == "out_of_budget" {
        out += "stopped: the run spent its budget of events, memory or time to drain (an hour). The figures are those up to there.\n";
    }
    out + "\n"
}

fn requests(requests: &Value, is_over: bool) -> String {
    let latencies = [
        ("mean", "mean"),
        ("p50", "p50"),
        ("p90", "p90"),
        ("p99", "p99"),
        ("p99.9", "p999"),
        ("max", "max"),
    ];
    let latencies: Vec<String> = latencies
        .iter()
        .map(|(shown, name)| format!("{shown} {}", cell(&requests["latency_ms"][name], ms)))
        .collect();
    let mut out = format!(
        "requests      {} offered, {} ok, {} degraded, {} failed",
        cell(&requests["offered"], whole),
        cell(&requests["ok"], whole),
        cell(&requests["degraded"], whole),
        whole(sum(&requests["failed"]))
    );
    let causes = requests["failed"].as_object().into_iter().flatten();
    let causes: Vec<String> = causes
        .map(|(cause, n)| format!("{cause} {}", cell(n, whole)))
        .collect();
    if !causes.is_empty() {
        out += &format!(" ({})", causes.join(", "));
    }
    if number(&requests["in_flight"]) > 0.0 {
        let left = cell(&requests["in_flight"], whole);
        out += &match is_over {
            true => format!(", {left} never answered"),
            false => format!(", {left} still under way"),
        };
    }
    format!(
        "{out}\navailability  {}\ngoodput       {}/s of {}/s finished\nlatency       {}\n",
        cell(&requests["availability"], percent),
        cell(&requests["goodput_per_s"], figure),
        cell(&requests["throughput_per_s"], figure),
        latencies.join(", ")
    )
}

fn nodes(design: &Design, report: &Value) -> String {
    let head = [
        "node",
        "arrivals",
        "completed",
        "failed",
        "busy",
        "waiting",
        "most in one",
        "response",
        "p99",
    ];
    let row = |node: &design::Node| {
        let figures = report["nodes"].get(&node.id)?;
        Some(vec![
            node.id.clone(),
            cell(&figures["arrivals"], whole),
            cell(&figures["completions"], whole),
            whole(sum(&figures["failures"])),
            cell(&figures["utilization"], percent),
            cell(&figures["queue_mean"], figure),
            cell(&figures["queue_max"], whole),
            cell(&figures["response_ms"]["mean"], ms),
            cell(&figures["response_ms"]["p99"], ms),
        ])
    };
    table(&head, design.nodes.iter().filter_map(row).collect())
}

fn links(design: &Design, report: &Value) -> String {
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
        let figures = report["links"].get(&link.id)?;
        Some(vec![
            link.id.clone(),
            cell(&figures["calls"], whole),
            cell(&figures["attempts"], whole),
            cell(&figures["retries"], whole),
            cell(&figures["timeouts"], whole),
            cell(&figures["amplification"], |n| format!("{n:.2}")),
            cell(&figures["breaker_open_s"], |n| format!("{} s", figure(n))),
            cell(&figures["latency_ms"]["mean"], ms),
            cell(&figures["latency_ms"]["p99"], ms),
        ])
    };
    table(&head, design.links.iter().filter_map(row).collect())
}

fn requirements(scores: &[Value]) -> String {
    let rows = scores.iter().map(|score| {
        let (figure, verdict) = match &score["actual"] {
            // One per seed.
            Value::Array(all) if all.len() > 1 => {
                let met = score["met_in"].as_u64().unwrap_or(0);
                let verdict = format!("held in {met} of {}", all.len());
                (String::new(), verdict)
            }
            Value::Array(all) => (plain(&all[0]), held(score).to_owned()),
            one => (plain(one), held(score).to_owned()),
        };
        vec![
            plain(&score["metric"]),
            plain(&score["target"]),
            figure,
            verdict,
        ]
    });
    table(&["requirement", "bound", "figure", ""], rows.collect())
}

fn held(score: &Value) -> &'static str {
    if score["met"] == true {
        "held"
    } else {
        "missed"
    }
}

/// A figure, with half the width of its interval where it is of several runs.
pub(crate) fn cell(value: &Value, show: impl Fn(f64) -> String) -> String {
    match (value, Estimate::from_json(value)) {
        (_, Some(estimate)) => match estimate.half {
            Some(half) if half > 0.0 => format!("{} ± {}", show(estimate.mean), show(half)),
            _ => show(estimate.mean),
        },
        (Value::Number(_), None) => show(number(value)),
        _ => "-".to_owned(),
    }
}

/// A figure, or the mean of one.
pub(crate) fn number(value: &Value) -> f64 {
    let mean = Estimate::from_json(value).map(|estimate| estimate.mean);
    mean.or(value.as_f64()).unwrap_or(0.0)
}

fn sum(causes: &Value) -> f64 {
    let causes = causes.as_object().into_iter().flatten();
    causes.map(|(_, n)| number(n)).sum()
}

/// Counts are whole, means of counts need not be.
pub(crate) fn whole(n: f64) -> String {
    match n.fract() == 0.0 {
        true => count(n as u64),
        false => figure(n),
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
