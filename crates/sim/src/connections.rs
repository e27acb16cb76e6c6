//! Connection pools of callers: of one link, or shared by several links of a caller.
//!
//! A shared pool belongs to the first of its links. Waiting attempts are served in order of
//! arrival, for whichever of the links.

use crate::call::{CallId, Calls, Phase};
use crate::event::LinkIx;
use crate::guard::Verdict;
use crate::measure::LinkTally;
use crate::notes::WaitsFor;
use crate::policies::Pool;
use crate::world::World;
use design::Design;
use std::collections::BTreeMap;

impl World {
    /// The last of the caller's policies: a connection of the pool.
    pub(crate) fn enter_pool(&mut self, id: CallId) -> Verdict {
        let call = &mut self.calls[id];
        let link = call.link.0 as usize;
        let Some((size, wait)) = self.links[link].pool else {
            return Verdict::Goes;
        };
        let caller = call.caller_replica as usize;
        let at = self.links[link].pool_at(call.link);
        let pool = &mut self.links[at.0 as usize].callers[caller].pool;
        if pool.acquire(size) {
            call.holds_connection = true;
            let is_measured = call.is_measured;
            self.links[link].tally.count_wait(0, is_measured);
            return Verdict::Goes;
        }
        pool.wait(id);
        // A wait of its own, whatever preceded it; set again when the call is sent.
        call.started = self.now;
        self.hold(id, WaitsFor::Pool, wait)
    }

    /// Returns the connection of a call over a link to its pool.
    pub(crate) fn give_connection_back(&mut self, link: LinkIx, caller: u32) {
        let at = self.link(link).pool_at(link);
        if let Some(caller) = self.links[at.0 as usize].callers.get_mut(caller as usize) {
            caller.pool.release();
        }
        self.grant_connection(link, caller);
    }

    /// Gives a free connection to the attempt that has waited longest. Returns whether there were
    /// both.
    pub(crate) fn grant_connection(&mut self, link: LinkIx, caller: u32) -> bool {
        let state = &self.links[link.0 as usize];
        // Without a pool, no attempt has to wait.
        let size = state.pool.map_or(u32::MAX, |(size, _)| size);
        let at = state.pool_at(link).0 as usize;
        let wants = |id: CallId| wants(&self.calls, id);
        let pool = &mut self.links[at].callers[caller as usize].pool;
        let Some(next) = pool.grant(size, wants) else {
            return false;
        };
        let call = &mut self.calls[next];
        call.holds_connection = true;
        let (waited, is_measured) = (self.now - call.started, call.is_measured);
        let link = call.link.0 as usize;
        self.links[link].tally.count_wait(waited, is_measured);
        self.go(next);
        true
    }

    /// Determines which links of a caller share a pool. Held connections and waiting attempts move
    /// with them.
    pub(crate) fn share_pools(&mut self, design: &Design) {
        let mut first: BTreeMap<(&str, &str), LinkIx> = BTreeMap::new();
        let mut moved = Vec::new();
        for link in &design.links {
            let place = self.link_places[&link.id];
            let name = link.pool.as_ref().and_then(|pool| pool.shared.as_deref());
            let shared = name.map(|name| *first.entry((&link.from, name)).or_insert(place));
            // The first link has its own pool.
            let shared = shared.filter(|shared| *shared != place);
            let state = self.link_mut(place);
            if state.shared_pool != shared {
                let before = state.pool_at(place);
                state.shared_pool = shared;
                moved.push((place, before));
            }
        }
        if self.now > 0 {
            self.move_connections(&moved);
        }
    }

    /// Moves held connections and waiting calls to their present pools. Each link that moved is
    /// paired with its former pool.
    fn move_connections(&mut self, moved: &[(LinkIx, LinkIx)]) {
        for (link, before) in moved {
            let after = self.link(*link).pool_at(*link);
            let is_its = |call: &crate::call::Call| call.link == *link;
            let held = self.calls.iter().filter(|(_, call)| call.holds_connection);
            let held = held.filter(|(_, call)| is_its(call));
            let held: Vec<u32> = held.map(|(_, call)| call.caller_replica).collect();
            for caller in held {
                self.pool_mut(*before, caller).release();
                self.pool_mut(after, caller).take();
            }
            let callers = self.links[before.0 as usize].callers.len() as u32;
            for caller in 0..callers {
                let calls = &self.calls;
                let goes = |id: CallId| calls.get(id).is_some_and(is_its);
                let pool = &mut self.links[before.0 as usize].callers[caller as usize].pool;
                for call in pool.leave(goes) {
                    self.pool_mut(after, caller).wait(call);
                }
            }
        }
    }

    fn pool_mut(&mut self, link: LinkIx, caller: u32) -> &mut Pool {
        &mut self.links[link.0 as usize].callers[caller as usize].pool
    }
}

/// Returns whether a call still waits at its caller.
pub(crate) fn wants(calls: &Calls, id: CallId) -> bool {
    calls
        .get(id)
        .is_some_and(|call| call.is_awaited && call.phase == Phase::Held)
}

impl LinkTally {
    fn count_wait(&mut self, ns: u64, is_measured: bool) {
        if is_measured {
            self.pool_waits.add(ns);
        }
    }
}
