//! What happened after the last fault: how long the system took to recover, or whether it stayed
//! down by itself (Bronson et al., "Metastable Failures in Distributed Systems", 2021).
//!
//! All of it is derived from the windows. A count of one window scatters, so windows are combined
//! into stretches long enough for [`STRETCH`] good answers, and into longer ones that show smaller
//! losses. A stretch is below a bound only if it is so by more than random variation explains
//! (three standard deviations of a Poisson count). Within a stretch, the loss ended where that
//! explains its counts best ([`end_of_loss`]).

use super::Window;
use super::slowness::Bound;
use crate::components::Node;
use crate::simulation::Simulation;
use design::{Fault, FaultKind};
use report::{Metastable, Reason, Recovery, Steady};

/// Number of good answers of a stretch, at the rate before the fault.
const STRETCH: f64 = 200.0;
/// Share of the previous goodput that counts as recovered.
const RECOVERED: f64 = 0.9;
/// Share below which a system that stays there is metastable.
const COLLAPSED: f64 = 0.5;
/// How long it must stay there, in seconds, and as a multiple of the 99th percentile before.
const COLLAPSED_S: f64 = 10.0;
const COLLAPSED_P99: f64 = 10.0;

/// Averages of the windows before the fault.
struct Before {
    good: f64,
    offered: f64,
    /// 99th percentile of latency, in seconds.
    p99_s: f64,
    /// Requirements on latency that were met.
    bounds: Vec<Bound>,
}

/// The windows after a fault, judged by those before it.
struct After<'a> {
    trigger: (u64, u64),
    before: Before,
    windows: &'a [Window],
    width: u64,
    /// The first window that begins after the fault.
    first: usize,
    /// Number of windows of a stretch.
    stretch: usize,
}

/// What is known of the time after the faults.
pub(super) enum Aftermath {
    /// There was no disturbance.
    Calm,
    /// There was one, but the recovery cannot be judged, for this reason.
    Unjudged(Reason),
    /// How it recovered, and whether it stayed down by itself.
    Judged(Recovery, Option<Metastable>),
}

impl Simulation {
    /// Returns whether there was a steady state before the first disturbance.
    pub(super) fn steady_state(&self) -> Steady {
        let ended = self.world.end.min(self.world.now);
        let until = trigger(self, ended).map_or(ended, |trigger| trigger.start);
        self.steady(until)
    }

    /// Returns what followed the last fault.
    pub(super) fn aftermath(&self) -> Aftermath {
        let after = self
            .before()
            .and_then(|(trigger, before)| self.after(trigger, before));
        match after {
            Ok(after) => Aftermath::Judged(after.recovery(), after.metastable()),
            Err(None) => Aftermath::Calm,
            Err(Some(why)) => Aftermath::Unjudged(why),
        }
    }

    /// Returns the windows of full length.
    pub(super) fn whole_windows(&self) -> &[Window] {
        let windows = &self.world.windows;
        let ended = self.world.end.min(self.world.now);
        let whole = (ended / windows.width).min(windows.closed.len() as u64) as usize;
        &windows.closed[..whole]
    }

    /// Returns the averages before the first disturbance. The error is why there is nothing to
    /// judge by; `None` if there was no disturbance.
    fn before(&self) -> Result<(Trigger, Before), Option<Reason>> {
        let ended = self.world.end.min(self.world.now);
        let trigger = trigger(self, ended).ok_or(None)?;
        let width = self.world.windows.width;
        let until = (trigger.start / width) as usize;
        // If the fault begins in the warm-up, the time before it has to suffice, except for the
        // first window: the first requests are answered in it, and hardly any at its beginning.
        let settled = self.settled();
        let from = match settled.div_ceil(width) as usize {
            from if from < until => from,
            _ if settled > self.world.warmup => {
                return Err(Some(Reason::NotSettled));
            }
            _ => 1,
        };
        let calm = self.whole_windows().get(from..until);
        let calm = calm
            .filter(|calm| !calm.is_empty())
            .ok_or(Some(Reason::NoTimeBefore))?;
        let mean =
            |of: fn(&Window) -> u64| calm.iter().map(of).sum::<u64>() as f64 / calm.len() as f64;
        let before = Before {
            good: mean(|window| window.good),
            offered: mean(|window| window.offered),
            p99_s: mean(|window| window.p99.unwrap_or(0)) / 1e9,
            bounds: Bound::all(&self.design().requirements, calm),
        };
        match before.good > 0.0 {
            true => Ok((trigger, before)),
            false => Err(Some(Reason::NothingBefore)),
        }
    }

