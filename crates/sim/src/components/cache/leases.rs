//! Lease tokens: a fill that an invalidation overtook is refused (Nishtala et al., Scaling Memcache
//! at Facebook, NSDI 2013).
//!
//! A caller who is told of a miss gets a token; whatever makes the key's value old voids it. Who a
//! fill is from says which token it has.

use super::super::store::{ByKey, KeyHasher};
use crate::agenda::Time;
use crate::call::CallId;
use hashbrown::HashMap;
use std::hash::BuildHasherDefault;

/// With so many, those that have run out are forgotten.
const FEW: usize = 1_024;

/// Tokens given and voided, each with its place in the order of both and its time.
#[derive(Clone, Debug, Default)]
pub(super) struct Leases {
    /// By key and the slot of the holder's record: with the generation of that.
    given: HashMap<u64, (u32, u64, Time), BuildHasherDefault<KeyHasher>>,
    voided: ByKey<(u64, Time)>,
    order: u64,
    /// All given up to here are void.
    void_until: u64,
}

fn place(key: u32, holder: CallId) -> u64 {
    u64::from(key) << 32 | u64::from(holder.slot)
}

impl Leases {
    /// A caller is told to load a key.
    pub(super) fn give(&mut self, key: u32, holder: CallId, now: Time, lasts: u64) {
        self.forget_old(now, lasts);
        self.order += 1;
        let token = (holder.generation, self.order, now);
        self.given.insert(place(key, holder), token);
    }

    /// The value of a key changed: tokens given until now are void.
    pub(super) fn void(&mut self, key: u32, now: Time, lasts: u64) {
        self.forget_old(now, lasts);
        self.order += 1;
        self.voided.insert(key, (self.order, now));
    }

    /// All tokens are void.
    pub(super) fn void_all(&mut self) {
        self.given.clear();
        self.voided.clear();
        self.void_until = self.order;
    }

    /// All tokens of some keys are void.
    pub(super) fn void_where(&mut self, is_meant: impl Fn(u32) -> bool) {
        self.given
            .retain(|place, _| !is_meant((place >> 32) as u32));
    }

    /// Whether a fill's token is good; it is used up.
    pub(super) fn redeem(&mut self, key: u32, holder: CallId, now: Time, lasts: u64) -> bool {
        let Some((generation, order, since)) = self.given.remove(&place(key, holder)) else {
            return false;
        };
        let voided = self.voided.get(&key).map_or(0, |(order, _)| *order);
        generation == holder.generation
            && order > voided.max(self.void_until)
            && now - since <= lasts
    }

    /// What ran out says nothing any more: no more is kept than tokens that may still be good.
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
