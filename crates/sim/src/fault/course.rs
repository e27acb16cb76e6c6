//! The course of a fault over time: when it is on, and when that changes next.
//!
//! Most faults are on from one moment to another. Pauses come in turn, a rolling deploy goes from
//! replica to replica, and a fault with a mean time between failures breaks each of its units (the
//! replicas of a node; a zone or a link as a whole) and mends it again, after exponential times
//! from a stream of the unit's own.

use crate::agenda::Time;
use crate::random::{Purpose, Sampler, Stream};
use design::{Distribution, Fault, FaultKind};

/// A fault of the list, and where it is.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) fault: Fault,
    /// When it is over, if it ends.
    end: Option<Time>,
    /// What breaks and mends by chance, each for itself; none for what is scheduled.
    units: Vec<Unit>,
    /// A flush has happened.
    pub(super) is_spent: bool,
}

#[derive(Clone, Debug)]
struct Unit {
    is_broken: bool,
    changes: Time,
    up: Sampler,
    /// `None` is never.
    down: Option<Sampler>,
    stream: Stream,
}

impl Unit {
    fn new(fault: &Fault, mtbf: design::Duration, place: u32, since: Time, seed: u64) -> Self {
        let name = format!("{}#{place}/{}", fault.target, fault.kind.name());
        let exponential = |mean: design::Duration| Sampler::new(&Distribution::Exp(mean));
        let fixed = |lasts: design::Duration| Sampler::Const(lasts.0);
        let mut unit = Self {
            is_broken: false,
            changes: 0,
            up: exponential(mtbf),
            down: fault.mttr.map(exponential).or(fault.lasts.map(fixed)),
            stream: Stream::new(seed, &name, Purpose::Failures),
        };
        unit.changes = since + unit.up.draw(&mut unit.stream);
        unit
    }

    /// Breaks or mends, as often as that is due.
    fn advance(&mut self, now: Time) {
        while self.changes <= now {
            self.is_broken = !self.is_broken;
            let lasts = match (self.is_broken, &self.down) {
                (false, _) => self.up.draw(&mut self.stream),
                (true, Some(down)) => down.draw(&mut self.stream),
                (true, None) => Time::MAX / 2,
            };
            // Time must pass, however short a draw is.
            self.changes += lasts.max(1);
        }
    }
}

impl Course {
    /// A fault as it stands at a moment, with this many replicas of its node (1 for all else).
    pub(super) fn new(fault: &Fault, replicas: u32, now: Time, seed: u64) -> Self {
        let since = fault.at.0.max(now);
        let units = match (fault.mtbf, fault.replica) {
            (None, _) => 0..0,
            (Some(_), Some(only)) => only..only + 1,
            (Some(_), None) => 0..replicas,
        };
        let unit = |place| {
            fault
                .mtbf
                .map(|mtbf| Unit::new(fault, mtbf, place, since, seed))
        };
        Self {
            fault: fault.clone(),
            end: fault.ends(replicas).map(|end| end.0),
            units: units.filter_map(unit).collect(),
            is_spent: false,
        }
    }

    /// Takes over how far another course of the same fault has come.
    pub(super) fn resume(&mut self, other: Self) {
        self.is_spent = other.is_spent;
        for (unit, known) in self.units.iter_mut().zip(other.units) {
            *unit = known;
        }
    }

    /// Goes on to a moment.
    pub(super) fn advance(&mut self, now: Time) {
        for unit in &mut self.units {
            unit.advance(now);
        }
    }

    /// When it changes next, after a moment. What comes again and again begins no more once
    /// arrivals have ended: a drain waits for work, and not for the next failure.
    pub(super) fn next_change(&self, now: Time, arrivals_end: Time) -> Option<Time> {
        let is_due = |time: &Time| *time > now;
        if self.fault.mtbf.is_some() {
            let units = self.units.iter();
            let due = units.filter(|unit| unit.is_broken || unit.changes < arrivals_end);
            return due.map(|unit| unit.changes).filter(is_due).min();
        }
        let (at, end) = (self.fault.at.0, self.end);
        if now < at {
            return Some(at);
        }
        let edge = match self.fault.kind {
            FaultKind::GcPauses => {
                let (every, pause) = (self.fault.every.0, self.fault.pause.0);
                let began = now - (now - at) % every;
                let next = match now < began + pause {
                    true => began + pause,
                    false => began + every,
                };
                Some(next).filter(|next| now < began + pause || *next < arrivals_end)
            }
            FaultKind::RollingDeploy => {
                let step = self.fault.step.0;
                Some(now - (now - at) % step + step)
            }
            _ => None,
        };
        edge.into_iter().chain(end).filter(is_due).min()
    }

    /// Whether it is on at a moment, for a replica.
    pub(super) fn is_on(&self, now: Time, replica: u32) -> bool {
        let fault = &self.fault;
        if fault.mtbf.is_some() {
            let place = match self.units.len() {
                1 => 0,
                _ => replica as usize,
            };
            return self.units.get(place).is_some_and(|unit| unit.is_broken);
        }
        let at = fault.at.0;
        if now < at || self.end.is_some_and(|end| now >= end) {
            return false;
        }
        match fault.kind {
            FaultKind::GcPauses => (now - at) % fault.every.0 < fault.pause.0,
            FaultKind::RollingDeploy => (now - at) / fault.step.0 == u64::from(replica),
            _ => true,
        }
    }
}
