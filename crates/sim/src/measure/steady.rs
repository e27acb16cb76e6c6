//! Whether a run reached a steady state before the first disturbance, and since when.
//!
//! A load that rises to its usual rate at the beginning is part of the start, like the warm-up; it
//! is not a disturbance. The state afterwards is judged by the time between the start and the first
//! disturbance.

use crate::simulation::Simulation;
use design::kinds::client::{Client, ProfileStep};
use report::Steady;

/// A backlog that grows by less than this share of the requests is not reported.
const GROWTH: f64 = 0.05;
/// Fewer requests than this are not judged.
const REQUESTS_MIN: u64 = 200;

/// Departures of a client's load from its usual rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Course {
    /// When the load of the start has settled.
    pub(super) settled: u64,
    /// From when to when it departs from the usual rate later, if it returns to that.
    pub(super) disturbed: Option<(u64, u64)>,
}

impl Course {
    /// Returns the course of a profile, in a run with this warm-up.
    pub(super) fn of(profile: &[ProfileStep], warmup: u64) -> Self {
        let ends = |step: &ProfileStep| step.at.0.saturating_add(step.over.0);
        let differs = |step: &&ProfileStep| step.times != 1.0;
        let is_early = |step: &ProfileStep| step.at.0 == 0 || step.at.0 < warmup;
        let returns = profile.last().is_some_and(|last| last.times == 1.0);
        if !returns {
            // It settles at another rate: changes in the warm-up are part of the start.
            let early = profile.iter().take_while(|step| is_early(step));
            return Self {
                settled: early.last().map_or(0, ends),
                disturbed: None,
            };
        }
        let mut course = Self::default();
        let mut rest = profile;
        while let Some(first) = rest.iter().position(|step| differs(&step)) {
            let back = rest[first..].iter().position(|step| step.times == 1.0);
            let back = first + back.unwrap_or(rest.len() - first - 1);
            let (from, until) = (&rest[first], ends(&rest[back]));
            // A rise that outlasts the warm-up is not part of the start, unless it begins at 0.
            let is_start = from.at.0 == 0 || from.times < 1.0 || until <= warmup;
            if !is_early(from) || !is_start {
                course.disturbed = profile.last().map(|last| (from.at.0, ends(last)));
                break;
            }
            course.settled = course.settled.max(until);
            rest = &rest[back + 1..];
        }
        course
    }
}

impl Simulation {
    /// Returns the courses of the loads of all clients.
    pub(super) fn courses(&self) -> impl Iterator<Item = Course> {
        let warmup = self.world.warmup;
        let nodes = self.design().nodes.iter();
        nodes.filter_map(move |node| match &node.kind {
            design::Kind::Client(Client { profile, .. }) => Some(Course::of(profile, warmup)),
            _ => None,
        })
    }

    /// Returns when the start is over: the warm-up, and loads that rise to their usual rates.
    pub(super) fn settled(&self) -> u64 {
        let settled = self.courses().map(|course| course.settled).max();
        settled.unwrap_or(0).max(self.world.warmup)
    }

    /// Returns whether a steady state was reached before the first disturbance, or before the end.
    pub(super) fn steady(&self, until: u64) -> Steady {
        let settled = self.settled();
        let why = match settled < until {
            true => self.growth(settled, until),
            false if settled > self.world.warmup => Some("the load was still changing".to_owned()),
            false => Some("the warm-up was not over".to_owned()),
        };
        Steady {
            since_s: why.is_none().then_some(settled as f64 / 1e9),
            why,
        }
    }

    /// Returns what grew in the second half of a period, so that it was not steady.
    fn growth(&self, from: u64, until: u64) -> Option<String> {
        let width = self.world.windows.width;
        let first = (from + (until - from) / 2).div_ceil(width) as usize;
        let windows = self.whole_windows();
        let last = ((until / width) as usize).min(windows.len());
        let late = windows.get(first..last).filter(|late| late.len() > 1)?;
        let offered: u64 = late.iter().map(|window| window.offered).sum();
        let finished: u64 = late.iter().map(|window| window.finished).sum();
        let (before, after) = (late[0].waiting, late[late.len() - 1].waiting);
        // Three standard deviations of the difference of two Poisson counts.
        let chance = 3.0 * libm::sqrt(2.0 * offered as f64);
        let grows = |by: u64| by as f64 > chance.max(GROWTH * offered as f64);
        if offered < REQUESTS_MIN {
            return None;
        }
        let seconds = |window: usize| (window as u64 * width) as f64 / 1e9;
        let (begins, ends) = (seconds(first), seconds(last));
        if grows(offered.saturating_sub(finished)) {
            return Some(format!(
                "{offered} requests came from {begins} s to {ends} s, and only {finished} finished",
            ));
        }
        grows(after.saturating_sub(before)).then(|| {
            format!(
                "calls waiting in queues rose from {before} at {begins} s to {after} at {ends} s"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use design::quantity::Duration;

    const S: u64 = 1_000_000_000;

    fn course(steps: &[(u64, f64, u64)], warmup_s: u64) -> (u64, Option<(u64, u64)>) {
        let step = |(at, times, over): &(u64, f64, u64)| ProfileStep {
            at: Duration(at * S),
            times: *times,
            over: Duration(over * S),
        };
        let profile: Vec<ProfileStep> = steps.iter().map(step).collect();
        let course = Course::of(&profile, warmup_s * S);
        let disturbed = course.disturbed.map(|(from, until)| (from / S, until / S));
        (course.settled / S, disturbed)
    }

    #[test]
    fn a_start_is_no_disturbance() {
        assert_eq!(course(&[], 4), (0, None));
        // A step and a ramp inside the warm-up.
        assert_eq!(course(&[(0, 0.5, 0), (2, 1.0, 0)], 4), (2, None));
        assert_eq!(course(&[(0, 0.0, 0), (1, 1.0, 2)], 4), (3, None));
        // A ramp longer than the warm-up, and one without a warm-up.
        assert_eq!(course(&[(0, 0.1, 0), (1, 1.0, 9)], 4), (10, None));
        assert_eq!(course(&[(0, 0.1, 0), (1, 1.0, 9)], 0), (10, None));
        // A spike within the warm-up.
        assert_eq!(course(&[(1, 3.0, 0), (2, 1.0, 0)], 4), (2, None));
    }

    #[test]
    fn what_comes_after_the_warm_up_is_one() {
        let spike = [(20, 3.0, 0), (30, 1.0, 0)];
        assert_eq!(course(&spike, 4), (0, Some((20, 30))));
        assert_eq!(course(&spike, 0), (0, Some((20, 30))));
        let both = [(0, 0.5, 0), (2, 1.0, 0), (20, 3.0, 0), (30, 1.0, 5)];
        assert_eq!(course(&both, 4), (2, Some((20, 35))));
        let twice = [(10, 2.0, 0), (12, 1.0, 0), (20, 3.0, 0), (30, 1.0, 0)];
        assert_eq!(course(&twice, 4), (0, Some((10, 30))));
        // A rise that begins in the warm-up and outlasts it.
        assert_eq!(course(&[(3, 3.0, 0), (30, 1.0, 0)], 4), (0, Some((3, 30))));
        // A permanent rise is another load, not a disturbance.
        assert_eq!(course(&[(20, 3.0, 0)], 4), (0, None));
        assert_eq!(course(&[(0, 0.5, 0), (1, 0.8, 2)], 4), (3, None));
    }
}
