//! A design as a graph of calls.

use design::kinds::{Kind, Service};
use design::link::{Link, Mode, Retry};
use design::{Design, Node};
use std::collections::{BTreeMap, BTreeSet};

/// A design as a graph. Unknown ids of nodes and links have no links.
pub struct Graph<'a> {
    /// The design.
    pub design: &'a Design,
    places: BTreeMap<&'a str, usize>,
    out: Vec<Vec<&'a Link>>,
    into: Vec<Vec<&'a Link>>,
    /// Positions of nodes, callers before callees except in cycles.
    order: Vec<usize>,
}

/// Most layers of retries that are named.
const LAYERS_MAX: usize = 12;

/// Retries that multiply along a path of calls.
#[derive(Clone, Debug, Default)]
pub struct Storm {
    /// Most attempts at the end of the path for one request.
    pub attempts: f64,
    /// The links whose retries nothing limits, outermost first.
    pub layers: Vec<String>,
}

/// Returns whether anything besides the maximum number of attempts limits the retries over a link.
pub fn is_bounded(link: &Link) -> bool {
    let by_retry =
        |retry: &Retry| retry.budget.is_some() || retry.throttle.is_some() || retry.quota.is_some();
    link.retry.as_ref().is_none_or(by_retry)
        || link.breaker.is_some()
        || link.adaptive_throttle.is_some()
}

impl<'a> Graph<'a> {
    /// Builds the graph.
    pub fn new(design: &'a Design) -> Self {
        let mut places = BTreeMap::new();
        for (place, node) in design.nodes.iter().enumerate() {
            places.insert(node.id.as_str(), place);
        }
        let mut graph = Self {
            design,
            out: vec![Vec::new(); design.nodes.len()],
            into: vec![Vec::new(); design.nodes.len()],
            order: Vec::new(),
            places,
        };
        for link in &design.links {
            if let (Some(from), Some(to)) = (graph.place(&link.from), graph.place(&link.to)) {
                graph.out[from].push(link);
                graph.into[to].push(link);
            }
        }
        graph.order = graph.sorted();
        graph
    }

    fn sorted(&self) -> Vec<usize> {
        let mut left: Vec<usize> = self.into.iter().map(Vec::len).collect();
        let mut order: Vec<usize> = (0..left.len()).filter(|place| left[*place] == 0).collect();
        let mut done = 0;
        while done < order.len() {
            for link in &self.out[order[done]] {
                let to = self.places[link.to.as_str()];
                left[to] -= 1;
                if left[to] == 0 {
                    order.push(to);
                }
            }
            done += 1;
        }
        // Nodes in a cycle follow in the order of the design.
        order.extend((0..left.len()).filter(|place| left[*place] > 0));
        order
    }