    fn after(&self, trigger: Trigger, before: Before) -> Result<After<'_>, Option<Reason>> {
        let end = trigger.end.ok_or(Some(Reason::FaultLasts))?;
        let windows = self.whole_windows();
        let width = self.world.windows.width;
        let first = end.div_ceil(width) as usize;
        if first >= windows.len() {
            return Err(Some(Reason::NoTimeAfter));
        }
        let stretch = least(before.good).min(windows.len() - first);
        Ok(After {
            trigger: (trigger.start, end),
            windows,
            width,
            first,
            stretch,
            before,
        })
    }

    /// Returns whether goodput fell below 90% of its level before the first fault, somewhere
    /// between two moments, by more than random variation explains. Without a level to compare
    /// with, it counts as fallen; without requests, it does not.
    pub(super) fn was_felt(&self, from: u64, until: u64) -> bool {
        if from >= self.world.end {
            return false;
        }
        let Ok((_, before)) = self.before() else {
            return true;
        };
        let width = self.world.windows.width;
        let windows = self.whole_windows();
        let first = (from / width) as usize;
        // At least as long as it takes to judge.
        let last = (until.div_ceil(width) as usize).max(first + least(before.good));
        let last = last.min(windows.len());
        let Some(windows) = windows
            .get(first..last)
            .filter(|windows| !windows.is_empty())
        else {
            return false;
        };
        last_loss(&good_of(windows), before.good).is_some()
    }
}

impl Simulation {
    /// Returns when a fault ended, as far as that is known.
    pub(super) fn fault_ended(&self, fault: &Fault) -> Option<u64> {
        if fault.kind != FaultKind::Reshard {
            return self.design.fault_ends(fault).map(|end| end.0);
        }
        match self.behaviour(self.node_place(&fault.target)?) {
            Node::Database(database) => database.resharded_at(fault.at.0),
            _ => None,
        }
    }
}

/// The time of the disturbance.
#[derive(Clone, Copy)]
struct Trigger {
    start: u64,
    /// `None` if something did not end while requests arrived.
    end: Option<u64>,
}

/// Returns the time from the first fault to the end of the last, including a load that rose or fell
/// and returned. Disturbances that ended within the warm-up count only if none follows. `None`
/// without a disturbance.
fn trigger(run: &Simulation, ended: u64) -> Option<Trigger> {
    let faults = run.design.faults.iter();
    let faults = faults.map(|fault| (fault.at.0, run.fault_ended(fault)));
    let loads = run.courses().filter_map(|course| course.disturbed);
    let loads = loads.map(|(from, until)| (from, Some(until)));
    let mut spans: Vec<_> = faults.chain(loads).collect();
    spans.retain(|span| span.0 < ended);
    let warmup = run.world.warmup;
    if spans.iter().any(|span| span.0 >= warmup) {
        spans.retain(|span| span.1.is_none_or(|end| end > warmup));
    }
    let start = spans.iter().map(|span| span.0).min()?;
    let ends = spans.iter().map(|span| span.1.filter(|end| *end < ended));
    let end = ends
        .collect::<Option<Vec<u64>>>()
        .and_then(|ends| ends.into_iter().max());
    Some(Trigger { start, end })
}

/// Returns whether a count is below its expectation by more than random variation explains.
fn is_below(count: u64, expected: f64) -> bool {
    (count as f64) < expected - 3.0 * libm::sqrt(expected)
}

/// Returns the number of windows of the shortest stretch.
fn least(usual: f64) -> usize {
    libm::ceil(STRETCH / usual).max(1.0) as usize
}

fn good_of(windows: &[Window]) -> Vec<u64> {
    windows.iter().map(|window| window.good).collect()
}

/// Returns where the last loss ended in a row of windows that usually have this many good answers
/// each: the first window from which no stretch of any length is below [`RECOVERED`] of that.
/// `None` without a loss.
fn last_loss(good: &[u64], usual: f64) -> Option<usize> {
    let mut sums = vec![0; good.len() + 1];
    for (place, good) in good.iter().enumerate() {
        sums[place + 1] = sums[place] + good;
    }
    let least = least(usual);
    let mut from = 0;
    loop {
        let rest = good.len() - from;
        let doubled = std::iter::successors(Some(least.min(rest)), |length| {
            (*length < rest).then(|| (2 * length).min(rest))
        });
        let bad = doubled.take_while(|length| *length > 0).find_map(|length| {
            let expected = RECOVERED * usual * length as f64;
            let is_bad = |first: &usize| is_below(sums[first + length] - sums[*first], expected);
            let last = (from..=good.len() - length).rev().find(is_bad)?;
            Some((last, length))
        });
        match bad {
            Some((first, length)) => {
                from = first + end_of_loss(&good[first..first + length], usual);
            }
            None => return (from > 0).then_some(from),
        }
    }
}

