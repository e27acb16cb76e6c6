//! The course of a fault over time: when it is active, and when that changes next.
//!
//! Most faults are active from one moment to another. Pauses repeat, a rolling deploy goes from
//! replica to replica, and a fault with a mean time between failures breaks and repairs each of its
//! units (the present replicas of a node; a zone or a link as a whole), after exponential times
//! from the unit's own stream.

use crate::agenda::Time;
use crate::random::{Purpose, Sampler, Stream};
use crate::world::{Replica, Stage};
use design::{Distribution, Fault, FaultKind};

/// A fault of the list, and its state.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) fault: Fault,
    /// When it ends, if it ends.
    end: Option<Time>,
    /// Units that fail and recover at random, independently; none for a scheduled fault.
    units: Vec<Unit>,
    /// Whether there is only one of these, for all replicas.
    is_whole: bool,
    /// Whether an instantaneous fault has happened.
    is_spent: bool,
    /// Its random outages.
    pub(super) outages: Outages,
    /// Time of the event that changes it next.
    pub(super) due: Option<Time>,
}

/// Random outages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outages {
    /// Number of outages.
    pub(crate) count: u64,
    /// The first of them.
    pub(crate) list: Vec<Outage>,
}

/// A random outage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    /// The replica; 0 for a zone or a link as a whole.
    pub(crate) place: u32,
    pub(crate) from: Time,
    /// `None` while it lasts.
    pub(crate) until: Option<Time>,
}

/// Maximum number of outages kept one by one.
const OUTAGES_MAX: usize = 1_000;

impl Outages {
    fn begin(&mut self, place: u32, from: Time, is_of_a_moment: bool) {
        self.count += 1;
        if self.list.len() < OUTAGES_MAX {
            let until = is_of_a_moment.then_some(from);
            self.list.push(Outage { place, from, until });
        }
    }

    fn end(&mut self, place: u32, until: Time) {
        let mut open = self.list.iter_mut().rev();
        let open = open.find(|outage| outage.place == place && outage.until.is_none());
        if let Some(outage) = open {
            outage.until = Some(until);
        }
    }
}

#[derive(Clone, Debug)]
struct Unit {
    /// The replica.
    place: u32,
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
            place,
            is_broken: false,
            changes: 0,
            up: exponential(mtbf),
            down: fault.mttr.map(exponential).or(fault.lasts.map(fixed)),
            stream: Stream::new(seed, &name, Purpose::Failures),
        };
        unit.changes = since + unit.up.draw(&mut unit.stream);
        unit
    }

    /// Returns whether it still changes: once arrivals have ended, it recovers and does not fail
    /// again.
    fn is_live(&self, arrivals_end: Time) -> bool {
        self.is_broken || self.changes < arrivals_end
    }

    /// Fails or recovers, as often as that is due; an absent replica does not fail. Returns whether
    /// anything changed.
    fn advance(
        &mut self,
        (now, arrivals_end): (Time, Time),
        kind: FaultKind,
        is_there: bool,
        outages: &mut Outages,
    ) -> bool {
        let mut breaks = false;
        while self.changes <= now && self.is_live(arrivals_end) {
            let begins = !self.is_broken && is_there;
            breaks |= begins;
            if begins {
                outages.begin(self.place, self.changes, kind.is_of_a_moment());
            } else if self.is_broken {
                outages.end(self.place, self.changes);
            }
            self.is_broken = begins && !kind.is_of_a_moment();
            let lasts = match (self.is_broken, &self.down) {
                (false, _) => self.up.draw(&mut self.stream),
                (true, Some(down)) => down.draw(&mut self.stream),
                (true, None) => Time::MAX / 2,
            };
            // Time must pass, however short a draw is.
            self.changes += lasts.max(1);
        }
        breaks
    }

    /// Ends the outage of a removed replica.
    fn mend(&mut self, now: Time, outages: &mut Outages) {
        if std::mem::take(&mut self.is_broken) {
            outages.end(self.place, now);
            self.changes = now + self.up.draw(&mut self.stream).max(1);
        }
    }
}

