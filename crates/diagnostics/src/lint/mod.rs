//! Designs that cannot work as they are wired or configured. Each such fault belongs to the rule of
//! the failure that it leads to.

mod misses;
mod retries;
pub(crate) mod ring;
mod visibility;

use crate::facts::Facts;
use report::Finding;

/// Returns what the design alone shows for a rule, in addition to what the rule itself finds.
pub(crate) fn of(rule: &str, facts: &Facts<'_>) -> Vec<Finding> {
    match rule {
        misses::RULE => misses::find(facts),
        retries::RULE => retries::find(facts),
        ring::RULE => ring::find(facts),
        visibility::RULE => visibility::find(facts),
        _ => Vec::new(),
    }
}
