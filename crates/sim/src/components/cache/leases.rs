//! Lease tokens: a fill that an invalidation overtook is refused (Nishtala et al., Scaling Memcache
//! at Facebook, NSDI 2013).
//!
//! A caller that receives a miss gets a token, and a change of the key's value voids it. The sender
//! of a fill identifies its token.

use super::super::store::{ByKey, KeyHasher};
use crate::agenda::Time;
use crate::call::CallId;
use hashbrown::HashMap;
use std::hash::BuildHasherDefault;

/// With more tokens than this, the expired ones are removed.
const FEW: usize = 1_024;

/// Issued and voided tokens, each with its place in their common order and its time.
#[derive(Clone, Debug, Default)]
pub(super) struct Leases {
    /// By key and the slot of the holder's record: with the generation of that.
    given: HashMap<u64, (u32, u64, Time), BuildHasherDefault<KeyHasher>>,
    voided: ByKey<(u64, Time)>,
    order: u64,
    /// All tokens issued up to here are void.
    void_until: u64,
}

fn place(key: u32, holder: CallId) -> u64 {
    u64::from(key) << 32 | u64::from(holder.slot)
}

impl Leases {
    /// Issues a token to a caller that loads a key.
    pub(super) fn give(&mut self, key: u32, holder: CallId, now: Time, lasts: u64) {
        self.forget_old(now, lasts);
        self.order += 1;
        let token = (holder.generation, self.order, now);
        self.given.insert(place(key, holder), token);
    }

    /// Voids the tokens of a key whose value changed.
    pub(super) fn void(&mut self, key: u32, now: Time, lasts: u64) {
        self.forget_old(now, lasts);
        self.order += 1;
        self.voided.insert(key, (self.order, now));
    }

    /// Voids all tokens.
    pub(super) fn void_all(&mut self) {
        self.given.clear();
        self.voided.clear();
        self.void_until = self.order;
    }

    /// Voids all tokens of some keys.
    pub(super) fn void_where(&mut self, is_meant: impl Fn(u32) -> bool) {
        self.given
            .retain(|place, _| !is_meant((place >> 32) as u32));
    }

    /// Uses up a fill's token and returns whether it is valid.
    pub(super) fn redeem(&mut self, key: u32, holder: CallId, now: Time, lasts: u64) -> bool {
        let Some((generation, order, since)) = self.given.remove(&place(key, holder)) else {
            return false;
        };
        let voided = self.voided.get(&key).map_or(0, |(order, _)| *order);
        generation == holder.generation
            && order > voided.max(self.void_until)
            && now - since <= lasts
    }

    /// Removes expired tokens, so that only tokens that may still be valid are kept.
    fn forget_old(&mut self, now: Time, lasts: u64) {
        if !(self.given.len() + self.voided.len()).is_power_of_two()
            || self.given.len() + self.voided.len() < FEW
        {
            return;
        }
        self.given.retain(|_, (.., since)| now - *since <= lasts);
        self.voided.retain(|_, (_, since)| now - *since <= lasts);
    }
}
