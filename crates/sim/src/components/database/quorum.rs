//! Quorums without a leader: the coordinating member sends requests to the others of its shard and
//! counts answers.
//!
//! After Dynamo (DeCandia et al. 2007). A write has its version, the moment it arrived, from the
//! start. A member that has it keeps it, whatever the outcome of the whole. Of two versions, the
//! later one wins.

use super::parts::Phases;
use super::replication::Write;
use super::router::View;
use super::*;
use crate::data::Seen;
use design::kinds::database::WriteTo;

impl Database {
    /// Returns whether there is no leader.
    pub(super) fn is_quorum(&self) -> bool {
        let replication = self.members.replication.as_ref();
        replication.is_some_and(|replication| replication.is_quorum())
    }

    /// Sends requests to the members of a shard for a quorum.
    pub(super) fn ask_quorum(&mut self, id: CallId, cx: &mut World) {
        let (asked, needed) = self.quorum_of(id, cx);
        if asked.is_empty() {
            return cx.answer(id, Outcome::Failed(Cause::Unavailable));
        }
        let effect = cx.effect(id);
        let mut beaten = None;
        if effect == Effect::Write {
            cx.apply_write(id);
            beaten = self.beaten_by_clock(id, &asked, cx);
            if beaten.is_none() {
                self.keep_for_others(id, &asked, cx);
            }
        }
        let call = &mut cx.calls[id];
        (call.phase, call.slot_since) = (Phase::Planning, Call::NO_SLOT);
        self.members.fronts.begin(call);
        let front = self.front(&cx.calls[id]);
        (front.phase, front.pending, front.lacking) = (Phases::Ask, asked.len() as u32, needed);
        for member in asked {
            let part = self.make_part(id, member, Phases::Ask, cx);
            cx.set_seen(part, beaten.unwrap_or(cx.seen(id)));
            self.travel(part, cx);
        }
    }

    /// Compares a write with concurrent ones: of two writes of a key, the one with the later stamp
    /// wins, by the clocks of the coordinating members. If a member already has one with a later
    /// stamp, this write is undone on arrival, although it will be acknowledged; the winning
    /// version is returned.
    fn beaten_by_clock(&mut self, id: CallId, asked: &[u32], cx: &mut World) -> Option<Seen> {
        if !cx.has_skew {
            return None;
        }
        let (key, op) = (cx.calls[id].key, cx.intent(id));
        let stamp = cx.stamp(self.node, cx.calls[id].replica);
        let (store, version) = cx.seen(id).iter().next()?;
        let replication = self.members.replication.as_mut()?;
        let (latest, standing) = *replication.stamps.entry(key);
        let knows = |member: &u32| replication.newest_coming(*member, key) >= standing;
        if standing > 0 && latest > stamp && asked.iter().any(knows) {
            replication.undone += 1;
            cx.lose_versions(self.node, &[(op, version)], &[(key, standing)]);
            return Some(Seen::of(store, standing));
        }
        if version > standing {
            *replication.stamps.entry(key) = (stamp, version);
        }
        None
    }

    /// Returns the members that a call uses and how many must answer; `None` if too few can be
    /// reached.
    fn quorum_of(&mut self, id: CallId, cx: &mut World) -> (Vec<u32>, u32) {
        let (key, effect) = (cx.calls[id].key, cx.effect(id));
        let view = View {
            node: self.node,
            cx,
        };
        let home = view.zone(cx.calls[id].replica);
        let shard = self.members.placement.shard(key);
        let Some(replication) = &mut self.members.replication else {
            return (Vec::new(), 0);
        };
        let members = replication.members(shard);
        let mut members: Vec<u32> = members.filter(|member| view.has(home, *member)).collect();
        let quorum = match effect {
            Effect::Read => replication.spec.r,
            Effect::Write => replication.spec.w,
        } as usize;
        let needed = match replication.diverges() {
            // A sloppy quorum uses the members that are available.
            true => quorum.min(members.len()),
            false => quorum,
        };
        if members.len() < needed {
            return (Vec::new(), 0);
        }
        let to_all = effect == Effect::Write && replication.spec.write_to == WriteTo::All;
        if !to_all {
            // The first of a random order (Fisher and Yates).
            for place in 0..needed {
                let rest = (members.len() - place) as u64;
                let other = place + replication.routing.below(rest) as usize;
                members.swap(place, other);
            }
            members.truncate(needed);
        }
        (members, needed as u32)
    }

    /// Keeps a write's version for those members that cannot be reached now.
    fn keep_for_others(&mut self, id: CallId, asked: &[u32], cx: &World) {
        let shard = self.members.placement.shard(cx.calls[id].key);
        let write = self.write_of(id, cx);
        let (Some(replication), Some(write)) = (&mut self.members.replication, write) else {
            return;
        };
        if replication.spec.write_to == WriteTo::All {
            for member in replication.members(shard) {
                if !asked.contains(&member) {
                    let is_beside = cx.is_up(self.node, member);
                    let missed = &mut replication.copies[member as usize].missed;
                    missed.push(Write { is_beside, ..write });
                }
            }
        }
    }

    fn write_of(&self, id: CallId, cx: &World) -> Option<Write> {
        let (_, version) = cx.seen(id).iter().next()?;
        Some(Write {
            key: cx.calls[id].key,
            version,
            over: 0,
            made: cx.now,
            stamp: 0,
            op: cx.intent(id),
            is_beside: false,
            is_settled: false,
        })
    }

