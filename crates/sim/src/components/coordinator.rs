//! Coordinators: locks that one caller at a time holds, replicated by members with one leader.
//!
//! Modeled on etcd. A request goes through the leader's log, one after another, and then waits for
//! the lock, in order of arrival. The state is replicated, so locks survive an election. A caller
//! that waits for a lock during an election receives `unavailable` and may retry. A lock is held by
//! the job that requested it, until that job is answered or the lease has expired. A holder that
//! continues beyond its lease does not know, and another may hold the lock at the same time.

use super::Component;
use crate::agenda::Time;
use crate::call::{Call, CallId, Cause, Detail, Outcome, Phase, Purpose};
use crate::event::{Event, LockTag, NodeIx};
use crate::measure::Gauge;
use crate::network::Done;
use crate::random::{self, Sampler, Stream};
use crate::station::{Admission, Station};
use crate::world::{Delay, World};
use design::kinds::coordinator::{self as spec, Scope};
use design::kinds::load_balancer::Depth;
use design::kinds::service::Discipline;
use std::collections::{BTreeMap, VecDeque};

/// Counts of locks, over the whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockTally {
    /// Granted.
    pub granted: u64,
    /// Released by their holder.
    pub released: u64,
    /// Revoked because their lease expired.
    pub expired: u64,
    /// Granted while an earlier holder, whose lease had expired, was still working.
    pub lease_overlaps: u64,
    /// Elections that produced a leader.
    pub elections: u64,
}

/// A lock: its holder, and the waiting jobs.
#[derive(Clone, Debug, Default)]
struct Lock {
    /// The number of the grant, and the job that holds it.
    holder: Option<(u32, CallId)>,
    waiters: VecDeque<CallId>,
    /// Jobs whose lease has expired, while they may still be working.
    overdue: Vec<CallId>,
}

/// A coordinator of a run.
#[derive(Clone, Debug)]
pub struct Coordinator {
    node: NodeIx,
    scope: Scope,
    time: Sampler,
    election_time: u64,
    lease: Option<Delay>,
    /// One per member; the leader's is used.
    stations: Vec<Station>,
    times: Stream,
    leader: Option<u32>,
    is_electing: bool,
    election: u32,
    locks: BTreeMap<u32, Lock>,
    /// Of the present grants: the key, and when the lease expires.
    grants: BTreeMap<u32, (u32, Time)>,
    /// Offset of the clock that leases are judged by, in ns; positive is ahead.
    clock: i64,
    next_grant: u32,
    /// Calls waiting for a lock.
    pub waiting: Gauge,
    /// Locks held.
    pub held: Gauge,
    /// The counts.
    pub tally: LockTally,
}

impl Coordinator {
    /// Returns the coordinator of a design.
    pub fn new(node: NodeIx, spec: &spec::Coordinator, cx: &mut World) -> Self {
        let times = Stream::new(cx.seed, &cx.node(node).id, random::Purpose::Service);
        let mut coordinator = Self {
            node,
            scope: spec.scope,
            time: Sampler::Const(0),
            election_time: 0,
            lease: None,
            stations: Vec::new(),
            times,
            leader: None,
            is_electing: false,
            election: 0,
            locks: BTreeMap::new(),
            grants: BTreeMap::new(),
            clock: 0,
            next_grant: 0,
            waiting: Gauge::default(),
            held: Gauge::default(),
            tally: LockTally::default(),
        };
        coordinator.update(spec, cx);
        coordinator.lead(0, cx);
        coordinator
    }

    /// Returns whether a member is the leader.
    pub fn is_leader(&self, member: u32) -> bool {
        self.leader == Some(member)
    }

    /// Takes new parameters. Held locks keep the lease they were granted, and their scope.
    pub fn update(&mut self, spec: &spec::Coordinator, cx: &mut World) {
        self.scope = spec.scope;
        self.time = Sampler::new(&spec.service_time);
        self.election_time = spec.election_time.0;
        self.lease = spec.lease.map(|lease| cx.delay(lease.0));
        while self.stations.len() < spec.members as usize {
            self.stations
                .push(Station::new(Some(1), None, Discipline::Fifo));
        }
    }

    fn lead(&mut self, member: u32, cx: &mut World) {
        self.leader = Some(member);
        self.look_at_clock(cx);
        for (place, station) in self.stations.iter_mut().enumerate() {
            station
                .offered
                .set(cx.now, u64::from(place as u32 == member));
        }
    }

    /// Returns whether a member runs and reaches a majority.
    fn can_lead(&self, member: u32, cx: &World) -> bool {
        let members = cx.node(self.node).replicas.len() as u32;
        let reached = (0..members).filter(|other| self.reaches(member, *other, cx));
        member < members && 2 * reached.count() as u32 > members
    }

    fn reaches(&self, member: u32, other: u32, cx: &World) -> bool {
        let state = cx.node(self.node);
        let runs = |member: u32| {
            let replica = state.replicas.get(member as usize);
            replica.is_some_and(|replica| replica.is_up && replica.stands_since.is_none())
        };
        let [here, there] = [state.zone_of(member), state.zone_of(other)];
        runs(member) && runs(other) && !cx.is_cut(here, there) && !cx.is_cut(there, here)
    }

