//! The route of a link around the cards that are not its ends.
//!
//! A line that crosses no card, not even its own, is the plain one. Otherwise its route is the
//! shortest from corner to corner of the cards in between, like a taut rope, and the line is drawn
//! smoothly through those corners. The route depends on the places of the cards and on the link
//! alone, never on what moved before.
//!
//! The search has bounds. A line stays plain if its route would lead around more than [`CARDS_MAX`]
//! cards or farther than [`REACH`] beyond the plain line, or if another card covers one of its
//! ports.

use crate::cards::Cards;
use crate::curve::{Curve, Line};
use crate::geometry::{End, Point, Rect, port_at};

/// Maximum distance from the plain line to a line around cards.
pub const REACH: f64 = 320.0;
/// A line that comes nearer than this to a card crosses it.
pub const TOUCH: f64 = 3.0;
/// A plain line may run this far behind the corner of one of its own cards.
const BEHIND: f64 = 8.0;
/// Distances that routes keep from cards: the share of the link's own spread, the distance added to
/// it, and the factor by which such a route counts as longer. A narrow route is taken where others
/// are much longer.
const CLEARANCES: [(f64, f64, f64); 3] = [(1.0, 12.0, 1.0), (0.5, 8.0, 1.2), (0.0, 4.0, 1.4)];
/// Maximum number of cards that a route leads around.
const CARDS_MAX: usize = 24;
/// Cost of a corner, as a length: lines with few bends are easier to read.
const BEND: f64 = 16.0;
/// Slack of a line around its corners, the loosest first: see [`Line::through`]. Without stubs, the
/// line bends as soon as it leaves a port.
const SLACKS: [(Stubs, f64); 7] = [
    (Stubs::Without, 0.45),
    (Stubs::Without, 0.3),
    (Stubs::With, 0.4),
    (Stubs::With, 0.25),
    (Stubs::Without, 0.15),
    (Stubs::With, 0.12),
    (Stubs::With, 0.0),
];

/// Whether a line runs straight before a port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stubs {
    With,
    Without,
}

/// A link to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The cards of its caller and its callee.
    pub(crate) ends: [usize; 2],
    /// Distance from the middle of its parallel links.
    pub(crate) lane: f64,
    /// Additional distance that it keeps from cards, so that links around the same card do not
    /// coincide.
    pub(crate) spread: f64,
}

/// A line, and the area it depends on.
#[derive(Clone, Debug)]
pub(crate) struct Routed {
    pub(crate) line: Line,
    /// Cards outside do not affect the line.
    pub(crate) reach: Rect,
}

impl Job {
    /// Returns the line as if no card were in the way.
    pub(crate) fn plain(&self, cards: &Cards) -> Curve {
        let [from, to] = self.ends.map(|card| cards.rect(card).min);
        Curve::between(port_at(from, End::From), port_at(to, End::To), self.lane)
    }

    /// Returns the line among the cards. Without a free route, it is the plain one.
    pub(crate) fn route(&self, cards: &Cards) -> Routed {
        let plain = self.plain(cards);
        let line = Line::from(plain);
        let mut way = Around {
            job: self,
            cards,
            region: plain.hull().expand(REACH),
            clearance: TOUCH,
            asked: Rect::between(plain.start, plain.end),
        };
        let points = line.points();
        let hit = way.hit(&points, TOUCH);
        let mut best: Option<(f64, Line)> = None;
        if !hit.is_empty() || way.crosses_own(&points, BEHIND) {
            let direct = plain.start.distance(plain.end);
            for (share, clearance, worth) in CLEARANCES {
                if best
                    .as_ref()
                    .is_some_and(|(cost, _)| *cost <= direct * worth)
                {
                    break;
                }
                way.clearance = clearance + self.spread * share;
                let mut known = hit.clone();
                let around = way.line(&line, &mut known);
                let cost = |line: &Line| length(&line.points()) * worth;
                if around.is_none() && known.len() > CARDS_MAX {
                    break;
                }
                let around = around.map(|line| (cost(&line), line));
                let costs = best.as_ref().map_or(f64::INFINITY, |(cost, _)| *cost);
                best = around.filter(|(cost, _)| *cost < costs).or(best);
            }
        }
        Routed {
            line: best.map_or(line, |(_, line)| line),
            reach: way.asked,
        }
    }
}

