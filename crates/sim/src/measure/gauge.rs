//! Gauges: a number that changes over time, with its exact integral.

use crate::agenda::Time;

/// A level (calls in flight, slots held) and the area under it since the start of the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauge {
    level: u64,
    changed: Time,
    area: u128,
    max: u64,
    area_at_warmup: u128,
    area_at_end: Option<u128>,
}

impl Gauge {
    /// One more.
    #[inline]
    pub fn up(&mut self, now: Time) {
        self.settle(now);
        self.level += 1;
        self.max = self.max.max(self.level);
    }

    /// One less.
    #[inline]
    pub fn down(&mut self, now: Time) {
        self.settle(now);
        debug_assert!(self.level > 0, "a gauge went below zero");
        self.level -= 1;
    }

    /// To a level.
    pub fn set(&mut self, now: Time, level: u64) {
        self.settle(now);
        self.level = level;
        self.max = self.max.max(level);
    }

    #[inline]
    fn settle(&mut self, now: Time) {
        self.area += u128::from(self.level) * u128::from(now - self.changed);
        self.changed = now;
    }

    /// The level now.
    #[inline]
    pub fn level(&self) -> u64 {
        self.level
    }

    /// The highest level after the warm-up.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Level × time since the start, in ns.
    pub fn area(&self, now: Time) -> u128 {
        self.area + u128::from(self.level) * u128::from(now - self.changed)
    }

    /// The warm-up is over: means and the maximum count from here.
    pub fn mark_warmup(&mut self, now: Time) {
        self.area_at_warmup = self.area(now);
        self.max = self.level;
    }

    /// Arrivals are over: means count up to here, not over the drain.
    pub fn mark_end(&mut self, now: Time) {
        self.area_at_end = Some(self.area(now));
    }

    /// Mean level from the warm-up to the end of arrivals (or now, if that is not reached).
    pub fn mean(&self, warmup: Time, end: Time, now: Time) -> f64 {
        let until = end.min(now);
        if until <= warmup {
            return 0.0;
        }
        let area = self.area_at_end.unwrap_or_else(|| self.area(now)) - self.area_at_warmup;
        area as f64 / (until - warmup) as f64
    }
}
