//! What several runs of a design say together: mean and 95 % confidence interval of every figure.

use serde_json::{Map, Value, json};

/// A mean and its 95 % confidence interval (Student 1908), which one sample alone does not have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    /// Of the samples.
    pub(crate) mean: f64,
    /// Half the width of the interval around the mean.
    pub(crate) half: Option<f64>,
    /// In how many of how many runs there is no such figure, where it is missing in some.
    pub(crate) missing: Option<[usize; 2]>,
}

impl Estimate {
    /// Of independent samples; `None` of none.
    pub(crate) fn of(samples: &[f64]) -> Option<Self> {
        let n = samples.len() as f64;
        let first = *samples.first()?;
        // Around the first, so that figures that are all alike have no rounding for a width.
        let mean = first + samples.iter().map(|x| x - first).sum::<f64>() / n;
        let half = (samples.len() > 1).then(|| {
            let squares: f64 = samples.iter().map(|x| (x - mean) * (x - mean)).sum();
            student_t(samples.len() - 1) * (squares / (n - 1.0) / n).sqrt()
        });
        Some(Self {
            mean,
            half,
            missing: None,
        })
    }

    /// Of the runs that have the figure, out of so many.
    fn of_runs(samples: &[f64], runs: usize) -> Option<Self> {
        let missing = runs - samples.len();
        let of_those = Self::of(samples)?;
        Some(Self {
            missing: (missing > 0).then_some([missing, runs]),
            ..of_those
        })
    }

    /// Both ends, where there is an interval.
    pub(crate) fn interval(&self) -> Option<[f64; 2]> {
        self.half.map(|half| [self.mean - half, self.mean + half])
    }

    /// `{"mean", "ci95": [low, high]}`, and before these `"missing_in"` and `"runs"` where it is
    /// missing in some; `null` for the interval of a single sample.
    pub(crate) fn to_json(self) -> Value {
        let (mean, interval) = (self.mean, self.interval());
        match self.missing {
            None => json!({"mean": mean, "ci95": interval}),
            Some([missing, runs]) => {
                json!({"missing_in": missing, "runs": runs, "mean": mean, "ci95": interval})
            }
        }
    }

    /// Reads what [`Self::to_json`] wrote.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let entries = value.as_object()?;
        let (mean, interval) = (entries.get("mean")?.as_f64()?, entries.get("ci95")?);
        let missing = match entries.len() {
            2 => None,
            4 => {
                let number = |name: &str| Some(entries.get(name)?.as_u64()? as usize);
                Some([number("missing_in")?, number("runs")?])
            }
            _ => return None,
        };
        let half = match (interval, missing) {
            (Value::Null, Some(_)) => None,
            (interval, _) => match interval.as_array()?.as_slice() {
                [low, high] => Some((high.as_f64()? - low.as_f64()?) / 2.0),
                _ => return None,
            },
        };
        Some(Self {
            mean,
            half,
            missing,
        })
    }
}

/// The 97.5th percentile of Student's t distribution: exact to the digits given up to 30 degrees of
/// freedom; beyond, linear in their reciprocal, which is off by less than 0.001.
fn student_t(freedom: usize) -> f64 {
    const EXACT: [f64; 30] = [
        12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010,
        2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739,
        2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
    ];
    const NORMAL: f64 = 1.959_964;
    match EXACT.get(freedom - 1) {
        Some(t) => *t,
        None => NORMAL + (EXACT[29] - NORMAL) * 30.0 / freedom as f64,
    }
}

