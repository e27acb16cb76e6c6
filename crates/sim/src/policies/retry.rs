//! Retries: the pause before the next attempt, and the budget that limits them.
//!
//! Pauses after Brooker, "Exponential Backoff and Jitter" (AWS, 2015); the budget is a token bucket
//! fed by calls, as in Finagle's `RetryBudget`.

use crate::random::Stream;
use design::link::{Backoff as Spec, Jitter, Retry};

/// The pauses of a retry policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Backoff {
    base: u64,
    cap: u64,
    doubles: bool,
    jitter: Jitter,
}

impl Backoff {
    /// Returns the backoff of a retry policy.
    pub fn new(retry: &Retry) -> Self {
        let (base, cap, doubles) = match &retry.backoff {
            Spec::None => (0, 0, false),
            Spec::Constant(pause) => (pause.0, pause.0, false),
            Spec::Exponential(exponential) => (exponential.base.0, exponential.cap.0, true),
        };
        Self {
            base,
            cap,
            doubles,
            jitter: retry.jitter,
        }
    }

    /// Returns whether a pause depends on the previous one.
    pub(crate) fn looks_back(&self) -> bool {
        self.jitter == Jitter::Decorrelated
    }

    /// Returns the pause before attempt `attempt` (2 is the first retry), in ns; `last` was the
    /// previous pause.
    pub fn pause(&self, attempt: u32, last: u64, stream: &mut Stream) -> u64 {
        if self.base == 0 {
            return 0;
        }
        let doublings = if self.doubles {
            (attempt - 2).min(40)
        } else {
            0
        };
        let whole = self
            .base
            .saturating_mul(1 << doublings)
            .min(self.cap.max(self.base));
        let upto = |ns: u64, stream: &mut Stream| (stream.unit() * ns as f64) as u64;
        match self.jitter {
            Jitter::None => whole,
            Jitter::Full => upto(whole, stream),
            Jitter::Equal => whole / 2 + upto(whole / 2, stream),
            Jitter::Decorrelated => {
                let ceiling = last.max(self.base).saturating_mul(3).max(self.base);
                (self.base + upto(ceiling - self.base, stream)).min(self.cap.max(self.base))
            }
        }
    }
}

/// Tokens for retries.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    tokens: f64,
    ratio: f64,
    burst: f64,
}

impl Budget {
    /// Returns a full bucket.
    pub fn new(budget: &design::link::Budget) -> Self {
        Self {
            tokens: budget.burst,
            ratio: budget.ratio,
            burst: budget.burst,
        }
    }

    /// Returns the same, full.
    #[must_use]
    pub fn refilled(self) -> Self {
        Self {
            tokens: self.burst,
            ..self
        }
    }

    /// Takes new bounds and keeps the tokens, as far as they fit.
    pub fn rebound(&mut self, new: &Self) {
        *self = Self {
            tokens: self.tokens.min(new.most()),
            ..new.clone()
        };
    }

    /// Pays in for a call.
    #[inline]
    pub fn deposit(&mut self) {
        self.tokens = (self.tokens + self.ratio).min(self.most());
    }

    /// Returns the capacity of the bucket. It must be at least one whole token for a ratio below
    /// the burst to have an effect.
    fn most(&self) -> f64 {
        self.burst.max(1.0)
    }

    /// Takes a token for a retry. Returns whether the bucket could pay.
    #[inline]
    pub fn withdraw(&mut self) -> bool {
        let can_pay = self.tokens >= 1.0;
        if can_pay {
            self.tokens -= 1.0;
        }
        can_pay
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;
    use design::Duration;
    use design::link::Exponential;

    fn mean_ms(jitter: Jitter, attempt: u32) -> f64 {
        let backoff = Spec::Exponential(Exponential {
            base: Duration::ms(100),
            cap: Duration::s(2),
        });
        let backoff = Backoff::new(&Retry {
            backoff,
            jitter,
            ..Retry::default()
        });
        let mut stream = Stream::new(1, "x", Purpose::Jitter);
        let n = 20_000;
        (0..n)
            .map(|_| backoff.pause(attempt, 0, &mut stream) as f64 / 1e6)
            .sum::<f64>()
            / f64::from(n)
    }

    #[test]
    fn pauses_have_the_published_means() {
        for (attempt, whole) in [
            (2, 100.0),
            (3, 200.0),
            (4, 400.0),
            (6, 1600.0),
            (7, 2000.0),
            (60, 2000.0),
        ] {
            assert_eq!(mean_ms(Jitter::None, attempt), whole);
            assert!((mean_ms(Jitter::Full, attempt) / (whole / 2.0) - 1.0).abs() < 0.02);
            assert!((mean_ms(Jitter::Equal, attempt) / (whole * 0.75) - 1.0).abs() < 0.02);
        }
        // Uniform from the base to three times the base, if there was no previous pause.
        assert!((mean_ms(Jitter::Decorrelated, 2) / 200.0 - 1.0).abs() < 0.02);
    }

    /// Each pause is uniform from the base to three times the previous one: 2 × 1.5^n - 1 bases.
    #[test]
    fn decorrelated_pauses_grow_by_half() {
        let (base, cap) = (Duration::ms(5), Duration::s(2));
        let backoff = Backoff::new(&Retry {
            backoff: Spec::Exponential(Exponential { base, cap }),
            jitter: Jitter::Decorrelated,
            ..Retry::default()
        });
        let mut stream = Stream::new(1, "x", Purpose::Jitter);
        let mut sums = [0.0; 4];
        let n = 50_000;
        for _ in 0..n {
            let mut last = 0;
            for (place, sum) in sums.iter_mut().enumerate() {
                last = backoff.pause(place as u32 + 2, last, &mut stream);
                *sum += last as f64 / 1e6;
            }
        }
        for (sum, mean) in sums.into_iter().zip([10.0, 17.5, 28.75, 45.625]) {
            assert!((sum / f64::from(n) / mean - 1.0).abs() < 0.02, "{mean}");
        }
    }

    #[test]
    fn a_budget_bounds_retries_to_its_ratio() {
        let mut budget = Budget::new(&design::link::Budget {
            ratio: 0.1,
            burst: 10.0,
        });
        let retries = (0..10_000).filter(|_| {
            budget.deposit();
            budget.withdraw()
        });
        let retries = retries.count();
        assert!((1_000..=1_011).contains(&retries), "{retries}");
    }

    #[test]
    fn an_edit_elsewhere_leaves_what_was_saved_up() {
        let new = || {
            Budget::new(&design::link::Budget {
                ratio: 0.5,
                burst: 0.0,
            })
        };
        let mut budget = new();
        for _ in 0..2 {
            budget.deposit();
            budget.rebound(&new());
        }
        assert!(budget.withdraw(), "two calls have paid for one retry");
    }
}
