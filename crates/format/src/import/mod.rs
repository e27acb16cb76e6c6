//! Designs made from other formats' descriptions of systems. What they do not say keeps its
//! default, and what is not understood is said in notes, never dropped in silence.

pub mod products;

use design::document::{LINKS_MAX, NODES_MAX};
use design::kinds::client::Operation;
use design::link::{Condition, Conditions, Mode};
use design::validate::{link_refusal, usual_mode};
use design::{Design, KINDS, Kind, Link, Node, Problem};
use std::collections::BTreeMap;

/// What an import gives: a valid design, and what a person should know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// Valid, its nodes all in one place.
    pub design: Design,
    /// What was taken how, and what was left out.
    pub notes: Vec<String>,
}

/// Longest name of a design, in characters.
const NAME_MAX: usize = 200;
/// Most notes that are kept.
const NOTES_MAX: usize = 50;
/// Most links that are left out because they do not fit the others.
const MISFITS_MAX: usize = 50;

/// A design being made.
#[derive(Debug, Default)]
pub struct Draft {
    design: Design,
    places: BTreeMap<String, usize>,
    ends: BTreeMap<(String, String), usize>,
    notes: Vec<String>,
    notes_dropped: usize,
}

impl Draft {
    /// A draft of a design of this name. A name that no person reads to its end is cut.
    pub fn new(name: &str) -> Self {
        let mut draft = Self::default();
        draft.design.settings.name = name.chars().take(NAME_MAX).collect();
        if draft.design.settings.name.len() < name.len() {
            draft.note(format!("the name was truncated to {NAME_MAX} characters"));
        }
        draft
    }

    /// Notes something for the person who imports.
    pub fn note(&mut self, note: String) {
        if self.notes.len() < NOTES_MAX {
            self.notes.push(note);
        } else {
            self.notes_dropped += 1;
        }
    }

    /// Whether there is room for more nodes and links.
    pub fn is_full(&self) -> bool {
        self.design.nodes.len() >= NODES_MAX || self.design.links.len() >= LINKS_MAX
    }

    /// Adds a node, of a service's kind where the kind does not exist.
    pub fn add(&mut self, id: &str, kind: &str) -> &mut Node {
        let info = KINDS.iter().find(|info| info.name == kind);
        if info.is_none() {
            self.note(format!(
                "{id}: unsupported kind {kind}; imported as a service"
            ));
        }
        let service = || KINDS.iter().find(|info| info.name == "service");
        let info = info.or_else(service).expect("there are services");
        let at = self.design.nodes.len();
        self.places.insert(id.to_owned(), at);
        self.design.nodes.push(Node::new(id, (info.make)(), [0, 0]));
        &mut self.design.nodes[at]
    }

    /// The node of this id.
    pub fn node(&mut self, id: &str) -> Option<&mut Node> {
        self.design.nodes.get_mut(*self.places.get(id)?)
    }

    /// The kind of the node of this id, by name.
    pub fn kind(&self, id: &str) -> Option<&'static str> {
        let at = *self.places.get(id)?;
        Some(self.design.nodes[at].kind.name())
    }

    /// Every node's id, in order.
    pub fn ids(&self) -> Vec<String> {
        self.design
            .nodes
            .iter()
            .map(|node| node.id.clone())
            .collect()
    }

    /// Links two nodes in the mode that is usual between them; notes why where that cannot be.
    pub fn connect(&mut self, from: &str, to: &str) -> Option<&mut Link> {
        let ends = [from, to].map(|id| self.places.get(id).copied());
        let [Some(a), Some(b)] = ends else {
            return None;
        };
        if a == b {
            self.note(format!(
                "{from} -> {to}: skipped: a node cannot call itself"
            ));
            return None;
        }
        let kinds = [a, b].map(|at| &self.design.nodes[at].kind);
        let mode = usual_mode(kinds[0], kinds[1]);
        if let Some(why) = link_refusal(kinds[0], kinds[1], mode) {
            self.note(format!("{from} -> {to}: skipped: {why}"));
            return None;
        }
        let parallel = self
            .ends
            .entry((from.to_owned(), to.to_owned()))
            .or_default();
        *parallel += 1;
        let id = match *parallel {
            1 => format!("{from}->{to}"),
            n => format!("{from}->{to}#{n}"),
        };
        self.design.links.push(Link::new(id, from, to, mode));
        self.design.links.last_mut()
    }

    /// Whether two nodes are linked already.
    pub fn is_linked(&self, from: &str, to: &str) -> bool {
        self.ends.contains_key(&(from.to_owned(), to.to_owned()))
    }

    /// Whether links leave this node.
    pub fn calls_somebody(&self, id: &str) -> bool {
        self.design.links.iter().any(|link| link.from == id)
    }

    /// The links so far.
    pub fn links(&mut self) -> &mut Vec<Link> {
        &mut self.design.links
    }

    /// Entry points: services and load balancers without callers.
    pub fn uncalled(&self) -> Vec<String> {
        let mut called: BTreeMap<&str, ()> = BTreeMap::new();
        for link in &self.design.links {
            called.insert(&link.to, ());
        }
        let nodes = self.design.nodes.iter();
        nodes
            .filter(|node| matches!(node.kind, Kind::Service(_) | Kind::LoadBalancer(_)))
            .filter(|node| !called.contains_key(node.id.as_str()))
            .map(|node| node.id.clone())
            .collect()
    }

    /// Puts a client in front of these nodes, with an operation for each where there are several.
    pub fn add_client(&mut self, entries: &[String]) {
        let id = self.design.free_id("client");
        self.add(&id, "client");
        let named = entries.len() > 1;
        // A client has at most a hundred operations.
        for entry in entries.iter().take(100) {
            if let Some(link) = self.connect(&id, entry)
                && named
            {
                link.when = Conditions(vec![Condition::Operations(vec![entry.clone()])]);
            }
        }
        if named && let Some(Kind::Client(client)) = self.node(&id).map(|node| &mut node.kind) {
            let operation = |name: &String| Operation {
                name: name.clone(),
                ..Operation::default()
            };
            client.operations = entries.iter().take(100).map(operation).collect();
        }
        if entries.len() > 100 {
            self.note(format!(
                "{id}: only the first 100 of {} entries are called",
                entries.len()
            ));
        }
    }

    /// The design. Links that close a cycle, or do not fit otherwise, are left out with a note.
    ///
    /// # Errors
    ///
    /// What is wrong with it apart from its links.
    pub fn finish(mut self) -> Result<Imported, Vec<Problem>> {
        for _ in 0..=MISFITS_MAX {
            let problems = self.design.problems();
            let misfit = problems.iter().find_map(|problem| {
                let place = problem.path.strip_prefix("links[")?.split(']').next()?;
                Some((place.parse::<usize>().ok()?, problem.message.clone()))
            });
            match misfit {
                None if problems.is_empty() => break,
                None => return Err(problems),
                Some((at, message)) => {
                    let link = self.design.links.remove(at);
                    self.note(format!("{}: skipped: {message}", link.id));
                }
            }
        }
        match self.design.problems() {
            problems if problems.is_empty() => {}
            problems => return Err(problems),
        }
        if self.notes_dropped > 0 {
            self.notes
                .push(format!("and {} more notes", self.notes_dropped));
        }
        Ok(Imported {
            design: self.design,
            notes: self.notes,
        })
    }
}

/// Whether a link carries messages.
pub(crate) fn is_message(mode: Mode) -> bool {
    match mode {
        Mode::Call => false,
        Mode::Publish | Mode::Consume | Mode::DeadLetter => true,
    }
}
