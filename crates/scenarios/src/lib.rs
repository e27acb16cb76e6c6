//! The library of scenarios: one data file each, with a design that fails, what breaks it, the
//! remedy as edit commands, the words, and what its runs must show.
//!
//! A new scenario is a new file in `library/`; the page, the command line and the tests find it.

use design::attribute::Reader;
use design::{Attribute, Command, Design, Fault, Problem, Target, Value};

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// A lesson: what the team believed, what breaks it, and what mends it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name in links and on the command line.
    pub id: String,
    /// What people see.
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// The system, unbroken.
    pub design: Design,
    /// What breaks it.
    pub trigger: Trigger,
    /// What mends it.
    pub remedy: Remedy,
    /// The words.
    pub story: Story,
}

/// What breaks a scenario's system.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// On the button.
    pub label: String,
    /// The fault, at the moment it happens in a run from the command line; in the page it happens
    /// when the button is pressed.
    pub fault: Fault,
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

/// The words of a scenario. In `{braces}` stand figures that the page fills in from the run.
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

/// Every scenario, in order of id.
///
/// # Panics
///
/// If a file of the library is wrong; a test reads them all.
pub fn all() -> Vec<Scenario> {
    FILES
        .iter()
        .map(|(id, _)| find(id).expect("the id is of the list"))
        .collect()
}

/// Every scenario's id, in order.
pub fn ids() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(id, _)| *id)
}

/// The scenario of this id.
///
/// # Panics
///
/// If its file is wrong; a test reads them all.
pub fn find(id: &str) -> Option<Scenario> {
    let (id, text) = FILES.iter().find(|(known, _)| *known == id)?;
    Some(read(id, text).unwrap_or_else(|problems| panic!("scenario {id}: {problems:?}")))
}

impl Scenario {
    /// The design with its trigger, as the command line runs it.
    pub fn broken(&self) -> Design {
        let mut design = self.design.clone();
        design.faults.push(self.trigger.fault.clone());
        design
    }

    /// The same with the remedy.
    ///
    /// # Panics
    ///
    /// If the remedy does not fit the design; a test applies them all.
    pub fn mended(&self) -> Design {
        let mut design = self.broken();
        design
            .apply(self.remedy.command.clone())
            .expect("the remedy fits the design");
        design
    }
}

fn read(id: &str, text: &str) -> Result<Scenario, Vec<Problem>> {
    let value = format::json::value_from_str(text).map_err(|problem| vec![problem])?;
    let mut reader = Reader::default();
    let trigger = part(&value, "trigger", &mut reader);
    let remedy = part(&value, "remedy", &mut reader);
    let story = part(&value, "story", &mut reader);
    let (title, summary) = (
        word(&value, "title", &mut reader),
        word(&value, "summary", &mut reader),
    );
    let fault = reader.field::<Fault>(
        "fault",
        &part(&trigger, "fault", &mut Reader::default()),
        None,
    );
    let command = read_commands(&part(&remedy, "set", &mut reader), &mut reader);
    let scenario = Scenario {
        id: id.to_owned(),
        title,
        summary,
        design: Design::read(&part(&value, "design", &mut reader))?,
        trigger: Trigger {
            label: word(&trigger, "label", &mut reader),
            fault: fault.unwrap_or_default(),
        },
        remedy: Remedy {
            label: word(&remedy, "label", &mut reader),
            command: Command::Batch(command),
            cost: word(&remedy, "cost", &mut reader),
        },
        story: Story {
            believed: word(&story, "believed", &mut reader),
            watch: word(&story, "watch", &mut reader),
            why: word(&story, "why", &mut reader),
            change: word(&story, "change", &mut reader),
        },
    };
    match reader.finish() {
        problems if problems.is_empty() => Ok(scenario),
        problems => Err(problems),
    }
}

fn part(value: &Value, name: &str, reader: &mut Reader) -> Value {
    value.get(name).cloned().unwrap_or_else(|| {
        reader.problem(format!("lacks {name}"));
        Value::Map(Vec::new())
    })
}

fn word(value: &Value, name: &str, reader: &mut Reader) -> String {
    reader
        .within(name, |reader| {
            String::read(value.get(name).unwrap_or(&Value::Null), reader)
        })
        .unwrap_or_default()
}

/// Edit commands: `{"node": "api", "field": "queue.capacity", "to": 10}`, or `"link": …`.
fn read_commands(value: &Value, reader: &mut Reader) -> Vec<Command> {
    let Value::List(items) = value else {
        reader.problem("set is a list of edits");
        return Vec::new();
    };
    let read = items.iter().enumerate().map(|(at, item)| {
        reader.within(&format!("set[{at}]"), |reader| {
            let target = match (item.get("node"), item.get("link")) {
                (Some(Value::Text(id)), None) => Target::Node(id.clone()),
                (None, Some(Value::Text(id))) => Target::Link(id.clone()),
                _ => {
                    reader.problem("names a node or a link");
                    return None;
                }
            };
            let field = word(item, "field", reader);
            Some(Command::Set(target, field, part(item, "to", reader)))
        })
    });
    read.collect::<Vec<_>>().into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_reads_and_its_remedy_fits() {
        for scenario in all() {
            assert_eq!(scenario.broken().problems(), [], "{}", scenario.id);
            let mended = scenario.mended();
            assert_eq!(mended.problems(), [], "{}", scenario.id);
            assert_ne!(mended, scenario.broken());
        }
        assert!(ids().any(|id| id == "retry-storm"));
    }
}
