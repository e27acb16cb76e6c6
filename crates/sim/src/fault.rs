//! Faults: what is broken now follows from the list of faults and the time, nothing else.

use crate::agenda::Time;
use crate::call::{Cause, Outcome, Phase, Purpose};
use crate::components::{Component, Node};
use crate::event::{Event, LinkIx, NodeIx};
use crate::random::Sampler;
use crate::world::World;
use design::{Fault, FaultKind};

/// The faults of a run, scheduled and injected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
    generation: u32,
    /// Flushes that have happened, by their place in the list.
    flushed: Vec<bool>,
}

impl Faults {
    /// Takes the list as it is now and schedules what is still to come of it.
    pub(crate) fn set(&mut self, list: &[Fault], cx: &mut World) {
        // A flush that has happened stays happened, wherever it now stands in the list.
        let mut done: Vec<Fault> = self
            .list
            .iter()
            .zip(&self.flushed)
            .filter(|(_, done)| **done)
            .map(|(fault, _)| fault.clone())
            .collect();
        self.flushed = list
            .iter()
            .map(|fault| match done.iter().position(|known| known == fault) {
                Some(place) => {
                    done.swap_remove(place);
                    true
                }
                None => false,
            })
            .collect();
        self.list = list.to_vec();
        self.generation += 1;
        let generation = self.generation;
        let mut times: Vec<Time> = list
            .iter()
            .flat_map(|fault| [Some(fault.at), fault.ends()])
            .flatten()
            .map(|at| at.0.max(cx.now))
            .collect();
        times.sort_unstable();
        times.dedup();
        for time in times {
            cx.at(time, Event::Fault { generation });
        }
    }

    /// Whether a fault is still to begin or end at a moment or after it.
    pub(crate) fn has_more(&self, now: Time) -> bool {
        self.list
            .iter()
            .any(|fault| fault.at.0 >= now || fault.ends().is_some_and(|end| end.0 >= now))
    }

    /// Whether an event is of the present list.
    pub(crate) fn is_current(&self, generation: u32) -> bool {
        generation == self.generation
    }

    /// Makes the world as broken as the list says it is now.
    pub(crate) fn apply(&mut self, nodes: &mut [Node], cx: &mut World) {
        let now = cx.now;
        let list = std::mem::take(&mut self.list);
        let active: Vec<&Fault> = list.iter().filter(|fault| is_active(fault, now)).collect();
        cut_zones(&active, cx);
        for place in 0..nodes.len() {
            apply_to_node(place, &active, nodes, cx);
        }
        for place in 0..cx.links.len() {
            apply_to_link(place, &active, cx);
        }
        for (place, fault) in list.iter().enumerate() {
            if fault.kind == FaultKind::CacheFlush && fault.at.0 <= now && !self.flushed[place] {
                self.flushed[place] = true;
                flush(&fault.target, nodes, cx);
            }
        }
        self.list = list;
        // Consumers that run again take up work.
        for node in nodes.iter_mut() {
            if let Node::Queue(queue) = node {
                queue.pump(cx);
            }
        }
    }
}

fn is_active(fault: &Fault, now: Time) -> bool {
    fault.at.0 <= now && fault.ends().is_none_or(|end| now < end.0)
}

fn cut_zones(active: &[&Fault], cx: &mut World) {
    cx.zones.heal();
    for fault in active {
        if fault.kind == FaultKind::Partition {
            cx.zones
                .cut(&fault.target, fault.to.as_deref(), fault.one_way);
        }
    }
    cx.look_at_zones();
}

fn apply_to_node(place: usize, active: &[&Fault], nodes: &mut [Node], cx: &mut World) {
    let id = cx.nodes[place].id.clone();
    // Of this node, or of a zone that one of its replicas runs in. A node has the name before a zone.
    let zone_of = |fault: &Fault| match cx.node_places.contains_key(&fault.target) {
        true => None,
        false => cx.zones.place(&fault.target),
    };
    let is_mine = |fault: &&&Fault| {
        let zone = zone_of(fault);
        fault.target == id || zone.is_some_and(|zone| cx.nodes[place].zones.contains(&zone))
    };
    let mine: Vec<&&Fault> = active.iter().filter(is_mine).collect();
    let mut dying = Vec::new();
    for replica in 0..cx.nodes[place].replicas.len() {
        let zone = cx.nodes[place].zone_of(replica as u32);
        let hits = |fault: &&&&Fault| match fault.target == id {
            true => fault.replica.is_none_or(|only| only as usize == replica),
            false => cx.zones.place(&fault.target) == zone,
        };
        let is_crashed = mine
            .iter()
            .filter(hits)
            .any(|fault| fault.kind == FaultKind::Crash);
        let slowdown: f64 = mine
            .iter()
            .filter(hits)
            .filter(|fault| fault.kind == FaultKind::Slowdown)
            .map(|fault| fault.times)
            .product();
        let state = &mut cx.nodes[place].replicas[replica];
        state.slowdown = slowdown;
        if is_crashed && state.is_up {
            dying.push(replica as u32);
        } else if !is_crashed {
            state.is_up = true;
        }
    }
    if !dying.is_empty() {
        crash(NodeIx(place as u32), &dying, &mut nodes[place], cx);
    }
    if let Node::Client(client) = &mut nodes[place] {
        let times = mine
            .iter()
            .filter(|fault| fault.kind == FaultKind::TrafficSpike)
            .map(|fault| fault.times)
            .product();
        client.set_spike(times, cx);
    }
}

fn apply_to_link(place: usize, active: &[&Fault], cx: &mut World) {
    let link = &mut cx.links[place];
    let mine = active.iter().filter(|fault| fault.target == link.id);
    link.added_loss = mine
        .clone()
        .filter(|fault| fault.kind == FaultKind::Loss)
        .fold(0.0, |loss, fault| loss + fault.loss - loss * fault.loss);
    link.added_latency = mine
        .filter(|fault| fault.kind == FaultKind::Latency)
        .map(|fault| Sampler::new(&fault.add))
        .collect();
    link.refresh();
}

fn flush(target: &str, nodes: &mut [Node], cx: &World) {
    if let Some(place) = cx.node_places.get(target)
        && let Node::Cache(cache) = &mut nodes[place.0 as usize]
    {
        cache.flush();
    }
}

/// Processes of a node die, `replicas` in rising order: their calls are reset, so that the callers
/// hear at once, and their memory is gone, with the state of their policies.
pub(crate) fn crash(place: NodeIx, replicas: &[u32], node: &mut Node, cx: &mut World) {
    for replica in replicas {
        cx.node_mut(place).replicas[*replica as usize].is_up = false;
    }
    let dies = |replica: u32| replicas.binary_search(&replica).is_ok();
    let (mut lost, mut made) = (Vec::new(), Vec::new());
    for (id, call) in cx.calls.iter() {
        let is_traffic = matches!(call.purpose, Purpose::Call | Purpose::Probe(_));
        if is_traffic && call.node == place && dies(call.replica) && call.phase.is_at_callee() {
            lost.push(id);
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
        if call.phase == Phase::Held {
            // In a pause, or waiting for a connection: it was never sent, and nobody is left to.
            cx.calls.remove(id);
        }
    }
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
        cx.answer(id, Outcome::Failed(Cause::Refused));
    }
}

/// The links of faults, by kind, that the page marks.
pub(crate) fn is_impaired(cx: &World, link: LinkIx) -> bool {
    let link = cx.link(link);
    !link.added_latency.is_empty() || link.added_loss > 0.0
}
