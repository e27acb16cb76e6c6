//! Findings of rules.

use crate::experiment::{Effect, Experiment, Standing};
use crate::message::Message;
use design::{Command, Metric};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Most subjects of a finding.
pub const SUBJECTS_MAX: usize = 12;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// A likely problem, or one that occurred without missing a requirement.
    Warning,
    /// It did harm in this run: a requirement was missed, or writes were lost, duplicated or torn.
    Error,
}

impl Severity {
    /// Returns the name as written in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A finding of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The id of the rule, as in `docs/rules.md`.
    pub rule: Cow<'static, str>,
    /// How much it matters.
    pub severity: Severity,
    /// Whether the run showed it, rather than the design alone.
    pub measured: bool,
    /// Ids of the nodes and links it is about, the main one first.
    pub subjects: Vec<String>,
    /// The time to jump to, in s.
    pub onset_s: Option<f64>,
    /// What happened, or what could happen.
    pub what: Message,
    /// Why, with the numbers that show it.
    pub why: Message,
    /// What to do, in one sentence.
    pub remedy: Message,
    /// What happened, in order.
    pub chain: Vec<Step>,
    /// The metric it endangers.
    #[serde(with = "crate::metric")]
    pub requirement: Option<Metric>,
    /// Possible fixes, each as edits of this design.
    pub remedies: Vec<Remedy>,
    /// The result of the experiments on it.
    pub standing: Standing,
    /// Runs without the suspected cause, the strongest first.
    pub experiments: Vec<Experiment>,
    /// Findings that this one explains.
    #[serde(deserialize_with = "crate::nested::read")]
    pub symptoms: Vec<Finding>,
}

/// An event of a chain of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When it happened, in s.
    pub at_s: f64,
    /// The node or link.
    pub subject: String,
    /// What happened to it.
    pub what: Message,
}

/// Edits that would fix a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remedy {
    /// The label of its button.
    pub label: Message,
    /// The edits, in order.
    #[serde(with = "crate::edits")]
    pub edits: Vec<Command>,
    /// What it costs.
    pub cost: Message,
    /// Its measured effect; `None` if it was not tested.
    pub effect: Option<Effect>,
}

impl Finding {
    /// Returns a finding that the design alone shows, as a note.
    pub fn new(rule: &'static str, subjects: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            rule: Cow::Borrowed(rule),
            severity: Severity::Note,
            measured: false,
            subjects: subjects
                .into_iter()
                .take(SUBJECTS_MAX)
                .map(Into::into)
                .collect(),
            onset_s: None,
            what: Message::new(),
            why: Message::new(),
            remedy: Message::new(),
            chain: Vec::new(),
            requirement: None,
            remedies: Vec::new(),
            standing: Standing::Untested,
            experiments: Vec::new(),
            symptoms: Vec::new(),
        }
    }

    /// Sets the severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Marks it as measured: a warning, from this time on.
    #[must_use]
    pub fn measured(mut self, onset_s: Option<f64>) -> Self {
        self.measured = true;
        self.severity = Severity::Warning;
        self.onset_s = onset_s;
        self
    }

    /// Sets what happened, why, and what to do.
    #[must_use]
    pub fn says(
        mut self,
        what: impl Into<Message>,
        why: impl Into<Message>,
        remedy: impl Into<Message>,
    ) -> Self {
        (self.what, self.why, self.remedy) = (what.into(), why.into(), remedy.into());
        self
    }

    /// Sets the metric that it endangers.
    #[must_use]
    pub fn endangers(mut self, metric: Metric) -> Self {
        self.requirement = Some(metric);
        self
    }

    /// Adds a possible fix, unless it changes nothing.
    #[must_use]
    pub fn fixed_by(mut self, remedies: impl IntoIterator<Item = Remedy>) -> Self {
        let remedies = remedies.into_iter();
        self.remedies
            .extend(remedies.filter(|remedy| !remedy.edits.is_empty()));
        self
    }

    /// Returns the key that identifies it among the findings of a run: its rule and its main
    /// subject.
    pub fn key(&self) -> String {
        let subject = self.subjects.first().map_or("", String::as_str);
        format!("{} {subject}", self.rule)
    }

    /// Returns the highest severity of this finding and all below it.
    pub fn worst(&self) -> Severity {
        let below = self.symptoms.iter().map(Self::worst);
        below.fold(self.severity, Severity::max)
    }

    /// Returns this finding and all below it.
    pub fn all(&self) -> Vec<&Finding> {
        let below = self.symptoms.iter().flat_map(Finding::all);
        std::iter::once(self).chain(below).collect()
    }
}

impl Remedy {
    /// Returns a remedy with its cost.
    pub fn new(label: impl Into<Message>, cost: impl Into<Message>, edits: Vec<Command>) -> Self {
        Self {
            label: label.into(),
            edits,
            cost: cost.into(),
            effect: None,
        }
    }

    /// Returns all its edits as one command, which is undone as one.
    pub fn command(&self) -> Command {
        Command::Batch(self.edits.clone())
    }
}
