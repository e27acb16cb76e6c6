//! Gauges: a number that changes over time, with its exact integral.

use crate::agenda::Time;

/// A level (calls in flight, slots held) and the area under it since the start of the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauge {
    level: u64,
    max: u64,
    /// The sum of the times of all steps down minus that of all steps up. With `level` × now it is
    /// the area, and a step costs an addition instead of a 128-bit multiplication.
    steps: i128,
    /// Written twice in a run, so it is separate from what every call accesses.
    marks: Option<Box<Marks>>,
}

/// The area when means began to count, and when they stopped.
#[derive(Clone, Debug, Default, PartialEq)]
struct Marks {
    at_warmup: u128,
    at_end: Option<u128>,
}

impl Gauge {
    /// Increases the level by one.
    #[inline]
    pub fn up(&mut self, now: Time) {
        self.steps -= i128::from(now);
        self.level += 1;
        self.max = self.max.max(self.level);
    }

    /// Increases the level of a gauge without a maximum by one.
    #[inline]
    pub fn step_up(&mut self, now: Time) {
        self.steps -= i128::from(now);
        self.level = self.level.wrapping_add(1);
    }

    /// Decreases by one the level of a gauge that receives some steps later. Until then, it may be
    /// below zero.
    #[inline]
    pub fn step_down(&mut self, now: Time) {
        self.steps += i128::from(now);
        self.level = self.level.wrapping_sub(1);
    }

    /// Adds several steps that were noted elsewhere: their sum, and the sum of the times of those
    /// down minus that of those up.
    pub fn step_by(&mut self, level: u64, steps: i128) {
        self.steps += steps;
        self.level = self.level.wrapping_add(level);
    }

    /// Decreases the level by one.
    #[inline]
    pub fn down(&mut self, now: Time) {
        debug_assert!(self.level > 0, "a gauge went below zero");
        self.steps += i128::from(now);
        self.level -= 1;
    }

    /// Sets the level.
    pub fn set(&mut self, now: Time, level: u64) {
        self.steps += (i128::from(self.level) - i128::from(level)) * i128::from(now);
        self.level = level;
        self.max = self.max.max(level);
    }

    /// Returns the present level.
    #[inline]
    pub fn level(&self) -> u64 {
        self.level
    }

    /// Returns the maximum level after the warm-up.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Returns level × time since the start, in ns.
    pub fn area(&self, now: Time) -> u128 {
        (self.steps + i128::from(self.level) * i128::from(now)) as u128
    }

    /// Marks the end of the warm-up: means and the maximum count from here.
    pub fn mark_warmup(&mut self, now: Time) {
        self.max = self.level;
        let area = self.area(now);
        self.marks.get_or_insert_default().at_warmup = area;
    }

    /// Marks the end of arrivals: means count up to here, not over the drain.
    pub fn mark_end(&mut self, now: Time) {
        let area = self.area(now);
        self.marks.get_or_insert_default().at_end = Some(area);
    }

    /// Returns the mean level from the warm-up to the end of arrivals (or now, if that is not
    /// reached).
    pub fn mean(&self, warmup: Time, end: Time, now: Time) -> f64 {
        let until = end.min(now);
        if until <= warmup {
            return 0.0;
        }
        let (at_warmup, at_end) = match &self.marks {
            Some(marks) => (marks.at_warmup, marks.at_end),
            None => (0, None),
        };
        let area = at_end.unwrap_or_else(|| self.area(now)) - at_warmup;
        area as f64 / (until - warmup) as f64
    }
}
