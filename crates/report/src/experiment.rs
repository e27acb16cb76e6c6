//! Results of experiments: runs of the same requests with one suspect removed, or with a remedy.

use crate::finding::Finding;
use crate::message::Message;
use design::Metric;
use serde::{Deserialize, Serialize};

/// A metric in two runs; durations in ms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The metric.
    #[serde(with = "crate::metric::one")]
    pub metric: Metric,
    /// The value in the original run; `null` if there was none, because nothing was answered or the
    /// system did not recover.
    pub before: Option<f64>,
    /// The value in the changed run, on the same seed.
    pub after: Option<f64>,
}

/// The effect of a remedy that was applied and run on the same seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The requirement that it brings closest to its bound.
    pub requirement: Change,
    /// The bound of that requirement, in the unit of its metric.
    pub bound: f64,
    /// Whether that requirement is met with it.
    pub met: bool,
    /// Whether all requirements are met with it.
    pub fixes: bool,
    /// Share of the distance to the bound that it closes, from 0 to 1.
    pub share: f64,
    /// Other requirements that it brings closer to their bounds.
    pub better: Vec<Change>,
    /// What it makes worse: requirements that were met, availability, and writes lost, torn or
    /// duplicated.
    pub worse: Vec<Change>,
    /// The monthly cost of the design, in US dollars.
    pub monthly_cost: Change,
    /// The same comparison under other seeds.
    #[serde(default)]
    pub seeds: Seeds,
}

/// The result of the experiments on a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing was tested: the design alone shows the finding, or nothing can be removed.
    #[default]
    Untested,
    /// An experiment is running or planned.
    Suspected,
    /// Without the suspect, at least half of the harm disappears.
    Confirmed,
    /// Without the suspect, a part of the harm disappears.
    Contributes,
    /// Without the suspect, the harm is the same.
    RuledOut,
}

impl Standing {
    /// Returns the name as written in files.
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
    /// What was removed, as in "without the retries".
    pub without: Message,
    /// The nodes and links that were affected by the removal.
    pub subjects: Vec<String>,
    /// The missed requirement that came closest to its bound.
    pub requirement: Change,
    /// Share of the distance to the bound that was closed; below 0 if the distance grew.
    pub share: f64,
    /// The same experiment under other seeds.
    pub seeds: Seeds,
    /// Offered load and goodput of that run.
    pub curve: Curve,
}

/// An experiment or a remedy under seeds other than that of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds {
    /// Number of seeds tested.
    pub tried: u32,
    /// Number of seeds under which the requirement was missed too, or under which a remedy made
    /// something worse.
    pub missed: u32,
    /// Of these, the number of seeds under which the result held: at least half of the distance to
    /// the bound was closed without a suspect, or at least a fifth with a remedy that made nothing
    /// else worse.
    pub held: u32,
}

/// Offered load and goodput over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Width of a point in seconds.
    pub width_s: f64,
    /// Offered load.
    pub offered_per_s: Vec<f64>,
    /// Goodput.
    pub goodput_per_s: Vec<f64>,
}

/// The result of all experiments on a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conclusion {
    /// Findings, causes first, with those that they explain below them.
    pub findings: Vec<Finding>,
    /// Findings that an experiment refuted.
    pub ruled_out: Vec<Finding>,
    /// All experiments on causes.
    pub tried: Vec<Experiment>,
    /// Offered load and goodput of the run itself.
    pub curve: Curve,
}
