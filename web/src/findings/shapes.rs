//! The look of severities and verdicts, and scores in the page's words.

use design::Metric;
use report::{Bound, Score, Severity, Unit, Verdict};

/// Returns the path of a severity's shape, 10 × 10.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "M5 1.2a3.8 3.8 0 1 0 .01 0zM5 4.7v2.4M5 2.9v.1",
        Severity::Warning => "M5 1l4.5 8h-9zM5 4v2.2M5 7.6v.1",
        Severity::Error => {
            "M3.2.8h3.6l2.4 2.4v3.6l-2.4 2.4h-3.6l-2.4-2.4v-3.6zM3.5 3.5l3 3M6.5 3.5l-3 3"
        }
    }
}

/// Returns the value of `data-state` that colors a verdict.
pub(crate) fn state(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Missed => "missed",
        Verdict::NotMeasured => "unknown",
    }
}

/// Returns the path of a verdict's icon, 10 × 10.
pub(crate) fn icon(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "M1.5 5.5l2.5 2.500l4.500-6",
        Verdict::Missed => "M1.5 1.5l7 7M8.5 1.5l-7 7",
        Verdict::NotMeasured => "M2 5h6",
    }
}

/// Returns a bound with its sign: "≥ 99.9%".
pub(crate) fn bound(bound: Bound, unit: Unit) -> String {
    let sign = match bound {
        Bound::AtLeast(_) => '\u{2265}',
        Bound::AtMost(_) => '\u{2264}',
    };
    format!("{sign}\u{a0}{}", limit(bound, unit))
}

/// Returns a bound without its sign, on one line.
pub(crate) fn limit(bound: Bound, unit: Unit) -> String {
    text::limit(bound, unit).replace(' ', "\u{a0}")
}

/// Returns the value of a run. The reason for a missing value may take more than one line.
pub(crate) fn actual(score: &Score) -> String {
    let shown = text::actual(score);
    match score.actual {
        Ok(_) => shown.replace(' ', "\u{a0}"),
        Err(_) => shown,
    }
}

/// Returns the class of a cell with the value of a run. A missing value is explained in words.
pub(crate) fn class(score: &Score) -> &'static str {
    match score.actual {
        Ok(_) => "num",
        Err(_) => "words",
    }
}

/// Returns whether a higher value of a metric is better.
pub(crate) fn is_more_better(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::Availability | Metric::Goodput | Metric::Throughput
    )
}