fn length(points: &[Point]) -> f64 {
    let pieces = points.windows(2);
    pieces.map(|piece| piece[0].distance(piece[1])).sum()
}

/// The search for a route that keeps a distance from cards.
struct Around<'a> {
    job: &'a Job,
    cards: &'a Cards,
    region: Rect,
    clearance: f64,
    /// The area in which cards were looked up so far.
    asked: Rect,
}

impl Around<'_> {
    /// Returns the cards, other than the link's own, that straight pieces come nearer to than
    /// `margin`.
    fn hit(&mut self, points: &[Point], margin: f64) -> Vec<usize> {
        let bounds = Rect::around(points.iter().copied()).unwrap_or_default();
        let area = bounds.expand(margin);
        self.asked = self.asked.union(area);
        let near = self.cards.near(area);
        let hit = near.filter(|(card, rect)| {
            !self.job.ends.contains(card) && is_crossed(&rect.expand(margin), points)
        });
        hit.map(|(card, _)| card).collect()
    }

    /// Returns the line around all cards. `known` are those that the plain line crosses.
    fn line(&mut self, plain: &Line, known: &mut Vec<usize>) -> Option<Line> {
        let stub = Point::new(self.clearance, 0.0);
        let stubs = [plain.start() + stub, plain.end() - stub];
        // Cards that are not in the way are not examined, because few cards are.
        while known.len() <= CARDS_MAX {
            let way = self.shortest(stubs, known)?;
            let mut new = self.hit(&way, self.clearance - 1.0);
            new.retain(|card| !known.contains(card));
            if new.is_empty() {
                let mut places = vec![plain.start()];
                places.extend(way);
                places.push(plain.end());
                return self.smooth(places);
            }
            known.extend(new);
        }
        None
    }

    /// Returns the shortest route from one stub to the other around the known cards and the link's
    /// own.
    fn shortest(&self, [from, to]: [Point; 2], known: &[usize]) -> Option<Vec<Point>> {
        let around = known.iter().chain(&self.job.ends);
        let around: Vec<Rect> = around.map(|card| self.cards.rect(*card)).collect();
        let blocks: Vec<Rect> = around
            .iter()
            .map(|card| card.expand(self.clearance - 0.5))
            .collect();
        let is_free = |spot: &Point| blocks.iter().all(|block| !block.contains(*spot));
        let corners = around.iter().flat_map(|card| {
            let Rect { min, max } = card.expand(self.clearance);
            let [upper, lower] = [Point::new(max.x, min.y), Point::new(min.x, max.y)];
            [(min, 1.0), (upper, -1.0), (lower, -1.0), (max, 1.0)]
        });
        let corners = corners.filter(|(corner, _)| self.region.contains(*corner));
        let corners = corners.filter(|(corner, _)| is_free(corner));
        let (mut spots, mut sides) = (vec![from, to], vec![0.0, 0.0]);
        for (corner, side) in corners {
            spots.push(corner);
            sides.push(side);
        }
        if !(is_free(&from) && is_free(&to)) {
            return None;
        }
        let sees = |a: usize, b: usize| {
            let way = spots[b] - spots[a];
            let slope = way.x * way.y;
            // A taut rope bends around a corner: it leads neither away from the card nor into it.
            let is_taut = slope * sides[a] <= 0.0 && slope * sides[b] <= 0.0;
            let piece = [spots[a], spots[b]];
            is_taut && !blocks.iter().any(|block| is_crossed(block, &piece))
        };
        shortest_way(&spots, sees)
    }

    /// Returns the loosest line through places that stays free.
    fn smooth(&mut self, places: Vec<Point>) -> Option<Line> {
        let (start, end) = (places[0], places[places.len() - 1]);
        let mut bare = places.clone();
        bare.remove(1);
        bare.remove(bare.len() - 2);
        // A line that turns back right behind a port needs a stub for the turn.
        let ahead = |way: Point| way.x > 0.0 && way.y.abs() <= 3.0 * way.x;
        let is_bare = bare.len() > 2 && ahead(bare[1] - start) && ahead(end - bare[bare.len() - 2]);
        let mut lines = SLACKS.iter().filter_map(|(stubs, slack)| match stubs {
            Stubs::With => Line::through(&places, *slack),
            Stubs::Without if is_bare => Line::through(&bare, *slack),
            Stubs::Without => None,
        });
        lines.find(|line| self.is_free(line))
    }

    /// Returns whether straight pieces run farther than this behind a card of the link's own.
    fn crosses_own(&self, points: &[Point], by: f64) -> bool {
        let own = self.job.ends.map(|card| self.cards.rect(card).expand(-by));
        own.iter().any(|card| is_crossed(card, points))
    }

    fn is_free(&mut self, line: &Line) -> bool {
        let points = line.points();
        points.iter().all(|point| self.region.contains(*point))
            && !self.crosses_own(&points, 1.0)
            && self
                .hit(&points, (self.clearance / 2.0).max(TOUCH))
                .is_empty()
    }
}

