//! Contention: the universal scalability law (Gunther 2007).

use crate::world::stretch;
use design::kinds::database as spec;

/// The cost of concurrent work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Contention {
    alpha: f64,
    beta: f64,
}

impl Contention {
    pub(super) fn new(spec: &spec::Contention) -> Self {
        Self {
            alpha: spec.alpha,
            beta: spec.beta,
        }
    }

    /// Returns the time of work that begins as the `count`th concurrent one. It keeps the pace of
    /// that moment: later arrivals and departures do not change it.
    pub(super) fn stretch(&self, work: u64, count: u64) -> u64 {
        let (all, others) = (count as f64, count.saturating_sub(1) as f64);
        stretch(work, 1.0 + self.alpha * others + self.beta * all * others)
    }
}
