//! Latency histograms: logarithmic octaves of 128 linear buckets each, as in HdrHistogram. A bucket
//! is at most 0.8% wide, so a percentile is within 0.4% of the true one.

/// Number of bits of a value kept below its leading one.
const PRECISION: u32 = 7;
const SUBBUCKETS: u64 = 1 << PRECISION;

/// Counts of values (ns), with exact sum and maximum. It grows with the range of values, not with
/// their number. Counts are bounded by the event budget of a run, far below `u32::MAX`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Whole octaves, from that of the smallest value to that of the largest, because the timeline
    /// keeps many copies of a run.
    counts: Vec<u32>,
    /// The bucket of the first count.
    first: usize,
    count: u64,
    sum: u128,
    max: u64,
}

impl Histogram {
    /// Counts a value.
    #[inline(always)]
    pub fn add(&mut self, value: u64) {
        self.add_in(bucket(value), value);
    }

    /// Counts several values in several histograms.
    pub(crate) fn add_all<const N: usize>(
        mut all: [&mut Self; N],
        values: impl Iterator<Item = u64>,
    ) {
        let (mut count, mut sum, mut max) = (0, 0, 0);
        for value in values {
            let bucket = bucket(value);
            all.iter_mut().for_each(|all| all.count_in(bucket));
            count += 1;
            sum += u128::from(value);
            max = max.max(value);
        }
        for histogram in all {
            histogram.count += count;
            histogram.sum += sum;
            histogram.max = histogram.max.max(max);
        }
    }

    /// Counts a value whose bucket is known.
    #[inline(always)]
    pub(crate) fn add_in(&mut self, bucket: usize, value: u64) {
        self.count_in(bucket);
        self.count += 1;
        self.sum += u128::from(value);
        if value > self.max {
            self.max = value;
        }
    }

    #[inline(always)]
    fn count_in(&mut self, bucket: usize) {
        match self.counts.get_mut(bucket.wrapping_sub(self.first)) {
            Some(count) => *count += 1,
            None => *self.grow(bucket) += 1,
        }
    }

    /// Returns the count of a bucket, and makes room for it.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, bucket: usize) -> &mut u32 {
        let octave = bucket - bucket % SUBBUCKETS as usize;
        if self.counts.is_empty() {
            self.first = octave;
        }
        if octave < self.first {
            let before = std::iter::repeat_n(0, self.first - octave);
            self.counts.splice(0..0, before);
            self.first = octave;
        }
        let len = octave + SUBBUCKETS as usize - self.first;
        if len > self.counts.len() {
            self.counts.resize(len, 0);
        }
        &mut self.counts[bucket - self.first]
    }

    /// Returns every bucket with values, and their number.
    fn buckets(&self) -> impl Iterator<Item = (usize, u32)> {
        let buckets = (self.first..).zip(self.counts.iter().copied());
        buckets.filter(|(_, count)| *count > 0)
    }

    /// Adds all values of another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in other.buckets() {
            match self.counts.get_mut(bucket.wrapping_sub(self.first)) {
                Some(sum) => *sum += count,
                None => *self.grow(bucket) += count,
            }
        }
        self.count += other.count;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// Removes values that were counted here before. The remaining maximum is that of its bucket.
    pub fn take_off(&mut self, other: &Self) {
        for (bucket, count) in other.buckets() {
            if let Some(left) = self.counts.get_mut(bucket.wrapping_sub(self.first)) {
                *left -= count;
            }
        }
        self.count -= other.count;
        self.sum -= other.sum;
        let last = self.buckets().last();
        self.max = self.max.min(last.map_or(0, |(bucket, _)| top(bucket)));
    }

    /// Returns the number of values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the number of zeros.
    pub fn zeros(&self) -> u64 {
        let zeros = self.counts.first().filter(|_| self.first == 0);
        zeros.map_or(0, |count| u64::from(*count))
    }

    /// Returns the number of values above a value, to the width of a bucket.
    pub fn count_above(&self, value: u64) -> u64 {
        let at = bucket(value);
        let above = self.buckets().filter(|(bucket, _)| *bucket > at);
        above.map(|(_, count)| u64::from(count)).sum()
    }

    /// Returns the exact mean; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// Returns the exact maximum.
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// Returns the smallest value such that at least this share is at or below it, to 0.4%.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        let rank = (libm::ceil(q * self.count as f64) as u64).clamp(1, self.count);
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return Some(middle(self.first + place).min(self.max));
            }
        }
        Some(self.max)
    }

    /// Removes all values and keeps the memory.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.count = 0;
        self.sum = 0;
        self.max = 0;
    }
}

