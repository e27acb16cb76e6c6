//! The selection: nodes and links by id, notes by index.

use design::{Design, Target};
use std::collections::BTreeSet;

/// A node, a link or a note.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A node.
    Node(String),
    /// A link.
    Link(String),
    /// A note, by its index.
    Note(usize),
}

impl Item {
    /// Returns it as the target of a command that sets a parameter; `None` for a note.
    pub fn target(&self) -> Option<Target> {
        match self {
            Self::Node(id) => Some(Target::Node(id.clone())),
            Self::Link(id) => Some(Target::Link(id.clone())),
            Self::Note(_) => None,
        }
    }

    /// Returns the id of a node or link.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Node(id) | Self::Link(id) => Some(id),
            Self::Note(_) => None,
        }
    }
}

/// The selection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Nodes, by id.
    pub nodes: BTreeSet<String>,
    /// Links, by id.
    pub links: BTreeSet<String>,
    /// Notes, by index.
    pub notes: BTreeSet<usize>,
}

impl Selection {
    /// Returns an empty selection.
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns a selection of every node, link and note.
    pub fn all(design: &Design) -> Self {
        Self {
            nodes: design.nodes.iter().map(|node| node.id.clone()).collect(),
            links: design.links.iter().map(|link| link.id.clone()).collect(),
            notes: (0..design.settings.notes.len()).collect(),
        }
    }

    /// Returns a selection of this item alone.
    pub fn only(item: Item) -> Self {
        let mut selection = Self::default();
        selection.add(item);
        selection
    }

    /// Returns a selection of these nodes.
    pub fn of_nodes(ids: impl IntoIterator<Item = String>) -> Self {
        Self {
            nodes: ids.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Returns whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of selected items.
    pub fn len(&self) -> usize {
        self.nodes.len() + self.links.len() + self.notes.len()
    }

    /// Returns whether the item is selected.
    pub fn contains(&self, item: &Item) -> bool {
        match item {
            Item::Node(id) => self.nodes.contains(id),
            Item::Link(id) => self.links.contains(id),
            Item::Note(at) => self.notes.contains(at),
        }
    }

    /// Adds the item to the selection.
    pub fn add(&mut self, item: Item) {
        match item {
            Item::Node(id) => self.nodes.insert(id),
            Item::Link(id) => self.links.insert(id),
            Item::Note(at) => self.notes.insert(at),
        };
    }

    /// Adds the item to the selection, or removes it.
    pub fn toggle(&mut self, item: Item) {
        let was_selected = match &item {
            Item::Node(id) => self.nodes.remove(id),
            Item::Link(id) => self.links.remove(id),
            Item::Note(at) => self.notes.remove(at),
        };
        if !was_selected {
            self.add(item);
        }
    }

    /// Returns the selected item, if it is the only one.
    pub fn single(&self) -> Option<Item> {
        if self.len() != 1 {
            return None;
        }
        self.items().next()
    }

    /// Returns everything selected, nodes first.
    pub fn items(&self) -> impl Iterator<Item = Item> + '_ {
        let nodes = self.nodes.iter().cloned().map(Item::Node);
        let links = self.links.iter().cloned().map(Item::Link);
        nodes
            .chain(links)
            .chain(self.notes.iter().copied().map(Item::Note))
    }

    /// Removes what the design no longer has.
    pub fn prune(&mut self, design: &Design) {
        if self.is_empty() {
            return;
        }
        let nodes: BTreeSet<&str> = design.nodes.iter().map(|node| node.id.as_str()).collect();
        let links: BTreeSet<&str> = design.links.iter().map(|link| link.id.as_str()).collect();
        self.nodes.retain(|id| nodes.contains(id.as_str()));
        self.links.retain(|id| links.contains(id.as_str()));
        self.notes.retain(|at| *at < design.settings.notes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::small;

    #[test]
    fn toggling_twice_changes_nothing() {
        let mut selection = Selection::only(Item::Node("api".into()));
        let before = selection.clone();
        selection.toggle(Item::Link("api->db".into()));
        assert_eq!((selection.len(), selection.single()), (2, None));
        selection.toggle(Item::Link("api->db".into()));
        assert_eq!(selection, before);
        assert_eq!(selection.single(), Some(Item::Node("api".into())));
    }

    #[test]
    fn what_is_gone_is_no_longer_selected() {
        let mut design = small();
        let mut selection = Selection::all(&design);
        design
            .apply(design::Command::RemoveNode("api".into()))
            .unwrap();
        selection.prune(&design);
        assert_eq!(selection, Selection::all(&design));
        assert_eq!(selection.len(), 2);
    }
}
