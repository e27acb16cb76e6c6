//! Places labels beside links: the icons of policies, the number of calls per dot, and the flag of
//! a finding. No label covers a card, another label, or the dots. A label without such a place is
//! left out.
//!
//! Labels are placed in order (icons, samples, flags), each around those before it. A move places
//! again those near what moved, and those after them that this displaces.

use crate::areas::Areas;
use crate::cards::Cards;
use crate::curve::LinkPath;
use crate::geometry::{NODE_HEIGHT, Point, Rect};
use crate::route::is_crossed;
use crate::routes::Kept;
use design::{Design, Link};
use std::collections::BTreeSet;

/// Width and height of a policy icon.
const MARK: f64 = 16.0;
/// Distance along the line of the first icon of a link, at most, and of each further one from the
/// one before.
const MARKS: [f64; 2] = [16.0, 18.0];
/// Distance of icons from the line.
const MARKS_ASIDE: f64 = 17.5;
/// Alternative places for icons along the line: how many, and how far apart.
const MARKS_PLACES: (usize, f64) = (12, 10.0);
/// Width and height of "×27 ● = 10k": retry amplification, and the number of calls per dot.
pub const SAMPLE: Point = Point::new(70.0, 14.0);
/// Width and height of a flag.
pub const FLAG: Point = Point::new(24.0, 24.0);
/// Shares of the line at which a label may be placed, the best first.
const SHARES: [f64; 7] = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8];
/// Moving dots are no farther from the line than this.
const DOTS: f64 = 8.0;
/// The crosses of attempts that the caller abandoned: distance along the line from its end,
/// distance to the right of the line, and half the width of one. The page draws them there.
const CROSSES: ([f64; 2], [f64; 2], f64) = ([4.0, 26.0], [10.0, 23.0], 5.0);
/// Everything of a link that labels avoid is within this distance of its line.
const ASIDE: f64 = CROSSES.1[1] + CROSSES.2;
/// Distance between labels, and between a label and a card.
const GAP: f64 = 3.0;
/// The queue before a card: its reach before the card, and below the card's middle.
const QUEUE: Point = Point::new(72.0, 29.0);
/// Width and height of a cell. Labels, and what they avoid, are within this distance of their line.
const CELL: f64 = 128.0;

/// The middles of a link's labels. Labels without a place are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkLabels {
    /// The icons of its policies, in the order in which a call meets them.
    pub marks: Vec<Point>,
    /// The number of calls per dot.
    pub sample: Option<Point>,
    /// The flag of a finding.
    pub flag: Option<Point>,
}

/// The labels of all links.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels {
    /// The number of icons of each link.
    marks: Vec<usize>,
    /// The icons of each link, then the sample of each link, then the flag of each link.
    boxes: Vec<Vec<Rect>>,
    /// A spatial index of the labels.
    placed: Areas,
    /// Links by the cells that their lines pass through.
    passing: BTreeSet<(i32, i32, usize)>,
    cells: Vec<Cells>,
    /// The crosses of each link.
    crosses: Vec<Rect>,
    /// Number of placements so far.
    pub(crate) work: u64,
}

/// Cells of a grid, without repetition.
type Cells = Vec<(i32, i32)>;

/// A longer line has no labels, and others may cover it.
const LENGTH_MAX: f64 = 50_000.0;
/// Icons, samples and flags.
const KINDS: usize = 3;

/// What labels are placed around.
struct Among<'a> {
    cards: &'a Cards,
    links: &'a [Option<Kept>],
}

/// Returns the number of policies that a link shows.
fn marks(link: &Link) -> usize {
    let all = [
        link.pool.is_some(),
        link.breaker.is_some(),
        link.timeout.is_some(),
        link.retry.is_some(),
    ];
    all.into_iter().filter(|has| *has).count()
}

impl Labels {
    pub(crate) fn new(design: &Design, cards: &Cards, links: &[Option<Kept>]) -> Self {
        let mut labels = Self {
            marks: design.links.iter().map(marks).collect(),
            boxes: vec![Vec::new(); links.len() * KINDS],
            cells: links.iter().map(cells_of_line).collect(),
            crosses: links.iter().map(crosses).collect(),
            ..Self::default()
        };
        for (link, cells) in labels.cells.iter().enumerate() {
            let passing = cells.iter().map(|(x, y)| (*x, *y, link));
            labels.passing.extend(passing);
        }
        let all = (0..links.len() * KINDS).collect();
        labels.place_all(&Among { cards, links }, all);
        labels
    }

    /// Updates the labels after these lines changed, and after cards moved to or from these places.
    /// Returns the links whose icons or samples moved.
    pub(crate) fn follow(
        &mut self,
        cards: &Cards,
        links: &[Option<Kept>],
        lines: &BTreeSet<usize>,
        places: &[Rect],
    ) -> BTreeSet<usize> {
        let mut touched = Cells::new();
        for card in places {
            touched.extend(cells_of(card.expand(QUEUE.x)));
        }
        for link in lines {
            self.crosses[*link] = crosses(&links[*link]);
            let now = cells_of_line(&links[*link]);
            let before = std::mem::replace(&mut self.cells[*link], now);
            for (x, y) in &before {
                self.passing.remove(&(*x, *y, *link));
            }
            let now = &self.cells[*link];
            self.passing
                .extend(now.iter().map(|(x, y)| (*x, *y, *link)));
            touched.extend(before.iter().chain(now));
        }
        let mut open = BTreeSet::new();
        self.open(each_once(touched).into_iter(), 0, &mut open);
        self.place_all(&Among { cards, links }, open)
    }

