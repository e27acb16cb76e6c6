//! Automatic layout in layers, after Sugiyama, Tagawa and Toda (1981): layers by the longest path
//! from a source, order within a layer by [`order`], positions by the average of adjacent nodes.
//!
//! It is simplified: cycles are cut where a depth-first search closes them, and network simplex is
//! not used. Links that skip layers get invisible stand-ins in between, so that they are led around
//! nodes.

mod fold;
mod graph;
mod order;

pub use fold::fold;

use crate::geometry::{GRID, NODE_HEIGHT, NODE_WIDTH, Point, Rect, node_rect, rect_at};
use design::{Command, Design};
use graph::Graph;

/// Distance between layers, in canvas units.
pub const LAYER_STEP: f64 = NODE_WIDTH + 96.0;
/// Distance between nodes of one layer, in canvas units.
pub const ROW_STEP: f64 = NODE_HEIGHT + GAP.y;
/// Minimum distance of an automatically placed node from the cards beside, above and below it. It
/// leaves room for links with their labels, and for the lines below a card.
const GAP: Point = Point::new(80.0, 56.0);

/// Number of passes that move nodes towards their adjacent nodes, layer by layer, there and back.
/// More passes change little.
const PLACINGS: usize = 8;

/// Returns whether a design has no usable positions: several nodes, all in the same place.
pub fn lacks_positions(design: &Design) -> bool {
    design.nodes.len() > 1 && design.nodes.windows(2).all(|pair| pair[0].at == pair[1].at)
}

/// Returns a position for every node, in the design's order. The upper left corner of the whole is
/// the origin, and everything is on the grid.
pub fn arrange(design: &Design) -> Vec<[i32; 2]> {
    let graph = Graph::new(design);
    let mut layers = graph.layers();
    order::order(&graph, &mut layers);
    let rows = place(&graph, &layers);
    let mut positions = vec![[0, 0]; design.nodes.len()];
    for (at, layer) in layers.iter().enumerate() {
        for vertex in layer.iter().filter(|vertex| **vertex < design.nodes.len()) {
            let y = (rows[*vertex] / GRID).round() * GRID;
            positions[*vertex] = [(at as f64 * LAYER_STEP) as i32, y as i32];
        }
    }
    place_strays(&graph, &mut positions);
    positions
}

/// Returns the moves that lay out a whole design again. Its upper left corner stays.
pub fn tidy(design: &Design) -> Vec<Command> {
    let corner = |axis: usize| design.nodes.iter().map(|node| node.at[axis]).min();
    let (Some(x), Some(y)) = (corner(0), corner(1)) else {
        return Vec::new();
    };
    let grid = GRID as i32;
    let (x, y) = (x.div_euclid(grid) * grid, y.div_euclid(grid) * grid);
    design
        .nodes
        .iter()
        .zip(arrange(design))
        .map(|(node, at)| (node, [at[0] + x, at[1] + y]))
        .filter(|(node, at)| node.at != *at)
        .map(|(node, at)| Command::Move(node.id.clone(), at))
        .collect()
}

/// Returns the first place from here down, row by row, that keeps its distance from every card.
pub(crate) fn free_place(design: &Design, at: Point) -> Point {
    let at = Point::from(at.to_position());
    let is_free = |at: &Point| {
        let here = rect_at(*at);
        let around = Rect {
            min: here.min - GAP,
            max: here.max + GAP,
        };
        // A card that touches its edge is far enough.
        let around = around.expand(-0.5);
        let mut nodes = design.nodes.iter();
        !nodes.any(|node| node_rect(node).intersects(&around))
    };
    // A card is in the way of two rows at most, so one of these is free.
    let mut rows =
        (0..=2 * design.nodes.len()).map(|row| at + Point::new(0.0, ROW_STEP * row as f64));
    rows.find(is_free).unwrap_or(at)
}

/// Returns the ids of all nodes from callers to callees: the order in which Tab visits them.
pub fn flow_order(design: &Design) -> Vec<String> {
    let graph = Graph::new(design);
    let mut order: Vec<usize> = (0..design.nodes.len()).collect();
    order.sort_by_key(|node| {
        let at = design.nodes[*node].at;
        (graph.layer[*node], at[1], at[0], *node)
    });
    order
        .into_iter()
        .map(|node| design.nodes[node].id.clone())
        .collect()
}