    /// Handles a finished part of a quorum: its member has the write, or returns what it has.
    pub(super) fn touch_part(&mut self, id: CallId, cx: &mut World) {
        let call = &cx.calls[id];
        let (key, member) = (call.key, self.counterpart(call.replica, call.key));
        let shard = self.members.placement.shard(key);
        let is_write = cx.effect(id) == Effect::Write;
        let store = cx.owned_store(self.node);
        let replication = self.members.replication.as_mut();
        let mine = replication.filter(|known| known.is_quorum());
        let mine = mine.filter(|known| known.members(shard).contains(&member));
        let (Some(replication), Some(store)) = (mine, store) else {
            return;
        };
        let has = replication.version(member, key, cx.now);
        if !is_write {
            return cx.set_seen(id, Seen::of(store, has));
        }
        if let Some((_, version)) = cx.seen(id).iter().next()
            && version > has
        {
            replication.copies[member as usize].has.insert(key, version);
        }
    }

    /// Handles a member that failed to apply its part of a write: it receives it later.
    pub(super) fn part_missed(&mut self, id: CallId, cx: &World) {
        let part = &cx.calls[id];
        let front = part.caller_replica;
        let member = self.counterpart(part.replica, part.key);
        let write = self.write_of(id, cx);
        let view = View {
            node: self.node,
            cx,
        };
        let is_there = view.has(view.zone(front), member);
        let Some(replication) = &mut self.members.replication else {
            return;
        };
        let is_kept = replication.is_quorum()
            && replication.spec.write_to == WriteTo::All
            && (member as usize) < replication.copies.len()
            && cx.effect(id) == Effect::Write;
        match write.filter(|_| is_kept) {
            Some(write) if is_there => replication.hand_over(member, write, cx),
            Some(write) => replication.copies[member as usize].missed.push(write),
            None => {}
        }
    }

    /// Handles an answer or failure of a member of a quorum.
    pub(super) fn quorum_answers(&mut self, id: CallId, part: (Outcome, u32), cx: &mut World) {
        let (outcome, version) = part;
        let front = self.front(&cx.calls[id]);
        match outcome {
            Outcome::Ok | Outcome::Degraded => {
                front.lacking -= 1;
                front.newest = front.newest.max(version);
                front.has_one = true;
            }
            Outcome::Failed(Cause::Error) => front.has_erred = true,
            Outcome::Failed(_) => {}
        }
        let front = *front;
        if front.lacking == 0 {
            if let Some(store) = cx.owned_store(self.node)
                && cx.effect(id) == Effect::Read
            {
                cx.serve(id, Seen::of(store, front.newest));
            }
            self.conclude(id, Outcome::Ok, cx);
        } else if front.pending == 0 {
            // Only now is it known that no member has it.
            if !front.has_one && cx.effect(id) == Effect::Write {
                self.withdraw_write(id, cx);
            }
            let cause = match front.has_erred {
                true => Cause::Error,
                false => Cause::Unavailable,
            };
            self.conclude(id, Outcome::Failed(cause), cx);
        }
    }

    /// Withdraws a write that no member applied: the version before remains, and no member receives
    /// the write.
    #[cold]
    fn withdraw_write(&mut self, id: CallId, cx: &mut World) {
        let (key, op) = (cx.calls[id].key, cx.intent(id));
        let shard = self.members.placement.shard(key);
        let Some((_, version)) = cx.seen(id).iter().next() else {
            return;
        };
        let Some(replication) = &mut self.members.replication else {
            return;
        };
        let mut newest = 0;
        for member in replication.members(shard) {
            let copy = &mut replication.copies[member as usize];
            copy.drop_undone(|write| write.key == key && write.version == version);
            newest = newest.max(replication.newest_coming(member, key));
        }
        if let Some(known) = replication.stamps.get_mut(key)
            && known.1 == version
        {
            *known = (i64::MIN, newest);
        }
        cx.lose_versions(self.node, &[(op, version)], &[(key, newest)]);
    }

    /// Handles a change of faults: a running member that is no longer partitioned receives what it
    /// missed. A later write that it accepted during the partition wins; then the one it missed is
    /// undone.
    pub(super) fn hand_over_missed(&mut self, cx: &mut World) {
        let node = self.node;
        let Some(replication) = &mut self.members.replication else {
            return;
        };
        let mut undone = Vec::new();
        for member in 0..replication.copies.len() as u32 {
            if replication.copies[member as usize].missed.list.is_empty() {
                continue;
            }
            let view = View { node, cx };
            let mut others = replication.members(replication.shard_of(member));
            let is_back = cx.is_up(node, member)
                && others.all(|other| {
                    !cx.is_up(node, other) || view.passes(view.zone(member), view.zone(other))
                });
            if !is_back {
                continue;
            }
            replication.apply_due(member, cx.now);
            let copy = &mut replication.copies[member as usize];
            let has = |write: &Write| copy.version(write.key) > write.version;
            let lost = copy
                .missed
                .list
                .iter()
                .filter(|write| write.is_beside && has(write));
            undone.extend(lost.map(|write| (write.op, write.version)));
            replication.reconnect(member, cx);
        }
        undone.sort_unstable_by_key(|(_, version)| *version);
        undone.dedup();
        if let Some(replication) = &mut self.members.replication {
            replication.undone += undone.len() as u64;
        }
        cx.lose_versions(node, &undone, &[]);
    }
}
