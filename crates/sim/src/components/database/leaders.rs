//! Leader election: what happens when a leader dies or is partitioned, and when partitioned sides
//! meet again.
//!
//! Members notice after `detection_time` that they lack a leader, and elect one within
//! `election_time`: of the running members that reach each other, the one that lacks the fewest
//! writes. The writes it lacks are lost. With `refuse`, only the side of a network partition with
//! most of the running members may elect one (or half of them and the leader), and a leader without
//! such a side steps down when it has noticed; so there is at most one leader. With `diverge`,
//! every side has its own leader, and their writes are reconciled when they meet: for each key the
//! last write wins, by the clocks of the writers.

use super::replication::{NOBODY, Replication, Watch, Write};
use super::router::View;
use super::*;
use crate::data::OpId;
use std::collections::BTreeMap;

impl View<'_> {
    fn reach(&self, a: u32, b: u32) -> bool {
        self.runs(a) && self.runs(b) && self.passes(self.zone(a), self.zone(b))
    }
}

impl Replication {
    /// Returns whether a member's side of a partition continues: with `diverge`, all do.
    fn can_lead(&self, member: u32, view: View) -> bool {
        if self.diverges() {
            return view.runs(member);
        }
        let members = self.members(self.shard_of(member));
        let running = members.clone().filter(|other| view.runs(*other)).count();
        let reached = members.filter(|other| view.reach(member, *other)).count();
        2 * reached > running || 2 * reached == running && self.leads(member) && reached > 0
    }

    /// Returns the leader that a member reaches and may follow.
    fn reached_leader(&self, member: u32, view: View) -> Option<u32> {
        let mut members = self.members(self.shard_of(member));
        members.find(|other| {
            self.leads(*other) && view.reach(member, *other) && self.can_lead(*other, view)
        })
    }

    /// Returns whether a member has a leader and receives its writes.
    fn is_led(&self, member: u32, view: View) -> bool {
        let leader = self.copies[member as usize].leader;
        leader != NOBODY
            && self.leads(leader)
            && view.reach(member, leader)
            && self.can_lead(leader, view)
    }

    /// Returns the member that the members reachable from this one would elect: the one that lacks
    /// least; of equal ones, the first.
    fn candidate(&self, member: u32, view: View) -> Option<u32> {
        let shard = self.shard_of(member);
        let barred = self.barred.get(&shard);
        let fit = |other: &u32| {
            view.reach(member, *other) && self.can_lead(*other, view) && self.is_eligible(*other)
        };
        let all = self.members(shard).filter(fit);
        let free = all.clone().filter(|other| barred != Some(other));
        let lacks = |other: &u32| self.copies[*other as usize].lacks();
        free.min_by_key(lacks).or(all.min_by_key(lacks))
    }

    /// Handles a change of faults: whose writes reach which member.
    fn connect(&mut self, member: u32, cx: &World, view: View) {
        let leader = self.copies[member as usize].leader;
        if leader == member {
            return;
        }
        let is_reached = leader != NOBODY && self.leads(leader) && view.reach(leader, member);
        match (self.copies[member as usize].is_reached, is_reached) {
            (true, false) => {
                self.apply_due(member, cx.now);
                self.copies[member as usize].disconnect();
            }
            (false, true) => self.reconnect(member, cx),
            _ => {}
        }
    }

    /// Makes a member follow a leader that is new to it, and take over all that it may have
    /// otherwise.
    fn follow(&mut self, member: u32, leader: u32, cx: &World, view: View) {
        self.apply_due(member, cx.now);
        let old = self.copies[member as usize].leader;
        let copy = &mut self.copies[member as usize];
        copy.disconnect();
        let mut keys: Vec<u32> = copy.missed.take().iter().map(|write| write.key).collect();
        copy.leader = leader;
        for side in [old, leader] {
            if let Some(side) = self.copies.get(side as usize) {
                keys.extend(side.fork.list.iter().map(|write| write.key));
            }
        }
        for key in keys {
            let version = self.copies[leader as usize].version(key);
            self.copies[member as usize].has.insert(key, version);
        }
        self.connect(member, cx, view);
    }

    /// Returns two leaders that reach each other.
    fn rivals(&self, shard: u32, view: View) -> Option<(u32, u32)> {
        let leaders = self.members(shard).filter(|member| self.leads(*member));
        let leaders: Vec<u32> = leaders.collect();
        let meets = |a: &u32| {
            let mut later = leaders.iter().filter(|b| *b > a);
            later.find(|b| view.reach(*a, **b)).map(|b| (*a, *b))
        };
        leaders.iter().find_map(meets)
    }

