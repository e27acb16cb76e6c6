//! What became of data, of faults and of money, for people: lines that stand only where there is
//! something to say.

use crate::print::{cell, number, whole};
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
    line("recovery", recovery(&report["recovery"]));
    line("metastable", metastable(&report["metastable"]));
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

fn recovery(recovery: &Value) -> Option<String> {
    let end = recovery.get("trigger_end_s")?;
    let after = &recovery["recovery_s"];
    Some(match after.is_null() {
        true => format!("none after the last fault ended at {}", cell(end, seconds)),
        false => format!(
            "{} after the last fault ended at {}",
            cell(after, seconds),
            cell(end, seconds)
        ),
    })
}

fn metastable(metastable: &Value) -> Option<String> {
    let since = metastable.get("since_s")?;
    let until = match &metastable["until_s"] {
        Value::Null => "the end".to_owned(),
        until => cell(until, seconds),
    };
    Some(format!(
        "goodput {}/s of {}/s before, from {} to {until}, with the trigger gone",
        cell(&metastable["goodput_per_s"], figure),
        cell(&metastable["goodput_before_per_s"], figure),
        cell(since, seconds),
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
}
