//! Classes of priority: who stands before whom in one chain.

use crate::call::Call;

/// Nobody of a class waits.
pub(super) const NOBODY: u32 = u32::MAX;

/// Operations by priority, and the last waiting call of each class. Waiting calls stand in one
/// chain, class after class, so the first of the chain is always the next.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Classes {
    /// By operation; what is not listed is in the last class.
    of: Vec<u32>,
    /// The last waiting call of each class.
    ends: Vec<u32>,
}

impl Classes {
    /// So many classes; each operation's class by its place in the run.
    pub(super) fn new(of: Vec<u32>, classes: usize) -> Self {
        Self {
            of,
            ends: vec![NOBODY; classes.max(1)],
        }
    }

    /// A call's class, the most urgent first. Health probes are of no operation, and of the last.
    pub(super) fn of(&self, call: &Call) -> usize {
        let last = self.ends.len() - 1;
        let class = self.of.get(call.operation as usize);
        class.map_or(last, |class| (*class as usize).min(last))
    }

    /// Whom a new call of a class stands behind; nobody where it comes first.
    pub(super) fn before(&self, class: usize) -> u32 {
        let ends = self.ends[..=class].iter().rev();
        ends.copied().find(|end| *end != NOBODY).unwrap_or(NOBODY)
    }

    /// The last waiting call of each class that has any, in order.
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
