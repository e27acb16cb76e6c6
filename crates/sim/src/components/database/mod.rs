//! Databases: connections limit the callers, and concurrency limits the calls in progress, at each
//! member. Several members hold shards; operations on all of them are done in parts.
//!
//! A database of one member without row locks is only a station and takes the fast path. Otherwise,
//! a call takes connection, row and slot in this order, so that no holder of a slot waits for a row
//! and no deadlock is possible.

mod contention;
mod figures;
mod leaders;
mod locks;
mod members;
mod parts;
mod placement;
mod quorum;
mod relay;
mod replication;
mod resharding;
mod router;
mod rows;
mod stepping_down;

pub use relay::Relay;
pub(crate) use resharding::{Change, Resharding};
pub(crate) use router::Router;

use super::Component;
use crate::call::{Call, CallId, Cause, Detail, Outcome, Phase, Purpose};
use crate::data::Held;
use crate::event::{Event, LinkIx, NodeIx};
use crate::network::Done;
use crate::plan::Condition;
use crate::random::{self, Sampler, Stream};
use crate::station::{Admission, Station};
use crate::world::World;
use contention::Contention;
use design::kinds::client::Effect;
use design::kinds::database::{self as spec, CrossShard, ReadFrom};
use design::kinds::load_balancer::Depth;
use design::kinds::service::Discipline;
use locks::RowLocks;
use parts::Fronts;
use placement::Placement;
use replication::Replication;
use resharding::Reshardings;

/// A database of a run.
#[derive(Clone, Debug)]
pub struct Database {
    node: NodeIx,
    read: Sampler,
    write: Sampler,
    contention: Option<Contention>,
    error_rate: f64,
    stations: Vec<Station>,
    times: Stream,
    errors: Stream,
    /// Whether it is only one station.
    is_plain: bool,
    /// Whether its writes are published.
    has_relays: bool,
    members: Box<Members>,
}

/// What a database needs beyond its stations.
#[derive(Clone, Debug)]
struct Members {
    placement: Placement,
    /// The shards of the design.
    spec: spec::Shards,
    /// The whole database and its number of keys, so that an edit of something else has no effect
    /// here.
    whole: (spec::Database, u64),
    /// Number of shards; while keys move, those they leave and those they move to.
    shards: u32,
    resharding: Reshardings,
    concurrency: u32,
    connections: Option<u32>,
    /// Connections of each member; not kept while the database is plain.
    connected: Vec<u32>,
    has_row_locks: bool,
    lock_time: Sampler,
    locks: RowLocks,
    cross_shard: Option<Condition>,
    fronts: Fronts,
    replication: Option<Replication>,
    relays: Vec<Relay>,
    latency: Sampler,
    streams: Streams,
    salt: u64,
}

#[derive(Clone, Debug)]
struct Streams {
    lock: Stream,
    latency: Stream,
    distance: Stream,
    conditions: Stream,
}

/// The state of a job with respect to its row, as its `stage`; 0 needs no row.
mod row {
    /// It waits for its row.
    pub(super) const AWAITED: u32 = 1;
    /// It holds its row.
    pub(super) const HELD: u32 = 2;
    /// Its write is applied, and it waits for a follower; its row is held.
    pub(super) const APPLIED_HELD: u32 = 3;
    /// As above, without a row.
    pub(super) const APPLIED: u32 = 4;
    /// As above, for a write that was done in parts, which has no connection of its own.
    pub(super) const SPREAD_HELD: u32 = 5;
    pub(super) const SPREAD: u32 = 6;
    /// It is routed: its member has been found.
    pub(super) const ROUTED: u32 = 7;
    /// It waits until its key has moved to another shard.
    pub(super) const CUT_OVER: u32 = 8;

    /// Returns whether it holds its row.
    pub(super) fn is_held(stage: u32) -> bool {
        matches!(stage, HELD | APPLIED_HELD | SPREAD_HELD)
    }

