//! What a node counted without telemetry: it was lost, or the node was down.

use super::{ByCause, Histogram};
use crate::world::NodeState;

/// The counters that telemetry carries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// Calls answered.
    pub completions: u64,
    /// Calls that failed.
    pub failures: ByCause,
    /// Response times.
    pub response: Histogram,
    /// Kept traces, and of those, the ones of failures.
    pub traces: [u64; 2],
}

impl Told {
    /// Returns everything that a node has counted.
    fn of(node: &NodeState) -> Self {
        let tally = &node.tally;
        let traces = node.traces.as_deref();
        Self {
            completions: tally.measured.completions,
            failures: tally.measured.failures,
            response: tally.response.clone(),
            traces: traces.map_or([0; 2], |traces| [traces.kept, traces.of_failures]),
        }
    }

    fn add(&mut self, other: &Self) {
        self.completions += other.completions;
        for (sum, more) in self.failures.iter_mut().zip(&other.failures) {
            *sum += more;
        }
        self.response.merge(&other.response);
        for (sum, more) in self.traces.iter_mut().zip(&other.traces) {
            *sum += more;
        }
    }

    /// Returns what was counted since `before`.
    fn since(mut self, before: &Self) -> Self {
        self.completions -= before.completions;
        for (sum, less) in self.failures.iter_mut().zip(&before.failures) {
            *sum -= less;
        }
        self.response.take_off(&before.response);
        for (sum, less) in self.traces.iter_mut().zip(&before.traces) {
            *sum -= less;
        }
        self
    }
}

/// What a node's operators never saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unheard {
    /// While it lasts: the counters when it began.
    begun: Option<Told>,
    lost: Told,
}

impl NodeState {
    /// Notes the beginning or end of missing telemetry. Must be called after anything that may have
    /// changed that.
    pub(crate) fn listen(&mut self) {
        let is_heard = !self.is_mute && self.runs();
        let was_heard = self
            .unheard
            .as_ref()
            .is_none_or(|unheard| unheard.begun.is_none());
        if is_heard == was_heard {
            return;
        }
        let now = Told::of(self);
        let unheard = self.unheard.get_or_insert_default();
        match unheard.begun.take() {
            None => unheard.begun = Some(now),
            Some(begun) => unheard.lost.add(&now.since(&begun)),
        }
    }

    /// Returns what reached the operators.
    pub(crate) fn told(&self) -> Told {
        let all = Told::of(self);
        let Some(unheard) = &self.unheard else {
            return all;
        };
        let mut lost = unheard.lost.clone();
        if let Some(begun) = &unheard.begun {
            lost.add(&all.clone().since(begun));
        }
        all.since(&lost)
    }
}
