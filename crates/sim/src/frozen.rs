//! Processes that stand still: a hang, or a pause for garbage collection.
//!
//! What such a process would do meanwhile is put off until it goes on: answers it waits for and
//! timers of its own come at that moment, in their order, and work goes on where it stood, so that
//! it takes as much longer as the process stood still. While nothing stands still, none of this
//! costs more than a look at a flag.

use crate::agenda::{Agenda, Time};
use crate::call::{CallId, Phase, Purpose};
use crate::event::{Event, LinkIx, NodeIx};
use crate::world::{NodeState, World};
use std::collections::BTreeMap;

/// What is put off.
#[derive(Clone, Debug, Default)]
pub struct Frozen {
    /// Whether any event might have to be put off.
    pub(crate) is_used: bool,
    /// Replicas that stand still.
    count: u32,
    put_off: Vec<PutOff>,
    /// Work that is due later than was scheduled when it began: by call, how much, in ns.
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
    /// A replica stands still from now on.
    pub(crate) fn freeze(&mut self) {
        self.count += 1;
        self.is_used = true;
    }

    fn refresh(&mut self) {
        self.is_used = self.count > 0 || !self.debts.is_empty();
    }

    /// A replica goes on that has stood still since a moment.
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

    /// Who waited at the door of a replica tries again.
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

    /// What was put off for replicas that an edit took away comes now, and finds nobody.
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
    /// Puts an event at a call's callee off while the callee stands still, or while its work is
    /// still owed time; whether it did.
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

    /// Puts an event at a call's caller off while the caller stands still; whether it did. Health
    /// probes are let pass: what a balancer believes is not asked meanwhile.
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

    /// Puts an event of a replica off while it stands still; whether it did.
    pub(crate) fn put_off(&mut self, node: NodeIx, replica: u32, event: Event) -> bool {
        let state = self.node(node).replicas.get(replica as usize);
        let stands = state.is_some_and(|state| state.stands_since.is_some());
        if stands {
            self.keep(node, replica, event);
        }
        stands
    }

    /// Keeps an event of a replica until what holds it up is over.
    pub(crate) fn keep(&mut self, node: NodeIx, replica: u32, event: Event) {
        self.frozen.put_off.push(PutOff {
            node,
            replica,
            due: self.now,
            event,
        });
    }
}