/// Returns how many windows of a stretch the loss in it lasted, from its first: a loss of some size
/// up to there, and none from there on, explains the counts best (the likeliest change of a Poisson
/// rate to a known one).
fn end_of_loss(good: &[u64], usual: f64) -> usize {
    let mut best = (0.0, 1);
    let mut sum = 0;
    for (place, good) in good.iter().enumerate() {
        sum += good;
        let expected = usual * (place + 1) as f64;
        let share = sum as f64 / expected;
        let gain = match share {
            0.0 => expected,
            share if share < 1.0 => sum as f64 * libm::log(share) + expected - sum as f64,
            _ => 0.0,
        };
        // Of equals the later one: the loss has happened.
        if gain >= best.0 {
            best = (gain, place + 1);
        }
    }
    best.1
}

impl After<'_> {
    /// Returns the stretches after the fault, each with the index of its first window.
    fn stretches(&self) -> impl Iterator<Item = (usize, &[Window])> {
        let after = &self.windows[self.first..];
        let first = self.first;
        let stretches = after.windows(self.stretch).enumerate();
        stretches.map(move |(place, stretch)| (first + place, stretch))
    }

    fn recovery(&self) -> Recovery {
        let (good, mut last) = (self.good_again(), "goodput");
        let mut back = good.map(|window| window.max(self.first));
        for bound in &self.before.bounds {
            let windows = &self.windows[self.first..];
            let met = bound.met_again(windows).map(|window| self.first + window);
            let is_later = match (back, met) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(back), Some(met)) => met > back,
            };
            if is_later {
                (back, last) = (met, bound.metric);
            }
        }
        let ended = self.trigger.1;
        // Without a loss, it had recovered when the fault ended.
        let back = back.map(|window| match window == self.first {
            true => ended,
            false => window as u64 * self.width,
        });
        Recovery {
            trigger_start_s: self.trigger.0 as f64 / 1e9,
            trigger_end_s: ended as f64 / 1e9,
            goodput_before_per_s: self.before.good / (self.width as f64 / 1e9),
            recovery_s: back.map(|back| (back - ended) as f64 / 1e9),
            last,
        }
    }

    /// Returns the window from which goodput was as before.
    fn good_again(&self) -> Option<usize> {
        let good = good_of(&self.windows[self.first..]);
        let Some(lost) = last_loss(&good, self.before.good) else {
            return Some(self.first);
        };
        // Enough windows must follow to show that it has recovered.
        let usual = self.before.good * (good.len() - lost) as f64;
        let rest: u64 = good[lost..].iter().sum();
        let is_back = usual >= STRETCH / 2.0 && rest as f64 >= RECOVERED * usual;
        is_back.then_some(self.first + lost)
    }

    fn metastable(&self) -> Option<Metastable> {
        let length = self.stretch as f64;
        let usual = 1.1 * self.before.offered * length;
        let is_down = |stretch: &[Window]| {
            let (mut good, mut offered) = (0, 0);
            for window in stretch {
                good += window.good;
                offered += window.offered;
            }
            let is_usual = offered as f64 <= usual + 3.0 * libm::sqrt(usual);
            is_usual && (good as f64) < COLLAPSED * self.before.good * length
        };
        let width_s = self.width as f64 / 1e9;
        let needed_s = COLLAPSED_S.max(COLLAPSED_P99 * self.before.p99_s);
        // From the first window of the first low stretch to the last of the last in a row.
        let mut run: Option<(usize, usize)> = None;
        let mut found = None;
        for (place, stretch) in self.stretches() {
            if is_down(stretch) {
                let first = run.map_or(place, |(first, _)| first);
                run = Some((first, place + self.stretch));
            } else if let Some((first, end)) = run.take()
                && (end - first) as f64 * width_s >= needed_s
            {
                found = Some((first, end));
                break;
            }
        }
        let is_long = |(first, end): &(usize, usize)| (end - first) as f64 * width_s >= needed_s;
        let (first, end) = found.or(run.filter(is_long))?;
        let good: u64 = self.windows[first..end]
            .iter()
            .map(|window| window.good)
            .sum();
        let seconds = (end - first) as f64 * width_s;
        Some(Metastable {
            since_s: first as f64 * width_s,
            until_s: (end < self.windows.len()).then_some(end as f64 * width_s),
            goodput_before_per_s: self.before.good / width_s,
            goodput_per_s: good as f64 / seconds,
        })
    }
}
