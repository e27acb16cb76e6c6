//! The replication, row locks and shards of a database.

use crate::run::Time;
use serde::Serialize;
use std::collections::BTreeMap;

/// Metrics of the members of a database; features that are off are left out.
#[derive(Clone, Debug, Serialize)]
pub struct DatabaseReport {
    /// Row locks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_locks: Option<RowLockReport>,
    /// Writes to all shards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub two_phase: Option<TwoPhaseReport>,
    /// Replication of each shard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication: Option<ReplicationReport>,
    /// Resharding, in the order it began (the last hundred).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reshardings: Vec<ReshardingReport>,
    /// Change data capture by link: writes on their way to queues.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub relays: BTreeMap<String, RelayReport>,
}

/// A change of the number of shards.
#[derive(Clone, Debug, Serialize)]
pub struct ReshardingReport {
    /// Number of shards before.
    pub from: u32,
    /// Number of shards after.
    pub to: u32,
    /// When it began, in s.
    pub at_s: f64,
    /// When the last key had moved, in s; `null` if it has not.
    pub took_s: Option<f64>,
    /// Keys that have moved so far.
    pub keys_moved: u64,
    /// Batches repeated because a shard was unavailable.
    pub retries: u64,
    /// Writes that waited until their key had moved.
    pub held_writes: u64,
    /// How long they waited.
    pub hold_ms: Time,
    /// Calls that were forwarded because their key had moved.
    pub redirected: u64,
}

/// Writes that a database publishes to a queue.
#[derive(Clone, Debug, Serialize)]
pub struct RelayReport {
    /// Writes that the queue accepted, over the whole run.
    pub published: u64,
    /// Writes that the queue has not accepted yet.
    pub waiting: u64,
    /// Mean number of such writes, from the warm-up to the duration.
    pub waiting_mean: f64,
    /// Largest number of such writes.
    pub waiting_max: u64,
    /// Time from the commit to the acceptance by the queue.
    pub lag_ms: Time,
}

/// Replication within shards.
#[derive(Clone, Debug, Serialize)]
pub struct ReplicationReport {
    /// Number of failovers, over the whole run.
    pub failovers: u64,
    /// Writes that were undone, acknowledged or not, over the whole run: the new leader did not
    /// have them, or the other side of a partition wrote later.
    pub undone_writes: u64,
    /// Replication lag: time from a write at the leader until a follower applies it, over all
    /// followers.
    pub lag_ms: Time,
}

/// Contention for row locks.
#[derive(Clone, Debug, Serialize)]
pub struct RowLockReport {
    /// Writes that waited and got the lock.
    pub waits: u64,
    /// How long they waited.
    pub wait_ms: Time,
    /// Mean number of waiting writes, from the warm-up to the duration.
    pub waiting_mean: f64,
    /// Largest number of waiting writes.
    pub waiting_max: u64,
}

/// Writes to all shards.
#[derive(Clone, Debug, Serialize)]
pub struct TwoPhaseReport {
    /// Writes committed on all shards.
    pub committed: u64,
    /// Writes undone because one shard failed to prepare.
    pub aborted: u64,
}
