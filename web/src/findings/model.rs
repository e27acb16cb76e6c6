//! Findings as the report of a whole run tells them. What is missing or misspelt is left out; no
//! report keeps the panel from opening.

use design::{Command, Metric, Value};
use host::scenarios::Unit;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Its shape, 10 × 10.
    pub(crate) fn shape(self) -> &'static str {
        match self {
            Self::Note => "M5 1.2a3.8 3.8 0 1 0 .01 0zM5 4.7v2.4M5 2.9v.1",
            Self::Warning => "M5 1l4.5 8h-9zM5 4v2.2M5 7.6v.1",
            Self::Error => {
                "M3.2.8h3.6l2.400 2.400v3.600l-2.400 2.400h-3.600l-2.400-2.400v-3.600zM3.5 3.5l3 3M6.5 3.5l-3 3"
            }
        }
    }
}

/// Something that is wrong, or that went wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) rule: String,
    pub(crate) severity: Severity,
    /// The run showed it; else the design alone does.
    pub(crate) measured: bool,
    /// Nodes and links, the chief one first.
    pub(crate) subjects: Vec<String>,
    pub(crate) onset_s: Option<f64>,
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) remedy: String,
    pub(crate) chain: Vec<Event>,
    pub(crate) requirement: Option<String>,
    pub(crate) remedies: Vec<Remedy>,
    pub(crate) symptoms: Vec<Finding>,
}

/// A link of a chain of events.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) at_s: f64,
    pub(crate) subject: String,
    pub(crate) what: String,
}

/// What would mend a finding.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Remedy {
    pub(crate) label: String,
    pub(crate) cost: String,
    /// One edit, undone as one.
    pub(crate) command: Command,
}

/// A requirement, scored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Score {
    pub(crate) metric: String,
    pub(crate) target: String,
    pub(crate) actual: String,
    pub(crate) verdict: Verdict,
}

/// What a run says about a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Met,
    Missed,
    NotMeasured,
}

impl Verdict {
    /// The value of `data-state` that colors it.
    pub(crate) fn state(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::NotMeasured => "unknown",
        }
    }

    /// The path of its icon, on ten by ten.
    pub(crate) fn icon(self) -> &'static str {
        match self {
            Self::Met => "M1.5 5.5l2.5 2.500l4.500-6",
            Self::Missed => "M1.5 1.5l7 7M8.5 1.5l-7 7",
            Self::NotMeasured => "M2 5h6",
        }
    }

    /// Its name, for people.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::NotMeasured => "not measured",
        }
    }
}

impl Finding {
    /// What tells it from the others.
    pub(crate) fn key(&self) -> String {
        let subject = self.subjects.first().map_or("", String::as_str);
        format!("{} {subject}", self.rule)
    }

    /// The worst of it and all below.
    pub(crate) fn worst(&self) -> Severity {
        let below = self.symptoms.iter().map(Self::worst);
        below.fold(self.severity, Severity::max)
    }

    /// It and all below it, each with the finding on top.
    pub(crate) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        self.symptoms.iter().for_each(|symptom| symptom.walk(visit));
    }
}

/// The findings of a report.
pub(crate) fn findings(report: &Value) -> Vec<Finding> {
    items(report.get("findings"))
        .filter_map(|item| finding(item, 0))
        .collect()
}

/// Deeper than any diagnosis goes.
const DEPTH_MAX: usize = 8;

fn finding(value: &Value, depth: usize) -> Option<Finding> {
    let what = prose(value, "what")?;
    let severity = match text(value.get("severity"))?.as_str() {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => Severity::Note,
    };
    let below = match depth {
        DEPTH_MAX => None,
        _ => value.get("symptoms"),
    };
    Some(Finding {
        rule: text(value.get("rule"))?,
        severity,
        measured: value.get("measured") == Some(&Value::Bool(true)),
        subjects: items(value.get("subjects"))
            .filter_map(|item| text(Some(item)))
            .collect(),
        onset_s: number(value.get("onset_s")),
        what,
        why: prose(value, "why").unwrap_or_default(),
        remedy: prose(value, "remedy").unwrap_or_default(),
        chain: items(value.get("chain")).filter_map(event).collect(),
        requirement: text(value.get("requirement")),
        remedies: items(value.get("remedies")).filter_map(remedy).collect(),
        symptoms: items(below)
            .filter_map(|item| finding(item, depth + 1))
            .collect(),
    })
}