    /// Handles a change of faults: whether the leader still leads, and otherwise whether another
    /// member can.
    pub(crate) fn look(&mut self, cx: &mut World) {
        if self.leader.is_some_and(|leader| !self.can_lead(leader, cx)) {
            self.depose(cx);
        }
        self.look_at_clock(cx);
        self.call_election(cx);
    }

    /// Handles a change of the leader's clock. Leases end at the moment that was stored for each,
    /// by the clock of the leader; after a step of it, or with another leader, they end earlier or
    /// later.
    fn look_at_clock(&mut self, cx: &mut World) {
        let Some(leader) = self.leader.filter(|_| cx.has_skew) else {
            return;
        };
        let clock = cx.clock_of(self.node, leader);
        let step = clock - std::mem::replace(&mut self.clock, clock);
        if step == 0 {
            return;
        }
        let node = self.node;
        for (grant, (_, due)) in &mut self.grants {
            if *due < Time::MAX {
                *due = due.saturating_add_signed(-step).max(cx.now);
                let tag = LockTag::Lease(*grant).pack();
                cx.at(*due, Event::Lock { node, tag });
            }
        }
    }

    /// Makes the leader step down, if it is one of these members.
    pub(crate) fn step_down(&mut self, hit: &[bool], cx: &mut World) {
        if self.leader.is_none_or(|leader| hit[leader as usize]) {
            self.depose(cx);
        }
    }

    /// Removes the leader and informs all waiting jobs.
    pub(crate) fn depose(&mut self, cx: &mut World) {
        self.leader = None;
        for station in &mut self.stations {
            station.offered.set(cx.now, 0);
        }
        for id in self.drain(cx) {
            cx.answer(id, Outcome::Failed(Cause::Unavailable));
        }
        self.call_election(cx);
    }

    fn call_election(&mut self, cx: &mut World) {
        let members = cx.node(self.node).replicas.len() as u32;
        let is_needed = self.leader.is_none() && !self.is_electing;
        if is_needed && (0..members).any(|member| self.can_lead(member, cx)) {
            self.is_electing = true;
            self.election += 1;
            self.schedule(LockTag::Election(self.election), self.election_time, cx);
        }
    }

    fn elect(&mut self, cx: &mut World) {
        self.is_electing = false;
        let members = cx.node(self.node).replicas.len() as u32;
        if let Some(member) = (0..members).find(|member| self.can_lead(*member, cx)) {
            self.tally.elections += 1;
            self.lead(member, cx);
        }
    }

    fn schedule(&self, tag: LockTag, ns: u64, cx: &mut World) {
        let event = Event::Lock {
            node: self.node,
            tag: tag.pack(),
        };
        cx.after(ns, event);
    }

    /// Removes and returns all jobs that wait for a lock, in order of keys.
    fn drain(&mut self, cx: &mut World) -> Vec<CallId> {
        let locks = self.locks.values_mut();
        let all: Vec<CallId> = locks.flat_map(|lock| lock.waiters.drain(..)).collect();
        cx.waiting -= self.waiting.level();
        self.waiting.set(cx.now, 0);
        all
    }

    fn begin(&mut self, id: CallId, cx: &mut World) {
        let call = &cx.calls[id];
        let work = match call.purpose {
            Purpose::Probe(_) => 0,
            Purpose::Request
            | Purpose::Call
            | Purpose::Delivery
            | Purpose::Part
            | Purpose::Background => {
                let work = self.time.draw(&mut self.times);
                cx.slowed(work, self.node, call.replica)
            }
        };
        cx.after(work, Event::Served(id));
    }

    fn fill_slot(&mut self, member: usize, cx: &mut World) {
        while let Some(next) = self.stations[member].next(&mut cx.calls, cx.now) {
            cx.waiting -= 1;
            self.begin(next, cx);
        }
    }

    /// Handles a request that has passed the log: it gets the lock, or waits for it.
    fn ask(&mut self, id: CallId, cx: &mut World) {
        let call = &cx.calls[id];
        let job = call.parent;
        let key = match self.scope {
            Scope::Global => 0,
            Scope::PerKey => call.key,
        };
        let lock = self.locks.entry(key).or_default();
        match lock.holder {
            // It requests a lock that it already holds: a retry.
            Some((_, holder)) if holder == job => cx.answer(id, Outcome::Ok),
            None if lock.waiters.is_empty() => {
                lock.waiters.push_back(id);
                cx.waiting += 1;
                self.waiting.step_up(cx.now);
                self.pass_on(key, cx);
            }
            _ => {
                lock.waiters.push_back(id);
                cx.waiting += 1;
                self.waiting.up(cx.now);
            }
        }
    }

