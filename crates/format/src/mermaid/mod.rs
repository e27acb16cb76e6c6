//! Mermaid flowcharts: a design as a picture in a Markdown file, and such a picture as a design.
//!
//! Shapes are kinds: `((client))`, `{load balancer}`, `[service]`, `([cache])`, `[[queue]]`,
//! `[(database)]`, `{{coordinator}}`. Dotted lines carry messages. A picture carries nodes, labels,
//! links and simple conditions; parameters it does not.

mod read;

use crate::import::is_message;
use design::link::{Condition, Link};
use design::{Design, Node};
use std::collections::{BTreeMap, BTreeSet};

pub use read::read;

/// Brackets around a label, by kind. A kind that is not here is a service's rectangle.
const SHAPES: [(&str, &str, &str); 8] = [
    ("client", "((", "))"),
    ("cache", "([", "])"),
    ("queue", "[[", "]]"),
    ("database", "[(", ")]"),
    ("coordinator", "{{", "}}"),
    ("load_balancer", "{", "}"),
    ("object_store", ">", "]"),
    ("service", "[", "]"),
];

/// What a picture of ours begins with: its shapes mean what they say, names are not asked.
const MARK: &str = "%% faultline";

/// The design as a flowchart.
pub fn write(design: &Design) -> String {
    let ids = ids(design);
    let mut out = format!("flowchart LR\n{MARK}\n");
    for node in &design.nodes {
        let shape = SHAPES.iter().find(|(kind, ..)| *kind == node.kind.name());
        let (_, open, close) = shape.copied().unwrap_or(("service", "[", "]"));
        let id = &ids[node.id.as_str()];
        out += &format!("  {id}{open}\"{}\"{close}\n", escaped(title(node)));
    }
    for link in &design.links {
        let (Some(from), Some(to)) = (ids.get(link.from.as_str()), ids.get(link.to.as_str()))
        else {
            continue;
        };
        let arrow = if is_message(link.mode) { "-.->" } else { "-->" };
        let label = match label(link) {
            label if label.is_empty() => String::new(),
            label => format!("|\"{}\"|", escaped(&label)),
        };
        out += &format!("  {from} {arrow}{label} {to}\n");
    }
    out
}

fn title(node: &Node) -> &str {
    match node.title() {
        title if title.trim().is_empty() => &node.id,
        title => title,
    }
}

/// Names that Mermaid takes: the ids themselves where they are plain.
fn ids(design: &Design) -> BTreeMap<&str, String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let plain = |id: &str| {
        let is_plain = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let begins = id.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
        is_plain && begins && !RESERVED.contains(&id.to_ascii_lowercase().as_str())
    };
    let mut ids = BTreeMap::new();
    for node in design.nodes.iter().filter(|node| plain(&node.id)) {
        taken.insert(node.id.clone());
        ids.insert(node.id.as_str(), node.id.clone());
    }
    let mut number = 0;
    for node in design.nodes.iter().filter(|node| !plain(&node.id)) {
        let id = loop {
            number += 1;
            let id = format!("n{number}");
            if !taken.contains(&id) {
                break id;
            }
        };
        ids.insert(&node.id, id);
    }
    ids
}

/// Words that Mermaid keeps for itself.
const RESERVED: [&str; 12] = [
    "end",
    "graph",
    "flowchart",
    "subgraph",
    "style",
    "class",
    "classdef",
    "click",
    "linkstyle",
    "default",
    "direction",
    "call",
];

/// When a link is called, where not always, and whether it may fail.
fn label(link: &Link) -> String {
    let conditions = link.when.0.iter().filter_map(|condition| match condition {
        Condition::Always => None,
        Condition::Reads => Some("reads".to_owned()),
        Condition::Writes => Some("writes".to_owned()),
        Condition::OnMiss => Some("on_miss".to_owned()),
        Condition::OnError => Some("on_error".to_owned()),
        Condition::Operations(names) => Some(names.join(" or ")),
        Condition::Probability(share) => Some(format!("{} %", share * 100.0)),
    });
    let optional = link.optional.then(|| "optional".to_owned());
    conditions.chain(optional).collect::<Vec<_>>().join(", ")
}

/// Inside quotes: Mermaid writes what it would read as markup as entities.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' => out += "#quot;",
            '#' => out += "#35;",
            '<' => out += "#lt;",
            '>' => out += "#gt;",
            '&' => out += "#amp;",
            '\\' => out += "#92;",
            '`' => out += "#96;",
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
