//! One owner for each key space: what a balancer or a cache takes for one store must be one.

use crate::attribute::Reader;
use crate::document::Design;
use crate::kinds::Kind;
use crate::link::Mode;
use std::collections::BTreeMap;

/// What a kind does that takes whatever it calls for one store.
fn takes_for_one(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::LoadBalancer(_) => Some("sends calls for the same keys to"),
        Kind::Cache(_) => Some("loads the same keys from"),
        _ => None,
    }
}

/// Why a database that owns its keys cannot be linked from a node that has one already, if it
/// cannot. The editor checks before a wire is dropped; `moved` is the link being dragged.
pub fn second_owner(
    design: &Design,
    from: &str,
    owner: Option<&str>,
    moved: Option<&str>,
) -> Option<String> {
    let does = takes_for_one(&design.node(from)?.kind)?;
    let others = design.links.iter().filter(|link| {
        link.from == from && link.mode == Mode::Call && moved != Some(link.id.as_str())
    });
    let mut others = others.filter_map(|link| match &design.node(&link.to)?.kind {
        Kind::Database(database) => Some((&link.to, database.copy_of.as_ref().unwrap_or(&link.to))),
        _ => None,
    });
    let (known, _) = others.find(|(_, known)| owner != Some(known.as_str()))?;
    let (from, known) = (design.title_of(from), design.title_of(known));
    Some(format!(
        "{from} already {does} {known}; make one a copy_of the other, or merge them into one database with several shards or replicas"
    ))
}

/// Databases behind one balancer, or one cache, hold the same keys: all but one must be its copies.
/// A service may use several, each for something else.
pub(super) fn check(design: &Design, nodes: &BTreeMap<&str, &Kind>, reader: &mut Reader) {
    // By caller: the first database behind it, and who owns what that holds.
    let mut first: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for (at, link) in design.links.iter().enumerate() {
        let Some(does) = nodes
            .get(link.from.as_str())
            .and_then(|from| takes_for_one(from))
        else {
            continue;
        };
        let Some(Kind::Database(database)) = nodes.get(link.to.as_str()) else {
            continue;
        };
        if link.mode != Mode::Call {
            continue;
        }
        let owner = database.copy_of.as_deref().unwrap_or(&link.to);
        let (known, owner_of_known) = *first.entry(&link.from).or_insert((&link.to, owner));
        if owner != owner_of_known {
            let message = format!(
                "{} {does} {} and {}, and both own these keys; make one a copy_of the other, or merge them into one database with several shards or replicas",
                design.title_of(&link.from),
                design.title_of(known),
                design.title_of(&link.to)
            );
            reader.within(&format!("links[{at}]"), |reader| reader.problem(message));
        }
    }
}
