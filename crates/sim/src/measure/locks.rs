//! The report of a coordinator: what became of its locks.

use crate::components::Node;
use crate::components::coordinator::LockTally;
use crate::simulation::Simulation;
use serde::Serialize;

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

impl Simulation {
    pub(super) fn lock_report(&self, node: &Node) -> Option<LockReport> {
        let Node::Coordinator(coordinator) = node else {
            return None;
        };
        let LockTally {
            granted,
            released,
            expired,
            lease_overlaps,
            elections,
        } = coordinator.tally;
        let world = &self.world;
        Some(LockReport {
            granted,
            released,
            expired,
            lease_overlaps,
            elections,
            held_mean: coordinator.held.mean(world.warmup, world.end, world.now),
        })
    }
}
