//! Requirements, scored.

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
    /// What the run gave, in the unit, or why it gave nothing.
    pub actual: Result<f64, Reason>,
    /// What the run says about the requirement.
    pub verdict: Verdict,
}

/// A bound of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Bound {
    /// It must not be below this.
    AtLeast(f64),
    /// It must not be above this.
    AtMost(f64),
}

/// What a run says about a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The bound held, or what it limits could not occur.
    Met,
    /// The bound did not hold.
    Missed,
    /// The run gives nothing to compare with the bound.
    NotMeasured,
}

/// Why a metric has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The run was stopped before its end.
    CutShort,
    /// The run goes on, and this is known at its end.
    Underway,
    /// No request was made.
    NoRequest,
    /// No request was answered.
    NoAnswer,
    /// No read was answered.
    NoRead,
    /// No fault was felt.
    NoFaultFelt,
    /// A fault was not detected.
    Undetected,
    /// No fault came and went.
    NoFault,
    /// The load had not settled before the first fault.
    NotSettled,
    /// The first fault left no time before it to compare with.
    NoTimeBefore,
    /// Nothing was answered well before the first fault.
    NothingBefore,
    /// A fault did not end.
    FaultLasts,
    /// The last fault left no time to recover in.
    NoTimeAfter,
    /// It did not recover.
    NotRecovered,
}

impl Unit {
    /// The unit in which a metric is scored.
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
    /// The bound itself.
    pub fn value(self) -> f64 {
        match self {
            Self::AtLeast(bound) | Self::AtMost(bound) => bound,
        }
    }

    /// Whether a value is within it.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }
}

impl Score {
    /// Whether the requirement was met: not where nothing was measured.
    pub fn is_met(&self) -> bool {
        self.verdict == Verdict::Met
    }
}

/// What it is for a format that does not name fields.
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
