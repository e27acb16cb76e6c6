//! Token buckets by the generic cell rate algorithm: one moment per bucket.
//!
//! A bucket of `burst` tokens that fills at a rate admits a call if its theoretical arrival time is
//! not too far ahead of now (ITU-T I.371). Times are in 1/65536 ns, so that a rate that does not
//! divide a second keeps its long-run mean to 14 digits.

use crate::agenda::Time;
use crate::components::store::KeyHasher;
use design::kinds::service as spec;
use hashbrown::HashMap;
use std::hash::BuildHasherDefault;

/// Parts of a nanosecond.
const FRACTION: f64 = 65_536.0;
/// Below this number of buckets, a cleanup is not worth while.
const FEW: usize = 1_024;

/// The buckets of a service.
#[derive(Clone, Debug)]
pub(super) struct RateLimiter {
    spec: spec::RateLimit,
    /// Time per token.
    interval: u128,
    /// By replica and key, if these have buckets of their own. Full buckets need not be stored.
    buckets: HashMap<u64, u128, BuildHasherDefault<KeyHasher>>,
    /// Number of buckets at which full ones are removed.
    crowded: usize,
}

impl RateLimiter {
    /// Returns the rate limiter of the design; an unchanged one continues.
    pub(super) fn updated(old: Option<Self>, spec: Option<&spec::RateLimit>) -> Option<Self> {
        let spec = spec?;
        old.filter(|old| old.spec == *spec).or_else(|| {
            Some(Self {
                spec: spec.clone(),
                interval: libm::round(1e9 / spec.rate.0 * FRACTION) as u128,
                buckets: HashMap::default(),
                crowded: FEW,
            })
        })
    }

    /// Takes a token, if there is one. Returns whether there was.
    pub(super) fn admits(&mut self, replica: u32, key: u32, now: Time) -> bool {
        let replica = match self.spec.scope {
            spec::Scope::Replica => replica,
            spec::Scope::Service => 0,
        };
        let key = match self.spec.per {
            spec::Per::All => 0,
            spec::Per::Key => key,
        };
        let now = u128::from(now) << 16;
        if self.buckets.len() >= self.crowded {
            self.buckets.retain(|_, full_at| *full_at > now);
            self.crowded = (2 * self.buckets.len()).max(FEW);
        }
        let full_at = self
            .buckets
            .entry(u64::from(replica) << 32 | u64::from(key))
            .or_default();
        let ahead = (*full_at).saturating_sub(now);
        let admits = ahead <= u128::from(self.spec.burst - 1) * self.interval;
        if admits {
            *full_at = now + ahead + self.interval;
        }
        admits
    }

    /// Handles a replica that died, and removes its own buckets.
    pub(super) fn crash(&mut self, replica: u32) {
        if self.spec.scope == spec::Scope::Replica {
            self.buckets
                .retain(|bucket, _| bucket >> 32 != u64::from(replica));
        }
    }
}
