//! What a design cannot mean as it is drawn: wiring and figures that contradict each other. Each
//! belongs to the rule of the failure that it leads to.

mod misses;
mod retries;
pub(crate) mod ring;
mod visibility;

use crate::facts::Facts;
use report::Finding;

/// What the design alone shows for a rule, besides what the rule itself finds.
pub(crate) fn of(rule: &str, facts: &Facts<'_>) -> Vec<Finding> {
    match rule {
        misses::RULE => misses::find(facts),
        retries::RULE => retries::find(facts),
        ring::RULE => ring::find(facts),
        visibility::RULE => visibility::find(facts),
        _ => Vec::new(),
    }
}
