//! Data outcomes: what happened to the writes, and how old the answers were.
//!
//! Every owning database has versions of its keys, and every write of a client has an id. Calls
//! carry both through the system in rows beside their records ([`row`]), caches and messages keep
//! them, and answers to clients are judged against the store of truth ([`store`]). If the design
//! writes nothing, none of this is kept and nothing is counted: all answers are of version 0.

mod carry;
mod judge;
mod memory;
mod operations;
mod reach;
mod row;
mod store;
mod sweep;
mod table;

pub use judge::{DataTally, Divergence, Duplicate};
pub(crate) use memory::{Memory, Repeat};
pub use operations::Applied;
pub(crate) use reach::take_design;
pub(crate) use row::Rows;
pub use row::{Carried, OpId, Seen};
pub use sweep::Held;
pub(crate) use table::Table;

use crate::call::{CallId, Purpose};
use crate::event::{LinkIx, NodeIx};
use crate::world::World;
use operations::{Effect, NEVER, Op, Ops};
use store::Store;

/// No store: of a node that is not a database.
const NO_STORE: u16 = u16::MAX;

/// All data state.
#[derive(Clone, Debug, Default)]
pub struct Data {
    ops: Ops,
    stores: Vec<Store>,
    /// By node index.
    store_of: Vec<u16>,
    /// By operation index: the owners that its plan always writes to.
    must_write: Vec<Vec<u16>>,
    /// By node: for a cache, the versions of its entries from before any write.
    sources: Vec<Seen>,
    /// The edition of the design, counted in edits.
    edition: u32,
    /// Number of messages so far.
    messages: u64,
    fills: Vec<Fill>,
    free_fills: Vec<u32>,
    due: sweep::Due,
    sweeps_often: bool,
    tally: DataTally,
}

/// A fill on its way to a cache.
#[derive(Clone, Copy, Debug)]
pub struct Fill {
    /// The key.
    pub key: u32,
    /// The versions that the value is made of.
    pub seen: Seen,
    /// The job that loaded it after a miss; `None` for a writer's.
    pub(crate) holder: Option<CallId>,
    is_under_way: bool,
}

impl Data {
    /// Returns the number of keys with any state, over all stores.
    pub(crate) fn rows(&self) -> usize {
        let rows = |store: &Store| store.keys.len() + store.copied.len();
        self.stores.iter().map(rows).sum()
    }

    fn store_at(&self, node: NodeIx) -> Option<usize> {
        let store = self.store_of.get(node.0 as usize).copied()?;
        (store != NO_STORE).then_some(usize::from(store))
    }

    /// Adds every law of data that does not hold now.
    pub(crate) fn check(&self, broken: &mut Vec<String>) {
        for (place, store) in self.stores.iter().enumerate() {
            store.check(&format!("store {place}"), broken);
        }
        let (made, known) = (self.ops.made, self.ops.settled + self.ops.open() as u64);
        if made != known {
            broken.push(format!("writes: {made} wanted, {known} known"));
        }
    }

    /// Returns what an entry of a cache is made of. Nothing, if it is newer than any store's
    /// version or unknown: then it is not judged.
    fn made_of(&self, node: NodeIx, seen: Seen) -> Seen {
        match seen {
            Seen::FIRST => self.source(node),
            known => known,
        }
    }

    /// Returns what a cache has from before any write: the first version of each owner that it, or
    /// its loaders, load from.
    fn source(&self, cache: NodeIx) -> Seen {
        let source = self.sources.get(cache.0 as usize);
        source.copied().unwrap_or(Seen::NOTHING)
    }

    /// Returns the owner of the data in a store: itself, or the one it copies.
    fn owner_of(&self, store: usize) -> usize {
        self.stores[store].copy_of.map_or(store, usize::from)
    }

    /// Returns whether fills are in progress.
    pub(crate) fn has_fills(&self) -> bool {
        self.fills.len() > self.free_fills.len()
    }

    /// Marks the versions of fills in progress and of copies as needed.
    fn hold(&self, held: &mut Held) {
        for fill in self.fills.iter().filter(|fill| fill.is_under_way) {
            held.seen(fill.key, &fill.seen);
        }
        for store in &self.stores {
            let Some(owner) = store.copy_of else { continue };
            for (key, copied) in store.copied.iter() {
                held.op(copied.ahead);
                held.seen(key, &Seen::of(owner, copied.version));
            }
        }
    }
}

