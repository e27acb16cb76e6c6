//! Folding of a wide design for a narrow screen.

use std::collections::BTreeSet;

use design::Design;

use crate::geometry::{NODE_HEIGHT, NODE_WIDTH, Point};

/// Free space between two rows, in canvas pixels: for what is written below a card.
const BETWEEN: i32 = 96;
/// Indent of the rows below the first, in canvas pixels: for the calls that wait in front of their
/// first cards.
const INDENT: i32 = 32;
/// A fold has to enlarge the design by at least this factor.
const GAIN_MIN: f64 = 1.05;

/// Folds a design that is too wide for a screen of this size: its columns continue in a row below,
/// as text does. It stays as it is if that would not enlarge it in view, or if it has zones or
/// notes, which are places of their own.
pub fn fold(design: &mut Design, screen: Point) {
    let is_placed = |node: &design::Node| !node.deployment.zones().is_empty();
    if design.nodes.iter().any(is_placed) || !design.settings.notes.is_empty() {
        return;
    }
    let columns: BTreeSet<i32> = design.nodes.iter().map(|node| node.at[0]).collect();
    let columns: Vec<i32> = columns.into_iter().collect();
    let now: Vec<[i32; 2]> = design.nodes.iter().map(|node| node.at).collect();
    let folds = (1..columns.len()).map(|across| folded(&now, &columns, across));
    let best = folds.fold(
        (GAIN_MIN * scale(&now, screen), None),
        |best, places| match scale(&places, screen) {
            gained if gained > best.0 => (gained, Some(places)),
            _ => best,
        },
    );
    if let (_, Some(places)) = best {
        for (node, at) in design.nodes.iter_mut().zip(places) {
            node.at = at;
        }
    }
}

/// Returns the places with this many columns in a row.
fn folded(places: &[[i32; 2]], columns: &[i32], across: usize) -> Vec<[i32; 2]> {
    let mut folded = places.to_vec();
    let mut top = None;
    for row in columns.chunks(across) {
        let is_here = |at: &&[i32; 2]| row.contains(&at[0]);
        let heights = || places.iter().filter(is_here).map(|at| at[1]);
        let (Some(first), Some(last)) = (heights().min(), heights().max()) else {
            continue;
        };
        let (start, left) = match top {
            None => (first, columns[0]),
            Some(top) => (top, columns[0] + INDENT),
        };
        for (place, at) in folded.iter_mut().zip(places) {
            if row.contains(&at[0]) {
                *place = [at[0] - row[0] + left, at[1] - first + start];
            }
        }
        top = Some(start + last - first + NODE_HEIGHT as i32 + BETWEEN);
    }
    folded
}

/// Returns the zoom at which cards at these places fit on a screen.
fn scale(places: &[[i32; 2]], screen: Point) -> f64 {
    let length = |axis: usize, card: f64| {
        let all = || places.iter().map(|at| at[axis]);
        let (Some(first), Some(last)) = (all().min(), all().max()) else {
            return card;
        };
        f64::from(last) - f64::from(first) + card
    };
    let across = screen.x / length(0, NODE_WIDTH);
    across.min(screen.y / length(1, NODE_HEIGHT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use design::{Kind, Node};

    fn places(at: &[[i32; 2]], screen: [f64; 2]) -> Vec<[i32; 2]> {
        let service = || Kind::Service(design::kinds::Service::default());
        let nodes = at.iter().enumerate();
        let mut design = Design {
            nodes: nodes
                .map(|(nth, at)| Node::new(format!("n{nth}"), service(), *at))
                .collect(),
            ..Design::default()
        };
        fold(&mut design, Point::new(screen[0], screen[1]));
        design.nodes.iter().map(|node| node.at).collect()
    }

    #[test]
    fn a_chain_is_folded_on_a_narrow_screen_and_left_alone_where_it_fits() {
        let chain = [[40, 200], [320, 200], [600, 200], [880, 200]];
        assert_eq!(
            places(&chain, [374.0, 230.0]),
            [[40, 200], [320, 200], [72, 400], [352, 400]]
        );
        assert_eq!(places(&chain, [1_000.0, 250.0]), chain);
    }

    #[test]
    fn what_is_beside_each_other_stays_so_and_cards_never_overlap() {
        // A branch in the last column.
        let branch = [[40, 200], [320, 200], [600, 80], [600, 320]];
        assert_eq!(
            places(&branch, [374.0, 420.0]),
            [[40, 200], [320, 200], [72, 400], [72, 640]]
        );
        // Taller than wide: nothing is gained.
        let tall = [[0, 0], [280, 0], [280, 300], [280, 600]];
        assert_eq!(places(&tall, [374.0, 230.0]), tall);
    }
}
