//! What one member has of its shard, and what is on its way to it.

use crate::data::{OpId, Table};
use std::collections::{BTreeMap, VecDeque};

/// Versions by key; 0 is before the first write.
#[derive(Clone, Debug, Default)]
pub(in crate::components::database) struct Versions(Table<u32>);

impl Versions {
    pub(in crate::components::database) fn get(&self, key: u32) -> u32 {
        self.0.get(key).copied().unwrap_or(0)
    }

    pub(in crate::components::database) fn insert(&mut self, key: u32, version: u32) {
        *self.0.entry(key) = version;
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|(key, _)| key)
    }
}

/// A write, as members pass it on.
#[derive(Clone, Copy, Debug)]
pub(in crate::components::database) struct Write {
    pub(in crate::components::database) key: u32,
    pub(in crate::components::database) version: u32,
    /// The version that it replaced, where it was made.
    pub(in crate::components::database) over: u32,
    pub(in crate::components::database) made: u64,
    /// The same by the clock of the writer, which may be skewed.
    pub(in crate::components::database) stamp: i64,
    pub(in crate::components::database) op: OpId,
    /// Of a quorum: whether the member that it is kept for ran and was partitioned when it was
    /// made.
    pub(in crate::components::database) is_beside: bool,
    /// From another side of a partition that is over: a leader takes it over unless it has written
    /// since.
    pub(in crate::components::database) is_settled: bool,
}

/// Maximum number of writes kept one by one for an absent member; beyond it, only the newest of
/// each key is kept.
const BACKLOG_MAX: usize = 65_536;

/// Writes in the order they were made.
#[derive(Clone, Debug, Default)]
pub(in crate::components::database) struct Backlog {
    pub(in crate::components::database) list: Vec<Write>,
    /// With more writes than this, older ones of the same key are dropped.
    limit: usize,
}

impl Backlog {
    pub(in crate::components::database) fn push(&mut self, write: Write) {
        self.list.push(write);
        if self.list.len() > self.limit.max(BACKLOG_MAX) {
            self.thin();
        }
    }

    #[cold]
    fn thin(&mut self) {
        let mut newest: BTreeMap<u32, Write> = BTreeMap::new();
        for write in &self.list {
            let known = newest.entry(write.key).or_insert(*write);
            *known = Write {
                over: known.over,
                is_beside: known.is_beside | write.is_beside,
                ..*write
            };
        }
        self.list = newest.into_values().collect();
        self.list.sort_by_key(|write| (write.made, write.version));
        self.limit = 2 * self.list.len();
    }

    pub(in crate::components::database) fn take(&mut self) -> Vec<Write> {
        self.limit = 0;
        std::mem::take(&mut self.list)
    }
}

/// How far a member is in noticing and replacing a lost leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::components::database) enum Watch {
    /// It has a leader.
    Calm,
    /// It will notice the loss at a moment.
    Detects(u64),
    /// Another leader will be elected at a moment.
    Elects(u64),
    /// No member that it reaches can lead.
    Stuck,
}

/// What one member has of its shard.
#[derive(Clone, Debug)]
pub(in crate::components::database) struct Copy {
    pub(in crate::components::database) has: Versions,
    /// Writes that it will have, in order of time.
    pub(super) log: VecDeque<(u64, Write)>,
    /// Writes made while it could not be reached.
    pub(in crate::components::database) missed: Backlog,
    /// The leader it follows; itself if it leads.
    pub(in crate::components::database) leader: u32,
    /// Whether its leader's writes reach it.
    pub(in crate::components::database) is_reached: bool,
    pub(in crate::components::database) watch: Watch,
    /// Writes made here since another member has led beside it.
    pub(in crate::components::database) fork: Backlog,
}

impl Copy {
    pub(super) fn new(leader: u32) -> Self {
        Self {
            has: Versions::default(),
            log: VecDeque::new(),
            missed: Backlog::default(),
            leader,
            is_reached: true,
            watch: Watch::Calm,
            fork: Backlog::default(),
        }
    }

    pub(in crate::components::database) fn version(&self, key: u32) -> u32 {
        self.has.get(key)
    }

    /// Disconnects the member. Writes in transit are sent again once its leader reaches it.
    pub(in crate::components::database) fn disconnect(&mut self) {
        self.is_reached = false;
        let mut list: Vec<Write> = self.log.drain(..).map(|(_, write)| write).collect();
        list.append(&mut self.missed.list);
        self.missed.list = list;
    }

    /// Removes undone writes from those that are on their way to it or kept for it.
    pub(in crate::components::database) fn drop_undone(
        &mut self,
        is_undone: impl Fn(&Write) -> bool,
    ) {
        self.log.retain(|(_, write)| !is_undone(write));
        self.missed.list.retain(|write| !is_undone(write));
    }

    /// Returns what it has of a key once it has applied a write: without a leader, the newest.
    pub(super) fn after(&self, write: &Write, before: u32, member: u32, is_quorum: bool) -> u32 {
        let leads = self.leader == member;
        match is_quorum {
            true => before.max(write.version),
            false if write.is_settled && leads && before != write.over => before,
            false => write.version,
        }
    }

    /// Returns when the oldest write was made that it does not have yet.
    pub(super) fn lacks_since(&self, now: u64) -> Option<u64> {
        let on_its_way = self.log.iter().find(|(at, _)| *at > now);
        let on_its_way = on_its_way.map(|(_, write)| write);
        let oldest = on_its_way.into_iter().chain(self.missed.list.first());
        oldest.map(|write| write.made).min()
    }

    /// Returns the number of writes that it does not have yet.
    pub(in crate::components::database) fn lacks(&self) -> usize {
        self.log.len() + self.missed.list.len()
    }
}
