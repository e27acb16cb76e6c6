//! The path of a call through a database with several members or with row locks: to its shard,
//! through connection, row and slot, and out again.

use super::*;

impl Database {
    /// Routes a call that has reached some member to the one that serves its key.
    #[inline(never)]
    pub(super) fn route(&mut self, id: CallId, cx: &mut World) {
        if cx.calls[id].is_probe() {
            return self.connect(id, true, cx);
        }
        cx.find_member(id);
        cx.calls[id].stage = 0;
        if let Some(member) = self.moved_to(id, cx) {
            cx.calls[id].replica = member;
        }
        if !cx.is_up(self.node, cx.calls[id].replica) {
            return cx.answer(id, Outcome::Failed(Cause::Refused));
        }
        if self.waits_for_cutover(id, cx) {
            return;
        }
        if self.is_quorum() {
            return self.ask_quorum(id, cx);
        }
        if !self.serves(id, cx) {
            return cx.answer(id, Outcome::Failed(Cause::Unavailable));
        }
        match self.is_spread(id, cx) {
            false => self.connect(id, true, cx),
            true => {
                self.members.fronts.begin(&mut cx.calls[id]);
                self.seek_row(id, cx);
            }
        }
    }

    /// Returns whether the member that a call reached may work on it.
    pub(super) fn serves(&self, id: CallId, cx: &World) -> bool {
        let Some(replication) = &self.members.replication else {
            return true;
        };
        let member = cx.calls[id].replica;
        let needs_leader = match cx.effect(id) {
            Effect::Write => true,
            Effect::Read => replication.spec.read_from == ReadFrom::Leader,
        };
        let falls_back = !needs_leader || replication.leads(member);
        replication.is_quorum() || falls_back
    }

    /// Returns whether an operation touches every shard.
    fn is_spread(&mut self, id: CallId, cx: &World) -> bool {
        let members = &mut *self.members;
        let Some(condition) = members.cross_shard.as_ref().filter(|_| members.shards > 1) else {
            return false;
        };
        match condition {
            Condition::Always => true,
            Condition::Reads => cx.effect(id) == Effect::Read,
            Condition::Writes => cx.effect(id) == Effect::Write,
            Condition::Operations(operations) => operations.contains(&cx.calls[id].operation),
            Condition::Probability(p) => members.streams.conditions.chance(*p),
            Condition::OnMiss | Condition::OnError => unreachable!("no plan led here"),
        }
    }

    /// Takes a connection of its member, if one is free or reserved for it.
    pub(super) fn connect(&mut self, id: CallId, needs_one: bool, cx: &mut World) {
        let purpose = cx.calls[id].purpose;
        if !self.takes_connection(id, needs_one, cx) {
            return match purpose {
                Purpose::Part => self.send_back(id, Outcome::Failed(Cause::Refused), cx),
                Purpose::Request
                | Purpose::Call
                | Purpose::Delivery
                | Purpose::Background
                | Purpose::Probe(_) => cx.answer_with(id, Cause::Refused, Detail::Connections),
            };
        }
        match purpose {
            Purpose::Part | Purpose::Probe(_) => self.admit(id, cx),
            Purpose::Request | Purpose::Call | Purpose::Delivery | Purpose::Background => {
                self.seek_row(id, cx)
            }
        }
    }

    /// Takes a connection of a call's member. Returns false if none is left.
    pub(super) fn takes_connection(&mut self, id: CallId, needs_one: bool, cx: &World) -> bool {
        let call = &cx.calls[id];
        let member = call.replica as usize;
        self.stations[member].arrivals += u64::from(call.is_measured);
        let connected = &mut self.members.connected[member];
        let limit = self.members.connections.filter(|_| needs_one);
        let is_free = limit.is_none_or(|limit| *connected < limit);
        *connected += u32::from(is_free);
        is_free
    }

    /// Locks the row that a write touches, or waits for it.
    fn seek_row(&mut self, id: CallId, cx: &mut World) {
        if !self.members.has_row_locks || cx.effect(id) != Effect::Write {
            return self.proceed(id, cx);
        }
        let key = cx.calls[id].key;
        if self.members.locks.acquire(id, key, &mut cx.calls) {
            cx.calls[id].stage = row::HELD;
            return self.proceed(id, cx);
        }
        let call = &mut cx.calls[id];
        (call.stage, call.phase) = (row::AWAITED, Phase::Queued);
        // The waiting time for a row counts from here.
        call.slot_since = cx.now;
        self.members.locks.waiting.up(cx.now);
        cx.waiting += 1;
    }

