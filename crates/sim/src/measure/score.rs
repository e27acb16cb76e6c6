//! How a run stands to what its design requires.

use super::cost::CostReport;
use super::data::DataReport;
use super::operator::Operator;
use super::recovery::Aftermath;
use super::report::{Requests, Score};
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

pub(super) fn score(requirement: &Requirement, outcome: &Outcome<'_>) -> Vec<Score> {
    let Outcome { operator, .. } = outcome;
    let actual = actual(requirement.metric, outcome).filter(|_| !outcome.is_cut_short);
    // Where nothing broke there was nothing to notice, and nothing to recover from.
    let why = match (requirement.metric, outcome.aftermath) {
        _ if outcome.is_cut_short => Err("the run was cut short".to_owned()),
        (Metric::TimeToDetect, _) if operator.undetected > 0 => {
            Err(format!("{} undetected", operator.undetected))
        }
        (Metric::TimeToDetect, _) => Ok("no fault was felt"),
        (Metric::RecoveryTime, Aftermath::Calm) => Ok("no fault came and went"),
        (Metric::RecoveryTime, Aftermath::Unjudged(why)) => Err((*why).to_owned()),
        (Metric::RecoveryTime, Aftermath::Judged(..)) => Err("has not recovered".to_owned()),
        _ => Err("nothing was measured".to_owned()),
    };
    let is_vacuous = actual.is_none() && why.is_ok();
    let shown = match actual {
        None => why.map_or_else(|why| why, str::to_owned),
        Some(ms) if requirement.metric.is_duration() => match ms < 1_000.0 {
            true => format!("{ms:.3}ms"),
            // To the microsecond too: whoever rounds it again rounds what was measured.
            false => format!("{}s", (ms * 1e3).round() / 1e6),
        },
        Some(number) => plain(number),
    };
    let in_unit = |bound: Bound| match bound {
        Bound::Number(number) => number,
        Bound::Duration(duration) => duration.as_ms(),
    };
    let one = |bound: Bound, word: &str, holds: fn(f64, f64) -> bool| Score {
        metric: requirement.metric.name(),
        target: format!("{word} {bound}"),
        actual: shown.clone(),
        met: is_vacuous || actual.is_some_and(|actual| holds(actual, in_unit(bound))),
    };
    let least = requirement
        .at_least
        .map(|bound| one(bound, "at least", |actual, bound| actual >= bound));
    let most = requirement
        .at_most
        .map(|bound| one(bound, "at most", |actual, bound| actual <= bound));
    least.into_iter().chain(most).collect()
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

/// The figure, where there is one.
fn actual(metric: Metric, outcome: &Outcome<'_>) -> Option<f64> {
    let Outcome {
        requests,
        data,
        operator,
        ..
    } = outcome;
    let latency = &requests.latency_ms;
    match metric {
        Metric::Availability => Some(requests.availability),
        Metric::LatencyMean => latency.mean,
        Metric::LatencyP50 => latency.p50,
        Metric::LatencyP90 => latency.p90,
        Metric::LatencyP95 => latency.p95,
        Metric::LatencyP99 => latency.p99,
        Metric::LatencyP999 => latency.p999,
        Metric::Goodput => Some(requests.goodput_per_s),
        Metric::Throughput => Some(requests.throughput_per_s),
        Metric::StalenessMax => data.staleness_ms.max,
        Metric::StalenessP99 => data.staleness_ms.p99,
        Metric::StaleReads => Some(data.stale_reads as f64),
        Metric::DuplicateEffects => Some(data.duplicate_effects as f64),
        Metric::LostWrites => Some(data.lost_writes as f64),
        Metric::TornWrites => Some(data.torn_writes as f64),
        Metric::OutOfOrder => Some(data.out_of_order as f64),
        Metric::DivergentKeys => Some(data.divergent_keys as f64),
        Metric::TimeToDetect => operator.time_to_detect_s.map(|seconds| seconds * 1e3),
        Metric::RecoveryTime => match outcome.aftermath {
            Aftermath::Judged(recovery, _) => recovery.recovery_s.map(|seconds| seconds * 1e3),
            Aftermath::Calm | Aftermath::Unjudged(_) => None,
        },
        Metric::MonthlyCost => Some(outcome.cost.monthly),
    }
}
