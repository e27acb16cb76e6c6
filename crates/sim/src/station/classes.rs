//! Priority classes: the order of calls in one list.

use crate::call::Call;

/// No call of a class waits.
pub(super) const NOBODY: u32 = u32::MAX;

/// Operations by priority, and the last waiting call of each class. Waiting calls are in one list,
/// class after class, so the first of the list is always the next.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Classes {
    /// By operation; unlisted ones are in the last class.
    of: Vec<u32>,
    /// The last waiting call of each class.
    ends: Vec<u32>,
}

impl Classes {
    /// Returns this many classes; `of` has each operation's class by its index in the run.
    pub(super) fn new(of: Vec<u32>, classes: usize) -> Self {
        Self {
            of,
            ends: vec![NOBODY; classes.max(1)],
        }
    }

    /// Returns a call's class, the most urgent first. Health probes have no operation, and are in
    /// the last class.
    pub(super) fn of(&self, call: &Call) -> usize {
        let last = self.ends.len() - 1;
        let class = self.of.get(call.operation as usize);
        class.map_or(last, |class| (*class as usize).min(last))
    }

    /// Returns the call that a new call of a class is placed behind; none if it is the first.
    pub(super) fn before(&self, class: usize) -> u32 {
        let ends = self.ends[..=class].iter().rev();
        ends.copied().find(|end| *end != NOBODY).unwrap_or(NOBODY)
    }

    /// Returns the last waiting call of each class that has any, in order.
    pub(super) fn ends(&self) -> impl Iterator<Item = u32> {
        self.ends.iter().copied().filter(|end| *end != NOBODY)
    }

    pub(super) fn end(&self, class: usize) -> u32 {
        self.ends[class]
    }

    pub(super) fn set_end(&mut self, class: usize, slot: u32) {
        self.ends[class] = slot;
    }

    pub(super) fn clear(&mut self) {
        self.ends.fill(NOBODY);
    }
}
