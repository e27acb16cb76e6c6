//! Commands: the only way a design changes. Each gives back the command that undoes it.

use crate::attribute::{Attribute, Problem, Reader};
use crate::document::{Design, Node, Settings};
use crate::fault::{Fault, FaultKind};
use crate::link::Link;
use crate::requirement::Requirement;
use crate::validate::{check_link, copies};
use crate::value::Value;
use std::collections::BTreeMap;

/// What a field belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Name, seed, duration, warm-up, drain.
    Settings,
    /// A node, by id.
    Node(String),
    /// A link, by id.
    Link(String),
    /// A fault, by its place in the list.
    Fault(usize),
}

/// One edit.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Puts a node at a place in the list (the end, if the place is past it).
    AddNode(usize, Box<Node>),
    /// Takes a node away, with its links and the faults aimed at any of them.
    RemoveNode(String),
    /// Puts a link at a place in the list.
    AddLink(usize, Box<Link>),
    /// Takes a link away, with the faults aimed at it.
    RemoveLink(String),
    /// Puts a fault at a place in the list.
    AddFault(usize, Fault),
    /// Takes a fault away.
    RemoveFault(usize),
    /// Puts a requirement at a place in the list.
    AddRequirement(usize, Requirement),
    /// Takes a requirement away.
    RemoveRequirement(usize),
    /// Moves a node on the canvas.
    Move(String, [i32; 2]),
    /// Sets a field, by its path below the target (`retry.max_attempts`).
    Set(Target, String, Value),
    /// Several, as one.
    Batch(Vec<Command>),
}

/// Why a command could not be carried out; the design is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandError(pub Vec<Problem>);

impl std::fmt::Display for CommandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for CommandError {}

fn refuse<T>(path: impl Into<String>, message: impl Into<String>) -> Result<T, CommandError> {
    Err(CommandError(vec![Problem {
        path: path.into(),
        message: message.into(),
    }]))
}

impl Design {
    /// Carries out a command and gives back its inverse. On an error the design is as it was.
    pub fn apply(&mut self, command: Command) -> Result<Command, CommandError> {
        match command {
            Command::AddNode(at, node) => {
                if self.node(&node.id).is_some() {
                    return refuse("id", format!("\"{}\" is already in use", node.id));
                }
                let inverse = Command::RemoveNode(node.id.clone());
                self.nodes.insert(at.min(self.nodes.len()), *node);
                Ok(inverse)
            }
            Command::RemoveNode(id) => self.remove_node(&id),
            Command::AddLink(at, link) => {
                if self.link(&link.id).is_some() {
                    return refuse("id", format!("\"{}\" is already in use", link.id));
                }
                if let Some(missing) = [&link.from, &link.to]
                    .into_iter()
                    .find(|end| self.node(end).is_none())
                {
                    return refuse(
                        format!("links.{}", link.id),
                        format!("unknown node \"{missing}\""),
                    );
                }
                let inverse = Command::RemoveLink(link.id.clone());
                self.links.insert(at.min(self.links.len()), *link);
                Ok(inverse)
            }
            Command::RemoveLink(id) => self.remove_link(&id),
            Command::AddFault(at, fault) => {
                let at = at.min(self.faults.len());
                self.faults.insert(at, fault);
                Ok(Command::RemoveFault(at))
            }
            Command::RemoveFault(at) => {
                if at >= self.faults.len() {
                    return refuse(
                        format!("faults[{at}]"),
                        format!("the design has {} faults", self.faults.len()),
                    );
                }
                Ok(Command::AddFault(at, self.faults.remove(at)))
            }
            Command::AddRequirement(at, requirement) => {
                let at = at.min(self.requirements.len());
                self.requirements.insert(at, requirement);
                Ok(Command::RemoveRequirement(at))
            }
            Command::RemoveRequirement(at) => {
                if at >= self.requirements.len() {
                    return refuse(
                        format!("requirements[{at}]"),
                        format!("the design has {} requirements", self.requirements.len()),
                    );
                }
                Ok(Command::AddRequirement(at, self.requirements.remove(at)))
            }
            Command::Move(id, to) => {
                let Some(node) = self.nodes.iter_mut().find(|node| node.id == id) else {
                    return refuse(format!("nodes.{id}"), "unknown node");
                };
                Ok(Command::Move(id, std::mem::replace(&mut node.at, to)))
            }
            Command::Set(target, path, value) => self.set(target, path, value),
            Command::Batch(commands) => self.apply_batch(commands),
        }
    }

