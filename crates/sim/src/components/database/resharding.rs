//! Resharding: keys move to another number of shards, batch by batch, while the database continues
//! to serve.
//!
//! A batch is copied: every shard that loses keys reads them, in a slot of its own among its calls,
//! and then every shard that receives some does the same amount of work. Then comes the cutover:
//! writes of these keys wait until it is over, and from then on the keys are at their new shards.
//! Calls still at the old shard are forwarded, so no write is made where it would not be found. If
//! a shard dies or is partitioned, the batch starts over. Nothing had moved, so nothing is lost.

mod whose;

use super::parts::{Front, Phases};
use super::placement::Batch;
use super::*;
use crate::measure::Histogram;
use crate::zones::ZoneIx;
use design::Fault;
use std::collections::{BTreeMap, VecDeque};

/// Delay until a failed batch starts over.
const RETRY: u64 = 1_000_000_000;
/// Interval at which shards to be removed are checked for remaining work, and the maximum time for
/// that.
const LOOK_EVERY: u64 = 100_000_000;
const GRACE: u64 = 10_000_000_000;
/// Maximum number of reshardings that are reported one by one.
const RUNS_MAX: usize = 100;

/// A requested resharding.
#[derive(Clone, Debug)]
struct Order {
    shards: u32,
    batch: u64,
    copy_time: u64,
    cutover: u64,
    rate: Option<f64>,
}

/// One resharding, as the report shows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resharding {
    /// Shards before and after.
    pub(crate) shards: [u32; 2],
    pub(crate) began: u64,
    /// When the last key had moved.
    pub(crate) ended: Option<u64>,
    pub(crate) keys_moved: u64,
    /// When the last of them had.
    moved: u64,
    /// Batches that had to start over.
    pub(crate) retries: u64,
    /// How long writes waited for a cutover.
    pub(crate) holds: Histogram,
    /// Calls that were forwarded from a shard that no longer had their key.
    pub(crate) redirected: u64,
}

/// The next step of a resharding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Copy the next batch.
    Copy,
    /// A batch is being copied or cut over; the mover's record says when that is over.
    Moves,
    /// Remove the surplus shards, once they have no work or at this moment.
    Shrink(u64),
}

/// The reshardings of a database.
#[derive(Clone, Debug, Default)]
pub(super) struct Reshardings {
    orders: VecDeque<Order>,
    state: Option<State>,
    due: u64,
    /// The record that tracks the copying of a batch, and the batch.
    mover: Option<CallId>,
    batch: Batch,
    batch_began: u64,
    /// Whether the second half of the copying, at the shards that receive the keys, is in progress.
    is_coming: bool,
    /// Writes that wait for the cutover; `None` if there is none.
    held: Option<Vec<CallId>>,
    pub(super) runs: Vec<Resharding>,
}

/// What a step of a resharding changed about a node's members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    None,
    /// Members were added.
    Grown,
    /// This many members remain.
    Shrinks(u32),
}

impl Reshardings {
    /// Returns whether no key is being moved or about to be.
    pub(super) fn is_idle(&self) -> bool {
        self.state.is_none() && self.orders.is_empty()
    }

    fn run(&mut self) -> Option<&mut Resharding> {
        self.runs.last_mut()
    }
}

impl Database {
    /// Requests a resharding. It begins after those before it are finished.
    #[cold]
    pub(crate) fn order_resharding(&mut self, fault: &Fault, cx: &mut World) {
        self.members.resharding.orders.push_back(Order {
            shards: fault.shards,
            batch: u64::from(fault.batch),
            copy_time: fault.copy_time.0,
            cutover: fault.cutover.0,
            rate: fault.rate.map(|rate| rate.0),
        });
        if self.members.resharding.state.is_none() {
            self.come_back_to_it(cx.now, cx);
        }
    }

    fn come_back_to_it(&mut self, at: u64, cx: &mut World) {
        self.members.resharding.due = at;
        cx.at(at, Event::Reshard { node: self.node });
    }

    /// Carries out the next step of a resharding.
    #[cold]
    pub(crate) fn go_on_resharding(&mut self, cx: &mut World) -> Change {
        let known = &self.members.resharding;
        if known.due != cx.now {
            return Change::None;
        }
        match known.state {
            None => self.begin_resharding(cx),
            Some(State::Copy) => {
                self.copy_batch(cx);
                Change::None
            }
            Some(State::Moves) => Change::None,
            Some(State::Shrink(until)) => self.shrink(until, cx),
        }
    }

