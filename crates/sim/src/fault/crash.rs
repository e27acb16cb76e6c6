//! Crashes: what happens to the calls of a process that dies.

use crate::call::{Call, Cause, Detail, Phase, Purpose};
use crate::components::{Component, Node};
use crate::event::{LinkIx, NodeIx};
use crate::world::World;

/// Ends processes of a node, `replicas` in increasing order. Their calls are reset, so that the
/// callers learn of it immediately, and their memory is lost, with the state of their policies.
pub(crate) fn crash(place: NodeIx, replicas: &[u32], node: &mut Node, cx: &mut World) {
    cx.part_all();
    for replica in replicas {
        cx.node_mut(place).replicas[*replica as usize].is_up = false;
    }
    let dies = |replica: u32| replicas.binary_search(&replica).is_ok();
    let (mut lost, mut made, mut background) = (Vec::new(), Vec::new(), Vec::new());
    for (id, call) in cx.calls.iter() {
        let is_traffic = matches!(call.purpose, Purpose::Call | Purpose::Probe(_));
        if is_traffic && call.node == place && dies(call.replica) && call.phase.is_at_callee() {
            lost.push(id);
        }
        if call.purpose == Purpose::Background && call.node == place && dies(call.replica) {
            background.push(id);
        }
        let is_made_here = call.purpose == Purpose::Call
            && call.link != LinkIx::NONE
            && cx.link(call.link).from == place;
        if is_made_here && call.is_awaited && dies(call.caller_replica) {
            made.push(id);
        }
    }
    for id in made {
        let call = &mut cx.calls[id];
        (call.holds_connection, call.is_judged) = (false, false);
        if let Some(note) = cx.notes.get_mut(id) {
            note.holds_place = false;
        }
        if call.phase == Phase::Held {
            // Pausing, or waiting for a connection: it was never sent and never will be.
            cx.calls.remove(id);
        }
    }
    background.into_iter().for_each(|id| cx.calls.remove(id));
    cx.forget_callers(place, replicas);
    for id in &lost {
        let call = &cx.calls[*id];
        if let Some(station) = node.stations_mut().get_mut(call.replica as usize) {
            station.count_lost(call, cx.now);
        }
    }
    for replica in replicas {
        node.crash(*replica, cx);
    }
    for id in lost {
        // Calls that waited for a cutover were released and refused when the first of the members
        // died.
        let is_there = |call: &Call| call.phase.is_at_callee();
        if cx.calls.get(id).is_some_and(is_there) {
            // A reset is not a refusal: the work may have been done.
            cx.answer_with(id, Cause::Error, Detail::Reset);
        }
    }
}
