//! Endless cycles of calls: each request would call itself indefinitely.
//!
//! A cycle is one of an operation: a link that only other operations take is not part of it. What a
//! cache or a failure decides is not known here, so a link `on_miss` or `on_error` counts.

use crate::attribute::Reader;
use crate::document::Design;
use crate::kinds::Kind;
use crate::kinds::client::{Effect, Operation};
use crate::kinds::load_balancer::Depth;
use crate::link::{Condition, Link, Mode};
use std::collections::{BTreeMap, BTreeSet};

/// Most operations that are looked at by themselves; of more than that, any may go round.
const OPERATIONS_MAX: usize = 200;

pub(super) fn check(design: &Design, reader: &mut Reader) {
    let map = Map::new(design);
    let all = 0..design.nodes.len();
    // Most designs have none, whatever the operation.
    let Some(any) = map.cycle(None, all) else {
        return;
    };
    let operations = map.operations();
    let found = match operations.len() {
        // A deep probe asks everybody, whatever the operation.
        _ if map.probes_deeply() => Some(any),
        0 => Some(any),
        count if count > OPERATIONS_MAX => Some(any),
        _ => {
            let mut asked = BTreeSet::new();
            let of_one = operations.iter().find_map(|(operation, clients)| {
                let reached = map.reached(operation, clients);
                asked.extend(reached.iter().copied());
                map.cycle(Some(operation), reached)
            });
            // One that nobody asks yet: it would never end for whoever is wired to it.
            of_one.or_else(|| {
                let all = 0..design.nodes.len();
                let others = map.cycle(None, all.filter(|node| !asked.contains(node)));
                others.filter(|(_, nodes)| nodes.iter().all(|node| !asked.contains(node)))
            })
        }
    };
    let Some((link, nodes)) = found else {
        return;
    };
    let names = nodes.iter().take(12);
    let names: Vec<&str> = names.map(|node| design.nodes[*node].title()).collect();
    reader.within(&format!("links[{link}]"), |reader| {
        reader.problem(format!(
            "closes an endless cycle of calls: {}; break it with a queue or a probability below 1",
            names.join(" -> ")
        ));
    });
}

/// Nodes by place, and their links out.
struct Map<'a> {
    design: &'a Design,
    /// By node: where links lead, and which.
    out: Vec<Vec<(usize, usize)>>,
}

impl<'a> Map<'a> {
    fn new(design: &'a Design) -> Self {
        let mut index: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, node) in design.nodes.iter().enumerate() {
            index.insert(&node.id, at);
        }
        let mut out = vec![Vec::new(); design.nodes.len()];
        for (at, link) in design.links.iter().enumerate() {
            out[index[link.from.as_str()]].push((index[link.to.as_str()], at));
        }
        Self { design, out }
    }

    fn probes_deeply(&self) -> bool {
        self.design.nodes.iter().any(|node| match &node.kind {
            Kind::LoadBalancer(balancer) => balancer
                .health_check
                .as_ref()
                .is_some_and(|check| check.depth == Depth::Deep),
            _ => false,
        })
    }

    /// Operations that links can tell apart, and the clients that ask for them.
    fn operations(&self) -> Vec<(&'a Operation, Vec<usize>)> {
        let mut named = BTreeSet::new();
        for condition in self.design.links.iter().flat_map(|link| &link.when.0) {
            if let Condition::Operations(names) = condition {
                named.extend(names.iter().map(String::as_str));
            }
        }
        let mut known: BTreeMap<(bool, &str), (&Operation, Vec<usize>)> = BTreeMap::new();
        for (at, node) in self.design.nodes.iter().enumerate() {
            let Kind::Client(client) = &node.kind else {
                continue;
            };
            for operation in &client.operations {
                let name = named.get(operation.name.as_str()).copied().unwrap_or("");
                let is_write = operation.effect == Effect::Write;
                let entry = known.entry((is_write, name));
                entry.or_insert((operation, Vec::new())).1.push(at);
            }
        }
        known.into_values().collect()
    }

    /// The nodes that an operation of these clients can reach, by calls and messages.
    fn reached(&self, operation: &Operation, clients: &[usize]) -> Vec<usize> {
        let mut seen: BTreeSet<usize> = clients.iter().copied().collect();
        let mut next = clients.to_vec();
        while let Some(node) = next.pop() {
            for (to, link) in &self.out[node] {
                let may_take = holds(&self.design.links[*link], Some(operation))
                    .next()
                    .is_some();
                if may_take && seen.insert(*to) {
                    next.push(*to);
                }
            }
        }
        seen.into_iter().collect()
    }

    /// A cycle of calls, from one of these nodes on, that nothing ends: the link that closes it,
    /// and
    /// its nodes. Of one operation, or of any.
    fn cycle(
        &self,
        operation: Option<&Operation>,
        starts: impl IntoIterator<Item = usize>,
    ) -> Option<(usize, Vec<usize>)> {
        let goes_on = |link: &Link| link.mode == Mode::Call && never_ends(link, operation);
        // Depth first, with an explicit stack: designs may be ten thousand nodes deep.
        let mut state = vec![0u8; self.out.len()];
        for start in starts {
            if state[start] != 0 {
                continue;
            }
            let mut stack = vec![(start, 0usize)];
            state[start] = 1;
            while let Some((node, next)) = stack.pop() {
                let Some(&(to, link)) = self.out[node].get(next) else {
                    state[node] = 2;
                    continue;
                };
                stack.push((node, next + 1));
                if !goes_on(&self.design.links[link]) {
                    continue;
                }
                match state[to] {
                    0 => {
                        state[to] = 1;
                        stack.push((to, 0));
                    }
                    1 => {
                        let nodes = stack.iter().map(|(node, _)| *node);
                        let round = nodes.skip_while(|node| *node != to).chain([to]);
                        return Some((link, round.collect()));
                    }
                    _ => {}
                }
            }
        }
        None
    }
}

/// The conditions of a link that can hold for an operation (for any, if none is named).
fn holds<'a>(
    link: &'a Link,
    operation: Option<&'a Operation>,
) -> impl Iterator<Item = &'a Condition> {
    link.when.0.iter().filter(move |condition| {
        let Some(operation) = operation else {
            return true;
        };
        match condition {
            Condition::Reads => operation.effect == Effect::Read,
            Condition::Writes => operation.effect == Effect::Write,
            Condition::Operations(names) => names.contains(&operation.name),
            Condition::Probability(p) => *p > 0.0,
            Condition::Always | Condition::OnMiss | Condition::OnError => true,
        }
    })
}

/// Whether it is not left to chance alone that a call goes on over this link.
fn never_ends(link: &Link, operation: Option<&Operation>) -> bool {
    let is_sure =
        |condition: &Condition| !matches!(condition, Condition::Probability(p) if *p < 1.0);
    holds(link, operation).any(is_sure)
}
