//! Judgment: what clients received against the store of truth, and the outcome of writes.

use super::Data;
use super::operations::{Applied, Op};
use super::row::Seen;
use crate::call::{CallId, Outcome, Purpose};
use crate::components::Node;
use crate::event::NodeIx;
use crate::measure::Histogram;
use crate::simulation::Simulation;
use crate::world::World;
use design::kinds::client::Effect;
use std::collections::{BTreeMap, BTreeSet};

/// A write that was applied twice, and the two attempts that applied it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Duplicate {
    /// Its client.
    pub client: NodeIx,
    /// The operation.
    pub operation: u32,
    /// The key.
    pub key: u32,
    /// When the client made it.
    pub made: u64,
    /// Where it was applied.
    pub node: NodeIx,
    /// The first attempt, and the second.
    pub attempts: [Applied; 2],
}

/// Counts of data, of requests that started after the warm-up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataTally {
    /// Age of stale answers to reads, in ns.
    pub staleness: Histogram,
    /// Applied writes, each time one was applied, over all owners.
    pub effects: u64,
    /// Of those, repetitions of the same step of the same intent.
    pub duplicate_effects: u64,
    /// Intents with repeated effects.
    pub duplicated_writes: u64,
    /// The first of them.
    pub first_duplicate: Option<Duplicate>,
    /// Acknowledged writes that were applied nowhere.
    pub lost_writes: u64,
    /// Writes that were applied in some of the stores that their plan always writes to, and not in
    /// others.
    pub torn_writes: u64,
    /// Effects applied after a later one of the same key and client.
    pub out_of_order: u64,
    /// Time from the client's answer to the last effect, of acknowledged writes, in ns.
    pub effect_delay: Histogram,
}

impl DataTally {
    /// Counts a step of an intent that was applied and had been applied this many times before.
    pub(super) fn count_effect(&mut self, op: &mut Op, times_before: u32) {
        if !op.is_measured {
            return;
        }
        self.effects += 1;
        if times_before > 0 {
            self.duplicate_effects += 1;
            self.duplicated_writes += u64::from(!op.is_duplicated);
            op.is_duplicated = true;
        }
    }
}

impl World {
    /// Judges a request that ended: its answer, and what its client now knows to be written.
    #[cold]
    pub(crate) fn judge_request(&mut self, id: CallId, outcome: Outcome) {
        let row = self.calls.rows.get(id.slot);
        let call = &self.calls[id];
        let now = self.now;
        if let Some(op) = self.data.ops.get_mut(row.carried.op) {
            op.ended = now;
            op.is_acknowledged |= outcome.is_answer();
            if op.is_acknowledged {
                for effect in op.effects.iter().filter(|effect| effect.stands) {
                    let store = &mut self.data.stores[usize::from(effect.store)];
                    if store.copy_of.is_none() {
                        store.acknowledge(op.key, effect.version, now);
                    }
                }
            }
        } else if outcome.is_answer() && call.is_measured {
            let known_since = self.data.out_of_date_since(call.key, &row.seen);
            if let Some(since) = known_since.filter(|since| *since < call.started) {
                self.data.tally.staleness.add(call.started - since);
            }
        }
    }

    /// Returns whether an answer with these versions is stale for its request.
    pub(super) fn is_stale_for(&self, id: CallId, key: u32, seen: &Seen) -> bool {
        let call = &self.calls[id];
        let is_read = self.effect(id) == Effect::Read;
        match self.calls.get(call.root) {
            Some(root) if is_read && call.is_measured && root.purpose == Purpose::Request => {
                let since = self.data.out_of_date_since(key, seen);
                since.is_some_and(|since| since < root.started)
            }
            _ => false,
        }
    }
}

impl Data {
    /// Returns since when some client has known a newer version of what an answer is made of.
    fn out_of_date_since(&self, key: u32, seen: &Seen) -> Option<u64> {
        let since = |(store, version)| {
            let store = &self.stores[usize::from(store)];
            store.first_newer(key, version)
        };
        seen.iter().filter_map(since).min()
    }

