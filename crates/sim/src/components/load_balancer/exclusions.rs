//! When a balancer had backends out of service, and when it ignored health.
//!
//! A balancer notices that an ejection is over when it next chooses. The times here are exact all
//! the same: every return is counted at the moment when the ejection ended.

use super::Backend;
use crate::agenda::Time;
use crate::measure::Gauge;

/// The backends out of service over time, and how often it happened.
#[derive(Clone, Debug, Default)]
pub struct Exclusions {
    /// Ejections, and health checks that took a backend out of service.
    counts: [u64; 2],
    /// The same when the warm-up ended.
    counts_before: [u64; 2],
    /// Backends ejected.
    pub ejected: Gauge,
    /// 1 while any backend is ejected, while health is ignored, and while no backend can be chosen.
    pub states: [Gauge; 3],
    /// Counted up to here.
    since: Time,
}

impl Exclusions {
    /// Returns the ejections and failed health checks after the warm-up.
    pub fn counts(&self) -> [u64; 2] {
        let [all, before] = [self.counts, self.counts_before];
        [all[0] - before[0], all[1] - before[1]]
    }

    pub(super) fn count_ejection(&mut self) {
        self.counts[0] += 1;
    }

    pub(super) fn count_failed_check(&mut self) {
        self.counts[1] += 1;
    }

    /// Marks the end of the warm-up.
    pub(super) fn mark_warmup(&mut self, now: Time) {
        self.counts_before = self.counts;
        self.gauges_mut().for_each(|gauge| gauge.mark_warmup(now));
    }

    /// Marks the end of arrivals.
    pub(super) fn mark_end(&mut self, now: Time) {
        self.gauges_mut().for_each(|gauge| gauge.mark_end(now));
    }

    fn gauges_mut(&mut self) -> impl Iterator<Item = &mut Gauge> {
        std::iter::once(&mut self.ejected).chain(&mut self.states)
    }

    /// Counts up to a moment. Must be called before anything about the backends changes.
    pub(super) fn pass(&mut self, backends: &[Backend], panic_threshold: f64, now: Time) {
        while let Some(returned) = backends
            .iter()
            .map(Backend::out_until)
            .filter(|until| (self.since + 1..=now).contains(until))
            .min()
        {
            self.set(backends, panic_threshold, returned);
        }
        self.since = now;
    }

    /// Takes the state of the backends at a moment.
    pub(super) fn set(&mut self, backends: &[Backend], panic_threshold: f64, at: Time) {
        let ejected = backends.iter().filter(|backend| at < backend.out_until());
        let ejected = ejected.count() as u64;
        let healthy = backends.iter().filter(|it| it.is_believed_well(at)).count();
        let panics = is_panic(healthy, backends.len(), panic_threshold);
        let is_none_left = healthy == 0 && !panics && !backends.is_empty();
        self.ejected.set(at, ejected);
        let levels = [ejected > 0, panics, is_none_left];
        for (state, level) in self.states.iter_mut().zip(levels) {
            state.set(at, u64::from(level));
        }
        self.since = at;
    }
}

/// Returns whether so few backends are healthy that health is ignored: a sick replica is better
/// than none (Envoy).
pub(super) fn is_panic(healthy: usize, all: usize, threshold: f64) -> bool {
    (healthy as f64) < threshold * all as f64
}
