//! Ownership of keys during a resharding, and the calls that wait for a cutover.

use super::super::placement::Batch;
use super::super::router::View;
use super::super::*;
use super::*;

/// Ownership of keys.
impl Database {
    /// Returns the member that leads a shard.
    pub(super) fn leader_of(&self, shard: u32) -> u32 {
        let Some(replication) = &self.members.replication else {
            return shard;
        };
        let mut members = replication.members(shard);
        let first = members.start;
        let leader = members.find(|member| replication.leads(*member));
        leader.unwrap_or(first)
    }

    /// Returns whether all members involved in a batch run, reach each other, and agree on a
    /// leader.
    pub(super) fn is_movable(&self, cx: &World) -> bool {
        let view = View {
            node: self.node,
            cx,
        };
        let members = &*self.members;
        let batch = &members.resharding.batch;
        let shards: Vec<u32> = batch
            .leave
            .keys()
            .chain(batch.come.keys())
            .copied()
            .collect();
        let of_shard = |shard: u32| match &members.replication {
            None => shard..shard + 1,
            Some(replication) => replication.members(shard),
        };
        let mut zones: Vec<Option<ZoneIx>> = Vec::new();
        for member in shards.iter().flat_map(|shard| of_shard(*shard)) {
            let zone = view.zone(member);
            if !view.runs(member) || !zones.iter().all(|other| view.passes(zone, *other)) {
                return false;
            }
            if !zones.contains(&zone) {
                zones.push(zone);
            }
        }
        let has_leader = |shard: u32| match &members.replication {
            Some(replication) if !replication.is_quorum() => replication.is_united(shard),
            _ => true,
        };
        shards.into_iter().all(has_leader)
    }

    /// Gives the members of the new shards the present versions of the keys at the old ones.
    pub(super) fn hand_over_keys(&mut self, batch: &Batch, cx: &World) {
        let members = &mut *self.members;
        if let Some(replication) = &mut members.replication {
            let is_moving = |key: u32| members.placement.is_moving(key, batch);
            replication.hand_over_keys(members.placement.moves(batch), is_moving, cx.now);
        }
    }

    /// Returns whether a write has to wait for the cutover of its key; if so, it waits.
    pub(in crate::components::database) fn waits_for_cutover(
        &mut self,
        id: CallId,
        cx: &mut World,
    ) -> bool {
        let members = &mut *self.members;
        let known = &mut members.resharding;
        let Some(held) = &mut known.held else {
            return false;
        };
        let key = cx.calls[id].key;
        if cx.effect(id) != Effect::Write || !members.placement.is_moving(key, &known.batch) {
            return false;
        }
        held.push(id);
        let call = &mut cx.calls[id];
        (call.stage, call.phase) = (row::CUT_OVER, Phase::Queued);
        cx.waiting += 1;
        true
    }

    /// Removes a write that waits for a cutover, because it has already been answered.
    pub(in crate::components::database) fn leaves_cutover(&mut self, id: CallId, cx: &mut World) {
        cx.waiting -= 1;
        if let Some(held) = &mut self.members.resharding.held {
            held.retain(|other| *other != id);
        }
    }

    /// Ends the cutover: waiting writes go to the shard that has the key.
    pub(super) fn let_held_go(&mut self, cx: &mut World) {
        let known = &mut self.members.resharding;
        for id in known.held.take().unwrap_or_default() {
            let Some(call) = cx.calls.get(id) else {
                continue;
            };
            let waited = cx.now - call.arrived;
            if let Some(run) = self.members.resharding.run() {
                run.holds.add(waited);
            }
            cx.waiting -= 1;
            cx.calls[id].stage = 0;
            self.route(id, cx);
        }
    }

    /// Returns the member that now has the key of a call, if the key moved while the call was at
    /// another.
    pub(in crate::components::database) fn moved_to(
        &mut self,
        id: CallId,
        cx: &mut World,
    ) -> Option<u32> {
        if self.members.resharding.runs.is_empty() {
            return None;
        }
        let call = &cx.calls[id];
        let shard = self.members.placement.shard(call.key);
        if self.shard_of(call.replica) == shard {
            return None;
        }
        if let Some(run) = self.members.resharding.run() {
            run.redirected += 1;
        }
        Some(self.serving(shard, id, cx))
    }

    fn shard_of(&self, member: u32) -> u32 {
        let replication = self.members.replication.as_ref();
        replication.map_or(member, |replication| replication.shard_of(member))
    }

    /// Returns the member that took over from one of a quorum, if the key has moved to another
    /// shard.
    pub(in crate::components::database) fn counterpart(&self, member: u32, key: u32) -> u32 {
        let Some(replication) = &self.members.replication else {
            return member;
        };
        if self.members.resharding.runs.is_empty() {
            return member;
        }
        let first = replication.members(self.members.placement.shard(key)).start;
        first + member % replication.spec.replicas
    }

    /// Forwards a call from a shard that no longer has its key to the one that has it.
    pub(in crate::components::database) fn send_on(
        &mut self,
        id: CallId,
        member: u32,
        cx: &mut World,
    ) {
        let old = cx.calls[id].replica as usize;
        self.members.connected[old] -= 1;
        let call = &mut cx.calls[id];
        // Its wait has already been counted.
        (call.replica, call.saw_miss) = (member, true);
        let holds_row = cx.calls[id].stage == row::HELD;
        let is_up = cx.is_up(self.node, member);
        if is_up && self.takes_connection(id, true, cx) {
            return self.admit(id, cx);
        }
        let key = cx.calls[id].key;
        match is_up {
            true => cx.answer_with(id, Cause::Refused, Detail::Connections),
            false => cx.answer(id, Outcome::Failed(Cause::Refused)),
        }
        if holds_row {
            self.release_row(key, cx);
        }
    }
}