/// Returns the height of every vertex: near the average of its adjacent vertices, and at least a
/// row from the next of its layer. The topmost is at 0.
fn place(graph: &Graph, layers: &[Vec<usize>]) -> Vec<f64> {
    let mut y = vec![0.0; graph.layer.len()];
    for layer in layers {
        for (at, vertex) in layer.iter().enumerate() {
            y[*vertex] = (at as f64 - (layer.len() as f64 - 1.0) / 2.0) * ROW_STEP;
        }
    }
    for sweep in 0..PLACINGS {
        let forwards = sweep % 2 == 0;
        let neighbors = if forwards { &graph.back } else { &graph.next };
        for step in 0..layers.len() {
            let layer = &layers[if forwards {
                step
            } else {
                layers.len() - 1 - step
            }];
            let wanted: Vec<f64> = layer
                .iter()
                .map(|vertex| average(&neighbors[*vertex], &y).unwrap_or(y[*vertex]))
                .collect();
            for (vertex, place) in layer.iter().zip(spread(&wanted)) {
                y[*vertex] = place;
            }
        }
    }
    let connected = layers.iter().flatten().filter(|v| **v < graph.nodes);
    let top = connected.map(|v| y[*v]).fold(f64::INFINITY, f64::min);
    if top.is_finite() {
        for height in &mut y {
            *height -= top;
        }
    }
    y
}

/// Returns the places nearest to the wanted ones, in the same order and at least a row apart.
/// Vertices that come too close form a block, which is placed at the average of what its members
/// want.
fn spread(wanted: &[f64]) -> Vec<f64> {
    // For each block: the sum of the first places that its members want, and their number.
    let mut blocks: Vec<(f64, usize)> = Vec::new();
    for want in wanted {
        blocks.push((*want, 1));
        while let [.., (sum, count), (next_sum, next_count)] = blocks[..] {
            let end = sum / count as f64 + count as f64 * ROW_STEP;
            if next_sum / next_count as f64 >= end {
                break;
            }
            blocks.pop();
            // Relative to the joint block's first place, the later members want it that much
            // higher.
            let shift = next_count as f64 * count as f64 * ROW_STEP;
            if let Some(block) = blocks.last_mut() {
                *block = (sum + next_sum - shift, count + next_count);
            }
        }
    }
    blocks
        .into_iter()
        .flat_map(|(sum, count)| {
            (0..count).map(move |at| sum / count as f64 + at as f64 * ROW_STEP)
        })
        .collect()
}

/// Places nodes without links below the rest, in rows.
fn place_strays(graph: &Graph, positions: &mut [[i32; 2]]) {
    let (strays, connected): (Vec<usize>, Vec<usize>) =
        (0..graph.nodes).partition(|node| graph.is_stray(*node));
    let bottom = connected.iter().map(|node| positions[*node][1]).max();
    let top = bottom.map_or(0, |bottom| bottom + 2 * ROW_STEP as i32);
    let columns = (strays.len() as f64).sqrt().floor().max(4.0) as usize;
    for (at, node) in strays.into_iter().enumerate() {
        let (row, column) = (at / columns, at % columns);
        positions[node] = [
            (column as f64 * LAYER_STEP) as i32,
            top + (row as f64 * ROW_STEP) as i32,
        ];
    }
}

