//! What became of data, of faults and of money, for people: lines that stand only where there is
//! something to say.

use crate::print::{cell, mean, number, whole};
use crate::statistics::Estimate;
use crate::table::{figure, ms};
use serde_json::Value;

/// All of it, a line each.
pub(crate) fn lines(report: &Value) -> String {
    let mut out = String::new();
    let mut line = |name: &str, text: Option<String>| {
        if let Some(text) = text {
            out += &format!("{name:<14}{text}\n");
        }
    };
    line("data", data(&report["data"]));
    line("steady state", steady(&report["steady"]));
    let runs = report["run"]["seeds"].as_array().map_or(1, Vec::len);
    line("recovery", recovery(&report["recovery"], runs));
    line("metastable", metastable(&report["metastable"], runs));
    let incidents = report["operator"]["incidents"].as_array();
    for incident in incidents.into_iter().flatten().take(INCIDENTS_MAX) {
        line("incident", self::incident(incident));
    }
    line("cost", cost(&report["cost"]));
    out
}

/// More of them are in the JSON.
const INCIDENTS_MAX: usize = 10;

fn data(data: &Value) -> Option<String> {
    let figures = [
        ("stale_reads", "stale reads"),
        ("duplicate_effects", "duplicate effects"),
        ("lost_writes", "lost writes"),
        ("torn_writes", "torn writes"),
        ("out_of_order", "out of order"),
        ("divergent_keys", "divergent keys"),
    ];
    let writes = number(&data["writes"]);
    let found = figures
        .iter()
        .filter(|(name, _)| number(&data[*name]) > 0.0);
    let mut found: Vec<String> = found
        .map(|(name, shown)| format!("{shown} {}", cell(&data[*name], whole)))
        .collect();
    if writes == 0.0 && found.is_empty() {
        return None;
    }
    if found.is_empty() {
        found.push("nothing stale, lost, torn, doubled or divergent".to_owned());
    }
    if number(&data["stale_reads"]) > 0.0 {
        let worst = cell(&data["staleness_ms"]["max"], ms);
        found.push(format!("up to {worst} out of date"));
    }
    Some(format!(
        "{} writes: {}",
        cell(&data["writes"], whole),
        found.join(", ")
    ))
}

/// Whether the figures are of a steady system, where they are not.
fn steady(steady: &Value) -> Option<String> {
    let since = steady.get("since_s")?;
    if let Some([missing, runs]) = missing(since) {
        return Some(format!("not reached in {missing} of {runs} runs"));
    }
    match (since.is_null(), &steady["why"]) {
        (true, Value::String(why)) => Some(format!("not reached: {why}")),
        (true, Value::Array(runs)) => Some(format!("not reached in any of {} runs", runs.len())),
        _ => None,
    }
}

/// In how many of how many runs a figure is missing.
fn missing(figure: &Value) -> Option<[usize; 2]> {
    Estimate::from_json(figure)?.missing
}

fn recovery(recovery: &Value, runs: usize) -> Option<String> {
    let (end, after) = (recovery.get("trigger_end_s")?, &recovery["recovery_s"]);
    let ended = format!("after the last fault ended at {}", cell(end, seconds));
    let latency = match recovery["last"].as_str() {
        None | Some("goodput") => String::new(),
        Some(metric) => format!(": {metric} is missed"),
    };
    Some(match (after.is_null(), missing(after)) {
        (true, _) if runs > 1 => format!("in none of {runs} runs {ended}{latency}"),
        (true, _) => format!("none {ended}{latency}"),
        (false, None) => format!("{} {ended}", cell(after, seconds)),
        (false, Some([missing, runs])) => format!(
            "recovered in {} of {runs} runs; of those {} {ended}",
            runs - missing,
            mean(after, seconds)
        ),
    })
}

fn metastable(metastable: &Value, runs: usize) -> Option<String> {
    let (since, until) = (metastable.get("since_s")?, &metastable["until_s"]);
    let known = |figure: &Value| match (figure.is_null(), missing(figure)) {
        (true, _) => 0,
        (false, None) => runs,
        (false, Some([missing, _])) => runs - missing,
    };
    let (all, ended) = (known(since), known(until));
    let until = match ended {
        0 => "the end".to_owned(),
        ended if ended == all => mean(until, seconds),
        ended => format!(
            "the end in {}, to {} in {ended}",
            all - ended,
            mean(until, seconds)
        ),
    };
    let counted = match all < runs {
        true => format!("in {all} of {runs} runs; of those "),
        false => String::new(),
    };
    Some(format!(
        "{counted}goodput {}/s of {}/s before, from {} to {until}, with the trigger gone",
        mean(&metastable["goodput_per_s"], figure),
        mean(&metastable["goodput_before_per_s"], figure),
        mean(since, seconds),
    ))
}

