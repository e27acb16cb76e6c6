//! Where there is room: words are put beside their line, off cards, other words and, where it can
//! be, other lines.

use crate::curve::LinkPath;
use crate::geometry::{NODE_HEIGHT, Point, Rect};

/// Side of a cell of the index.
const CELL: f64 = 160.0;
/// Shares of a line at which words may stand, the best first.
const SHARES: [f64; 11] = [
    0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82, 0.1, 0.9,
];
/// Between words and their own line.
const ASIDE: f64 = 5.0;
/// Between words and whatever else is taken.
const GAP: f64 = 3.0;
/// Points of a line that are looked at.
const POINTS: usize = 65;

/// Buckets of cells: those that share one are told apart by what is in them.
const BUCKETS: usize = 1_024;

/// What is taken of a picture, by cells.
pub(super) struct Room {
    cells: Vec<Cell>,
}

#[derive(Clone, Default)]
struct Cell {
    taken: Vec<Rect>,
    /// Points of lines, each with its line's number.
    points: Vec<(usize, Point)>,
}

/// The buckets that a rectangle touches.
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

/// How far from their line words may stand, the best first. Those that are too wide for the gap
/// between neighbours stand above or below both cards.
fn asides(across: f64) -> [f64; 11] {
    let near = across + ASIDE;
    let beyond = across + NODE_HEIGHT / 2.0 + GAP + 1.0;
    // Past the count of failures at a card's corner, too.
    let farther = beyond + 14.0;
    let [some, more] = [1.8, 2.6].map(|times| times * near);
    [
        near, -near, 0.0, some, -some, more, -more, beyond, -beyond, farther, -farther,
    ]
}

impl Room {
    /// All of it is free.
    pub(super) fn new() -> Self {
        Self {
            cells: vec![Cell::default(); BUCKETS],
        }
    }

    /// Nothing else may stand there.
    pub(super) fn take(&mut self, rect: Rect) {
        for at in buckets(&rect) {
            self.cells[at].taken.push(rect);
        }
    }

    /// A line runs there.
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

    /// An edge that words should not stand across.
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

    /// How many points of lines are under a rectangle; of the own line they count less.
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

    /// Finds room for words beside a line and takes it: as near to its middle as can be, with as
    /// little of any line under them as can be. Says whether there is some; none where all room is
    /// taken.
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
