//! Judgement: what a client was told against what was true, and what became of a write.

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

/// A write that was applied twice, and the two attempts that did it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Duplicate {
    /// Who wanted it.
    pub client: NodeIx,
    /// The operation.
    pub operation: u32,
    /// The key.
    pub key: u32,
    /// When it was wanted.
    pub made: u64,
    /// Where it was applied.
    pub node: NodeIx,
    /// By whom, and by whom again.
    pub attempts: [Applied; 2],
}

/// What was counted of data, of requests that started after the warm-up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataTally {
    /// How old answers to reads were, of those that were out of date, in ns.
    pub staleness: Histogram,
    /// Writes applied, each time one was, over all owners.
    pub effects: u64,
    /// Of those, beyond the first of the same step of the same intent.
    pub duplicate_effects: u64,
    /// Intents with such effects.
    pub duplicated_writes: u64,
    /// The first of them.
    pub first_duplicate: Option<Duplicate>,
    /// Acknowledged, and applied nowhere.
    pub lost_writes: u64,
    /// Standing in some of the stores that its plan always writes to, and not in others.
    pub torn_writes: u64,
    /// Effects applied after a later one of the same key and client.
    pub out_of_order: u64,
    /// From the answer the client got to the last effect, of writes acknowledged, in ns.
    pub effect_delay: Histogram,
}

impl DataTally {
    /// A step of an intent was applied, which had been before so many times.
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
    /// A request ended: what its client was told is judged, and what it wrote is known to it.
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

    /// Whether an answer of these versions is out of date for the request it is made for.
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
    /// Since when some client has known a newer version of something that an answer is made of.
    fn out_of_date_since(&self, key: u32, seen: &Seen) -> Option<u64> {
        let since = |(store, version)| {
            let store = &self.stores[usize::from(store)];
            store.first_newer(key, version)
        };
        seen.iter().filter_map(since).min()
    }

    /// What became of a write that nothing can become of any more.
    pub(super) fn judge_op(&self, op: &Op, tally: &mut DataTally) {
        if !op.is_measured {
            return;
        }
        if op.is_acknowledged && !op.effects.is_empty() {
            let delay = op.last_effect.saturating_sub(op.ended);
            tally.effect_delay.add(delay);
        }
        // A plan that was edited while the intent was under way tells nothing of it.
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

    /// Whether a version is not the one that stands at its owner.
    fn disagrees(&self, store: u16, key: u32, version: u32) -> bool {
        self.stores[usize::from(store)].standing(key) != version
    }
}

/// Keys on which somebody disagrees with their owner.
#[derive(Clone, Debug, Default)]
pub struct Divergence {
    /// Over all: each key of an owner once.
    pub keys: u64,
    /// By node that disagrees.
    pub by_node: BTreeMap<NodeIx, u64>,
}

impl Simulation {
    /// Who disagrees with the owners now.
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
                    // What is written behind the answer its owner does not have yet.
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
    /// The keys of a copy that disagree with its owner's: those it has otherwise, and those it never got.
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
