//! Admission control of a service: rate limiter, adaptive concurrency, load shedding, memory.
//!
//! A call meets them in this order. A rejected call is rejected immediately and costs no work.
//! Health probes pass.

use super::concurrency::Limits;
use super::rate_limit::RateLimiter;
use crate::agenda::Time;
use crate::call::{Call, Calls, Detail, Outcome};
use crate::station::Station;
use design::kinds::service as spec;

/// Why a call was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No token in the bucket of the rate limiter.
    RateLimit,
    /// As many calls in progress as the adaptive limit allows.
    ConcurrencyLimit,
    /// The oldest waiting call has already waited too long.
    Shed,
    /// No free place in the queue.
    QueueFull,
    /// It has waited for the queue's maximum time.
    MaxWait,
}

impl Why {
    /// Returns the same for the caller.
    pub(super) fn detail(self) -> Detail {
        match self {
            Self::RateLimit => Detail::RateLimit,
            Self::ConcurrencyLimit => Detail::ConcurrencyLimit,
            Self::Shed => Detail::Shed,
            Self::QueueFull => Detail::QueueFull,
            Self::MaxWait => Detail::MaxWait,
        }
    }
}

/// Every reason, in the order of [`TurnedAway`].
pub const REASONS: [(Why, &str); 5] = [
    (Why::RateLimit, "rate_limit"),
    (Why::ConcurrencyLimit, "concurrency_limit"),
    (Why::Shed, "shed"),
    (Why::QueueFull, "queue_full"),
    (Why::MaxWait, "max_wait"),
];

/// Rejected calls (measured), by reason.
pub type TurnedAway = [u64; 5];

/// The admission control of a service that has any.
#[derive(Clone, Debug)]
pub(super) struct Gates {
    rate: Option<RateLimiter>,
    pub(super) limits: Option<Limits>,
    /// Maximum wait of the oldest waiting call before calls are shed, in ns.
    shed_after: Option<u64>,
    /// Number of calls that a replica has memory for.
    memory: Option<u64>,
}

impl Gates {
    /// Returns the admission control of a design; unchanged parts continue.
    pub(super) fn new(
        spec: &spec::Service,
        old: Option<Box<Self>>,
        replicas: usize,
        now: Time,
    ) -> Option<Box<Self>> {
        let (rate, limits) = old.map_or((None, None), |old| (old.rate, old.limits));
        let gates = Self {
            rate: RateLimiter::updated(rate, spec.rate_limit.as_ref()),
            limits: Limits::updated(limits, spec, replicas, now),
            shed_after: spec.shed.as_ref().map(|shed| shed.queue_delay.0),
            memory: spec.memory.as_ref().map(spec::Memory::calls),
        };
        let limits_load = gates.rate.is_some() || gates.limits.is_some();
        let is_any = limits_load || gates.shed_after.is_some() || gates.memory.is_some();
        is_any.then(|| Box::new(gates))
    }

    /// Returns whether a call is rejected, and why.
    pub(super) fn turn_away(
        &mut self,
        call: &Call,
        station: &Station,
        calls: &Calls,
        now: Time,
    ) -> Option<Why> {
        if let Some(rate) = &mut self.rate
            && !rate.admits(call.replica, call.key, now)
        {
            return Some(Why::RateLimit);
        }
        if let Some(limits) = &self.limits
            && !limits.admits(call.replica, station.present)
        {
            return Some(Why::ConcurrencyLimit);
        }
        let oldest = self.shed_after.and(station.oldest(calls));
        let has_waited = oldest.map_or(0, |since| now - since);
        let is_late = self.shed_after.is_some_and(|most| has_waited > most);
        is_late.then_some(Why::Shed)
    }

    /// Returns whether one more call exceeds a replica's memory. A call without a place takes none.
    pub(super) fn overflows(&self, station: &Station) -> bool {
        let is_full = |most| station.present >= most && station.has_room();
        self.memory.is_some_and(is_full)
    }

    /// Takes the latency of an answered call, and the number of calls in progress, itself included.
    pub(super) fn finished(
        &mut self,
        replica: u32,
        took: u64,
        present: u64,
        outcome: Outcome,
        now: Time,
    ) {
        if let Some(limits) = &mut self.limits {
            limits.finished(replica, took, present, outcome, now);
        }
    }

    /// Handles a replica that died: its state is lost.
    pub(super) fn crash(&mut self, replica: u32, now: Time) {
        if let Some(rate) = &mut self.rate {
            rate.crash(replica);
        }
        if let Some(limits) = &mut self.limits {
            limits.crash(replica, now);
        }
    }
}
