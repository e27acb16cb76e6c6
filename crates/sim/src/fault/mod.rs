//! Faults: what is broken now follows from the list of faults and the time, nothing else.

mod course;
mod crash;
mod effects;

pub(crate) use crash::crash;

use crate::agenda::Time;
use crate::components::Node;
use crate::event::{Event, LinkIx, NodeIx};
use crate::world::World;
use course::Course;
use design::{Fault, FaultKind};
use std::collections::{BTreeMap, BTreeSet};

/// The faults of a run, scheduled and injected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Course>,
    generation: u32,
    /// Faults by the places of the nodes and links they can hit.
    of_node: BTreeMap<u32, Vec<u32>>,
    of_link: BTreeMap<u32, Vec<u32>>,
}

impl Faults {
    /// Takes the list as it is now, makes the world as broken as it says and schedules what is
    /// still to come of it.
    pub(crate) fn set(&mut self, list: &[Fault], nodes: &mut [Node], cx: &mut World) {
        // What has happened stays happened, wherever a fault now stands in the list.
        let mut known = std::mem::take(&mut self.list);
        for fault in list {
            let replicas = match cx.node_places.get(&fault.target) {
                Some(place) => cx.node(*place).replicas.len() as u32,
                None => 1,
            };
            let mut course = Course::new(fault, replicas, cx.now, cx.seed);
            if let Some(place) = known.iter().position(|known| known.fault == *fault) {
                course.resume(known.swap_remove(place));
            }
            self.list.push(course);
        }
        self.generation += 1;
        // Whatever a fault of the old list hit, or one of the new hits, is looked at again.
        let mut hit_nodes: BTreeSet<u32> = self.of_node.keys().copied().collect();
        let mut hit_links: BTreeSet<u32> = self.of_link.keys().copied().collect();
        self.find_targets(cx);
        hit_nodes.extend(self.of_node.keys());
        hit_links.extend(self.of_link.keys());
        for place in 0..self.list.len() {
            self.list[place].advance(cx.now);
            self.schedule(place, cx);
        }
        self.cut_zones(cx);
        for place in hit_nodes {
            self.apply_to_node(place, nodes, cx);
        }
        for place in hit_links {
            self.apply_to_link(place, cx);
        }
        let replicas = cx.nodes.iter().flat_map(|node| &node.replicas);
        cx.troubled = replicas.filter(|replica| replica.is_troubled()).count() as u32;
        cx.frozen
            .release_where_nothing_is(&cx.nodes, &mut cx.agenda, cx.now);
        for place in 0..self.list.len() {
            self.strike_once(place, nodes, cx);
        }
        wake(nodes, cx);
    }

    fn find_targets(&mut self, cx: &World) {
        (self.of_node, self.of_link) = (BTreeMap::new(), BTreeMap::new());
        for (at, course) in self.list.iter().enumerate() {
            let target = &course.fault.target;
            for place in nodes_of(target, cx) {
                self.of_node.entry(place.0).or_default().push(at as u32);
            }
            if course.fault.kind.is_for_links()
                && let Some(place) = cx.link_places.get(target)
            {
                self.of_link.entry(place.0).or_default().push(at as u32);
            }
        }
    }

    fn schedule(&self, place: usize, cx: &mut World) {
        if let Some(time) = self.list[place].next_change(cx.now, cx.end) {
            let event = Event::Fault {
                generation: self.generation,
                fault: place as u32,
            };
            cx.at(time, event);
        }
    }

    /// Whether a fault is still to begin or end at a moment or after it.
    pub(crate) fn has_more(&self, now: Time, arrivals_end: Time) -> bool {
        let before = now.saturating_sub(1);
        let mut next = self
            .list
            .iter()
            .filter_map(|course| course.next_change(before, arrivals_end));
        next.any(|time| time >= now)
    }

    /// Whether an event is of the present list.
    pub(crate) fn is_current(&self, generation: u32) -> bool {
        generation == self.generation
    }

    /// A fault of the list begins, goes on in another way, or ends.
    pub(crate) fn turn(&mut self, place: u32, nodes: &mut [Node], cx: &mut World) {
        let at = place as usize;
        self.list[at].advance(cx.now);
        self.schedule(at, cx);
        let (kind, target) = {
            let fault = &self.list[at].fault;
            (fault.kind, fault.target.clone())
        };
        if kind == FaultKind::Partition {
            self.cut_zones(cx);
            return wake(nodes, cx);
        }
        if kind.is_for_links() {
            if let Some(link) = cx.link_places.get(&target) {
                self.apply_to_link(link.0, cx);
            }
            return;
        }
        for node in nodes_of(&target, cx) {
            self.apply_to_node(node.0, nodes, cx);
        }
        self.strike_once(at, nodes, cx);
        wake(nodes, cx);
    }

    fn strike_once(&mut self, place: usize, nodes: &mut [Node], cx: &mut World) {
        let course = &mut self.list[place];
        let is_due = course.fault.at.0 <= cx.now && !course.is_spent;
        if !course.fault.kind.is_of_a_moment() || !is_due {
            return;
        }
        course.is_spent = true;
        let (kind, messages) = (course.fault.kind, course.fault.messages);
        for place in nodes_of(&course.fault.target, cx) {
            match (&mut nodes[place.0 as usize], kind) {
                (Node::Cache(cache), FaultKind::CacheFlush) => cache.flush(cx),
                (Node::Queue(queue), FaultKind::PoisonMessage) => queue.poison_next(messages),
                (Node::Coordinator(coordinator), FaultKind::LeaderFailover) => {
                    coordinator.depose(cx);
                }
                (Node::Database(database), FaultKind::LeaderFailover) => database.depose(cx),
                _ => {}
            }
        }
    }
}

/// The nodes a fault can hit: the one it names, or else all that run in the zone it names.
fn nodes_of(target: &str, cx: &World) -> Vec<NodeIx> {
    if let Some(place) = cx.node_places.get(target) {
        return vec![*place];
    }
    let Some(zone) = cx.zones.place(target) else {
        return Vec::new();
    };
    let nodes = cx.nodes.iter().enumerate();
    nodes
        .filter(|(_, node)| node.zones.contains(&zone))
        .map(|(place, _)| NodeIx(place as u32))
        .collect()
}

/// Consumers that run again take up work; coordinators and databases see who can still lead.
pub(crate) fn wake(nodes: &mut [Node], cx: &mut World) {
    for node in nodes {
        match node {
            Node::Queue(queue) => queue.pump(cx),
            Node::Coordinator(coordinator) => coordinator.look(cx),
            Node::Database(database) => database.look(cx),
            Node::Client(_) | Node::LoadBalancer(_) | Node::Service(_) | Node::Cache(_) => {}
        }
    }
}

/// Whether a fault is on a link that the page marks.
pub(crate) fn is_impaired(cx: &World, link: LinkIx) -> bool {
    let link = cx.link(link);
    !link.added_latency.is_empty() || link.added_loss > 0.0
}
