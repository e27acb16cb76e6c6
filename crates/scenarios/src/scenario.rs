//! A lesson as a file has it.

use crate::ask::Ask;
use crate::figure::{Figure, Unit};
use crate::reading::{design, list, need, part, set, theme, word};
use crate::status::Status;
use crate::step::Step;
use crate::{Sound, Theme};
use design::attribute::Reader;
use design::{Command, Design, Fault, Problem, Value};

/// A lesson: what the team believed, what breaks it, and what mends it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name in links and on the command line.
    pub id: String,
    /// What people see.
    pub title: String,
    /// What it is about.
    pub theme: Theme,
    /// How long it takes to play.
    pub minutes: u32,
    /// One sentence.
    pub summary: String,
    /// The system, unbroken.
    pub design: Design,
    /// What breaks it; nothing where the design fails by itself.
    pub trigger: Option<Trigger>,
    /// What mends it: the main remedy first.
    pub remedies: Vec<Remedy>,
    /// The words.
    pub story: Story,
    /// The prediction to make before the run shows the answer.
    pub ask: Option<Ask>,
    /// The status sentence, where the subject of the lesson is not goodput.
    pub now: Option<Status>,
    /// What to do and what to observe, in order.
    pub steps: Vec<Step>,
    /// The figures to look at, the most telling first.
    pub shows: Vec<Shown>,
    /// Where to read more.
    pub reading: Vec<Source>,
}

/// What breaks a scenario's system.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// On the button.
    pub label: String,
    /// The faults, at the moments they happen in a run from the command line; in the page the first
    /// happens when the button is pressed, and the others as much later.
    pub faults: Vec<Fault>,
}

/// What mends it.
#[derive(Clone, Debug)]
pub struct Remedy {
    /// On the switch.
    pub label: String,
    /// One edit, undone as one.
    pub command: Command,
    /// What it costs: nothing here is free.
    pub cost: String,
}

/// The words of a scenario. In `{braces}` stand figures of the run: see [`crate::pieces`].
#[derive(Clone, Debug)]
pub struct Story {
    /// What the team believed.
    pub believed: String,
    /// What to do and what to watch.
    pub watch: String,
    /// Why it happened.
    pub why: String,
    /// What to change.
    pub change: String,
}

/// A figure to look at.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its name in the texts.
    pub name: String,
    /// What people see.
    pub label: String,
    /// Where it is in the report.
    pub figure: Figure,
    /// How it is shown.
    pub unit: Unit,
}

/// Where to read more.
#[derive(Clone, Debug)]
pub struct Source {
    /// Author, title, year.
    pub title: String,
    /// Where it is.
    pub url: String,
}

/// The fields of a file; those that [`crate::claims`] reads are the last three.
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
    /// The design with its trigger, as the command line runs it.
    pub fn broken(&self) -> Design {
        let mut design = self.design.clone();
        let faults = self.trigger.iter().flat_map(|trigger| &trigger.faults);
        design.faults.extend(faults.cloned());
        design
    }

    /// The same with the main remedy.
    ///
    /// # Panics
    ///
    /// If the remedy does not fit the design; a test applies them all.
    pub fn mended(&self) -> Design {
        self.mended_by(self.main_remedy())
    }

    /// The same with this remedy.
    ///
    /// # Panics
    ///
    /// If the remedy does not fit the design; a test applies them all.
    pub fn mended_by(&self, remedy: &Remedy) -> Design {
        let mut design = self.broken();
        design
            .apply(remedy.command.clone())
            .expect("the remedy fits the design");
        design
    }

    /// The remedy that the lesson is about.
    pub fn main_remedy(&self) -> &Remedy {
        &self.remedies[0]
    }
}

/// A scenario from its file.
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
        reader.problem("lacks a remedy");
    }
    match std::mem::take(reader).finish() {
        problems if problems.is_empty() => Ok(scenario),
        problems => Err(problems),
    }
}

/// A sound design from its file.
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
        reader.problem("breaks nothing");
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
