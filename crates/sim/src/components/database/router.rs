//! Routing: drivers of databases know which member serves a key, and which members they reach.

use super::placement::Placement;
use super::row;
use crate::call::CallId;
use crate::event::NodeIx;
use crate::world::World;
use crate::zones::{Way, ZoneIx};
use design::kinds::client::Effect;
use design::kinds::database::ReadFrom;

/// Which members serve which keys of a database.
#[derive(Clone, Debug)]
pub(crate) struct Router {
    pub(super) placement: Placement,
    /// Members of each shard.
    pub(super) copies: u32,
    pub(super) reads: ReadFrom,
    /// Whether any member may receive any request: it coordinates a quorum.
    pub(super) is_quorum: bool,
    /// By member: whether it leads its shard.
    pub(super) leads: Vec<bool>,
    /// By shard: the next member in turn.
    pub(super) turns: Vec<u32>,
}

/// What a member or a caller can reach.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) node: NodeIx,
    pub(super) cx: &'a World,
}

impl View<'_> {
    pub(super) fn zone(&self, member: u32) -> Option<ZoneIx> {
        self.cx.zone_of(self.node, member)
    }

    /// Returns whether packets pass both ways.
    pub(super) fn passes(&self, a: Option<ZoneIx>, b: Option<ZoneIx>) -> bool {
        !self.cx.is_cut(a, b) && !self.cx.is_cut(b, a)
    }

    /// Returns whether a member runs and is not frozen.
    pub(super) fn runs(&self, member: u32) -> bool {
        let replica = self.cx.node(self.node).replicas.get(member as usize);
        replica.is_some_and(|replica| replica.is_up && replica.stands_since.is_none())
    }

    /// Returns whether a member runs and can be reached from a zone.
    pub(super) fn has(&self, from: Option<ZoneIx>, member: u32) -> bool {
        self.cx.is_up(self.node, member) && self.passes(from, self.zone(member))
    }
}

impl Router {
    /// Returns the member that a call for a shard goes to from a zone. If no reachable member can
    /// serve it, one that can refuse it; if no member can be reached, the one that should have
    /// served it.
    pub(super) fn choose(
        &mut self,
        shard: u32,
        effect: Effect,
        from: Option<ZoneIx>,
        view: View,
    ) -> u32 {
        let (first, copies) = (shard * self.copies, self.copies);
        if copies == 1 {
            return first;
        }
        let turn = self.turns[shard as usize];
        let mut in_turn = (0..copies).map(|step| first + (turn + step) % copies);
        let mut members = first..first + copies;
        let leads = |member: &u32| self.leads[*member as usize];
        let is_fit = |member: &u32| view.has(from, *member);
        let is_near = |member: &u32| is_fit(member) && view.zone(*member) == from;
        let reads = match (self.is_quorum, effect) {
            (true, _) | (_, Effect::Read) => self.reads,
            (false, Effect::Write) => ReadFrom::Leader,
        };
        let chosen = match (self.is_quorum, reads) {
            (true, _) => in_turn.clone().find(is_near).or(in_turn.find(is_fit)),
            (false, ReadFrom::Leader) => None,
            (false, ReadFrom::Follower) => in_turn.find(|member| !leads(member) && is_fit(member)),
            (false, ReadFrom::Any) => in_turn.find(is_fit),
        };
        if let Some(member) = chosen {
            self.turns[shard as usize] = member - first + 1;
            return member;
        }
        let leader = members
            .clone()
            .find(|member| leads(member) && is_fit(member));
        let anybody = || members.clone().find(is_fit);
        let nobody = || members.clone().find(leads);
        leader
            .or_else(anybody)
            .or_else(nobody)
            .unwrap_or_else(|| members.next().unwrap_or(first))
    }
}

impl World {
    /// Finds the member of a database that a call goes to, once.
    #[cold]
    pub(crate) fn find_member(&mut self, id: CallId) {
        let call = &self.calls[id];
        let (node, key, stage) = (call.node, call.key, call.stage);
        if self.node(node).router.is_none() || call.is_probe() || stage == row::ROUTED {
            return;
        }
        let from = self.zones_of_call(id, Way::There)[0];
        let effect = self.effect(id);
        let Some(mut router) = self.node_mut(node).router.take() else {
            return;
        };
        let shard = router.placement.shard(key);
        let member = router.choose(shard, effect, from, View { node, cx: self });
        self.node_mut(node).router = Some(router);
        let call = &mut self.calls[id];
        (call.replica, call.stage) = (member, row::ROUTED);
    }
}