/// Clients: their intents, and the answers they receive.
impl World {
    /// Makes a request an intent to write, or another attempt of one.
    #[cold]
    pub(crate) fn want(&mut self, id: CallId, again: OpId) {
        let call = &self.calls[id];
        let spec = &self.operations[call.operation as usize];
        if spec.effect != design::kinds::client::Effect::Write {
            return;
        }
        let op = match self.data.ops.get_mut(again) {
            Some(known) => {
                (known.is_kept, known.ended) = (false, NEVER);
                again
            }
            None => {
                let mut op = Op::new(call.node, call.operation, call.key, self.now);
                (op.is_measured, op.has_key) = (call.is_measured, spec.has_idempotency_key);
                op.edition = self.data.edition;
                self.data.ops.make(op)
            }
        };
        self.calls.rows.get_mut(id.slot).carried.op = op;
    }

    /// Returns what a request intends to write.
    pub fn intent(&self, id: CallId) -> OpId {
        self.calls.rows.get(id.slot).carried.op
    }

    /// Keeps an intent for another attempt of its client: the same one if it has an idempotency
    /// key.
    pub(crate) fn keep_intent(&mut self, op: OpId) -> OpId {
        match self.data.ops.get_mut(op) {
            Some(known) if known.has_key => {
                known.is_kept = true;
                op
            }
            _ => OpId::NONE,
        }
    }

    /// Releases an intent that is not attempted again.
    pub(crate) fn drop_intent(&mut self, op: OpId) {
        if let Some(op) = self.data.ops.get_mut(op) {
            op.is_kept = false;
        }
    }
}

/// Stores: what is applied to them, and what is read from them.
impl World {
    /// Applies a write to the store of its node, now. The answer then carries the version.
    #[inline]
    pub fn apply_write(&mut self, id: CallId) {
        if self.calls.rows.is_on {
            self.apply(id);
        }
    }

    #[inline(never)]
    fn apply(&mut self, id: CallId) {
        let (node, key) = (self.calls[id].node, self.calls[id].key);
        let Some(store) = self.data.store_at(node) else {
            return;
        };
        let carried = self.calls.rows.get(id.slot).carried;
        let call = &self.calls[id];
        // A member's part belongs to the attempt that its front answers.
        let attempt = match call.purpose {
            Purpose::Part => self.calls.get(call.parent).map_or(1, |front| front.attempt),
            _ => call.attempt,
        };
        let by = Applied {
            at: self.now,
            link: call.link,
            attempt,
        };
        let duplicates = self.data.tally.duplicate_effects;
        let knows_one = self.data.tally.first_duplicate.is_some();
        let seen = match self.data.stores[store].copy_of {
            None => self.data.commit((store, node), key, &carried, by),
            Some(owner) => self.data.copy(store, owner, key, &carried, by),
        };
        self.calls.rows.get_mut(id.slot).seen = seen;
        let again = self.data.tally.duplicate_effects - duplicates;
        self.node_mut(node).tally.duplicates += again;
        if !knows_one && self.data.tally.first_duplicate.is_some() {
            self.tell_who_tried_again(id);
        }
    }

    /// Records the second attempt of the first write that is applied twice: that of the call
    /// itself, or of its nearest ancestor that was retried or redelivered.
    #[cold]
    fn tell_who_tried_again(&mut self, id: CallId) {
        let mut at = Some(id);
        while let Some(call) = at.and_then(|id| self.calls.get(id)) {
            if call.attempt > 1 {
                let (link, attempt) = (call.link, call.attempt);
                if let Some(told) = &mut self.data.tally.first_duplicate {
                    (told.attempts[1].link, told.attempts[1].attempt) = (link, attempt);
                }
                return;
            }
            at = Some(call.parent);
        }
    }

    /// Adds the present version in the store of its node to the answer to a read.
    #[inline]
    pub fn read_store(&mut self, id: CallId) {
        if self.calls.rows.is_on {
            let (node, key) = (self.calls[id].node, self.calls[id].key);
            if let Some(store) = self.data.store_at(node) {
                let seen = self.data.standing(store, key);
                self.serve(id, seen);
            }
        }
    }

