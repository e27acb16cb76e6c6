//! The entrance of a callee: what faults do to a call before it is admitted.

use crate::call::{Call, CallId, Cause, Outcome};
use crate::event::Event;
use crate::random::{Purpose, Stream};
use crate::world::{Troubles, World};
use design::kinds::client::Effect;

enum Door {
    Open,
    /// It receives nothing.
    Silent,
    /// It waits until the process continues.
    Waits,
    Refuses(Cause),
}

impl World {
    /// Returns whether a call is admitted. If it is not, it has been handled.
    #[cold]
    pub(crate) fn gets_in(&mut self, id: CallId) -> bool {
        self.find_member(id);
        match self.door(id) {
            Door::Open => return true,
            Door::Waits => {}
            Door::Silent => self.lose(id),
            Door::Refuses(cause) => {
                // It counts there, and as failed there.
                let _ = self.enter(id);
                let call = &self.calls[id];
                let (node, replica) = (call.node, call.replica as usize);
                let measured = u64::from(call.is_measured && !call.is_probe());
                if let Some(replica) = self.node_mut(node).replicas.get_mut(replica) {
                    replica.turned_away += measured;
                }
                self.answer(id, Outcome::Failed(cause));
            }
        }
        false
    }

    fn door(&mut self, id: CallId) -> Door {
        let call = &self.calls[id];
        let (node, is_probe) = (call.node, call.is_probe());
        let replica = call.replica;
        let Some(state) = self.node(node).replicas.get(replica as usize) else {
            return Door::Open;
        };
        if !state.is_up {
            return Door::Open;
        }
        if state.stands_since.is_some() {
            let is_deaf = state.is_deaf;
            if !is_deaf {
                self.put_off(node, replica, Event::Arrive(id));
            }
            return if is_deaf { Door::Silent } else { Door::Waits };
        }
        if state.is_out {
            return Door::Refuses(Cause::Refused);
        }
        match state.troubles.clone() {
            Some(troubles) => self.troubled_door(id, is_probe, &troubles),
            None => Door::Open,
        }
    }

    fn troubled_door(&mut self, id: CallId, is_probe: bool, troubles: &Troubles) -> Door {
        let node = self.calls[id].node;
        let is_write = self.effect(id) == Effect::Write || self.node(node).kind == "queue";
        let [writes, reads] = troubles.is_locked;
        if !is_probe && (if is_write { writes } else { reads }) {
            let replica = self.calls[id].replica;
            self.keep(node, replica, Event::Arrive(id));
            return Door::Waits;
        }
        if troubles.is_full && is_write && !is_probe {
            return Door::Refuses(Cause::Error);
        }
        if self.calls[id].purpose == Call::TCP_PROBE {
            // A running process accepts the connection, whatever it answers afterwards.
            return Door::Open;
        }
        // A gray failure is hidden from probes.
        let hidden = if is_probe {
            0.0
        } else {
            troubles.hidden_errors
        };
        let seed = self.seed;
        let state = self.node_mut(node);
        let stream = state
            .fault_errors
            .get_or_insert_with(|| Box::new(Stream::new(seed, &state.id, Purpose::FaultErrors)));
        // Both are drawn, so that an additional fault does not change the draws of the other.
        let draws = [stream.chance(troubles.errors), stream.chance(hidden)];
        match (draws.contains(&true), troubles.is_silent) {
            (true, _) => Door::Refuses(Cause::Error),
            (false, true) => Door::Silent,
            (false, false) => Door::Open,
        }
    }
}
