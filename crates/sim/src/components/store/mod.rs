//! The memory of a cache: entries found by hash, in eviction order.
//!
//! Every eviction policy is exact, where products sample: least recently used, least often used
//! (while in the cache; of equals the least recently used), first in first out, random, and SIEVE
//! (Zhang et al., NSDI 2024). All are O(1) per operation, SIEVE's hand on average.

mod frequencies;
mod list;

use crate::agenda::Time;
use crate::data::Seen;
use crate::random::Stream;
use design::kinds::cache::Eviction;
use frequencies::Frequencies;
use hashbrown::HashMap;
use list::{List, NOBODY};
use std::hash::{BuildHasherDefault, Hasher};

/// Hashes a key by one multiplication. It is the same on every machine, and maps with it are never
/// iterated over.
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

/// A map by key that is never iterated over.
pub(super) type ByKey<T> = HashMap<u32, T, BuildHasherDefault<KeyHasher>>;

/// What a cache holds of a key.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: u32,
    newer: u32,
    older: u32,
    /// Least often used: its group. Random: its index among the members.
    group: u32,
    /// When it was filled.
    pub(super) filled: Time,
    /// When it expires.
    pub(super) expires: Time,
    /// How long it may be served, in ns: from its fill, or from its last use.
    pub(super) lifetime: u64,
    /// How long it took to load, in ns, if that is needed.
    pub(super) load: u64,
    /// Look-ups that it answered since it was filled.
    pub(super) hits: u32,
    /// The versions that its value is made of.
    pub(super) seen: Seen,
    /// SIEVE: whether it was used since the hand passed.
    is_visited: bool,
}

/// A value for a cache.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    /// The versions it is made of.
    pub(super) seen: Seen,
    /// How long it may be served, in ns.
    pub(super) lifetime: u64,
    /// How long it took to load, in ns.
    pub(super) load: u64,
}

/// The entries, and the eviction policy.
#[derive(Clone, Debug)]
pub(super) struct Store {
    eviction: Eviction,
    places: ByKey<u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    list: List,
    /// SIEVE: where the next search begins.
    hand: u32,
    frequencies: Box<Frequencies>,
    members: Vec<u32>,
    random: Stream,
    /// Number of evictions for lack of room.
    pub(super) evictions: u64,
    /// Number of fills, repeated keys included.
    pub(super) fills: u64,
    /// Number of fills that were evicted or replaced before they were read.
    never_read: u64,
}

impl Store {
    /// Returns an empty store; random eviction draws from this stream.
    pub(super) fn new(eviction: Eviction, random: Stream) -> Self {
        Self {
            eviction,
            places: ByKey::default(),
            entries: Vec::new(),
            free: Vec::new(),
            list: List::default(),
            hand: NOBODY,
            frequencies: Box::default(),
            members: Vec::new(),
            random,
            evictions: 0,
            fills: 0,
            never_read: 0,
        }
    }

    /// Returns the number of entries, including expired ones that have not been accessed since.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Returns the number of entries that have not expired.
    pub(super) fn live(&self, now: Time) -> usize {
        self.occupied().filter(|entry| entry.expires > now).count()
    }

    /// Returns the number of fills that were never read, of present entries and of removed ones.
    pub(super) fn never_read(&self) -> u64 {
        self.never_read + self.occupied().filter(|entry| entry.hits == 0).count() as u64
    }

    /// Returns every entry that has not expired.
    pub(super) fn entries(&self, now: Time) -> impl Iterator<Item = (u32, &Seen)> {
        self.occupied()
            .filter(move |entry| entry.expires > now)
            .map(|entry| (entry.key, &entry.seen))
    }

    fn occupied(&self) -> impl Iterator<Item = &Entry> {
        let is_there = |place: u32, entry: &Entry| self.places.get(&entry.key) == Some(&place);
        self.entries
            .iter()
            .enumerate()
            .filter(move |(place, entry)| is_there(*place as u32, entry))
            .map(|(_, entry)| entry)
    }

    /// Returns the place of a key, expired or not.
    #[inline]
    pub(super) fn find(&self, key: u32) -> Option<u32> {
        self.places.get(&key).copied()
    }

    /// Returns the entry in a place.
    #[inline]
    pub(super) fn entry(&self, place: u32) -> &Entry {
        &self.entries[place as usize]
    }

