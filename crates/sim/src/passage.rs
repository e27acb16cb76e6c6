//! Passages: what most of a run is, without the detours that little of it needs.
//!
//! *At once*: a call over a link that takes no time arrives as part of the event that makes it, and
//! its answer is heard as part of the event that gives it, where nothing else is due at that moment.
//! Neither passes through the agenda ([`Next`]).
//!
//! *Through a balancer*: one that takes no time and has no policy on its links passes a call on
//! without a record of its own. The record of the call to the backend counts for both hops
//! ([`Call::via`]). What concerns the first hop alone (its timeout, a failure, a crash, an edit)
//! first gives it the record it would have had ([`World::part`]), and goes on from there.
//!
//! Either way all is counted at the time it happens, and as an event.

use crate::call::{ANY_REPLICA, Call, CallId, Outcome, Phase};
use crate::event::{Event, LinkIx, NodeIx};
use crate::world::{LinkState, World};
use design::link::Mode;

/// What follows from an event that is being fired, before anything else happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing.
    Nothing,
    /// Nothing, and nothing may: no event is being fired.
    Barred,
    /// A call has entered a node that takes it.
    Arrives(CallId, NodeIx),
    /// A job's call over a link was answered whole; whether it was a miss.
    Answered(CallId, LinkIx, bool),
}

impl World {
    /// Whether what happens at once happens next: nothing else is due at this moment.
    #[inline(always)]
    fn is_quiet(&self) -> bool {
        self.next == Next::Nothing && self.agenda.is_quiet(self.now)
    }

    /// Whether nothing may come between a call and its callee, or its answer and its caller.
    #[inline(always)]
    fn is_undisturbed(&self) -> bool {
        self.troubled == 0 && !self.spares_work && !self.frozen.is_used
    }

    /// A call over a link that takes no time arrives.
    #[inline(always)]
    pub(crate) fn arrive_at_once(&mut self, id: CallId) {
        if self.is_quiet() && self.is_undisturbed() {
            let call = &mut self.calls[id];
            let (place, node) = (call.node, &mut self.nodes[call.node.0 as usize]);
            if node.takes_calls(call.replica) {
                (call.phase, call.arrived) = (Phase::Queued, self.now);
                node.count_entry(call, self.now);
                self.next = Next::Arrives(id, place);
                return;
            }
        }
        self.agenda.at_once(Event::Arrive(id));
    }

    /// An answer over a link that takes no time reaches the caller.
    #[inline(always)]
    pub(crate) fn reply_at_once(&mut self, id: CallId) {
        if self.is_quiet()
            && self.is_undisturbed()
            && let Some((job, link, is_miss)) = self.conclude_plainly(id)
        {
            self.next = Next::Answered(job, link, is_miss);
        } else {
            self.agenda.at_once(Event::Reply(id));
        }
    }

    /// Makes a job call the backend that the balancer at the end of a link chooses. False where that
    /// is not as simple; then nothing is done.
    #[inline(never)]
    pub(crate) fn pass_on(&mut self, job: CallId, via: LinkIx) -> bool {
        let now = self.now;
        let parent = &self.calls[job];
        let first = &mut self.links[via.0 as usize];
        let is_plain = first.is_instant && !self.calls.rows.is_on && !self.tap.watches(parent);
        if !is_plain || !self.is_undisturbed() {
            return false;
        }
        let parent = &self.calls[job];
        let first = &mut self.links[via.0 as usize];
        let node = &mut self.nodes[first.to.0 as usize];
        if !node.takes_calls(0) {
            return false;
        }
        let balancer = node.balancer.as_mut();
        let Some((place, backend)) = balancer.and_then(|it| it.choose(parent.key, now)) else {
            return false;
        };
        let (link, replica) = (backend.link, backend.replica);
        let mut call = Call::of_job(job, parent, link, NodeIx(0));
        (call.caller_replica, call.via, call.via_caller) = (0, via, parent.replica);
        (call.phase, call.is_sent, call.is_balanced) = (Phase::Travelling, true, true);
        (call.replica, call.place, call.started) = (replica, place, now);
        node.count_entry(&call, now);
        let is_new = call.is_measured && self.calls.get(call.root).is_some();
        first.count_call(call.is_measured, call.via_caller);
        first.tally.needed += u64::from(is_new && self.needed.mark(call.root, via));
        first.count_attempt(&call, now);
        let timeout = first.timeout;
        let second = &mut self.links[link.0 as usize];
        call.node = second.to;
        call.replica = match replica {
            ANY_REPLICA => second.choose_replica(&self.nodes),
            replica => replica,
        };
        second.count_call(call.is_measured, 0);
        second.tally.needed += u64::from(is_new && self.needed.mark(call.root, link));
        second.count_attempt(&call, now);
        self.windows.open.bottom_attempts += u64::from(second.is_into_bottom);
        let is_instant = second.is_instant;
        self.events += 1;
        let id = self.calls.insert(call);
        self.dispatch(id, link, timeout, is_instant);
        true
    }

    /// The balancer that a call passed through passes its answer on: that is counted there too.
    #[inline(always)]
    pub(crate) fn pass_back(&mut self, id: CallId) -> LinkIx {
        let (now, call) = (self.now, &self.calls[id]);
        let first = &mut self.links[call.via.0 as usize];
        self.nodes[first.to.0 as usize].count_exit(call, call.started, Outcome::Ok, now);
        first.count_conclusion(call, Outcome::Ok, now);
        self.events += 1;
        call.via
    }

    /// Gives a call's hop through a balancer the record it would have had, and its timeout.
    #[cold]
    pub(crate) fn part(&mut self, id: CallId) -> CallId {
        let call = &mut self.calls[id];
        let via = std::mem::replace(&mut call.via, LinkIx::NONE);
        call.is_parted = true;
        let link = &self.links[via.0 as usize];
        let mut hop = call.once_more();
        hop.caller_replica = call.via_caller;
        (hop.started, hop.arrived) = (call.started, call.started);
        (hop.node, hop.link, hop.replica) = (link.to, via, 0);
        (hop.is_balanced, hop.is_sent, hop.phase) = (false, true, Phase::Planning);
        let due = link.timeout.map(|timeout| hop.started + timeout.duration);
        let hop = self.calls.insert(hop);
        self.calls[id].parent = hop;
        if let Some(due) = due.filter(|due| *due > self.now) {
            self.at(due, Event::Timeout(hop));
        }
        hop
    }

    /// Gives all such hops records of their own.
    #[cold]
    pub(crate) fn part_all(&mut self) {
        let calls = self.calls.iter();
        let passing = calls.filter(|(_, call)| call.via != LinkIx::NONE);
        let passing: Vec<CallId> = passing.map(|(id, _)| id).collect();
        for id in passing {
            self.part(id);
        }
    }

    /// The call whose timeout is due: that of the first hop, where one record counts for two.
    #[cold]
    pub(crate) fn timed_out(&mut self, id: CallId) -> CallId {
        match self.calls[id].via {
            LinkIx::NONE => id,
            _ => self.part(id),
        }
    }
}

impl LinkState {
    /// Whether its calls may pass a balancer without a record of their own.
    pub(crate) fn is_simple(&self) -> bool {
        self.mode == Mode::Call && !self.is_guarded && self.calls == 1
    }

    /// Whether a balancer that these links leave passes calls on without a record of their own.
    pub(crate) fn is_passage(&self) -> bool {
        self.mode == Mode::Call && !self.is_guarded && self.timeout.is_none()
    }
}
