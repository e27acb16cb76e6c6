//! Loads in progress, by key, and the look-ups that wait for them.
//!
//! At a read-through cache, a flight is the one load of a key. At a look-aside cache, it is the
//! lease of the caller that received the miss and loads the key.

use super::super::store::ByKey;
use crate::agenda::Time;
use crate::call::CallId;

/// A load in progress.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    /// The record that loads (read-through), or whose timer ends the lease (look-aside).
    pub(super) job: CallId,
    /// When it began.
    pub(super) since: Time,
    /// Whether the cache itself loads.
    pub(super) is_load: bool,
    first: u32,
    last: u32,
}

/// Loads in progress, and the look-ups that wait for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Flights {
    by_key: ByKey<Flight>,
    /// The waiting look-ups, linked.
    waiters: Vec<(CallId, u32)>,
    free: Vec<u32>,
}

const NOBODY: u32 = u32::MAX;

impl Flights {
    /// Returns the flight of a key.
    pub(super) fn get(&self, key: u32) -> Option<&Flight> {
        self.by_key.get(&key)
    }

    /// Begins a flight.
    pub(super) fn begin(&mut self, key: u32, job: CallId, since: Time, is_load: bool) {
        let flight = Flight {
            job,
            since,
            is_load,
            first: NOBODY,
            last: NOBODY,
        };
        self.by_key.insert(key, flight);
    }

    /// Continues a flight whose lease went to another caller.
    pub(super) fn resume(&mut self, key: u32, flight: Flight) {
        self.by_key.insert(key, flight);
    }

    /// Makes a look-up wait for the flight of its key.
    pub(super) fn wait(&mut self, key: u32, id: CallId) {
        let Some(flight) = self.by_key.get_mut(&key) else {
            return;
        };
        let at = match self.free.pop() {
            Some(at) => {
                self.waiters[at as usize] = (id, NOBODY);
                at
            }
            None => {
                self.waiters.push((id, NOBODY));
                self.waiters.len() as u32 - 1
            }
        };
        match flight.last {
            NOBODY => flight.first = at,
            last => self.waiters[last as usize].1 = at,
        }
        flight.last = at;
    }

    /// Ends a flight and returns it with its waiting look-ups, for [`Self::take_next`].
    pub(super) fn end(&mut self, key: u32) -> Option<Flight> {
        self.by_key.remove(&key)
    }

    /// Returns the first look-up that waits for a flight that ended.
    pub(super) fn take_next(&mut self, flight: &mut Flight) -> Option<CallId> {
        (flight.first != NOBODY).then(|| {
            let (id, next) = self.waiters[flight.first as usize];
            self.free.push(flight.first);
            flight.first = next;
            if next == NOBODY {
                // Later look-ups may still wait for a flight that continues.
                flight.last = NOBODY;
            }
            id
        })
    }

    /// Returns the keys of some flights, in order.
    pub(super) fn keys_where(&self, is_meant: impl Fn(u32) -> bool) -> Vec<u32> {
        let keys = self.by_key.keys().copied();
        let mut keys: Vec<u32> = keys.filter(|key| is_meant(*key)).collect();
        // The order of the map must not decide anything.
        keys.sort_unstable();
        keys
    }

    /// Forgets all flights.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
