//! The fast path: most of a run, without steps that few events need.
//!
//! *Instant calls*: a call over a link that takes no time arrives as part of the event that makes
//! it, and its answer is received as part of the event that gives it, if nothing else is due at
//! that moment. Neither passes through the event queue ([`Next`]).
//!
//! *Through a balancer*: a balancer that takes no time and has no policy on its links passes a call
//! on without a record of its own. The record of the call to the backend counts for both hops
//! ([`Call::via`]). Anything that concerns only the first hop (its timeout, a failure, a crash, an
//! edit) first gives it the record it would have had ([`World::part`]), and continues from there.
//!
//! Either way, everything is counted at the time it happens, and as an event.

use crate::call::{ANY_REPLICA, Call, CallId, Outcome, Phase, Purpose};
use crate::event::{Event, LinkIx, NodeIx};
use crate::world::{LinkState, World};
use design::link::Mode;

/// What follows from the event that is being fired, before anything else happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing.
    Nothing,
    /// Nothing, and nothing may follow: no event is being fired.
    Barred,
    /// A call has reached a live node.
    Arrives(CallId, NodeIx),
    /// A job's call over a link was answered in full; whether it was a miss.
    Answered(CallId, LinkIx, bool),
}

impl World {
    /// Determines whether anything else may come between a call and its callee, or an answer and
    /// its caller. Must be called whenever that may have changed.
    pub(crate) fn look_whether_plain(&mut self) {
        self.is_plain = self.finds_all_plain();
    }

    fn finds_all_plain(&self) -> bool {
        let has_locks = || self.nodes.iter().any(|node| node.kind == "coordinator");
        let is_watched = self.tap.is_open && !self.tap.is_for_traces;
        let is_disturbed = self.troubled > 0 || self.spares_work || self.frozen.is_used;
        !is_disturbed && !is_watched && !self.calls.rows.is_on && !has_locks()
    }

    /// Returns whether an instant event happens next: nothing else is due at this moment, and
    /// nothing may come between.
    #[inline(always)]
    pub(crate) fn is_direct(&self) -> bool {
        debug_assert!(!self.is_plain || self.finds_all_plain());
        self.is_plain && self.next == Next::Nothing && self.agenda.is_quiet(self.now)
    }

    /// Runs something that makes several calls at a moment: each waits its turn in the event queue.
    #[inline(never)]
    pub(crate) fn several_at_once(&mut self, mut make: impl FnMut(&mut Self)) {
        let next = std::mem::replace(&mut self.next, Next::Barred);
        make(self);
        self.next = next;
    }

    /// Makes a job's call over a link that takes no time and has no policies: it arrives
    /// immediately. Returns false if it has to take the general path; then nothing is done.
    #[inline(always)]
    pub(crate) fn call_directly(&mut self, job: CallId, link: LinkIx) -> bool {
        let now = self.now;
        let (nodes, links) = (&mut self.nodes[..], &mut self.links[..]);
        let (state, parent) = (&mut links[link.0 as usize], &self.calls[job]);
        let (to, timeout) = (state.to, state.timeout);
        if parent.is_shown {
            return false;
        }
        let mut call = Call::of_job(job, parent, link, to);
        (call.is_sent, call.phase) = (true, Phase::Queued);
        (call.started, call.arrived) = (now, now);
        call.replica = state.choose_replica(nodes, parent.replica);
        let node = &mut nodes[to.0 as usize];
        if !node.takes_calls(call.replica) {
            // No process can take it. Restores the turn, as if no choice had been made.
            if state.callee_replicas > 1 {
                state.take_turn(parent.replica, call.replica);
            }
            return false;
        }
        state.begin_hop(call.is_measured, parent.replica, now);
        self.windows.open.bottom_attempts += u64::from(state.is_into_bottom);
        if call.is_measured {
            let is_first = self.needed.is_first(&self.calls, call.root, link);
            state.tally.needed += u64::from(is_first);
        }
        let id = self.calls.insert_call(call);
        if let Some(timeout) = timeout {
            self.after_delay(timeout, Event::Timeout(id));
        }
        self.next = Next::Arrives(id, to);
        true
    }

