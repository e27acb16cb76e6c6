//! Counts over a recent period, in buckets: at most as old as the window, and at least that minus
//! one bucket.

use crate::agenda::Time;

/// `K` kinds of count over a rolling window. If it is empty, it allocates no memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Rolling<const K: usize> {
    buckets: Vec<[u32; K]>,
    /// The newest bucket, counted from the start of the run.
    newest: u64,
    sums: [u64; K],
}

impl<const K: usize> Default for Rolling<K> {
    fn default() -> Self {
        Self {
            buckets: Vec::new(),
            newest: 0,
            sums: [0; K],
        }
    }
}

impl<const K: usize> Rolling<K> {
    /// Drops what is older than `count` buckets of `width` ns, and returns the sums of the rest.
    pub fn sums(&mut self, now: Time, width: u64, count: usize) -> [u64; K] {
        self.turn(now, width, count);
        self.sums
    }

    /// Adds to the newest bucket.
    pub fn add(&mut self, now: Time, width: u64, count: usize, what: [u32; K]) {
        self.turn(now, width, count);
        if self.buckets.is_empty() {
            self.buckets = vec![[0; K]; count];
        }
        let place = (self.newest % count as u64) as usize;
        for (kind, amount) in what.into_iter().enumerate() {
            self.buckets[place][kind] += amount;
            self.sums[kind] += u64::from(amount);
        }
    }

    fn turn(&mut self, now: Time, width: u64, count: usize) {
        let now = now / width;
        if now == self.newest {
            return;
        }
        let first = (self.newest + 1).max(now.saturating_sub(count as u64 - 1));
        self.newest = now;
        if self.buckets.is_empty() {
            return;
        }
        for old in first..=now {
            let bucket = &mut self.buckets[(old % count as u64) as usize];
            for (sum, amount) in self.sums.iter_mut().zip(std::mem::replace(bucket, [0; K])) {
                *sum -= u64::from(amount);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_the_window_no_longer_counts() {
        let mut rolling = Rolling::<2>::default();
        for now in [0, 9, 10, 95, 99] {
            rolling.add(now, 10, 10, [1, 2]);
        }
        assert_eq!(rolling.sums(99, 10, 10), [5, 10]);
        assert_eq!(rolling.sums(100, 10, 10), [3, 6], "the first ten are gone");
        assert_eq!(rolling.sums(110, 10, 10), [2, 4]);
        rolling.add(10_000, 10, 10, [1, 1]);
        assert_eq!(rolling.sums(10_000, 10, 10), [1, 1]);
    }
}