    fn begin_resharding(&mut self, cx: &mut World) -> Change {
        let members = &mut *self.members;
        let known = &mut members.resharding;
        let Some(order) = known.orders.front() else {
            return Change::None;
        };
        let (before, after) = (members.shards, order.shards);
        if known.runs.len() == RUNS_MAX {
            known.runs.remove(0);
        }
        known.runs.push(Resharding {
            shards: [before, after],
            began: cx.now,
            ..Resharding::default()
        });
        known.state = Some(State::Copy);
        members.placement.begin(after);
        self.come_back_to_it(cx.now, cx);
        self.has_shards(before.max(after), cx);
        Change::Grown
    }

    /// Sets the number of shards.
    fn has_shards(&mut self, shards: u32, cx: &mut World) {
        let members = &mut *self.members;
        members.shards = shards;
        let mut copies = 1;
        if let Some(replication) = &mut members.replication {
            replication.set_shards(shards);
            copies = replication.spec.replicas;
        }
        let spec = (members.spec.clone(), shards);
        let count = (shards * copies) as usize;
        let now = cx.now;
        let state = cx.node_mut(self.node);
        state.resharded = Some(Box::new(spec));
        state.grow_to(count, now);
        self.is_plain = false;
        self.set_router(cx);
        self.set_stations(cx);
        self.count_connections(cx);
    }

    /// Begins to copy the next batch, or ends the resharding if there is none.
    fn copy_batch(&mut self, cx: &mut World) {
        let Some(order) = self.members.resharding.orders.front() else {
            return;
        };
        let Some(batch) = self.members.placement.next_batch(order.batch) else {
            return self.all_moved(cx);
        };
        if batch.keys == 0 {
            // None of these keys moves: skip them.
            self.advance(batch.end, cx);
            return self.come_back_to_it(cx.now, cx);
        }
        let known = &mut self.members.resharding;
        (known.batch, known.batch_began, known.is_coming) = (batch, cx.now, false);
        if !self.is_movable(cx) {
            return self.begin_batch_anew(cx);
        }
        let known = &mut self.members.resharding;
        let leave = known.batch.leave.clone();
        known.state = Some(State::Moves);
        let mut mover = Call::new(Purpose::Background, self.node, LinkIx::NONE);
        (mover.operation, mover.phase) = (Call::NO_OPERATION, Phase::Planning);
        (mover.is_awaited, mover.slot_since) = (false, Call::NO_SLOT);
        mover.replica = leave
            .keys()
            .next()
            .map_or(0, |shard| self.leader_of(*shard));
        self.members.fronts.begin(&mut mover);
        let mover = cx.calls.insert_root(mover);
        self.members.resharding.mover = Some(mover);
        self.copy(mover, &leave, cx);
    }

    /// Makes each of these shards do its part of the copying.
    fn copy(&mut self, mover: CallId, keys: &BTreeMap<u32, u64>, cx: &mut World) {
        let front: &mut Front = self.front(&cx.calls[mover]);
        (front.phase, front.pending) = (Phases::Copy, keys.len() as u32);
        for (shard, keys) in keys {
            let member = self.leader_of(*shard);
            let part = self.make_part(mover, member, Phases::Copy, cx);
            cx.calls[part].missed = *keys;
            self.travel(part, cx);
        }
    }

    /// Returns the work that copying its keys takes a shard.
    pub(super) fn copy_work(&self, id: CallId, cx: &World) -> u64 {
        let order = self.members.resharding.orders.front();
        let work = order.map_or(0, |order| order.copy_time);
        let work = work.saturating_mul(cx.calls[id].missed);
        work.min(design::quantity::DURATION_MAX.0)
    }

    /// Handles a shard that has finished or failed its part of the copying.
    pub(super) fn copied_part(&mut self, mover: CallId, outcome: Outcome, cx: &mut World) {
        if !outcome.is_answer() {
            return self.begin_batch_anew(cx);
        }
        if self.front(&cx.calls[mover]).pending > 0 {
            return;
        }
        let known = &mut self.members.resharding;
        if !std::mem::replace(&mut known.is_coming, true) {
            let come = known.batch.come.clone();
            return self.copy(mover, &come, cx);
        }
        let cutover = known.orders.front().map_or(0, |order| order.cutover);
        known.held = Some(Vec::new());
        cx.after(cutover, Event::Step(mover));
    }

