//! Frozen processes: a hang, or a pause for garbage collection.
//!
//! Everything such a process would do is deferred until it continues: answers it waits for and its
//! own timers come at that moment, in their order, and work continues where it stopped, so that it
//! takes as much longer as the process was frozen. While nothing is frozen, this costs only the
//! check of a flag.

use crate::agenda::{Agenda, Time};
use crate::call::{CallId, Phase, Purpose};
use crate::event::{Event, LinkIx, NodeIx};
use crate::world::{NodeState, World};
use std::collections::BTreeMap;

/// Deferred events.
#[derive(Clone, Debug, Default)]
pub struct Frozen {
    /// Whether any event might have to be deferred.
    pub(crate) is_used: bool,
    /// Number of frozen replicas.
    count: u32,
    put_off: Vec<PutOff>,
    /// Work that is due later than was scheduled when it began: the additional time by call, in ns.
    debts: BTreeMap<(u32, u32), u64>,
}

#[derive(Clone, Debug)]
struct PutOff {
    node: NodeIx,
    replica: u32,
    due: Time,
    event: Event,
}

impl Frozen {
    /// Freezes a replica.
    pub(crate) fn freeze(&mut self) {
        self.count += 1;
        self.is_used = true;
    }

    fn refresh(&mut self) {
        self.is_used = self.count > 0 || !self.debts.is_empty();
    }

    /// Resumes a replica that was frozen since a moment.
    pub(crate) fn thaw(node: NodeIx, replica: u32, since: Time, cx: &mut World) {
        let now = cx.now;
        cx.frozen.count -= 1;
        let began = |id: CallId, cx: &World| {
            let call = &cx.calls[id];
            since.max(call.slot_since.max(call.arrived).min(now))
        };
        let mut frozen = std::mem::take(&mut cx.frozen);
        let is_here = |put_off: &PutOff| put_off.node == node && put_off.replica == replica;
        let mut worked_on = Vec::new();
        for put_off in frozen.put_off.extract_if(.., |put_off| is_here(put_off)) {
            match put_off.event {
                Event::Served(id) if cx.calls.get(id).is_none() => {}
                Event::Served(id) => {
                    worked_on.push(id.slot);
                    cx.after(put_off.due - began(id, cx), put_off.event);
                }
                event => cx.at(now, event),
            }
        }
        worked_on.sort_unstable();
        let calls = cx.calls.iter();
        let is_late = |(id, call): &(CallId, &crate::call::Call)| {
            let is_here = call.node == node && call.replica == replica;
            is_here && call.phase == Phase::Serving && worked_on.binary_search(&id.slot).is_err()
        };
        for (id, _) in calls.filter(is_late) {
            let debt = frozen.debts.entry((id.slot, id.generation)).or_default();
            *debt += now - began(id, cx);
        }
        let is_live = |(slot, generation): &(u32, u32)| {
            let id = CallId {
                slot: *slot,
                generation: *generation,
            };
            cx.calls.get(id).is_some()
        };
        frozen.debts.retain(|call, debt| *debt > 0 && is_live(call));
        frozen.refresh();
        cx.frozen = frozen;
    }

    /// Admits the calls that waited at the entrance of a replica.
    pub(crate) fn let_in(node: NodeIx, replica: u32, cx: &mut World) {
        let mut frozen = std::mem::take(&mut cx.frozen);
        let waits = |put_off: &mut PutOff| {
            let is_here = put_off.node == node && put_off.replica == replica;
            is_here && matches!(put_off.event, Event::Arrive(_))
        };
        for put_off in frozen.put_off.extract_if(.., waits) {
            cx.at(cx.now, put_off.event);
        }
        cx.frozen = frozen;
    }

    /// Releases the deferred events of replicas that an edit removed; they have no effect.
    pub(crate) fn release_where_nothing_is(
        &mut self,
        nodes: &[NodeState],
        agenda: &mut Agenda,
        now: Time,
    ) {
        let stands = |put_off: &PutOff| {
            let replicas = &nodes[put_off.node.0 as usize].replicas;
            let replica = replicas.get(put_off.replica as usize);
            replica.is_some_and(|replica| replica.stands_since.is_some())
        };
        let standing = nodes.iter().flat_map(|node| &node.replicas);
        self.count = standing
            .filter(|replica| replica.stands_since.is_some())
            .count() as u32;
        for put_off in self.put_off.extract_if(.., |put_off| !stands(put_off)) {
            agenda.at(now, now, put_off.event);
        }
        self.refresh();
    }
}

impl World {
    /// Defers an event at a call's callee while the callee is frozen, or while its work is still
    /// owed time. Returns whether it did.
    #[cold]
    pub(crate) fn puts_off_work(&mut self, id: CallId) -> bool {
        let event = Event::Served(id);
        let call = &self.calls[id];
        let (node, replica) = (call.node, call.replica);
        if self.put_off(node, replica, event) {
            return true;
        }
        match self.frozen.debts.remove(&(id.slot, id.generation)) {
            Some(debt) => {
                self.frozen.refresh();
                self.after(debt, event);
                true
            }
            None => false,
        }
    }

    /// Defers an event at a call's caller while the caller is frozen. Returns whether it did.
    /// Health probes pass, because a balancer's view is not used meanwhile.
    #[cold]
    pub(crate) fn puts_off_caller(&mut self, id: CallId, event: Event) -> bool {
        let call = &self.calls[id];
        if call.is_probe() || call.purpose != Purpose::Call {
            return false;
        }
        let node = match call.link {
            LinkIx::NONE => match self.calls.get(call.parent) {
                Some(job) => job.node,
                None => return false,
            },
            link => self.link(link).from,
        };
        let replica = call.caller_replica;
        self.put_off(node, replica, event)
    }

    /// Defers an event of a replica while it is frozen. Returns whether it did.
    pub(crate) fn put_off(&mut self, node: NodeIx, replica: u32, event: Event) -> bool {
        let state = self.node(node).replicas.get(replica as usize);
        let stands = state.is_some_and(|state| state.stands_since.is_some());
        if stands {
            self.keep(node, replica, event);
        }
        stands
    }

    /// Keeps an event of a replica until it continues.
    pub(crate) fn keep(&mut self, node: NodeIx, replica: u32, event: Event) {
        self.frozen.put_off.push(PutOff {
            node,
            replica,
            due: self.now,
            event,
        });
    }
}
