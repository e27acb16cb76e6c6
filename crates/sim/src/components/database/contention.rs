//! Contention: the universal scalability law (Gunther 2007).

use crate::world::stretch;
use design::kinds::database as spec;

/// What work costs when more is done at once.
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

    /// Work that begins as the `count`th at once. It keeps the pace of that moment: who comes or
    /// goes later changes nothing about it.
    pub(super) fn stretch(&self, work: u64, count: u64) -> u64 {
        let (all, others) = (count as f64, count.saturating_sub(1) as f64);
        stretch(work, 1.0 + self.alpha * others + self.beta * all * others)
    }
}
