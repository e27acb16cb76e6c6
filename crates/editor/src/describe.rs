//! Describes commands, in the words of the undo menu.

use crate::selection::Selection;
use design::{Command, Deployment, Design, Fault, Field, Link, Settings, Shape, Target, Value};
use std::collections::BTreeSet;

/// Returns what a command does to this design, as the menu shows it after "Undo": `Change replicas
/// of api`.
pub fn describe(command: &Command, design: &Design) -> String {
    match command {
        Command::AddNode(_, node) => format!("Add {}", node.title()),
        Command::RemoveNode(id) => format!("Delete {}", title(design, id)),
        Command::AddLink(_, link) => format!(
            "Link {} to {}",
            title(design, &link.from),
            title(design, &link.to)
        ),
        Command::RemoveLink(id) => match design.link(id) {
            Some(link) => format!(
                "Unlink {} from {}",
                title(design, &link.from),
                title(design, &link.to)
            ),
            None => format!("Delete {id}"),
        },
        Command::AddFault(_, fault) => {
            let of = part(design, &fault.target);
            format!("Add {} of {of}", words(fault.kind.name()))
        }
        Command::RemoveFault(at) => match design.faults.get(*at) {
            Some(fault) => {
                let of = part(design, &fault.target);
                format!("Delete {} of {of}", words(fault.kind.name()))
            }
            None => "Delete fault".to_owned(),
        },
        Command::AddRequirement(..) => "Add requirement".to_owned(),
        Command::RemoveRequirement(_) => "Delete requirement".to_owned(),
        Command::Move(id, _) => format!("Move {}", title(design, id)),
        Command::Set(Target::Settings, path, value) if path.starts_with("notes") => {
            note_in_words(design, path, value).to_owned()
        }
        Command::Set(target, path, _) => set(design, target, path),
        Command::Batch(commands) => match &commands[..] {
            [one] => describe(one, design),
            several => format!("{} changes", several.len()),
        },
    }
}

fn note_in_words(design: &Design, path: &str, value: &Value) -> &'static str {
    let had = design.settings.notes.len();
    match value {
        Value::List(notes) if path == "notes" && notes.len() > had => "Add note",
        Value::List(notes) if path == "notes" && notes.len() < had => "Delete note",
        _ if path.ends_with(".at") => "Move note",
        _ => "Change note",
    }
}

fn set(design: &Design, target: &Target, path: &str) -> String {
    let (fields, of) = match target {
        Target::Settings => (Settings::RECORD.fields, String::new()),
        Target::Node(id) if path == "label" => return format!("Rename {}", title(design, id)),
        Target::Node(id) => (
            design
                .node(id)
                .map_or(&[][..], |node| node.kind.info().record.fields),
            format!(" of {}", title(design, id)),
        ),
        Target::Link(id) => (Link::RECORD.fields, format!(" of {}", part(design, id))),
        Target::Fault(at) => {
            let fault = design.faults.get(*at);
            let of = fault.map_or(String::new(), |fault| {
                format!(" of the {}", words(fault.kind.name()))
            });
            (Fault::RECORD.fields, of)
        }
    };
    let known = label(fields, path).or_else(|| match target {
        Target::Node(_) => label(Deployment::RECORD.fields, path),
        Target::Settings | Target::Link(_) | Target::Fault(_) => None,
    });
    let field = known.map_or_else(|| words(path), str::to_owned);
    format!("Change {}{of}", field.to_lowercase())
}

/// Returns the label of the innermost field of a path.
fn label(fields: &[Field], path: &str) -> Option<&'static str> {
    let (head, rest) = match path.find(['.', '[']) {
        Some(cut) => (&path[..cut], path[cut..].trim_start_matches('.')),
        None => (path, ""),
    };
    let field = fields.iter().find(|field| field.name == head)?;
    if rest.is_empty() {
        return Some(field.label);
    }
    match record_of(&field.shape) {
        Some(fields) => label(fields, rest).or(Some(field.label)),
        None => Some(field.label),
    }
}

fn record_of(shape: &Shape) -> Option<&'static [Field]> {
    match shape {
        Shape::Record(record) => Some(record.fields),
        Shape::Optional(inner) => record_of(inner),
        Shape::Bool
        | Shape::Integer
        | Shape::Number
        | Shape::Ratio
        | Shape::Text
        | Shape::Duration
        | Shape::Rate
        | Shape::Distribution
        | Shape::Choice(_)
        | Shape::List(_)
        | Shape::OneOrMany(_)
        | Shape::Variants(..) => None,
    }
}

/// Returns the selection in words, notes included.
pub(crate) fn selected_in_words(design: &Design, selection: &Selection) -> String {
    match (selection.nodes.len(), selection.notes.len()) {
        (_, 0) => nodes_in_words(design, &selection.nodes),
        (0, 1) => "note".to_owned(),
        (0, notes) => format!("{notes} notes"),
        (nodes, notes) => format!("{} items", nodes + notes),
    }
}

/// "api", "api and db", "3 nodes".
pub(crate) fn nodes_in_words(design: &Design, ids: &BTreeSet<String>) -> String {
    let mut titles = ids.iter().map(|id| title(design, id));
    match (titles.next(), titles.next(), titles.count()) {
        (None, ..) => "nothing".to_owned(),
        (Some(one), None, _) => one.to_owned(),
        (Some(one), Some(other), 0) => format!("{one} and {other}"),
        (Some(_), Some(_), more) => format!("{} nodes", more + 2),
    }
}

pub(crate) fn title<'a>(design: &'a Design, id: &'a str) -> &'a str {
    design.title_of(id)
}

/// Returns the name of a node, a link or a zone.
fn part(design: &Design, id: &str) -> String {
    match design.link(id) {
        Some(link) => format!(
            "{} \u{2192} {}",
            title(design, &link.from),
            title(design, &link.to)
        ),
        None => title(design, id).to_owned(),
    }
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::small;
    use design::FaultKind;

    #[test]
    fn commands_in_words() {
        let mut design = small();
        design.nodes[1].label = Some("Orders".into());
        let set = |target: Target, path: &str| Command::Set(target, path.into(), Value::Null);
        let link = || Target::Link("api->db".into());
        let slow = Fault {
            kind: FaultKind::TrafficSpike,
            target: "users".into(),
            ..Fault::default()
        };
        for (command, wanted) in [
            (Command::Move("db".into(), [0, 0]), "Move db"),
            (Command::RemoveNode("api".into()), "Delete Orders"),
            (
                Command::RemoveLink("api->db".into()),
                "Unlink Orders from db",
            ),
            (
                set(Target::Node("api".into()), "replicas"),
                "Change replicas of Orders",
            ),
            (set(Target::Node("api".into()), "label"), "Rename Orders"),
            (
                set(link(), "retry.budget.ratio"),
                "Change ratio of Orders \u{2192} db",
            ),
            (
                set(link(), "retry.backoff.exponential.cap"),
                "Change backoff of Orders \u{2192} db",
            ),
            (set(Target::Settings, "seed"), "Change seed"),
            (Command::AddFault(0, slow), "Add traffic spike of users"),
            (Command::RemoveFault(9), "Delete fault"),
        ] {
            assert_eq!(describe(&command, &design), wanted);
        }
    }
}
