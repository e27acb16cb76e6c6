//! Requirements and scores as text.

use crate::quantity::{figure, figure_to};
use design::Metric;
use report::{Bound, Change, Figure, Reason, Score, ScoreOver, Seeds, Unit, Verdict};
use serde::Serialize;

/// Most digits to distinguish a value from its bound.
const DIGITS_MAX: usize = 15;
/// Most digits of a bound: people write no more.
const BOUND_DIGITS: usize = 12;

/// A score in JSON, with its text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrittenScore<'a> {
    /// The score.
    #[serde(flatten)]
    pub score: &'a Score,
    /// The score as a sentence.
    pub text: String,
}

impl<'a> WrittenScore<'a> {
    /// Returns scores, each with its text.
    pub fn all(scores: &'a [Score]) -> Vec<Self> {
        let with_text = |score| Self {
            score,
            text: self::score(score),
        };
        scores.iter().map(with_text).collect()
    }
}

/// Returns the name of a metric in a table: "Latency p99".
pub fn metric(metric: Metric) -> String {
    let mut words = metric.name().replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// Formats a bound: "at most 150 ms".
pub fn bound(score: &Score) -> String {
    bound_of(score.bound, score.unit)
}

/// Formats a bound in this unit: "at least 99.9%".
pub fn bound_of(bound: Bound, unit: Unit) -> String {
    let word = match bound {
        Bound::AtLeast(_) => "at least",
        Bound::AtMost(_) => "at most",
    };
    format!("{word} {}", limit(bound, unit))
}

/// Formats a bound without its direction: "150 ms".
pub fn limit(bound: Bound, unit: Unit) -> String {
    figure_to(bound.value(), unit, BOUND_DIGITS)
}

/// Formats the measured value, with enough digits to distinguish it from a bound that it is not, or
/// says why there is none.
pub fn actual(score: &Score) -> String {
    let value = match score.actual {
        Ok(value) => value,
        Err(reason) => return self::reason(reason).to_owned(),
    };
    let (limit, bound) = (limit(score.bound, score.unit), score.bound.value());
    let shown = figure(&Figure::new(value, score.unit));
    if shown != limit || value == bound {
        return shown;
    }
    let more = (4..=DIGITS_MAX).map(|digits| figure_to(value, score.unit, digits));
    // Only a share of exactly 1 is shown as 100%.
    let is_whole = |shown: &str| value < 1.0 && shown == "100%";
    let mut more = more.filter(|shown| *shown != limit && !is_whole(shown));
    more.next().unwrap_or(shown)
}

/// Formats a score: "missed: latency_p99 at most 150 ms; it was 517 ms".
pub fn score(score: &Score) -> String {
    let (name, bound, actual) = (score.metric.name(), bound(score), actual(score));
    let verdict = verdict(score.verdict);
    match score.actual {
        Ok(_) => format!("{verdict}: {name} {bound}; it was {actual}"),
        Err(_) => format!("{verdict}: {name} {bound}: {actual}"),
    }
}

/// Formats a score over several seeds: "missed: latency_p99 at most 150 ms, in 3 of 5 seeds".
pub fn score_over(score: &ScoreOver) -> String {
    let (verdict, count) = match score.verdict {
        Verdict::Met => ("met", score.met_in),
        Verdict::Missed => ("missed", score.missed_in()),
        Verdict::NotMeasured => ("not measured", score.not_measured_in),
    };
    let (name, bound) = (score.metric.name(), bound_of(score.bound, score.unit));
    let all = score.each.len();
    format!("{verdict}: {name} {bound}, in {count} of {all} seeds")
}

/// Formats a metric in two runs: "availability 78.9% → 99.9%".
pub fn change(change: &Change) -> String {
    let unit = Unit::of(change.metric);
    let shown = |value: Option<f64>| match value {
        Some(value) => figure(&Figure::new(value, unit)),
        None => "none".to_owned(),
    };
    format!(
        "{} {} → {}",
        change.metric.name(),
        shown(change.before),
        shown(change.after)
    )
}

/// Formats the result under other seeds: "Same result under 2 other seeds."; nothing if none was
/// tested.
pub fn seeds(seeds: Seeds) -> Option<String> {
    let Seeds {
        tried,
        missed,
        held,
    } = seeds;
    Some(match (tried, missed, held) {
        (0, ..) => return None,
        (1, 0, _) => "Under another seed, the requirement is met.".to_owned(),
        (n, 0, _) => format!("Under {n} other seeds, the requirement is met."),
        (1, 1, 1) => "Same result under another seed.".to_owned(),
        (n, missed, held) if n == missed && missed == held => {
            format!("Same result under {n} other seeds.")
        }
        (n, missed, held) => format!(
            "Under {n} other {}: requirement missed in {missed}, same result in {held}.",
            if n == 1 { "seed" } else { "seeds" }
        ),
    })
}

/// Formats a verdict in a word or two.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Missed => "missed",
        Verdict::NotMeasured => "not measured",
    }
}