/// Returns whether a replica is a process that can fail.
fn is_there(replicas: &[Replica], place: u32) -> bool {
    let replica = replicas.get(place as usize);
    replica.is_none_or(|replica| match replica.stage {
        Stage::Running | Stage::Restarting | Stage::Leaving => true,
        Stage::Starting | Stage::Absent => false,
    })
}

impl Course {
    /// Returns the course of a fault at a moment, with the replicas of its node (none for a zone or
    /// a link).
    pub(super) fn new(fault: &Fault, replicas: &[Replica], now: Time, seed: u64) -> Self {
        let is_whole =
            replicas.is_empty() || fault.replica.is_some() || fault.kind.is_of_whole_node();
        let count = replicas.len().max(1) as u32;
        let mut course = Self {
            fault: fault.clone(),
            end: fault.ends(count).map(|end| end.0),
            units: Vec::new(),
            is_whole,
            is_spent: false,
            outages: Outages::default(),
            due: None,
        };
        course.grow(count, fault.at.0.max(now), seed);
        course
    }

    /// Adds units up to this number of replicas.
    fn grow(&mut self, replicas: u32, since: Time, seed: u64) {
        let Some(mtbf) = self.fault.mtbf else {
            return;
        };
        let wanted = if self.is_whole { 1 } else { replicas };
        for place in self.units.len() as u32..wanted {
            let place = self.fault.replica.unwrap_or(place);
            let unit = Unit::new(&self.fault, mtbf, place, since, seed);
            self.units.push(unit);
        }
    }

    /// Follows replicas of its node that were added or removed.
    pub(super) fn follow(&mut self, replicas: &[Replica], now: Time, seed: u64) {
        self.grow(replicas.len() as u32, self.fault.at.0.max(now), seed);
        let gone = |unit: &&mut Unit| !is_there(replicas, unit.place);
        let is_of_replicas = self.is_of_replicas();
        let units = self.units.iter_mut().filter(|_| is_of_replicas);
        let outages = &mut self.outages;
        units.filter(gone).for_each(|unit| unit.mend(now, outages));
    }

    /// Returns whether its units are replicas, which may be added and removed.
    fn is_of_replicas(&self) -> bool {
        !self.is_whole || self.fault.replica.is_some()
    }

    /// Takes over the progress of another course of the same fault.
    pub(super) fn resume(&mut self, other: Self) {
        self.is_spent = other.is_spent;
        self.outages = other.outages;
        if self.is_whole != other.is_whole {
            return;
        }
        for (unit, known) in self.units.iter_mut().zip(other.units) {
            *unit = known;
        }
    }

    /// Advances to a moment. Returns whether an instantaneous fault happens now.
    pub(super) fn advance(&mut self, now: Time, arrivals_end: Time, replicas: &[Replica]) -> bool {
        let kind = self.fault.kind;
        let is_scheduled = self.fault.mtbf.is_none();
        let mut strikes = is_scheduled && self.fault.at.0 <= now && !self.is_spent;
        self.is_spent |= strikes;
        let is_of_replicas = self.is_of_replicas();
        for unit in &mut self.units {
            let is_there = !is_of_replicas || is_there(replicas, unit.place);
            strikes |= unit.advance((now, arrivals_end), kind, is_there, &mut self.outages);
        }
        strikes && kind.is_of_a_moment()
    }

    /// Returns when it changes next, after a moment. A repeating fault does not begin again once
    /// arrivals have ended: a drain waits for work, not for the next failure.
    pub(super) fn next_change(&self, now: Time, arrivals_end: Time) -> Option<Time> {
        let is_due = |time: &Time| *time > now;
        if self.fault.mtbf.is_some() {
            let units = self.units.iter();
            let due = units.filter(|unit| unit.is_live(arrivals_end));
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

    /// Returns whether it is active at a moment, for a replica.
    pub(super) fn is_on(&self, now: Time, replica: u32) -> bool {
        let fault = &self.fault;
        if fault.mtbf.is_some() {
            let place = if self.is_whole { 0 } else { replica as usize };
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
