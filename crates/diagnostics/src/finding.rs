//! What a rule finds, and how that is written.

use design::{Command, Metric, Requirement, Target, Value};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// Most subjects of a finding.
const SUBJECTS_MAX: usize = 12;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Likely to hurt, or it did, within what was asked for.
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
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Finding {
    /// The rule, as in `docs/rules.md`.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Whether the run showed it; else the design alone does.
    pub measured: bool,
    /// Ids of the nodes and links it is about, the chief one first.
    pub subjects: Vec<String>,
    /// The moment to jump to.
    pub onset_s: Option<f64>,
    /// What is the case.
    pub what: String,
    /// Why that is so, with the numbers it is told by.
    pub why: String,
    /// What to do, in a sentence.
    pub remedy: String,
    /// What happened, in order.
    pub chain: Vec<Step>,
    /// The figure it endangers.
    pub requirement: Option<&'static str>,
    /// What would mend it, each as edits of this design.
    pub remedies: Vec<Remedy>,
    /// Findings that this one explains.
    pub symptoms: Vec<Finding>,
}

/// A link of a chain of events.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Step {
    /// When.
    pub at_s: f64,
    /// Which node or link.
    pub subject: String,
    /// What happened to it.
    pub what: String,
}

/// Edits that would mend a finding.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Remedy {
    /// On the button.
    pub label: String,
    /// One edit after the other.
    #[serde(serialize_with = "edits")]
    pub edits: Vec<Command>,
    /// What it costs.
    pub cost: String,
}

impl Finding {
    /// A note that the design alone shows.
    pub fn new(rule: &'static str, subjects: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            rule,
            severity: Severity::Note,
            measured: false,
            subjects: subjects
                .into_iter()
                .take(SUBJECTS_MAX)
                .map(Into::into)
                .collect(),
            onset_s: None,
            what: String::new(),
            why: String::new(),
            remedy: String::new(),
            chain: Vec::new(),
            requirement: None,
            remedies: Vec::new(),
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
        what: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        (self.what, self.why, self.remedy) = (what.into(), why.into(), remedy.into());
        self
    }

    /// What it endangers.
    #[must_use]
    pub fn endangers(mut self, metric: Metric) -> Self {
        self.requirement = Some(metric.name());
        self
    }

    /// What it endangers, by the name of the figure.
    #[must_use]
    pub fn at_risk(mut self, metric: &'static str) -> Self {
        self.requirement = Some(metric);
        self
    }

    /// Something that would mend it; left out where it changes nothing.
    #[must_use]
    pub fn mended_by(mut self, remedies: impl IntoIterator<Item = Remedy>) -> Self {
        let remedies = remedies.into_iter();
        self.remedies
            .extend(remedies.filter(|remedy| !remedy.edits.is_empty()));
        self
    }

    /// This finding and all below it.
    pub fn all(&self) -> Vec<&Finding> {
        let below = self.symptoms.iter().flat_map(Finding::all);
        std::iter::once(self).chain(below).collect()
    }
}

impl Remedy {
    /// A remedy with its cost.
    pub fn new(label: impl Into<String>, cost: impl Into<String>, edits: Vec<Command>) -> Self {
        Self {
            label: label.into(),
            edits,
            cost: cost.into(),
        }
    }

    /// All of it as one edit, undone as one.
    pub fn command(&self) -> Command {
        Command::Batch(self.edits.clone())
    }
}

fn edits<S: Serializer>(edits: &[Command], to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(None)?;
    let mut rest: Vec<&Command> = edits.iter().rev().collect();
    while let Some(edit) = rest.pop() {
        match edit {
            Command::Batch(edits) => rest.extend(edits.iter().rev()),
            edit => list.serialize_element(&Json(&written(edit)))?,
        }
    }
    list.end()
}

/// An edit as scenarios write it: `{"link": "api->db", "field": "timeout", "to": "300ms"}`.
fn written(edit: &Command) -> Value {
    let map = |entries: Vec<(&str, Value)>| {
        let entries = entries.into_iter();
        Value::Map(
            entries
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    };
    let number = |at: usize| Value::Number(at as f64);
    match edit {
        Command::Set(target, field, to) => {
            let target = match target {
                Target::Settings => ("settings", Value::Bool(true)),
                Target::Node(id) => ("node", Value::text(id)),
                Target::Link(id) => ("link", Value::text(id)),
                Target::Fault(at) => ("fault", number(*at)),
            };
            map(vec![
                target,
                ("field", Value::text(field)),
                ("to", to.clone()),
            ])
        }
        Command::AddNode(_, node) => map(vec![("add_node", node.write(true))]),
        Command::AddLink(_, link) => {
            use design::Attribute;
            let usual = design::Link::default().write();
            map(vec![("add_link", link.write().without(&usual))])
        }
        Command::AddFault(_, fault) => {
            use design::Attribute;
            map(vec![("add_fault", fault.write())])
        }
        Command::AddRequirement(_, requirement) => {
            map(vec![("add_requirement", requirement_value(requirement))])
        }
        Command::RemoveNode(id) => map(vec![("remove_node", Value::text(id))]),
        Command::RemoveLink(id) => map(vec![("remove_link", Value::text(id))]),
        Command::RemoveFault(at) => map(vec![("remove_fault", number(*at))]),
        Command::RemoveRequirement(at) => map(vec![("remove_requirement", number(*at))]),
        Command::Move(id, at) => {
            let at = at.iter().map(|x| Value::Number(f64::from(*x))).collect();
            map(vec![("move", Value::text(id)), ("to", Value::List(at))])
        }
        Command::Batch(_) => Value::Null,
    }
}

fn requirement_value(requirement: &Requirement) -> Value {
    use design::Attribute;
    let off = Value::Map(vec![
        ("at_least".into(), Value::Null),
        ("at_most".into(), Value::Null),
    ]);
    requirement.write().without(&off)
}

/// A value of the document, for serde.
struct Json<'a>(&'a Value);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => to.serialize_unit(),
            Value::Bool(is) => to.serialize_bool(*is),
            // Whole numbers as such: 3, not 3.0.
            Value::Number(n) if libm::floor(*n) == *n && n.abs() < 9e15 => {
                to.serialize_i64(*n as i64)
            }
            Value::Number(n) => to.serialize_f64(*n),
            Value::Text(text) => to.serialize_str(text),
            Value::List(items) => {
                let mut list = to.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Json(item))?;
                }
                list.end()
            }
            Value::Map(entries) => {
                let mut map = to.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, &Json(value))?;
                }
                map.end()
            }
        }
    }
}
