//! What the report says of a database beyond its calls and slots.

use super::fill::time;
use super::report::Time;
use crate::components::Node;
use crate::simulation::Simulation;
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
    /// By link: writes on their way to queues.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub relays: BTreeMap<String, RelayReport>,
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
    /// Writes that were undone, acknowledged or not, over the whole run: the new leader did not have
    /// them, or the other side of a partition wrote later.
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

impl Simulation {
    pub(super) fn database_report(&self, node: &Node) -> Option<DatabaseReport> {
        let Node::Database(database) = node else {
            return None;
        };
        let world = &self.world;
        let row_locks = database.row_locks().map(|(waiting, waits)| RowLockReport {
            waits: waits.count(),
            wait_ms: time(waits),
            waiting_mean: waiting.mean(world.warmup, world.end, world.now),
            waiting_max: waiting.max(),
        });
        let two_phase = database
            .two_phase()
            .map(|[committed, aborted]| TwoPhaseReport { committed, aborted });
        let replication = database
            .replication()
            .map(|(failovers, undone_writes, lag)| ReplicationReport {
                failovers,
                undone_writes,
                lag_ms: time(lag),
            });
        let relays = database.relays().map(|(link, relay)| {
            let report = RelayReport {
                published: relay.accepted,
                waiting: relay.held(),
                waiting_mean: relay.level.mean(world.warmup, world.end, world.now),
                waiting_max: relay.level.max(),
                lag_ms: time(&relay.lag),
            };
            (world.link(link).id.clone(), report)
        });
        let relays: BTreeMap<_, _> = relays.collect();
        let is_empty = row_locks.is_none()
            && two_phase.is_none()
            && replication.is_none()
            && relays.is_empty();
        let report = DatabaseReport {
            row_locks,
            two_phase,
            replication,
            relays,
        };
        (!is_empty).then_some(report)
    }
}
