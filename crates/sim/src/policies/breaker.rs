//! Circuit breakers: closed, open, half open.
//!
//! Windows follow resilience4j (the last calls) and Hystrix (the last period, in ten buckets), with
//! a minimum number of calls. As in both, a breaker notices that it may try again at the next call,
//! so it counts as open until then. Only calls that it admitted in its present state count: what
//! was sent before it opened says nothing about a trial. Simplification: trial calls beyond the
//! allowed number are refused immediately instead of waiting for the verdict.
//!
//! Half open, a rate is judged as in resilience4j: over the trials, once the allowed number of them
//! (or `min_calls`, if that is less) have ended. A breaker of consecutive failures opens again at
//! the first failure, and closes when all trials succeeded.

use super::rolling::Rolling;
use crate::agenda::Time;
use std::collections::VecDeque;

/// Number of steps of a window of time.
const BUCKETS: usize = 10;

/// The parameters of a breaker.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    failure_rate: Option<f64>,
    slow_rate: Option<f64>,
    slow_after: u64,
    window: Window,
    min_calls: u64,
    consecutive: Option<u32>,
    open_for: u64,
    trials: u32,
    /// Whether it judges calls with all of their retries, and not attempts.
    pub(crate) is_of_calls: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Window {
    Calls(usize),
    /// Buckets of this many ns.
    Time(u64),
}

impl Spec {
    /// Returns the parameters of a link's breaker.
    pub fn new(breaker: &design::link::Breaker) -> Self {
        let (window, min_calls) = match breaker.window_time {
            Some(time) => (
                Window::Time((time.0 / BUCKETS as u64).max(1)),
                breaker.min_calls,
            ),
            None => (
                Window::Calls(breaker.window as usize),
                // The window never contains more calls than this.
                breaker.min_calls.min(breaker.window),
            ),
        };
        Self {
            failure_rate: breaker.failure_rate,
            slow_rate: breaker.slow_call_rate,
            slow_after: breaker.slow_call_duration.0,
            window,
            min_calls: u64::from(min_calls),
            consecutive: breaker.consecutive_failures,
            open_for: breaker.open_for.0,
            trials: breaker.half_open_calls,
            is_of_calls: breaker.judges == design::link::Judged::Calls,
        }
    }

    /// Returns the number of trials that are judged together.
    fn trials_judged(&self) -> u64 {
        let trials = u64::from(self.trials);
        match self.failure_rate.or(self.slow_rate) {
            Some(_) => trials.min(self.min_calls),
            None => trials,
        }
    }

    /// Returns whether a rate of these calls is too high.
    fn is_reached(&self, [calls, failures, slow]: Counts) -> bool {
        let reaches = |rate: Option<f64>, count: u64| {
            rate.is_some_and(|rate| count as f64 >= rate * calls as f64)
        };
        reaches(self.failure_rate, failures) || reaches(self.slow_rate, slow)
    }

    /// Returns the verdict on a call with this duration.
    pub fn verdict(&self, is_failure: bool, took: u64) -> Verdict {
        Verdict {
            is_failure,
            is_slow: self.slow_rate.is_some() && took > self.slow_after,
        }
    }
}

/// The verdict on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    is_failure: bool,
    is_slow: bool,
}

impl Verdict {
    fn counts(self) -> [u32; 3] {
        [1, u32::from(self.is_failure), u32::from(self.is_slow)]
    }
}

fn sum(a: Counts, b: Counts) -> Counts {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    Closed,
    Open { until: Time },
    HalfOpen { admitted: u32, tried: Counts },
}

/// Calls, those that failed, and those that were slow.
type Counts = [u64; 3];

/// One caller's breaker.
#[derive(Clone, Debug, PartialEq)]
pub struct Breaker {
    state: State,
    /// Number of changes: calls admitted before its last change do not count.
    epoch: u32,
    /// The last outcomes, if the window is of calls.
    last: VecDeque<Verdict>,
    /// Calls, failures and slow calls, if the window is of time.
    lately: Rolling<3>,
    failures: u64,
    slow: u64,
    in_a_row: u32,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::begun(State::Closed, 0)
    }
}

/// A change of the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Not at all.
    None,
    /// From closed to open.
    Opened,
    /// From open to half open.
    HalfOpened,
    /// From half open to open.
    Reopened,
    /// From half open to closed.
    Closed,
}

impl Breaker {
    fn begun(state: State, epoch: u32) -> Self {
        Self {
            state,
            epoch,
            last: VecDeque::new(),
            lately: Rolling::default(),
            failures: 0,
            slow: 0,
            in_a_row: 0,
        }
    }