    /// Sets the versions of the answer to a read: those of a replica, or of a cache's entry.
    #[inline]
    pub fn serve(&mut self, id: CallId, seen: Seen) {
        if self.calls.rows.is_on {
            self.serve_versions(id, seen);
        }
    }

    #[inline(never)]
    fn serve_versions(&mut self, id: CallId, seen: Seen) {
        let (node, key) = (self.calls[id].node, self.calls[id].key);
        let seen = self.data.made_of(node, seen);
        self.calls.rows.get_mut(id.slot).seen = seen;
        if self.is_stale_for(id, key, &seen) {
            self.node_mut(node).tally.stale_reads += 1;
        }
    }

    /// Returns what the answer to a call is made of, as far as it is known.
    pub fn seen(&self, id: CallId) -> Seen {
        self.calls.rows.get(id.slot).seen
    }

    /// Returns the present version of a key in the store of a node; 0 if it was never written.
    pub fn standing_version(&self, node: NodeIx, key: u32) -> u32 {
        let store = self.data.store_at(node);
        store.map_or(0, |store| self.data.stores[store].standing(key))
    }

    /// Returns the present version of a key in a store.
    pub(crate) fn standing_at(&self, store: u16, key: u32) -> u32 {
        let store = self.data.stores.get(usize::from(store));
        store.map_or(0, |store| store.standing(key))
    }

    /// Undoes writes in a failover, each given by its intent and the version it made. The given
    /// versions of their keys are present again; the numbers of lost versions are not reused. A
    /// caller that may undo a write must hold its intent ([`Self::intent`], [`Held::op`]) until
    /// then.
    #[cold]
    pub fn lose_versions(&mut self, node: NodeIx, undone: &[(OpId, u32)], standing: &[(u32, u32)]) {
        if let Some(store) = self.data.store_at(node) {
            self.data.lose(store, undone, standing);
        }
    }

    /// Returns the store of the data that a node owns, if any client writes.
    pub fn owned_store(&self, node: NodeIx) -> Option<u16> {
        let store = self.data.store_at(node).filter(|_| self.calls.rows.is_on)?;
        (self.data.owner_of(store) == store).then_some(store as u16)
    }

    /// Returns the number of versions committed to a database so far.
    pub fn commits(&self, node: NodeIx) -> u64 {
        let store = self.data.store_at(node);
        store.map_or(0, |store| self.data.stores[store].commits)
    }

    /// Returns every key written to a database, and its present version.
    pub fn standing_versions(&self, node: NodeIx) -> impl Iterator<Item = (u32, u32)> {
        let store = self.owned_store(node);
        let keys = store.map(|store| self.data.stores[usize::from(store)].keys.iter());
        keys.into_iter()
            .flatten()
            .map(|(key, known)| (key, known.standing))
    }

    /// Merges what an answer is made of into what the waiting job saw.
    #[inline(never)]
    pub(crate) fn pass_up(&mut self, id: CallId, job: CallId, link: LinkIx) {
        if self.is_waiting(job) {
            let is_load = link != LinkIx::NONE && self.link(link).loads;
            self.calls.rows.pass_up(id, job, is_load);
        }
    }

    /// Returns what a job loaded for the caches that had missed.
    pub(crate) fn take_loaded(&mut self, job: CallId) -> Seen {
        match self.calls.rows.is_on {
            true => std::mem::replace(&mut self.calls.rows.get_mut(job.slot).loaded, Seen::NOTHING),
            false => Seen::NOTHING,
        }
    }
}

impl Data {
    /// Returns the present version in a store.
    fn standing(&self, store: usize, key: u32) -> Seen {
        let owner = self.owner_of(store);
        let truth = || self.stores[owner].standing(key);
        let version = match self.stores[store].copied.get(key) {
            _ if owner == store => truth(),
            None => 0,
            // A version that the owner does not have yet is not stale.
            Some(copied) if copied.ahead != OpId::NONE => truth(),
            Some(copied) => copied.version,
        };
        Seen::of(owner as u16, version)
    }

