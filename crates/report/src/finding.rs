//! What a rule finds.

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
    /// It did harm in this run: a requirement was missed, or writes were lost, doubled or torn.
    Error,
}

impl Severity {
    /// As written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule, as in `docs/rules.md`.
    pub rule: Cow<'static, str>,
    /// How much it matters.
    pub severity: Severity,
    /// Whether the run showed it; else the design alone does.
    pub measured: bool,
    /// Ids of the nodes and links it is about, the chief one first.
    pub subjects: Vec<String>,
    /// The moment to jump to.
    pub onset_s: Option<f64>,
    /// What is the case.
    pub what: Message,
    /// Why, with the numbers that show it.
    pub why: Message,
    /// What to do, in a sentence.
    pub remedy: Message,
    /// What happened, in order.
    pub chain: Vec<Step>,
    /// The metric it endangers.
    #[serde(with = "crate::metric")]
    pub requirement: Option<Metric>,
    /// Possible fixes, each as edits of this design.
    pub remedies: Vec<Remedy>,
    /// What experiments say of it.
    pub standing: Standing,
    /// Runs without what it says is the cause, the most telling first.
    pub experiments: Vec<Experiment>,
    /// Findings that this one explains.
    #[serde(deserialize_with = "crate::nested::read")]
    pub symptoms: Vec<Finding>,
}

/// A link of a chain of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at_s: f64,
    /// Which node or link.
    pub subject: String,
    /// What happened to it.
    pub what: Message,
}

/// Edits that would fix a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remedy {
    /// On the button.
    pub label: Message,
    /// One edit after the other.
    #[serde(with = "crate::edits")]
    pub edits: Vec<Command>,
    /// What it costs.
    pub cost: Message,
    /// What it did when it was tried; `None` where it was not.
    pub effect: Option<Effect>,
}

impl Finding {
    /// A note that the design alone shows.
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

    /// It matters as much as this.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The run showed it: a warning, from this moment on.
    #[must_use]
    pub fn measured(mut self, onset_s: Option<f64>) -> Self {
        self.measured = true;
        self.severity = Severity::Warning;
        self.onset_s = onset_s;
        self
    }

    /// What is the case, why, and what to do.
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

    /// What it endangers.
    #[must_use]
    pub fn endangers(mut self, metric: Metric) -> Self {
        self.requirement = Some(metric);
        self
    }

    /// Adds a possible fix, unless it changes nothing.
    #[must_use]
    pub fn mended_by(mut self, remedies: impl IntoIterator<Item = Remedy>) -> Self {
        let remedies = remedies.into_iter();
        self.remedies
            .extend(remedies.filter(|remedy| !remedy.edits.is_empty()));
        self
    }

    /// What tells it from the other findings of a run: its rule and its chief subject.
    pub fn key(&self) -> String {
        let subject = self.subjects.first().map_or("", String::as_str);
        format!("{} {subject}", self.rule)
    }

    /// The worst of it and all below it.
    pub fn worst(&self) -> Severity {
        let below = self.symptoms.iter().map(Self::worst);
        below.fold(self.severity, Severity::max)
    }

    /// This finding and all below it.
    pub fn all(&self) -> Vec<&Finding> {
        let below = self.symptoms.iter().flat_map(Finding::all);
        std::iter::once(self).chain(below).collect()
    }
}

impl Remedy {
    /// A remedy with its cost.
    pub fn new(label: impl Into<Message>, cost: impl Into<Message>, edits: Vec<Command>) -> Self {
        Self {
            label: label.into(),
            edits,
            cost: cost.into(),
            effect: None,
        }
    }

    /// All of it as one edit, undone as one.
    pub fn command(&self) -> Command {
        Command::Batch(self.edits.clone())
    }
}
