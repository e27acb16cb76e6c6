//! Operations on every shard are done in parts, one per shard, all of which must answer. A write
//! commits in two phases (Gray 1978): every shard prepares, and once all have, every shard commits.
//!
//! The distributed call waits as a *front*: it holds no slot and no connection, only its row. A
//! part is a call of its own at a member, with a connection and a slot there.

use super::router::View;
use super::*;

/// What a front is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phases {
    /// Its row.
    None,
    /// All parts of a read.
    Gather,
    /// All shards to be ready to commit.
    Prepare,
    /// All shards to commit. The commit can no longer fail.
    Commit,
    /// A quorum of its shard's members.
    Ask,
    /// The shards that lose or receive keys in a resharding to copy them.
    Copy,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Front {
    pub(super) phase: Phases,
    /// Parts in progress.
    pub(super) pending: u32,
    /// Of a quorum: the number of missing answers, and the newest version so far.
    pub(super) lacking: u32,
    pub(super) newest: u32,
    /// Whether some member answered, and whether one answered with an error.
    pub(super) has_one: bool,
    pub(super) has_erred: bool,
}

/// As a part's `stage`: it commits what was prepared, over a connection that was kept for it.
const COMMITS: u32 = 1;
/// As a part's `stage`: it copies keys (`missed` is their number) over a connection kept for it.
pub(super) const COPIES: u32 = 2;

/// Calls that are done in parts. A front's `pending` is its index here, from 1; all others have 0.
#[derive(Clone, Debug, Default)]
pub(super) struct Fronts {
    list: Vec<Front>,
    free: Vec<u32>,
    /// Cross-shard writes that committed (measured).
    pub(super) committed: u64,
    /// Cross-shard writes that did not (measured).
    pub(super) aborted: u64,
}

impl Fronts {
    /// Returns whether no call is done in parts now.
    pub(super) fn is_empty(&self) -> bool {
        self.list.len() == self.free.len()
    }

    /// Returns whether a call at a database is done in parts.
    pub(super) fn is_front(call: &Call) -> bool {
        call.pending > 0
    }

    /// Makes a call a front.
    pub(super) fn begin(&mut self, call: &mut Call) {
        let front = Front {
            phase: Phases::None,
            pending: 0,
            lacking: 0,
            newest: 0,
            has_one: false,
            has_erred: false,
        };
        let place = match self.free.pop() {
            Some(place) => {
                self.list[place as usize] = front;
                place
            }
            None => {
                self.list.push(front);
                self.list.len() as u32 - 1
            }
        };
        call.pending = place + 1;
    }

    /// Ends a front.
    pub(super) fn forget(&mut self, call: &mut Call) {
        if Self::is_front(call) {
            self.list[call.pending as usize - 1].phase = Phases::None;
            self.free.push(call.pending - 1);
            call.pending = 0;
        }
    }

    /// Handles the end of a call that waited in this phase.
    pub(super) fn abandon(&mut self, phase: Phases) {
        for (place, front) in self.list.iter_mut().enumerate() {
            if front.phase == phase {
                front.phase = Phases::None;
                self.free.push(place as u32);
            }
        }
    }
}

impl Database {
    /// Sends a call's parts to all shards.
    pub(super) fn spread(&mut self, id: CallId, cx: &mut World) {
        let is_write = cx.effect(id) == Effect::Write;
        let phase = match is_write {
            true => Phases::Prepare,
            false => Phases::Gather,
        };
        let call = &mut cx.calls[id];
        (call.phase, call.slot_since) = (Phase::Planning, Call::NO_SLOT);
        self.send_parts(id, phase, cx);
    }

    fn send_parts(&mut self, id: CallId, phase: Phases, cx: &mut World) {
        let shards = self.members.shards;
        let front = self.front(&cx.calls[id]);
        (front.phase, front.pending) = (phase, shards);
        let home = self.members.placement.shard(cx.calls[id].key);
        for shard in 0..shards {
            let member = match shard == home && phase == Phases::Gather {
                // Its member was chosen when the call arrived.
                true => cx.calls[id].replica,
                false => self.serving(shard, id, cx),
            };
            let part = self.make_part(id, member, phase, cx);
            self.travel(part, cx);
        }
    }

    /// Returns the member of a shard that a front calls.
    pub(super) fn serving(&self, shard: u32, id: CallId, cx: &mut World) -> u32 {
        let (node, effect) = (self.node, cx.effect(id));
        let Some(mut router) = cx.node_mut(node).router.take() else {
            return shard;
        };
        let view = View { node, cx };
        let member = router.choose(shard, effect, view.zone(cx.calls[id].replica), view);
        cx.node_mut(node).router = Some(router);
        member
    }

    pub(super) fn front(&mut self, call: &Call) -> &mut Front {
        &mut self.members.fronts.list[call.pending as usize - 1]
    }

    pub(super) fn make_part(
        &self,
        id: CallId,
        member: u32,
        phase: Phases,
        cx: &mut World,
    ) -> CallId {
        let call = &cx.calls[id];
        let mut part = Call::of_job(id, call, call.link, self.node);
        (part.purpose, part.phase, part.replica) = (Purpose::Part, Phase::Travelling, member);
        part.stage = match phase {
            Phases::Commit => COMMITS,
            Phases::Copy => COPIES,
            Phases::None | Phases::Gather | Phases::Prepare | Phases::Ask => 0,
        };
        cx.calls.insert(part)
    }