    /// Continues with a call that has everything it needs before its slot.
    fn proceed(&mut self, id: CallId, cx: &mut World) {
        match Fronts::is_front(&cx.calls[id]) {
            true => self.spread(id, cx),
            false => self.admit(id, cx),
        }
    }

    /// Handles work that is done at a member.
    #[inline(never)]
    pub(super) fn served_at_member(&mut self, id: CallId, cx: &mut World) {
        let (purpose, stage) = (cx.calls[id].purpose, cx.calls[id].stage);
        let copies = purpose == Purpose::Part && stage == parts::COPIES;
        let outcome = match copies {
            true => Outcome::Ok,
            false => self.outcome(id, cx),
        };
        let call = &mut cx.calls[id];
        let member = call.replica;
        let since = std::mem::replace(&mut call.slot_since, Call::NO_SLOT);
        call.phase = Phase::Planning;
        let station = &mut self.stations[member as usize];
        station.working.down(cx.now);
        station.release(since, cx.now);
        self.fill_slots(member, cx);
        match purpose {
            Purpose::Part => {
                self.members.connected[member as usize] -= 1;
                if outcome.is_answer() && !copies {
                    self.touch_part(id, cx);
                }
                self.send_back(id, outcome, cx);
            }
            Purpose::Request
            | Purpose::Call
            | Purpose::Delivery
            | Purpose::Background
            | Purpose::Probe(_) => {
                let is_probe = matches!(purpose, Purpose::Probe(_));
                let moved = (!is_probe).then(|| self.moved_to(id, cx)).flatten();
                match moved {
                    Some(other) => self.send_on(id, other, cx),
                    None => self.worked(id, outcome, cx),
                }
            }
        }
    }

    /// Handles a call whose work is done. It may continue to hold its row.
    fn worked(&mut self, id: CallId, outcome: Outcome, cx: &mut World) {
        let members = &mut *self.members;
        let rest = match cx.calls[id].stage {
            row::HELD => members.lock_time.draw(&mut members.streams.lock),
            _ => 0,
        };
        if rest == 0 {
            return self.leave(id, outcome, cx);
        }
        cx.calls[id].outcome = outcome;
        cx.after(rest, Event::Step(id));
    }

    /// Answers a call that held a connection, once a follower has it if it waits for one.
    pub(super) fn leave(&mut self, id: CallId, mut outcome: Outcome, cx: &mut World) {
        let call = &cx.calls[id];
        let (member, key, stage) = (call.replica as usize, call.key, call.stage);
        let is_probe = call.is_probe();
        let due = match stage {
            _ if is_probe => None,
            0 | row::HELD => self.touch(id, &mut outcome, cx),
            _ => match self.copied(id, cx) {
                // It may be there or not; this cannot be known.
                None => {
                    outcome = Outcome::Failed(Cause::Unavailable);
                    None
                }
                due => due.filter(|at| *at > cx.now),
            },
        };
        if let Some(at) = due {
            let call = &mut cx.calls[id];
            call.stage = match stage {
                0 => row::APPLIED,
                row::HELD => row::APPLIED_HELD,
                stage => stage,
            };
            call.outcome = outcome;
            return cx.at(at, Event::Step(id));
        }
        if !row::is_spread(stage) {
            self.members.connected[member] -= 1;
        }
        cx.answer(id, outcome);
        if row::is_held(stage) && !is_probe {
            self.release_row(key, cx);
        }
    }

