//! What a database counted beyond its calls and slots.

use super::*;
use crate::measure::{Gauge, Histogram};

impl Database {
    /// Writes that wait for a row, and how long those measured did; where rows are locked at all.
    pub fn row_locks(&self) -> Option<(&Gauge, &Histogram)> {
        let locks = &self.members.locks;
        let is_used = self.members.has_row_locks || locks.waits.count() > 0;
        is_used.then_some((&locks.waiting, &locks.waits))
    }

    /// The gauges beyond those of the stations.
    pub fn gauge_mut(&mut self) -> &mut Gauge {
        &mut self.members.locks.waiting
    }

    /// Cross-shard writes that committed and that did not (measured), where there were any.
    pub fn two_phase(&self) -> Option<[u64; 2]> {
        let fronts = &self.members.fronts;
        let counts = [fronts.committed, fronts.aborted];
        (counts != [0, 0]).then_some(counts)
    }

    /// Everything counted, for the hash of a run.
    pub fn words(&self, now: u64) -> impl Iterator<Item = u64> {
        let (locks, fronts) = (&self.members.locks, &self.members.fronts);
        let waiting = locks.waiting.area(now) as u64;
        [waiting, fronts.committed, fronts.aborted]
            .into_iter()
            .filter(|word| *word > 0)
    }
}