    /// Updates the labels after policies of links changed. Returns the links whose icons or samples
    /// moved.
    pub(crate) fn take_marks(
        &mut self,
        design: &Design,
        cards: &Cards,
        links: &[Option<Kept>],
    ) -> BTreeSet<usize> {
        let mut open = BTreeSet::new();
        for (at, (known, link)) in self.marks.iter_mut().zip(&design.links).enumerate() {
            let now = marks(link);
            if std::mem::replace(known, now) != now {
                open.insert(at);
            }
        }
        self.place_all(&Among { cards, links }, open)
    }

    /// Returns the places of a link's labels.
    pub(crate) fn of(&self, link: usize) -> LinkLabels {
        let single = |kind: usize| self.boxes[self.marks.len() * kind + link].first();
        LinkLabels {
            marks: self.boxes[link].iter().map(Rect::center).collect(),
            sample: single(1).map(Rect::center),
            flag: single(2).map(Rect::center),
        }
    }

    /// Adds the labels from `from` on that can be in these cells or beside them.
    fn open(
        &self,
        cells: impl Iterator<Item = (i32, i32)>,
        from: usize,
        open: &mut BTreeSet<usize>,
    ) {
        let beside = |(x, y): (i32, i32)| {
            (x - 1..=x + 1).flat_map(move |x| (y - 1..=y + 1).map(move |y| (x, y)))
        };
        let around = each_once(cells.flat_map(beside).collect());
        for link in around.into_iter().flat_map(|cell| self.in_cell(cell)) {
            let all = (0..KINDS).map(|kind| self.marks.len() * kind + link);
            open.extend(all.filter(|label| *label >= from));
        }
    }

    /// Returns the links whose lines pass through a cell.
    fn in_cell(&self, (x, y): (i32, i32)) -> impl Iterator<Item = usize> + '_ {
        let here = self.passing.range((x, y, 0)..=(x, y, usize::MAX));
        here.map(|(_, _, link)| *link)
    }

    fn place_all(&mut self, among: &Among<'_>, mut open: BTreeSet<usize>) -> BTreeSet<usize> {
        let mut elsewhere = BTreeSet::new();
        while let Some(label) = open.pop_first() {
            let now = self.place(among, label);
            self.work += 1;
            if now == self.boxes[label] {
                continue;
            }
            // Flags are drawn apart from their links.
            if label < 2 * self.marks.len() {
                elsewhere.insert(label % self.marks.len());
            }
            let before = std::mem::replace(&mut self.boxes[label], now.clone());
            if let Some(area) = around(&before) {
                self.placed.remove(label, area);
                self.open(cells_of(area), label + 1, &mut open);
            }
            if let Some(area) = around(&now) {
                self.placed.insert(label, area);
                self.open(cells_of(area), label + 1, &mut open);
            }
        }
        elsewhere
    }

    /// Returns the first free place of a label; empty if there is none.
    fn place(&self, among: &Among<'_>, label: usize) -> Vec<Rect> {
        let count = self.marks.len();
        let kept = among.links[label % count].as_ref();
        let Some(kept) = kept.filter(|_| !self.cells[label % count].is_empty()) else {
            return Vec::new();
        };
        let places = match label / count {
            0 => places_of_marks(&kept.path, self.marks[label]),
            1 => places_of_one(&kept.path, SAMPLE),
            _ => places_of_one(&kept.path, FLAG),
        };
        let is_free = |boxes: &Vec<Rect>| boxes.iter().all(|one| self.is_free(among, *one, label));
        places.into_iter().find(is_free).unwrap_or_default()
    }

    fn is_free(&self, among: &Among<'_>, one: Rect, label: usize) -> bool {
        let wide = one.expand(GAP);
        let queue = Rect {
            max: wide.max + Point::new(QUEUE.x, 0.0),
            ..wide
        };
        let is_covered = among.cards.near(queue).any(|(_, card)| {
            let below = card.min.y + NODE_HEIGHT / 2.0;
            let is_beside = wide.max.x < card.min.x;
            !is_beside || (wide.max.y > below && wide.min.y < below + QUEUE.y)
        });
        let mut before = self.placed.near(wide).into_iter();
        let is_taken = before.any(|other| {
            other < label
                && self.boxes[other]
                    .iter()
                    .any(|other| other.intersects(&wide))
        });
        let wide = one.expand(DOTS);
        let middle = one.center();
        // A mark is round: its corners are empty.
        let is_mark = label < self.marks.len();
        let passes = |path: &LinkPath| match is_mark {
            true => path.distance(middle) < MARK / 2.0 + DOTS,
            false => is_crossed(&wide, path.points()),
        };
        let near = cells_of(one.expand(ASIDE)).flat_map(|cell| self.in_cell(cell));
        let near: BTreeSet<usize> = near.collect();
        let is_passed = near.into_iter().any(|link| {
            let kept = among.links[link].as_ref();
            self.crosses[link].intersects(&one) || kept.is_some_and(|kept| passes(&kept.path))
        });
        !(is_covered || is_taken || is_passed)
    }
}

