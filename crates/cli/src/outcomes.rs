//! The outcomes of a run for people: data, recovery, incidents and cost. A line is printed only if
//! there is something to report.

use crate::runs::Runs;
use crate::table::{cell, whole};

use report::{DataReport, Estimate, Incident, Metastable, Recovery, Report};
use text::cell::{figure, ms};

/// All of it, a line each.
pub(crate) fn lines(runs: &Runs) -> String {
    let mut out = String::new();
    let mut line = |name: &str, text: Option<String>| {
        if let Some(text) = text {
            out += &format!("{name:<14}{text}\n");
        }
    };
    line("data", data(runs));
    line("steady state", steady(runs));
    line("recovery", recovery(runs));
    line("metastable", metastable(runs));
    let incidents = runs.first().operator.incidents.len();
    for at in 0..incidents.min(INCIDENTS_MAX) {
        line("incident", incident(runs, at));
    }
    line("cost", cost(runs));
    out
}

/// More of them are in the JSON.
const INCIDENTS_MAX: usize = 10;

fn data(runs: &Runs) -> Option<String> {
    type Count = fn(&DataReport) -> u64;
    let figures: [(Count, &str); 6] = [
        (|data| data.stale_reads, "stale reads"),
        (|data| data.duplicate_effects, "duplicate effects"),
        (|data| data.lost_writes, "lost writes"),
        (|data| data.torn_writes, "torn writes"),
        (|data| data.out_of_order, "out of order"),
        (|data| data.divergent_keys, "divergent keys"),
    ];
    let over = |count: Count| runs.over(|report| Some(count(&report.data) as f64));
    let is_any = |count: Count| runs.mean(|report| count(&report.data) as f64) > 0.0;
    let found = figures.into_iter().filter(|(count, _)| is_any(*count));
    let mut found: Vec<String> = found
        .map(|(count, shown)| format!("{shown} {}", cell(over(count), whole)))
        .collect();
    if !is_any(|data| data.writes) && found.is_empty() {
        return None;
    }
    if found.is_empty() {
        found.push("no stale reads, lost, torn, duplicate or divergent writes".to_owned());
    }
    if is_any(|data| data.stale_reads) {
        let worst = cell(runs.over(|report| report.data.staleness_ms.max), ms);
        found.push(format!("staleness up to {worst}"));
    }
    let writes = cell(over(|data| data.writes), whole);
    Some(format!("{writes} writes: {}", found.join(", ")))
}

/// Over several seeds: in how many it was not so, first.
fn but_for(estimate: Option<Estimate>, runs: &Runs, none: &str) -> String {
    match estimate.map_or(0, |estimate| estimate.missing) {
        0 => String::new(),
        missing => format!(
            "{none} in {missing} of {} seeds; otherwise ",
            runs.reports().len()
        ),
    }
}

/// Why the system did not reach a steady state, if it did not.
fn steady(runs: &Runs) -> Option<String> {
    let missing = runs
        .reports()
        .filter(|report| report.steady.since_s.is_none());
    let whys: Vec<&str> = missing
        .map(|report| report.steady.why.as_deref().unwrap_or(""))
        .collect();
    match (whys.first()?, runs.reports().len()) {
        (why, 1) => Some(format!("not reached: {why}")),
        (_, all) => Some(format!("not reached in {} of {all} seeds", whys.len())),
    }
}

fn recovery(runs: &Runs) -> Option<String> {
    let of = |figure: fn(&Recovery) -> Option<f64>| {
        runs.over(|report| report.recovery.as_ref().and_then(figure))
    };
    let end = cell(Some(of(|after| Some(after.trigger_end_s))?), seconds);
    let after = of(|after| after.recovery_s);
    Some(match after {
        None => format!("none after the last fault ended at {end}{}", missed(runs)),
        Some(_) => {
            let none = but_for(after, runs, "none");
            let after = cell(after, seconds);
            format!("{none}{after} after the last fault ended at {end}")
        }
    })
}

/// The latency that is not back, where goodput is.
fn missed(runs: &Runs) -> String {
    let last = runs
        .first()
        .recovery
        .as_ref()
        .map_or("goodput", |after| after.last);
    match last {
        "goodput" => String::new(),
        metric => format!(": {metric} still misses its requirement"),
    }
}

fn metastable(runs: &Runs) -> Option<String> {
    let of = |figure: fn(&Metastable) -> Option<f64>| {
        runs.over(|report| report.metastable.as_ref().and_then(figure))
    };
    let since = of(|stuck| Some(stuck.since_s))?;
    let until = of(|stuck| stuck.until_s);
    // Some of them may have lasted to the end.
    let until = match until.filter(|until| until.missing == since.missing) {
        None => "the end".to_owned(),
        until => cell(until, seconds),
    };
    Some(format!(
        "{}goodput {}/s, down from {}/s, from {} to {until}, although the trigger is over",
        but_for(Some(since), runs, "none"),
        cell(of(|stuck| Some(stuck.goodput_per_s)), figure),
        cell(of(|stuck| Some(stuck.goodput_before_per_s)), figure),
        cell(Some(since), seconds),
    ))
}

fn incident(runs: &Runs, at: usize) -> Option<String> {
    let of = |report: &'_ Report| report.operator.incidents.get(at).cloned();
    let all: Vec<Incident> = runs.reports().filter_map(of).collect();
    let first = all.first()?;
    let (fault, target) = (first.fault, &first.target);
    let after = runs.over(|report| report.operator.incidents.get(at)?.detected_after_s);
    let alert = all.iter().find_map(|incident| incident.by.as_deref());
    let told = match (alert, all.iter().any(|incident| incident.was_felt)) {
        (Some(alert), _) => {
            let none = but_for(after, runs, "not detected");
            let after = cell(after, seconds);
            format!("{none}detected after {after} by alert \"{alert}\"")
        }
        (None, false) => "users not affected, no alert".to_owned(),
        (None, true) => "users affected, no alert".to_owned(),
    };
    let at = seconds(first.at_s);
    Some(format!("{fault} of {target} at {at}: {told}"))
}

fn cost(runs: &Runs) -> Option<String> {
    let monthly = runs.over(|report| Some(report.cost.monthly))?;
    (monthly.mean > 0.0).then(|| format!("${} per month", cell(Some(monthly), figure)))
}

fn seconds(n: f64) -> String {
    format!("{} s", figure(n))
}