    /// Judges a write that can no longer be applied.
    pub(super) fn judge_op(&self, op: &Op, tally: &mut DataTally) {
        if !op.is_measured {
            return;
        }
        if op.is_acknowledged && !op.effects.is_empty() {
            let delay = op.last_effect.saturating_sub(op.ended);
            tally.effect_delay.add(delay);
        }
        // A plan that was edited while the intent was in progress says nothing about it.
        let must = self.must_write.get(op.operation as usize);
        let Some(must) = must.filter(|must| op.edition == self.edition && !must.is_empty()) else {
            return;
        };
        // A copy may keep what its owner has lost.
        let is_owner = |store: u16| self.stores[usize::from(store)].copy_of.is_none();
        tally.lost_writes += u64::from(op.is_acknowledged && !op.stands(is_owner));
        let standing = must.iter().filter(|store| op.stands_in(**store)).count();
        tally.torn_writes += u64::from(standing > 0 && standing < must.len());
    }

    /// Returns whether a version differs from its owner's present one.
    fn disagrees(&self, store: u16, key: u32, version: u32) -> bool {
        self.stores[usize::from(store)].standing(key) != version
    }
}

/// Keys on which some copy differs from the owner.
#[derive(Clone, Debug, Default)]
pub struct Divergence {
    /// In total: each key of an owner once.
    pub keys: u64,
    /// By node that differs.
    pub by_node: BTreeMap<NodeIx, u64>,
}

impl Simulation {
    /// Returns what differs from the owners now.
    pub(crate) fn divergence(&self) -> Divergence {
        let data = &self.world.data;
        let mut all: BTreeSet<(u16, u32)> = BTreeSet::new();
        let mut by_node: BTreeMap<NodeIx, u64> = BTreeMap::new();
        if !self.world.calls.rows.is_on {
            return Divergence::default();
        }
        for place in 0..self.nodes.len() {
            let node = NodeIx(place as u32);
            if !self.world.node(node).is_present {
                continue;
            }
            let mut mine: BTreeSet<(u16, u32)> = BTreeSet::new();
            if let Node::Cache(cache) = &self.nodes[place] {
                for (key, seen) in cache.versions(self.world.now) {
                    // The owner does not have a write-behind yet.
                    let is_ahead = cache.is_ahead(key);
                    let seen = match is_ahead {
                        true => data.source(node),
                        false => data.made_of(node, *seen),
                    };
                    let others = seen.iter().filter(|(store, version)| {
                        is_ahead || data.disagrees(*store, key, *version)
                    });
                    mine.extend(others.map(|(store, _)| (store, key)));
                }
            }
            if let Node::Database(database) = &self.nodes[place]
                && let Some(store) = self.world.owned_store(node)
            {
                let keys = database.disagreements(self.has_drained(), &self.world);
                mine.extend(keys.into_iter().map(|key| (store, key)));
            }
            if let Some(store) = data.store_at(node) {
                mine.extend(data.copy_disagreements(store));
            }
            if !mine.is_empty() {
                by_node.insert(node, mine.len() as u64);
                all.extend(mine);
            }
        }
        Divergence {
            keys: all.len() as u64,
            by_node,
        }
    }
}

impl Data {
    /// Returns the keys of a copy that differ from its owner's: those with another version, and
    /// those it never received.
    fn copy_disagreements(&self, store: usize) -> Vec<(u16, u32)> {
        let Some(owner) = self.stores[store].copy_of else {
            return Vec::new();
        };
        let copied = &self.stores[store].copied;
        let ahead = copied
            .iter()
            .filter(|(_, copied)| copied.ahead != super::OpId::NONE)
            .map(|(key, _)| key);
        let other = self.stores[usize::from(owner)]
            .keys
            .iter()
            .filter(|(key, state)| {
                copied.get(*key).map_or(0, |copied| copied.version) != state.standing
            })
            .map(|(key, _)| key);
        ahead.chain(other).map(|key| (owner, key)).collect()
    }
}
