//! Rates of the moment that is shown. Cards, links, charts and sentences all take them from here,
//! over the same time, so that a rate has one value at one moment.

use format::message::Frame;
use std::collections::VecDeque;

/// Rates are taken over this much simulated time, in ns, or over the time between two writings if
/// a fast run has more between them.
pub const OVER_NS: u64 = 1_000_000_000;
/// Least simulated time between two counts that are kept, in ns.
const STEP_NS: u64 = OVER_NS / 10;

/// Counts at a few earlier moments. All counters that are read at the same moments have the same
/// base.
#[derive(Clone, Debug, Default)]
pub struct Recent<T> {
    earlier: VecDeque<(u64, T)>,
}

impl<T: Copy + Default> Recent<T> {
    /// Takes the counts now. Returns the counts to take the difference to, and how long ago they
    /// were, in seconds. A run has counted nothing at its start.
    pub fn base(&mut self, time_ns: u64, now: T) -> (T, f64) {
        if self.earlier.back().is_some_and(|last| time_ns < last.0) {
            self.earlier.clear();
        }
        let is_old = |at: Option<&(u64, T)>| at.is_some_and(|at| at.0 + OVER_NS <= time_ns);
        while is_old(self.earlier.get(1)) {
            self.earlier.pop_front();
        }
        let (from_ns, base) = match self.earlier.front() {
            Some(first) if first.0 < time_ns => *first,
            _ => (0, T::default()),
        };
        match self.earlier.back_mut() {
            Some(last) if last.0 == time_ns => last.1 = now,
            Some(last) if time_ns - last.0 < STEP_NS => {}
            Some(_) => self.earlier.push_back((time_ns, now)),
            // The start of the run is the first base.
            None if time_ns < OVER_NS => {
                self.earlier.extend([(0, T::default()), (time_ns, now)]);
            }
            None => self.earlier.push_back((time_ns, now)),
        }
        (base, (time_ns - from_ns) as f64 / 1e9)
    }
}

/// What users got recently, in requests/s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Requests made.
    pub offered: f64,
    /// Requests that ended, whether they succeeded or failed.
    pub throughput: f64,
    /// Requests that succeeded in time with a full answer.
    pub goodput: f64,
    /// Requests that failed.
    pub failed: f64,
}

impl Rates {
    /// Returns the rates at a frame; `None` at the start of a run.
    pub fn of(frame: &Frame, recent: &mut Recent<[u64; 4]>) -> Option<Self> {
        let failed = frame.failed.iter().sum::<u64>();
        let good = frame.ok.saturating_sub(frame.degraded);
        let now = [frame.offered, frame.ok + failed, good, failed];
        let (base, seconds) = recent.base(frame.time_ns, now);
        let per_s = |at: usize| now[at].saturating_sub(base[at]) as f64 / seconds;
        (seconds > 0.0).then(|| Self {
            offered: per_s(0),
            throughput: per_s(1),
            goodput: per_s(2),
            failed: per_s(3),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH_NS: u64 = OVER_NS / 10;

    #[test]
    fn rates_are_of_the_last_second_or_since_the_writing_before() {
        let mut recent = Recent::default();
        for tenth in 1..=30_u64 {
            let (base, seconds) = recent.base(tenth * TENTH_NS, tenth);
            let from = tenth.saturating_sub(10);
            assert_eq!((base, seconds), (from, (tenth - from) as f64 / 10.0));
        }
        // At 20x, two writings are far apart. A jump has a frame of one second before.
        assert_eq!(recent.base(55 * TENTH_NS, 55), (30, 2.5));
        assert_eq!(recent.base(80 * TENTH_NS, 80), (55, 2.5));
        recent.base(10 * TENTH_NS, 10);
        assert_eq!(recent.base(20 * TENTH_NS, 20), (10, 1.0));
        recent.base(500 * TENTH_NS, 500);
        assert_eq!(recent.base(510 * TENTH_NS, 510), (500, 1.0));
    }
}
