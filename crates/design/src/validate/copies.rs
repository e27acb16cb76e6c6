//! Copies of databases: whose data a database may copy.

use crate::attribute::{Attribute, Reader};
use crate::command::{Command, Target};
use crate::document::{Design, Node};
use crate::kinds::Kind;
use crate::suggest::nearest;
use std::collections::BTreeMap;

/// What a database copies must be another database, which owns its data.
pub(crate) fn check(
    node: &Node,
    design: &Design,
    nodes: &BTreeMap<&str, &Kind>,
    reader: &mut Reader,
) {
    let Kind::Database(database) = &node.kind else {
        return;
    };
    let Some(owner) = &database.copy_of else {
        return;
    };
    let problem = match nodes.get(owner.as_str()) {
        _ if *owner == node.id => Some("a database cannot be a copy of itself".to_owned()),
        None => {
            let databases = nodes
                .iter()
                .filter(|(_, kind)| matches!(kind, Kind::Database(_)));
            let near = nearest(owner, databases.map(|(id, _)| *id));
            let hint = near.map_or(String::new(), |near| format!(", did you mean \"{near}\"?"));
            let shown: String = owner.chars().take(60).collect();
            Some(format!("unknown node \"{shown}\"{hint}"))
        }
        Some(Kind::Database(of)) => of.copy_of.as_ref().map(|first| {
            let (owner, first) = (design.title_of(owner), design.title_of(first));
            format!("{owner} is itself a copy of {first}; use the database that owns the data")
        }),
        Some(kind) => Some(format!(
            "{} is a {}; copy_of must be a database",
            design.title_of(owner),
            kind.info().label
        )),
    };
    if let Some(problem) = problem {
        reader.within("copy_of", |reader| reader.problem(problem));
    }
}

impl Design {
    /// Copies of a database that goes own what they have. Gives what undoes that.
    pub(crate) fn make_owners_of_copies(&mut self, id: &str) -> Vec<Command> {
        let mut inverses = Vec::new();
        for node in &mut self.nodes {
            if let Kind::Database(database) = &mut node.kind
                && database.copy_of.as_deref() == Some(id)
            {
                let owner = database.copy_of.take().write();
                let copy = Target::Node(node.id.clone());
                inverses.push(Command::Set(copy, "copy_of".to_owned(), owner));
            }
        }
        inverses
    }
}
