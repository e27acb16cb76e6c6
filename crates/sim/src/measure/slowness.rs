//! Latency after a fault, judged by the requirements: users whose requests are answered again, but
//! from another continent, are not served as before.
//!
//! It is derived from the windows, which have a median and a 99th percentile each. A window is slow
//! if its median is above a bound on the mean or on a percentile up to the 95th, or its 99th
//! percentile above a bound on a higher percentile.

use super::Window;
use design::{Metric, Requirement, requirement};

/// Number of windows of the shortest stretch that is judged.
const STRETCH: usize = 5;
/// Number of windows that must follow to show that it is met again.
const REST: usize = 3;

/// A bound on latency that was met before the first fault.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// The name of the metric.
    pub(super) metric: &'static str,
    /// In ns.
    most: u64,
    is_of_tail: bool,
    /// The share of windows that were slow before.
    usual: f64,
}

impl Bound {
    /// Returns the bounds that were met in the windows before the first fault.
    pub(super) fn all(requirements: &[Requirement], calm: &[Window]) -> Vec<Self> {
        let bounds = requirements.iter().filter_map(|requirement| {
            let is_of_tail = match requirement.metric {
                Metric::LatencyP99 | Metric::LatencyP999 => true,
                Metric::LatencyMean
                | Metric::LatencyP50
                | Metric::LatencyP90
                | Metric::LatencyP95 => false,
                _ => return None,
            };
            let requirement::Bound::Duration(most) = requirement.at_most? else {
                return None;
            };
            let mut bound = Self {
                metric: requirement.metric.name(),
                most: most.0,
                is_of_tail,
                usual: 0.0,
            };
            let slow = calm.iter().filter(|window| bound.is_slow(window)).count();
            // By the rule of succession: a few windows do not show that none is ever slow.
            bound.usual = (slow + 1) as f64 / (calm.len() + 2) as f64;
            (2 * slow < calm.len()).then_some(bound)
        });
        bounds.collect()
    }

    fn is_slow(&self, window: &Window) -> bool {
        let quantile = if self.is_of_tail {
            window.p99
        } else {
            window.p50
        };
        quantile.is_some_and(|quantile| quantile > self.most)
    }

    /// Returns the window from which it was met permanently again, among those after the last
    /// fault; `None` if it was not. A stretch is slow if most of its windows are, by more than
    /// random variation explains (three standard deviations).
    pub(super) fn met_again(&self, windows: &[Window]) -> Option<usize> {
        let slow: Vec<bool> = windows.iter().map(|window| self.is_slow(window)).collect();
        let mut from = 0;
        loop {
            let rest = slow.len() - from;
            let doubled = std::iter::successors(Some(STRETCH.min(rest)), |length| {
                (*length < rest).then(|| (2 * length).min(rest))
            });
            let found = doubled.take_while(|length| *length > 0).find_map(|length| {
                let expected = self.usual * length as f64;
                let chance = 3.0 * libm::sqrt(expected * (1.0 - self.usual));
                let is_slow = |first: &usize| {
                    let stretch = &slow[*first..first + length];
                    let count = stretch.iter().filter(|is_slow| **is_slow).count();
                    count as f64 > expected + chance && 2 * count > length
                };
                let first = (from..=slow.len() - length).rev().find(is_slow)?;
                let last = slow[first..first + length].iter().rposition(|it| *it)?;
                Some(first + last + 1)
            });
            match found {
                Some(after) => from = after,
                None if from == 0 => return Some(0),
                None => return (rest >= REST).then_some(from),
            }
        }
    }
}
