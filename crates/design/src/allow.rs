//! Findings that a design lives with, and why.

use crate::record;

record! {
    /// A finding that is known and accepted: the rule is silent about this design.
    pub struct Allowance {
        /// The rule, as `retry-storm`.
        pub rule: String = String::new() => { label: "Rule" },
        /// Why it is accepted, for whoever asks next.
        pub because: String = String::new() => { label: "Because" },
    }
}

/// Most allowances of one design.
pub const ALLOWANCES_MAX: usize = 100;

/// Every rule there is, by the name a file, a link and the command line know it by. What a rule
/// looks at stands in the crate `diagnostics`, and its tests hold that it knows the same ones.
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
