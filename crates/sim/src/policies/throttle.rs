//! Adaptive throttling at the client (Google SRE book, "Handling Overload"): a caller that is often
//! rejected sends less.
//!
//! A call is refused immediately with probability max(0, (requests - K × accepts) / (requests +
//! 1)), both counted over a window. A call is accepted if the callee took it, even if it answered
//! with an `error`. Rejections are `rejected`, `refused`, `unavailable`, and timeouts.
//! Simplification: the window moves in 60 steps.

use super::rolling::Rolling;
use crate::agenda::Time;
use crate::call::{Cause, Outcome};

const BUCKETS: usize = 60;

/// The parameters of a throttle.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    k: f64,
    width: u64,
}

impl Spec {
    /// Returns the parameters of a link's throttle.
    pub fn new(spec: &design::link::AdaptiveThrottle) -> Self {
        Self {
            k: spec.k,
            width: (spec.window.0 / BUCKETS as u64).max(1),
        }
    }
}

/// One caller's counts: requests and accepts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdaptiveThrottle {
    counts: Rolling<2>,
}

impl AdaptiveThrottle {
    /// Counts a request that is about to be attempted. Returns the probability that it is refused,
    /// from the requests and accepts before it.
    pub fn ask(&mut self, spec: &Spec, now: Time) -> f64 {
        let [requests, accepts] = self.counts.sums(now, spec.width, BUCKETS);
        self.counts.add(now, spec.width, BUCKETS, [1, 0]);
        let (requests, accepts) = (requests as f64, accepts as f64);
        ((requests - spec.k * accepts) / (requests + 1.0)).max(0.0)
    }

    /// Counts the outcome of an attempt.
    pub fn record(&mut self, spec: &Spec, outcome: Outcome, now: Time) {
        let is_accepted = match outcome {
            Outcome::Ok | Outcome::Degraded | Outcome::Failed(Cause::Error) => true,
            Outcome::Failed(
                Cause::Timeout
                | Cause::Refused
                | Cause::Rejected
                | Cause::CircuitOpen
                | Cause::PoolTimeout
                | Cause::Unavailable
                | Cause::Abandoned,
            ) => false,
        };
        self.counts
            .add(now, spec.width, BUCKETS, [0, u32::from(is_accepted)]);
    }
}
