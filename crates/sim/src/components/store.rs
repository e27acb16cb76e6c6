//! The memory of a cache: keys in order of use (or of entry), found by hash.

use crate::data::Seen;
use hashbrown::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Hashes a key by one multiplication: the same on every machine, and never iterated over.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }
    fn write_u32(&mut self, key: u32) {
        let z = u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = z ^ (z >> 32);
    }
    fn write_u64(&mut self, key: u64) {
        let z = (key ^ (key >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = z ^ (z >> 32);
    }
}

#[derive(Clone, Debug)]
struct Entry {
    key: u32,
    newer: u32,
    older: u32,
    expires: u64,
    seen: Seen,
}

const NOBODY: u32 = u32::MAX;

/// Entries in an order; the last of it leaves when there are too many.
#[derive(Clone, Debug)]
pub(super) struct Store {
    places: HashMap<u32, u32, BuildHasherDefault<KeyHasher>>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            places: HashMap::default(),
            entries: Vec::new(),
            free: Vec::new(),
            newest: NOBODY,
            oldest: NOBODY,
        }
    }
}

impl Store {
    /// How many entries there are, expired ones included until they are met.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// What the value of a key is made of, if it is there and not expired; a use, where `touches` says so. An expired entry is
    /// removed.
    pub(super) fn look_up(&mut self, key: u32, now: u64, touches: bool) -> Option<Seen> {
        let place = *self.places.get(&key)?;
        if self.entries[place as usize].expires <= now {
            self.remove(key);
            return None;
        }
        if touches {
            self.unlink(place);
            self.link_newest(place);
        }
        Some(self.entries[place as usize].seen)
    }

    /// Puts a key in, as the newest, and lets the oldest go where there are more than `capacity`.
    pub(super) fn insert(&mut self, key: u32, seen: Seen, expires: u64, capacity: Option<u32>) {
        self.remove(key);
        let entry = Entry {
            key,
            newer: NOBODY,
            older: NOBODY,
            expires,
            seen,
        };
        let place = match self.free.pop() {
            Some(place) => {
                self.entries[place as usize] = entry;
                place
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
        };
        self.places.insert(key, place);
        self.link_newest(place);
        self.shrink(capacity);
    }

    /// Lets the oldest go until there are at most `capacity`.
    pub(super) fn shrink(&mut self, capacity: Option<u32>) {
        while capacity.is_some_and(|capacity| self.places.len() > capacity as usize) {
            let oldest = self.entries[self.oldest as usize].key;
            self.remove(oldest);
        }
    }

    /// Takes a key out.
    pub(super) fn remove(&mut self, key: u32) {
        if let Some(place) = self.places.remove(&key) {
            self.unlink(place);
            self.free.push(place);
        }
    }

    /// Every entry that has not expired, in order of use.
    pub(super) fn entries(&self, now: u64) -> impl Iterator<Item = (u32, &Seen)> {
        let mut next = self.newest;
        let chain = std::iter::from_fn(move || {
            let entry = self.entries.get(next as usize)?;
            next = entry.older;
            Some(entry)
        });
        chain
            .filter(move |entry| entry.expires > now)
            .map(|entry| (entry.key, &entry.seen))
    }

    /// Takes all out.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn unlink(&mut self, place: u32) {
        let Entry { newer, older, .. } = self.entries[place as usize];
        match newer {
            NOBODY => self.newest = older,
            newer => self.entries[newer as usize].older = older,
        }
        match older {
            NOBODY => self.oldest = newer,
            older => self.entries[older as usize].newer = newer,
        }
    }

    fn link_newest(&mut self, place: u32) {
        let before = self.newest;
        self.entries[place as usize].newer = NOBODY;
        self.entries[place as usize].older = before;
        match before {
            NOBODY => self.oldest = place,
            before => self.entries[before as usize].newer = place,
        }
        self.newest = place;
    }
}

#[cfg(test)]
mod tests {
    use super::Store;
    use crate::data::Seen;

    #[test]
    fn the_least_recently_used_leaves_first() {
        let mut store = Store::default();
        for key in [1, 2, 3] {
            store.insert(key, Seen::NOTHING, 100, Some(3));
        }
        assert!(store.look_up(1, 0, true).is_some());
        store.insert(4, Seen::NOTHING, 100, Some(3));
        assert!(
            store.look_up(2, 0, true).is_none(),
            "2 was used longest ago"
        );
        assert!(
            [1, 3, 4]
                .iter()
                .all(|key| store.look_up(*key, 0, true).is_some())
        );
        assert_eq!(store.len(), 3);
    }

    #[test]
    fn entries_expire_and_places_are_used_again() {
        let mut store = Store::default();
        store.insert(1, Seen::NOTHING, 10, None);
        assert!(store.look_up(1, 9, true).is_some() && store.look_up(1, 10, true).is_none());
        for key in 0..1000 {
            store.insert(key, Seen::NOTHING, u64::MAX, Some(10));
        }
        assert_eq!((store.len(), store.entries.len() <= 12), (10, true));
    }
}
