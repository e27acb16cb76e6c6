//! A design as layers of vertices: each node is one layer beyond its farthest caller.

use design::Design;
use std::collections::BTreeMap;

/// Maximum number of stand-ins; beyond it, long links are not led around nodes.
const STAND_INS_MAX: usize = 5_000;

/// Nodes and stand-ins, by index: nodes first, in the design's order.
pub(super) struct Graph {
    /// How many of the vertices are nodes.
    pub(super) nodes: usize,
    pub(super) layer: Vec<usize>,
    /// Adjacent vertices one layer on, and one layer back.
    pub(super) next: Vec<Vec<usize>>,
    pub(super) back: Vec<Vec<usize>>,
}

impl Graph {
    pub(super) fn new(design: &Design) -> Self {
        let links = acyclic(design);
        let nodes = design.nodes.len();
        let layer = longest_paths(nodes, &links);
        let mut graph = Self {
            nodes,
            layer,
            next: vec![Vec::new(); nodes],
            back: vec![Vec::new(); nodes],
        };
        for (from, to) in links {
            graph.connect(from, to);
        }
        graph
    }

    /// Connects two nodes through stand-ins in the layers between.
    fn connect(&mut self, from: usize, to: usize) {
        let between = self.layer[from] + 1..self.layer[to];
        let mut last = from;
        if self.layer.len() + between.len() <= self.nodes + STAND_INS_MAX {
            for layer in between {
                let stand_in = self.layer.len();
                self.layer.push(layer);
                self.next.push(Vec::new());
                self.back.push(vec![last]);
                self.next[last].push(stand_in);
                last = stand_in;
            }
        }
        self.next[last].push(to);
        self.back[to].push(last);
    }

    pub(super) fn is_stray(&self, vertex: usize) -> bool {
        self.next[vertex].is_empty() && self.back[vertex].is_empty()
    }

    /// Returns the connected vertices of each layer, in the given order.
    pub(super) fn layers(&self) -> Vec<Vec<usize>> {
        let count = self.layer.iter().max().map_or(0, |last| last + 1);
        let mut layers = vec![Vec::new(); count];
        for (vertex, layer) in self.layer.iter().enumerate() {
            if !self.is_stray(vertex) {
                layers[*layer].push(vertex);
            }
        }
        layers
    }
}

/// Returns the links by index, each pair only once, without those that close a cycle.
fn acyclic(design: &Design) -> Vec<(usize, usize)> {
    let index: BTreeMap<&str, usize> = design
        .nodes
        .iter()
        .enumerate()
        .map(|(at, node)| (node.id.as_str(), at))
        .collect();
    let mut out = vec![Vec::new(); design.nodes.len()];
    for link in &design.links {
        if let (Some(from), Some(to)) = (index.get(link.from.as_str()), index.get(link.to.as_str()))
            && !out[*from].contains(to)
        {
            out[*from].push(*to);
        }
    }
    let mut state = vec![Visit::Not; design.nodes.len()];
    let mut kept = Vec::new();
    // An explicit stack: designs may be ten thousand nodes deep.
    for start in 0..design.nodes.len() {
        if state[start] != Visit::Not {
            continue;
        }
        state[start] = Visit::Open;
        let mut stack = vec![(start, 0)];
        while let Some((from, next)) = stack.pop() {
            let Some(to) = out[from].get(next).copied() else {
                state[from] = Visit::Done;
                continue;
            };
            stack.push((from, next + 1));
            match state[to] {
                Visit::Open => continue,
                Visit::Done => {}
                Visit::Not => {
                    state[to] = Visit::Open;
                    stack.push((to, 0));
                }
            }
            kept.push((from, to));
        }
    }
    kept
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    Not,
    Open,
    Done,
}

/// Returns each node's layer: one beyond its farthest caller.
fn longest_paths(nodes: usize, links: &[(usize, usize)]) -> Vec<usize> {
    let mut waiting = vec![0; nodes];
    let mut out = vec![Vec::new(); nodes];
    for (from, to) in links {
        waiting[*to] += 1;
        out[*from].push(*to);
    }
    let mut layer = vec![0; nodes];
    let mut ready: Vec<usize> = (0..nodes).filter(|node| waiting[*node] == 0).collect();
    while let Some(from) = ready.pop() {
        for to in &out[from] {
            layer[*to] = layer[*to].max(layer[from] + 1);
            waiting[*to] -= 1;
            if waiting[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    layer
}
