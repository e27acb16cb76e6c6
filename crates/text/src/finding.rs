//! Findings in JSON: each text, and the pieces that it was made of.

use crate::message::message;
use crate::titles::Titles;
use report::{
    Change, Curve, Effect, Experiment, Finding, Message, Remedy, Seeds, Severity, Standing, Step,
};
use serde::Serialize;

/// A finding with its texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Written<'a> {
    /// The id of the rule.
    pub rule: &'a str,
    /// How much it matters.
    pub severity: Severity,
    /// Whether the run showed it, rather than the design alone.
    pub measured: bool,
    /// Ids of the nodes and links it is about.
    pub subjects: &'a [String],
    /// The time to jump to, in s.
    pub onset_s: Option<f64>,
    /// What happened, or what could happen.
    pub what: String,
    /// Why, with the numbers that show it.
    pub why: String,
    /// What to do.
    pub remedy: String,
    /// What happened, in order.
    pub chain: Vec<WrittenStep<'a>>,
    /// The metric it endangers.
    pub requirement: Option<&'static str>,
    /// The result of the experiments on it.
    pub standing: Standing,
    /// Runs without the suspected cause, the strongest first.
    pub experiments: Vec<WrittenExperiment<'a>>,
    /// Possible fixes.
    pub remedies: Vec<WrittenRemedy<'a>>,
    /// Findings that this one explains.
    pub symptoms: Vec<Written<'a>>,
    /// The pieces of `what`, `why` and `remedy`.
    pub pieces: Pieces<'a>,
}

/// An event of a chain, with its text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrittenStep<'a> {
    /// When it happened, in s.
    pub at_s: f64,
    /// The node or link.
    pub subject: &'a str,
    /// What happened to it.
    pub what: String,
    /// The pieces of `what`.
    pub pieces: StepPieces<'a>,
}

/// A remedy with its texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrittenRemedy<'a> {
    /// The label of its button.
    pub label: String,
    /// The edits.
    pub edits: Edits<'a>,
    /// What it costs.
    pub cost: String,
    /// Its measured effect; `null` if it was not tested.
    pub effect: &'a Option<Effect>,
    /// The pieces of `label` and `cost`.
    pub pieces: RemedyPieces<'a>,
}

/// An experiment, with its text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrittenExperiment<'a> {
    /// What was removed.
    pub without: String,
    /// The nodes and links that were affected by the removal.
    pub subjects: &'a [String],
    /// The missed requirement that came closest to its bound.
    pub requirement: &'a Change,
    /// Share of the distance to the bound that was closed.
    pub share: f64,
    /// The same experiment under other seeds.
    pub seeds: Seeds,
    /// Offered load and goodput of that run.
    pub curve: &'a Curve,
}

impl<'a> WrittenExperiment<'a> {
    /// Renders experiments, with these names for nodes and links.
    pub fn all(experiments: &'a [Experiment], titles: &Titles) -> Vec<Self> {
        let experiments = experiments.iter();
        experiments
            .map(|experiment| Self {
                without: message(&experiment.without, titles),
                subjects: &experiment.subjects,
                requirement: &experiment.requirement,
                share: experiment.share,
                seeds: experiment.seeds,
                curve: &experiment.curve,
            })
            .collect()
    }
}

/// The pieces of a finding's texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pieces<'a> {
    what: &'a Message,
    why: &'a Message,
    remedy: &'a Message,
}

/// The pieces of a step's text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepPieces<'a> {
    what: &'a Message,
}

/// The pieces of a remedy's texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RemedyPieces<'a> {
    label: &'a Message,
    cost: &'a Message,
}

/// The edits of a remedy, as a design file has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Edits<'a>(&'a Remedy);

impl Serialize for Edits<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        report::edits::serialize(&self.0.edits, to)
    }
}

impl<'a> Written<'a> {
    /// Renders a finding, with these names for nodes and links.
    pub fn new(finding: &'a Finding, titles: &Titles) -> Self {
        let text = |of: &Message| message(of, titles);
        Self {
            rule: &finding.rule,
            severity: finding.severity,
            measured: finding.measured,
            subjects: &finding.subjects,
            onset_s: finding.onset_s,
            what: text(&finding.what),
            why: text(&finding.why),
            remedy: text(&finding.remedy),
            chain: finding
                .chain
                .iter()
                .map(|step| WrittenStep::new(step, titles))
                .collect(),
            requirement: finding.requirement.map(design::Metric::name),
            standing: finding.standing,
            experiments: WrittenExperiment::all(&finding.experiments, titles),
            remedies: (finding.remedies.iter())
                .map(|remedy| WrittenRemedy::new(remedy, titles))
                .collect(),
            symptoms: Self::all(&finding.symptoms, titles),
            pieces: Pieces {
                what: &finding.what,
                why: &finding.why,
                remedy: &finding.remedy,
            },
        }
    }

    /// Renders findings, each as in [`Written::new`].
    pub fn all(findings: &'a [Finding], titles: &Titles) -> Vec<Self> {
        let findings = findings.iter();
        findings.map(|finding| Self::new(finding, titles)).collect()
    }
}

impl<'a> WrittenStep<'a> {
    fn new(step: &'a Step, titles: &Titles) -> Self {
        Self {
            at_s: step.at_s,
            subject: &step.subject,
            what: message(&step.what, titles),
            pieces: StepPieces { what: &step.what },
        }
    }
}

impl<'a> WrittenRemedy<'a> {
    fn new(remedy: &'a Remedy, titles: &Titles) -> Self {
        Self {
            label: message(&remedy.label, titles),
            edits: Edits(remedy),
            cost: message(&remedy.cost, titles),
            effect: &remedy.effect,
            pieces: RemedyPieces {
                label: &remedy.label,
                cost: &remedy.cost,
            },
        }
    }
}
