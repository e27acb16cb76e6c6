//! Edits as a file writes them, one object each:
//!
//! - `{"node": "api", "field": "queue.capacity", "to": 10}`, and the same of a `"link"`;
//! - `{"fault": 0, "field": "times", "to": 2}`, of a fault by its place in the list, `{"remove_fault": 0}` and
//!   `{"remove_requirement": 0}`;
//! - `{"setting": "zones.latency", "to": "1ms"}`, of what belongs to the design as a whole;
//! - `{"add_node": {...}}`, `{"add_link": {...}}`, `{"add_fault": {...}}`, `{"add_requirement": {...}}`, at the end
//!   of their lists (a link's place in a plan is its `stage`);
//! - `{"remove_node": "api"}` (with its links), `{"remove_link": "api->db"}`;
//! - `{"move": "api", "to": [600, 200]}`.

use crate::reading::{need, part, word};
use design::attribute::Reader;
use design::{Command, Fault, Link, Node, Problem, Requirement, Target, Value};

const LAST: usize = usize::MAX;
const FORMS: [(&str, &[&str]); 13] = [
    ("node", &["node", "field", "to"]),
    ("link", &["link", "field", "to"]),
    ("fault", &["fault", "field", "to"]),
    ("setting", &["setting", "to"]),
    ("add_node", &["add_node"]),
    ("add_link", &["add_link"]),
    ("add_fault", &["add_fault"]),
    ("add_requirement", &["add_requirement"]),
    ("remove_node", &["remove_node"]),
    ("remove_link", &["remove_link"]),
    ("remove_fault", &["remove_fault"]),
    ("remove_requirement", &["remove_requirement"]),
    ("move", &["move", "to"]),
];

/// A list of edits, as one command.
pub(crate) fn read_all(value: &Value) -> Result<Command, Vec<Problem>> {
    let mut reader = Reader::default();
    let edits = match value {
        Value::List(items) => items.iter().map(|item| read(item, &mut reader)).collect(),
        other => reader.wrong(other, "a list of edits"),
    };
    match (reader.finish(), edits) {
        (problems, Some(edits)) if problems.is_empty() => Ok(Command::Batch(edits)),
        (problems, _) => Err(problems),
    }
}

/// One edit.
pub(crate) fn read(value: &Value, reader: &mut Reader) -> Option<Command> {
    let form = FORMS.iter().find(|(name, _)| value.get(name).is_some());
    let Some((form, names)) = form else {
        let names = FORMS.map(|(name, _)| name);
        return reader.wrong(value, &format!("an edit: one of {}", names.join(", ")));
    };
    if !reader.check_names(value, names) {
        return None;
    }
    let name = |reader: &mut Reader| word(value, form, reader);
    match *form {
        "node" => set(Target::Node(name(reader)), value, reader),
        "link" => set(Target::Link(name(reader)), value, reader),
        "fault" => set(Target::Fault(place(value, form, reader)?), value, reader),
        "remove_fault" => Some(Command::RemoveFault(place(value, form, reader)?)),
        "remove_requirement" => Some(Command::RemoveRequirement(place(value, form, reader)?)),
        "setting" => {
            let to = part(value, "to", reader)?.clone();
            Some(Command::Set(Target::Settings, name(reader), to))
        }
        "add_node" => {
            let node = reader.within(form, |reader| Node::read(value.get(form)?, reader))?;
            Some(Command::AddNode(LAST, Box::new(node)))
        }
        "add_link" => {
            let mut link: Link = need(value, form, reader)?;
            if link.id.is_empty() {
                link.id = format!("{}->{}", link.from, link.to);
            }
            Some(Command::AddLink(LAST, Box::new(link)))
        }
        "add_fault" => {
            need::<Fault>(value, form, reader).map(|fault| Command::AddFault(LAST, fault))
        }
        "add_requirement" => need::<Requirement>(value, form, reader)
            .map(|requirement| Command::AddRequirement(LAST, requirement)),
        "remove_node" => Some(Command::RemoveNode(name(reader))),
        "remove_link" => Some(Command::RemoveLink(name(reader))),
        _ => {
            let to: Vec<i32> = need(value, "to", reader)?;
            match <[i32; 2]>::try_from(to) {
                Ok(to) => Some(Command::Move(name(reader), to)),
                Err(_) => reader.wrong(value, "a position, as [80, 200]"),
            }
        }
    }
}

fn set(target: Target, value: &Value, reader: &mut Reader) -> Option<Command> {
    let field = word(value, "field", reader);
    Some(Command::Set(
        target,
        field,
        part(value, "to", reader)?.clone(),
    ))
}

fn place(value: &Value, name: &str, reader: &mut Reader) -> Option<usize> {
    need::<u32>(value, name, reader).map(|place| place as usize)
}
