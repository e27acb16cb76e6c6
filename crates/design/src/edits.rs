//! Edits as a file or a report writes them, one object each:
//!
//! - `{"node": "api", "field": "queue.capacity", "to": 10}`, and the same of a `"link"`, or of a
//!   `"fault"` by its place in the list;
//! - `{"setting": "zones.latency", "to": "1ms"}`, of what belongs to the design as a whole;
//! - `{"add_node": {...}}`, `{"add_link": {...}}`, `{"add_fault": {...}}`, `{"add_requirement": {...}}`, at the end
//!   of their lists (a link's place in a plan is its `stage`);
//! - `{"remove_node": "api"}` (with its links), `{"remove_link": "api->db"}`, `{"remove_fault": 0}` and
//!   `{"remove_requirement": 0}`, by place;
//! - `{"move": "api", "to": [600, 200]}`.

use crate::attribute::{Attribute, Problem, Reader};
use crate::command::{Command, Target};
use crate::document::Node;
use crate::link::Link;
use crate::requirement::Requirement;
use crate::value::Value;

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
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn read_all(value: &Value) -> Result<Command, Vec<Problem>> {
    let mut reader = Reader::default();
    let edits = match value {
        Value::List(items) => {
            let items = items.iter().enumerate();
            let edits = items
                .map(|(at, item)| reader.within(&format!("[{at}]"), |reader| read(item, reader)));
            // All of them, though one is wrong: each problem is to be told.
            edits.collect::<Vec<_>>().into_iter().collect()
        }
        other => reader.wrong(other, "a list of edits"),
    };
    match (reader.finish(), edits) {
        (problems, Some(edits)) if problems.is_empty() => Ok(Command::Batch(edits)),
        (problems, _) => Err(problems),
    }
}

/// One edit.
pub fn read(value: &Value, reader: &mut Reader) -> Option<Command> {
    let form = FORMS.iter().find(|(name, _)| value.get(name).is_some());
    let Some((form, names)) = form else {
        let names = FORMS.map(|(name, _)| name);
        return reader.wrong(value, &format!("an edit: one of {}", names.join(", ")));
    };
    if !reader.check_names(value, names) {
        return None;
    }
    match *form {
        "node" => set(Target::Node(need(value, form, reader)?), value, reader),
        "link" => set(Target::Link(need(value, form, reader)?), value, reader),
        "fault" => set(Target::Fault(place(value, form, reader)?), value, reader),
        "remove_fault" => Some(Command::RemoveFault(place(value, form, reader)?)),
        "remove_requirement" => Some(Command::RemoveRequirement(place(value, form, reader)?)),
        "setting" => {
            let name = need(value, form, reader)?;
            let to = part(value, "to", reader)?.clone();
            Some(Command::Set(Target::Settings, name, to))
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
        "add_fault" => Some(Command::AddFault(LAST, need(value, form, reader)?)),
        "add_requirement" => {
            let read = |reader: &mut Reader| Requirement::read_entry(value.get(form)?, reader);
            Some(Command::AddRequirement(LAST, reader.within(form, read)?))
        }
        "remove_node" => Some(Command::RemoveNode(need(value, form, reader)?)),
        "remove_link" => Some(Command::RemoveLink(need(value, form, reader)?)),
        _ => {
            let to: Vec<i32> = need(value, "to", reader)?;
            match <[i32; 2]>::try_from(to) {
                Ok(to) => Some(Command::Move(need(value, form, reader)?, to)),
                Err(_) => reader.wrong(value, "a position, such as [80, 200]"),
            }
        }
    }
}

fn set(target: Target, value: &Value, reader: &mut Reader) -> Option<Command> {
    let field = need(value, "field", reader)?;
    let to = part(value, "to", reader)?.clone();
    Some(Command::Set(target, field, to))
}

fn place(value: &Value, name: &str, reader: &mut Reader) -> Option<usize> {
    need::<u32>(value, name, reader).map(|place| place as usize)
}

/// The value of a field that must be there.
fn part<'a>(value: &'a Value, name: &str, reader: &mut Reader) -> Option<&'a Value> {
    let part = value.get(name);
    if part.is_none() {
        reader.problem(format!("missing field `{name}`"));
    }
    part
}

fn need<T: Attribute>(value: &Value, name: &str, reader: &mut Reader) -> Option<T> {
    let part = part(value, name, reader)?;
    reader.field(name, part, None)
}

/// A command as a list of edits; [`read_all`] reads them. What is added goes to the end of its
/// list.
pub fn write_all(command: &Command) -> Vec<Value> {
    match command {
        Command::Batch(commands) => commands.iter().flat_map(write_all).collect(),
        one => vec![Value::Map(write(one))],
    }
}

/// A bound that is off is not written.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Map(entries) => {
            let entries = entries.into_iter();
            Value::Map(entries.filter(|(_, value)| *value != Value::Null).collect())
        }
        other => other,
    }
}

fn write(command: &Command) -> Vec<(String, Value)> {
    let number = |at: usize| Value::Number(at as f64);
    let entry = |name: &str, value: Value| (name.to_owned(), value);
    let one = |name: &str, value: Value| vec![entry(name, value)];
    match command {
        Command::Set(target, field, to) => {
            let to = entry("to", to.clone());
            let target = match target {
                Target::Settings => return vec![entry("setting", Value::text(field)), to],
                Target::Node(id) => entry("node", Value::text(id)),
                Target::Link(id) => entry("link", Value::text(id)),
                Target::Fault(at) => entry("fault", number(*at)),
            };
            vec![target, entry("field", Value::text(field)), to]
        }
        Command::AddNode(_, node) => one("add_node", node.write(true)),
        Command::AddLink(_, link) => {
            one("add_link", link.write().without(&Link::default().write()))
        }
        Command::AddFault(_, fault) => one("add_fault", fault.write()),
        Command::AddRequirement(_, requirement) => {
            one("add_requirement", without_nulls(requirement.write()))
        }
        Command::RemoveNode(id) => one("remove_node", Value::text(id)),
        Command::RemoveLink(id) => one("remove_link", Value::text(id)),
        Command::RemoveFault(at) => one("remove_fault", number(*at)),
        Command::RemoveRequirement(at) => one("remove_requirement", number(*at)),
        Command::Move(id, at) => {
            let at = at.iter().map(|x| Value::Number(f64::from(*x))).collect();
            vec![entry("move", Value::text(id)), entry("to", Value::List(at))]
        }
        Command::Batch(_) => Vec::new(),
    }
}
