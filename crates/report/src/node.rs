//! The metrics of a node.

use crate::database::DatabaseReport;
use crate::queue::Messages;
use crate::run::Time;
use serde::Serialize;
use std::collections::BTreeMap;

/// The metrics of a node.
#[derive(Clone, Debug, Serialize)]
pub struct NodeReport {
    /// Calls (for a client: requests) that started after the warm-up.
    pub arrivals: u64,
    /// Answered.
    pub completions: u64,
    /// Failed, by cause as the node answered.
    pub failures: BTreeMap<&'static str, u64>,
    /// Neither: still there when the run ended.
    pub in_flight: u64,
    /// Mean number present, from the warm-up to the duration.
    pub in_flight_mean: f64,
    /// Mean number waiting for a slot (for a queue: messages waiting; for a coordinator: for a
    /// lock).
    pub queue_mean: f64,
    /// Most waiting, in one replica.
    pub queue_max: u64,
    /// Share of calls served that found no free slot; `null` where nothing was served.
    pub waited: Option<f64>,
    /// From arrival to slot.
    pub wait_ms: Time,
    /// From arrival to answer, waiting included, of calls that were answered.
    pub response_ms: Time,
    /// The same of calls that failed, where any did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_ms: Option<Time>,
    /// Mean share of slots held; `null` where slots are unbounded or none.
    pub utilization: Option<f64>,
    /// Mean share of slots held by calls that wait for others.
    pub blocked: Option<f64>,
    /// Share of work done after its caller stopped waiting: wasted work.
    pub wasted_work: f64,
    /// Look-ups that found their key; `null` for other kinds.
    pub hit_ratio: Option<f64>,
    /// For a cache or a database: reads that it answered with a version out of date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_reads: Option<u64>,
    /// For a cache or a database: keys on which it disagrees with their owner, now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divergent_keys: Option<u64>,
    /// For a service: calls turned away before they had a slot, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub turned_away: BTreeMap<&'static str, u64>,
    /// For a service with adaptive concurrency: the mean limit of a replica.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency_limit_mean: Option<f64>,
    /// For a service that scales itself: how many replicas it had.
    #[serde(flatten)]
    pub scaling: Option<ScalingReport>,
    /// For a service whose memory has a limit: how often a replica was killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_memory: Option<u64>,
    /// For a queue: what became of its messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Messages>,
    /// For a cache: what became of its entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheReport>,
    /// For a coordinator: what became of its locks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locks: Option<LockReport>,
    /// For a database: what its members do among themselves, where they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseReport>,
    /// One by one: of a database, shard after shard.
    pub replicas: Vec<ReplicaReport>,
}

/// The metrics of a replica.
#[derive(Clone, Debug, Serialize)]
pub struct ReplicaReport {
    /// Calls that reached it.
    pub arrivals: u64,
    /// Mean share of its slots held.
    pub utilization: Option<f64>,
}

/// What became of a cache's entries and look-ups, over the whole run.
#[derive(Clone, Debug, Serialize)]
pub struct CacheReport {
    /// Entries that may be served now.
    pub entries: u64,
    /// Values put in, of whatever origin; a key filled again counts again.
    pub fills: u64,
    /// Entries that left for want of room.
    pub evictions: u64,
    /// Entries found too old by a look-up. What expires unasked leaves when room is wanted.
    pub expirations: u64,
    /// Values never read before they were evicted or replaced, or not read so far.
    pub never_read: u64,
    /// Look-ups answered from an entry that had expired (`stale_while_revalidate`).
    pub stale_served: u64,
    /// Misses that waited for another's load (`single_flight`).
    pub coalesced: u64,
    /// Loads in the background (`stale_while_revalidate`).
    pub refreshes: u64,
    /// Misses of an entry not yet expired (`early_expiry`).
    pub early: u64,
    /// Fills refused because the key changed after their caller was told to load it (`leases`).
    pub fills_refused: u64,
    /// Writes answered before they reached the origin (`write_behind`).
    pub written_behind: u64,
    /// Keys whose last write is not at the origin yet.
    pub unwritten: u64,
}

/// What became of a coordinator's locks, over the whole run.
#[derive(Clone, Debug, Serialize)]
pub struct LockReport {
    /// Granted.
    pub granted: u64,
    /// Let go by their holder.
    pub released: u64,
    /// Taken back when their lease ran out.
    pub expired: u64,
    /// Granted while an earlier holder, whose lease had run out, was still at work: two held one
    /// lock at a time.
    pub lease_overlaps: u64,
    /// Elections that gave a leader.
    pub elections: u64,
    /// Mean number of locks held, from the warm-up to the duration.
    pub held_mean: f64,
}

/// How many replicas a service had that scales itself.
#[derive(Clone, Debug, Serialize)]
pub struct ScalingReport {
    /// There now; those that start or leave are not.
    pub replicas_now: u64,
    /// Mean number there.
    pub replicas_mean: f64,
    /// Most at a time.
    pub replicas_max: u64,
    /// Mean number paid for: from the decision to start one to its end.
    pub replicas_paid_mean: f64,
    /// Recommended replicas, including the warm-up.
    pub scaled_out: u64,
    /// Replicas taken away.
    pub scaled_in: u64,
}
