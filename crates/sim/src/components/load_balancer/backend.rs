//! What a balancer knows of a replica behind it.

use super::ejection::Record;
use crate::agenda::Time;
use crate::call::ANY_REPLICA;
use crate::event::LinkIx;

/// The time constant of the moving average, as in Finagle.
const DECAY: f64 = 10e9;

/// A replica behind a balancer.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    /// The link to it.
    pub link: LinkIx,
    /// Its replica of the callee.
    pub replica: u32,
    /// Whether it is healthy according to probes.
    pub is_healthy: bool,
    /// Number of consecutive probes that say otherwise.
    pub(super) against: u32,
    /// Number of calls of this balancer in flight there.
    pub outstanding: u32,
    /// Whether it can be chosen: considered healthy, or in panic mode.
    pub(super) is_usable: bool,
    /// The results of its calls.
    pub(super) record: Record,
    /// Its link's weight, and its state in the smooth round robin.
    pub(super) weight: u32,
    pub(super) current: i64,
    /// Peak exponentially weighted moving average of the time of its calls, in ns, at `observed`.
    pub(super) cost: f64,
    pub(super) observed: Time,
}

impl Backend {
    pub(super) fn new(link: LinkIx, replica: u32) -> Self {
        Self {
            link,
            replica,
            is_healthy: true,
            against: 0,
            outstanding: 0,
            is_usable: true,
            record: Record::default(),
            weight: 1,
            current: 0,
            cost: 0.0,
            observed: 0,
        }
    }

    /// Returns whether it received a call: behind one address, whichever replica the callee chose.
    #[inline(always)]
    pub(super) fn is(&self, link: LinkIx, replica: u32) -> bool {
        self.link == link && (self.replica == replica || self.replica == ANY_REPLICA)
    }

    /// Returns until when it is ejected; the past if it is not.
    pub(super) fn out_until(&self) -> Time {
        self.record.out_until
    }

    /// Returns whether neither probes nor failures say otherwise.
    pub fn is_believed_well(&self, now: Time) -> bool {
        self.is_healthy && !self.record.is_out(now)
    }

    /// Takes the duration of a call: a peak counts immediately, a faster call counts gradually
    /// (Finagle).
    pub(super) fn observe(&mut self, took: f64, now: Time) {
        self.cost = match took > self.cost {
            true => took,
            false => {
                let kept = self.decay(now);
                self.cost * kept + took * (1.0 - kept)
            }
        };
        self.observed = now;
    }

    fn decay(&self, now: Time) -> f64 {
        libm::exp(-((now - self.observed) as f64) / DECAY)
    }

    /// Returns Finagle's load: the average, which decays while nothing returns, times the calls
    /// there including this one. A backend with calls in progress that never answered any is chosen
    /// last.
    pub(super) fn load(&self, now: Time) -> f64 {
        let outstanding = f64::from(self.outstanding);
        if self.cost == 0.0 && self.outstanding > 0 {
            return f64::MAX / 2.0 + outstanding;
        }
        self.cost * self.decay(now) * (outstanding + 1.0)
    }
}
