//! The user's progress in a lesson: which steps are done, the prediction, and which events of the
//! run complete a step.

use std::sync::Arc;

use design::Value;
use host::scenarios::{Ask, Until};
use leptos::prelude::*;

/// The user's progress in a lesson.
#[derive(Clone, Copy)]
pub(crate) struct Path {
    /// The steps that are done.
    pub(super) done: RwSignal<Done>,
    /// The prediction.
    pub(super) guess: RwSignal<Guess>,
    /// The lesson's own two runs: faulty, and with the main remedy.
    pub(super) runs: RwSignal<Option<Arc<[Value; 2]>>>,
}

impl Default for Path {
    fn default() -> Self {
        Self {
            done: RwSignal::new(Done::default()),
            guess: RwSignal::new(Guess::Open),
            runs: RwSignal::new(None),
        }
    }
}

/// The steps of a lesson that are done, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Done(u64);

impl Done {
    /// Returns the set with one more step done.
    pub(super) fn with(self, nth: usize) -> Self {
        Self(self.0 | 1 << nth.min(63))
    }

    /// Returns whether a step is done.
    pub(super) fn has(self, nth: usize) -> bool {
        self.0 >> nth.min(63) & 1 == 1
    }

    /// Returns the first step that is not done.
    pub(super) fn current(self) -> usize {
        self.0.trailing_ones() as usize
    }
}

/// The prediction before the reveal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    /// Nothing yet.
    Open,
    /// The question was skipped.
    Skipped,
    /// The choice of this number.
    Choice(usize),
}

/// What completes steps of a run, in simulated seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    /// Now.
    pub(super) now_s: f64,
    /// When the first of the lesson's faults begins and the last one ends, once there are any.
    pub(super) fault: Option<(f64, f64)>,
    /// Whether the lesson has a fault that the user starts.
    pub(super) has_trigger: bool,
    /// When the first alert fired.
    pub(super) alert_s: Option<f64>,
}

impl Moment {
    /// Returns when an event happens, if that is known.
    fn of(self, until: Until) -> Option<f64> {
        match until {
            Until::TriggerBegins => self.fault.map(|(from, _)| from),
            Until::TriggerOver => self.fault.map(|(_, to)| to),
            Until::AlertRaised => self.alert_s,
            Until::AfterS(s) if self.has_trigger => self.fault.map(|(from, _)| from + s),
            Until::AfterS(s) => Some(s),
        }
    }

    /// Returns whether an event has happened.
    pub(super) fn is_past(self, until: Until) -> bool {
        self.of(until).is_some_and(|at| at <= self.now_s)
    }

    /// Returns when an event happens, if it is still to come in a run of this length.
    pub(super) fn skip_to(self, until: Until, end_s: f64) -> Option<f64> {
        self.of(until).filter(|at| *at > self.now_s && *at <= end_s)
    }
}

/// The result of a prediction, once the run has shown it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verdict {
    /// The measured value, with its unit.
    pub(super) value: String,
    /// The choice that it fits.
    pub(super) right: usize,
}

/// Returns the metric of a question in the lesson's faulty run, and the choice it fits.
pub(super) fn verdict(ask: &Ask, faulty: &Value) -> Option<Verdict> {
    let value = ask.figure.of(faulty)?;
    Some(Verdict {
        value: ask.unit.show(value),
        right: ask.right(value)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_done_early_does_not_complete_those_before_it() {
        let done = Done::default().with(3);
        assert_eq!(done.current(), 0);
        assert!(done.has(3) && !done.has(2));
        let done = done.with(0).with(1).with(2);
        assert_eq!(done.current(), 4);
    }

    #[test]
    fn events_complete_steps_when_they_have_happened_and_not_before() {
        let quiet = Moment {
            now_s: 12.0,
            fault: None,
            has_trigger: true,
            alert_s: None,
        };
        let fault = Moment {
            fault: Some((10.0, 20.0)),
            ..quiet
        };
        for until in [Until::TriggerBegins, Until::TriggerOver, Until::AlertRaised] {
            assert!(!quiet.is_past(until), "{until:?}");
        }
        assert!(!quiet.is_past(Until::AfterS(1.0)));
        assert!(fault.is_past(Until::TriggerBegins));
        assert!(!fault.is_past(Until::TriggerOver));
        assert!(fault.is_past(Until::AfterS(2.0)));
        assert!(!fault.is_past(Until::AfterS(2.5)));
        let alert_s = Some(11.0);
        assert!(Moment { alert_s, ..fault }.is_past(Until::AlertRaised));
        let alone = Moment {
            has_trigger: false,
            ..quiet
        };
        assert!(alone.is_past(Until::AfterS(12.0)));
        assert!(!alone.is_past(Until::AfterS(12.5)));
    }

    #[test]
    fn a_wait_for_an_event_of_the_run_can_be_skipped() {
        let moment = Moment {
            now_s: 12.0,
            fault: Some((10.0, f64::INFINITY)),
            has_trigger: true,
            alert_s: None,
        };
        assert_eq!(moment.skip_to(Until::TriggerOver, 60.0), None);
        assert_eq!(moment.skip_to(Until::AfterS(10.0), 60.0), Some(20.0));
        assert_eq!(moment.skip_to(Until::AfterS(40.0), 60.0), Some(50.0));
        // A run of 45 s does not reach it.
        assert_eq!(moment.skip_to(Until::AfterS(40.0), 45.0), None);
        assert_eq!(moment.skip_to(Until::AlertRaised, 60.0), None);
    }
}
