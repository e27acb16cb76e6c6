//! How a run stands to what its design requires.

use super::cost::CostReport;
use super::data::DataReport;
use super::operator::Operator;
use super::recovery::Aftermath;
use super::report::{Requests, Score, Verdict};
use design::requirement::Bound;
use design::{Metric, Requirement};

/// What requirements are scored by.
pub(super) struct Outcome<'a> {
    pub(super) requests: &'a Requests,
    pub(super) data: &'a DataReport,
    pub(super) operator: &'a Operator,
    pub(super) aftermath: &'a Aftermath,
    pub(super) cost: &'a CostReport,
    /// Whether the run was stopped before it was through: what it shows says nothing of the rest.
    pub(super) is_cut_short: bool,
}

/// Scores a requirement: one score for each of its bounds.
pub(super) fn score(requirement: &Requirement, outcome: &Outcome<'_>) -> Vec<Score> {
    let metric = requirement.metric;
    let measured = measure(metric, outcome);
    let in_unit = |bound: Bound| match bound {
        Bound::Number(number) => number,
        Bound::Duration(duration) => duration.as_ms(),
    };
    let one = |bound: Bound, word: &str, holds: fn(f64, f64) -> bool| {
        let verdict = match &measured {
            Measured::Value(value) if holds(*value, in_unit(bound)) => Verdict::Met,
            Measured::Value(_) => Verdict::Missed,
            Measured::Nothing(verdict, _) => *verdict,
        };
        Score {
            metric: metric.name(),
            target: format!("{word} {bound}"),
            actual: match &measured {
                Measured::Value(value) => show(metric, *value),
                Measured::Nothing(_, why) => why.clone(),
            },
            value: match &measured {
                Measured::Value(value) => Some(*value),
                Measured::Nothing(..) => None,
            },
            verdict,
            met: verdict == Verdict::Met,
        }
    };
    let least = requirement
        .at_least
        .map(|bound| one(bound, "at least", |actual, bound| actual >= bound));
    let most = requirement
        .at_most
        .map(|bound| one(bound, "at most", |actual, bound| actual <= bound));
    least.into_iter().chain(most).collect()
}

/// What a run says of a metric.
enum Measured {
    /// Its value: durations in ms.
    Value(f64),
    /// There is no value: what that means for a requirement, and why there is none.
    Nothing(Verdict, String),
}

impl Measured {
    /// The value; where there is none, the run tells nothing, and this is why.
    fn or_unknown(value: Option<f64>, why: &str) -> Self {
        let unknown = || Self::Nothing(Verdict::NotMeasured, why.to_owned());
        value.map_or_else(unknown, Self::Value)
    }
}

fn measure(metric: Metric, outcome: &Outcome<'_>) -> Measured {
    let Outcome {
        requests,
        data,
        operator,
        ..
    } = outcome;
    if outcome.is_cut_short {
        return Measured::or_unknown(None, "the run was cut short");
    }
    // What a design costs without load is still what it costs.
    if requests.offered == 0 && metric != Metric::MonthlyCost {
        return Measured::or_unknown(None, "no request was made");
    }
    let latency = &requests.latency_ms;
    let answered = |value: Option<f64>| match value {
        Some(value) => Measured::Value(value),
        None => Measured::Nothing(Verdict::Missed, "no request was answered".to_owned()),
    };
    let of_reads = |value| Measured::or_unknown(value, "no read was answered");
    let count = |count: u64| Measured::Value(count as f64);
    match metric {
        Metric::Availability => Measured::Value(requests.availability),
        Metric::LatencyMean => answered(latency.mean),
        Metric::LatencyP50 => answered(latency.p50),
        Metric::LatencyP90 => answered(latency.p90),
        Metric::LatencyP95 => answered(latency.p95),
        Metric::LatencyP99 => answered(latency.p99),
        Metric::LatencyP999 => answered(latency.p999),
        Metric::Goodput => Measured::Value(requests.goodput_per_s),
        Metric::Throughput => Measured::Value(requests.throughput_per_s),
        Metric::StalenessMax => of_reads(data.staleness_ms.max),
        Metric::StalenessP99 => of_reads(data.staleness_ms.p99),
        Metric::StaleReads => count(data.stale_reads),
        Metric::DuplicateEffects => count(data.duplicate_effects),
        Metric::LostWrites => count(data.lost_writes),
        Metric::TornWrites => count(data.torn_writes),
        Metric::OutOfOrder => count(data.out_of_order),
        Metric::DivergentKeys => count(data.divergent_keys),
        Metric::TimeToDetect => time_to_detect(operator),
        Metric::RecoveryTime => recovery_time(outcome.aftermath),
        Metric::MonthlyCost => Measured::Value(outcome.cost.monthly),
    }
}

fn time_to_detect(operator: &Operator) -> Measured {
    match (operator.time_to_detect_s, operator.undetected) {
        (Some(seconds), _) => Measured::Value(seconds * 1e3),
        // Where nothing broke there was nothing to notice.
        (None, 0) => Measured::Nothing(Verdict::Met, "no fault was felt".to_owned()),
        (None, 1) => Measured::Nothing(Verdict::Missed, "1 fault undetected".to_owned()),
        (None, faults) => Measured::Nothing(Verdict::Missed, format!("{faults} faults undetected")),
    }
}

fn recovery_time(aftermath: &Aftermath) -> Measured {
    match aftermath {
        // Where nothing broke there was nothing to recover from.
        Aftermath::Calm => Measured::Nothing(Verdict::Met, "no fault came and went".to_owned()),
        Aftermath::Unjudged(why) => Measured::or_unknown(None, why),
        Aftermath::Judged(recovery, _) => match recovery.recovery_s {
            Some(seconds) => Measured::Value(seconds * 1e3),
            None => {
                let why = match recovery.last {
                    "goodput" => "not recovered".to_owned(),
                    metric => format!("not recovered: {metric} is missed"),
                };
                Measured::Nothing(Verdict::Missed, why)
            }
        },
    }
}

/// A value with its unit, as people read it.
fn show(metric: Metric, value: f64) -> String {
    match metric.is_duration() {
        true if value < 1_000.0 => format!("{value:.3}ms"),
        // To the microsecond too: whoever rounds it again rounds what was measured.
        true => format!("{}s", (value * 1e3).round() / 1e6),
        false => plain(value),
    }
}

/// A number as people read it, with six decimals at most, and more where those would make a share
/// of almost all the whole.
fn plain(number: f64) -> String {
    let shown = |decimals: usize| {
        let text = format!("{number:.decimals$}");
        match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        }
    };
    let is_told = |shown: &String| number == 1.0 || shown != "1";
    (6..15).map(shown).find(is_told).unwrap_or_else(|| shown(6))
}
