//! The name of a pattern that an experiment shows: the rule it belongs to, and what to do about it.

use super::super::claims::fault_of;
use super::super::interventions::{Intervention, Without};
use super::super::investigation::DATA;
use crate::facts::Facts;
use design::kinds::load_balancer::Algorithm;
use design::{FaultKind as F, Kind, Metric};

/// The rule of an experiment's finding, and what to do about it.
pub(super) type Pattern = (&'static str, &'static str);

/// The rule of findings without a known pattern: the finding itself describes what happened.
pub(super) const UNEXPLAINED: &str = "unexplained";

const NEIGHBOUR: Pattern = (
    "noisy-neighbour",
    "Limit what one client can use, with a rate limit or a bulkhead for each client.",
);
const OVERLOAD: Pattern = (
    "monitoring-over-prevention",
    "Add capacity, or shed the load that cannot be served in time.",
);
const HOT_KEY: Pattern = ("hot-key", "Split the key, or serve its reads from a cache.");
const SHARD_KEY: Pattern = (
    "shard-key",
    "Shard by a key with many values of similar load.",
);
const COLD: Pattern = (
    "cache-cold-start",
    "Protect the origin while the cache fills.",
);
const POISON: Pattern = (
    "poison-message",
    "Move a message that keeps failing to a dead-letter queue.",
);
const LONG_WORK: Pattern = ("head-of-line-blocking", "Give long work slots of its own.");
const UNKNOWN: Pattern = (UNEXPLAINED, "Make the call optional, or add redundancy.");
const BLIND: Pattern = (
    "load-balancer-blind",
    "Add health checks and outlier ejection.",
);

/// Returns the pattern if removing this suspect is enough, whatever the design.
const ALWAYS: [(Without, Pattern); 31] = [
    (Without::Poison, POISON),
    (Without::ColdCache, COLD),
    (
        Without::RepeatedLoads,
        (
            "cache-stampede",
            "Let one load of a key serve all callers (single-flight).",
        ),
    ),
    (
        Without::JointExpiry,
        (
            "cache-stampede",
            "Spread the TTLs, or reload entries early.",
        ),
    ),
    (
        Without::RetryWaves,
        (
            "thundering-herd",
            "Back off exponentially, with full jitter.",
        ),
    ),
    (
        Without::Haste,
        (
            "thundering-herd",
            "Back off exponentially, with full jitter.",
        ),
    ),
    (Without::CoarseShards, SHARD_KEY),
    (Without::SkewedKeys, HOT_KEY),
    (
        Without::Memory,
        (
            "metastable-failure",
            "Admit no more calls than the memory holds, and let callers reconnect gradually.",
        ),
    ),
    (
        Without::Steps,
        (
            "thundering-herd",
            "Spread the requests, or buffer the burst.",
        ),
    ),
    (
        Without::PoolLimit,
        (
            "pool-exhaustion",
            "Size the pool for the time that a call holds a connection.",
        ),
    ),
    (
        Without::NestedCalls,
        (
            "pool-exhaustion",
            "Let the nested call use the slot that its caller holds, or hold none while waiting.",
        ),
    ),
    (
        Without::FarLeader,
        (
            UNEXPLAINED,
            "Elect leaders near their callers only, or make fewer calls per request.",
        ),
    ),
    (
        Without::EarlyRedelivery,
        (
            "happy-path",
            "Set the visibility timeout above the longest processing time.",
        ),
    ),
    (
        Without::Repeats,
        (
            "idempotency",
            "Give each write an idempotency key, and apply each key once.",
        ),
    ),
    (
        Without::Disorder,
        ("happy-path", "Preserve the order of messages per key."),
    ),
    (
        Without::CrossShard,
        (
            "fan-out-tail",
            "Query fewer shards per request, or hedge requests.",
        ),
    ),
    (
        Without::Discipline,
        (
            UNEXPLAINED,
            "Serve in the order of arrival, or correct the priorities.",
        ),
    ),
    (
        Without::Hedges,
        (
            UNEXPLAINED,
            "Hedge after the 95th percentile, and only with capacity to spare.",
        ),
    ),
    (
        Without::Breaker,
        (
            UNEXPLAINED,
            "Let the circuit breaker judge more calls before it opens.",
        ),
    ),
    (
        Without::Refusals,
        (
            UNEXPLAINED,
            "Set the limit for the expected load and the usual time of a call.",
        ),
    ),
    (
        Without::DeepChecks,
        (
            "load-balancer-blind",
            "Use health checks that test only the replica itself.",
        ),
    ),
    (
        Without::OldEntries,
        ("stale-cache", "Shorten the TTL, or invalidate on write."),
    ),
    (
        Without::Lag,
        (
            "eventual-is-not-instant",
            "Read from the leader what must be up to date.",
        ),
    ),
    (
        Without::Reloads,
        (
            "metastable-failure",
            "Shed load early, and serve the newest requests first.",
        ),
    ),
    (
        Without::Retries,
        (
            "retry-storm",
            "Bound retries by a budget, and retry at one layer only.",
        ),
    ),
    (
        Without::LateReplicas,
        (
            "autoscaling-lag",
            "Keep more replicas ready, or shed load until new ones are ready.",
        ),
    ),
    (
        Without::Contention,
        (
            UNEXPLAINED,
            "Limit concurrent calls to what the database handles best.",
        ),
    ),
    (
        Without::Timeout,
        (
            UNEXPLAINED,
            "Set the timeout above the usual response time.",
        ),
    ),
    (Without::Client, NEIGHBOUR),
    (
        Without::Sharing,
        (
            "shared-database",
            "Limit what each caller can use, or give it a database of its own.",
        ),
    ),
];

