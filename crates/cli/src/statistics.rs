//! Several runs of a design as one JSON report: mean and 95% confidence interval of every metric.

use crate::runs::Runs;
use report::{Bound, Estimate, ScoreOver};
use serde_json::{Map, Value, json};

/// `{"mean", "ci95": [low, high]}`; `null` for the interval of a single sample. If some runs have
/// no value, `missing_in` is their number.
pub(crate) fn write(estimate: Estimate) -> Value {
    let mut written = json!({"mean": estimate.mean, "ci95": estimate.interval()});
    if estimate.missing > 0 {
        written["missing_in"] = estimate.missing.into();
    }
    written
}

/// Reads what [`write`] wrote.
pub(crate) fn read(value: &Value) -> Option<Estimate> {
    let entries = value.as_object()?;
    let missing = match (entries.len(), entries.get("missing_in")) {
        (2, None) => 0,
        (3, Some(missing)) => missing.as_u64()? as usize,
        _ => return None,
    };
    let (mean, interval) = (entries.get("mean")?.as_f64()?, entries.get("ci95")?);
    let half = match interval.as_array().map(Vec::as_slice) {
        Some([low, high]) => Some((high.as_f64()? - low.as_f64()?) / 2.0),
        _ => None,
    };
    Some(Estimate {
        mean,
        half,
        missing,
    })
}

/// The runs as JSON: the report of the only one, or all of them merged.
pub(crate) fn json_of(runs: &Runs) -> Value {
    match runs.are_several {
        true => summarize(runs),
        false => runs.each_json().swap_remove(0),
    }
}

/// Merges several reports of one design: each number becomes `{"mean", "ci95"}` over the runs. A
/// cause that did not occur in a run counts as 0 there. A metric that is `null` in a run (nothing was
/// measured) is left out of the mean.
fn summarize(runs: &Runs) -> Value {
    let reports = runs.each_json();
    let mut summary = merge(&reports.iter().map(Some).collect::<Vec<_>>());
    summary["run"] = run(runs);
    summary["requirements"] = runs.scores().iter().map(score).collect();
    summary["findings"] = findings(runs);
    for section in ["windows", "node_windows", "link_windows"] {
        keep_width(&mut summary[section], &reports[0][section]);
    }
    summary
}

/// Merges the `run` section, whose seeds and hashes are listed instead of averaged.
fn run(runs: &Runs) -> Value {
    let first = &runs.first().run;
    let all = || runs.reports().map(|report| &report.run);
    // `ended` only where every run did.
    let worst = all().find(|run| run.status != "ended").unwrap_or(first);
    json!({
        "seeds": all().map(|run| run.seed).collect::<Vec<_>>(),
        "duration_s": first.duration_s,
        "warmup_s": first.warmup_s,
        "ended_s": runs.over(|report| Some(report.run.ended_s)).map(write),
        "status": worst.status,
        "events": runs.over(|report| Some(report.run.events as f64)).map(write),
        "hashes": all().map(|run| run.hash.clone()).collect::<Vec<_>>(),
        "version": first.version,
    })
}

fn score(score: &ScoreOver) -> Value {
    let bound = match score.bound {
        Bound::AtLeast(_) => "at_least",
        Bound::AtMost(_) => "at_most",
    };
    json!({
        "metric": score.metric.name(),
        bound: score.bound.value(),
        "unit": score.unit,
        "actual": score.actual().map(write),
        "each": score.each,
        "verdict": score.verdict,
        "met": score.met_in == score.each.len(),
        "met_in": score.met_in,
        "not_measured_in": score.not_measured_in,
        "text": text::score_over(score),
    })
}

fn findings(runs: &Runs) -> Value {
    let ids = text::Titles::ids();
    let each = runs.findings();
    let each = each.iter().map(|seen| {
        let written = text::Written::new(&seen.finding, &ids);
        let written = serde_json::to_value(written);
        let mut written = written.expect("a finding holds nothing that JSON cannot");
        written["seeds"] = seen.seeds.into();
        written
    });
    each.collect()
}

/// Keeps the width of windows, which is the same in all runs.
fn keep_width(of: &mut Value, first: &Value) {
    let (Value::Object(entries), Value::Object(firsts)) = (of, first) else {
        return;
    };
    for (name, value) in entries {
        match (name.as_str(), firsts.get(name)) {
            ("width_s", Some(width)) => *value = width.clone(),
            (_, Some(first)) => keep_width(value, first),
            _ => {}
        }
    }
}

/// A value by its name; of what is `null` as a whole, every value is.
fn within<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Null => Some(value),
        value => value.get(name),
    }
}

/// The values in one place of several reports as one; `None` where a report lacks the place.
fn merge(values: &[Option<&Value>]) -> Value {
    let present = || values.iter().copied().flatten();
    match present().find(|value| !value.is_null()) {
        None => Value::Null,
        Some(Value::Number(_)) => {
            // Absent is a cause that did not occur; null is a figure that was not measured.
            let number = |value: &Option<&Value>| value.map_or(Some(0.0), Value::as_f64);
            Estimate::over(values.iter().map(number)).map_or(Value::Null, write)
        }
        Some(Value::Array(_)) => {
            let lists = values.iter().map(|value| value.and_then(Value::as_array));
            let lists: Vec<_> = lists.collect();
            let longest = lists.iter().flatten().map(|list| list.len()).max();
            let place = |at: usize| -> Vec<Option<&Value>> {
                let null = Some(&Value::Null);
                lists
                    .iter()
                    .map(|list| list.and_then(|list| list.get(at)).or(null))
                    .collect()
            };
            let merged = (0..longest.unwrap_or(0)).map(|at| merge(&place(at)));
            Value::Array(merged.collect())
        }
        Some(Value::Object(_)) => {
            let mut merged = Map::new();
            for name in present().filter_map(Value::as_object).flat_map(Map::keys) {
                if !merged.contains_key(name) {
                    let place: Vec<_> = values
                        .iter()
                        .map(|value| value.and_then(|value| within(value, name)))
                        .collect();
                    merged.insert(name.clone(), merge(&place));
                }
            }
            Value::Object(merged)
        }
        // Names and verdicts: what all say, or what each says.
        Some(first @ (Value::String(_) | Value::Bool(_) | Value::Null)) => {
            match present().all(|value| value == first) {
                true => first.clone(),
                false => present().cloned().collect(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_merged_place_by_place() {
        let report = |p99: Value, failed: Value, recovery: Value| {
            json!({"requests": {"ok": 4, "failed": failed, "latency_ms": {"p99": p99}},
                   "recovery": recovery})
        };
        let reports = [
            report(
                json!(1.0),
                json!({"timeout": 4}),
                json!({"recovery_s": 5.0}),
            ),
            report(Value::Null, json!({}), Value::Null),
            report(
                json!(3.0),
                json!({"timeout": 2}),
                json!({"recovery_s": null}),
            ),
        ];
        let summary = merge(&reports.iter().map(Some).collect::<Vec<_>>());
        let of = |path: &str| read(summary.pointer(path).unwrap()).unwrap();
        assert_eq!(of("/requests/latency_ms/p99").mean, 2.0);
        assert_eq!(of("/requests/latency_ms/p99").missing, 1);
        assert_eq!(of("/requests/failed/timeout").mean, 2.0);
        // What is missing as a whole is missing in every part of it, and is not 0.
        let recovery = of("/recovery/recovery_s");
        assert_eq!((recovery.mean, recovery.missing), (5.0, 2));
    }
}