    /// Returns the entry in a place.
    #[inline]
    pub(super) fn entry_mut(&mut self, place: u32) -> &mut Entry {
        &mut self.entries[place as usize]
    }

    /// Counts a look-up that an entry answers.
    #[inline]
    pub(super) fn read(&mut self, place: u32) {
        let entry = &mut self.entries[place as usize];
        entry.hits = entry.hits.saturating_add(1);
        self.touch(place);
    }

    #[inline]
    fn touch(&mut self, place: u32) {
        match self.eviction {
            Eviction::Lru if self.list.newest == place => {}
            Eviction::Lru => {
                self.list.unlink(place, &mut self.entries);
                self.list.link_newest(place, &mut self.entries);
            }
            Eviction::Lfu => self.frequencies.touch(place, &mut self.entries),
            Eviction::Sieve => self.entries[place as usize].is_visited = true,
            Eviction::Fifo | Eviction::Random => {}
        }
    }

    /// Adds a key. An existing one keeps its place in the order and counts as used; for a new one,
    /// others are evicted if there would be more than `capacity`.
    pub(super) fn fill(&mut self, key: u32, now: Time, value: Value, capacity: Option<u32>) {
        let Value {
            seen,
            lifetime,
            load,
        } = value;
        self.fills += 1;
        let expires = now.saturating_add(lifetime);
        if let Some(place) = self.find(key) {
            let entry = &mut self.entries[place as usize];
            self.never_read += u64::from(entry.hits == 0);
            (entry.filled, entry.expires, entry.lifetime) = (now, expires, lifetime);
            (entry.load, entry.hits, entry.seen) = (load, 0, seen);
            return self.touch(place);
        }
        self.shrink(capacity.map(|capacity| capacity.max(1) - 1));
        let entry = Entry {
            key,
            newer: NOBODY,
            older: NOBODY,
            group: NOBODY,
            filled: now,
            expires,
            lifetime,
            load,
            hits: 0,
            seen,
            is_visited: false,
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
        match self.eviction {
            Eviction::Lru | Eviction::Fifo | Eviction::Sieve => {
                self.list.link_newest(place, &mut self.entries);
            }
            Eviction::Lfu => self.frequencies.add(place, &mut self.entries),
            Eviction::Random => self.join(place),
        }
    }

    /// Steps the clock of expiry forward (or back): entries expire that much sooner. Expired
    /// entries stay expired.
    #[cold]
    pub(super) fn step_clock(&mut self, step: i64, now: Time) {
        for entry in &mut self.entries {
            if entry.expires < Time::MAX && (entry.expires > now || step > 0) {
                entry.expires = entry
                    .expires
                    .saturating_add_signed(-step)
                    .min(Time::MAX - 1);
            }
        }
    }

    /// Shortens the lifetime of every entry to the one drawn for it, if that is shorter.
    #[cold]
    pub(super) fn shorten(&mut self, mut lifetime: impl FnMut() -> u64) {
        for (place, entry) in self.entries.iter_mut().enumerate() {
            if self.places.get(&entry.key) != Some(&(place as u32)) {
                continue;
            }
            let lifetime = lifetime();
            if lifetime >= entry.lifetime {
                continue;
            }
            entry.expires = match entry.expires {
                Time::MAX => entry.filled.saturating_add(lifetime),
                expires => expires.saturating_sub(entry.lifetime - lifetime),
            };
            entry.lifetime = lifetime;
        }
    }

    /// Evicts entries until there are at most `capacity`.
    pub(super) fn shrink(&mut self, capacity: Option<u32>) {
        while capacity.is_some_and(|capacity| self.places.len() > capacity as usize) {
            let Some(place) = self.victim() else { return };
            self.evictions += 1;
            self.remove(place);
        }
    }

    /// Returns the next victim.
    fn victim(&mut self) -> Option<u32> {
        match self.eviction {
            Eviction::Lru | Eviction::Fifo => Some(self.list.oldest),
            Eviction::Lfu => self.frequencies.victim(),
            Eviction::Random => {
                let at = self.random.below(self.members.len() as u64);
                self.members.get(at as usize).copied()
            }
            Eviction::Sieve => Some(self.sieve()),
        }
    }

    /// Moves the hand from old to new, and round again: entries used since it last passed stay.
    fn sieve(&mut self) -> u32 {
        loop {
            if self.hand == NOBODY {
                self.hand = self.list.oldest;
            }
            let place = self.hand;
            let entry = &mut self.entries[place as usize];
            if !entry.is_visited {
                return place;
            }
            entry.is_visited = false;
            self.hand = entry.newer;
        }
    }

    /// Removes the entry in a place.
    pub(super) fn remove(&mut self, place: u32) {
        let entry = &self.entries[place as usize];
        self.never_read += u64::from(entry.hits == 0);
        self.places.remove(&entry.key);
        if self.hand == place {
            self.hand = entry.newer;
        }
        match self.eviction {
            Eviction::Lru | Eviction::Fifo | Eviction::Sieve => {
                self.list.unlink(place, &mut self.entries);
            }
            Eviction::Lfu => self.frequencies.remove(place, &mut self.entries),
            Eviction::Random => self.part(place),
        }
        self.free.push(place);
    }

    /// Removes the keys that match, in the order of their places.
    #[cold]
    pub(super) fn forget(&mut self, is_meant: impl Fn(u32) -> bool) {
        for place in 0..self.entries.len() as u32 {
            let key = self.entries[place as usize].key;
            if self.places.get(&key) == Some(&place) && is_meant(key) {
                self.remove(place);
            }
        }
    }

    /// Removes all entries.
    pub(super) fn clear(&mut self) {
        self.never_read = self.never_read();
        self.places.clear();
        self.entries.clear();
        self.free.clear();
        self.members.clear();
        (self.list, self.hand) = (List::default(), NOBODY);
        *self.frequencies = Frequencies::default();
    }

    fn join(&mut self, place: u32) {
        self.entries[place as usize].group = self.members.len() as u32;
        self.members.push(place);
    }

    fn part(&mut self, place: u32) {
        let at = self.entries[place as usize].group;
        self.members.swap_remove(at as usize);
        if let Some(moved) = self.members.get(at as usize) {
            self.entries[*moved as usize].group = at;
        }
    }

    /// Sets another eviction policy. Entries keep their order as far as the old policy had one.
    pub(super) fn set_eviction(&mut self, eviction: Eviction) {
        let is_list = |eviction| match eviction {
            Eviction::Lru | Eviction::Fifo | Eviction::Sieve => true,
            Eviction::Lfu | Eviction::Random => false,
        };
        let before = std::mem::replace(&mut self.eviction, eviction);
        if before == eviction || (is_list(before) && is_list(eviction)) {
            return;
        }
        let mut places = self.in_order_of(before, usize::MAX);
        (self.list, self.hand) = (List::default(), NOBODY);
        *self.frequencies = Frequencies::default();
        self.members.clear();
        places.reverse();
        let entries = &mut self.entries;
        match eviction {
            Eviction::Lru | Eviction::Fifo | Eviction::Sieve => {
                for place in places {
                    self.list.link_newest(place, entries);
                }
            }
            Eviction::Lfu => {
                places.sort_by_key(|place| entries[*place as usize].hits);
                for place in places {
                    let uses = u64::from(entries[place as usize].hits) + 1;
                    self.frequencies.append(place, uses, entries);
                }
            }
            Eviction::Random => places.into_iter().for_each(|place| self.join(place)),
        }
    }

    /// Returns the first of the entries; the next victim would be the last of all (with random
    /// eviction, in any order).
    pub(super) fn first(&self, most: usize) -> impl Iterator<Item = &Entry> {
        self.in_order_of(self.eviction, most)
            .into_iter()
            .map(|place| self.entry(place))
    }

    fn in_order_of(&self, eviction: Eviction, most: usize) -> Vec<u32> {
        match eviction {
            Eviction::Lru | Eviction::Fifo | Eviction::Sieve => {
                let next = |place: &u32| Some(self.entries.get(*place as usize)?.older);
                std::iter::successors(Some(self.list.newest), next)
                    .take_while(|place| *place != NOBODY)
                    .take(most)
                    .collect()
            }
            Eviction::Lfu => self.frequencies.places(&self.entries, most),
            Eviction::Random => self.members.iter().copied().take(most).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
