//! What is selected: nodes and links by id.

use design::{Design, Target};
use std::collections::BTreeSet;

/// A node or a link, by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A node.
    Node(String),
    /// A link.
    Link(String),
}

impl Item {
    /// As the target of a command.
    pub fn target(&self) -> Target {
        match self {
            Self::Node(id) => Target::Node(id.clone()),
            Self::Link(id) => Target::Link(id.clone()),
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Node(id) | Self::Link(id) => id,
        }
    }
}

/// What is selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Nodes, by id.
    pub nodes: BTreeSet<String>,
    /// Links, by id.
    pub links: BTreeSet<String>,
}

impl Selection {
    /// Nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Every node and link.
    pub fn all(design: &Design) -> Self {
        Self {
            nodes: design.nodes.iter().map(|node| node.id.clone()).collect(),
            links: design.links.iter().map(|link| link.id.clone()).collect(),
        }
    }

    /// This item and nothing else.
    pub fn only(item: Item) -> Self {
        let mut selection = Self::default();
        selection.add(item);
        selection
    }

    /// These nodes.
    pub fn of_nodes(ids: impl IntoIterator<Item = String>) -> Self {
        Self {
            nodes: ids.into_iter().collect(),
            links: BTreeSet::new(),
        }
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many nodes and links are selected.
    pub fn len(&self) -> usize {
        self.nodes.len() + self.links.len()
    }

    /// Whether the item is selected.
    pub fn contains(&self, item: &Item) -> bool {
        match item {
            Item::Node(id) => self.nodes.contains(id),
            Item::Link(id) => self.links.contains(id),
        }
    }

    /// Selects the item too.
    pub fn add(&mut self, item: Item) {
        match item {
            Item::Node(id) => self.nodes.insert(id),
            Item::Link(id) => self.links.insert(id),
        };
    }

    /// Selects the item, or no longer.
    pub fn toggle(&mut self, item: Item) {
        let was_selected = match &item {
            Item::Node(id) => self.nodes.remove(id),
            Item::Link(id) => self.links.remove(id),
        };
        if !was_selected {
            self.add(item);
        }
    }

    /// The one thing selected, if it is one.
    pub fn single(&self) -> Option<Item> {
        if self.len() != 1 {
            return None;
        }
        let node = self.nodes.first().cloned().map(Item::Node);
        node.or_else(|| self.links.first().cloned().map(Item::Link))
    }

    /// Everything selected, nodes first.
    pub fn items(&self) -> impl Iterator<Item = Item> + '_ {
        let nodes = self.nodes.iter().cloned().map(Item::Node);
        nodes.chain(self.links.iter().cloned().map(Item::Link))
    }

    /// Forgets what the design no longer has.
    pub fn prune(&mut self, design: &Design) {
        if self.is_empty() {
            return;
        }
        let nodes: BTreeSet<&str> = design.nodes.iter().map(|node| node.id.as_str()).collect();
        let links: BTreeSet<&str> = design.links.iter().map(|link| link.id.as_str()).collect();
        self.nodes.retain(|id| nodes.contains(id.as_str()));
        self.links.retain(|id| links.contains(id.as_str()));
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
