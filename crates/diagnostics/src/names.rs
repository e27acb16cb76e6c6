//! Names of nodes and links in texts. The rules mark every id that they put in a text, and
//! [`resolve`] puts what people call it in its place, so that no text is ever searched for ids:
//! `cache` and `queue` are words, too.

use crate::finding::Finding;
use design::{Design, Node};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter, Write};

/// What texts call nodes and links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// By their ids, as the design file does.
    Ids,
    /// By what stands on the canvas: a node by its label, a link by the labels of its ends. Nodes
    /// that are labelled alike have their id after it.
    Titles,
}

/// Around an id in a text that is not finished: two characters for private use.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';
/// Longest title, in characters: as long as an id may be.
const LETTERS_MAX: usize = design::validate::ID_MAX;

/// The name of a node, a link or a zone in a text, by its id.
pub(crate) fn name(id: &str) -> Name<'_> {
    Name(id)
}

/// See [`name`].
#[derive(Clone, Copy)]
pub(crate) struct Name<'a>(&'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char(OPEN)?;
        f.write_str(&plain(self.0))?;
        f.write_char(CLOSE)
    }
}

/// Puts names in place of all marked ids.
pub(crate) fn resolve(findings: &mut [Finding], design: &Design, names: Names) {
    let titles = match names {
        Names::Ids => BTreeMap::new(),
        Names::Titles => titles(design),
    };
    each_text(findings, &mut |text| *text = resolved(text, &titles));
}

/// Everything in findings that people read.
fn each_text(findings: &mut [Finding], visit: &mut dyn FnMut(&mut String)) {
    for finding in findings {
        visit(&mut finding.what);
        visit(&mut finding.why);
        visit(&mut finding.remedy);
        for step in &mut finding.chain {
            visit(&mut step.what);
        }
        for remedy in &mut finding.remedies {
            visit(&mut remedy.label);
            visit(&mut remedy.cost);
        }
        each_text(&mut finding.symptoms, visit);
    }
}

/// A text with names in place of marked ids; an id without a title stands for itself. Marks that
/// came with somebody's own words (the name of an alert) go, whatever they are around.
fn resolved(text: &str, titles: &BTreeMap<String, String>) -> String {
    let mut said = String::with_capacity(text.len());
    let mut opened = None;
    for letter in text.chars() {
        match letter {
            OPEN => opened = Some(said.len()),
            CLOSE => {
                let id = opened.take();
                if let Some((from, title)) =
                    id.and_then(|from| Some((from, titles.get(&said[from..])?)))
                {
                    said.truncate(from);
                    said += title;
                }
            }
            letter => said.push(letter),
        }
    }
    said
}

/// Without marks.
fn plain(text: &str) -> String {
    text.replace([OPEN, CLOSE], "")
}

/// What people call a node, cut off where it is a whole story.
pub(crate) fn title(node: &Node) -> String {
    let title = plain(node.title());
    match title.char_indices().nth(LETTERS_MAX) {
        _ if title.trim().is_empty() => plain(&node.id),
        Some((end, _)) => format!("{}\u{2026}", &title[..end]),
        None => title,
    }
}

/// What people call nodes and links, by their ids: each in a way that tells it from the others.
fn titles(design: &Design) -> BTreeMap<String, String> {
    let mut alike: BTreeMap<String, usize> = BTreeMap::new();
    for node in &design.nodes {
        *alike.entry(title(node)).or_default() += 1;
    }
    let nodes = design.nodes.iter().map(|node| {
        let (id, title) = (plain(&node.id), title(node));
        let said = match alike[&title] {
            // The one that has no label is told from the others by that.
            2.. if title != id => format!("{title} ({id})"),
            _ => title,
        };
        (id, said)
    });
    let mut titles: BTreeMap<String, String> = nodes.collect();
    let mut between: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for link in &design.links {
        *between.entry((&link.from, &link.to)).or_default() += 1;
    }
    for link in &design.links {
        let end = |id: &str| titles.get(&plain(id)).cloned().unwrap_or_else(|| plain(id));
        let ends = format!("{}->{}", end(&link.from), end(&link.to));
        let said = match between[&(link.from.as_str(), link.to.as_str())] {
            1 => ends,
            // The second is `from->to#2` where it was not named otherwise.
            _ => match link.id.strip_prefix(&format!("{}->{}", link.from, link.to)) {
                Some(which) => ends + &plain(which),
                None => format!("{ends} ({})", plain(&link.id)),
            },
        };
        titles.entry(plain(&link.id)).or_insert(said);
    }
    titles
}

#[cfg(test)]
mod tests;
