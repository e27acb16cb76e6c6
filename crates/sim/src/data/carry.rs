//! Data outside of the tree of calls: messages, fills, and the ids that identify a repeat.

use super::operations::{Applied, Effect};
use super::row;
use super::{Carried, Fill, OpId, Seen};
use crate::call::CallId;
use crate::event::{Event, LinkIx};
use crate::world::World;

/// Identifying repeats of a call.
impl World {
    /// Returns an id that identifies a repeat of a call: from its operation's idempotency key, or
    /// else from the message it is made for. Another step of the same intent has another id.
    pub(crate) fn repeat_id(&self, id: CallId) -> Option<u64> {
        let carried = &self.calls.rows.get(id.slot).carried;
        let whose = match self.data.ops.get(carried.op) {
            Some(op) if op.has_key => Some(op.number << 1),
            _ => (carried.message > 0).then_some(carried.message << 1 | 1),
        };
        whose.map(|whose| row::mix(whose ^ row::mix(carried.statement)))
    }
}

/// Members of a database that lag behind the store of truth.
impl World {
    /// Sets what a part of a call is about, or found.
    pub fn set_seen(&mut self, id: CallId, seen: Seen) {
        if self.calls.rows.is_on {
            self.calls.rows.get_mut(id.slot).seen = seen;
        }
    }
}

/// Messages and fills: data outside of the tree of calls.
impl World {
    /// Returns what a message published by a call carries. It gets a number of its own, unless it
    /// is passed on as it is.
    pub fn carried(&mut self, publish: CallId) -> Carried {
        if !self.calls.rows.is_on {
            return Carried::NOTHING;
        }
        let is_passed_on = self.calls[publish].parent == CallId::NONE;
        let mut carried = self.calls.rows.get(publish.slot).carried;
        if !is_passed_on || carried.message == 0 {
            self.data.messages += 1;
            carried.message = self.data.messages;
        }
        let known = self.data.ops.get(carried.op).into_iter();
        for effect in known.flat_map(|op| &op.effects) {
            if self.data.stores[usize::from(effect.store)]
                .copy_of
                .is_none()
                && effect.stands
            {
                carried.version.tell(effect.store, effect.version);
            }
        }
        carried
    }

    /// Gives a record that is made for a message what the message carries.
    pub fn carry(&mut self, id: CallId, carried: Carried) {
        if self.calls.rows.is_on {
            self.calls.rows.get_mut(id.slot).carried = carried;
        }
    }

    /// Copies what one record carries to another, and returns what that carried before.
    pub fn hand_over(&mut self, from: CallId, to: CallId) -> Option<Carried> {
        if !self.calls.rows.is_on {
            return None;
        }
        let carried = self.calls.rows.get(from.slot).carried;
        let before = std::mem::replace(&mut self.calls.rows.get_mut(to.slot).carried, carried);
        (before.op != OpId::NONE).then_some(before)
    }

    /// Returns what a record carries, if it is a client's write.
    pub fn kept(&self, id: CallId) -> Option<Carried> {
        let carried = self.calls.rows.get(id.slot).carried;
        (carried.op != OpId::NONE).then_some(carried)
    }

    /// Marks a write as applied wherever the later write of its key was that replaced it.
    pub fn stands_as(&mut self, carried: &Carried, seen: &Seen) {
        let now = self.now;
        let data = &mut self.data;
        let Some(op) = data.ops.get_mut(carried.op) else {
            return;
        };
        op.last_effect = now;
        let by = Applied {
            at: now,
            link: LinkIx::NONE,
            attempt: 1,
        };
        for (store, version) in seen.iter() {
            op.effects.push(Effect {
                store,
                statement: carried.statement,
                message: carried.message,
                version,
                times: 1,
                stands: true,
                first: by,
            });
            if op.is_acknowledged {
                data.stores[usize::from(store)].acknowledge(op.key, version, now);
            }
        }
    }

    /// Sends a fill from a replica to a cache: it may be late or lost, and no caller waits.
    pub(crate) fn send_fill(
        &mut self,
        link: LinkIx,
        replica: u32,
        key: u32,
        seen: Seen,
        holder: Option<CallId>,
    ) {
        let fill = Fill {
            key,
            seen,
            holder,
            is_under_way: true,
        };
        let data = &mut self.data;
        let place = match data.free_fills.pop() {
            Some(place) => {
                data.fills[place as usize] = fill;
                place
            }
            None => {
                data.fills.push(fill);
                data.fills.len() as u32 - 1
            }
        };
        let node = self.link(link).to;
        let is_sent = self.note(link, replica, Event::Fill { node, fill: place });
        if !is_sent {
            self.take_fill(place);
        }
    }

    /// Takes a fill that has arrived, or that no cache can take.
    pub(crate) fn take_fill(&mut self, place: u32) -> Fill {
        let fill = self.data.fills[place as usize];
        self.data.fills[place as usize].is_under_way = false;
        self.data.free_fills.push(place);
        fill
    }
}
