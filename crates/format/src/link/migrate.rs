//! Between the document of today and the tables of link format 1, where the two differ.
//!
//! A client's `patience` was a duration when the table was frozen and is a distribution now: a
//! constant one stands in the old field, and any other in `patience_drawn`.

use design::{Distribution, Value};

const OLD: &str = "patience";
const DRAWN: &str = "patience_drawn";

fn clients(design: &mut Value) -> impl Iterator<Item = &mut Vec<(String, Value)>> {
    let nodes = match design {
        Value::Map(entries) => entries.iter_mut().find(|(name, _)| name == "nodes"),
        _ => None,
    };
    let nodes = match nodes {
        Some((_, Value::List(nodes))) => nodes.as_mut_slice(),
        _ => &mut [],
    };
    nodes.iter_mut().filter_map(|node| match node {
        node if node.get("kind") != Some(&Value::text("client")) => None,
        Value::Map(entries) => Some(entries),
        _ => None,
    })
}

/// From the document to the tables.
pub(super) fn to_tables(design: &mut Value) {
    for client in clients(design) {
        let Some((_, patience)) = client.iter_mut().find(|(name, _)| name == OLD) else {
            continue;
        };
        let Value::Text(text) = &patience else {
            continue;
        };
        match Distribution::parse(text) {
            Ok(Distribution::Const(duration)) => *patience = Value::text(duration.to_string()),
            _ => {
                let drawn = std::mem::replace(patience, Value::Null);
                client.push((DRAWN.to_owned(), drawn));
            }
        }
    }
}

/// From the tables to the document.
pub(super) fn from_tables(design: &mut Value) {
    for client in clients(design) {
        let Some(at) = client.iter().position(|(name, _)| name == DRAWN) else {
            continue;
        };
        let (_, drawn) = client.remove(at);
        if drawn != Value::Null
            && let Some((_, patience)) = client.iter_mut().find(|(name, _)| name == OLD)
        {
            *patience = drawn;
        }
    }
}