    /// Returns it closed and empty; calls in progress no longer count.
    #[must_use]
    pub fn reset(&self) -> Self {
        Self::begun(State::Closed, self.epoch.wrapping_add(1))
    }

    /// Returns whether it is open, and whether half open.
    pub fn is_open(&self) -> [bool; 2] {
        match self.state {
            State::Closed => [false, false],
            State::Open { .. } => [true, false],
            State::HalfOpen { .. } => [false, true],
        }
    }

    /// Returns what [`Self::record`] needs to know of a call admitted now.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Returns whether a call may pass now, and what changed. If half open, it counts as a trial.
    pub fn admits(&mut self, spec: &Spec, now: Time) -> (bool, Change) {
        let mut change = Change::None;
        if let State::Open { until } = self.state
            && now >= until
        {
            let half_open = State::HalfOpen {
                admitted: 0,
                tried: [0; 3],
            };
            *self = Self::begun(half_open, self.epoch.wrapping_add(1));
            change = Change::HalfOpened;
        }
        let may_pass = match &mut self.state {
            State::Closed => true,
            State::Open { .. } => false,
            State::HalfOpen { admitted, .. } if *admitted < spec.trials => {
                *admitted += 1;
                true
            }
            State::HalfOpen { .. } => false,
        };
        (may_pass, change)
    }

    /// Handles an admitted call that will have no outcome: if it was a trial, another call may be
    /// one.
    pub fn forget(&mut self, epoch: u32) {
        if let State::HalfOpen { admitted, .. } = &mut self.state
            && epoch == self.epoch
        {
            *admitted = admitted.saturating_sub(1);
        }
    }

    /// Takes the outcome of a call admitted in an epoch.
    pub fn record(&mut self, spec: &Spec, verdict: Verdict, epoch: u32, now: Time) -> Change {
        if epoch != self.epoch {
            return Change::None;
        }
        match &mut self.state {
            State::Open { .. } => Change::None,
            State::HalfOpen { tried, .. } => {
                *tried = sum(*tried, verdict.counts().map(u64::from));
                let tried = *tried;
                let is_at_once = spec.consecutive.is_some() && verdict.is_failure;
                let is_judged = tried[0] >= spec.trials_judged();
                if is_at_once || is_judged && spec.is_reached(tried) {
                    self.open(spec, now);
                    return Change::Reopened;
                }
                if !is_judged {
                    return Change::None;
                }
                *self = self.reset();
                Change::Closed
            }
            State::Closed => {
                let is_over = self.remember(spec, verdict, now);
                if is_over {
                    self.open(spec, now);
                    Change::Opened
                } else {
                    Change::None
                }
            }
        }
    }

    /// Counts an outcome. Returns whether it is one too many.
    fn remember(&mut self, spec: &Spec, verdict: Verdict, now: Time) -> bool {
        self.in_a_row = if verdict.is_failure {
            self.in_a_row + 1
        } else {
            0
        };
        let counts = match spec.window {
            Window::Time(width) => {
                self.lately.add(now, width, BUCKETS, verdict.counts());
                self.lately.sums(now, width, BUCKETS)
            }
            Window::Calls(most) => {
                self.last.push_back(verdict);
                self.failures += u64::from(verdict.is_failure);
                self.slow += u64::from(verdict.is_slow);
                while self.last.len() > most {
                    if let Some(old) = self.last.pop_front() {
                        self.failures -= u64::from(old.is_failure);
                        self.slow -= u64::from(old.is_slow);
                    }
                }
                [self.last.len() as u64, self.failures, self.slow]
            }
        };
        counts[0] >= spec.min_calls && spec.is_reached(counts)
            || spec.consecutive.is_some_and(|limit| self.in_a_row >= limit)
    }