/// Returns the pattern if removing this suspect is enough for this metric; `None` if it has no name
/// and explains nothing by itself.
pub(super) fn name_of(facts: &Facts<'_>, of: &Intervention, metric: Metric) -> Option<Pattern> {
    if metric == Metric::TimeToDetect {
        let remedy = "Alert on what users see, and on the errors of each dependency.";
        return Some(("flying-blind", remedy));
    }
    let always = ALWAYS.iter().find(|(without, _)| *without == of.without);
    match always {
        Some((_, pattern)) => Some(*pattern),
        None => by_design(facts, of, metric),
    }
}

/// Returns the pattern where it depends on the design.
fn by_design(facts: &Facts<'_>, of: &Intervention, metric: Metric) -> Option<Pattern> {
    let subject = of.subjects.first().map_or("", String::as_str);
    let kind = || facts.graph.node(subject).map(|node| &node.kind);
    Some(match of.without {
        Without::FewKeys if is_sharded(facts) => SHARD_KEY,
        Without::FewKeys => HOT_KEY,
        Without::Imbalance => match kind()? {
            Kind::LoadBalancer(balancer) if balancer.algorithm == Algorithm::ConsistentHash => (
                BLIND.0,
                "Bound the load of each replica, or hash by a finer key.",
            ),
            _ => (BLIND.0, "Balance by requests in flight."),
        },
        Without::Locks => match kind()? {
            Kind::Coordinator(_) => (
                "central-coordinator",
                "Use a lock per key, or do without the lock.",
            ),
            _ => (HOT_KEY.0, "Hold the lock for less time, or split the row."),
        },
        Without::Lookups if facts.caches().count() > 1 => {
            ("cache-all", "Remove the cache layers that rarely hit.")
        }
        // A fault or a rise in load is the better explanation of what began with it.
        Without::Operation if is_disturbed(facts) => return None,
        Without::Operation => LONG_WORK,
        Without::Tail if is_mixed(facts, subject) => LONG_WORK,
        Without::Tail if is_wide(facts, subject) => {
            ("fan-out-tail", "Hedge, or call fewer nodes per request.")
        }
        Without::OwnErrors if is_poisoned(facts, subject) => POISON,
        Without::OwnErrors => (
            "sync-chain",
            "Retry once within a budget, or make a dependency optional.",
        ),
        Without::Ejection if of.edits.len() > 1 => (
            BLIND.0,
            "Allow as many ejections as there are replicas that can fail together.",
        ),
        Without::Ejection => (
            BLIND.0,
            "Limit how many replicas can be ejected together, and for how long.",
        ),
        Without::ManyCalls => ("microservice-maze", "Fetch all of it in one call."),
        Without::LoadChange if facts.clients().count() > 1 => NEIGHBOUR,
        Without::LoadChange | Without::Slots => OVERLOAD,
        Without::Consumers => (
            "async-silver-bullet",
            "Add consumers, or limit how much is accepted.",
        ),
        Without::Blindness => BLIND,
        Without::ReplicaFault | Without::Fault => return of_fault(facts, of, metric),
        _ => return None,
    })
}

