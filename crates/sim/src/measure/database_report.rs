//! The report of a database beyond its calls and slots.

use super::fill::time;
use crate::components::Node;
use crate::simulation::Simulation;
use report::{
    DatabaseReport, RelayReport, ReplicationReport, ReshardingReport, RowLockReport, TwoPhaseReport,
};
use std::collections::BTreeMap;

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
        let reshardings = database.reshardings().iter().map(|run| ReshardingReport {
            from: run.shards[0],
            to: run.shards[1],
            at_s: run.began as f64 / 1e9,
            took_s: run.ended.map(|ended| (ended - run.began) as f64 / 1e9),
            keys_moved: run.keys_moved,
            retries: run.retries,
            held_writes: run.holds.count(),
            hold_ms: time(&run.holds),
            redirected: run.redirected,
        });
        let reshardings: Vec<_> = reshardings.collect();
        let relays: BTreeMap<_, _> = relays.collect();
        let is_empty = row_locks.is_none()
            && two_phase.is_none()
            && replication.is_none()
            && reshardings.is_empty()
            && relays.is_empty();
        let report = DatabaseReport {
            row_locks,
            two_phase,
            replication,
            reshardings,
            relays,
        };
        (!is_empty).then_some(report)
    }
}