/// Says why a metric has no value.
pub fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::CutShort => "the run was cut short",
        Reason::Underway => "known at the end of the run",
        Reason::NoRequest => "no request was sent",
        Reason::NoAnswer => "no request was answered",
        Reason::NoRead => "no read was answered",
        Reason::NoFaultFelt => "no fault affected users",
        Reason::Undetected => "a fault was not detected",
        Reason::NoFault => "no fault ended",
        Reason::NotSettled => "the load had not settled before the first fault",
        Reason::NoTimeBefore => {
            "the first fault began too early to compare with the time before \
            it"
        }
        Reason::NothingBefore => "there was no goodput before the first fault",
        Reason::FaultLasts => "a fault did not end",
        Reason::NoTimeAfter => "the last fault ended too late for a recovery",
        Reason::NotRecovered => "not recovered",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(metric: Metric, bound: Bound, actual: Result<f64, Reason>) -> Score {
        let verdict = match actual {
            Ok(value) if bound.holds(value) => Verdict::Met,
            Ok(_) => Verdict::Missed,
            Err(_) => Verdict::NotMeasured,
        };
        Score {
            metric,
            bound,
            unit: Unit::of(metric),
            actual,
            verdict,
        }
    }

    #[test]
    fn scores_are_sentences_with_units() {
        let says = |metric, bound, actual| score(&scored(metric, bound, actual));
        for (said, expected) in [
            (
                says(Metric::LatencyP99, Bound::AtMost(150.0), Ok(516.948)),
                "missed: latency_p99 at most 150 ms; it was 517 ms",
            ),
            (
                says(Metric::Availability, Bound::AtLeast(0.999), Ok(0.9995)),
                "met: availability at least 99.9%; it was 99.95%",
            ),
            (
                says(
                    Metric::RecoveryTime,
                    Bound::AtMost(20_000.0),
                    Err(Reason::FaultLasts),
                ),
                "not measured: recovery_time at most 20 s: a fault did not end",
            ),
            (
                says(Metric::Goodput, Bound::AtLeast(12_345.0), Ok(10_000.0)),
                "missed: goodput at least 12,345/s; it was 10,000/s",
            ),
            (
                says(Metric::MonthlyCost, Bound::AtMost(500.0), Ok(199.6502)),
                "met: monthly_cost at most $500; it was $200",
            ),
        ] {
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn a_value_next_to_its_bound_is_told_from_it() {
        let shown = |metric, bound, value| actual(&scored(metric, bound, Ok(value)));
        assert_eq!(
            shown(Metric::LatencyP99, Bound::AtMost(458.0), 458.228),
            "458.2 ms"
        );
        assert_eq!(
            shown(Metric::LatencyP99, Bound::AtMost(458.0), 458.0),
            "458 ms"
        );
        let nines = Bound::AtLeast(0.9999);
        assert_eq!(shown(Metric::Availability, nines, 0.999_96), "99.996%");
        assert_eq!(shown(Metric::Availability, nines, 0.999_9), "99.99%");
        assert_eq!(shown(Metric::StaleReads, Bound::AtMost(0.0), 3.0), "3");
    }

    #[test]
    fn a_bound_keeps_its_digits() {
        let of = |metric, bound| bound_of(bound, Unit::of(metric));
        assert_eq!(
            of(Metric::LatencyP50, Bound::AtMost(1_234.5)),
            "at most 1.2345 s"
        );
        assert_eq!(
            of(Metric::Availability, Bound::AtLeast(0.99999)),
            "at least 99.999%"
        );
        assert_eq!(
            of(Metric::Availability, Bound::AtLeast(1.0)),
            "at least 100%"
        );
        assert_eq!(of(Metric::LostWrites, Bound::AtMost(0.0)), "at most 0");
        assert_eq!(metric(Metric::LatencyP99), "Latency p99");
    }
}
