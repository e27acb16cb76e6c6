//! Passive health checks: backends whose calls fail are ejected for a while.
//!
//! After Envoy's outlier detection by consecutive errors. Every failed attempt counts, whatever its
//! cause. A backend that returns is as good as any other until it has failed as often again. Its
//! ejections get longer, by the time of the first each time, and shorter again for every ten
//! seconds (Envoy's interval) without an ejection.

use crate::agenda::Time;
use design::kinds::load_balancer::OutlierEjection;

/// Envoy evaluates at this interval, and forgives one ejection of a backend that has had none since
/// the last time.
const SWEEP: u64 = 10_000_000_000;

/// What a balancer remembers of a backend's failures.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Record {
    /// Consecutive errors.
    errors: u32,
    /// Ejections, less those forgiven.
    ejections: u64,
    /// Ejected until then; 0 if it is not ejected.
    pub(super) out_until: Time,
}

impl Record {
    /// Returns whether it is ejected now.
    pub(super) fn is_out(&self, now: Time) -> bool {
        now < self.out_until
    }

    /// Handles the end of an attempt. Returns whether that is one error too many.
    pub(super) fn judge(&mut self, rule: &OutlierEjection, is_answer: bool, now: Time) -> bool {
        if self.is_out(now) {
            return false;
        }
        self.errors = if is_answer {
            0
        } else {
            self.errors.saturating_add(1)
        };
        self.errors >= rule.consecutive_errors
    }

    /// Ejects it.
    pub(super) fn eject(&mut self, rule: &OutlierEjection, now: Time) {
        let forgiven = (now - self.out_until) / SWEEP;
        self.ejections = self.ejections.saturating_sub(forgiven) + 1;
        let longest = rule.max_eject_for.0.max(rule.eject_for.0);
        let out_for = rule.eject_for.0.saturating_mul(self.ejections).min(longest);
        self.out_until = now + out_for;
        self.errors = 0;
    }
}

/// Returns whether one more may be ejected: always one, and then up to the share.
pub(super) fn has_room(rule: &OutlierEjection, out: usize, backends: usize) -> bool {
    out == 0 || (out + 1) as f64 <= rule.max_ejected * backends as f64
}