fn average(vertices: &[usize], values: &[f64]) -> Option<f64> {
    let sum: f64 = vertices.iter().map(|vertex| values[*vertex]).sum();
    (!vertices.is_empty()).then(|| sum / vertices.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_apart, kind, small};
    use design::link::Mode;
    use design::{Link, Node};

    fn design(nodes: usize, links: &[(usize, usize)]) -> Design {
        Design {
            nodes: (0..nodes)
                .map(|at| Node::new(format!("n{at}"), kind("service"), [0, 0]))
                .collect(),
            links: links
                .iter()
                .enumerate()
                .map(|(at, (from, to))| {
                    Link::new(
                        format!("l{at}"),
                        format!("n{from}"),
                        format!("n{to}"),
                        Mode::Call,
                    )
                })
                .collect(),
            ..Design::default()
        }
    }

    fn laid_out(mut design: Design) -> Design {
        for command in tidy(&design) {
            design.apply(command).unwrap();
        }
        design
    }

    #[test]
    fn a_chain_is_a_straight_line() {
        let step = LAYER_STEP as i32;
        assert_eq!(arrange(&small()), [[0, 0], [step, 0], [2 * step, 0]]);
    }

    #[test]
    fn a_diamond_is_symmetrical() {
        let design = design(4, &[(0, 1), (0, 2), (1, 3), (2, 3)]);
        let (step, row) = (LAYER_STEP as i32, ROW_STEP as i32);
        assert_eq!(
            arrange(&design),
            [[0, row / 2], [step, 0], [step, row], [2 * step, row / 2]]
        );
    }

    #[test]
    fn links_lead_to_the_right_and_nodes_keep_apart() {
        for (nodes, links) in [
            (6, vec![(0, 1), (1, 2), (0, 3), (3, 2), (2, 4), (1, 4)]),
            (5, vec![(0, 4), (1, 4), (2, 4), (3, 4)]),
            (4, vec![(0, 1), (1, 2), (2, 0), (2, 3)]),
            (9, vec![]),
            (3, vec![(0, 1), (1, 0)]),
        ] {
            let design = laid_out(design(nodes, &links));
            check_apart(&design);
            let back = links
                .iter()
                .filter(|(from, to)| design.nodes[*from].at[0] >= design.nodes[*to].at[0]);
            assert!(back.count() <= 1, "{links:?}");
        }
    }

    #[test]
    fn a_link_over_a_layer_does_not_run_through_a_node() {
        let design = laid_out(design(3, &[(0, 1), (1, 2), (0, 2)]));
        let heights: Vec<i32> = design.nodes.iter().map(|node| node.at[1]).collect();
        assert_ne!(heights[1], heights[0].midpoint(heights[2]));
    }

    #[test]
    fn crossings_are_undone() {
        let design = laid_out(design(4, &[(0, 3), (1, 2)]));
        assert_eq!(design.nodes[0].at[1], design.nodes[3].at[1]);
        assert_eq!(design.nodes[1].at[1], design.nodes[2].at[1]);
    }

    #[test]
    fn a_shop_is_laid_out_without_crossings() {
        let names = [
            "web",
            "mobile",
            "cdn",
            "gateway",
            "catalog",
            "cart",
            "orders",
            "redis",
            "postgres",
            "kafka",
            "payments",
            "fulfilment",
            "email",
        ];
        let links = [
            (0, 2),
            (1, 2),
            (2, 3),
            (3, 4),
            (3, 5),
            (3, 6),
            (4, 7),
            (4, 8),
            (5, 7),
            (6, 8),
            (6, 9),
            (6, 10),
            (9, 11),
            (9, 12),
        ];
        let design = laid_out(design(names.len(), &links));
        let paths: Vec<_> = crate::Scene::new(&design).paths().flatten().collect();
        for (at, (from, to)) in links.iter().enumerate() {
            for (other, (from_2, to_2)) in links.iter().enumerate().skip(at + 1) {
                let apart = from != from_2 && to != to_2;
                let near = paths[at]
                    .points()
                    .iter()
                    .any(|p| paths[other].distance(*p) < 2.0);
                let [a, b] = [at, other].map(|at| (names[links[at].0], names[links[at].1]));
                assert!(!(apart && near), "{a:?} crosses {b:?}");
            }
        }
    }

    #[test]
    fn tidying_twice_moves_nothing_more() {
        let design = laid_out(design(6, &[(0, 1), (0, 2), (1, 3), (2, 3), (0, 4), (4, 5)]));
        assert_eq!(tidy(&design), []);
    }

    #[test]
    fn flow_order_goes_from_callers_to_callees() {
        let mut design = small();
        design.nodes.reverse();
        assert_eq!(flow_order(&design), ["users", "api", "db"]);
    }

    #[test]
    fn places_wanted_too_close_spread_around_their_middle() {
        assert_eq!(
            spread(&[0.0, 0.0, 500.0]),
            [-ROW_STEP / 2.0, ROW_STEP / 2.0, 500.0]
        );
    }
}
