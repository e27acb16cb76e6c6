//! The load of a client over time: the rate of its arrivals, shaped by a profile and by traffic
//! spikes.

use crate::agenda::Time;
use crate::call::CALLS_MAX;
use design::kinds::client::{Arrivals, ProfileStep};

/// Number of steps in which an increasing number of users is evaluated over a ramp; fewer if there
/// are fewer users.
const LOOKS_MAX: u64 = 1_000;

/// The factors of the load.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) arrivals: Arrivals,
    pub(super) profile: Vec<ProfileStep>,
    /// Factor of the active traffic spikes.
    pub(super) spike: f64,
}

/// A rate that holds for a while, and its slope.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// Arrivals per ns.
    pub(super) rate: f64,
    /// Change of the rate per ns.
    pub(super) slope: f64,
}

impl Pace {
    /// Returns the number of arrivals within a time, and advances the rate.
    #[inline]
    pub(super) fn pass(&mut self, ns: f64) -> f64 {
        if self.slope == 0.0 {
            return self.rate * ns;
        }
        self.pass_on_ramp(ns)
    }

    #[cold]
    fn pass_on_ramp(&mut self, ns: f64) -> f64 {
        let before = self.rate;
        self.rate = (before + self.slope * ns).max(0.0);
        (before + self.rate) / 2.0 * ns
    }

    /// Returns the time until this many have arrived; `None` if that never happens.
    #[inline]
    pub(super) fn time_for(self, arrivals: f64) -> Option<f64> {
        if self.slope == 0.0 {
            return (self.rate > 0.0).then(|| arrivals / self.rate);
        }
        self.time_on_ramp(arrivals)
    }

    /// Returns the first root of `rate t + slope t² / 2 = arrivals`.
    #[cold]
    fn time_on_ramp(self, arrivals: f64) -> Option<f64> {
        if arrivals <= 0.0 {
            return Some(0.0);
        }
        let square = self.rate * self.rate + 2.0 * self.slope * arrivals;
        (square > 0.0).then(|| 2.0 * arrivals / (self.rate + libm::sqrt(square)))
    }
}

impl Load {
    /// Returns the pace at a moment.
    pub(super) fn pace_at(&self, now: Time) -> Pace {
        let base = match &self.arrivals {
            Arrivals::Poisson(rate) | Arrivals::Constant(rate) => rate.0,
            Arrivals::OnOff(burst) if now % (burst.on.0 + burst.off.0) < burst.on.0 => burst.rate.0,
            Arrivals::OnOff(_) | Arrivals::Closed(_) | Arrivals::Replay(_) => 0.0,
        };
        let (times, slope) = self.times_at(now);
        Pace {
            rate: base * times / 1e9,
            slope: base * slope / 1e9,
        }
    }

    /// Returns the factor of the load, and its change per ns.
    fn times_at(&self, now: Time) -> (f64, f64) {
        let Some((step, before)) = self.step_at(now) else {
            return (self.spike, 0.0);
        };
        let (at, over) = (step.at.0, step.over.0);
        if now >= at + over {
            return (step.times * self.spike, 0.0);
        }
        let slope = (step.times - before) / over as f64;
        let times = before + slope * (now - at) as f64;
        (times * self.spike, slope * self.spike)
    }

    /// Returns the last step of the profile by now, and the multiple before it.
    fn step_at(&self, now: Time) -> Option<(&ProfileStep, f64)> {
        let past = self.profile.partition_point(|step| step.at.0 <= now);
        let step = &self.profile[past.checked_sub(1)?];
        let before = past.checked_sub(2).map_or(1.0, |at| self.profile[at].times);
        Some((step, before))
    }

    /// Returns when the pace changes next.
    pub(super) fn next_change(&self, now: Time) -> Option<Time> {
        let steps = self.profile.iter();
        let edges = steps.flat_map(|step| [step.at.0, step.at.0 + step.over.0]);
        let edge = edges.filter(|at| *at > now).min();
        let own = match &self.arrivals {
            Arrivals::OnOff(burst) => {
                let period = burst.on.0 + burst.off.0;
                let start = now - now % period;
                let is_on = now - start < burst.on.0;
                Some(if is_on {
                    start + burst.on.0
                } else {
                    start + period
                })
            }
            Arrivals::Closed(closed) => self.next_user(now, closed.users),
            Arrivals::Poisson(_) | Arrivals::Constant(_) | Arrivals::Replay(_) => None,
        };
        edge.into_iter().chain(own).min()
    }

    /// Returns when one user is added, or several if there are very many.
    fn next_user(&self, now: Time, users: u32) -> Option<Time> {
        let looks = self.looks_at(now, users)?;
        Some(looks.time(looks.past + 1))
    }

    /// Returns the moments of an upward ramp at which users may be added.
    fn looks_at(&self, now: Time, users: u32) -> Option<Looks> {
        let (step, before) = self.step_at(now)?;
        let (at, over) = (step.at.0, step.over.0);
        let more = (step.times - before) * self.spike * f64::from(users);
        if now >= at + over || more < 1.0 {
            return None;
        }
        let count = u128::from((libm::ceil(more) as u64).min(LOOKS_MAX));
        let past = u128::from(now - at) * count / u128::from(over);
        Some(Looks {
            at,
            over,
            count,
            past,
        })
    }

    /// Returns the number of users of a closed client.
    pub(super) fn users_wanted(&self, now: Time) -> u64 {
        let Arrivals::Closed(closed) = &self.arrivals else {
            return 0;
        };
        // No user is added between two moments of the ramp, whenever it is evaluated.
        let looks = self.looks_at(now, closed.users);
        let last = looks.map_or(now, |looks| looks.time(looks.past));
        let times = self.times_at(last).0;
        // A ramp reaches a whole number, except for rounding.
        let users = libm::floor(f64::from(closed.users) * times + 1e-6) as u64;
        users.min(CALLS_MAX as u64)
    }
}

/// Moments that divide a ramp evenly.
struct Looks {
    at: Time,
    over: Time,
    count: u128,
    /// Number of moments that have passed.
    past: u128,
}

impl Looks {
    fn time(&self, number: u128) -> Time {
        self.at + (u128::from(self.over) * number).div_ceil(self.count) as u64
    }
}