    /// Commits a write to an owner, which makes a version.
    fn commit(
        &mut self,
        (store, node): (usize, NodeIx),
        key: u32,
        carried: &Carried,
        by: Applied,
    ) -> Seen {
        let now = by.at;
        let place = store as u16;
        let Some(op) = self.ops.get_mut(carried.op) else {
            return Seen::of(place, self.stores[store].commit(key));
        };
        let times_before = op.times(place, carried);
        // Identified by the operation's id, or else by that of the message.
        let is_known = match op.has_key {
            true => times_before > 0,
            false => {
                carried.message > 0
                    && op
                        .effect(place, carried)
                        .is_some_and(|effect| effect.stands)
            }
        };
        if is_known && self.stores[store].has_unique_ids {
            return self.standing(store, key);
        }
        let version = self.stores[store].commit(key);
        match op.effect(place, carried) {
            Some(effect) => {
                (effect.version, effect.times, effect.stands) = (version, effect.times + 1, true)
            }
            None => op.effects.push(Effect {
                store: place,
                statement: carried.statement,
                message: carried.message,
                version,
                times: 1,
                stands: true,
                first: by,
            }),
        }
        op.last_effect = now;
        self.tally.count_effect(op, times_before);
        if times_before > 0
            && op.is_measured
            && self.tally.first_duplicate.is_none()
            && let Some(first) = op.first(place, carried)
        {
            self.tally.first_duplicate = Some(Duplicate {
                client: op.client,
                operation: op.operation,
                key,
                made: op.made,
                node,
                attempts: [first, by],
            });
        }
        if op.is_acknowledged {
            self.stores[store].acknowledge(key, version, now);
        }
        self.order(store, carried.op);
        self.catch_up(place, key, carried.op, version);
        Seen::of(place, version)
    }

    /// Undoes writes, and restores the versions that are then present.
    fn lose(&mut self, store: usize, undone: &[(OpId, u32)], standing: &[(u32, u32)]) {
        for (key, version) in standing {
            self.stores[store].put_back(*key, *version);
        }
        let place = store as u16;
        for (op, version) in undone {
            let effects = self.ops.get_mut(*op).map(|op| op.effects.iter_mut());
            let is_undone = |effect: &&mut Effect| {
                effect.store == place && effect.version == *version && effect.stands
            };
            for effect in effects.into_iter().flatten().filter(is_undone) {
                // A repeat then applies it for the first time.
                (effect.stands, effect.times) = (false, 0);
            }
        }
    }

    /// Applies a write to a copy, with the version that its message carries.
    fn copy(&mut self, store: usize, owner: u16, key: u32, carried: &Carried, by: Applied) -> Seen {
        let now = by.at;
        let told = carried.version.iter().find(|(of, _)| *of == owner);
        let made = || self.ops.get(carried.op)?.version_in(owner);
        let version = told.map(|(_, version)| version).or_else(made);
        let copied = self.stores[store].copied.entry(key);
        match version {
            Some(version) => (copied.version, copied.ahead) = (version, OpId::NONE),
            None => copied.ahead = carried.op,
        }
        let place = store as u16;
        if let Some(op) = self.ops.get_mut(carried.op) {
            op.last_effect = now;
            if op.effect(place, carried).is_none() {
                op.effects.push(Effect {
                    store: place,
                    statement: carried.statement,
                    message: carried.message,
                    version: version.unwrap_or(0),
                    times: 1,
                    stands: true,
                    first: by,
                });
            }
        }
        self.order(store, carried.op);
        self.standing(store, key)
    }

    /// Marks copies that had a write before its owner as up to date.
    fn catch_up(&mut self, owner: u16, key: u32, op: OpId, version: u32) {
        let copies = self.stores.iter_mut();
        for copy in copies.filter(|store| store.copy_of == Some(owner)) {
            if let Some(copied) = copy.copied.get_mut(key)
                && copied.ahead == op
            {
                (copied.version, copied.ahead) = (version, OpId::NONE);
            }
        }
    }

    /// Checks whether a write is applied after a later one of its client.
    fn order(&mut self, store: usize, op: OpId) {
        if let Some(op) = self.ops.get(op) {
            let made = (op.made, op.number);
            let is_late = self.stores[store].overtaken(op.key, op.client, made, op.ended);
            self.tally.out_of_order += u64::from(is_late && op.is_measured);
        }
    }
}
