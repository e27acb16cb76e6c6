//! The order within layers, with as few crossings as can be found.
//!
//! Sweeps by barycenters or medians, after Sugiyama, Tagawa and Toda (1981), each followed by
//! exchanges of adjacent vertices for as long as those remove crossings. The search runs from
//! several starts, because each ends in a local optimum. The best result is taken; of equally good
//! ones the first.

use super::graph::Graph;
use std::cmp::Ordering;

/// Number of sweeps over the layers from each start, there and back. More sweeps change little.
const SWEEPS: usize = 8;

/// Returns the number of starts for a graph of this size: a small one gets a better order, a large
/// one a faster result.
fn starts(vertices: usize) -> u64 {
    match vertices {
        0..=60 => 96,
        61..=150 => 24,
        151..=500 => 8,
        _ => 1,
    }
}

/// Orders the vertices of every layer.
pub(super) fn order(graph: &Graph, layers: &mut [Vec<usize>]) {
    let first = layers.to_vec();
    let mut fewest = usize::MAX;
    for start in 0..starts(graph.layer.len()) {
        let mut search = Search {
            graph,
            layers: first.clone(),
            place: vec![0; graph.layer.len()],
        };
        search.begin(start);
        for sweep in 0..SWEEPS {
            search.sweep(sweep % 2 == 0, start % 2 == 1);
            search.exchange();
            let crossings = search.crossings();
            if crossings < fewest {
                fewest = crossings;
                layers.clone_from_slice(&search.layers);
            }
        }
        if fewest == 0 {
            return;
        }
    }
}

struct Search<'a> {
    graph: &'a Graph,
    layers: Vec<Vec<usize>>,
    /// The place of each vertex in its layer.
    place: Vec<usize>,
}

impl Search<'_> {
    /// Starts from the given order, the reversed one or a shuffled one, by the number of the start.
    fn begin(&mut self, start: u64) {
        let mut state = start;
        for at in 0..self.layers.len() {
            let layer = &mut self.layers[at];
            match start {
                0 | 1 => {}
                2 | 3 => layer.reverse(),
                _ => shuffle(layer, &mut state),
            }
            self.note(at);
        }
    }

    fn note(&mut self, layer: usize) {
        for (at, vertex) in self.layers[layer].iter().enumerate() {
            self.place[*vertex] = at;
        }
    }

    /// Sorts every layer by the places of adjacent vertices, layer by layer.
    fn sweep(&mut self, forwards: bool, by_median: bool) {
        let neighbors = match forwards {
            true => &self.graph.back,
            false => &self.graph.next,
        };
        for step in 0..self.layers.len() {
            let at = match forwards {
                true => step,
                false => self.layers.len() - 1 - step,
            };
            let wanted = |vertex: &usize| {
                let mut places: Vec<usize> = neighbors[*vertex]
                    .iter()
                    .map(|other| self.place[*other])
                    .collect();
                places.sort_unstable();
                let count = places.len();
                match count {
                    0 => self.place[*vertex] as f64,
                    _ if by_median => (places[(count - 1) / 2] + places[count / 2]) as f64 / 2.0,
                    _ => places.iter().sum::<usize>() as f64 / count as f64,
                }
            };
            let layer = self.layers[at].iter();
            let mut keyed: Vec<(f64, usize)> = layer.map(|v| (wanted(v), *v)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            self.layers[at] = keyed.into_iter().map(|(_, vertex)| vertex).collect();
            self.note(at);
        }
    }

    /// Exchanges vertices that are next to each other in their layer, as long as that removes a
    /// crossing.
    fn exchange(&mut self) {
        let mut helped = true;
        while std::mem::take(&mut helped) {
            for layer in 0..self.layers.len() {
                for at in 1..self.layers[layer].len() {
                    let [a, b] = [self.layers[layer][at - 1], self.layers[layer][at]];
                    if self.between(b, a) < self.between(a, b) {
                        self.layers[layer].swap(at - 1, at);
                        (self.place[a], self.place[b]) = (at, at - 1);
                        helped = true;
                    }
                }
            }
        }
    }

    /// Returns how often the links of a vertex cross those of a later one in the same layer.
    fn between(&self, first: usize, second: usize) -> usize {
        let sides = [&self.graph.next, &self.graph.back];
        let pairs = sides.into_iter().flat_map(|side| {
            let ends = side[first].iter();
            ends.flat_map(|a| side[second].iter().map(|b| (*a, *b)))
        });
        pairs
            .filter(|(a, b)| self.place[*a] > self.place[*b])
            .count()
    }

    fn crossings(&self) -> usize {
        let layers = self.layers.iter();
        layers
            .map(|layer| crossings(self.graph, layer, &self.place))
            .sum()
    }
}

/// Returns the number of pairs of links that cross between a layer and the next.
pub(super) fn crossings(graph: &Graph, layer: &[usize], place: &[usize]) -> usize {
    // In the order in which they leave, links cross those that end before them and left earlier: a
    // count of inversions, by merging.
    let mut ends = Vec::new();
    for vertex in layer {
        let from = ends.len();
        ends.extend(graph.next[*vertex].iter().map(|to| place[*to]));
        ends[from..].sort_unstable();
    }
    let mut spare = ends.clone();
    inversions(&mut ends, &mut spare)
}

