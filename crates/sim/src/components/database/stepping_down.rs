//! Leaders that step down because of a fault, or because they may not lead where they are.

use super::replication::{NOBODY, Replication, Watch};
use super::*;

impl Database {
    /// Makes the leaders among these members step down. Others are elected.
    #[cold]
    pub(crate) fn depose(&mut self, hit: &[bool], cx: &mut World) {
        let Some(replication) = self.members.replication.as_mut() else {
            return;
        };
        if replication.is_quorum() {
            return;
        }
        for member in 0..replication.copies.len() as u32 {
            let is_hit = hit.get(member as usize).is_some_and(|hit| *hit);
            if is_hit && replication.leads(member) {
                replication.step_down(member);
            }
        }
        self.look(cx);
    }

    /// Handles an edit after which members may not lead where they do.
    pub(super) fn depose_ineligible(&mut self, shard: u32, cx: &World) {
        let Some(spec) = self.members.replication.as_ref().map(|known| &known.spec) else {
            return;
        };
        let may_lead = may_lead(spec, self.node, cx);
        let Some(replication) = self.members.replication.as_mut() else {
            return;
        };
        replication.may_lead = may_lead;
        for member in replication.members(shard) {
            if replication.leads(member) && !replication.is_eligible(member) {
                replication.step_down(member);
            }
        }
    }
}

/// By index among a node's zones: whether members there may lead.
pub(super) fn may_lead(spec: &spec::Replication, node: NodeIx, cx: &World) -> Vec<bool> {
    if spec.no_leader_in.is_empty() {
        return Vec::new();
    }
    let forbidden = |name: &String| cx.zones.place(name);
    let forbidden: Vec<_> = spec.no_leader_in.iter().filter_map(forbidden).collect();
    let zones = cx.node(node).zones.iter();
    zones.map(|zone| !forbidden.contains(zone)).collect()
}

impl Replication {
    /// Returns whether a member may be elected where it is. If none of its shard may, which a
    /// resharding can cause, all may.
    pub(super) fn is_eligible(&self, member: u32) -> bool {
        let may = |member: u32| {
            let place = (member as usize).checked_rem(self.may_lead.len());
            place.is_none_or(|place| self.may_lead[place])
        };
        may(member) || !self.members(self.shard_of(member)).any(may)
    }

    /// Returns the member that leads a member's shard at the start.
    pub(super) fn first_leader(&self, member: u32) -> u32 {
        let mut members = self.members(self.shard_of(member));
        let first = members.clone().find(|member| self.is_eligible(*member));
        first.or(members.next()).unwrap_or(member)
    }

    fn step_down(&mut self, member: u32) {
        let shard = self.shard_of(member);
        self.barred.insert(shard, member);
        let copy = &mut self.copies[member as usize];
        (copy.leader, copy.is_reached) = (NOBODY, false);
        // Every member has been informed.
        for follower in self.members(shard) {
            let copy = &mut self.copies[follower as usize];
            if copy.leader == member {
                copy.watch = Watch::Stuck;
            }
        }
    }
}