    fn apply_batch(&mut self, commands: Vec<Command>) -> Result<Command, CommandError> {
        let mut inverses = Vec::with_capacity(commands.len());
        for command in commands {
            match self.apply(command) {
                Ok(inverse) => inverses.push(inverse),
                Err(error) => {
                    for inverse in inverses.into_iter().rev() {
                        self.apply(inverse)
                            .expect("the inverse of what was just done can be done");
                    }
                    return Err(error);
                }
            }
        }
        inverses.reverse();
        Ok(Command::Batch(inverses))
    }

    fn remove_node(&mut self, id: &str) -> Result<Command, CommandError> {
        let Some(at) = self.nodes.iter().position(|node| node.id == id) else {
            return refuse(format!("nodes.{id}"), "unknown node");
        };
        let links: Vec<String> = self
            .links
            .iter()
            .filter(|link| link.from == id || link.to == id)
            .map(|link| link.id.clone())
            .collect();
        let mut inverses = Vec::new();
        for link in links.iter().rev() {
            inverses.push(self.remove_link(link)?);
        }
        inverses.extend(self.remove_faults_of(id));
        inverses.extend(self.make_owners_of_copies(id));
        for zone in self.zones_of_alone(at) {
            inverses.extend(self.remove_faults_of_zone(&zone));
        }
        inverses.push(Command::AddNode(at, Box::new(self.nodes.remove(at))));
        inverses.reverse();
        Ok(Command::Batch(inverses))
    }

    fn remove_link(&mut self, id: &str) -> Result<Command, CommandError> {
        let Some(at) = self.links.iter().position(|link| link.id == id) else {
            return refuse(format!("links.{id}"), "unknown link");
        };
        let mut inverses = self.remove_faults_of(id);
        inverses.push(Command::AddLink(at, Box::new(self.links.remove(at))));
        inverses.reverse();
        Ok(match inverses.len() {
            1 => inverses.remove(0),
            _ => Command::Batch(inverses),
        })
    }