    /// Makes a job call the backend that the balancer at the end of a link chooses. Returns false
    /// if the case is not that simple; then nothing is done.
    #[inline(never)]
    pub(crate) fn pass_on(&mut self, job: CallId, via: LinkIx) -> bool {
        let now = self.now;
        if !self.is_direct() {
            return false;
        }
        let (nodes, links) = (&mut self.nodes[..], &mut self.links[..]);
        let (first, parent) = (&mut links[via.0 as usize], &self.calls[job]);
        let node = &mut nodes[first.to.0 as usize];
        if parent.is_shown || !node.takes_calls(0) {
            return false;
        }
        let balancer = node.balancer.as_mut();
        let Some((place, backend)) = balancer.and_then(|it| it.choose(parent.key, now)) else {
            return false;
        };
        let (link, replica) = (backend.link, backend.replica);
        let mut call = Call::of_job(job, parent, link, NodeIx(0));
        let caller = std::mem::replace(&mut call.caller_replica, 0);
        call.via = via;
        (call.is_sent, call.is_balanced, call.place) = (true, true, place);
        (call.phase, call.started) = (Phase::Travelling, now);
        first.begin_hop(call.is_measured, caller, now);
        let timeout = first.timeout;
        let second = &mut links[link.0 as usize];
        call.node = second.to;
        call.replica = match replica {
            ANY_REPLICA => second.choose_replica(nodes, 0),
            replica => replica,
        };
        self.windows.open.bottom_attempts += u64::from(second.is_into_bottom);
        let (to, is_instant) = (second.to, second.is_instant);
        let enters = is_instant && nodes[to.0 as usize].takes_calls(call.replica);
        if enters {
            (call.phase, call.arrived) = (Phase::Queued, now);
            second.begin_hop(call.is_measured, 0, now);
        } else {
            second.count_call(call.is_measured, 0);
            second.count_attempt(&call, now);
        }
        if call.is_measured {
            let [is_first, is_second] = self.needed.are_first(&self.calls, call.root, [via, link]);
            second.tally.needed += u64::from(is_second);
            links[via.0 as usize].tally.needed += u64::from(is_first);
        }
        call.kept = self.calls.keep(caller);
        let id = self.calls.insert_call(call);
        self.events += 1;
        if let Some(timeout) = timeout {
            self.after_delay(timeout, Event::Timeout(id));
        }
        match (enters, is_instant) {
            (true, _) => self.next = Next::Arrives(id, to),
            (false, true) => self.agenda.at_once(Event::Arrive(id)),
            (false, false) => self.set_out(id, link),
        }
        true
    }

    /// Gives a call its answer, which is received immediately. Returns false if it has to take the
    /// general path; then nothing is done. A subset of [`Self::answer`] and [`Self::conclude`],
    /// spelled out because it is most of a run: what matters at the end of a call must be checked
    /// here too.
    #[inline(always)]
    pub(crate) fn answer_directly(&mut self, id: CallId) -> bool {
        if !self.is_direct() {
            return false;
        }
        let now = self.now;
        let call = &self.calls[id];
        let (link, via) = (call.link, call.via);
        let is_simple = call.is_awaited
            && !call.is_shown
            && call.remaining == 0
            && matches!(call.purpose, Purpose::Call);
        let Some(state) = self.links.get(link.0 as usize) else {
            return false;
        };
        let passes_back = via != LinkIx::NONE;
        if !is_simple || !state.is_simple || passes_back && !self.link(via).is_instant {
            return false;
        }
        // It was sent and arrived at the same moment: both ends count the same.
        let is_hop = call.started == call.arrived && !state.is_into_traced;
        let (is_measured, took) = (call.is_measured, now - call.arrived);
        if !is_hop {
            self.nodes[call.node.0 as usize].count_exit(call, call.arrived, Outcome::Ok, now);
            self.links[link.0 as usize].count_conclusion(call, Outcome::Ok, now);
        }
        if passes_back {
            self.next = Next::Answered(self.pass_back(id), via, false);
        } else {
            let from = self.links[link.0 as usize].from;
            if call.is_balanced
                && let Some(balancer) = &mut self.nodes[from.0 as usize].balancer
            {
                balancer.concluded(call, Outcome::Ok, now);
            }
            self.next = Next::Answered(call.parent, link, call.is_miss);
            self.calls.remove_call(id);
        }
        if is_hop {
            self.end_hop(link, is_measured, took);
        }
        true
    }