/// Several reports of one design as one: each number becomes `{"mean", "ci95"}` over the runs. A
/// cause that did not occur in a run counts as 0 there. A figure that is `null` in a run (nothing
/// was measured, or it never came to that), or is of something that is, is left out of the mean,
/// and the number of such runs is beside it.
pub(crate) fn summarize(reports: &[Value]) -> Value {
    let mut summary = merge(&reports.iter().map(Some).collect::<Vec<_>>());
    let all = |path: &str| -> Vec<Value> {
        let found = reports.iter().map(|report| report.pointer(path));
        found
            .map(|value| value.cloned().unwrap_or_default())
            .collect()
    };
    if let Some(run) = summary.get_mut("run").and_then(Value::as_object_mut) {
        // What names the runs is no figure.
        let mut named = Map::new();
        named.insert("seeds".to_owned(), Value::Array(all("/run/seed")));
        for (name, value) in std::mem::take(run) {
            let kept = reports[0]["run"][name.as_str()].clone();
            match name.as_str() {
                "seed" => {}
                "duration_s" | "warmup_s" | "version" => drop(named.insert(name, kept)),
                "hash" => drop(named.insert("hashes".to_owned(), Value::Array(all("/run/hash")))),
                "status" => drop(named.insert(name, worst_status(&all("/run/status")))),
                _ => drop(named.insert(name, value)),
            }
        }
        *run = named;
    }
    for (at, score) in list_mut(&mut summary, "requirements")
        .iter_mut()
        .enumerate()
    {
        *score = summarize_score(reports, at);
    }
    if reports
        .iter()
        .any(|report| report.get("findings").is_some())
    {
        summary["findings"] = crate::findings::summarize(reports);
    }
    if let Some(windows) = summary.get_mut("windows") {
        windows["width_s"] = reports[0]["windows"]["width_s"].clone();
    }
    for section in ["node_windows", "link_windows"] {
        let parts = summary.get_mut(section).and_then(Value::as_object_mut);
        for (id, part) in parts.into_iter().flatten() {
            part["width_s"] = reports[0][section][id.as_str()]["width_s"].clone();
        }
    }
    summary
}

fn list_mut<'a>(value: &'a mut Value, name: &str) -> &'a mut [Value] {
    match value.get_mut(name) {
        Some(Value::Array(items)) => items,
        _ => &mut [],
    }
}

/// `ended` only where every run did.
fn worst_status(statuses: &[Value]) -> Value {
    let worst = statuses.iter().find(|status| *status != "ended");
    worst.or(statuses.first()).cloned().unwrap_or_default()
}

/// A requirement is met if it is in every run, and missed if it is in any.
fn summarize_score(reports: &[Value], at: usize) -> Value {
    let scores: Vec<&Value> = reports.iter().map(|r| &r["requirements"][at]).collect();
    let count = |verdict: &str| {
        let with = scores.iter().filter(|score| score["verdict"] == verdict);
        with.count()
    };
    let (met, unknown) = (count("met"), count("not_measured"));
    let actual: Vec<&Value> = scores.iter().map(|score| &score["actual"]).collect();
    let values: Vec<_> = scores.iter().map(|score| score.get("value")).collect();
    json!({
        "metric": scores[0]["metric"],
        "target": scores[0]["target"],
        "actual": actual,
        "value": merge(&values),
        "verdict": match (met == scores.len(), met + unknown == scores.len()) {
            (true, _) => "met",
            (false, true) => "not_measured",
            (false, false) => "missed",
        },
        "met": met == scores.len(),
        "met_in": met,
        "not_measured_in": unknown,
    })
}