    /// The zones that no other node runs in than the one at this place of the list.
    fn zones_of_alone(&self, at: usize) -> Vec<String> {
        let is_of_another = |zone: &&String| {
            let mut others = self
                .nodes
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at);
            others.any(|(_, node)| node.deployment.zones().contains(zone))
        };
        let zones = self.nodes[at].deployment.zones().iter();
        zones.filter(|zone| !is_of_another(zone)).cloned().collect()
    }

    fn remove_faults_of_zone(&mut self, zone: &str) -> Vec<Command> {
        let is_node = self.node(zone).is_some();
        let is_aimed = |fault: &Fault| {
            let at_zone = !is_node || fault.kind == FaultKind::Partition;
            (at_zone && fault.target == zone) || fault.to.as_deref() == Some(zone)
        };
        let aimed = (0..self.faults.len()).filter(|at| is_aimed(&self.faults[*at]));
        let aimed: Vec<usize> = aimed.collect();
        let last_first = aimed.into_iter().rev();
        last_first
            .map(|at| Command::AddFault(at, self.faults.remove(at)))
            .collect()
    }

    fn remove_faults_of(&mut self, target: &str) -> Vec<Command> {
        let aimed: Vec<usize> = (0..self.faults.len())
            .filter(|at| {
                let fault = &self.faults[*at];
                fault.target == target || fault.to.as_deref() == Some(target)
            })
            .collect();
        aimed
            .into_iter()
            .rev()
            .map(|at| Command::AddFault(at, self.faults.remove(at)))
            .collect()
    }

    fn set(&mut self, target: Target, path: String, value: Value) -> Result<Command, CommandError> {
        if path.is_empty() {
            return refuse("", "missing field name");
        }
        let current = self.fields(&target)?;
        let before = current.at_path(&path).cloned();
        // A field inside an attribute that is off, or is a bare name, is undone by setting that attribute back.
        let (undo_path, undo_value) = match before {
            Some(before) => (path.clone(), before),
            None => {
                let owner = owner_of(&current, &path);
                let value = current.at_path(owner).cloned().unwrap_or(Value::Null);
                (owner.to_owned(), value)
            }
        };
        let mut changed = current;
        if let Err(message) = changed.set_path(&path, value) {
            return refuse(path, message);
        }
        self.set_fields(&target, &path, &changed)?;
        Ok(Command::Set(target, undo_path, undo_value))
    }

    /// All fields of a target, as the inspector shows them.
    pub fn fields(&self, target: &Target) -> Result<Value, CommandError> {
        match target {
            Target::Settings => Ok(self.settings.write()),
            Target::Node(id) => match self.node(id) {
                Some(node) => Ok(node.write(false)),
                None => refuse(format!("nodes.{id}"), "unknown node"),
            },
            Target::Link(id) => match self.link(id) {
                Some(link) => Ok(link.write()),
                None => refuse(format!("links.{id}"), "unknown link"),
            },
            Target::Fault(at) => match self.faults.get(*at) {
                Some(fault) => Ok(fault.write()),
                None => refuse(
                    format!("faults[{at}]"),
                    format!("the design has {} faults", self.faults.len()),
                ),
            },
        }
    }

    fn set_fields(
        &mut self,
        target: &Target,
        path: &str,
        fields: &Value,
    ) -> Result<(), CommandError> {
        let mut reader = Reader::default();
        match target {
            Target::Settings => {
                if let Some(settings) = Settings::read(fields, &mut reader) {
                    self.settings = settings;
                }
            }
            Target::Node(id) => {
                if matches!(path, "id" | "kind") {
                    return refuse(
                        path,
                        "cannot be changed, because links and random streams depend on it; change the label instead",
                    );
                }
                let node = Node::read(fields, &mut reader);
                if let Some(node) = &node {
                    let mut nodes = BTreeMap::new();
                    for known in self.nodes.iter().filter(|known| known.id != *id) {
                        nodes.insert(known.id.as_str(), &known.kind);
                    }
                    copies::check(node, self, &nodes, &mut reader);
                }
                let slot = self.nodes.iter_mut().find(|node| node.id == *id);
                if let (Some(node), Some(slot), true) = (node, slot, reader.is_clean()) {
                    *slot = node;
                }
            }
            Target::Link(id) => {
                if path == "id" {
                    return refuse(
                        path,
                        "cannot be changed, because faults and random streams depend on it",
                    );
                }
                if let Some(link) = Link::read(fields, &mut reader) {
                    if let Some(missing) = [&link.from, &link.to]
                        .into_iter()
                        .find(|end| self.node(end).is_none())
                    {
                        return refuse(path, format!("unknown node \"{missing}\""));
                    }
                    let from = self.node(&link.from).map(|node| &node.kind);
                    check_link(&link, from, &mut reader);
                    let slot = self.links.iter_mut().find(|link| link.id == *id);
                    if let (Some(slot), true) = (slot, reader.is_clean()) {
                        *slot = link;
                    }
                }
            }
            Target::Fault(at) => {
                if let Some(fault) = Fault::read(fields, &mut reader) {
                    self.faults[*at] = fault;
                }
            }
        }
        match reader.finish() {
            problems if problems.is_empty() => Ok(()),
            problems => Err(CommandError(problems)),
        }
    }
}

/// The longest part of `path` that exists in `value`: what has to be put back to undo a new field
/// in it.
fn owner_of<'a>(value: &Value, path: &'a str) -> &'a str {
    let mut owner = path;
    while let Some(cut) = owner.rfind(['.', '[']) {
        owner = &owner[..cut];
        if value.at_path(owner).is_some() {
            return owner;
        }
    }
    owner
}
