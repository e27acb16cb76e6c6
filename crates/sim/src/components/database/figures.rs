//! What a database counted beyond its calls and slots.

use super::*;
use crate::measure::{Gauge, Histogram};

impl Database {
    /// Returns the writes that wait for a row, and how long the measured ones waited; `None` if
    /// rows are not locked.
    pub fn row_locks(&self) -> Option<(&Gauge, &Histogram)> {
        let locks = &self.members.locks;
        let is_used = self.members.has_row_locks || locks.waits.count() > 0;
        is_used.then_some((&locks.waiting, &locks.waits))
    }

    /// Returns the gauges beyond those of the stations.
    pub fn gauges_mut(&mut self) -> impl Iterator<Item = &mut Gauge> {
        let members = &mut *self.members;
        let relays = members.relays.iter_mut().map(|relay| &mut relay.level);
        std::iter::once(&mut members.locks.waiting).chain(relays)
    }

    /// Returns the relays that publish its writes, each with its link.
    pub fn relays(&self) -> impl Iterator<Item = (LinkIx, &Relay)> {
        let relays = self.members.relays.iter();
        relays.map(|relay| (relay.link, relay))
    }

    /// Returns the number of cross-shard writes that committed and that did not (measured), if
    /// there were any.
    pub fn two_phase(&self) -> Option<[u64; 2]> {
        let fronts = &self.members.fronts;
        let counts = [fronts.committed, fronts.aborted];
        (counts != [0, 0]).then_some(counts)
    }

    /// Returns the number of failovers, the number of undone writes, and the lag of followers
    /// (measured), if there are copies.
    pub fn replication(&self) -> Option<(u64, u64, &Histogram)> {
        let replication = self.members.replication.as_ref()?;
        Some((
            replication.failovers,
            replication.undone,
            &replication.lag_ns,
        ))
    }

    /// Returns how long its furthest lagging copy has lacked a write, in ns.
    pub fn behind(&self, now: u64) -> u64 {
        let replication = self.members.replication.as_ref();
        replication.map_or(0, |replication| replication.behind(now))
    }

    /// Returns the shard of a member, whether the member leads it, and how long it has lacked a
    /// write, in ns. A shard with one copy has no leader.
    pub fn member(&self, member: u32, now: u64) -> (u32, bool, u64) {
        match self.members.replication.as_ref() {
            Some(replication) => replication.member(member, now),
            None => (member, false, 0),
        }
    }

    /// Returns the reshardings, in the order in which they began; the last hundred.
    pub(crate) fn reshardings(&self) -> &[Resharding] {
        &self.members.resharding.runs
    }

    /// Returns when a resharding that began at a moment or later had moved its last key; `None`
    /// while one is in progress.
    pub(crate) fn resharded_at(&self, since: u64) -> Option<u64> {
        let mut runs = self.reshardings().iter();
        let run = runs.find(|run| run.began >= since)?;
        run.ended
    }

    /// Returns the connections of each member as counted, and as found in the calls that are there.
    pub(crate) fn connections(&self, cx: &World) -> Option<[Vec<u32>; 2]> {
        let known = &self.members.connected;
        (!self.is_plain).then(|| [known.clone(), self.connections_held(cx)])
    }
}