    /// Returns whether it was done in parts.
    pub(super) fn is_spread(stage: u32) -> bool {
        matches!(stage, SPREAD_HELD | SPREAD)
    }
}

impl Database {
    /// Returns the database of a design.
    pub fn new(node: NodeIx, spec: &spec::Database, cx: &mut World) -> Self {
        let stream = |purpose| Stream::new(cx.seed, &cx.node(node).id, purpose);
        let salt = stream(random::Purpose::Placement).bits();
        let members = Members {
            placement: Placement::new(&spec.shards, 1, salt),
            spec: spec.shards.clone(),
            whole: (spec.clone(), cx.keys),
            shards: spec.shards.count,
            resharding: Reshardings::default(),
            concurrency: 1,
            connections: None,
            connected: Vec::new(),
            has_row_locks: false,
            lock_time: Sampler::Const(0),
            locks: RowLocks::default(),
            cross_shard: None,
            fronts: Fronts::default(),
            replication: None,
            relays: Vec::new(),
            latency: Sampler::Const(0),
            streams: Streams {
                lock: stream(random::Purpose::LockTime),
                latency: stream(random::Purpose::MemberLatency),
                distance: stream(random::Purpose::Distance),
                conditions: stream(random::Purpose::Conditions),
            },
            salt,
        };
        let mut database = Self {
            node,
            read: Sampler::Const(0),
            write: Sampler::Const(0),
            contention: None,
            error_rate: 0.0,
            stations: Vec::new(),
            times: stream(random::Purpose::Service),
            errors: stream(random::Purpose::Errors),
            is_plain: true,
            has_relays: false,
            members: Box::new(members),
        };
        database.update(spec, cx);
        database
    }

    /// Takes new parameters. Calls in progress stay where they are. With another number of shards,
    /// keys are immediately at their new place, and a resharding in progress ends.
    pub fn update(&mut self, spec: &spec::Database, cx: &mut World) {
        self.read = Sampler::new(&spec.read_time);
        self.write = Sampler::new(&spec.write_time);
        self.contention = spec.contention.as_ref().map(Contention::new);
        self.error_rate = spec.error_rate;
        let members = &mut *self.members;
        let keeps_shards = members.spec == spec.shards;
        if keeps_shards {
            members.placement.set_keys(cx.keys);
        } else {
            members.placement = Placement::new(&spec.shards, cx.keys, members.salt);
            (members.spec, members.shards) = (spec.shards.clone(), spec.shards.count);
            cx.node_mut(self.node).resharded = None;
        }
        members.concurrency = spec.concurrency;
        members.connections = spec.connections;
        members.has_row_locks = spec.row_locks;
        members.lock_time = Sampler::new(&spec.lock_time);
        members.latency = Sampler::new(&spec.member_latency);
        members.cross_shard = spec
            .cross_shard
            .as_ref()
            .map(|cross_shard| condition(cross_shard, cx));
        self.set_replication(spec, cx);
        let members = &self.members;
        let has_leftovers = !members.locks.is_empty() || !members.fronts.is_empty();
        let is_alone = members.shards == 1 && spec.replication.is_none();
        let is_moving = !members.resharding.is_idle();
        self.is_plain = is_alone && !spec.row_locks && !has_leftovers && !is_moving;
        self.set_router(cx);
        self.set_stations(cx);
        self.count_connections(cx);
        let whole = (spec.clone(), cx.keys);
        if self.members.whole != whole {
            self.members.whole = whole;
            self.edit_resharding(keeps_shards, cx);
        }
        for member in 0..self.stations.len() as u32 {
            self.fill_slots(member, cx);
        }
    }

