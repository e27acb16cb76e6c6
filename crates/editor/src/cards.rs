//! A spatial index of cards: those near a line are found without a scan of all.

use crate::geometry::{NODE_HEIGHT, NODE_WIDTH, Point, Rect, rect_at};
use design::Design;
use std::collections::BTreeSet;

/// Width and height of a cell of the grid.
const CELL: Point = Point::new(256.0, 128.0);
/// For areas with more columns than this, every card is compared.
const COLUMNS_MAX: i32 = 64;

/// The places of cards. Each card is in the cell of its upper left corner.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cards {
    cells: BTreeSet<(i32, i32, usize)>,
    corners: Vec<Point>,
}

impl Cards {
    pub(crate) fn new(design: &Design) -> Self {
        let nodes = design.nodes.iter();
        let corners: Vec<Point> = nodes.map(|node| Point::from(node.at)).collect();
        let cells = corners.iter().enumerate();
        let cells = cells.map(|(card, corner)| entry(card, *corner)).collect();
        Self { cells, corners }
    }

    /// Returns the rectangle of a card, by its index in the design.
    pub(crate) fn rect(&self, card: usize) -> Rect {
        rect_at(self.corners[card])
    }

    /// Removes a card, so that lines may run where it was.
    pub(crate) fn lift(&mut self, card: usize) {
        self.cells.remove(&entry(card, self.corners[card]));
    }

    /// Puts a card in its place, or moves it to another.
    pub(crate) fn put(&mut self, card: usize, corner: Point) {
        self.lift(card);
        self.corners[card] = corner;
        self.cells.insert(entry(card, corner));
    }

    /// Returns the cards that share a point with an area, in an order that depends on places alone.
    pub(crate) fn near(&self, area: Rect) -> impl Iterator<Item = (usize, Rect)> + '_ {
        let from = area.min - Point::new(NODE_WIDTH, NODE_HEIGHT);
        let (left, top, _) = entry(0, from);
        let (right, bottom, _) = entry(0, area.max);
        let is_wide = right.saturating_sub(left) > COLUMNS_MAX;
        let all = is_wide.then(|| self.cells.iter());
        let columns = if is_wide { 0..0 } else { left..right + 1 };
        let some = columns.flat_map(move |column| {
            self.cells
                .range((column, top, 0)..=(column, bottom, usize::MAX))
        });
        all.into_iter()
            .flatten()
            .chain(some)
            .map(|(_, _, card)| (*card, self.rect(*card)))
            .filter(move |(_, rect)| rect.intersects(&area))
    }
}

fn entry(card: usize, corner: Point) -> (i32, i32, usize) {
    let cell = |at: f64, size: f64| (at / size).floor() as i32;
    (cell(corner.x, CELL.x), cell(corner.y, CELL.y), card)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::small;

    #[test]
    fn cards_are_found_where_they_are() {
        let mut cards = Cards::new(&small());
        let found = |cards: &Cards, from: (f64, f64), to: (f64, f64)| {
            let area = Rect::between(Point::new(from.0, from.1), Point::new(to.0, to.1));
            let mut found: Vec<usize> = cards.near(area).map(|(card, _)| card).collect();
            found.sort_unstable();
            found
        };
        let (corner, below) = ((NODE_WIDTH, NODE_HEIGHT), NODE_HEIGHT + 8.0);
        assert_eq!(found(&cards, corner, (300.0, below)), [0, 1]);
        assert_eq!(
            found(&cards, (NODE_WIDTH + 1.0, 0.0), (299.0, below)),
            [0_usize; 0]
        );
        assert_eq!(found(&cards, (-1e6, -1e6), (1e6, 1e6)), [0, 1, 2]);
        cards.put(1, Point::new(-900.0, -900.0));
        assert_eq!(found(&cards, corner, (300.0, below)), [0]);
        assert_eq!(found(&cards, (-890.0, -890.0), (-889.0, -889.0)), [1]);
        cards.lift(1);
        assert_eq!(found(&cards, (-1e6, -1e6), (1e6, 1e6)), [0, 2]);
    }
}