fn incident(incident: &Value) -> Option<String> {
    let (fault, target) = (incident["fault"].as_str()?, incident["target"].as_str()?);
    let told = match (incident["by"].as_str(), incident["was_felt"].as_bool()) {
        (Some(alert), _) => {
            let after = cell(&incident["detected_after_s"], seconds);
            format!("told of after {after} by \"{alert}\"")
        }
        (None, Some(false)) => "not felt by users, told of by no alert".to_owned(),
        (None, _) => "felt by users, told of by no alert".to_owned(),
    };
    let at = cell(&incident["at_s"], seconds);
    Some(format!("{fault} of {target} at {at}: {told}"))
}

fn cost(cost: &Value) -> Option<String> {
    let monthly = cost.get("monthly")?;
    (number(monthly) > 0.0).then(|| format!("${} a month", cell(monthly, figure)))
}

fn seconds(n: f64) -> String {
    format!("{} s", figure(n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_there_is_to_say_stands() {
        assert_eq!(
            lines(&json!({"data": {"writes": 0}, "cost": {"monthly": 0}})),
            ""
        );
        let report = json!({
            "data": {"writes": 1200, "stale_reads": 3, "staleness_ms": {"max": 52.0}},
            "recovery": {"trigger_end_s": 30.0, "recovery_s": null},
            "metastable": {"since_s": 31.0, "until_s": null, "goodput_per_s": 1.0, "goodput_before_per_s": 90.0},
            "operator": {"incidents": [
                {"fault": "crash", "target": "api", "at_s": 20.0, "was_felt": true, "detected_after_s": 7.0, "by": "errors"},
                {"fault": "slowdown", "target": "db", "at_s": 25.0, "was_felt": true, "by": null},
            ]},
            "cost": {"monthly": 1234.5},
        });
        assert_eq!(
            lines(&report),
            "data          1,200 writes: stale reads 3, up to 52.0 ms out of date\n\
             recovery      none after the last fault ended at 30.0 s\n\
             metastable    goodput 1.00/s of 90.0/s before, from 31.0 s to the end, with the trigger gone\n\
             incident      crash of api at 20.0 s: told of after 7.00 s by \"errors\"\n\
             incident      slowdown of db at 25.0 s: felt by users, told of by no alert\n\
             cost          $1,235 a month\n"
        );
    }

    #[test]
    fn runs_that_did_not_recover_are_counted_first() {
        let missing = |missing: u64, mean: f64| {
            let ci95 = Value::Null;
            json!({"missing_in": missing, "runs": 60, "mean": mean, "ci95": ci95})
        };
        let ended = "after the last fault ended at 16.0 s";
        let runs: Vec<u64> = (0..60).collect();
        let whole = |mean: f64| json!({"mean": mean, "ci95": [mean, mean]});
        let report = json!({
            "run": {"seeds": runs},
            "steady": {"since_s": missing(3, 4.0), "why": null},
            "recovery": {
                "trigger_end_s": whole(16.0), "recovery_s": missing(58, 0.8), "last": "goodput",
            },
            "metastable": {
                "since_s": missing(3, 11.8), "until_s": missing(59, 18.7),
                "goodput_per_s": missing(3, 0.5), "goodput_before_per_s": missing(3, 70.0)},
        });
        assert_eq!(
            lines(&report),
            format!(
                "steady state  not reached in 3 of 60 runs\n\
                 recovery      recovered in 2 of 60 runs; of those 0.800 s {ended}\n\
                 metastable    in 57 of 60 runs; of those goodput 0.500/s of 70.0/s before, \
                 from 11.8 s to the end in 56, to 18.7 s in 1, with the trigger gone\n"
            )
        );
        let report = json!({
            "run": {"seeds": runs},
            "recovery": {"trigger_end_s": whole(16.0), "recovery_s": null, "last": "latency_p50"},
        });
        assert_eq!(
            lines(&report),
            format!("recovery      in none of 60 runs {ended}: latency_p50 is missed\n")
        );
        let report = json!({"steady": {"since_s": null, "why": "the load was still changing"}});
        assert_eq!(
            lines(&report),
            "steady state  not reached: the load was still changing\n"
        );
    }
}
