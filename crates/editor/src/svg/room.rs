//! Free room in a picture: words are placed beside their line, off cards, other words and, if
//! possible, other lines.

use crate::curve::LinkPath;
use crate::geometry::{NODE_HEIGHT, Point, Rect};

/// Side of a cell of the index.
const CELL: f64 = 160.0;
/// Shares of a line at which words may be placed, the best first.
const SHARES: [f64; 11] = [
    0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82, 0.1, 0.9,
];
/// Distance between words and their own line.
const ASIDE: f64 = 5.0;
/// Distance between words and everything else.
const GAP: f64 = 3.0;
/// Number of points of a line that are indexed.
const POINTS: usize = 65;

/// Number of buckets. The contents of a bucket distinguish its cells.
const BUCKETS: usize = 1_024;

/// The occupied parts of a picture, by cell.
pub(super) struct Room {
    cells: Vec<Cell>,
}

#[derive(Clone, Default)]
struct Cell {
    taken: Vec<Rect>,
    /// Points of lines, each with its line's number.
    points: Vec<(usize, Point)>,
}

/// Returns the buckets that a rectangle touches.
fn buckets(rect: &Rect) -> Vec<usize> {
    let cell = |at: f64| (at / CELL).floor() as i64;
    let mut found = Vec::new();
    for x in cell(rect.min.x)..=cell(rect.max.x) {
        for y in cell(rect.min.y)..=cell(rect.max.y) {
            let bucket = (x * 31 + y).rem_euclid(BUCKETS as i64) as usize;
            if !found.contains(&bucket) {
                found.push(bucket);
            }
        }
    }
    found
}

/// Returns the distances from their line at which words may be placed, the best first. Words that
/// are too wide for the gap between two cards are placed above or below both.
fn asides(across: f64) -> [f64; 11] {
    let near = across + ASIDE;
    let beyond = across + NODE_HEIGHT / 2.0 + GAP + 1.0;
    // Also beyond the number of failures at a card's corner.
    let farther = beyond + 14.0;
    let [some, more] = [1.8, 2.6].map(|times| times * near);
    [
        near, -near, 0.0, some, -some, more, -more, beyond, -beyond, farther, -farther,
    ]
}

impl Room {
    /// Returns an empty picture.
    pub(super) fn new() -> Self {
        Self {
            cells: vec![Cell::default(); BUCKETS],
        }
    }

    /// Marks a rectangle as occupied.
    pub(super) fn take(&mut self, rect: Rect) {
        for at in buckets(&rect) {
            self.cells[at].taken.push(rect);
        }
    }

    /// Marks the points of a line as occupied.
    pub(super) fn line(&mut self, number: usize, path: &LinkPath) {
        for point in path.evenly(POINTS) {
            self.point(number, point);
        }
    }

    fn point(&mut self, number: usize, point: Point) {
        for at in buckets(&Rect::between(point, point)) {
            self.cells[at].points.push((number, point));
        }
    }

    /// Marks an edge that words should not cross.
    pub(super) fn edge(&mut self, rect: &Rect) {
        let (a, c) = (rect.min, rect.max);
        let (b, d) = (Point::new(c.x, a.y), Point::new(a.x, c.y));
        for (from, to) in [(a, b), (b, c), (c, d), (d, a)] {
            let steps = (from.distance(to) / 8.0).ceil().clamp(1.0, 2_000.0);
            for step in 0..steps as usize {
                let point = from.towards(to, step as f64 / steps);
                self.point(usize::MAX, point);
            }
        }
    }

    fn is_free(&self, rect: &Rect) -> bool {
        let wide = rect.expand(GAP);
        let is_free = |at: usize| {
            let mut taken = self.cells[at].taken.iter();
            taken.all(|taken| !taken.intersects(&wide))
        };
        buckets(&wide).into_iter().all(is_free)
    }

    /// Returns how many points of lines are under a rectangle. Points of the words' own line count
    /// less.
    fn covered(&self, rect: &Rect, own: usize) -> f64 {
        let mut sum = 0.0;
        for at in buckets(rect) {
            for (line, point) in &self.cells[at].points {
                if rect.contains(*point) {
                    sum += if *line == own { 1.0 } else { 2.5 };
                }
            }
        }
        sum
    }

    /// Finds room for words beside a line and takes it: as near to its middle as possible, with as
    /// little of any line under them as possible. `None` if no room is left.
    pub(super) fn beside(
        &mut self,
        own: usize,
        path: &LinkPath,
        size: Point,
    ) -> Option<(Rect, bool)> {
        let half = size * 0.5;
        let mut best: Option<(f64, Rect, bool)> = None;
        for (rank, share) in SHARES.into_iter().enumerate() {
            let (at, way) = (path.at(share), path.direction(share));
            let normal = Point::new(way.y, -way.x);
            // Half the extent of the words across the line.
            let across = half.x * normal.x.abs() + half.y * normal.y.abs();
            for (place, aside) in asides(across).into_iter().enumerate() {
                let middle = at + normal * aside;
                let rect = Rect::between(middle - half, middle + half);
                let cost = rank as f64 * 0.8 + place as f64 * 0.5;
                if best.is_some_and(|(least, ..)| cost >= least) || !self.is_free(&rect) {
                    continue;
                }
                let covered = self.covered(&rect, own);
                if best.is_none_or(|(least, ..)| cost + covered < least) {
                    best = Some((cost + covered, rect, covered > 0.0));
                }
            }
        }
        let (_, rect, covers) = best?;
        self.take(rect);
        Some((rect, covers))
    }
}
