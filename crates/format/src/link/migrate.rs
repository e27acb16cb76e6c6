//! Between the document of today and the tables of link format 1, where the two differ.
//!
//! A client's `patience` was a duration when the table was frozen and is a distribution now: a
//! constant one is in the old field, and any other in `patience_drawn`. Links out of a load
//! balancer could say of a plan what no balancer heeds, and may not any more: it is left out.
//! A bound on availability could be any number, and must be a share now: 99.9 meant 99.9 %.

use design::{Distribution, Value};

const OLD: &str = "patience";
const DRAWN: &str = "patience_drawn";

/// Settings without effect on a link out of a load balancer.
const VAIN: [&str; 4] = ["when", "stage", "calls", "optional"];

fn clients(design: &mut Value) -> impl Iterator<Item = &mut Vec<(String, Value)>> {
    list(design, "nodes")
        .iter_mut()
        .filter_map(|node| match node {
            node if node.get("kind") != Some(&Value::text("client")) => None,
            Value::Map(entries) => Some(entries),
            _ => None,
        })
}

fn list<'a>(design: &'a mut Value, name: &str) -> &'a mut [Value] {
    let list = match design {
        Value::Map(entries) => entries.iter_mut().find(|(known, _)| known == name),
        _ => None,
    };
    match list {
        Some((_, Value::List(items))) => items.as_mut_slice(),
        _ => &mut [],
    }
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

/// Makes the bounds on availability shares.
fn to_shares(design: &mut Value) {
    for requirement in list(design, "requirements") {
        let metric = requirement.get("metric");
        let is_share = metric.is_none_or(|metric| *metric == Value::text("availability"));
        let Value::Map(entries) = requirement else {
            continue;
        };
        for (name, bound) in entries.iter_mut().filter(|_| is_share) {
            if let ("at_least" | "at_most", Value::Number(bound)) = (name.as_str(), bound) {
                let share = match *bound > 1.0 {
                    // Divided by 100 it would not be the number nearest to the digits.
                    true => format!("{bound}e-2").parse().unwrap_or(1.0),
                    false => *bound,
                };
                *bound = share.clamp(0.0, 1.0);
            }
        }
    }
}

/// From the tables to the document.
pub(super) fn from_tables(design: &mut Value) {
    to_shares(design);
    let balancer = Value::text("load_balancer");
    let is_balancer = |node: &&mut Value| node.get("kind") == Some(&balancer);
    let nodes = list(design, "nodes").iter_mut().filter(is_balancer);
    let balancers: Vec<Value> = nodes.filter_map(|node| node.get("id").cloned()).collect();
    for link in list(design, "links") {
        let is_balanced = link
            .get("from")
            .is_some_and(|from| balancers.contains(from));
        if let (Value::Map(entries), true) = (link, is_balanced) {
            entries.retain(|(name, _)| !VAIN.contains(&name.as_str()));
        }
    }
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
