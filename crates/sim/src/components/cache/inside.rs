//! Looking into a cache.

use super::Cache;
use crate::agenda::Time;
use crate::data::Seen;

/// An entry, as a person sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryView {
    /// The key.
    pub key: u32,
    /// Time since it was filled, in ns.
    pub age: u64,
    /// Time until it expires, in ns; 0 where it has, `None` where it never does.
    pub expires_in: Option<u64>,
    /// Look-ups it answered since it was filled; 0 is an entry that nobody has read.
    pub hits: u32,
    /// What its value is made of: versions of the key, by store.
    pub seen: Seen,
}

impl Cache {
    /// The first entries, at most so many; the next to leave would stand at the end of all.
    pub fn look_inside(&self, now: Time, most: usize) -> Vec<EntryView> {
        let view = |entry: &super::super::store::Entry| EntryView {
            key: entry.key,
            age: now - entry.filled,
            expires_in: (entry.expires != Time::MAX).then(|| entry.expires.saturating_sub(now)),
            hits: entry.hits,
            seen: entry.seen,
        };
        self.store.first(most).map(view).collect()
    }

    /// The versions it could still serve.
    pub(crate) fn versions(&self, now: Time) -> impl Iterator<Item = (u32, &Seen)> {
        self.store.entries(now)
    }

    /// Entries that may be served.
    pub fn live(&self, now: Time) -> usize {
        self.store.live(now)
    }

    /// Fills that nobody read, of entries that are there and of those that are gone.
    pub fn never_read(&self) -> u64 {
        self.store.never_read()
    }

    /// Entries that left for want of room, and fills.
    pub fn turnover(&self) -> (u64, u64) {
        (self.store.evictions, self.store.fills)
    }
}