    /// Passes on an answer that reaches a balancer over a link that takes time, for a call that
    /// passed through it. `None` if the next link takes time too; then nothing is done.
    #[inline(never)]
    pub(crate) fn pass_back_late(&mut self, id: CallId) -> Option<(CallId, LinkIx, bool)> {
        let call = &self.calls[id];
        let (link, via) = (call.link, call.via);
        if !self.links[via.0 as usize].is_instant {
            return None;
        }
        self.links[link.0 as usize].count_conclusion(call, Outcome::Ok, self.now);
        Some((self.pass_back(id), via, false))
    }

    /// Passes on, in no time, an answer that has reached a balancer which its call passed through.
    /// Returns the job that waited for it.
    #[inline(never)]
    fn pass_back(&mut self, id: CallId) -> CallId {
        let now = self.now;
        let (nodes, links) = (&mut self.nodes[..], &mut self.links[..]);
        let call = &self.calls[id];
        let (job, via, kept) = (call.parent, call.via, call.kept);
        let first = &mut links[via.0 as usize];
        let node = &mut nodes[first.to.0 as usize];
        if let Some(balancer) = &mut node.balancer {
            balancer.concluded(call, Outcome::Ok, now);
        }
        let (is_measured, took) = (call.is_measured, now - call.started);
        let is_hop = !first.is_into_traced;
        if !is_hop {
            node.count_exit(call, call.started, Outcome::Ok, now);
            first.count_conclusion(call, Outcome::Ok, now);
        }
        self.events += 1;
        self.calls.remove_call(id);
        self.calls.let_go(kept);
        if is_hop {
            self.end_hop(via, is_measured, took);
        }
        job
    }

    /// Gives a call's hop through a balancer the record it would have had, and its timeout.
    #[cold]
    pub(crate) fn part(&mut self, id: CallId) -> CallId {
        let caller = self.calls.kept_for(self.calls[id].kept);
        let call = &mut self.calls[id];
        let via = std::mem::replace(&mut call.via, LinkIx::NONE);
        let kept = call.kept;
        call.is_parted = true;
        let link = &self.links[via.0 as usize];
        let mut hop = call.once_more();
        hop.caller_replica = caller;
        (hop.started, hop.arrived) = (call.started, call.started);
        (hop.node, hop.link, hop.replica) = (link.to, via, 0);
        (hop.is_balanced, hop.is_sent, hop.phase) = (false, true, Phase::Planning);
        let due = link.timeout.map(|timeout| hop.started + timeout.duration);
        let hop = self.calls.fill(kept, hop);
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

    /// Returns the call whose timeout is due: that of the first hop, if one record counts for two.
    #[cold]
    pub(crate) fn timed_out(&mut self, id: CallId) -> CallId {
        match self.calls[id].via {
            LinkIx::NONE => id,
            _ => self.part(id),
        }
    }
}

impl LinkState {
    /// Returns whether the balancer of these links passes calls on without records of its own.
    pub(crate) fn is_passage(&self) -> bool {
        self.mode == Mode::Call && !self.is_guarded && self.timeout.is_none()
    }
}