    fn open(&mut self, spec: &Spec, now: Time) {
        let until = now + spec.open_for;
        *self = Self::begun(State::Open { until }, self.epoch.wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use design::Duration;

    fn spec(change: impl FnOnce(&mut design::link::Breaker)) -> Spec {
        let mut breaker = design::link::Breaker {
            window: 10,
            min_calls: 4,
            open_for: Duration(100),
            half_open_calls: 2,
            ..design::link::Breaker::default()
        };
        change(&mut breaker);
        Spec::new(&breaker)
    }

    /// Makes a call at a moment with this duration. Returns what changed at its end.
    fn call(breaker: &mut Breaker, spec: &Spec, is_failure: bool, now: u64, took: u64) -> Change {
        assert!(breaker.admits(spec, now).0, "refused at {now}");
        let epoch = breaker.epoch();
        breaker.record(spec, spec.verdict(is_failure, took), epoch, now + took)
    }

    #[test]
    fn opens_by_rate_tries_and_closes() {
        let spec = spec(|_| {});
        let mut breaker = Breaker::default();
        for (failure, change) in [
            (false, Change::None),
            (false, Change::None),
            (true, Change::None),
            (true, Change::Opened),
        ] {
            assert_eq!(call(&mut breaker, &spec, failure, 0, 0), change);
        }
        assert_eq!(breaker.admits(&spec, 99), (false, Change::None));
        assert_eq!(breaker.admits(&spec, 100), (true, Change::HalfOpened));
        let (bad, good) = (spec.verdict(true, 0), spec.verdict(false, 0));
        let trial = breaker.epoch();
        assert_eq!(breaker.record(&spec, good, trial, 105), Change::None);
        assert_eq!(breaker.admits(&spec, 105), (true, Change::None));
        assert_eq!(
            breaker.record(&spec, bad, trial, 110),
            Change::Reopened,
            "one of two trials is half of them"
        );
        assert_eq!(breaker.admits(&spec, 209), (false, Change::None));
        assert_eq!(breaker.admits(&spec, 210), (true, Change::HalfOpened));
        assert_eq!(breaker.admits(&spec, 210), (true, Change::None));
        assert_eq!(
            breaker.admits(&spec, 210),
            (false, Change::None),
            "no more trials than allowed"
        );
        assert_eq!(
            breaker.record(&spec, bad, trial, 215),
            Change::None,
            "an older trial's verdict comes late"
        );
        let trial = breaker.epoch();
        breaker.forget(trial);
        assert_eq!(
            breaker.admits(&spec, 215),
            (true, Change::None),
            "an abandoned trial makes room for another"
        );
        assert_eq!(breaker.record(&spec, good, trial, 220), Change::None);
        assert_eq!(breaker.record(&spec, good, trial, 220), Change::Closed);
    }

    #[test]
    fn trials_are_judged_by_their_rate_or_by_the_first_that_fails() {
        let trials = |spec: &Spec, failures: &[bool]| {
            let mut breaker = Breaker::default();
            while call(&mut breaker, spec, true, 0, 0) != Change::Opened {}
            let changes = failures
                .iter()
                .map(|bad| call(&mut breaker, spec, *bad, 100, 0));
            changes.collect::<Vec<_>>()
        };
        // As in resilience4j: one of three failed, which is less than half.
        let rate = spec(|breaker| breaker.half_open_calls = 3);
        assert_eq!(
            trials(&rate, &[true, false, false]),
            [Change::None, Change::None, Change::Closed]
        );
        assert_eq!(
            trials(&rate, &[true, false, true]),
            [Change::None, Change::None, Change::Reopened]
        );
        // It decides as soon as there are enough to judge by.
        let few = spec(|breaker| (breaker.half_open_calls, breaker.min_calls) = (3, 1));
        assert_eq!(trials(&few, &[false]), [Change::Closed]);
        // Consecutive failures: all three must succeed, whatever `min_calls` says.
        let row = spec(|breaker| {
            breaker.failure_rate = None;
            breaker.consecutive_failures = Some(2);
            (breaker.half_open_calls, breaker.min_calls) = (3, 1);
        });
        assert_eq!(trials(&row, &[true]), [Change::Reopened]);
        assert_eq!(
            trials(&row, &[false, false, false]),
            [Change::None, Change::None, Change::Closed]
        );
    }

    #[test]
    fn opens_when_calls_are_slow() {
        let spec = spec(|breaker| {
            breaker.failure_rate = None;
            breaker.slow_call_rate = Some(0.5);
            breaker.slow_call_duration = Duration(10);
        });
        let mut breaker = Breaker::default();
        for took in [10, 11, 10] {
            assert_eq!(call(&mut breaker, &spec, false, 0, took), Change::None);
        }
        assert_eq!(call(&mut breaker, &spec, false, 0, 11), Change::Opened);
        assert_eq!(call(&mut breaker, &spec, false, 200, 11), Change::None);
        assert_eq!(
            call(&mut breaker, &spec, false, 215, 10),
            Change::Reopened,
            "a slow trial is no proof of health"
        );
    }

    #[test]
    fn a_window_of_time_forgets() {
        let spec = spec(|breaker| breaker.window_time = Some(Duration(100)));
        let mut breaker = Breaker::default();
        for now in [0, 0, 0, 100] {
            assert_eq!(call(&mut breaker, &spec, now == 0, now, 0), Change::None);
        }
        for now in [101, 102] {
            assert_eq!(call(&mut breaker, &spec, true, now, 0), Change::None);
        }
        assert_eq!(call(&mut breaker, &spec, true, 103, 0), Change::Opened);
    }
}
