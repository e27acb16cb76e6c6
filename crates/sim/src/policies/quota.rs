//! Limits of retries besides their budget: gRPC's throttle and the quota of the AWS SDKs.

use crate::call::Cause;
use design::link::{RetryQuota, RetryThrottle};

/// gRPC's `retryThrottling` (proposal A6), in thousandths of a token as its implementations count:
/// a failed attempt takes one token, an answer adds some, and retries are allowed only while more
/// than half are left.
#[derive(Clone, Debug, PartialEq)]
pub struct Throttle {
    tokens: u64,
    most: u64,
    ratio: u64,
}

const TOKEN: u64 = 1_000;

impl Throttle {
    /// Returns it full.
    pub fn new(spec: &RetryThrottle) -> Self {
        let most = (spec.tokens * TOKEN as f64) as u64;
        Self {
            tokens: most,
            most,
            // Rounded up by half a thousandth: 0.1 is not a whole number of thousandths as a float.
            ratio: (spec.token_ratio * TOKEN as f64 + 0.5) as u64,
        }
    }

    /// Returns the same, full.
    #[must_use]
    pub fn refilled(self) -> Self {
        Self {
            tokens: self.most,
            ..self
        }
    }

    /// Takes new bounds and keeps the tokens, as far as they fit.
    pub fn rebound(&mut self, new: &Self) {
        *self = Self {
            tokens: self.tokens.min(new.most),
            ..new.clone()
        };
    }

    /// Takes the end of an attempt: an answer, or a retryable failure.
    pub fn record(&mut self, is_answer: bool) {
        self.tokens = if is_answer {
            (self.tokens + self.ratio).min(self.most)
        } else {
            self.tokens.saturating_sub(TOKEN)
        };
    }

    /// Returns whether a retry is allowed now.
    pub fn allows(&self) -> bool {
        self.tokens > self.most / 2
    }
}

/// The retry quota of the AWS SDKs' standard mode (botocore `retries/quota.py`): each retry takes
/// its cost, its answer returns that, and the answer to a first attempt adds a little.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    left: u32,
    spec: RetryQuota,
}

impl Quota {
    /// Returns it full.
    pub fn new(spec: &RetryQuota) -> Self {
        Self {
            left: spec.capacity,
            spec: spec.clone(),
        }
    }

    /// Returns the same, full.
    #[must_use]
    pub fn refilled(self) -> Self {
        Self::new(&self.spec)
    }

    /// Takes new bounds and keeps what is left, as far as it fits.
    pub fn rebound(&mut self, new: &Self) {
        *self = Self {
            left: self.left.min(new.spec.capacity),
            spec: new.spec.clone(),
        };
    }

    /// Returns the cost of a retry after this failure.
    pub fn cost(&self, cause: Cause) -> u32 {
        match cause {
            Cause::Timeout => self.spec.timeout_cost,
            Cause::Refused
            | Cause::Rejected
            | Cause::CircuitOpen
            | Cause::PoolTimeout
            | Cause::Unavailable
            | Cause::Error
            | Cause::Abandoned => self.spec.cost,
        }
    }

    /// Returns whether it can pay this.
    pub fn has(&self, cost: u32) -> bool {
        self.left >= cost
    }

    /// Pays this.
    pub fn take(&mut self, cost: u32) {
        self.left -= cost;
    }

    /// Takes an answer: the cost of its own retry is returned (`None` for a first attempt).
    pub fn answered(&mut self, took: Option<u32>) {
        let back = took.unwrap_or(self.spec.refund);
        self.left = self.left.saturating_add(back).min(self.spec.capacity);
    }
}
