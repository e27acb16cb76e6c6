//! What a call does at one of several members: what it reads there, and which other members have
//! its write.

use super::replication::{Replication, Write};
use super::*;
use crate::data::Seen;
use design::kinds::database::ReplicationMode;

impl Database {
    /// Returns whether a write may be applied at the member it was worked on: as a leader, and with
    /// a follower if the write needs one.
    pub(super) fn may_commit(&self, id: CallId, cx: &World) -> bool {
        let member = cx.calls[id].replica;
        self.members
            .replication
            .as_ref()
            .is_none_or(|replication| replication.may_commit(member))
    }

    /// Replicates a write that was applied at the leader. Returns when the answer may be sent, if
    /// it waits for a follower.
    pub(super) fn replicate(&mut self, id: CallId, cx: &mut World) -> Option<u64> {
        let (key, leader) = (cx.calls[id].key, cx.calls[id].replica);
        let (_, version) = cx.seen(id).iter().next()?;
        let replication = self.members.replication.as_mut()?;
        let over = replication.copies.get(leader as usize)?.version(key);
        if version <= over {
            // It was already known.
            return None;
        }
        let write = Write {
            key,
            version,
            over,
            made: cx.now,
            stamp: cx.stamp(self.node, leader),
            op: cx.intent(id),
            is_beside: false,
            is_settled: false,
        };
        let first = replication.spread(leader, write, cx);
        first.filter(|_| replication.spec.mode == ReplicationMode::SemiSync)
    }

    /// Returns whether a write that waited for a follower is there now; otherwise when it will be,
    /// or that it is not known to be anywhere.
    pub(super) fn copied(&mut self, id: CallId, cx: &mut World) -> Option<u64> {
        let (key, member) = (cx.calls[id].key, cx.calls[id].replica);
        if self.moved_to(id, cx).is_some() {
            // All members of its new shard received the present version of the old one.
            return Some(cx.now);
        }
        let Some(replication) = &mut self.members.replication else {
            return Some(cx.now);
        };
        if !replication.leads(member) {
            return None;
        }
        let seen = cx.seen(id);
        let (_, version) = seen.iter().next()?;
        replication.copied(member, key, version, cx.now)
    }

    /// Sets what an answer to a read is made of, at the member that gave it.
    pub(super) fn read(&mut self, id: CallId, cx: &mut World) {
        let call = &cx.calls[id];
        let (key, member) = (call.key, call.replica);
        let shard = self.members.placement.shard(key);
        let store = cx.owned_store(self.node);
        let replication = self.members.replication.as_mut();
        let mine = replication.filter(|known| known.members(shard).contains(&member));
        match (mine, store) {
            (Some(replication), Some(store)) => {
                let version = replication.version(member, key, cx.now);
                cx.serve(id, Seen::of(store, version));
            }
            // It belongs to another shard since an edit.
            _ => cx.read_store(id),
        }
    }

    /// Returns the keys of which some member has another version than the present one.
    pub(crate) fn disagreements(&self, is_over: bool, cx: &World) -> Vec<u32> {
        let Some(replication) = &self.members.replication else {
            return Vec::new();
        };
        let standing = cx.standing_versions(self.node);
        replication.disagreements(standing, &self.members.placement, is_over)
    }
}

impl Replication {
    fn may_commit(&self, member: u32) -> bool {
        let reaches_one = || {
            let mut others = self.members(self.shard_of(member));
            others.any(|other| {
                let copy = &self.copies[other as usize];
                other != member && copy.leader == member && copy.is_reached
            })
        };
        match self.spec.mode {
            ReplicationMode::Quorum => true,
            ReplicationMode::Async => self.leads(member),
            ReplicationMode::SemiSync => self.leads(member) && reaches_one(),
        }
    }
}