    /// Grants a free lock to the first waiting job that still wants it.
    fn pass_on(&mut self, key: u32, cx: &mut World) {
        let Some(lock) = self.locks.get_mut(&key) else {
            return;
        };
        // A job that was answered, or that died, no longer works.
        lock.overdue.retain(|job| cx.is_waiting(*job));
        while let Some(id) = lock.waiters.pop_front() {
            self.waiting.down(cx.now);
            cx.waiting -= 1;
            let call = &cx.calls[id];
            let (job, link, is_wanted) = (call.parent, call.link, call.is_awaited);
            if !is_wanted || !cx.is_waiting(job) {
                // Its caller has timed out meanwhile, and its connection is gone.
                cx.answer(id, Outcome::Failed(Cause::Unavailable));
                continue;
            }
            self.next_grant = self.next_grant.wrapping_add(1) & LockTag::GRANT_MAX;
            let grant = self.next_grant;
            lock.holder = Some((grant, job));
            let due = self
                .lease
                .map_or(Time::MAX, |lease| cx.now + lease.duration);
            self.grants.insert(grant, (key, due));
            self.tally.granted += 1;
            self.tally.lease_overlaps += u64::from(!lock.overdue.is_empty());
            self.held.up(cx.now);
            if let Some(lease) = self.lease {
                let tag = LockTag::Lease(grant).pack();
                let node = self.node;
                cx.after_delay(lease, Event::Lock { node, tag });
            }
            cx.locks.hold(job, link, grant, self.lease.is_some());
            cx.count_wait(id);
            return cx.answer(id, Outcome::Ok);
        }
        if lock.overdue.is_empty() {
            self.locks.remove(&key);
        }
    }

    /// Ends a grant, by its holder's release or by its lease. A release that comes too late has no
    /// effect.
    fn end_grant(&mut self, grant: u32, is_expired: bool, cx: &mut World) {
        let Some((key, _)) = self.grants.remove(&grant) else {
            return;
        };
        self.held.down(cx.now);
        match is_expired {
            true => self.tally.expired += 1,
            false => self.tally.released += 1,
        }
        if let Some(lock) = self.locks.get_mut(&key)
            && let Some((_, job)) = lock.holder.take()
            && is_expired
        {
            lock.overdue.push(job);
        }
        self.pass_on(key, cx);
    }
}

impl Component for Coordinator {
    fn arrive(&mut self, id: CallId, cx: &mut World) {
        let call = &cx.calls[id];
        if call.purpose == Purpose::Probe(Depth::Tcp) {
            return cx.answer(id, Outcome::Ok);
        }
        // Any member forwards a request to the leader, if it reaches it.
        let asked = call.replica;
        let leader = self
            .leader
            .filter(|leader| self.reaches(asked, *leader, cx));
        let Some(leader) = leader else {
            return cx.answer(id, Outcome::Failed(Cause::Unavailable));
        };
        cx.calls[id].replica = leader;
        let station = &mut self.stations[leader as usize];
        station.arrivals += u64::from(cx.calls[id].is_measured);
        match station.admit(id, &mut cx.calls, cx.now) {
            Admission::Slot => self.begin(id, cx),
            Admission::Queued => cx.waiting += 1,
            Admission::Full => cx.answer_with(id, Cause::Rejected, Detail::QueueFull),
        }
    }

    fn served(&mut self, id: CallId, cx: &mut World) {
        cx.count_work(id);
        let call = &mut cx.calls[id];
        let (member, since) = (call.replica, call.slot_since);
        let is_probe = call.operation == Call::NO_OPERATION;
        // From here on it waits. A caller that times out is noticed when its turn comes.
        (call.phase, call.slot_since) = (Phase::Planning, Call::NO_SLOT);
        let station = &mut self.stations[member as usize];
        station.working.down(cx.now);
        station.release(since, cx.now);
        if self.leader != Some(member) {
            cx.answer(id, Outcome::Failed(Cause::Unavailable));
        } else if is_probe {
            cx.answer(id, Outcome::Ok);
        } else {
            self.ask(id, cx);
        }
        self.fill_slot(member as usize, cx);
    }

    fn done(&mut self, _job: CallId, _done: Done, _cx: &mut World) {}

    fn timer(&mut self, event: Event, cx: &mut World) {
        let Event::Lock { tag, .. } = event else {
            return;
        };
        match LockTag::unpack(tag) {
            LockTag::Release(grant) => self.end_grant(grant, false, cx),
            LockTag::Lease(grant) => {
                // A lease that the clock has moved ends at another moment.
                if self
                    .grants
                    .get(&grant)
                    .is_some_and(|(_, due)| *due == cx.now)
                {
                    self.end_grant(grant, true, cx);
                }
            }
            LockTag::Election(election) => {
                if election == self.election && self.is_electing {
                    self.elect(cx);
                    self.call_election(cx);
                }
            }
        }
    }

    /// Handles a crash. Locks survive, because the other members know them.
    fn crash(&mut self, member: u32, cx: &mut World) {
        if let Some(station) = self.stations.get_mut(member as usize) {
            cx.waiting -= station.queued.level();
            station.clear(cx.now);
        }
        if self.leader == Some(member) {
            // The crash itself answers the waiting calls.
            self.drain(cx);
            self.leader = None;
            self.look(cx);
        }
    }

    fn stations(&self) -> &[Station] {
        &self.stations
    }

    fn stations_mut(&mut self) -> &mut [Station] {
        &mut self.stations
    }
}
