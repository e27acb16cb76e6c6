//! A spatial index of rectangles: those near a point are found without a scan of all.

use crate::geometry::Rect;
use std::collections::BTreeSet;

/// Width and height of a cell of the grid.
const CELL: f64 = 512.0;
/// Rectangles that cover more cells than this count as near everything.
const CELLS_MAX: i64 = 512;

/// Rectangles by place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Areas {
    cells: BTreeSet<(i32, i32, usize)>,
    wide: BTreeSet<usize>,
}

impl Areas {
    pub(crate) fn insert(&mut self, name: usize, area: Rect) {
        match cells(area) {
            Some(cells) => self.cells.extend(cells.map(|(x, y)| (x, y, name))),
            None => {
                self.wide.insert(name);
            }
        }
    }

    pub(crate) fn remove(&mut self, name: usize, area: Rect) {
        self.wide.remove(&name);
        for (x, y) in cells(area).into_iter().flatten() {
            self.cells.remove(&(x, y, name));
        }
    }

    /// Returns the rectangles that may share a point with this one. Some may only be near.
    pub(crate) fn near(&self, area: Rect) -> BTreeSet<usize> {
        let cells = cells(area).into_iter().flatten();
        let near = cells.flat_map(|(x, y)| self.cells.range((x, y, 0)..=(x, y, usize::MAX)));
        let near = near.map(|(_, _, name)| *name);
        near.chain(self.wide.iter().copied()).collect()
    }
}

/// Returns the cells that a rectangle covers; `None` if they are too many.
fn cells(area: Rect) -> Option<impl Iterator<Item = (i32, i32)>> {
    let cell = |at: f64| (at / CELL).floor() as i32;
    let (columns, rows) = (
        cell(area.min.x)..=cell(area.max.x),
        cell(area.min.y)..=cell(area.max.y),
    );
    let count = |range: &std::ops::RangeInclusive<i32>| {
        i64::from(*range.end()) - i64::from(*range.start()) + 1
    };
    let fits = count(&columns) * count(&rows) <= CELLS_MAX;
    fits.then(|| columns.flat_map(move |x| rows.clone().map(move |y| (x, y))))
}