/// Returns the shortest route from the first spot to the second over spots that see each other;
/// each corner adds its cost. Of equally short routes, the one over earlier spots.
fn shortest_way(spots: &[Point], sees: impl Fn(usize, usize) -> bool) -> Option<Vec<Point>> {
    let mut cost = vec![f64::INFINITY; spots.len()];
    let mut before = vec![0; spots.len()];
    let mut open: Vec<usize> = (0..spots.len()).collect();
    cost[0] = 0.0;
    loop {
        // The most promising route first (A*): the length so far plus the minimum remaining length.
        let whole = |at: &usize| cost[open[*at]] + spots[open[*at]].distance(spots[1]);
        let nearest = (0..open.len()).min_by(|a, b| whole(a).total_cmp(&whole(b)))?;
        let here = open.remove(nearest);
        if cost[here].is_infinite() {
            return None;
        }
        if here == 1 {
            break;
        }
        for next in &open {
            let through = cost[here] + spots[here].distance(spots[*next]) + BEND;
            if through < cost[*next] && sees(here, *next) {
                (cost[*next], before[*next]) = (through, here);
            }
        }
    }
    let mut way = vec![spots[1]];
    let mut at = 1;
    while at != 0 {
        at = before[at];
        way.push(spots[at]);
    }
    way.reverse();
    Some(way)
}

/// Returns whether straight pieces enter a rectangle. They may run along its edge.
pub(crate) fn is_crossed(rect: &Rect, points: &[Point]) -> bool {
    let enters = |piece: &[Point]| {
        // Most pieces pass at a distance.
        let (from, to) = (piece[0], piece[1]);
        let is_beside = |a: f64, b: f64, min: f64, max: f64| a.max(b) <= min || a.min(b) >= max;
        if is_beside(from.x, to.x, rect.min.x, rect.max.x)
            || is_beside(from.y, to.y, rect.min.y, rect.max.y)
        {
            return false;
        }
        let way = to - from;
        let (mut first, mut last) = (0.0_f64, 1.0_f64);
        let axes = [
            (from.x, way.x, rect.min.x, rect.max.x),
            (from.y, way.y, rect.min.y, rect.max.y),
        ];
        for (from, way, min, max) in axes {
            if way == 0.0 {
                if from <= min || from >= max {
                    return false;
                }
                continue;
            }
            let (a, b) = ((min - from) / way, (max - from) / way);
            first = first.max(a.min(b));
            last = last.min(a.max(b));
        }
        first < last
    };
    points.windows(2).any(enters)
}
