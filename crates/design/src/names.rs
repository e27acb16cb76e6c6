//! How nodes and links are called: titles for people, ids that are free for new ones.

use crate::document::{Design, Node};

impl Design {
    /// What people see of a link: `api → orders`, by titles.
    pub fn link_title(&self, id: &str) -> String {
        match self.link(id) {
            Some(link) => format!(
                "{} → {}",
                self.title_of(&link.from),
                self.title_of(&link.to)
            ),
            None => id.to_owned(),
        }
    }

    /// What people see of a node: its title, or the id where there is no such node.
    pub fn title_of<'a>(&'a self, id: &'a str) -> &'a str {
        self.node(id).map_or(id, Node::title)
    }

    /// A new id for a node of this kind: the kind's name, numbered where it is taken.
    pub fn free_id(&self, kind: &str) -> String {
        let taken = |id: &str| self.node(id).is_some();
        if !taken(kind) {
            return kind.to_owned();
        }
        (2..)
            .map(|n| format!("{kind}-{n}"))
            .find(|id| !taken(id))
            .expect("some number is free")
    }

    /// The id a new link between these nodes gets.
    pub fn free_link_id(&self, from: &str, to: &str) -> String {
        let id = format!("{from}->{to}");
        if self.link(&id).is_none() {
            return id;
        }
        (2..)
            .map(|n| format!("{from}->{to}#{n}"))
            .find(|id| self.link(id).is_none())
            .expect("some number is free")
    }
}
