//! Scores a run by its design's requirements.

use super::recovery::Aftermath;
use design::requirement::Bound as Required;
use design::{Metric, Requirement};
use report::{Bound, CostReport, DataReport, Operator, Reason, Requests, Score, Unit, Verdict};

/// The data that requirements are scored by.
pub(super) struct Outcome<'a> {
    pub(super) requests: &'a Requests,
    pub(super) data: &'a DataReport,
    pub(super) operator: &'a Operator,
    pub(super) aftermath: &'a Aftermath,
    pub(super) cost: &'a CostReport,
    /// Whether the run was stopped early. It says nothing of the rest, except that counts which
    /// only increase are at least that high.
    pub(super) is_cut_short: bool,
    /// Whether it is still in progress.
    pub(super) is_running: bool,
}

/// Scores a requirement: one score for each of its bounds.
pub(super) fn score(requirement: &Requirement, outcome: &Outcome<'_>) -> Vec<Score> {
    let metric = requirement.metric;
    let measured = measure(metric, outcome);
    let in_unit = |bound: Required| match bound {
        Required::Number(number) => number,
        Required::Duration(duration) => duration.as_ms(),
    };
    let one = |bound: Bound| Score {
        metric,
        bound,
        unit: Unit::of(metric),
        actual: measured.map_err(|(_, reason)| reason),
        verdict: match measured {
            // More may follow.
            Ok(value) if bound.holds(value) && outcome.is_cut_short => Verdict::NotMeasured,
            Ok(value) if bound.holds(value) => Verdict::Met,
            Ok(_) => Verdict::Missed,
            Err((verdict, _)) => verdict,
        },
    };
    let least = requirement.at_least.map(in_unit).map(Bound::AtLeast);
    let most = requirement.at_most.map(in_unit).map(Bound::AtMost);
    least.into_iter().chain(most).map(one).collect()
}

/// The value of a metric in a run, with durations in ms; or the verdict on a missing value, and its
/// reason.
type Measured = Result<f64, (Verdict, Reason)>;

/// Returns the value; if there is none, the run does not measure it, for this reason.
fn or_unknown(value: Option<f64>, why: Reason) -> Measured {
    value.ok_or((Verdict::NotMeasured, why))
}

fn measure(metric: Metric, outcome: &Outcome<'_>) -> Measured {
    let Outcome {
        requests,
        data,
        operator,
        ..
    } = outcome;
    let only_grows = matches!(
        metric,
        Metric::StaleReads | Metric::DuplicateEffects | Metric::OutOfOrder
    );
    if outcome.is_cut_short && !only_grows {
        return or_unknown(None, Reason::CutShort);
    }
    // A copy that lags is not a loss, as long as it can still catch up.
    let is_of_the_end = matches!(
        metric,
        Metric::LostWrites | Metric::TornWrites | Metric::DivergentKeys
    );
    if outcome.is_running && is_of_the_end {
        return or_unknown(None, Reason::Underway);
    }
    // The cost of a design without load is still its cost.
    if requests.offered == 0 && metric != Metric::MonthlyCost {
        return or_unknown(None, Reason::NoRequest);
    }
    let latency = &requests.latency_ms;
    let answered = |value: Option<f64>| value.ok_or((Verdict::Missed, Reason::NoAnswer));
    let of_reads = |value| or_unknown(value, Reason::NoRead);
    let count = |count: u64| Ok(count as f64);
    match metric {
        Metric::Availability => Ok(requests.availability),
        Metric::LatencyMean => answered(latency.mean),
        Metric::LatencyP50 => answered(latency.p50),
        Metric::LatencyP90 => answered(latency.p90),
        Metric::LatencyP95 => answered(latency.p95),
        Metric::LatencyP99 => answered(latency.p99),
        Metric::LatencyP999 => answered(latency.p999),
        Metric::Goodput => Ok(requests.goodput_per_s),
        Metric::Throughput => Ok(requests.throughput_per_s),
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
        Metric::MonthlyCost => Ok(outcome.cost.monthly),
    }
}

fn time_to_detect(operator: &Operator) -> Measured {
    match (operator.time_to_detect_s, operator.undetected) {
        (Some(seconds), _) => Ok(seconds * 1e3),
        // Without a fault there was nothing to detect.
        (None, 0) => Err((Verdict::Met, Reason::NoFaultFelt)),
        (None, _) => Err((Verdict::Missed, Reason::Undetected)),
    }
}

fn recovery_time(aftermath: &Aftermath) -> Measured {
    match aftermath {
        // Without a fault there was nothing to recover from.
        Aftermath::Calm => Err((Verdict::Met, Reason::NoFault)),
        Aftermath::Unjudged(why) => or_unknown(None, *why),
        Aftermath::Judged(recovery, _) => match recovery.recovery_s {
            Some(seconds) => Ok(seconds * 1e3),
            None => Err((Verdict::Missed, Reason::NotRecovered)),
        },
    }
}
