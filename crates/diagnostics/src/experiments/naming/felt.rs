//! The effect on a requirement, as a sentence: the second half of a title, and what an experiment
//! changed.

use crate::facts::Facts;
use design::Metric;
use report::{Field, Figure, Message, Unit, count_of, message, percent};

/// "42.5% of requests failed": the value in the run at hand.
pub(super) fn felt(facts: &Facts<'_>, metric: Metric, value: Option<f64>) -> Message {
    let field = value.and_then(|value| field(facts, metric, value));
    sentence(metric, value, field)
}

/// "0% of requests failed instead of 42.5%": the value in another run, compared with this one.
pub(super) fn instead(
    facts: &Facts<'_>,
    metric: Metric,
    after: Option<f64>,
    before: Option<f64>,
) -> Message {
    if after.is_none() && before.is_none() {
        // Without a value, a latency counts as long as the run took.
        return "no request was answered either, but the run was over sooner".into();
    }
    let field = before.and_then(|value| field(facts, metric, value));
    let than = match before {
        Some(value) => message!(" instead of {}", shown(metric, value, field)),
        None => Message::new(),
    };
    message!("{}{}", sentence(metric, after, None), than)
}

/// Returns the field of the report with the value of a required metric.
fn field(facts: &Facts<'_>, metric: Metric, value: f64) -> Option<Field> {
    let mut scores = facts.report?.requirements.iter();
    let at = scores.position(|score| score.metric == metric && score.actual == Ok(value))?;
    Some(Field::at(["requirements", &at.to_string(), "actual"]))
}

/// Returns a value with its unit. For availability, it is the share that failed.
fn shown(metric: Metric, value: f64, field: Option<Field>) -> Figure {
    match metric {
        Metric::Availability => percent(1.0 - value).maybe_of(field.map(Field::rest)),
        metric => Figure::new(value, Unit::of(metric)).maybe_of(field),
    }
}

fn sentence(metric: Metric, value: Option<f64>, field: Option<Field>) -> Message {
    let Some(value) = value else {
        return match metric {
            Metric::RecoveryTime => "the system did not recover".into(),
            Metric::TimeToDetect => "no alert fired for it".into(),
            _ => "no request was answered".into(),
        };
    };
    let it = shown(metric, value, field);
    match metric {
        Metric::Availability => message!("{} of requests failed", it),
        Metric::LatencyMean => message!("the mean latency was {}", it),
        Metric::LatencyP50 => message!("the median latency was {}", it),
        Metric::LatencyP90 => message!("the p90 latency was {}", it),
        Metric::LatencyP95 => message!("the p95 latency was {}", it),
        Metric::LatencyP99 => message!("the p99 latency was {}", it),
        Metric::LatencyP999 => message!("the p99.9 latency was {}", it),
        Metric::Goodput => message!("goodput was {}", it),
        Metric::Throughput => message!("throughput was {}", it),
        Metric::StalenessMax => message!("the maximum staleness of reads was {}", it),
        Metric::StalenessP99 => message!("the p99 staleness of reads was {}", it),
        Metric::StaleReads => count_of(it, "read was stale", "reads were stale"),
        Metric::DuplicateEffects => {
            count_of(it, "write was applied again", "writes were applied again")
        }
        Metric::LostWrites => count_of(
            it,
            "acknowledged write was lost",
            "acknowledged writes were lost",
        ),
        Metric::TornWrites => count_of(it, "write was torn", "writes were torn"),
        Metric::OutOfOrder => count_of(
            it,
            "write was applied out of order",
            "writes were applied out of order",
        ),
        Metric::DivergentKeys => count_of(
            it,
            "key still differed from its owner at the end",
            "keys still differed from their owner at the end",
        ),
        Metric::TimeToDetect => message!("the first alert came after {}", it),
        Metric::RecoveryTime => message!("the system took {} to recover", it),
        Metric::MonthlyCost => message!("the design cost {} a month", it),
    }
}
