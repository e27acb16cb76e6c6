//! The names of nodes and links in texts.

use design::{Design, Node};
use std::collections::BTreeMap;

/// The names of the nodes and links of one design: as on the canvas, where a node has its label and
/// a link the labels of its ends, or the ids of the design file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Titles(BTreeMap<String, String>);

/// Longest title, in characters: as long as an id may be.
const LETTERS_MAX: usize = design::validate::ID_MAX;

impl Titles {
    /// Returns ids as names.
    pub const fn ids() -> Self {
        Self(BTreeMap::new())
    }

    /// Returns the names on the canvas, made unique: nodes with the same label have their id after
    /// it.
    pub fn of_design(design: &Design) -> Self {
        let mut alike: BTreeMap<String, usize> = BTreeMap::new();
        for node in &design.nodes {
            *alike.entry(title(node)).or_default() += 1;
        }
        let nodes = design.nodes.iter().map(|node| {
            let (id, title) = (&node.id, title(node));
            let said = match alike[&title] {
                // A node without a label differs from the others already.
                2.. if title != *id => format!("{title} ({id})"),
                _ => title,
            };
            (id.clone(), said)
        });
        let mut titles = Self(nodes.collect());
        let mut between: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for link in &design.links {
            *between.entry((&link.from, &link.to)).or_default() += 1;
        }
        for link in &design.links {
            let ends = format!("{} → {}", titles.of(&link.from), titles.of(&link.to));
            let said = match between[&(link.from.as_str(), link.to.as_str())] {
                1 => ends,
                // The second link is `from->to#2` unless it was named otherwise.
                _ => match link.id.strip_prefix(&format!("{}->{}", link.from, link.to)) {
                    Some(which) => ends + which,
                    None => format!("{ends} ({})", link.id),
                },
            };
            titles.0.entry(link.id.clone()).or_insert(said);
        }
        titles
    }

    /// Returns the name of a node or link, or its id if it has no other name.
    pub fn of<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }
}

/// Returns the label of a node, cut if it is too long.
pub fn title(node: &Node) -> String {
    let title = node.title();
    match title.char_indices().nth(LETTERS_MAX) {
        _ if title.trim().is_empty() => node.id.clone(),
        Some((end, _)) => format!("{}\u{2026}", &title[..end]),
        None => title.to_owned(),
    }
}

#[cfg(test)]
mod tests;