    /// Returns the positions of all nodes, callers first.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Returns the position of a node in the design's list.
    pub fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// Returns the node with this id.
    pub fn node(&self, id: &str) -> Option<&'a Node> {
        Some(&self.design.nodes[self.place(id)?])
    }

    /// Returns the links from a node, in the order of the design.
    pub fn out(&self, id: &str) -> &[&'a Link] {
        self.place(id).map_or(&[], |place| &self.out[place])
    }

    /// Returns the links to a node.
    pub fn inward(&self, id: &str) -> &[&'a Link] {
        self.place(id).map_or(&[], |place| &self.into[place])
    }

    /// Returns the service with this id.
    pub fn service(&self, id: &str) -> Option<&'a Service> {
        match &self.node(id)?.kind {
            Kind::Service(service) => Some(service),
            _ => None,
        }
    }

    /// Returns the nodes that serve a link's calls: those behind load balancers.
    pub fn served_by(&self, link: &Link) -> Vec<&'a Node> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = vec![link.to.as_str()];
        while let Some(id) = next.pop() {
            let Some(node) = self.node(id).filter(|node| seen.insert(node.id.as_str())) else {
                continue;
            };
            match node.kind {
                Kind::LoadBalancer(_) => {
                    next.extend(self.out(&node.id).iter().map(|link| link.to.as_str()));
                }
                _ => found.push(node),
            }
        }
        found
    }

    /// Returns the nodes that call a node and wait, directly or through load balancers.
    pub fn callers(&self, id: &str) -> Vec<&'a Node> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next: Vec<&str> = vec![id];
        while let Some(id) = next.pop() {
            for link in self
                .inward(id)
                .iter()
                .filter(|link| link.mode == Mode::Call)
            {
                let Some(node) = self.node(&link.from).filter(|n| seen.insert(n.id.as_str()))
                else {
                    continue;
                };
                match node.kind {
                    Kind::LoadBalancer(_) => next.push(&node.id),
                    _ => found.push(node),
                }
            }
        }
        found
    }

    /// Returns all nodes that a node reaches over links, including itself.
    pub fn reach(&self, id: &str) -> BTreeSet<&'a str> {
        self.walk(id, |place| &self.out[place], |link| &link.to)
    }

    /// Returns all nodes that reach a node, including itself.
    pub fn reached_by(&self, id: &str) -> BTreeSet<&'a str> {
        self.walk(id, |place| &self.into[place], |link| &link.from)
    }

    /// Returns for each position whether its node reaches one of these or is reached by one.
    pub fn near(&self, ids: &[&str]) -> Vec<bool> {
        let starts = || ids.iter().filter_map(|id| self.place(id));
        let mut near = vec![false; self.design.nodes.len()];
        for is_onward in [true, false] {
            let mut seen = vec![false; near.len()];
            let mut next: Vec<usize> = starts().collect();
            while let Some(place) = next.pop() {
                if std::mem::replace(&mut seen[place], true) {
                    continue;
                }
                near[place] = true;
                let (links, end): (_, fn(&'a Link) -> &'a String) = match is_onward {
                    true => (&self.out[place], |link| &link.to),
                    false => (&self.into[place], |link| &link.from),
                };
                next.extend(links.iter().filter_map(|link| self.place(end(link))));
            }
        }
        near
    }

    fn walk<'s>(
        &'s self,
        id: &str,
        links: impl Fn(usize) -> &'s [&'a Link],
        end: impl Fn(&'a Link) -> &'a String,
    ) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut next: Vec<usize> = self.place(id).into_iter().collect();
        while let Some(place) = next.pop() {
            if seen.insert(self.design.nodes[place].id.as_str()) {
                let ends = links(place).iter();
                next.extend(ends.filter_map(|link| self.place(end(link))));
            }
        }
        seen
    }

    /// Returns the nodes that a subject is about: the node itself, or the ends of the link.
    pub fn ends(&self, subject: &str) -> Vec<&'a str> {
        if let Some(node) = self.node(subject) {
            return vec![&node.id];
        }
        let link = self.design.link(subject);
        link.map_or(Vec::new(), |link| {
            vec![link.from.as_str(), link.to.as_str()]
        })
    }

    /// Returns the longest chain of services that wait for one another, outermost first, with the
    /// node that ends it. Load balancers and caches are left out.
    pub fn longest_chain(&self) -> Vec<&'a str> {
        let mut best: Vec<Option<(usize, Option<usize>)>> = vec![None; self.design.nodes.len()];
        for place in self.order.iter().rev() {
            let node = &self.design.nodes[*place];
            let counts = matches!(
                node.kind,
                Kind::Service(_) | Kind::Database(_) | Kind::Coordinator(_)
            );
            let mut longest: (usize, Option<usize>) = (0, None);
            for link in self.out[*place]
                .iter()
                .filter(|link| link.mode == Mode::Call && !link.optional)
            {
                let to = self.places[link.to.as_str()];
                if let Some((length, _)) = best[to]
                    && length > longest.0
                {
                    longest = (length, Some(to));
                }
            }
            best[*place] = Some((longest.0 + usize::from(counts), longest.1));
        }
        let clients = self.design.nodes.iter().enumerate();
        let starts = clients.filter(|(_, node)| matches!(node.kind, Kind::Client(_)));
        let top = starts.max_by_key(|(place, _)| best[*place].map_or(0, |(length, _)| length));
        let mut chain = Vec::new();
        let mut at = top.map(|(place, _)| place);
        while let Some(place) = at {
            let node = &self.design.nodes[place];
            if matches!(
                node.kind,
                Kind::Service(_) | Kind::Database(_) | Kind::Coordinator(_)
            ) {
                chain.push(node.id.as_str());
            }
            at = best[place].and_then(|(_, next)| next);
            if chain.len() > self.design.nodes.len() {
                break;
            }
        }
        chain
    }

    /// Returns the path on which unlimited retries multiply most, for a client's request.
    pub fn worst_storm(&self) -> Storm {
        let mut best: Vec<Storm> = vec![Storm::default(); self.design.nodes.len()];
        for place in self.order.iter().rev() {
            let mut worst = Storm {
                attempts: 1.0,
                layers: Vec::new(),
            };
            for link in self.out[*place]
                .iter()
                .filter(|link| link.mode == Mode::Call)
            {
                let below = &best[self.places[link.to.as_str()]];
                let below_attempts = below.attempts.max(1.0);
                let tries = link.retry.as_ref().filter(|retry| retry.max_attempts > 1);
                let (own, counts) = match tries {
                    Some(retry) if !is_bounded(link) => (f64::from(retry.max_attempts), true),
                    Some(_) | None => (1.0, false),
                };
                if own * below_attempts > worst.attempts {
                    let mut layers = below.layers.clone();
                    layers.truncate(LAYERS_MAX);
                    if counts {
                        layers.insert(0, link.id.clone());
                    }
                    worst = Storm {
                        attempts: own * below_attempts,
                        layers,
                    };
                }
            }
            best[*place] = worst;
        }
        let clients = self.design.nodes.iter().enumerate();
        let starts = clients.filter(|(_, node)| matches!(node.kind, Kind::Client(_)));
        let mut worst = Storm::default();
        for (place, _) in starts {
            if best[place].attempts > worst.attempts {
                worst = best[place].clone();
            }
        }
        worst
    }
}
