//! Hedging: a slow attempt is sent again beside the first, to another replica if there is one. The
//! first answer counts; the other attempts are abandoned.
//!
//! After gRPC's hedging (proposal A6). A hedge passes the caller's policies like any attempt. One
//! that they refuse, or that fails, drops out, and the call continues with the others. The failure
//! of the last one is the call's failure, to be retried or not.

use crate::call::{CallId, Cause, Outcome, Phase};
use crate::event::{Event, LinkIx};
use crate::measure::LinkTally;
use crate::notes::PEERS_MAX;
use crate::world::World;

/// The other attempts of a call that were in progress when they were looked up.
pub(crate) type Peers = [CallId; PEERS_MAX];

/// How often a hedge that falls on the replica of another attempt chooses again.
const CHOICES: usize = 4;

impl World {
    /// Schedules a hedge of an attempt that was sent.
    pub(crate) fn plan_hedge(&mut self, id: CallId) {
        let hedge = self.notes.get(id).map_or(0, |note| note.hedge);
        let call = &self.calls[id];
        let (is_measured, is_retry) = (call.is_measured, call.attempt > 1);
        let state = &mut self.links[call.link.0 as usize];
        if hedge > 0 {
            let tally = &mut state.tally;
            LinkTally::count(&mut tally.hedges, is_measured);
            // The hedge of a retry was counted as a retry.
            tally.retries[0] -= u64::from(is_retry);
            tally.retries[1] -= u64::from(is_retry && is_measured);
        }
        if let Some((after, max)) = state.guards.hedge
            && hedge < max
        {
            self.after_delay(after, Event::Hedge(id));
        }
    }

    /// Hedges a slow attempt, unless its caller no longer waits.
    #[cold]
    pub(crate) fn hedge(&mut self, first: CallId) {
        let call = &self.calls[first];
        let (job, link) = (call.parent, call.link);
        if !self.is_waiting(job) || self.link(link).guards.hedge.is_none() {
            return;
        }
        let next = call.once_more();
        let id = self.calls.insert(next);
        let note = self.notes.of(first);
        let (hedge, mut peers) = (note.hedge + 1, note.peers);
        let Some(free) = peers.iter_mut().find(|peer| **peer == CallId::NONE) else {
            return self.calls.remove(id);
        };
        *free = first;
        if !self.choose_another(id, &peers) {
            return self.calls.remove(id);
        }
        for peer in peers.iter().filter(|peer| **peer != CallId::NONE) {
            if let Some(note) = self.notes.get_mut(*peer)
                && let Some(free) = note.peers.iter_mut().find(|peer| **peer == CallId::NONE)
            {
                *free = id;
            }
        }
        let note = self.notes.of(id);
        (note.hedge, note.peers) = (hedge, peers);
        let link = self.calls[id].link;
        let state = self.link_mut(link);
        (state.guards.has_hedged, state.is_guarded) = (true, true);
        let link = &mut self.links[self.calls[first].link.0 as usize];
        (link.guards.has_hedged, link.is_guarded) = (true, true);
        self.attempt_guarded(id);
    }

    /// Chooses a replica for a hedge: another than those of its peers, if a few choices find one.
    /// Returns false if there is no replica.
    fn choose_another(&mut self, id: CallId, peers: &Peers) -> bool {
        let taken: [(LinkIx, u32); PEERS_MAX] = peers.map(|peer| {
            let call = self.calls.get(peer);
            call.map_or((LinkIx::NONE, 0), |call| (call.link, call.replica))
        });
        let call = &mut self.calls[id];
        let from = self.links[call.link.0 as usize].from;
        if !call.is_balanced {
            let state = &mut self.links[call.link.0 as usize];
            let count = state.callee_replicas;
            for _ in 0..CHOICES.min(count as usize) {
                call.replica = state.next_live_replica(
                    &self.nodes[call.node.0 as usize],
                    count,
                    call.caller_replica,
                );
                if !taken.contains(&(call.link, call.replica)) {
                    break;
                }
            }
            return true;
        }
        let Some(balancer) = &mut self.nodes[from.0 as usize].balancer else {
            return false;
        };
        // Rejected choices stay counted until one is made; otherwise a choice of the least busy
        // would repeat them.
        let mut turned_down = [None; CHOICES];
        for choice in &mut turned_down {
            let Some((place, backend)) = balancer.choose(call.key, self.now) else {
                return false;
            };
            let chosen = (place, backend.link, backend.replica);
            (call.place, call.link, call.replica) = chosen;
            if !taken.contains(&(call.link, call.replica)) {
                break;
            }
            *choice = Some(chosen);
        }
        let is_last_kept = turned_down[CHOICES - 1].is_some();
        let kept = CHOICES - usize::from(is_last_kept);
        for (place, link, replica) in turned_down[..kept].iter().flatten() {
            balancer.released(*place, *link, *replica);
        }
        call.node = self.links[call.link.0 as usize].to;
        let (root, link, is_measured) = (call.root, call.link, call.is_measured);
        self.count_need(root, link, is_measured);
        true
    }

    /// Returns the other attempts of an attempt's call that are still in progress, if any.
    pub(crate) fn peers(&self, id: CallId) -> Option<Peers> {
        let mut peers = self.notes.get(id)?.peers;
        for peer in &mut peers {
            if !self.calls.get(*peer).is_some_and(|call| call.is_awaited) {
                *peer = CallId::NONE;
            }
        }
        (peers != [CallId::NONE; PEERS_MAX]).then_some(peers)
    }

    /// Handles the end of one of several attempts of a call: an answer ends them all, a failure
    /// only itself. Returns whether the call continues.
    pub(crate) fn settle_hedge(&mut self, peers: Peers, outcome: Outcome) -> bool {
        if !outcome.is_answer() {
            return true;
        }
        for peer in peers {
            if self.calls.get(peer).is_some_and(|call| call.is_awaited) {
                self.abandon(peer);
            }
        }
        false
    }

    /// Abandons an attempt without an outcome. The callee continues to work, unless it receives a
    /// cancellation.
    pub(crate) fn abandon(&mut self, id: CallId) {
        let now = self.now;
        if self.watches(id) {
            self.show_conclusion(id, Outcome::Failed(Cause::Abandoned));
        }
        let call = &mut self.calls[id];
        call.is_awaited = false;
        let ended = *call;
        let is_over = ended.phase != Phase::Travelling && !ended.phase.is_at_callee();
        if is_over {
            self.calls.remove(id);
        }
        let state = &mut self.links[ended.link.0 as usize];
        if ended.is_sent {
            state.tally.in_flight.step_down(now);
            LinkTally::count(&mut state.tally.abandoned, ended.is_measured);
        }
        if ended.is_balanced
            && let Some(balancer) = &mut self.nodes[state.from.0 as usize].balancer
        {
            balancer.released(ended.place, ended.link, ended.replica);
        }
        if ended.is_judged
            && let Some(caller) = state.callers.get_mut(ended.caller_replica as usize)
            && let Some(note) = self.notes.get(id)
        {
            caller.breaker.forget(note.epoch);
        }
        if self.link(ended.link).guards.cancels {
            self.tell(id, &ended);
        }
        self.give_back(id, &ended);
    }
}
