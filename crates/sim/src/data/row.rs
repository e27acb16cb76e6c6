//! What a call carries of data, beside its record: its intent and the versions of its answer.
//!
//! There is a row per record, kept only if the design writes. A call inherits the row of the job
//! that makes it, so that no component in between has to pass anything on.

use crate::call::{Call, CallId};
use crate::event::LinkIx;

/// An intent of a client: one operation, however often it is attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpId {
    pub(super) place: u32,
    pub(super) generation: u32,
}

impl OpId {
    /// No write of a client: a read, a probe.
    pub const NONE: Self = Self {
        place: u32::MAX,
        generation: 0,
    };
}

/// Maximum number of stores whose versions are known for an answer; of more, the first are judged.
const STORES: usize = 4;

/// No store.
const NOBODY: u16 = u16::MAX;

/// What an answer is made of: for each owning store, the (oldest) version of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    versions: [u32; STORES],
    stores: [u16; STORES],
}

impl Seen {
    /// No store.
    pub const NOTHING: Self = Self {
        versions: [0; STORES],
        stores: [NOBODY; STORES],
    };

    /// What a cache has from before any write: the first version of whatever it would load. The
    /// design determines what that is ([`super::reach`]).
    pub const FIRST: Self = Self {
        versions: [u32::MAX; STORES],
        stores: [NOBODY; STORES],
    };

    /// Returns a version of one store.
    pub fn of(store: u16, version: u32) -> Self {
        let mut seen = Self::NOTHING;
        (seen.stores[0], seen.versions[0]) = (store, version);
        seen
    }

    /// Sets the version of a store, whatever was known of it before.
    pub(super) fn tell(&mut self, store: u16, version: u32) {
        match self.stores.iter().position(|known| *known == store) {
            Some(place) => self.versions[place] = version,
            None => self.merge(&Self::of(store, version)),
        }
    }

    /// Merges what else an answer is made of. Of two versions of one store, the older counts.
    pub fn merge(&mut self, other: &Self) {
        for (store, version) in other.iter() {
            let place = self
                .stores
                .iter()
                .position(|known| *known == store || *known == NOBODY);
            let Some(place) = place else { return };
            self.versions[place] = match self.stores[place] {
                NOBODY => version,
                _ => self.versions[place].min(version),
            };
            self.stores[place] = store;
        }
    }

    /// Returns each store and its version.
    pub fn iter(&self) -> impl Iterator<Item = (u16, u32)> {
        let known = self.stores.iter().zip(&self.versions);
        known
            .take_while(|(store, _)| **store != NOBODY)
            .map(|(store, version)| (*store, *version))
    }
}

/// What travels with a message besides its operation and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Its intent.
    pub op: OpId,
    /// The number of the step within the intent.
    pub statement: u64,
    /// The number of the message: the same however often it is delivered. 0 if it has none yet.
    pub message: u64,
    /// The version it carries, if its publisher knew one.
    pub version: Seen,
}

impl Carried {
    /// A message without an intent.
    pub const NOTHING: Self = Self {
        op: OpId::NONE,
        statement: 0,
        message: 0,
        version: Seen::NOTHING,
    };
}

/// What a record carries of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// What it was created with, or what its message carried.
    pub(crate) carried: Carried,
    /// The versions of its answer, so far.
    pub(crate) seen: Seen,
    /// What was loaded for caches that had missed.
    pub(crate) loaded: Seen,
}

impl Row {
    pub(crate) const EMPTY: Self = Self {
        carried: Carried::NOTHING,
        seen: Seen::NOTHING,
        loaded: Seen::NOTHING,
    };
}

/// The rows of all records, by place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    /// Whether rows are kept.
    pub(crate) is_on: bool,
    rows: Vec<Row>,
}

impl Rows {
    /// Begins the row of a record. A retry is the same statement as what it repeats; so are a
    /// redelivered message and a call to any backend of a balancer.
    #[inline(never)]
    pub(crate) fn begin(&mut self, slot: u32, call: &Call, is_step: bool) {
        let mut row = Row::EMPTY;
        if call.parent != CallId::NONE {
            row.carried = self.get(call.parent.slot).carried;
        }
        if is_step && call.link != LinkIx::NONE {
            let step = u64::from(call.link.0) << 32 | u64::from(call.remaining);
            row.carried.statement = mix(row.carried.statement ^ mix(step));
        }
        *self.get_mut(slot) = row;
    }

    /// Returns the row of a place.
    pub(crate) fn get(&self, slot: u32) -> &Row {
        self.rows.get(slot as usize).unwrap_or(&Row::EMPTY)
    }

    /// Returns the row of a place.
    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut Row {
        let place = slot as usize;
        if self.rows.len() <= place {
            let room = (place + 1).next_power_of_two();
            self.rows.resize(room, Row::EMPTY);
        }
        &mut self.rows[place]
    }

    /// Merges what a call's answer saw into what the waiting job saw.
    #[inline(never)]
    pub(crate) fn pass_up(&mut self, call: CallId, job: CallId, is_load: bool) {
        let seen = self.get(call.slot).seen;
        if seen == Seen::NOTHING {
            return;
        }
        let row = self.get_mut(job.slot);
        row.seen.merge(&seen);
        if is_load {
            row.loaded.merge(&seen);
        }
    }
}

/// Scatters a number over all 64 bits (SplitMix64, Steele, Lea, Flood 2014).
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::Seen;

    #[test]
    fn the_oldest_version_of_each_store_counts() {
        let mut seen = Seen::of(3, 7);
        seen.merge(&Seen::of(1, 2));
        seen.merge(&Seen::of(3, 5));
        seen.merge(&Seen::of(3, 9));
        assert_eq!(seen.iter().collect::<Vec<_>>(), [(3, 5), (1, 2)]);
        for store in 10..20 {
            seen.merge(&Seen::of(store, 1));
        }
        assert_eq!(seen.iter().count(), 4, "and no more are kept");
    }
}
