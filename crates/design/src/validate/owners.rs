//! One owner for each key space: what a balancer or a cache takes for one store must be one.

use crate::attribute::Reader;
use crate::document::Design;
use crate::kinds::Kind;
use crate::link::Mode;
use std::collections::BTreeMap;

/// Databases behind one balancer, or one cache, hold the same keys: all but one must be its copies.
/// A service may use several, each for something else.
pub(super) fn check(design: &Design, nodes: &BTreeMap<&str, &Kind>, reader: &mut Reader) {
    // By caller: the first database behind it, and who owns what that holds.
    let mut first: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for (at, link) in design.links.iter().enumerate() {
        let does = match nodes.get(link.from.as_str()) {
            Some(Kind::LoadBalancer(_)) => "sends calls for the same keys to",
            Some(Kind::Cache(_)) => "loads the same keys from",
            _ => continue,
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
                "{} {does} {known} and {}, and each owns them; make one a copy_of the other, or both one database of several shards or replicas",
                link.from, link.to
            );
            reader.within(&format!("links[{at}]"), |reader| reader.problem(message));
        }
    }
}