/// Returns the bucket of a value, the same in every histogram.
#[inline(always)]
pub(crate) fn bucket(value: u64) -> usize {
    // Each value of the first two octaves has its own bucket: for them the shift is 0.
    let shift = (value | (2 * SUBBUCKETS - 1)).ilog2() - PRECISION;
    (u64::from(shift) * SUBBUCKETS + (value >> shift)) as usize
}

/// Returns the middle of a bucket's values.
fn middle(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * SUBBUCKETS {
        return bucket;
    }
    let shift = bucket / SUBBUCKETS - 1;
    let low = (bucket - shift * SUBBUCKETS) << shift;
    low + (1 << shift) / 2
}

/// Returns the largest of a bucket's values.
fn top(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * SUBBUCKETS {
        return bucket;
    }
    let shift = bucket / SUBBUCKETS - 1;
    ((bucket - shift * SUBBUCKETS + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_narrow_and_in_order() {
        let mut value = 1u64;
        while value < 1 << 60 {
            for v in [value - 1, value, value + value / 3] {
                let error = middle(bucket(v)).abs_diff(v) as f64 / v.max(1) as f64;
                assert!(error <= 0.004, "{v}: {error}");
                assert!(bucket(v) <= bucket(v + 1));
            }
            value *= 2;
        }
    }

    #[test]
    fn quantiles_of_known_values() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        for v in 1..=1000u64 {
            histogram.add(v * 1_000_000);
        }
        for (q, expected) in [(0.5, 500.0), (0.9, 900.0), (0.99, 990.0), (1.0, 1000.0)] {
            let seen = histogram.quantile(q).unwrap() as f64 / 1e6;
            assert!((seen / expected - 1.0).abs() < 0.004, "{q}: {seen}");
        }
        assert_eq!(histogram.mean(), Some(500.5e6));
        assert_eq!(histogram.max(), Some(1_000_000_000));
    }

    #[test]
    fn what_is_taken_off_was_never_there() {
        let (mut early, mut all) = (Histogram::default(), Histogram::default());
        for value in [3, 900, 50_000] {
            early.add(value);
            all.add(value);
        }
        let mut late = Histogram::default();
        for value in [7, 40_000] {
            all.add(value);
            late.add(value);
        }
        all.take_off(&early);
        assert_eq!((all.count(), all.mean()), (late.count(), late.mean()));
        assert_eq!(all.quantile(0.5), late.quantile(0.5));
        // Not 50,000, to the width of a bucket.
        let max = all.max().unwrap();
        assert!((40_000..40_320).contains(&max), "{max}");
    }

    #[test]
    fn room_is_made_for_smaller_values_too() {
        let values = [5_000_000, 70_000_000, 3_000, 0, 900];
        let mut histogram = Histogram::default();
        values.iter().for_each(|value| histogram.add(*value));
        assert_eq!((histogram.count(), histogram.zeros()), (5, 1));
        assert_eq!(histogram.count_above(3_000), 2);
        let middle = histogram.quantile(0.5).unwrap();
        assert!(middle.abs_diff(3_000) < 12, "{middle}");

        let mut parts = [Histogram::default(), Histogram::default()];
        parts[0].add(values[0]);
        values[1..].iter().for_each(|value| parts[1].add(*value));
        let [mut sum, rest] = parts;
        sum.merge(&rest);
        assert_eq!(sum, histogram);
    }
}
