//! Findings as JSON has them: each text beside the pieces that it was made of.

use crate::message::message;
use crate::titles::Titles;
use report::{
    Change, Curve, Effect, Experiment, Finding, Message, Remedy, Seeds, Severity, Standing, Step,
};
use serde::Serialize;

/// A finding with its texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Written<'a> {
    /// The rule.
    pub rule: &'a str,
    /// How much it matters.
    pub severity: Severity,
    /// Whether the run showed it.
    pub measured: bool,
    /// Ids of the nodes and links it is about.
    pub subjects: &'a [String],
    /// The moment to jump to.
    pub onset_s: Option<f64>,
    /// What is the case.
    pub what: String,
    /// Why that is so.
    pub why: String,
    /// What to do.
    pub remedy: String,
    /// What happened, in order.
    pub chain: Vec<WrittenStep<'a>>,
    /// The metric it endangers.
    pub requirement: Option<&'static str>,
    /// What experiments say of it.
    pub standing: Standing,
    /// Runs without what it says is the cause, the most telling first.
    pub experiments: Vec<WrittenExperiment<'a>>,
    /// What would fix it.
    pub remedies: Vec<WrittenRemedy<'a>>,
    /// Findings that this one explains.
    pub symptoms: Vec<Written<'a>>,
    /// The pieces of `what`, `why` and `remedy`.
    pub pieces: Pieces<'a>,
}

/// A step of a chain, with its text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrittenStep<'a> {
    /// When.
    pub at_s: f64,
    /// Which node or link.
    pub subject: &'a str,
    /// What happened to it.
    pub what: String,
    /// The pieces of `what`.
    pub pieces: StepPieces<'a>,
}

/// A remedy with its texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrittenRemedy<'a> {
    /// On the button.
    pub label: String,
    /// The edits.
    pub edits: Edits<'a>,
    /// What it costs.
    pub cost: String,
    /// What it did when it was tried; `null` where it was not.
    pub effect: &'a Option<Effect>,
    /// The pieces of `label` and `cost`.
    pub pieces: RemedyPieces<'a>,
}

/// An experiment, with its text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrittenExperiment<'a> {
    /// What was taken away.
    pub without: String,
    /// The nodes and links that it was about.
    pub subjects: &'a [String],
    /// The missed requirement that came nearest to its bound.
    pub requirement: &'a Change,
    /// Share of its distance to the bound that went.
    pub share: f64,
    /// Whether the same is so under other seeds.
    pub seeds: Seeds,
    /// Offered load and goodput of that run.
    pub curve: &'a Curve,
}

impl<'a> WrittenExperiment<'a> {
    /// Experiments, with nodes and links called by these titles.
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
    /// A finding, with nodes and links called by these titles.
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

    /// Findings, each as [`Written::new`] has it.
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