/// Returns the pattern of a fault. The fault is the trigger; the design lacks a limit on its
/// effect.
fn of_fault(facts: &Facts<'_>, of: &Intervention, metric: Metric) -> Option<Pattern> {
    let kind = fault_of(facts.design, of)?;
    let subject = of.subjects.first().map_or("", String::as_str);
    let target = facts.graph.node(subject).map(|node| &node.kind);
    let is_data = DATA.contains(&metric);
    let is_one = of.without == Without::ReplicaFault;
    Some(match (kind, target) {
        (F::KeySkew, _) => HOT_KEY,
        (F::ClockSkew, Some(Kind::Cache(_))) => COLD,
        (F::CacheFlush | F::CacheOutage, _) if !is_data => COLD,
        (F::SchemaMigration, _) => (
            match facts.callers(subject).len() {
                0 | 1 => UNEXPLAINED,
                _ => "shared-database",
            },
            "Run the migration in steps that hold locks briefly, with a timeout for the lock.",
        ),
        (F::GcPauses, _) if !is_data => (
            UNEXPLAINED,
            "Shorten the pauses, and let callers time out and try another replica.",
        ),
        (F::TrafficSpike, _) if facts.clients().count() > 1 => NEIGHBOUR,
        (F::TrafficSpike, _) => OVERLOAD,
        (F::PoisonMessage, _) => POISON,
        (F::ConnectionLeak, _) => (
            "pool-exhaustion",
            "Close connections that are idle too long.",
        ),
        _ if is_data && writes_twice(facts) => (
            "data-ownership",
            "Write in one place, and derive the rest from it.",
        ),
        (F::LeaderFailover | F::Crash, Some(Kind::Coordinator(_))) => (
            "central-coordinator",
            "Let requests that need no lock proceed without it.",
        ),
        (F::Partition, _) if has_majority(facts) => {
            ("cap", "Spread an odd number of members over three zones.")
        }
        // A leader that crashes loses the writes that no follower has yet.
        (_, Some(Kind::Database(database)))
            if metric == Metric::LostWrites && database.has_leader() =>
        {
            (
                "eventual-is-not-instant",
                "Acknowledge a write once a second member has it (semi-synchronous, or a quorum).",
            )
        }
        (F::Crash, Some(Kind::Queue(queue))) if !queue.durable && metric == Metric::LostWrites => (
            UNEXPLAINED,
            "Store the messages of the queue durably: what it holds in memory is lost with it.",
        ),
        (F::Crash | F::Hang, Some(Kind::Database(_))) if is_one => UNKNOWN,
        (F::RollingDeploy, _) => (BLIND.0, "Add health checks, and retry on another replica."),
        (F::Crash | F::Hang, _) if is_one => BLIND,
        (F::GrayFailure | F::Slowdown | F::ErrorRate, _) if is_one => (
            "gray-failure",
            "Eject outliers by the results of their calls.",
        ),
        (kind, _) if is_wait(kind) && !is_data && holds_slots(facts) => (
            "unreliable-network",
            "Set a timeout, and limit the slots that waiting calls can hold.",
        ),
        _ => UNKNOWN,
    })
}

