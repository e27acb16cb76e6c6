//! Requirements with their scores.

use crate::figure::Unit;
use design::Metric;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One bound of a requirement, scored.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The metric.
    pub metric: Metric,
    /// The bound, in the unit.
    pub bound: Bound,
    /// The unit of bound and value.
    pub unit: Unit,
    /// The measured value in the unit, or why there is none.
    pub actual: Result<f64, Reason>,
    /// The verdict.
    pub verdict: Verdict,
}

/// A bound of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Bound {
    /// The value must not be below this.
    AtLeast(f64),
    /// The value must not be above this.
    AtMost(f64),
}

/// The verdict of a run on a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The bound was met, or what it limits could not occur.
    Met,
    /// The bound was missed.
    Missed,
    /// The run gives no value to compare with the bound.
    NotMeasured,
}

/// Why a metric has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The run was stopped before its end.
    CutShort,
    /// The run goes on, and this is known only at its end.
    Underway,
    /// No request was sent.
    NoRequest,
    /// No request was answered.
    NoAnswer,
    /// No read was answered.
    NoRead,
    /// No fault affected users.
    NoFaultFelt,
    /// A fault was not detected.
    Undetected,
    /// No fault ended.
    NoFault,
    /// The load had not settled before the first fault.
    NotSettled,
    /// The first fault began too early to compare with the time before it.
    NoTimeBefore,
    /// There was no goodput before the first fault.
    NothingBefore,
    /// A fault did not end.
    FaultLasts,
    /// The last fault ended too late for a recovery.
    NoTimeAfter,
    /// The system did not recover.
    NotRecovered,
}

impl Unit {
    /// Returns the unit in which a metric is scored.
    pub fn of(metric: Metric) -> Self {
        match metric {
            _ if metric.is_duration() => Self::Milliseconds,
            _ if metric.is_share() => Self::Share,
            Metric::Goodput | Metric::Throughput => Self::PerSecond,
            Metric::MonthlyCost => Self::Dollars,
            _ => Self::Count,
        }
    }
}

impl Bound {
    /// Returns the value of the bound.
    pub fn value(self) -> f64 {
        match self {
            Self::AtLeast(bound) | Self::AtMost(bound) => bound,
        }
    }

    /// Returns whether a value is within the bound.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

impl Score {
    /// Returns whether the requirement was met; false if nothing was measured.
    pub fn is_met(&self) -> bool {
        self.verdict == Verdict::Met
    }
}

/// Serializes a score for formats that do not name fields.
type Plain = (String, Bound, Unit, Result<f64, Reason>, Verdict);

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if !to.is_human_readable() {
            let name = self.metric.name().to_owned();
            let plain: Plain = (name, self.bound, self.unit, self.actual, self.verdict);
            return plain.serialize(to);
        }
        let mut score = to.serialize_struct("Score", 7)?;
        score.serialize_field("metric", self.metric.name())?;
        match self.bound {
            Bound::AtLeast(bound) => score.serialize_field("at_least", &bound)?,
            Bound::AtMost(bound) => score.serialize_field("at_most", &bound)?,
        }
        score.serialize_field("unit", &self.unit)?;
        score.serialize_field("actual", &self.actual.ok())?;
        if let Err(reason) = self.actual {
            score.serialize_field("reason", &reason)?;
        }
        score.serialize_field("verdict", &self.verdict)?;
        score.serialize_field("met", &self.is_met())?;
        score.end()
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (name, bound, unit, actual, verdict) = Plain::deserialize(from)?;
        let mut all = Metric::ALL.iter().copied();
        let metric = all.find(|metric| metric.name() == name);
        Ok(Self {
            metric: metric.ok_or_else(|| serde::de::Error::custom("not a metric"))?,
            bound,
            unit,
            actual,
            verdict,
        })
    }
}
