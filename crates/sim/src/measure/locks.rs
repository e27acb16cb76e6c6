//! The report of a coordinator: the outcome of its locks.

use crate::components::Node;
use crate::components::coordinator::LockTally;
use crate::simulation::Simulation;
use report::LockReport;

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
