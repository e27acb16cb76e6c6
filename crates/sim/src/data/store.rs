//! The store of truth: what was committed to each key of a database, and when a client knew it.
//!
//! Only the part of the history that a judgment may need is kept: the number of the last version,
//! the present one, and the moments from which a version was known to be stale. Moments that no
//! holder of an old version needs are removed ([`super::sweep`]).

use super::row::OpId;
use super::table::Table;
use crate::agenda::Time;
use crate::components::KeyHasher;
use crate::event::NodeIx;
use hashbrown::HashMap;
use std::hash::BuildHasherDefault;

/// A version that its writer's client knows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Acknowledged {
    pub(super) version: u32,
    pub(super) at: Time,
}

/// A key of an owning store.
#[derive(Clone, Debug, Default)]
pub(super) struct Key {
    /// The number of the last version committed.
    pub(super) last: u32,
    /// The present version: the last one, unless a failover lost it.
    pub(super) standing: u32,
    /// The newest acknowledged version; 0 if there is none.
    pub(super) newest: Acknowledged,
    /// Older acknowledged versions, in order of time and version.
    pub(super) older: Vec<Acknowledged>,
}

impl Key {
    /// Returns when a version newer than this one was first acknowledged.
    fn first_newer(&self, version: u32) -> Option<Time> {
        if self.newest.version <= version {
            return None;
        }
        let place = self.older.partition_point(|ack| ack.version <= version);
        Some(self.older.get(place).unwrap_or(&self.newest).at)
    }
}

/// A key of a copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Copied {
    /// Its version of the owner.
    pub(super) version: u32,
    /// Or a write that the owner does not have (yet).
    pub(super) ahead: OpId,
}

impl Default for Copied {
    fn default() -> Self {
        Self {
            version: 0,
            ahead: OpId::NONE,
        }
    }
}

/// The operation of a client that was created last among those applied to a key.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Latest {
    made: Time,
    number: u64,
}

/// A database's data.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// Whether its database is part of the design.
    pub(super) is_present: bool,
    /// The owner whose data it copies; `None` for an owner.
    pub(super) copy_of: Option<u16>,
    /// Whether each id is applied only once.
    pub(super) has_unique_ids: bool,
    pub(super) keys: Table<Key>,
    pub(super) copied: Table<Copied>,
    latest: HashMap<u64, Latest, BuildHasherDefault<KeyHasher>>,
    /// Number of committed versions, over all keys.
    pub(super) commits: u64,
    /// Number of `older` entries, over all keys.
    pub(super) older: usize,
}

impl Store {
    pub(super) fn new() -> Self {
        Self {
            is_present: false,
            copy_of: None,
            has_unique_ids: false,
            keys: Table::default(),
            copied: Table::default(),
            latest: HashMap::default(),
            commits: 0,
            older: 0,
        }
    }

    /// Makes the next version of a key.
    pub(super) fn commit(&mut self, key: u32) -> u32 {
        let key = self.keys.entry(key);
        key.last += 1;
        key.standing = key.last;
        self.commits += 1;
        key.last
    }

    /// Restores an older version of a key.
    pub(super) fn put_back(&mut self, key: u32, version: u32) {
        let key = self.keys.entry(key);
        key.standing = version.min(key.standing);
    }

    /// Returns the present version of a key; 0 if it was never written.
    pub(super) fn standing(&self, key: u32) -> u32 {
        if self.commits == 0 {
            return 0;
        }
        self.keys.get(key).map_or(0, |key| key.standing)
    }

    /// Notes that a client knows a version. A version that is known later than a newer one has no
    /// effect.
    pub(super) fn acknowledge(&mut self, key: u32, version: u32, at: Time) {
        let key = self.keys.entry(key);
        if version <= key.newest.version {
            return;
        }
        if key.newest.version > 0 {
            key.older.push(key.newest);
            self.older += 1;
        }
        key.newest = Acknowledged { version, at };
    }

    /// Returns when a version newer than this one was first acknowledged.
    pub(super) fn first_newer(&self, key: u32, version: u32) -> Option<Time> {
        self.keys.get(key)?.first_newer(version)
    }

    /// Adds every law of the store that does not hold.
    pub(super) fn check(&self, name: &str, broken: &mut Vec<String>) {
        let mut versions = 0;
        for (key, state) in self.keys.iter() {
            versions += u64::from(state.last);
            let mut known: Vec<_> = state.older.iter().collect();
            known.push(&state.newest);
            let is_in_order = known
                .windows(2)
                .all(|pair| pair[0].version < pair[1].version && pair[0].at <= pair[1].at);
            if !is_in_order || state.newest.version > state.last || state.standing > state.last {
                broken.push(format!(
                    "{name}: the versions of key {key} are out of order"
                ));
            }
        }
        if versions != self.commits {
            broken.push(format!(
                "{name}: {} writes applied, {versions} versions",
                self.commits
            ));
        }
    }

    /// Notes that an operation of a client is applied to a key. Returns whether it comes too late:
    /// the client had finished it before it created another that was applied before.
    pub(super) fn overtaken(
        &mut self,
        key: u32,
        client: NodeIx,
        (made, number): (Time, u64),
        ended: Time,
    ) -> bool {
        let place = u64::from(client.0) << 32 | u64::from(key);
        let mine = Latest { made, number };
        let latest = self.latest.entry(place).or_insert(mine);
        if mine > *latest {
            *latest = mine;
        }
        latest.number > number && ended <= latest.made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_out_of_date_from_the_first_newer_acknowledgement_on() {
        let mut store = Store::new();
        for _ in 0..4 {
            store.commit(9);
        }
        assert_eq!(store.first_newer(9, 0), None, "nobody knows of any");
        store.acknowledge(9, 2, 100);
        store.acknowledge(9, 1, 150);
        store.acknowledge(9, 4, 200);
        store.acknowledge(9, 3, 300);
        let first_newer = |version| store.first_newer(9, version);
        assert_eq!(first_newer(0), Some(100));
        assert_eq!(first_newer(1), Some(100), "2 was known first");
        assert_eq!(first_newer(2), Some(200));
        assert_eq!(first_newer(3), Some(200));
        assert_eq!(first_newer(4), None);
        assert_eq!(store.first_newer(8, 0), None);
    }
}