    fn followers(&self, leader: u32) -> impl Iterator<Item = u32> {
        let members = self.members(self.shard_of(leader));
        members.filter(move |member| self.copies[*member as usize].leader == leader)
    }
}

/// Writes that are undone, and the versions of their keys that remain.
#[derive(Default)]
struct Undone {
    /// Key and version, in order.
    gone: Vec<(u32, u32)>,
    writes: Vec<(OpId, u32)>,
}

impl Undone {
    fn new(writes: impl Iterator<Item = Write>) -> Self {
        let mut undone = Self::default();
        for write in writes {
            undone.gone.push((write.key, write.version));
            undone.writes.push((write.op, write.version));
        }
        undone.gone.sort_unstable();
        undone
    }

    fn has(&self, write: &Write) -> bool {
        let gone = (write.key, write.version);
        self.gone.binary_search(&gone).is_ok()
    }

    fn keys(&self) -> Vec<u32> {
        let mut keys: Vec<u32> = self.gone.iter().map(|(key, _)| *key).collect();
        keys.dedup();
        keys
    }
}

impl Database {
    /// Handles a change of faults or of the design: whether leaders still lead, which members reach
    /// them, and which lack one.
    pub(crate) fn look(&mut self, cx: &mut World) {
        if self.is_quorum() {
            return self.hand_over_missed(cx);
        }
        let shards = self.members.replication.as_ref().map(|known| known.shards);
        for shard in 0..shards.unwrap_or(0) {
            self.look_at_shard(shard, cx);
        }
    }

    fn look_at_shard(&mut self, shard: u32, cx: &mut World) {
        self.depose_ineligible(shard, cx);
        let node = self.node;
        let Some(replication) = &mut self.members.replication else {
            return;
        };
        while let Some((stays, yields)) = replication.rivals(shard, View { node, cx }) {
            replication.settle(node, stays, yields, cx);
        }
        let view = View { node, cx };
        let members = replication.members(shard);
        for member in members.clone() {
            let is_free = replication.copies[member as usize].leader == NOBODY;
            let leader = is_free.then(|| replication.reached_leader(member, view));
            match leader.flatten() {
                Some(leader) => replication.follow(member, leader, cx, view),
                None => replication.connect(member, cx, view),
            }
        }
        let (detection, election) = (
            replication.spec.detection_time.0,
            replication.spec.election_time.0,
        );
        let mut due = Vec::new();
        for member in members.clone() {
            let is_calm = !view.runs(member) || replication.is_led(member, view);
            let can_move = !is_calm
                && (replication.reached_leader(member, view).is_some()
                    || replication.candidate(member, view).is_some());
            let copy = &mut replication.copies[member as usize];
            let watch = match (is_calm, copy.watch) {
                (true, _) => Watch::Calm,
                (false, Watch::Calm) if copy.leader != NOBODY => Watch::Detects(cx.now + detection),
                (false, Watch::Calm | Watch::Stuck) if can_move => Watch::Elects(cx.now + election),
                (false, Watch::Calm) => Watch::Stuck,
                (false, known) => known,
            };
            if watch != copy.watch
                && let Watch::Detects(at) | Watch::Elects(at) = watch
            {
                due.push((at, member));
            }
            copy.watch = watch;
        }
        let leads: Vec<bool> = members
            .clone()
            .map(|member| replication.leads(member))
            .collect();
        if let Some(router) = &mut cx.node_mut(node).router {
            for (member, leads) in members.zip(leads) {
                router.leads[member as usize] = leads;
            }
        }
        for (at, member) in due {
            cx.at(at, Event::Elect { node, member });
        }
    }

    /// Handles a member that has noticed that it lacks a leader, or elects another.
    #[cold]
    pub(super) fn elect(&mut self, member: u32, cx: &mut World) {
        let node = self.node;
        let Some(replication) = &mut self.members.replication else {
            return;
        };
        let Some(copy) = replication.copies.get_mut(member as usize) else {
            return;
        };
        let view = View { node, cx };
        match copy.watch {
            Watch::Detects(at) if at == cx.now => {
                copy.watch = Watch::Stuck;
                if copy.leader == member {
                    copy.leader = NOBODY;
                    copy.is_reached = false;
                } else if let Some(leader) = replication.reached_leader(member, view) {
                    replication.follow(member, leader, cx, view);
                }
            }
            Watch::Elects(at) if at == cx.now => {
                copy.watch = Watch::Stuck;
                if let Some(leader) = replication.reached_leader(member, view) {
                    replication.follow(member, leader, cx, view);
                } else if let Some(new) = replication.candidate(member, view) {
                    replication.take_over(node, new, cx);
                }
            }
            // The event belongs to an earlier loss.
            _ => return,
        }
        let shard = member
            / self
                .members
                .replication
                .as_ref()
                .map_or(1, |r| r.spec.replicas);
        self.look_at_shard(shard, cx);
    }
}

