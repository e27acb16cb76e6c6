//! Adaptive throttling at the client (Google SRE book, "Handling Overload"): who is turned away
//! often asks less.
//!
//! A call is refused at once with probability max(0, (requests - K × accepts) / (requests + 1)),
//! both counted over a window. Accepted is what the callee took up, whatever it answered: an
//! `error` too. Turned away are `rejected`, `refused`, `unavailable`, and what got no answer in
//! time. Simplification: the window moves in 60 steps.

use super::rolling::Rolling;
use crate::agenda::Time;
use crate::call::{Cause, Outcome};

const BUCKETS: usize = 60;

/// What a throttle is set to.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    k: f64,
    width: u64,
}

impl Spec {
    /// Of a link.
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
    /// Counts a request that is about to be tried, and gives the probability that it is refused:
    /// of the requests and accepts before it.
    pub fn ask(&mut self, spec: &Spec, now: Time) -> f64 {
        let [requests, accepts] = self.counts.sums(now, spec.width, BUCKETS);
        self.counts.add(now, spec.width, BUCKETS, [1, 0]);
        let (requests, accepts) = (requests as f64, accepts as f64);
        ((requests - spec.k * accepts) / (requests + 1.0)).max(0.0)
    }

    /// Counts how an attempt ended.
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
