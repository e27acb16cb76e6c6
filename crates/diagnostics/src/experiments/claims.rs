//! Which experiments test a finding's claim.

use super::interventions::{Intervention, Without};
use design::link::Condition;
use design::{Command, Design, FaultKind, Kind};
use report::Finding;

/// Returns whether a finding claims that this suspect alone is the cause.
pub(super) fn is_claimed(design: &Design, finding: &Finding, by: &Intervention) -> bool {
    use Without as W;
    let rule = &*finding.rule;
    let claims: &[Without] = match rule {
        "poison-message" => &[W::Poison],
        "cache-cold-start" => &[W::ColdCache, W::RepeatedLoads],
        "cache-stampede" => &[W::RepeatedLoads, W::JointExpiry],
        "retry-storm" => &[W::Retries, W::Hedges, W::Haste],
        "shard-key" => &[W::CoarseShards, W::SkewedKeys, W::FewKeys],
        "hot-key" => &[W::SkewedKeys, W::FewKeys, W::Imbalance],
        "central-coordinator" => &[W::Locks],
        "shared-database" => &[W::Sharing, W::Client],
        "pool-exhaustion" => &[W::PoolLimit, W::NestedCalls, W::Network],
        "load-balancer-blind" => &[
            W::Imbalance,
            W::Blindness,
            W::ReplicaFault,
            W::Ejection,
            W::DeepChecks,
        ],
        "gray-failure" => &[W::ReplicaFault],
        "unreliable-network" => &[W::Network],
        "noisy-neighbour" => &[W::Client, W::LoadChange],
        "thundering-herd" => &[W::Steps, W::RetryWaves],
        "autoscaling-lag" => &[W::LateReplicas],
        "metastable-failure" => &[W::Retries, W::Reloads, W::ColdCache, W::Memory, W::Timeout],
        "fan-out-tail" => &[W::Tail, W::CrossShard],
        "head-of-line-blocking" => &[W::Tail, W::Operation],
        "microservice-maze" => &[W::Network, W::ManyCalls],
        "data-ownership" => &[W::ManyCalls],
        "idempotency" => &[W::Repeats],
        "happy-path" => &[W::EarlyRedelivery, W::Repeats, W::Disorder],
        "eventual-is-not-instant" => &[W::Lag],
        "stale-cache" => &[W::OldEntries],
        "cache-all" => &[W::OldEntries, W::Lookups],
        "sync-chain" => &[W::OwnErrors, W::Network],
        "async-silver-bullet" => &[W::Consumers, W::Slots],
        "monitoring-over-prevention" => &[W::Slots],
        _ => &[],
    };
    claims.contains(&by.without)
        || rule == "head-of-line-blocking" && is_of_long_work(design, finding, by)
        || fault_of(design, by).is_some_and(|kind| is_its_fault(rule, kind))
}

/// Returns whether all requests of a client, or all its additional ones, are the long work of a
/// finding.
fn is_of_long_work(design: &Design, finding: &Finding, by: &Intervention) -> bool {
    let client = by.subjects.first().and_then(|id| design.node(id));
    let long = finding.subjects.get(1).and_then(|id| design.link(id));
    match (by.without, client.map(|node| &node.kind), long) {
        (Without::Client | Without::LoadChange, Some(Kind::Client(client)), Some(long)) => {
            let is_long = |name: &String| {
                let mut when = long.when.0.iter();
                when.any(|on| matches!(on, Condition::Operations(names) if names.contains(name)))
            };
            client
                .operations
                .iter()
                .all(|operation| is_long(&operation.name))
        }
        _ => false,
    }
}

/// Returns whether a rule is about the consequences of this kind of fault.
fn is_its_fault(rule: &str, kind: FaultKind) -> bool {
    use FaultKind as F;
    let kinds: &[FaultKind] = match rule {
        "split-brain" | "cap" => &[F::Partition, F::LeaderFailover, F::ClockSkew, F::Crash],
        "data-ownership" => &[
            F::Crash,
            F::Partition,
            F::QueueOutage,
            F::ErrorRate,
            F::Hang,
            F::ThirdPartyOutage,
            F::DiskFull,
        ],
        "central-coordinator" => &[F::LeaderFailover, F::Crash, F::Partition],
        "cache-cold-start" => &[F::CacheFlush, F::CacheOutage, F::ClockSkew],
        "hot-key" | "shard-key" => &[F::KeySkew],
        "poison-message" => &[F::PoisonMessage],
        "pool-exhaustion" => &[F::ConnectionLeak, F::Latency, F::Slowdown],
        "gray-failure" => &[F::GrayFailure, F::ErrorRate, F::Slowdown],
        "load-balancer-blind" => &[F::RollingDeploy],
        "unreliable-network" => &[
            F::Latency,
            F::Jitter,
            F::Loss,
            F::Partition,
            F::Hang,
            F::Slowdown,
            F::ThirdPartyOutage,
            F::Crash,
        ],
        "noisy-neighbour" => &[F::TrafficSpike],
        _ => &[],
    };
    kinds.contains(&kind)
}

/// Returns the kind of the only fault that an intervention removes.
pub(super) fn fault_of(design: &Design, by: &Intervention) -> Option<FaultKind> {
    match by.edits[..] {
        [Command::RemoveFault(at)] => Some(design.faults.get(at)?.kind),
        _ => None,
    }
}