fn around(boxes: &[Rect]) -> Option<Rect> {
    let boxes = boxes.iter().copied().reduce(Rect::union);
    boxes.map(|area| area.expand(GAP))
}

/// Returns the cells that an area covers.
fn cells_of(area: Rect) -> impl Iterator<Item = (i32, i32)> {
    let cell = |at: f64| (at / CELL).floor() as i32;
    let rows = cell(area.min.y)..=cell(area.max.y);
    let columns = cell(area.min.x)..=cell(area.max.x);
    columns.flat_map(move |x| rows.clone().map(move |y| (x, y)))
}

/// Returns the cells that a line passes through, or almost; none for a line that is too long for
/// labels.
fn cells_of_line(kept: &Option<Kept>) -> Cells {
    let path = kept.as_ref().map(|kept| &kept.path);
    let Some(path) = path.filter(|path| path.length() <= LENGTH_MAX) else {
        return Cells::new();
    };
    let steps = path.points().windows(2).flat_map(|piece| {
        let count = (piece[0].distance(piece[1]) / CELL).ceil().max(1.0);
        let at = move |step: usize| piece[0].towards(piece[1], step as f64 / count);
        (0..count as usize).map(move |step| Rect::between(at(step), at(step + 1)))
    });
    let cells = steps.flat_map(|step| cells_of(step.expand(DOTS)));
    each_once(cells.collect())
}

/// Returns the area of a link's crosses.
fn crosses(kept: &Option<Kept>) -> Rect {
    let (along, aside, half) = CROSSES;
    let place = |path: &LinkPath, along: f64| {
        let share = along / path.length().max(1.0);
        let (at, way) = (path.at(share), path.direction(share));
        aside.map(|aside| at + Point::new(-way.y, way.x) * aside)
    };
    let middle = (along[0] + along[1]) / 2.0;
    let places = kept
        .iter()
        .flat_map(|kept| [along[0], middle, along[1]].map(|along| place(&kept.path, along)));
    let around = Rect::around(places.flatten());
    around.map_or_else(Rect::default, |area| area.expand(half))
}

fn each_once(mut cells: Cells) -> Cells {
    cells.sort_unstable();
    cells.dedup();
    cells
}

fn box_at(middle: Point, size: Point) -> Rect {
    Rect::between(middle - size * 0.5, middle + size * 0.5)
}

/// Returns both directions across a line, up or left first.
fn across(way: Point) -> [Point; 2] {
    let up = Point::new(way.y, -way.x);
    let is_first = up.y < 0.0 || (up.y == 0.0 && up.x < 0.0);
    let first = if is_first { up } else { up * -1.0 };
    [first, first * -1.0]
}

/// Returns the places for `count` icons beside a line, nearest to the caller first.
fn places_of_marks(path: &LinkPath, count: usize) -> Vec<Vec<Rect>> {
    let length = path.length();
    let (places, step) = MARKS_PLACES;
    let extent = MARKS[1] * count.saturating_sub(1) as f64;
    let last = extent + MARKS[0];
    // Between adjacent cards there is room for all of them in the middle only.
    let first = ((length - extent) / 2.0).clamp(0.0, MARKS[0]);
    let starts = (0..places).map(|at| first + step * at as f64);
    let starts = starts.filter(|start| count > 0 && start + last <= length.max(2.0 * last));
    let places = starts.flat_map(|start| {
        [0, 1].map(|side| {
            let mark = |at: usize| {
                let share = (start + MARKS[1] * at as f64) / length.max(1.0);
                let aside = across(path.direction(share))[side] * MARKS_ASIDE;
                box_at(path.at(share) + aside, Point::new(MARK, MARK))
            };
            (0..count).map(mark).collect()
        })
    });
    // On the inner side of a bend they come closer together.
    let apart = |marks: &Vec<Rect>| {
        let mut pairs = marks.windows(2);
        pairs.all(|pair| pair[0].center().distance(pair[1].center()) >= MARK)
    };
    places.filter(apart).collect()
}

/// Returns the places for a label of this size beside a line, nearest to its middle first.
fn places_of_one(path: &LinkPath, size: Point) -> Vec<Vec<Rect>> {
    let places = SHARES.into_iter().flat_map(|share| {
        let (at, ways) = (path.at(share), across(path.direction(share)));
        // Farther out, it is beside a label that is nearer to the line.
        let out = [2.0, 12.0, 28.0].into_iter();
        let places = out.flat_map(move |more| ways.map(|way| (way, more)));
        places.map(move |(way, more)| {
            let half = size * 0.5;
            let reach = way.x.abs() * half.x + way.y.abs() * half.y + DOTS + more;
            vec![box_at(at + way * reach, size)]
        })
    });
    places.collect()
}
