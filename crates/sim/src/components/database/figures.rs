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
    pub fn gauges_mut(&mut self) -> impl Iterator<Item = &mut Gauge> {
        let members = &mut *self.members;
        let relays = members.relays.iter_mut().map(|relay| &mut relay.level);
        std::iter::once(&mut members.locks.waiting).chain(relays)
    }

    /// What publishes its writes, each with its link.
    pub fn relays(&self) -> impl Iterator<Item = (LinkIx, &Relay)> {
        let relays = self.members.relays.iter();
        relays.map(|relay| (relay.link, relay))
    }

    /// Cross-shard writes that committed and that did not (measured), where there were any.
    pub fn two_phase(&self) -> Option<[u64; 2]> {
        let fronts = &self.members.fronts;
        let counts = [fronts.committed, fronts.aborted];
        (counts != [0, 0]).then_some(counts)
    }

    /// Times that another member took over, writes undone, and how far followers were behind
    /// (measured); where there are any copies.
    pub fn replication(&self) -> Option<(u64, u64, &Histogram)> {
        let replication = self.members.replication.as_ref()?;
        Some((
            replication.failovers,
            replication.undone,
            &replication.lag_ns,
        ))
    }

    /// How long its copy that is furthest behind has lacked a write, in ns.
    pub fn behind(&self, now: u64) -> u64 {
        let replication = self.members.replication.as_ref();
        replication.map_or(0, |replication| replication.behind(now))
    }

    /// The shard of a member, whether the member leads it, and how long it has lacked a write, in
    /// ns. A shard of one copy has no leader.
    pub fn member(&self, member: u32, now: u64) -> (u32, bool, u64) {
        match self.members.replication.as_ref() {
            Some(replication) => replication.member(member, now),
            None => (member, false, 0),
        }
    }

    /// Reshardings, in the order they began; the last hundred.
    pub(crate) fn reshardings(&self) -> &[Resharding] {
        &self.members.resharding.runs
    }

    /// When a resharding that began at a moment or later had moved its last key; none while one is
    /// under way.
    pub(crate) fn resharded_at(&self, since: u64) -> Option<u64> {
        let mut runs = self.reshardings().iter();
        let run = runs.find(|run| run.began >= since)?;
        run.ended
    }

    /// Connections of each member by the books, and by who is there.
    pub(crate) fn connections(&self, cx: &World) -> Option<[Vec<u32>; 2]> {
        let known = &self.members.connected;
        (!self.is_plain).then(|| [known.clone(), self.connections_held(cx)])
    }
}
