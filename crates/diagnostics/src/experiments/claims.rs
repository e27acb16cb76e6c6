//! Which experiments a finding's claim stands or falls with.

use super::interventions::Without;
use crate::finding::Finding;

/// What a finding says is the cause, as what to take away. None where nothing can be.
pub(super) fn claims(finding: &Finding) -> Vec<Without> {
    use Without as W;
    let claims: &[Without] = match finding.rule {
        "split-brain" | "cap" => &[W::Fault],
        "poison-message" => &[W::Poison],
        "cache-cold-start" => &[W::ColdCache, W::RepeatedLoads],
        "cache-stampede" => &[W::RepeatedLoads],
        "retry-storm" => &[W::Retries],
        "shard-key" => &[W::CoarseShards, W::SkewedKeys, W::FewKeys],
        "hot-key" => &[W::SkewedKeys, W::FewKeys, W::Imbalance],
        "central-coordinator" => &[W::Locks],
        "shared-database" => &[W::Sharing, W::Client],
        "pool-exhaustion" => &[W::PoolLimit, W::Network],
        "gray-failure" => &[W::ReplicaFault, W::Fault],
        "load-balancer-blind" => &[W::Imbalance, W::ReplicaFault, W::Ejection],
        "unreliable-network" => &[W::Network, W::Fault, W::ReplicaFault],
        "noisy-neighbour" => &[W::Client, W::LoadChange],
        "thundering-herd" => &[W::Steps],
        "autoscaling-lag" => &[W::LateReplicas],
        "metastable-failure" => &[W::Retries, W::ColdCache, W::Memory],
        "fan-out-tail" => &[W::Tail, W::CrossShard],
        "microservice-maze" => &[W::Network],
        "idempotency" => &[W::Repeats],
        "happy-path" => &[W::EarlyRedelivery, W::Repeats],
        "eventual-is-not-instant" => &[W::Lag],
        "cache-all" | "stale-cache" => &[W::OldEntries],
        "sync-chain" => &[W::OwnErrors, W::Network],
        "monitoring-over-prevention" | "async-silver-bullet" => &[W::Slots],
        _ => &[],
    };
    claims.to_vec()
}
