//! Faults: the present state follows from the list of faults and the time alone.

mod course;
mod crash;
mod effects;

pub(crate) use crash::crash;

use crate::agenda::Time;
use crate::components::Node;
use crate::event::{Event, LinkIx, NodeIx};
use crate::world::{Replica, World};
use course::Course;
pub(crate) use course::{Outage, Outages};
use design::{Fault, FaultKind};
use std::collections::{BTreeMap, BTreeSet};

/// The faults of a run, scheduled and injected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Course>,
    generation: u32,
    /// Faults by the nodes and links that they can hit.
    of_node: BTreeMap<u32, Vec<u32>>,
    of_link: BTreeMap<u32, Vec<u32>>,
}

impl Faults {
    /// Takes the present list, applies it to the world, and schedules its future changes.
    pub(crate) fn set(&mut self, list: &[Fault], nodes: &mut [Node], cx: &mut World) {
        // What has happened stays, wherever a fault is in the list now.
        let mut known = std::mem::take(&mut self.list);
        for fault in list {
            let replicas = replicas_of(&fault.target, cx);
            let mut course = Course::new(fault, replicas, cx.now, cx.seed);
            if let Some(place) = known.iter().position(|known| known.fault == *fault) {
                course.resume(known.swap_remove(place));
                course.follow(replicas, cx.now, cx.seed);
            }
            self.list.push(course);
        }
        self.generation += 1;
        // Targets of faults in the old or the new list are updated again.
        let mut hit_nodes: BTreeSet<u32> = self.of_node.keys().copied().collect();
        let mut hit_links: BTreeSet<u32> = self.of_link.keys().copied().collect();
        self.find_targets(cx);
        hit_nodes.extend(self.of_node.keys());
        hit_links.extend(self.of_link.keys());
        let mut strikes = Vec::new();
        for place in 0..self.list.len() {
            let course = &mut self.list[place];
            if course.advance(cx.now, cx.end, replicas_of(&course.fault.target, cx)) {
                strikes.push(place);
            }
            self.schedule(place, cx);
        }
        cx.has_skew |= list.iter().any(|fault| fault.kind == FaultKind::ClockSkew);
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
        for place in strikes {
            self.strike(place, nodes, cx);
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

    /// Schedules the next changes after replicas of a node were added or removed.
    pub(crate) fn follow(&mut self, node: NodeIx, cx: &mut World) {
        let list = self.of_node.get(&node.0).cloned().unwrap_or_default();
        for place in list {
            let course = &mut self.list[place as usize];
            let state = cx.node(node);
            if course.fault.mtbf.is_some() && course.fault.target == state.id {
                course.follow(&state.replicas, cx.now, cx.seed);
                self.schedule(place as usize, cx);
            }
        }
    }

    fn schedule(&mut self, place: usize, cx: &mut World) {
        let course = &mut self.list[place];
        let next = course.next_change(cx.now, cx.end);
        if next != course.due
            && let Some(time) = next
        {
            course.due = next;
            let event = Event::Fault {
                generation: self.generation,
                fault: place as u32,
            };
            cx.at(time, event);
        }
    }

    /// Returns whether a fault begins or ends at a moment or after it.
    pub(crate) fn has_more(&self, now: Time, arrivals_end: Time) -> bool {
        let before = now.saturating_sub(1);
        let mut next = self
            .list
            .iter()
            .filter_map(|course| course.next_change(before, arrivals_end));
        next.any(|time| time >= now)
    }

    /// Returns the outages of a random fault.
    pub(crate) fn outages(&self, fault: &Fault) -> Option<&Outages> {
        let mut known = self.list.iter().filter(|_| fault.mtbf.is_some());
        known
            .find(|course| course.fault == *fault)
            .map(|course| &course.outages)
    }

    /// Returns whether an event belongs to the present list.
    pub(crate) fn is_current(&self, generation: u32) -> bool {
        generation == self.generation
    }

    /// Handles a fault of the list that begins, changes or ends.
    pub(crate) fn turn(&mut self, place: u32, nodes: &mut [Node], cx: &mut World) {
        let at = place as usize;
        let course = &mut self.list[at];
        if course.due != Some(cx.now) {
            // Another event has replaced this one.
            return;
        }
        let strikes = course.advance(cx.now, cx.end, replicas_of(&course.fault.target, cx));
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
        if strikes {
            self.strike(at, nodes, cx);
        }
        wake(nodes, cx);
    }

    /// Applies an instantaneous fault.
    fn strike(&self, place: usize, nodes: &mut [Node], cx: &mut World) {
        let course = &self.list[place];
        let (kind, messages) = (course.fault.kind, course.fault.messages);
        let fault = &course.fault;
        for place in nodes_of(&fault.target, cx) {
            // A leader that the fault does not hit continues to lead.
            let state = cx.node(place);
            let hit: Vec<bool> = (0..state.replicas.len() as u32)
                .map(|replica| effects::hits(fault, state, replica, cx))
                .collect();
            match (&mut nodes[place.0 as usize], kind) {
                (Node::Cache(cache), FaultKind::CacheFlush) => {
                    cache.flush_share(course.fault.share, cx);
                }
                (Node::Queue(queue), FaultKind::PoisonMessage) => queue.poison_next(messages),
                (Node::Coordinator(coordinator), FaultKind::LeaderFailover) => {
                    coordinator.step_down(&hit, cx);
                }
                (Node::Database(database), FaultKind::LeaderFailover) => database.depose(&hit, cx),
                (Node::Database(database), FaultKind::Reshard) => {
                    database.order_resharding(&course.fault, cx);
                }
                _ => {}
            }
        }
    }
}

/// Returns the replicas of the node that a fault names, if it names one.
fn replicas_of<'a>(target: &str, cx: &'a World) -> &'a [Replica] {
    let place = cx.node_places.get(target);
    place.map_or(&[], |place| &cx.node(*place).replicas)
}

/// Returns the nodes that a fault can hit: the one it names, or else all that run in the zone it
/// names.
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

/// Makes consumers that run again take up work, and coordinators and databases check their leaders.
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

/// Returns whether a link has a fault that the page marks.
pub(crate) fn is_impaired(cx: &World, link: LinkIx) -> bool {
    let link = cx.link(link);
    !link.added_latency.is_empty() || link.added_loss > 0.0
}