    /// Returns whether a call is the record of a moving batch; if so, ends its cutover.
    pub(super) fn ends_cutover(&mut self, id: CallId, cx: &mut World) -> bool {
        if self.members.resharding.mover != Some(id) {
            return false;
        }
        if !self.is_movable(cx) {
            self.begin_batch_anew(cx);
            return true;
        }
        self.forget_mover(cx);
        let batch = std::mem::take(&mut self.members.resharding.batch);
        self.hand_over_keys(&batch, cx);
        self.advance(batch.end, cx);
        let known = &mut self.members.resharding;
        known.state = Some(State::Copy);
        let pause = known.orders.front().and_then(|order| order.rate);
        let pause = pause.map_or(0.0, |rate| batch.keys as f64 / rate * 1e9);
        let pause = pause.min(design::quantity::DURATION_MAX.0 as f64) as u64;
        let next = cx.now.max(known.batch_began.saturating_add(pause));
        if let Some(run) = known.run() {
            run.keys_moved += batch.keys;
            run.moved = cx.now;
        }
        self.come_back_to_it(next, cx);
        self.let_held_go(cx);
        true
    }

    fn advance(&mut self, unit: u64, cx: &mut World) {
        self.members.placement.advance(unit);
        if let Some(router) = &mut cx.node_mut(self.node).router {
            router.placement.advance(unit);
        }
    }

    fn forget_mover(&mut self, cx: &mut World) {
        if let Some(mover) = self.members.resharding.mover.take()
            && cx.calls.get(mover).is_some()
        {
            self.members.fronts.forget(&mut cx.calls[mover]);
            cx.calls.remove(mover);
        }
    }

    /// Starts a batch over after a delay, because a shard that it needs is not available.
    fn begin_batch_anew(&mut self, cx: &mut World) {
        self.forget_mover(cx);
        let known = &mut self.members.resharding;
        known.state = Some(State::Copy);
        if let Some(run) = known.run() {
            run.retries += 1;
        }
        self.come_back_to_it(cx.now + RETRY, cx);
        self.let_held_go(cx);
    }

    /// Handles members that died: the mover may have been on one of them.
    pub(super) fn look_after_mover(&mut self, cx: &mut World) {
        let known = &self.members.resharding;
        let is_gone = |mover: CallId| cx.calls.get(mover).is_none();
        if known.mover.is_some_and(is_gone) {
            self.members.fronts.abandon(Phases::Copy);
            self.begin_batch_anew(cx);
        }
    }

    /// Handles an edit: the present batch starts over. With another number of shards in the design,
    /// all keys are at their new place and nothing moves any more.
    pub(super) fn edit_resharding(&mut self, stays: bool, cx: &mut World) {
        let known = &mut self.members.resharding;
        let Some(state) = known.state else {
            return;
        };
        if stays {
            if state == State::Moves {
                self.begin_batch_anew(cx);
                self.come_back_to_it(cx.now, cx);
            }
            return;
        }
        (known.state, known.due) = (None, u64::MAX);
        known.orders.clear();
        if let Some(run) = known.run() {
            run.ended.get_or_insert(cx.now);
        }
        self.forget_mover(cx);
        self.let_held_go(cx);
    }

    /// Ends the moves: every key is where it belongs.
    fn all_moved(&mut self, cx: &mut World) {
        self.members.placement.settle();
        if let Some(router) = &mut cx.node_mut(self.node).router {
            router.placement.settle();
        }
        let known = &mut self.members.resharding;
        known.state = Some(State::Shrink(cx.now + GRACE));
        if let Some(run) = known.run() {
            run.ended = Some(run.moved.max(run.began));
        }
        self.come_back_to_it(cx.now, cx);
    }

    /// Removes the surplus shards, once they have no work.
    fn shrink(&mut self, until: u64, cx: &mut World) -> Change {
        let members = &mut *self.members;
        let known = &mut members.resharding;
        let shards = known.orders.front().map_or(members.shards, |it| it.shards);
        let copies = members
            .replication
            .as_ref()
            .map_or(1, |it| it.spec.replicas);
        let left_over = members.connected.iter().skip((shards * copies) as usize);
        if left_over.clone().any(|count| *count > 0) && cx.now < until {
            self.come_back_to_it((cx.now + LOOK_EVERY).min(until), cx);
            return Change::None;
        }
        known.orders.pop_front();
        known.state = None;
        if !known.orders.is_empty() {
            self.come_back_to_it(cx.now, cx);
        }
        match shards < self.members.shards {
            true => Change::Shrinks(shards * copies),
            false => Change::None,
        }
    }

    /// Handles surplus members that have ended.
    pub(crate) fn has_shrunk(&mut self, members: u32, cx: &mut World) {
        let copies = self.members.replication.as_ref();
        let copies = copies.map_or(1, |it| it.spec.replicas);
        self.has_shards(members / copies, cx);
    }
}
