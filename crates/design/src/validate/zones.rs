//! What a design says of zones.

use crate::attribute::Reader;
use crate::deployment::{Deployment, ZonePair};
use crate::document::Design;
use std::collections::BTreeSet;

/// Most zones of one design.
const ZONES_MAX: usize = 64;
/// Longest name of a zone, in characters.
const NAME_MAX: usize = 64;

/// Every zone that a node runs in.
pub(super) fn names(design: &Design) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for node in &design.nodes {
        for zone in node.deployment.zones() {
            names.insert(zone.as_str());
        }
    }
    names
}

pub(super) fn check_deployment(deployment: &Deployment, reader: &mut Reader) {
    if deployment.zone.is_some() && !deployment.zones.is_empty() {
        reader.within("zones", |reader| {
            reader.problem("conflicts with zone; set only one of the two")
        });
    }
    for name in deployment.zones() {
        check_name(name, "zone", reader);
    }
}

fn check_name(name: &str, field: &str, reader: &mut Reader) {
    let is_name = !name.is_empty() && name.chars().count() <= NAME_MAX;
    if !is_name || name.chars().any(char::is_control) {
        let shown: String = name.chars().take(20).collect();
        let message =
            format!("\"{shown}\" is not a valid zone name; expected 1 to {NAME_MAX} characters");
        reader.within(field, |reader| reader.problem(message));
    }
}

pub(super) fn check(design: &Design, names: &BTreeSet<&str>, reader: &mut Reader) {
    let count = names.len();
    if count > ZONES_MAX {
        let message = format!("too many zones ({count}); at most {ZONES_MAX}");
        reader.within("nodes", |reader| reader.problem(message));
    }
    let pairs = &design.settings.zones.pairs;
    let in_order = |pair: &ZonePair| {
        let (a, b) = (pair.between.clone(), pair.and.clone());
        if a <= b { (a, b) } else { (b, a) }
    };
    let mut seen = BTreeSet::new();
    for (at, pair) in pairs.iter().enumerate() {
        reader.within(&format!("zones.pairs[{at}]"), |reader| {
            check_name(&pair.between, "between", reader);
            check_name(&pair.and, "and", reader);
            if pair.between == pair.and {
                reader.problem("pairs a zone with itself; expected two different zones");
            } else if !seen.insert(in_order(pair)) {
                reader.problem("is a duplicate; a pair applies in both directions");
            }
        });
    }
}
