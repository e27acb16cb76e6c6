//! Findings that a design lives with, and why.

use crate::record;

record! {
    /// A known and accepted finding: the rule stays silent about this design.
    pub struct Allowance {
        /// Id of the rule, for example `retry-storm`.
        pub rule: String = String::new() => { label: "Rule" },
        /// Why the finding is accepted.
        pub because: String = String::new() => { label: "Reason" },
    }
}

/// Most allowances of one design.
pub const ALLOWANCES_MAX: usize = 100;

/// The ids of all rules, as used in files, links and on the command line. The crate `diagnostics`
/// implements the rules, and its tests compare the two lists.
pub const RULES: [&str; 33] = [
    "requirements-trap",
    "cache-all",
    "cache-cold-start",
    "cache-stampede",
    "stale-cache",
    "microservice-maze",
    "shared-database",
    "data-ownership",
    "async-silver-bullet",
    "poison-message",
    "unreliable-network",
    "retry-storm",
    "central-coordinator",
    "sync-chain",
    "flying-blind",
    "happy-path",
    "cap",
    "load-balancer-blind",
    "shard-key",
    "idempotency",
    "eventual-is-not-instant",
    "monitoring-over-prevention",
    "metastable-failure",
    "pool-exhaustion",
    "fan-out-tail",
    "thundering-herd",
    "autoscaling-lag",
    "hot-key",
    "noisy-neighbour",
    "gray-failure",
    "split-brain",
    "head-of-line-blocking",
    "unexplained",
];

/// The rule whose name is nearest to a misspelt one, if one is near enough to be worth proposing.
pub fn nearest_rule(wrong: &str) -> Option<&'static str> {
    crate::suggest::nearest(wrong, RULES)
}
