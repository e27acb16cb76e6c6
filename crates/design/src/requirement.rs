//! Requirements: what the design has to hold, scored in every run.

use crate::attribute::{Attribute, Reader, Shape};
use crate::quantity::{Duration, parse_percentage};
use crate::value::Value;
use crate::{choice, record};

record! {
    /// A bound on a metric of the report.
    pub struct Requirement {
        /// The metric.
        pub metric: Metric = Metric::Availability => { label: "Metric" },
        /// The metric must not be below this.
        pub at_least: Option<Bound> = None => { label: "At least" },
        /// The metric must not be above this.
        pub at_most: Option<Bound> = None => { label: "At most" },
    }
}

choice! {
    /// A metric that can be required.
    pub enum Metric {
        /// Share of completed requests that succeeded, including degraded ones.
        Availability = "availability",
        /// Mean latency of successful requests.
        LatencyMean = "latency_mean",
        /// Median latency.
        LatencyP50 = "latency_p50",
        /// 90th percentile of latency.
        LatencyP90 = "latency_p90",
        /// 95th percentile of latency.
        LatencyP95 = "latency_p95",
        /// 99th percentile of latency.
        LatencyP99 = "latency_p99",
        /// 99.9th percentile of latency.
        LatencyP999 = "latency_p999",
        /// Requests per second that succeed in time.
        Goodput = "goodput",
        /// Requests per second that complete, successful or not.
        Throughput = "throughput",
        /// Largest staleness of a read: how long before the request a newer version had been
        /// acknowledged.
        StalenessMax = "staleness_max",
        /// 99th percentile of the staleness of all reads.
        StalenessP99 = "staleness_p99",
        /// Reads that returned an outdated version.
        StaleReads = "stale_reads",
        /// Writes applied more than once for the same intent.
        DuplicateEffects = "duplicate_effects",
        /// Writes acknowledged but applied nowhere.
        LostWrites = "lost_writes",
        /// Writes applied in some of their databases but not in others.
        TornWrites = "torn_writes",
        /// Writes applied after a later one of the same client to the same key.
        OutOfOrder = "out_of_order",
        /// Keys on which a cache or copy differs from the owner at the end of the run.
        DivergentKeys = "divergent_keys",
        /// From the start of a fault to the first alert after it: the longest of all faults. A
        /// fault without an alert fails the requirement.
        TimeToDetect = "time_to_detect",
        /// From the end of the last fault until goodput stays above 90% of its earlier level and
        /// latency meets its requirement.
        RecoveryTime = "recovery_time",
        /// Monthly cost of the design at the load of the run, in US dollars.
        MonthlyCost = "monthly_cost",
    }
}

impl Requirement {
    /// Reads a requirement as a file has it: the bounds of a share may be percentages.
    pub fn read_entry(value: &Value, reader: &mut Reader) -> Option<Self> {
        let is_share = match value.get("metric") {
            None => Self::default().metric.is_share(),
            Some(name) => {
                let metric = Metric::ALL.iter().find(|metric| metric.write() == *name);
                metric.is_some_and(|metric| metric.is_share())
            }
        };
        let (Value::Map(entries), true) = (value, is_share) else {
            return Self::read(value, reader);
        };
        let entries = entries.iter().map(|(name, value)| {
            let share = match (name.as_str(), value) {
                ("at_least" | "at_most", Value::Text(text)) => parse_percentage(text).ok(),
                _ => None,
            };
            let value = share.map_or_else(|| value.clone(), Value::Number);
            (name.clone(), value)
        });
        Self::read(&Value::Map(entries.collect()), reader)
    }
}

impl Metric {
    /// Whether it is a share of a whole, so that its bound may be written as a percentage.
    pub fn is_share(self) -> bool {
        self == Self::Availability
    }

    /// Whether its bound is a duration; otherwise a number.
    pub fn is_duration(self) -> bool {
        match self {
            Self::LatencyMean
            | Self::LatencyP50
            | Self::LatencyP90
            | Self::LatencyP95
            | Self::LatencyP99
            | Self::LatencyP999
            | Self::TimeToDetect
            | Self::StalenessMax
            | Self::StalenessP99
            | Self::RecoveryTime => true,
            Self::Availability
            | Self::Goodput
            | Self::Throughput
            | Self::StaleReads
            | Self::DuplicateEffects
            | Self::LostWrites
            | Self::TornWrites
            | Self::OutOfOrder
            | Self::DivergentKeys
            | Self::MonthlyCost => false,
        }
    }
}

/// A bound: a number, or a duration for latencies and other times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// For ratios, rates and counts.
    Number(f64),
    /// For latencies.
    Duration(Duration),
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Duration(duration) => write!(f, "{duration}"),
        }
    }
}

impl Attribute for Bound {
    const SHAPE: Shape = Shape::Text;
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::Number(_) => f64::read(value, reader).map(Self::Number),
            Value::Text(text) if text.trim_end().ends_with('%') => reader.wrong(
                value,
                "a percentage for availability only; otherwise a number, or a duration such as \
                 \"300ms\"",
            ),
            Value::Text(_) => Duration::read(value, reader).map(Self::Duration),
            other => reader.wrong(other, "a number, or a duration such as \"300ms\""),
        }
    }
    fn write(&self) -> Value {
        match self {
            Self::Number(number) => Value::Number(*number),
            Self::Duration(duration) => duration.write(),
        }
    }
}
