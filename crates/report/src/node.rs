//! The metrics of a node.

use crate::database::DatabaseReport;
use crate::queue::Messages;
use crate::run::{Mean, Time};
use serde::Serialize;
use std::collections::BTreeMap;

/// The metrics of a node.
#[derive(Clone, Debug, Serialize)]
pub struct NodeReport {
    /// Calls that started after the warm-up (for a client: requests).
    pub arrivals: u64,
    /// Calls that completed successfully.
    pub completions: u64,
    /// Calls that failed, by cause as the node reported it.
    pub failures: BTreeMap<&'static str, u64>,
    /// Calls still in progress when the run ended.
    pub in_flight: u64,
    /// Mean number of calls at the node, from the warm-up to the duration.
    pub in_flight_mean: f64,
    /// Mean number of calls waiting for a slot (for a queue: waiting messages; for a coordinator:
    /// calls waiting for a lock).
    pub queue_mean: f64,
    /// Largest number waiting at one replica.
    pub queue_max: u64,
    /// Share of served calls that found no free slot; `null` if none was served.
    pub waited: Option<f64>,
    /// Time from arrival to a slot.
    pub wait_ms: Time,
    /// Waits and service times by operation (named as in `requests.by_operation`), if it served
    /// several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_operation: BTreeMap<String, OperationReport>,
    /// Response time of successful calls, from arrival, including waiting.
    pub response_ms: Time,
    /// Response time of failed calls, if there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_ms: Option<Time>,
    /// Utilization: mean share of slots in use; `null` if slots are unlimited or there are none.
    pub utilization: Option<f64>,
    /// Mean share of slots in use by calls that wait for callees.
    pub blocked: Option<f64>,
    /// Wasted work: share of the work that was done after its caller had stopped waiting.
    pub wasted_work: f64,
    /// Hit ratio of lookups; `null` for other kinds of nodes.
    pub hit_ratio: Option<f64>,
    /// For a cache or a database: reads that it answered with a stale version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_reads: Option<u64>,
    /// For a cache or a database: keys on which it disagrees with their owner, now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divergent_keys: Option<u64>,
    /// For a service: calls rejected before they had a slot, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub turned_away: BTreeMap<&'static str, u64>,
    /// For a service with adaptive concurrency: mean limit of a replica.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency_limit_mean: Option<f64>,
    /// For an autoscaled service: number of replicas over time.
    #[serde(flatten)]
    pub scaling: Option<ScalingReport>,
    /// For a service with work at start-up: completed start-ups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ups: Option<StartUpReport>,
    /// For a service with a memory limit: number of times that a replica was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_memory: Option<u64>,
    /// For a load balancer: replicas out of service, if there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_service: Option<OutOfServiceReport>,
    /// For a queue: its messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Messages>,
    /// For a cache: its entries and lookups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheReport>,
    /// For a coordinator: its locks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locks: Option<LockReport>,
    /// For a database: replication, row locks and shards, if it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseReport>,
    /// Each replica; for a database, shard after shard.
    pub replicas: Vec<ReplicaReport>,
}

/// The times of one operation at a node.
#[derive(Clone, Debug, Serialize)]
pub struct OperationReport {
    /// Calls whose own work was done.
    pub served: u64,
    /// Time from arrival to a slot.
    pub wait_ms: Mean,
    /// Service time: the node's own work, without its callees.
    pub service_ms: Mean,
}

/// The metrics of a replica.
#[derive(Clone, Debug, Serialize)]
pub struct ReplicaReport {
    /// Calls that reached it.
    pub arrivals: u64,
    /// Its utilization: mean share of its slots in use.
    pub utilization: Option<f64>,
}

/// The start-ups of a service's processes that began after the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct StartUpReport {
    /// Completed start-ups: the process then accepted calls.
    pub completed: u64,
    /// Time from the start of the process until then.
    pub time_ms: Mean,
}

/// The replicas that a load balancer had out of service, from the warm-up to the duration. The two
/// counts include the drain.
#[derive(Clone, Debug, Serialize)]
pub struct OutOfServiceReport {
    /// Outlier ejections.
    pub ejections: u64,
    /// Number of times that health checks took a replica out of service.
    pub failed_checks: u64,
    /// Time during which at least one replica was ejected.
    pub ejected_s: f64,
    /// Largest number of replicas that were ejected at the same time.
    pub ejected_max: u64,
    /// Time in panic mode: too few replicas were healthy, so calls went to all of them.
    pub panic_s: f64,
    /// Time during which no replica was healthy, outside of panic mode: calls failed as
    /// `unavailable`.
    pub none_healthy_s: f64,
}

/// The entries and lookups of a cache, over the whole run.
#[derive(Clone, Debug, Serialize)]
pub struct CacheReport {
    /// Entries that may be served now.
    pub entries: u64,
    /// Values stored, from any source; a key that is filled again counts again.
    pub fills: u64,
    /// Entries evicted for lack of space.
    pub evictions: u64,
    /// Entries that a lookup found expired. Entries that expire without a lookup are evicted when
    /// space is needed.
    pub expirations: u64,
    /// Values never read before they were evicted or replaced, or not read so far.
    pub never_read: u64,
    /// Lookups answered from an expired entry (`stale_while_revalidate`).
    pub stale_served: u64,
    /// Misses that waited for the load of another call (`single_flight`, `lease_interval`).
    pub coalesced: u64,
    /// Loads in the background (`stale_while_revalidate`).
    pub refreshes: u64,
    /// Misses of an entry that had not expired yet (`early_expiry`).
    pub early: u64,
    /// Fills rejected because the key changed after their caller got the lease to load it
    /// (`leases`).
    pub fills_refused: u64,
    /// Writes acknowledged before they reached the origin (`write_behind`).
    pub written_behind: u64,
    /// Keys whose last write has not reached the origin yet.
    pub unwritten: u64,
}

/// The locks of a coordinator, over the whole run.
#[derive(Clone, Debug, Serialize)]
pub struct LockReport {
    /// Locks granted.
    pub granted: u64,
    /// Locks released by their holder.
    pub released: u64,
    /// Locks revoked because their lease expired.
    pub expired: u64,
    /// Locks granted while an earlier holder, whose lease had expired, was still working: two
    /// callers held one lock at the same time.
    pub lease_overlaps: u64,
    /// Elections that produced a leader.
    pub elections: u64,
    /// Mean number of locks held, from the warm-up to the duration.
    pub held_mean: f64,
}

/// The number of replicas of an autoscaled service.
#[derive(Clone, Debug, Serialize)]
pub struct ScalingReport {
    /// Replicas in service now, without those that are starting or stopping.
    pub replicas_now: u64,
    /// Mean number of replicas in service.
    pub replicas_mean: f64,
    /// Largest number of replicas in service.
    pub replicas_max: u64,
    /// Mean number of replicas paid for: from the decision to start a replica to its end.
    pub replicas_paid_mean: f64,
    /// Highest recommendation, including the warm-up.
    pub scaled_out: u64,
    /// Replicas removed.
    pub scaled_in: u64,
}
