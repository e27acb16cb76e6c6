//! Scenarios as files have them.

use crate::ask::Ask;
use crate::figure::{Figure, Unit};
use crate::reading::{design, list, need, part, set, theme, word};
use crate::status::Status;
use crate::step::Step;
use crate::{Sound, Theme};
use design::attribute::Reader;
use design::{Command, Design, Fault, Problem, Value};

/// A lesson: a design, the faults that trigger its failure, and its fixes.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The id in links and on the command line.
    pub id: String,
    /// The title: the standard name of the failure.
    pub title: String,
    /// The group in the gallery.
    pub theme: Theme,
    /// How many minutes the lesson takes.
    pub minutes: u32,
    /// One sentence that names the situation and not the answer.
    pub summary: String,
    /// The design, without the faults of the trigger.
    pub design: Design,
    /// The faults that make the design fail; `None` where it fails without a fault.
    pub trigger: Option<Trigger>,
    /// The fixes, the main one first.
    pub remedies: Vec<Remedy>,
    /// The explanation.
    pub story: Story,
    /// The prediction to make before the run shows the answer.
    pub ask: Option<Ask>,
    /// The status sentence, where the subject of the lesson is not goodput.
    pub now: Option<Status>,
    /// What to do and what to observe, in order.
    pub steps: Vec<Step>,
    /// The metrics to compare, the most important one first.
    pub shows: Vec<Shown>,
    /// Further reading.
    pub reading: Vec<Source>,
}

/// The faults that make the design of a scenario fail.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// The label of the button.
    pub label: String,
    /// The faults, at the moments at which a run of the command line injects them. On the page, the
    /// first fault begins when the button is pressed, and the others follow at the same distance.
    pub faults: Vec<Fault>,
}

/// A fix.
#[derive(Clone, Debug)]
pub struct Remedy {
    /// The label of the switch.
    pub label: String,
    /// The edits, as one command.
    pub command: Command,
    /// What the fix costs, with the monthly cost where that changes.
    pub cost: String,
}

/// The explanation of a scenario. `why` and `change` may contain metrics in `{braces}`: see
/// [`crate::pieces`].
#[derive(Clone, Debug)]
pub struct Story {
    /// What the team believed before.
    pub believed: String,
    /// What to do and what to observe, for a page without steps.
    pub watch: String,
    /// Why the failure happens.
    pub why: String,
    /// What the fix changes.
    pub change: String,
}

/// A metric that the comparison shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its name in texts.
    pub name: String,
    /// Its label in the comparison.
    pub label: String,
    /// Its path in the report.
    pub figure: Figure,
    /// How it is shown.
    pub unit: Unit,
}

/// A source.
#[derive(Clone, Debug)]
pub struct Source {
    /// Author, title and year.
    pub title: String,
    /// The address.
    pub url: String,
}

/// The fields of a file. [`crate::claims()`] reads the last three, and the claims of the steps.
pub(crate) const FIELDS: [&str; 16] = [
    "title",
    "theme",
    "minutes",
    "summary",
    "design",
    "trigger",
    "remedies",
    "story",
    "ask",
    "now",
    "steps",
    "shows",
    "reading",
    "rule",
    "near_miss",
    "expect",
];

impl Scenario {
    /// Returns the design with the faults of its trigger, as the command line runs it.
    pub fn faulty(&self) -> Design {
        let mut design = self.design.clone();
        let faults = self.trigger.iter().flat_map(|trigger| &trigger.faults);
        design.faults.extend(faults.cloned());
        design
    }

    /// Returns [`Scenario::faulty`] with the main remedy applied.
    ///
    /// # Panics
    ///
    /// If the remedy does not fit the design; a test applies them all.
    pub fn fixed(&self) -> Design {
        self.fixed_by(self.main_remedy())
    }

    /// Returns [`Scenario::faulty`] with a remedy applied.
    ///
    /// # Panics
    ///
    /// If the remedy does not fit the design; a test applies them all.
    pub fn fixed_by(&self, remedy: &Remedy) -> Design {
        let mut design = self.faulty();
        design
            .apply(remedy.command.clone())
            .expect("the remedy fits the design");
        design
    }