fn inversions(list: &mut [usize], spare: &mut [usize]) -> usize {
    if list.len() < 2 {
        return 0;
    }
    let half = list.len() / 2;
    let mut count = inversions(&mut list[..half], spare) + inversions(&mut list[half..], spare);
    let (mut left, mut right) = (0, half);
    for slot in spare[..list.len()].iter_mut() {
        let takes_right =
            left == half || right < list.len() && list[right].cmp(&list[left]) == Ordering::Less;
        let from = if takes_right { &mut right } else { &mut left };
        *slot = list[*from];
        *from += 1;
        if takes_right {
            count += half - left;
        }
    }
    list.copy_from_slice(&spare[..list.len()]);
    count
}

/// Returns another order, the same on every machine.
fn shuffle(layer: &mut [usize], state: &mut u64) {
    for at in (1..layer.len()).rev() {
        // Knuth's linear congruential generator; its upper bits are the random ones.
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let other = (*state >> 33) as usize % (at + 1);
        layer.swap(at, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::kind;
    use design::link::Mode;
    use design::{Design, Link, Node};
    use testing::Rng;

    /// A few nodes with random links onward.
    fn random(seed: u64) -> Design {
        let mut rng = Rng::new(seed);
        let nodes = rng.between(4, 8) as usize;
        let mut design = Design::default();
        for at in 0..nodes {
            let node = Node::new(format!("n{at}"), kind("service"), [0, 0]);
            design.nodes.push(node);
        }
        for from in 0..nodes {
            for to in from + 1..nodes {
                if rng.chance(35) {
                    let [from, to] = [from, to].map(|at| format!("n{at}"));
                    let id = format!("{from}-{to}");
                    design.links.push(Link::new(id, from, to, Mode::Call));
                }
            }
        }
        design
    }

    fn all_crossings(graph: &Graph, layers: &[Vec<usize>]) -> usize {
        let mut place = vec![0; graph.layer.len()];
        for layer in layers {
            for (at, vertex) in layer.iter().enumerate() {
                place[*vertex] = at;
            }
        }
        // Counted pair by pair, not as the search counts.
        let mut count = 0;
        for layer in layers {
            let links = layer.iter();
            let links = links.flat_map(|from| graph.next[*from].iter().map(|to| (*from, *to)));
            let links: Vec<(usize, usize)> = links.map(|(a, b)| (place[a], place[b])).collect();
            for (at, a) in links.iter().enumerate() {
                let cross =
                    |b: &&(usize, usize)| (a.0 < b.0 && a.1 > b.1) || (a.0 > b.0 && a.1 < b.1);
                count += links[at + 1..].iter().filter(cross).count();
            }
        }
        count
    }

    /// Returns the fewest crossings of any order; `None` if there are too many orders to try.
    fn fewest(graph: &Graph, layers: &mut Vec<Vec<usize>>) -> Option<usize> {
        let orders = |layer: &Vec<usize>| (1..=layer.len()).product::<usize>();
        (layers.iter().map(orders).product::<usize>() <= 20_000).then(|| {
            let mut best = usize::MAX;
            permute(graph, layers, 0, 0, &mut best);
            best
        })
    }

    fn permute(
        graph: &Graph,
        layers: &mut Vec<Vec<usize>>,
        layer: usize,
        at: usize,
        best: &mut usize,
    ) {
        if layer == layers.len() {
            *best = (*best).min(all_crossings(graph, layers));
            return;
        }
        if at >= layers[layer].len() {
            return permute(graph, layers, layer + 1, 0, best);
        }
        for other in at..layers[layer].len() {
            layers[layer].swap(at, other);
            permute(graph, layers, layer, at + 1, best);
            layers[layer].swap(at, other);
        }
    }

    /// Seeds for which the order must be optimal.
    const FIXED: u64 = 300;

    #[test]
    fn small_graphs_are_ordered_as_well_as_any_order_could_be() {
        let (mut tried, mut crossed) = (0, 0);
        let cases = testing::cases(FIXED, 100);
        for seed in cases.seeds() {
            let graph = Graph::new(&random(seed));
            let mut layers = graph.layers();
            let Some(fewest) = fewest(&graph, &mut layers) else {
                continue;
            };
            order(&graph, &mut layers);
            let found = all_crossings(&graph, &layers);
            // Of 3,000 random graphs, none is known that could be better, but one may be.
            let is_fixed = seed < FIXED;
            assert!(
                found == fewest || !is_fixed && found <= fewest + 2,
                "SEED={seed}"
            );
            tried += 1;
            crossed += usize::from(found > 0);
        }
        assert!(
            tried > 100 && crossed > 5 || !cases.has_fixed_set(),
            "{tried} {crossed}"
        );
    }

    #[test]
    fn crossings_are_counted_as_they_are() {
        for seed in 0..50 {
            let graph = Graph::new(&random(seed));
            let layers = graph.layers();
            let mut search = Search {
                graph: &graph,
                layers: layers.clone(),
                place: vec![0; graph.layer.len()],
            };
            search.begin(0);
            assert_eq!(search.crossings(), all_crossings(&graph, &layers), "{seed}");
        }
    }
}