    /// Removes a call that has not been served, if it waits for more than a slot or holds more than
    /// a place. Returns false if it is only in a station.
    pub fn withdraws(&mut self, id: CallId, cause: Cause, cx: &mut World) -> bool {
        if self.is_plain {
            return false;
        }
        let call = &cx.calls[id];
        let (member, key, stage) = (call.replica as usize, call.key, call.stage);
        let is_front = Fronts::is_front(call);
        if stage == row::CUT_OVER {
            self.leaves_cutover(id, cx);
            cx.answer(id, Outcome::Failed(cause));
            return true;
        }
        cx.waiting -= 1;
        if stage == row::AWAITED {
            self.members.locks.leave(id, key, &mut cx.calls);
            self.members.locks.waiting.down(cx.now);
        } else {
            self.stations[member].withdraw(id, &mut cx.calls, cx.now);
        }
        self.members.fronts.forget(&mut cx.calls[id]);
        if !is_front {
            self.members.connected[member] -= 1;
        }
        cx.answer(id, Outcome::Failed(cause));
        if stage == row::HELD {
            self.release_row(key, cx);
        }
        true
    }

    /// Releases a row to the call that has waited longest for it.
    pub(super) fn release_row(&mut self, key: u32, cx: &mut World) {
        if let Some(next) = self.members.locks.release(key, &mut cx.calls) {
            let call = &mut cx.calls[next];
            call.stage = row::HELD;
            let waited = cx.now - call.slot_since;
            self.members.locks.waiting.down(cx.now);
            if call.is_measured {
                self.members.locks.waits.add(waited);
            }
            cx.waiting -= 1;
            self.proceed(next, cx);
        }
    }

    /// Continues with a call or a part inside the database.
    pub(super) fn step(&mut self, id: CallId, cx: &mut World) {
        let call = &cx.calls[id];
        let (purpose, phase, outcome) = (call.purpose, call.phase, call.outcome);
        match (purpose, phase) {
            (Purpose::Part, Phase::Travelling) => self.part_arrives(id, cx),
            (Purpose::Part, _) => self.part_returns(id, cx),
            (Purpose::Background, _) if self.ends_cutover(id, cx) => {}
            (_, Phase::Planning) => self.leave(id, outcome, cx),
            // It was reset in a crash in the meantime.
            _ => {}
        }
    }

    /// Handles a member that died. Callers answer for what it worked on, except for parts.
    #[cold]
    pub(super) fn member_died(&mut self, member: u32, cx: &mut World) {
        let (mut rows, mut parts) = (Vec::new(), Vec::new());
        let (node, now) = (self.node, cx.now);
        let here = cx.calls.iter().filter(|(_, call)| {
            call.node == node && call.replica == member && call.phase.is_at_callee()
        });
        let here: Vec<CallId> = here.map(|(id, _)| id).collect();
        for id in here {
            let call = &cx.calls[id];
            match call.purpose {
                Purpose::Part => {
                    self.stations[member as usize].count_lost(call, now);
                    parts.push(id);
                }
                Purpose::Request | Purpose::Call | Purpose::Delivery | Purpose::Background => {
                    let call = &mut cx.calls[id];
                    self.members.fronts.forget(call);
                    let (key, stage) = (call.key, std::mem::take(&mut call.stage));
                    match stage {
                        row::AWAITED => {
                            self.members.locks.leave(id, key, &mut cx.calls);
                            self.members.locks.waiting.down(now);
                            cx.waiting -= 1;
                        }
                        row::CUT_OVER => self.leaves_cutover(id, cx),
                        stage if row::is_held(stage) => rows.push(key),
                        _ => {}
                    }
                }
                Purpose::Probe(_) => {}
            }
        }
        let station = &mut self.stations[member as usize];
        cx.waiting -= station.queued.level();
        station.clear(now);
        self.members.connected[member as usize] = 0;
        for part in parts {
            self.send_back(part, Outcome::Failed(Cause::Refused), cx);
        }
        for key in rows {
            self.release_row(key, cx);
        }
    }

    /// Counts the holders of connections again, after an edit.
    pub(super) fn count_connections(&mut self, cx: &World) {
        self.members.connected = self.connections_held(cx);
    }

    /// Returns the connections of each member, as found in the calls that are there.
    pub(super) fn connections_held(&self, cx: &World) -> Vec<u32> {
        let mut connected = vec![0; self.stations.len()];
        for (_, call) in cx.calls.iter() {
            let is_here = call.node == self.node && call.phase.is_at_callee();
            let is_here = is_here && call.purpose != Purpose::Background;
            let is_here = is_here && call.stage != row::CUT_OVER;
            if is_here && !Fronts::is_front(call) && !row::is_spread(call.stage) {
                connected[call.replica as usize] += 1;
            }
        }
        connected
    }
}