impl Replication {
    /// Makes a member the leader. Writes that it lacks are undone, unless the old leader continues
    /// beside it.
    fn take_over(&mut self, node: NodeIx, new: u32, cx: &mut World) {
        let shard = self.shard_of(new);
        self.apply_due(new, cx.now);
        let old = self.copies[new as usize].leader;
        let copy = &mut self.copies[new as usize];
        copy.disconnect();
        let ahead = copy.missed.take();
        (copy.leader, copy.is_reached) = (new, true);
        self.failovers += 1;
        self.barred.remove(&shard);
        let goes_on = |known: &Self, leader: u32, cx: &World| known.is_at_work(leader, node, cx);
        let undone = Undone::new(ahead.iter().copied());
        let is_fork = old != new && goes_on(self, old, cx);
        if is_fork {
            ahead
                .into_iter()
                .for_each(|write| self.copies[old as usize].fork.push(write));
        } else {
            self.undo(node, new, &undone, cx);
            // If a third leader is active, it keeps what the old one has written since then as its
            // own.
            if let Some(copy) = self.copies.get_mut(old as usize).filter(|_| old != new) {
                let mut fork = copy.fork.take();
                fork.retain(|write| !undone.has(write));
                fork.into_iter()
                    .for_each(|write| self.copies[new as usize].fork.push(write));
            }
        }
        for member in self.members(shard).filter(|member| *member != new) {
            let leader = self.copies[member as usize].leader;
            let view = View { node, cx };
            let stays = goes_on(self, leader, cx) && !view.reach(member, new);
            if stays || goes_on(self, member, cx) && self.leads(member) {
                continue;
            }
            self.follow_from(member, new, &undone, node, cx);
        }
    }

    /// Returns whether a member leads and continues to, even if another is elected.
    fn is_at_work(&self, leader: u32, node: NodeIx, cx: &World) -> bool {
        let view = View { node, cx };
        self.diverges() && leader != NOBODY && self.leads(leader) && view.runs(leader)
    }

    /// Makes a member follow a new leader, and reconciles the undone writes.
    fn follow_from(&mut self, member: u32, new: u32, undone: &Undone, node: NodeIx, cx: &World) {
        self.apply_due(member, cx.now);
        let copy = &mut self.copies[member as usize];
        copy.disconnect();
        copy.missed.list.retain(|write| !undone.has(write));
        for key in undone.keys() {
            let version = self.copies[new as usize].version(key);
            let copy = &mut self.copies[member as usize];
            if copy.version(key) > version {
                copy.has.insert(key, version);
            }
        }
        let view = View { node, cx };
        self.copies[member as usize].leader = new;
        self.connect(member, cx, view);
    }

    fn undo(&mut self, node: NodeIx, new: u32, undone: &Undone, cx: &mut World) {
        // If a third leader is active, its writes count too. A member that died or hangs may still
        // consider itself the leader, and has writes that are undone.
        let leaders = self.members(self.shard_of(new));
        let counts = |member: &u32| *member == new || self.is_at_work(*member, node, cx);
        let leaders: Vec<u32> = leaders.filter(counts).collect();
        let standing = undone.keys().into_iter().map(|key| {
            let versions = leaders
                .iter()
                .map(|leader| self.copies[*leader as usize].version(key));
            (key, versions.max().unwrap_or(0))
        });
        let standing: Vec<_> = standing.collect();
        cx.lose_versions(node, &undone.writes, &standing);
        self.undone += undone.writes.len() as u64;
    }