    fn set_replication(&mut self, spec: &spec::Database, cx: &World) {
        let members = &mut *self.members;
        let Some(spec) = &spec.replication else {
            members.replication = None;
            return;
        };
        let new = || {
            let stream = |purpose| Stream::new(cx.seed, &cx.node(self.node).id, purpose);
            use random::Purpose::{ApplyTime, Lag, Quorum};
            Replication::new(spec, [Lag, ApplyTime, Quorum].map(stream))
        };
        let replication = members.replication.get_or_insert_with(new);
        replication.store = cx.owned_store(self.node);
        replication.may_lead = stepping_down::may_lead(spec, self.node, cx);
        if !replication.update(spec, members.shards) {
            let standing = cx.standing_versions(self.node);
            replication.fill(standing, &members.placement);
        }
    }

    /// Tells callers which member serves which key.
    fn set_router(&self, cx: &mut World) {
        let members = &*self.members;
        let replication = members.replication.as_ref();
        let shards = members.shards;
        // The round robin survives an edit.
        let known = cx.node(self.node).router.as_ref();
        let mut turns = known.map_or_else(Vec::new, |known| known.turns.clone());
        turns.resize(shards as usize, 0);
        let router = Router {
            placement: members.placement.clone(),
            copies: replication.map_or(1, |known| known.spec.replicas),
            reads: replication.map_or(ReadFrom::Leader, |known| known.spec.read_from),
            is_quorum: self.is_quorum(),
            leads: match replication {
                Some(known) => (0..known.copies.len() as u32)
                    .map(|m| known.leads(m))
                    .collect(),
                None => vec![true; shards as usize],
            },
            turns,
        };
        cx.node_mut(self.node).router = (!self.is_plain).then(|| Box::new(router));
    }

    fn set_stations(&mut self, cx: &World) {
        let members = &*self.members;
        let copies = members
            .replication
            .as_ref()
            .map_or(1, |it| it.spec.replicas);
        let count = (members.shards * copies) as usize;
        let (concurrency, connections) = (members.concurrency, members.connections);
        // Removed members have been emptied as in a crash, and keep their metrics.
        while self.stations.len() < count {
            let station = Station::new(None, None, Discipline::Fifo);
            self.stations.push(station);
        }
        // If there are fewer connections than slots, they limit the slots.
        let slots = concurrency.min(connections.unwrap_or(concurrency));
        let places =
            connections.map(|connections| u64::from(connections.saturating_sub(concurrency)));
        for (member, station) in self.stations.iter_mut().enumerate() {
            let is_there = member < count;
            station.set_slots(Some(if is_there { u64::from(slots) } else { 0 }), cx.now);
            // If connected calls may be outside of the station, connections are counted separately.
            station.places = places.filter(|_| self.is_plain);
        }
    }

    fn begin(&mut self, id: CallId, cx: &mut World) {
        let work = match (cx.calls[id].purpose, cx.effect(id)) {
            (Purpose::Probe(_), _) => 0,
            (Purpose::Part, _) if cx.calls[id].stage == parts::COPIES => self.copy_work(id, cx),
            (_, Effect::Read) => self.read.draw_here(&mut self.times),
            (_, Effect::Write) => self.write.draw(&mut self.times),
        };
        let member = cx.calls[id].replica;
        let work = match &self.contention {
            None => work,
            Some(contention) => {
                contention.stretch(work, self.stations[member as usize].held.level())
            }
        };
        if !cx.calls[id].saw_miss {
            cx.count_wait(id);
        }
        cx.after(cx.slowed(work, self.node, member), Event::Served(id));
    }

    fn fill_slots(&mut self, member: u32, cx: &mut World) {
        while let Some(next) = self.stations[member as usize].next(&mut cx.calls, cx.now) {
            cx.waiting -= u64::from(!cx.calls[next].is_probe());
            self.begin(next, cx);
        }
    }

    /// Adds a call to its member's station.
    #[inline]
    fn admit(&mut self, id: CallId, cx: &mut World) {
        let member = cx.calls[id].replica as usize;
        match self.stations[member].admit(id, &mut cx.calls, cx.now) {
            Admission::Slot => self.begin(id, cx),
            Admission::Queued => cx.waiting += u64::from(!cx.calls[id].is_probe()),
            // "Too many connections": the server refuses, as PostgreSQL does.
            Admission::Full => cx.answer_with(id, Cause::Refused, Detail::Connections),
        }
    }