    /// Returns the remedy that the lesson is about.
    pub fn main_remedy(&self) -> &Remedy {
        &self.remedies[0]
    }
}

/// Reads a scenario.
pub(crate) fn read(id: &str, value: &Value) -> Result<Scenario, Vec<Problem>> {
    let mut reader = Reader::default();
    let reader = &mut reader;
    reader.check_names(value, &FIELDS);
    let scenario = Scenario {
        id: id.to_owned(),
        title: word(value, "title", reader),
        theme: theme(value, reader),
        minutes: need(value, "minutes", reader).unwrap_or(0),
        summary: word(value, "summary", reader),
        design: design(value, reader),
        trigger: value
            .get("trigger")
            .map(|trigger| reader.within("trigger", |reader| read_trigger(trigger, reader))),
        remedies: list(value, "remedies", reader, |item, reader| {
            reader.check_names(item, &["label", "set", "cost", "expect"]);
            Some(Remedy {
                label: word(item, "label", reader),
                command: set(item, reader),
                cost: word(item, "cost", reader),
            })
        }),
        story: read_story(value, reader),
        ask: value
            .get("ask")
            .and_then(|ask| reader.within("ask", |reader| Ask::read(ask, reader))),
        now: value
            .get("now")
            .and_then(|now| reader.within("now", |reader| Status::read(now, reader))),
        steps: list(value, "steps", reader, Step::read),
        shows: list(value, "shows", reader, read_shown),
        reading: list(value, "reading", reader, |item, reader| {
            reader.check_names(item, &["title", "url"]);
            Some(Source {
                title: word(item, "title", reader),
                url: word(item, "url", reader),
            })
        }),
    };
    if scenario.remedies.is_empty() {
        reader.problem("missing remedy");
    }
    match std::mem::take(reader).finish() {
        problems if problems.is_empty() => Ok(scenario),
        problems => Err(problems),
    }
}

/// Reads a reference design.
pub(crate) fn read_sound(id: &str, value: &Value) -> Result<Sound, Vec<Problem>> {
    let mut reader = Reader::default();
    reader.check_names(value, &["title", "theme", "summary", "design"]);
    let sound = Sound {
        id: id.to_owned(),
        title: word(value, "title", &mut reader),
        theme: theme(value, &mut reader),
        summary: word(value, "summary", &mut reader),
        design: design(value, &mut reader),
    };
    match reader.finish() {
        problems if problems.is_empty() => Ok(sound),
        problems => Err(problems),
    }
}

fn read_trigger(value: &Value, reader: &mut Reader) -> Trigger {
    reader.check_names(value, &["label", "faults"]);
    let faults: Vec<Fault> = need(value, "faults", reader).unwrap_or_default();
    if matches!(value.get("faults"), Some(Value::List(list)) if list.is_empty()) {
        reader.problem("must contain at least one fault");
    }
    Trigger {
        label: word(value, "label", reader),
        faults,
    }
}

fn read_story(value: &Value, reader: &mut Reader) -> Story {
    let story = part(value, "story", reader).cloned().unwrap_or(Value::Null);
    reader.within("story", |reader| {
        reader.check_names(&story, &["believed", "watch", "why", "change"]);
        Story {
            believed: word(&story, "believed", reader),
            watch: word(&story, "watch", reader),
            why: word(&story, "why", reader),
            change: word(&story, "change", reader),
        }
    })
}

fn read_shown(value: &Value, reader: &mut Reader) -> Option<Shown> {
    reader.check_names(value, &["name", "label", "figure", "unit"]);
    let figure = part(value, "figure", reader)?;
    Some(Shown {
        name: word(value, "name", reader),
        label: word(value, "label", reader),
        figure: reader.within("figure", |reader| Figure::read(figure, reader))?,
        unit: Unit::read(value, reader)?,
    })
}