    /// Sends a part between its front and its member. A partition in between is known immediately,
    /// because members know which members they can reach.
    pub(super) fn travel(&mut self, id: CallId, cx: &mut World) {
        let part = &cx.calls[id];
        let [front, member] =
            [part.caller_replica, part.replica].map(|end| cx.zone_of(self.node, end));
        let is_cut = cx.is_cut(front, member) || cx.is_cut(member, front);
        if part.phase == Phase::Travelling && is_cut {
            let part = &mut cx.calls[id];
            part.phase = Phase::Answering;
            part.outcome = Outcome::Failed(Cause::Unavailable);
            return cx.after(0, Event::Step(id));
        }
        let members = &mut *self.members;
        let latency = members.latency.draw(&mut members.streams.latency);
        let distance = cx.draw_distance(front, member, &mut members.streams.distance);
        cx.after(latency + distance, Event::Step(id));
    }

    /// Handles a part that reaches its member.
    pub(super) fn part_arrives(&mut self, id: CallId, cx: &mut World) {
        let call = &mut cx.calls[id];
        call.arrived = cx.now;
        let member = call.replica;
        let needs_connection = call.stage == 0;
        if !cx.is_up(self.node, member) {
            return self.send_back(id, Outcome::Failed(Cause::Refused), cx);
        }
        if !self.serves(id, cx) {
            return self.send_back(id, Outcome::Failed(Cause::Unavailable), cx);
        }
        self.connect(id, needs_connection, cx);
    }

    /// Sends the result of a part back to its front.
    pub(super) fn send_back(&mut self, id: CallId, outcome: Outcome, cx: &mut World) {
        let call = &mut cx.calls[id];
        (call.phase, call.outcome) = (Phase::Answering, outcome);
        self.travel(id, cx);
    }

    /// Handles the result of a part at its front.
    pub(super) fn part_returns(&mut self, id: CallId, cx: &mut World) {
        let part = &cx.calls[id];
        let (parent, outcome) = (part.parent, part.outcome);
        let version = cx.seen(id).iter().next().map_or(0, |(_, version)| version);
        if !outcome.is_answer() {
            self.part_missed(id, cx);
        }
        cx.calls.remove(id);
        // Another part may have failed its call, or its user may have left.
        let is_awaited = |call: &&Call| call.phase == Phase::Planning && Fronts::is_front(call);
        let Some(call) = cx.calls.get(parent).filter(is_awaited) else {
            return;
        };
        let front = &mut self.members.fronts.list[call.pending as usize - 1];
        front.pending -= 1;
        let (phase, is_last) = (front.phase, front.pending == 0);
        match phase {
            Phases::Ask => return self.quorum_answers(parent, (outcome, version), cx),
            Phases::Copy => return self.copied_part(parent, outcome, cx),
            Phases::None | Phases::Gather | Phases::Prepare | Phases::Commit => {}
        }
        let cause = match outcome {
            Outcome::Failed(Cause::Unavailable) => Cause::Unavailable,
            _ => Cause::Error,
        };
        match (phase, outcome.is_answer()) {
            // A member that died between the phases commits when it is back: its log says so.
            (Phases::Commit, _) | (_, true) if !is_last => {}
            (Phases::Gather, true) => self.conclude(parent, Outcome::Ok, cx),
            (Phases::Prepare, true) => self.send_parts(parent, Phases::Commit, cx),
            (Phases::Commit, _) => self.conclude(parent, Outcome::Ok, cx),
            // The other parts continue although they are wasted. Undoing what they prepared takes
            // negligible work.
            (_, false) => self.conclude(parent, Outcome::Failed(cause), cx),
            (Phases::None | Phases::Ask | Phases::Copy, true) => {
                unreachable!("a part returns to a front that sent none")
            }
        }
    }

    /// Answers a call that was done in parts.
    pub(super) fn conclude(&mut self, id: CallId, mut outcome: Outcome, cx: &mut World) {
        let is_write = cx.effect(id) == Effect::Write;
        let is_of_quorum = self.front(&cx.calls[id]).phase == Phases::Ask;
        self.members.fronts.forget(&mut cx.calls[id]);
        let due = match is_of_quorum {
            true => None,
            false => {
                if let Some(member) = self.moved_to(id, cx) {
                    cx.calls[id].replica = member;
                }
                self.touch(id, &mut outcome, cx)
            }
        };
        let call = &cx.calls[id];
        let fronts = &mut self.members.fronts;
        if is_write && call.is_measured && !is_of_quorum {
            match outcome.is_answer() {
                true => fronts.committed += 1,
                false => fronts.aborted += 1,
            }
        }
        let (key, holds_row) = (call.key, call.stage == row::HELD);
        if let Some(at) = due {
            let call = &mut cx.calls[id];
            call.stage = match holds_row {
                true => row::SPREAD_HELD,
                false => row::SPREAD,
            };
            call.outcome = outcome;
            return cx.at(at, Event::Step(id));
        }
        cx.answer(id, outcome);
        if holds_row {
            self.release_row(key, cx);
        }
    }
}
