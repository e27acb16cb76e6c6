//! Copies of each shard: what their members have, and what is on its way to them.
//!
//! A follower's state is not simulated event by event. A write at the leader is noted for each
//! follower with the moment at which it will be applied there, and a reader of the follower applies
//! what is due by then. Leadership is in [`super::leaders`], quorums are in [`super::quorum`].

mod copy;

pub(super) use copy::{Copy, Watch, Write};

use super::*;
use crate::data::{Seen, Table};
use crate::measure::Histogram;
use design::kinds::database::{OnPartition, Replication as Spec, ReplicationMode};
use std::collections::BTreeMap;

/// The leader of a member that follows none.
pub(super) const NOBODY: u32 = u32::MAX;

/// The replication of a database.
#[derive(Clone, Debug)]
pub(super) struct Replication {
    pub(super) spec: Spec,
    lag: Sampler,
    apply: Sampler,
    pub(super) shards: u32,
    pub(super) copies: Vec<Copy>,
    /// By index among the node's zones: whether members there may lead; empty if all may.
    pub(super) may_lead: Vec<bool>,
    /// By shard: a leader that stepped down and must not be reelected immediately.
    pub(super) barred: BTreeMap<u32, u32>,
    /// Of quorums with clock skew: by key, the stamp and version of the winning write.
    pub(super) stamps: Table<(i64, u32)>,
    /// The index of the store of truth, if any client writes.
    pub(super) store: Option<u16>,
    lags: Stream,
    applies: Stream,
    pub(super) routing: Stream,
    /// Number of failovers.
    pub(super) failovers: u64,
    /// Undone writes: their members no longer led, or a later write won.
    pub(super) undone: u64,
    /// Time from a write to its application at a follower (measured).
    pub(super) lag_ns: Histogram,
}

impl Replication {
    pub(super) fn new(spec: &Spec, streams: [Stream; 3]) -> Self {
        let [lags, applies, routing] = streams;
        Self {
            spec: spec.clone(),
            lag: Sampler::new(&spec.lag),
            apply: Sampler::new(&spec.apply_time),
            shards: 0,
            copies: Vec::new(),
            may_lead: Vec::new(),
            barred: BTreeMap::new(),
            stamps: Table::default(),
            store: None,
            lags,
            applies,
            routing,
            failovers: 0,
            undone: 0,
            lag_ns: Histogram::default(),
        }
    }

    /// Takes new parameters. Returns false if copies or consistency rules changed: then all copies
    /// start over, each with everything.
    pub(super) fn update(&mut self, spec: &Spec, shards: u32) -> bool {
        let is_same = self.spec.replicas == spec.replicas
            && self.shards == shards
            && (self.spec.mode == ReplicationMode::Quorum)
                == (spec.mode == ReplicationMode::Quorum);
        self.spec = spec.clone();
        self.lag = Sampler::new(&spec.lag);
        self.apply = Sampler::new(&spec.apply_time);
        if !is_same {
            self.shards = shards;
            let members = 0..shards * spec.replicas;
            let leaders = members.map(|member| self.first_leader(member));
            self.copies = leaders.map(Copy::new).collect();
            self.barred.clear();
        }
        is_same
    }

    /// Sets the number of shards; added ones are empty.
    pub(super) fn set_shards(&mut self, shards: u32) {
        self.shards = shards;
        let replicas = self.spec.replicas;
        let members = self.copies.len() as u32..shards * replicas;
        let leaders: Vec<u32> = members.map(|member| self.first_leader(member)).collect();
        self.copies.extend(leaders.into_iter().map(Copy::new));
        self.copies.truncate((shards * replicas) as usize);
        self.barred.retain(|shard, _| *shard < shards);
    }

    /// Returns whether a shard has one leader, which all its members follow.
    pub(super) fn is_united(&self, shard: u32) -> bool {
        let mut members = self.members(shard);
        let leader = members.clone().find(|member| self.leads(*member));
        members.all(|member| {
            let copy = &self.copies[member as usize];
            Some(copy.leader) == leader && copy.is_reached
        })
    }

    /// Moves keys between shards: every member of the new shard has the present version of the old
    /// one (with everything that is on its way, if there is no leader).
    pub(super) fn hand_over_keys(
        &mut self,
        moves: impl Iterator<Item = (u32, u32, u32)>,
        is_moving: impl Fn(u32) -> bool,
        now: u64,
    ) {
        let mut coming: BTreeMap<u32, u32> = BTreeMap::new();
        for member in 0..self.copies.len() as u32 {
            self.apply_due(member, now);
            let is_quorum = self.is_quorum();
            let copy = &mut self.copies[member as usize];
            let pending = copy.log.iter().map(|(_, write)| write);
            let pending = pending.chain(&copy.missed.list).filter(|_| is_quorum);
            for write in pending.filter(|write| is_moving(write.key)) {
                let newest = coming.entry(write.key).or_insert(0);
                *newest = (*newest).max(write.version);
            }
            copy.drop_undone(|write| is_moving(write.key));
        }
        for (key, from, to) in moves {
            let there = self
                .members(from)
                .filter(|member| self.is_quorum() || self.leads(*member));
            let there = there.map(|member| self.copies[member as usize].version(key));
            let stands = there.chain(coming.get(&key).copied()).max().unwrap_or(0);
            for member in self.members(to) {
                if stands > 0 {
                    self.copies[member as usize].has.insert(key, stands);
                }
            }
        }
    }