    /// Returns the outcome of finished work.
    fn outcome(&mut self, id: CallId, cx: &World) -> Outcome {
        let may_fail = !cx.calls[id].is_probe();
        match may_fail && self.errors.chance(self.error_rate) {
            true => Outcome::Failed(Cause::Error),
            false => Outcome::Ok,
        }
    }
}

impl Database {
    /// Applies an answer to the data: a write or a read. Returns when the answer may be sent, if it
    /// waits for a follower.
    #[inline]
    fn touch(&mut self, id: CallId, outcome: &mut Outcome, cx: &mut World) -> Option<u64> {
        if !outcome.is_answer() || cx.calls[id].is_probe() {
            return None;
        }
        let is_alone = self.is_plain || self.members.replication.is_none();
        match cx.effect(id) {
            Effect::Read if is_alone => cx.read_store(id),
            Effect::Read => self.read(id, cx),
            Effect::Write if is_alone && !self.has_relays => cx.apply_write(id),
            Effect::Write if !self.may_commit(id, cx) => {
                *outcome = Outcome::Failed(Cause::Unavailable);
            }
            Effect::Write => {
                let before = cx.commits(self.node);
                cx.apply_write(id);
                if self.has_relays && cx.commits(self.node) > before {
                    self.note_for_relays(id, cx);
                }
                return self.replicate(id, cx);
            }
        }
        None
    }
}

fn condition(cross_shard: &CrossShard, cx: &World) -> Condition {
    match cross_shard {
        CrossShard::Always => Condition::Always,
        CrossShard::Reads => Condition::Reads,
        CrossShard::Writes => Condition::Writes,
        CrossShard::Operations(names) => cx.operations_named(names),
        CrossShard::Probability(p) => Condition::Probability(*p),
    }
}

impl Component for Database {
    fn arrive(&mut self, id: CallId, cx: &mut World) {
        if matches!(cx.calls[id].purpose, Purpose::Probe(Depth::Tcp)) {
            return cx.answer(id, Outcome::Ok);
        }
        if !self.is_plain {
            return self.route(id, cx);
        }
        self.stations[0].arrivals += u64::from(cx.calls[id].is_measured);
        self.admit(id, cx);
    }

    fn served(&mut self, id: CallId, cx: &mut World) {
        cx.count_work(id);
        if !self.is_plain {
            return self.served_at_member(id, cx);
        }
        let since = cx.calls[id].slot_since;
        let mut outcome = self.outcome(id, cx);
        let _ = self.touch(id, &mut outcome, cx);
        cx.answer(id, outcome);
        self.stations[0].working.down(cx.now);
        self.stations[0].release(since, cx.now);
        self.fill_slots(0, cx);
    }

    fn done(&mut self, job: CallId, done: Done, cx: &mut World) {
        self.published(job, done, cx);
    }

    fn timer(&mut self, event: Event, cx: &mut World) {
        match event {
            Event::Step(id) => self.step(id, cx),
            Event::Elect { member, .. } => self.elect(member, cx),
            Event::Relay { link, .. } => self.poll(LinkIx(link), cx),
            _ => {}
        }
    }

    fn crash(&mut self, member: u32, cx: &mut World) {
        if self.has_relays {
            self.take_back(cx);
        }
        if self.is_plain {
            cx.waiting -= self.stations[0].queued.level();
            self.stations[0].clear(cx.now);
        } else {
            self.member_died(member, cx);
            self.look_after_mover(cx);
        }
    }

    fn hold(&self, _now: u64, held: &mut Held) {
        if let Some(replication) = &self.members.replication {
            replication.hold(held);
        }
        self.hold_notes(held);
    }

    fn stations(&self) -> &[Station] {
        &self.stations
    }

    fn stations_mut(&mut self) -> &mut [Station] {
        &mut self.stations
    }
}
