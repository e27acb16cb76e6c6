//! Snapping of a dragged node: to lines of other nodes if one is near, to the grid otherwise.

use crate::geometry::{GRID, Point};
use crate::tools::dragging::Places;
use design::Design;

/// Distance, in screen pixels, within which a node snaps to another node's line.
const REACH: f64 = 5.0;

/// A line through nodes at the same height or one above the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Guide {
    /// Upper edges are all at this `y`.
    Horizontal(f64),
    /// Left edges are all at this `x`.
    Vertical(f64),
}

/// Returns where a node that would be moved to `at` is placed. All nodes have the same size, so
/// aligning left edges also aligns middles and right edges.
pub(crate) fn snap(design: &Design, moving: &Places, at: Point, scale: f64) -> Point {
    let reach = (REACH / scale).min(GRID);
    let others = || {
        design
            .nodes
            .iter()
            .filter(|node| !moving.nodes.contains_key(&node.id))
            .map(|node| Point::from(node.at))
    };
    Point::new(
        snap_one(at.x, others().map(|other| other.x), reach),
        snap_one(at.y, others().map(|other| other.y), reach),
    )
}

fn snap_one(at: f64, others: impl Iterator<Item = f64>, reach: f64) -> f64 {
    let near = others
        .filter(|other| (other - at).abs() <= reach)
        .min_by(|a, b| (a - at).abs().total_cmp(&(b - at).abs()));
    let grid = (at / GRID).round() * GRID;
    match near {
        Some(line) if (line - at).abs() <= (grid - at).abs() => line,
        _ => grid,
    }
}

/// Returns the lines that a node at `at` shares with nodes that are not moving.
pub(crate) fn guides(design: &Design, moving: &Places, at: Point) -> Vec<Guide> {
    let others = || {
        design
            .nodes
            .iter()
            .filter(|node| !moving.nodes.contains_key(&node.id))
            .map(|node| Point::from(node.at))
    };
    let mut guides = Vec::new();
    if others().any(|other| other.x == at.x) {
        guides.push(Guide::Vertical(at.x));
    }
    if others().any(|other| other.y == at.y) {
        guides.push(Guide::Horizontal(at.y));
    }
    guides
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::Selection;
    use crate::testing::small;

    #[test]
    fn snaps_to_lines_before_the_grid() {
        let mut design = small();
        design.nodes[0].at = [3, 0];
        let moving = Places::of(&design, &Selection::of_nodes(["api".to_owned()]));
        for (at, wanted) in [
            ((301.0, 5.0), (304.0, 8.0)),
            ((5.0, 3.0), (3.0, 0.0)),
            ((598.0, 101.0), (600.0, 104.0)),
        ] {
            let snapped = snap(&design, &moving, Point::new(at.0, at.1), 1.0);
            assert_eq!(snapped, Point::new(wanted.0, wanted.1), "{at:?}");
        }
        assert_eq!(
            guides(&design, &moving, Point::new(3.0, 0.0)),
            [Guide::Vertical(3.0), Guide::Horizontal(0.0)]
        );
        assert_eq!(guides(&design, &moving, Point::new(4.0, 8.0)), []);
    }
}