    /// Gives every member all present versions, at the start.
    pub(super) fn fill(&mut self, standing: impl Iterator<Item = (u32, u32)>, at: &Placement) {
        for (key, version) in standing {
            for member in self.members(at.shard(key)) {
                self.copies[member as usize].has.insert(key, version);
            }
        }
    }

    /// Returns how long the furthest lagging member has lacked a write, in ns.
    pub(super) fn behind(&self, now: u64) -> u64 {
        let since = self.copies.iter().filter_map(|copy| copy.lacks_since(now));
        since.min().map_or(0, |since| now.saturating_sub(since))
    }

    /// Returns the shard of a member, whether the member leads it, and how long it has lacked a
    /// write.
    pub(super) fn member(&self, member: u32, now: u64) -> (u32, bool, u64) {
        let copy = self.copies.get(member as usize);
        let since = copy.and_then(|copy| copy.lacks_since(now));
        let leads = !self.is_quorum() && self.leads(member);
        let lacks = since.map_or(0, |since| now.saturating_sub(since));
        (self.shard_of(member), leads, lacks)
    }

    pub(super) fn is_quorum(&self) -> bool {
        self.spec.mode == ReplicationMode::Quorum
    }

    pub(super) fn diverges(&self) -> bool {
        self.spec.on_partition == OnPartition::Diverge
    }

    pub(super) fn members(&self, shard: u32) -> std::ops::Range<u32> {
        shard * self.spec.replicas..(shard + 1) * self.spec.replicas
    }

    pub(super) fn shard_of(&self, member: u32) -> u32 {
        member / self.spec.replicas
    }

    /// Returns whether a member leads its shard.
    pub(super) fn leads(&self, member: u32) -> bool {
        let copy = self.copies.get(member as usize);
        copy.is_some_and(|copy| copy.leader == member)
    }

    /// Applies what is due at a member. With a leader, its version is final; else the newest is.
    pub(super) fn apply_due(&mut self, member: u32, now: u64) {
        let is_quorum = self.is_quorum();
        let copy = &mut self.copies[member as usize];
        while let Some((at, write)) = copy.log.front().copied() {
            if at > now {
                break;
            }
            let version = copy.after(&write, copy.version(write.key), member, is_quorum);
            copy.has.insert(write.key, version);
            copy.log.pop_front();
        }
    }

    /// Returns the version of a key that a member has by now.
    pub(super) fn version(&mut self, member: u32, key: u32, now: u64) -> u32 {
        self.apply_due(member, now);
        self.copies[member as usize].version(key)
    }

    /// Draws how long a write takes to a member: in transit, and to be applied. It is drawn whether
    /// or not the write arrives.
    fn draw_lag(&mut self) -> (u64, u64) {
        let lag = self.lag.draw(&mut self.lags);
        (lag, self.apply.draw(&mut self.applies))
    }

    /// Sends a write to a member, behind all pending ones. Returns when it will be applied.
    fn ship(&mut self, member: u32, write: Write, (lag, apply): (u64, u64), cx: &World) -> u64 {
        self.apply_due(member, cx.now);
        let log = &mut self.copies[member as usize].log;
        let before = log.back().map_or(0, |(at, _)| *at);
        let at = (cx.now + lag).max(before) + apply;
        log.push_back((at, write));
        if write.made >= cx.warmup {
            self.lag_ns.add(at - write.made);
        }
        at
    }

    /// Sends a leader's write to its followers. Returns when the first of them has it.
    pub(super) fn spread(&mut self, leader: u32, write: Write, cx: &World) -> Option<u64> {
        let members = self.members(self.shard_of(leader));
        let has_rival = members
            .clone()
            .any(|member| member != leader && self.leads(member));
        let copy = &mut self.copies[leader as usize];
        copy.has.insert(write.key, write.version);
        if has_rival {
            copy.fork.push(write);
        }
        self.pass_on(leader, write, cx)
    }

