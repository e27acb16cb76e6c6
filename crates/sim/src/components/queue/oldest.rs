//! The age of the oldest waiting message, and its exact mean over time.

use crate::agenda::Time;

/// The age of the oldest waiting message: it increases with time, and drops when that message
/// leaves.
#[derive(Clone, Debug, Default)]
pub struct OldestAge {
    /// When it was published; `None` while nothing waits.
    published: Option<Time>,
    /// The time up to which the area is counted.
    counted: Time,
    /// Age × time, in ns², twice.
    area: u128,
    max: u64,
    at_warmup: u128,
    at_end: Option<u128>,
}

impl OldestAge {
    /// Sets the oldest message.
    #[inline]
    pub(super) fn set(&mut self, now: Time, published: Option<Time>) {
        if published != self.published {
            self.count(now);
            self.published = published;
        }
    }

    #[inline(never)]
    fn count(&mut self, now: Time) {
        self.area = self.area_at(now);
        self.max = self.max_at(now);
        self.counted = now;
    }

    fn area_at(&self, now: Time) -> u128 {
        let square = |age: u64| u128::from(age) * u128::from(age);
        let since = self.published.map_or(0, |published| {
            square(now - published) - square(self.counted.max(published) - published)
        });
        self.area + since
    }

    fn max_at(&self, now: Time) -> u64 {
        self.max
            .max(self.published.map_or(0, |published| now - published))
    }

    /// Marks the end of the warm-up: mean and maximum count from here.
    pub(crate) fn mark_warmup(&mut self, now: Time) {
        self.count(now);
        self.at_warmup = self.area;
        self.max = self.published.map_or(0, |published| now - published);
    }

    /// Marks the end of arrivals: the mean counts up to here.
    pub(crate) fn mark_end(&mut self, now: Time) {
        self.count(now);
        self.at_end = Some(self.area);
    }

    /// Returns its mean, in ns, from the warm-up to the end of arrivals (or now); 0 while nothing
    /// waits.
    pub fn mean(&self, warmup: Time, end: Time, now: Time) -> f64 {
        let until = end.min(now);
        if until <= warmup {
            return 0.0;
        }
        let area = self.at_end.unwrap_or_else(|| self.area_at(now)) - self.at_warmup;
        area as f64 / 2.0 / (until - warmup) as f64
    }

    /// Returns its age, in ns; 0 while nothing waits.
    pub(crate) fn now(&self, now: Time) -> u64 {
        self.published.map_or(0, |published| now - published)
    }

    /// Returns its maximum since the warm-up, in ns.
    pub fn max(&self, now: Time) -> u64 {
        self.max_at(now)
    }
}

#[cfg(test)]
mod tests {
    use super::OldestAge;

    #[test]
    fn the_mean_is_exact() {
        let mut age = OldestAge::default();
        // From 10 to 30, one waits that was published at 10; then one of 20 until 40.
        age.set(10, Some(10));
        age.set(30, Some(20));
        age.set(40, None);
        // 0..20 for 20, 10..20 for 10, over 100.
        assert_eq!(age.mean(0, 100, 100), (200.0 + 150.0) / 100.0);
        assert_eq!(age.max(100), 20);
        age.mark_warmup(100);
        assert_eq!((age.mean(100, 200, 200), age.max(200)), (0.0, 0));
    }
}
