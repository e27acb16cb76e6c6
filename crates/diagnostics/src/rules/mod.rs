//! The rules, one file each, and which findings explain which others.

mod async_silver_bullet;
mod autoscaling_lag;
mod cache_all;
mod cache_cold_start;
mod cache_stampede;
mod cap;
mod central_coordinator;
mod data_ownership;
mod eventual_is_not_instant;
mod fan_out_tail;
mod flying_blind;
mod gray_failure;
mod happy_path;
mod head_of_line_blocking;
mod hot_key;
mod idempotency;
mod load_balancer_blind;
mod metastable_failure;
mod microservice_maze;
mod monitoring_over_prevention;
mod noisy_neighbour;
mod poison_message;
mod pool_exhaustion;
mod requirements_trap;
mod retry_storm;
mod shard_key;
mod shared_database;
mod split_brain;
mod stale_cache;
mod sync_chain;
mod thundering_herd;
mod unexplained;
mod unreliable_network;

pub(crate) use hot_key::near_cache;

use crate::facts::Facts;
use report::Finding;
use sim::Report;

/// A rule.
pub struct Rule {
    /// Its name in files, links, reports and on the command line.
    pub id: &'static str,
    /// Its title, with the standard name of the failure.
    pub title: &'static str,
    /// Finds what the design alone shows.
    pub(crate) structural: fn(&Facts<'_>) -> Vec<Finding>,
    /// Finds what a run showed.
    pub(crate) measured: fn(&Facts<'_>, &Report) -> Vec<Finding>,
}

/// What people can read about a rule. It is no part of [`Rule`], because the page shows findings
/// only and must be small.
pub struct Explanation {
    /// What the failure is.
    pub means: &'static str,
    /// The evidence that the rule requires, with thresholds and their sources.
    pub evidence: &'static str,
    /// Where the rule reports nothing.
    pub silent: &'static str,
    /// How to fix the failure, and what that costs.
    pub fixes: &'static str,
}

impl Rule {
    /// Returns what people can read about it.
    pub fn explanation(&self) -> &'static Explanation {
        &EXPLANATIONS[depth(self.id)]
    }

    /// Returns all its findings. Names in their texts are pieces of their own.
    pub(crate) fn evaluate(&self, facts: &Facts<'_>) -> Vec<Finding> {
        let mut found = (self.structural)(facts);
        found.extend(crate::lint::of(self.id, facts));
        if let Some(report) = facts.report {
            found.extend((self.measured)(facts, report));
        }
        found
    }
}

/// Finds nothing: for rules without structural or without measured findings.
pub(crate) fn nothing(_: &Facts<'_>) -> Vec<Finding> {
    Vec::new()
}

/// Returns the rule with this id.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.id == id)
}

macro_rules! tables {
    ($($rule:ident)*) => {
        /// All rules, ordered from root cause to symptom.
        pub static ALL: &[Rule] = &[$($rule::RULE),*];
        /// Their explanations, in the same order.
        static EXPLANATIONS: &[Explanation] = &[$($rule::EXPLANATION),*];
    };
}

tables! {
    split_brain
    cap
    poison_message
    cache_cold_start
    cache_stampede
    retry_storm
    shard_key
    hot_key
    central_coordinator
    shared_database
    pool_exhaustion
    gray_failure
    load_balancer_blind
    head_of_line_blocking
    unreliable_network
    noisy_neighbour
    thundering_herd
    autoscaling_lag
    async_silver_bullet
    metastable_failure
    fan_out_tail
    microservice_maze
    idempotency
    happy_path
    data_ownership
    eventual_is_not_instant
    cache_all
    stale_cache
    sync_chain
    monitoring_over_prevention
    flying_blind
    requirements_trap
    unexplained
}

/// Returns how far a rule is from a root cause: its position in [`ALL`].
pub(crate) fn depth(id: &str) -> usize {
    let place = ALL.iter().position(|rule| rule.id == id);
    place.unwrap_or(ALL.len())
}

/// Rules whose findings follow from anything that keeps a part of the system busy or failing.
const FOLLOWS: [&str; 15] = [
    "metastable-failure",
    "sync-chain",
    "monitoring-over-prevention",
    "flying-blind",
    "requirements-trap",
    "unreliable-network",
    "pool-exhaustion",
    "async-silver-bullet",
    "autoscaling-lag",
    "head-of-line-blocking",
    "load-balancer-blind",
    "noisy-neighbour",
    "retry-storm",
    "fan-out-tail",
    "microservice-maze",
];

/// Returns whether a finding of one rule may cause one of another.
pub(crate) fn explains(cause: &str, symptom: &str) -> bool {
    let follows = |more: &[&str]| FOLLOWS.contains(&symptom) || more.contains(&symptom);
    match cause {
        "split-brain" | "cap" => follows(&[
            "eventual-is-not-instant",
            "data-ownership",
            "stale-cache",
            "happy-path",
            "idempotency",
        ]),
        "poison-message" => follows(&["happy-path", "hot-key", "shard-key"]),
        "cache-cold-start" | "cache-stampede" => follows(&[
            "shared-database",
            "hot-key",
            "thundering-herd",
            "cache-stampede",
        ]),
        "retry-storm" => follows(&["idempotency", "thundering-herd"]) && symptom != "retry-storm",
        "shard-key" | "hot-key" => follows(&["central-coordinator", "cache-stampede"]),
        "central-coordinator" => follows(&[]),
        "shared-database" => follows(&["data-ownership", "eventual-is-not-instant"]),
        "gray-failure" => follows(&["idempotency"]),
        "async-silver-bullet" => follows(&["happy-path", "eventual-is-not-instant"]),
        "unreliable-network"
        | "thundering-herd"
        | "noisy-neighbour"
        | "pool-exhaustion"
        | "load-balancer-blind"
        | "head-of-line-blocking" => follows(&[]),
        "autoscaling-lag" | "metastable-failure" => {
            matches!(
                symptom,
                "monitoring-over-prevention"
                    | "flying-blind"
                    | "requirements-trap"
                    | "sync-chain"
                    | "metastable-failure"
            )
        }
        "fan-out-tail" | "microservice-maze" | "data-ownership" => {
            matches!(
                symptom,
                "requirements-trap" | "sync-chain" | "monitoring-over-prevention"
            )
        }
        "eventual-is-not-instant" | "cache-all" | "stale-cache" => {
            matches!(symptom, "requirements-trap" | "stale-cache")
        }
        "sync-chain" => matches!(symptom, "requirements-trap" | "monitoring-over-prevention"),
        "monitoring-over-prevention" => symptom == "requirements-trap",
        _ => false,
    }
}

#[cfg(test)]
mod tests;
