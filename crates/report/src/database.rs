//! What the members of a database do among themselves.

use crate::run::Time;
use serde::Serialize;
use std::collections::BTreeMap;

/// What the members of a database do among themselves; what is off is left out.
#[derive(Clone, Debug, Serialize)]
pub struct DatabaseReport {
    /// Writes that found their row locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_locks: Option<RowLockReport>,
    /// Writes that touch every shard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub two_phase: Option<TwoPhaseReport>,
    /// Copies of each shard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication: Option<ReplicationReport>,
    /// Moves of keys to another number of shards, in the order they began (the last hundred).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reshardings: Vec<ReshardingReport>,
    /// By link: writes on their way to queues.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub relays: BTreeMap<String, RelayReport>,
}

/// Keys that moved to another number of shards.
#[derive(Clone, Debug, Serialize)]
pub struct ReshardingReport {
    /// Shards before.
    pub from: u32,
    /// Shards after.
    pub to: u32,
    /// When it began.
    pub at_s: f64,
    /// Until the last key had moved; `null` where that is still to come.
    pub took_s: Option<f64>,
    /// Keys that have moved so far.
    pub keys_moved: u64,
    /// Batches repeated because a shard was not available.
    pub retries: u64,
    /// Writes that waited for their key to have moved.
    pub held_writes: u64,
    /// How long they waited.
    pub hold_ms: Time,
    /// Calls that were sent on to where their key had moved.
    pub redirected: u64,
}

/// Writes that a database publishes.
#[derive(Clone, Debug, Serialize)]
pub struct RelayReport {
    /// Accepted by the queue, over the whole run.
    pub published: u64,
    /// Not accepted yet.
    pub waiting: u64,
    /// Mean number of those, from the warm-up to the duration.
    pub waiting_mean: f64,
    /// Most of them.
    pub waiting_max: u64,
    /// From the commit to the acceptance.
    pub lag_ms: Time,
}

/// What the members of shards did to stay alike.
#[derive(Clone, Debug, Serialize)]
pub struct ReplicationReport {
    /// Times that a member took over as leader, over the whole run.
    pub failovers: u64,
    /// Writes that were undone, acknowledged or not, over the whole run: the new leader did not
    /// have them, or the other side of a partition wrote later.
    pub undone_writes: u64,
    /// From a write at the leader to its being applied at a follower, over all followers.
    pub lag_ms: Time,
}

/// Writes that found their row locked.
#[derive(Clone, Debug, Serialize)]
pub struct RowLockReport {
    /// How many got it in the end.
    pub waits: u64,
    /// How long they waited for it.
    pub wait_ms: Time,
    /// Mean number waiting, from the warm-up to the duration.
    pub waiting_mean: f64,
    /// Most waiting.
    pub waiting_max: u64,
}

/// Writes that touch every shard.
#[derive(Clone, Debug, Serialize)]
pub struct TwoPhaseReport {
    /// Committed on all shards.
    pub committed: u64,
    /// Undone, since one shard failed to prepare.
    pub aborted: u64,
}