/// The values in one place of several reports as one; `None` where a report lacks the place.
fn merge(values: &[Option<&Value>]) -> Value {
    let present = || values.iter().copied().flatten();
    match present().find(|value| !value.is_null()) {
        None => Value::Null,
        Some(Value::Number(_)) => {
            // Absent is a cause that did not occur; null is a figure that was not measured.
            let number = |value: &Option<&Value>| value.map_or(Some(0.0), Value::as_f64);
            let samples: Vec<f64> = values.iter().filter_map(number).collect();
            let estimate = Estimate::of_runs(&samples, values.len());
            estimate.map_or(Value::Null, Estimate::to_json)
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
                    merged.insert(name.clone(), merge(&below(values, name)));
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

/// The values of one field of several objects. A figure of what is `null` is missing, as that is.
fn below<'a>(values: &[Option<&'a Value>], name: &str) -> Vec<Option<&'a Value>> {
    let fields = values
        .iter()
        .map(|value| value.and_then(|value| value.get(name)));
    let fields: Vec<_> = fields.collect();
    let mut known = fields.iter().flatten().filter(|value| !value.is_null());
    let is_word = matches!(known.next(), Some(Value::String(_) | Value::Bool(_)));
    let of_null = |value: &Option<&'a Value>| value.filter(|value| value.is_null() && !is_word);
    let fields = fields.iter().zip(values);
    fields
        .map(|(field, value)| field.or(of_null(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_students() {
        // Mean 3, sample deviation 1.5811, t(4) = 2.7764: half width 2.7764 · 1.5811 / √5.
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!(estimate.mean, 3.0);
        assert!((estimate.half.unwrap() - 1.9632).abs() < 1e-4);
        assert_eq!(Estimate::of(&[7.0]).unwrap().half, None);
        assert_eq!(Estimate::of(&[0.1; 7]).unwrap().half, Some(0.0));
        assert_eq!(Estimate::of(&[]), None);
        // Tables give 2.0211, 2.0003 and 1.9799.
        for (freedom, t) in [(40, 2.0211), (60, 2.0003), (120, 1.9799)] {
            assert!((student_t(freedom) - t).abs() < 0.001, "{freedom}");
        }
    }

    #[test]
    fn a_report_of_several_has_the_shape_of_one() {
        let verdicts = ["met", "not_measured", "missed"];
        let report = |p99: Value, failed: Value, seed: u64| {
            json!({"run": {"seed": seed, "duration_s": 5.0, "status": "ended", "events": 10, "hash": "ab"},
                   "requests": {"ok": 4, "failed": failed, "latency_ms": {"p99": p99}},
                   "requirements": [{"metric": "x", "target": "y", "actual": "1", "value": 1.0,
                                     "verdict": verdicts[seed as usize - 1]}]})
        };
        let summary = summarize(&[
            report(json!(1.0), json!({"timeout": 4}), 1),
            report(Value::Null, json!({}), 2),
            report(json!(3.0), json!({"timeout": 2}), 3),
        ]);
        let mean = |path: &str| summary.pointer(path).unwrap()["mean"].as_f64().unwrap();
        assert_eq!(mean("/requests/latency_ms/p99"), 2.0);
        assert_eq!(summary["requests"]["latency_ms"]["p99"]["missing_in"], 1);
        assert_eq!(summary["requests"]["latency_ms"]["p99"]["runs"], 3);
        assert!(
            summary["requests"]["failed"]["timeout"]
                .get("missing_in")
                .is_none()
        );
        assert_eq!(mean("/requests/failed/timeout"), 2.0);
        assert_eq!(summary["run"]["seeds"], json!([1, 2, 3]));
        assert_eq!(summary["run"]["duration_s"], 5.0);
        assert_eq!(summary["run"]["events"]["ci95"], json!([10.0, 10.0]));
        let score = &summary["requirements"][0];
        assert_eq!(
            (&score["met"], &score["verdict"]),
            (&json!(false), &json!("missed"))
        );
        assert_eq!(score["met_in"], 1);
        assert_eq!(score["not_measured_in"], 1);
        assert_eq!(score["value"]["mean"], 1.0);
    }

    #[test]
    fn a_figure_of_what_some_runs_lack_is_missing_there() {
        let run = |recovery: Value, metastable: Value| {
            let run = json!({});
            json!({"run": run, "recovery": recovery, "metastable": metastable})
        };
        let back = |after: Value| json!({"trigger_end_s": 16.0, "recovery_s": after, "last": "x"});
        let summary = summarize(&[
            run(back(json!(0.8)), Value::Null),
            run(
                back(Value::Null),
                json!({"since_s": 12.0, "until_s": Value::Null}),
            ),
            run(back(Value::Null), json!({"since_s": 14.0, "until_s": 20.0})),
            run(Value::Null, Value::Null),
        ]);
        let expected = [
            ("/recovery/recovery_s", 3, 0.8),
            ("/recovery/trigger_end_s", 1, 16.0),
            ("/metastable/since_s", 2, 13.0),
            ("/metastable/until_s", 3, 20.0),
        ];
        for (path, missing, mean) in expected {
            let estimate = Estimate::from_json(summary.pointer(path).unwrap()).unwrap();
            assert_eq!(estimate.missing, Some([missing, 4]), "{path}");
            assert_eq!(estimate.mean, mean, "{path}");
        }
        assert_eq!(summary["recovery"]["last"], "x");
        let csv = crate::csv::report(&summary);
        assert!(csv.contains("\nrecovery,,recovery_s,3,0.8,,\n"), "{csv}");
        assert!(csv.contains("\nrun,,seeds[0],,,,\n"), "{csv}");
    }
}
