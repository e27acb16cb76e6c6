//! What experiments showed: runs of the same requests with one thing taken away, or with a remedy.

use crate::finding::Finding;
use crate::message::Message;
use design::Metric;
use serde::{Deserialize, Serialize};

/// A metric in two runs; durations in ms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Which.
    #[serde(with = "crate::metric::one")]
    pub metric: Metric,
    /// As the run on hand had it; `null` where it gave none: nothing was answered, or the system
    /// did not recover.
    pub before: Option<f64>,
    /// As it was with the change, on the same seed.
    pub after: Option<f64>,
}

/// What a remedy did when it was applied and run on the same seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The requirement it brings nearest.
    pub requirement: Change,
    /// The bound of that requirement, in the unit of its metric.
    pub bound: f64,
    /// Whether that requirement holds with it.
    pub met: bool,
    /// Whether all requirements hold with it.
    pub fixes: bool,
    /// Share of the distance to the bound that went, from 0 to 1.
    pub share: f64,
    /// Other requirements that it brings nearer.
    pub better: Vec<Change>,
    /// What it makes worse: requirements that were met, availability, and writes lost, torn or
    /// doubled.
    pub worse: Vec<Change>,
    /// What the design costs a month, in US dollars.
    pub monthly_cost: Change,
}

/// What the experiments say of a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing was tried: the design alone shows it, or nothing can be taken away.
    #[default]
    Untested,
    /// An experiment is under way or to come.
    Suspected,
    /// Without it, at least half of the harm is gone.
    Confirmed,
    /// Without it, a part of the harm is gone.
    Contributes,
    /// Without it, the harm is the same.
    RuledOut,
}

impl Standing {
    /// As written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Untested => "untested",
            Self::Suspected => "suspected",
            Self::Confirmed => "confirmed",
            Self::Contributes => "contributes",
            Self::RuledOut => "ruled_out",
        }
    }
}

/// A run without one suspect, on the same seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// What was taken away, as in "without the retries".
    pub without: Message,
    /// The nodes and links that it was about.
    pub subjects: Vec<String>,
    /// The missed requirement that came nearest to its bound.
    pub requirement: Change,
    /// Share of its distance to the bound that went: below 0 where it grew.
    pub share: f64,
    /// The same experiment under other seeds.
    pub seeds: Seeds,
    /// Offered load and goodput of that run.
    pub curve: Curve,
}

/// An experiment under other seeds than that of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds {
    /// Seeds tested.
    pub tried: u32,
    /// Seeds under which the requirement was missed too.
    pub missed: u32,
    /// Of these, seeds under which at least half of the distance to the bound went.
    pub held: u32,
}

/// Offered load and goodput over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Width of a step in seconds.
    pub width_s: f64,
    /// Requests made.
    pub offered_per_s: Vec<f64>,
    /// Goodput.
    pub goodput_per_s: Vec<f64>,
}

/// The result of all experiments on a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conclusion {
    /// Causes first, with what they explain below them.
    pub findings: Vec<Finding>,
    /// Findings whose claim an experiment refuted.
    pub ruled_out: Vec<Finding>,
    /// Every experiment on a cause.
    pub tried: Vec<Experiment>,
    /// Offered load and goodput of the run itself.
    pub curve: Curve,
}