fn event(value: &Value) -> Option<Event> {
    Some(Event {
        at_s: number(value.get("at_s"))?,
        subject: text(value.get("subject"))?,
        what: prose(value, "what")?,
    })
}

fn remedy(value: &Value) -> Option<Remedy> {
    Some(Remedy {
        label: prose(value, "label")?,
        cost: prose(value, "cost").unwrap_or_default(),
        command: design::edits::read_all(value.get("edits")?).ok()?,
    })
}

/// The scorecard of a report.
pub(crate) fn scores(report: &Value) -> Vec<Score> {
    let score = |value: &Value| {
        Some(Score {
            metric: text(value.get("metric"))?,
            target: text(value.get("target"))?,
            actual: text(value.get("actual"))?,
            verdict: match text(value.get("verdict"))?.as_str() {
                "met" => Verdict::Met,
                "missed" => Verdict::Missed,
                _ => Verdict::NotMeasured,
            },
        })
    };
    items(report.get("requirements"))
        .filter_map(score)
        .collect()
}

/// A figure or a bound of a metric, as a report writes it, for people: `0.7338` is "73.38 %". What
/// is no figure (`no fault was felt`) stays as it is.
pub(crate) fn quantity(metric: &str, written: &str) -> String {
    let in_ms = |unit: &str, factor: f64| {
        let number = written.strip_suffix(unit)?.parse::<f64>().ok()?;
        Some(Unit::Ms.show(number * factor))
    };
    match (written.parse::<f64>(), metric) {
        (Ok(share), "availability") if share < 0.99 => format!("{:.2}\u{a0}%", share * 100.0),
        // Two digits of what is missing, rounded down: only what is whole is called whole.
        (Ok(share), "availability") => {
            let missing = (1.0 - share).max(1e-6);
            let digits = (libm::ceil(-libm::log10(missing)) - 1.0).max(2.0);
            let scale = libm::pow(10.0, digits);
            let whole = (share * 100.0 * scale + 1e-6).floor() / scale;
            format!("{whole}\u{a0}%")
        }
        (Ok(rate), "goodput" | "throughput") => Unit::PerSecond.show(rate),
        (Ok(cost), "monthly_cost") => Unit::Dollars.show(cost),
        (Ok(number), _) => Unit::Count.show(number),
        (Err(_), _) => in_ms("ms", 1.0)
            .or_else(|| in_ms("s", 1e3))
            .unwrap_or_else(|| written.to_owned()),
    }
}

/// The class of a cell with a quantity: why there is no figure is said in words.
pub(crate) fn class_of(quantity: &str) -> &'static str {
    match quantity.starts_with(char::is_alphabetic) {
        true => "words",
        false => "num",
    }
}

/// `at least 0.999` with its sign and unit.
pub(crate) fn bound(metric: &str, written: &str) -> String {
    match written.strip_prefix("at least ") {
        Some(bound) => format!("\u{2265} {}", quantity(metric, bound)),
        None => {
            let bound = written.strip_prefix("at most ").unwrap_or(written);
            format!("\u{2264} {}", quantity(metric, bound))
        }
    }
}

/// A figure that can be required, for people: `latency_p99` is "Latency p99".
pub(crate) fn metric(name: &str) -> String {
    crate::words::sentence(&name.replace('_', " "))
}

/// Whether more of it is better.
pub(crate) fn is_more_better(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::Availability | Metric::Goodput | Metric::Throughput
    )
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let list = match value {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    list.iter()
}

fn text(value: Option<&Value>) -> Option<String> {
    match value {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

/// A text for people: a link's arrow as an arrow.
fn prose(value: &Value, name: &str) -> Option<String> {
    Some(text(value.get(name))?.replace("->", " \u{2192} "))
}

fn number(value: Option<&Value>) -> Option<f64> {
    match value {
        Some(Value::Number(number)) if number.is_finite() => Some(*number),
        _ => None,
    }
}
