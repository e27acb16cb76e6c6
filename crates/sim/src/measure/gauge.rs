//! Gauges: a number that changes over time, with its exact integral.

use crate::agenda::Time;

/// A level (calls in flight, slots held) and the area under it since the start of the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gauge {
    level: u64,
    max: u64,
    /// The times of all steps down less those of all steps up: with `level` × now it is the area,
    /// and a step costs an addition instead of a 128-bit multiplication.
    steps: i128,
    /// Written twice in a run: out of the way of what every call touches.
    marks: Option<Box<Marks>>,
}

/// The area when means began to count, and when they stopped.
#[derive(Clone, Debug, Default, PartialEq)]
struct Marks {
    at_warmup: u128,
    at_end: Option<u128>,
}

impl Gauge {
    /// One more.
    #[inline]
    pub fn up(&mut self, now: Time) {
        self.steps -= i128::from(now);
        self.level += 1;
        self.max = self.max.max(self.level);
    }

    /// One more, of a gauge whose maximum nobody asks for.
    #[inline]
    pub fn step_up(&mut self, now: Time) {
        self.steps -= i128::from(now);
        self.level = self.level.wrapping_add(1);
    }

    /// One less, of a gauge that learns of some steps later: until then it may be below zero.
    #[inline]
    pub fn step_down(&mut self, now: Time) {
        self.steps += i128::from(now);
        self.level = self.level.wrapping_sub(1);
    }

    /// Several steps that were noted elsewhere: what they come to, and the times of those down less
    /// those of those up.
    pub fn step_by(&mut self, level: u64, steps: i128) {
        self.steps += steps;
        self.level = self.level.wrapping_add(level);
    }

    /// One less.
    #[inline]
    pub fn down(&mut self, now: Time) {
        debug_assert!(self.level > 0, "a gauge went below zero");
        self.steps += i128::from(now);
        self.level -= 1;
    }

    /// To a level.
    pub fn set(&mut self, now: Time, level: u64) {
        self.steps += (i128::from(self.level) - i128::from(level)) * i128::from(now);
        self.level = level;
        self.max = self.max.max(level);
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
        (self.steps + i128::from(self.level) * i128::from(now)) as u128
    }

    /// The warm-up is over: means and the maximum count from here.
    pub fn mark_warmup(&mut self, now: Time) {
        self.max = self.level;
        let area = self.area(now);
        self.marks.get_or_insert_default().at_warmup = area;
    }

    /// Arrivals are over: means count up to here, not over the drain.
    pub fn mark_end(&mut self, now: Time) {
        let area = self.area(now);
        self.marks.get_or_insert_default().at_end = Some(area);
    }

    /// Mean level from the warm-up to the end of arrivals (or now, if that is not reached).
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