    /// Passes a write on to the followers of a leader.
    pub(super) fn pass_on(&mut self, leader: u32, write: Write, cx: &World) -> Option<u64> {
        let mut first: Option<u64> = None;
        for member in self.members(self.shard_of(leader)) {
            if member == leader {
                continue;
            }
            let lag = self.draw_lag();
            let copy = &mut self.copies[member as usize];
            if copy.leader != leader {
                continue;
            }
            if !copy.is_reached {
                copy.missed.push(write);
                continue;
            }
            let at = self.ship(member, write, lag, cx);
            first = Some(first.map_or(at, |first| first.min(at)));
        }
        first
    }

    /// Sends a member that can be reached again what it missed.
    pub(super) fn reconnect(&mut self, member: u32, cx: &World) {
        let copy = &mut self.copies[member as usize];
        copy.is_reached = true;
        let missed = copy.missed.take();
        self.ship_all(member, missed.into_iter(), cx);
    }

    /// Sends several writes to a member together, to be applied one after another.
    pub(super) fn ship_all(
        &mut self,
        member: u32,
        mut writes: impl Iterator<Item = Write>,
        cx: &World,
    ) {
        let Some(first) = writes.next() else {
            return;
        };
        let (lag, apply) = self.draw_lag();
        self.ship(member, first, (lag, apply), cx);
        for write in writes {
            let apply = self.apply.draw(&mut self.applies);
            self.ship(member, write, (lag, apply), cx);
        }
    }

    /// Returns the newest version of a key that a member has or will have.
    pub(super) fn newest_coming(&self, member: u32, key: u32) -> u32 {
        let copy = &self.copies[member as usize];
        let coming = copy.log.iter().map(|(_, write)| write);
        let coming = coming
            .chain(&copy.missed.list)
            .filter(|write| write.key == key);
        let coming = coming.map(|write| write.version).max();
        coming.unwrap_or(0).max(copy.version(key))
    }

    /// Sends a write to a member of a quorum that gets it later than others.
    pub(super) fn hand_over(&mut self, member: u32, write: Write, cx: &World) {
        let lag = self.draw_lag();
        self.ship(member, write, lag, cx);
    }

    /// Returns when another member of a shard than this one has a write: now, later, or, as things
    /// are, never.
    pub(super) fn copied(&mut self, member: u32, key: u32, version: u32, now: u64) -> Option<u64> {
        let mut first: Option<u64> = None;
        for other in self.members(self.shard_of(member)) {
            if other == member {
                continue;
            }
            if self.version(other, key, now) >= version {
                return Some(now);
            }
            let mut log = self.copies[other as usize].log.iter();
            let coming = log.find(|(_, write)| write.key == key && write.version >= version);
            if let Some((at, _)) = coming {
                first = Some(first.map_or(*at, |first| first.min(*at)));
            }
        }
        first
    }

    /// Marks the versions and intents that may still be needed: held ones, and those of writes that
    /// may be undone.
    pub(super) fn hold(&self, held: &mut Held) {
        let Some(store) = self.store else { return };
        for copy in &self.copies {
            let coming = copy.log.iter().map(|(_, write)| write);
            for write in coming.chain(&copy.missed.list).chain(&copy.fork.list) {
                held.op(write.op);
                held.seen(write.key, &Seen::of(store, write.version));
                held.seen(write.key, &Seen::of(store, write.over));
                held.seen(write.key, &Seen::of(store, copy.version(write.key)));
            }
        }
        if !self.is_quorum() {
            return;
        }
        // Members outside of the quorum may keep any version indefinitely.
        for shard in 0..self.shards {
            let copies = &self.copies[self.members(shard).start as usize..];
            let copies = &copies[..self.spec.replicas as usize];
            for key in copies.iter().flat_map(|copy| copy.has.keys()) {
                for copy in copies {
                    held.seen(key, &Seen::of(store, copy.version(key)));
                }
            }
        }
    }

    /// Returns what a member finally has of keys: with everything that is on its way to it, or
    /// without.
    pub(super) fn disagreements(
        &self,
        standing: impl Iterator<Item = (u32, u32)>,
        at: &Placement,
        is_over: bool,
    ) -> Vec<u32> {
        let is_quorum = self.is_quorum();
        let coming = self.copies.iter().zip(0..).map(|(copy, member)| {
            let log = copy.log.iter().filter(|_| is_over);
            let mut coming: BTreeMap<u32, u32> = BTreeMap::new();
            for (_, write) in log {
                let known = coming
                    .entry(write.key)
                    .or_insert_with(|| copy.version(write.key));
                *known = copy.after(write, *known, member, is_quorum);
            }
            coming
        });
        let coming: Vec<_> = coming.collect();
        let differs = |(key, version): &(u32, u32)| {
            let mut members = self.members(at.shard(*key));
            members.any(|member| {
                let coming = coming[member as usize].get(key).copied();
                coming.unwrap_or(self.copies[member as usize].version(*key)) != *version
            })
        };
        standing.filter(differs).map(|(key, _)| key).collect()
    }
}
