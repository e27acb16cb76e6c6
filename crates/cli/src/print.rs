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
            Value::Array(all) => (plain(&all[0]), verdict(score).to_owned()),
            one => (plain(one), verdict(score).to_owned()),
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

fn verdict(score: &Value) -> &'static str {
    match (score["met"] == true, score["verdict"] == "not_measured") {
        (true, _) => "held",
        (false, true) => "not measured",
        (false, false) => "missed",
    }
}

/// What `check` says about a requirement that was not met: a line if it was missed, and one if it
/// was not measured. Over several seeds it can be both.
pub(crate) fn unmet(score: &Value) -> Vec<String> {
    let requirement = format!("{} {}", plain(&score["metric"]), plain(&score["target"]));
    let Some(seeds) = score["actual"].as_array() else {
        if score["met"] == true {
            return Vec::new();
        }
        let actual = plain(&score["actual"]);
        let result = match score["value"].is_null() {
            // Then `actual` is the reason.
            true => format!(": {actual}"),
            false => format!("; it was {actual}"),
        };
        return vec![format!("{}: {requirement}{result}", verdict(score))];
    };
    let count = |name: &str| score[name].as_u64().unwrap_or(0);
    let (all, unknown) = (seeds.len() as u64, count("not_measured_in"));
    let missed = all - count("met_in") - unknown;
    let lines = [("missed", missed), ("not measured", unknown)].into_iter();
    lines
        .filter(|(_, seeds)| *seeds > 0)
        .map(|(verdict, seeds)| format!("{verdict}: {requirement}, in {seeds} of {all} seeds"))
        .collect()
}

/// A figure, with half the width of its interval where it is of several runs, and before it in how
/// many of them it is known, where that is not in all.
pub(crate) fn cell(value: &Value, show: impl Fn(f64) -> String) -> String {
    let shown = mean(value, show);
    match Estimate::from_json(value).and_then(|estimate| estimate.missing) {
        Some([missing, runs]) => format!("in {} of {runs}: {shown}", runs - missing),
        None => shown,
    }
}

/// A figure, with half the width of its interval where it is of several runs.
pub(crate) fn mean(value: &Value, show: impl Fn(f64) -> String) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unmet_requirements_are_sentences_whatever_the_run_gave() {
        let of = |actual: Value, value: Value, verdict: &str| {
            unmet(&json!({
                "metric": "recovery_time", "target": "at most 20s", "actual": actual,
                "value": value, "verdict": verdict, "met": verdict == "met",
                "met_in": 1, "not_measured_in": 2,
            }))
        };
        let requirement = "recovery_time at most 20s";
        for (actual, value, verdict, lines) in [
            (json!("12s"), json!(12e3), "met", vec![]),
            (json!("no fault came and went"), Value::Null, "met", vec![]),
            (
                json!("31s"),
                json!(31e3),
                "missed",
                vec![format!("missed: {requirement}; it was 31s")],
            ),
            (
                json!("not recovered"),
                Value::Null,
                "missed",
                vec![format!("missed: {requirement}: not recovered")],
            ),
            (
                json!("a fault did not end"),
                Value::Null,
                "not_measured",
                vec![format!("not measured: {requirement}: a fault did not end")],
            ),
            (
                json!(["1s", "31s", "", ""]),
                Value::Null,
                "missed",
                vec![
                    format!("missed: {requirement}, in 1 of 4 seeds"),
                    format!("not measured: {requirement}, in 2 of 4 seeds"),
                ],
            ),
        ] {
            assert_eq!(of(actual, value, verdict), lines);
        }
    }
}