/// Returns whether callers wait while this fault lasts.
fn is_wait(kind: F) -> bool {
    matches!(
        kind,
        F::Latency
            | F::Jitter
            | F::Loss
            | F::Partition
            | F::Hang
            | F::Slowdown
            | F::ThirdPartyOutage
    )
}

/// Returns whether faults or a change of load occur in the run.
fn is_disturbed(facts: &Facts<'_>) -> bool {
    let mut clients = facts.clients();
    !facts.design.faults.is_empty()
        || clients.any(|(_, client)| client.profile.iter().any(|step| step.times != 1.0))
}

/// Returns whether consumers of a queue call a node that fails most of its calls.
fn is_poisoned(facts: &Facts<'_>, subject: &str) -> bool {
    let errors = match facts.graph.node(subject).map(|node| &node.kind) {
        Some(Kind::Service(service)) => service.error_rate,
        Some(Kind::Database(database)) => database.error_rate,
        _ => 0.0,
    };
    let links = facts.design.links.iter();
    let mut consumers = links.filter(|link| link.mode == design::link::Mode::Consume);
    errors >= 0.5 && consumers.any(|link| facts.graph.reach(&link.to).contains(subject))
}

/// Returns whether a database spreads keys over shards by something other than a hash.
fn is_sharded(facts: &Facts<'_>) -> bool {
    let mut databases = facts.databases();
    databases.any(|(_, database)| {
        let is_by_hash = database.shards.by == design::kinds::database::ShardBy::Hash;
        database.shards.count > 1 && !is_by_hash
    })
}

/// Returns whether a few calls of a node take far longer than the others.
fn is_mixed(facts: &Facts<'_>, subject: &str) -> bool {
    use design::Distribution as D;
    let is_long = |of: &D| match of {
        D::Hyperexp(_) | D::Pareto { .. } | D::Empirical(_) => true,
        D::Lognormal { p50, p99 } => p99.as_s() > 20.0 * p50.as_s(),
        _ => false,
    };
    match facts.graph.node(subject).map(|node| &node.kind) {
        Some(Kind::Service(service)) => is_long(&service.service_time),
        Some(Kind::Database(database)) => {
            is_long(&database.read_time) || is_long(&database.write_time)
        }
        _ => false,
    }
}

/// Returns whether requests wait for many parallel calls to this node.
fn is_wide(facts: &Facts<'_>, subject: &str) -> bool {
    let into = facts.graph.inward(subject);
    into.iter().any(|link| link.calls >= 4)
        || facts
            .design
            .nodes
            .iter()
            .any(|node| facts.graph.out(&node.id).len() >= 6)
}

/// Returns whether a service had all of its slots held for a while by calls waiting for callees.
fn holds_slots(facts: &Facts<'_>) -> bool {
    let Some(series) = &facts.series else {
        return false;
    };
    let mut services = facts.services();
    services.any(|(node, service)| {
        service.blocking
            && !series.saturated(&node.id).is_empty()
            && facts.calls_from(&node.id).count() > 0
    })
}

/// Returns whether a service writes in two places that nothing keeps consistent.
fn writes_twice(facts: &Facts<'_>) -> bool {
    let mut services = facts.services();
    services.any(|(node, _)| {
        let out = facts.graph.out(&node.id).iter();
        let written = out.filter(|link| {
            let to = facts.graph.node(&link.to).map(|node| &node.kind);
            matches!(
                to,
                Some(Kind::Database(_) | Kind::Queue(_) | Kind::Service(_))
            )
        });
        written.count() > 1
    })
}

/// Returns whether something in the design needs a majority of its members.
fn has_majority(facts: &Facts<'_>) -> bool {
    let mut databases = facts.databases();
    facts.coordinators().next().is_some()
        || databases.any(|(_, database)| database.replication.is_some())
}