    /// Reconciles two leaders that meet: of each key that both sides wrote, the last write wins, by
    /// the clocks of the writers, and the other side's writes are undone. Then one of the leaders
    /// steps down. The result is known immediately; the writes themselves are replicated to the
    /// members that lack them like any write.
    fn settle(&mut self, node: NodeIx, stays: u32, yields: u32, cx: &mut World) {
        let [mine, theirs] = [stays, yields].map(|leader| {
            self.apply_due(leader, cx.now);
            self.copies[leader as usize].fork.take()
        });
        let verdict = Verdict::new(&mine, &theirs, |key| self.newest_coming(stays, key));
        let undone = Undone::new(verdict.undone.iter().copied());
        cx.lose_versions(node, &undone.writes, &verdict.standing());
        self.undone += undone.writes.len() as u64;
        for member in self.followers(stays).collect::<Vec<_>>() {
            self.copies[member as usize].drop_undone(|write| undone.has(write));
        }
        self.send_settled(stays, &verdict, cx);
        for member in self.followers(yields).collect::<Vec<_>>() {
            self.apply_due(member, cx.now);
            let copy = &mut self.copies[member as usize];
            copy.disconnect();
            copy.missed
                .list
                .retain(|write| !verdict.stands.contains_key(&write.key));
            for write in verdict.stands.values() {
                if copy.version(write.key) != write.version {
                    copy.missed.push(*write);
                }
            }
            (copy.leader, copy.is_reached) = (stays, false);
        }
        let shard = self.shard_of(stays);
        let has_others = self
            .members(shard)
            .any(|member| member != stays && self.leads(member));
        if has_others {
            let all = mine.into_iter().chain(theirs);
            all.filter(|write| !undone.has(write))
                .for_each(|write| self.copies[stays as usize].fork.push(write));
        }
    }

    /// Sends the winning writes of the other side to the remaining leader and its followers.
    fn send_settled(&mut self, stays: u32, verdict: &Verdict, cx: &World) {
        let lacking = verdict.stands.values().filter_map(|write| {
            let over = self.newest_coming(stays, write.key);
            let settled = Write {
                over,
                is_settled: true,
                ..*write
            };
            (over != write.version).then_some(settled)
        });
        let lacking: Vec<Write> = lacking.collect();
        for member in self.followers(stays).collect::<Vec<_>>() {
            let copy = &mut self.copies[member as usize];
            if copy.is_reached {
                self.ship_all(member, lacking.iter().copied(), cx);
            } else {
                lacking.iter().for_each(|write| copy.missed.push(*write));
            }
        }
    }
}

/// Which writes of two sides win.
struct Verdict {
    /// By key: its last write, which wins.
    stands: BTreeMap<u32, Write>,
    undone: Vec<Write>,
}

impl Verdict {
    /// Returns the verdict on the writes of both sides since they parted; `known` is what the first
    /// side has of a key by now.
    fn new(mine: &[Write], theirs: &[Write], known: impl Fn(u32) -> u32) -> Self {
        // By key: the version that a side's first write replaced, and its last write.
        let ends = |list: &[Write]| {
            let mut ends: BTreeMap<u32, (u32, Write)> = BTreeMap::new();
            for write in list {
                ends.entry(write.key).or_insert((write.over, *write)).1 = *write;
            }
            ends
        };
        let (my_ends, their_ends) = (ends(mine), ends(theirs));
        let mut stands: BTreeMap<u32, Write> = BTreeMap::new();
        for (key, (_, last)) in &my_ends {
            stands.insert(*key, *last);
        }
        for (key, (_, last)) in &their_ends {
            let stands_longer = match my_ends.get(key) {
                Some((_, other)) => (last.stamp, last.version) > (other.stamp, other.version),
                None => last.version >= known(*key),
            };
            if stands_longer {
                stands.insert(*key, *last);
            }
        }
        // A write that the other side built upon does not lose.
        let loses = |write: &&Write, others: &BTreeMap<u32, (u32, Write)>, own: &[Write]| {
            let wins = stands.get(&write.key).is_some_and(|last| {
                own.iter()
                    .any(|it| it.key == last.key && it.version == last.version)
            });
            let over = others.get(&write.key).map(|(over, _)| *over);
            over.is_some_and(|over| write.version > over) && !wins
        };
        let lost = mine.iter().filter(|write| loses(write, &their_ends, mine));
        let lost = lost.chain(theirs.iter().filter(|write| loses(write, &my_ends, theirs)));
        let undone = lost.copied().collect();
        Self { stands, undone }
    }

    /// Returns the remaining versions of keys of which writes are undone.
    fn standing(&self) -> Vec<(u32, u32)> {
        let keys = self.undone.iter().filter_map(|write| {
            let last = self.stands.get(&write.key)?;
            Some((write.key, last.version))
        });
        keys.collect()
    }
}
