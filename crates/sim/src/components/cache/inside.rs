//! The view of a cache's contents.

use super::Cache;
use crate::agenda::Time;
use crate::data::Seen;

/// An entry, as the page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryView {
    /// The key.
    pub key: u32,
    /// Time since it was filled, in ns.
    pub age: u64,
    /// Time until it expires, in ns; 0 if it has expired, `None` if it never expires.
    pub expires_in: Option<u64>,
    /// Look-ups that it answered since it was filled; an entry with 0 was never read.
    pub hits: u32,
    /// What its value is made of: versions of the key, by store.
    pub seen: Seen,
}

impl Cache {
    /// Returns the first entries, at most this many. The next to be evicted would be the last of
    /// all.
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

    /// Returns the versions that it could still serve.
    pub(crate) fn versions(&self, now: Time) -> impl Iterator<Item = (u32, &Seen)> {
        self.store.entries(now)
    }

    /// Returns the number of entries that may be served.
    pub fn live(&self, now: Time) -> usize {
        self.store.live(now)
    }

    /// Returns the number of fills that were never read, of present entries and of evicted ones.
    pub fn never_read(&self) -> u64 {
        self.store.never_read()
    }

    /// Returns the number of evictions and of fills.
    pub fn turnover(&self) -> (u64, u64) {
        (self.store.evictions, self.store.fills)
    }
}
