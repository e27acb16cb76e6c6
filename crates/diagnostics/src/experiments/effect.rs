//! What an experiment showed, in figures.

use serde::Serialize;

/// A metric in two runs; durations in ms.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Its name.
    pub metric: &'static str,
    /// As the run on hand had it.
    pub before: f64,
    /// As it was with the change, on the same seed.
    pub after: f64,
}

/// What a remedy did when it was applied and run on the same seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// The requirement it brings nearest.
    pub requirement: Change,
    /// The bound of that requirement.
    pub bound: f64,
    /// Whether the requirement holds with it.
    pub met: bool,
    /// Whether all requirements hold with it.
    pub mends: bool,
    /// Share of the distance to the bound that went.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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

/// A run without one suspect, on the same seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Experiment {
    /// What was taken away.
    pub without: String,
    /// The nodes and links that it was about.
    pub subjects: Vec<String>,
    /// The figure that changed most, in both runs.
    pub requirement: Change,
    /// Share of the harm that went with it.
    pub share: f64,
    /// Goodput with it and without it.
    pub curve: super::Curve,
}
