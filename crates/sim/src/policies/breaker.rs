//! Circuit breakers: closed, open, half open.
//!
//! After resilience4j's count-based window and Hystrix's minimum of calls. Simplification: trial
//! calls past the allowed number are refused at once instead of waiting for the verdict.

use crate::agenda::Time;
use std::collections::VecDeque;

/// What a breaker is set to.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    failure_rate: Option<f64>,
    window: usize,
    min_calls: usize,
    consecutive: Option<u32>,
    open_for: u64,
    trials: u32,
}

impl Spec {
    /// Of a link.
    pub fn new(breaker: &design::link::Breaker) -> Self {
        Self {
            failure_rate: breaker.failure_rate,
            window: breaker.window as usize,
            min_calls: (breaker.min_calls as usize).min(breaker.window as usize),
            consecutive: breaker.consecutive_failures,
            open_for: breaker.open_for.0,
            trials: breaker.half_open_calls,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    Closed,
    Open { until: Time },
    HalfOpen { admitted: u32, good: u32 },
}

/// One caller's breaker.
#[derive(Clone, Debug, PartialEq)]
pub struct Breaker {
    state: State,
    /// The last outcomes: true is a failure.
    last: VecDeque<bool>,
    failures: usize,
    in_a_row: u32,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            state: State::Closed,
            last: VecDeque::new(),
            failures: 0,
            in_a_row: 0,
        }
    }
}

/// Whether the breaker opened or closed just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Neither.
    None,
    /// It stopped letting calls through.
    Opened,
    /// It lets all calls through again.
    Closed,
}

impl Breaker {
    /// Whether it lets all calls through.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Whether a call may pass now. Counts it as a trial where half open.
    pub fn admits(&mut self, spec: &Spec, now: Time) -> bool {
        if let State::Open { until } = self.state
            && now >= until
        {
            self.state = State::HalfOpen {
                admitted: 0,
                good: 0,
            };
        }
        match &mut self.state {
            State::Closed => true,
            State::Open { .. } => false,
            State::HalfOpen { admitted, .. } => {
                *admitted += 1;
                *admitted <= spec.trials
            }
        }
    }

    /// Takes the outcome of a call that passed.
    pub fn record(&mut self, spec: &Spec, is_failure: bool, now: Time) -> Change {
        match &mut self.state {
            // A call that passed before the breaker opened.
            State::Open { .. } => Change::None,
            State::HalfOpen { .. } if is_failure => self.open(spec, now),
            State::HalfOpen { good, .. } => {
                *good += 1;
                if *good < spec.trials {
                    return Change::None;
                }
                *self = Self::default();
                Change::Closed
            }
            State::Closed => {
                self.remember(spec, is_failure);
                if self.should_open(spec) {
                    self.open(spec, now)
                } else {
                    Change::None
                }
            }
        }
    }

    fn remember(&mut self, spec: &Spec, is_failure: bool) {
        self.in_a_row = if is_failure { self.in_a_row + 1 } else { 0 };
        self.last.push_back(is_failure);
        self.failures += usize::from(is_failure);
        while self.last.len() > spec.window {
            self.failures -= usize::from(self.last.pop_front() == Some(true));
        }
    }

    fn should_open(&self, spec: &Spec) -> bool {
        let by_rate = spec.failure_rate.is_some_and(|rate| {
            self.last.len() >= spec.min_calls
                && self.failures as f64 >= rate * self.last.len() as f64
        });
        by_rate || spec.consecutive.is_some_and(|limit| self.in_a_row >= limit)
    }

    fn open(&mut self, spec: &Spec, now: Time) -> Change {
        let was_closed = self.state == State::Closed;
        *self = Self {
            state: State::Open {
                until: now + spec.open_for,
            },
            ..Self::default()
        };
        if was_closed {
            Change::Opened
        } else {
            Change::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use design::Duration;

    #[test]
    fn opens_by_rate_tries_and_closes() {
        let spec = Spec::new(&design::link::Breaker {
            window: 10,
            min_calls: 4,
            open_for: Duration(100),
            half_open_calls: 2,
            ..design::link::Breaker::default()
        });
        let mut breaker = Breaker::default();
        for (failure, change) in [
            (false, Change::None),
            (false, Change::None),
            (true, Change::None),
            (true, Change::Opened),
        ] {
            assert!(breaker.admits(&spec, 0));
            assert_eq!(breaker.record(&spec, failure, 0), change);
        }
        assert!(!breaker.admits(&spec, 99));
        assert!(breaker.admits(&spec, 100), "half open");
        assert_eq!(
            breaker.record(&spec, true, 110),
            Change::None,
            "a failed trial opens it again"
        );
        assert!(!breaker.admits(&spec, 209));
        assert!(breaker.admits(&spec, 210) && breaker.admits(&spec, 210));
        assert!(!breaker.admits(&spec, 210), "no more trials than allowed");
        assert_eq!(breaker.record(&spec, false, 220), Change::None);
        assert_eq!(breaker.record(&spec, false, 220), Change::Closed);
    }
}
