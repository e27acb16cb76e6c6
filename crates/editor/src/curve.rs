//! The line of a link: cubic Bézier curves from the caller's outlet to the callee's inlet. The line
//! is also measured, so that a dot can be placed by the distance it has traveled.

use crate::geometry::{NODE_HEIGHT, Point, Rect};

/// Vertical distance between parallel links at their middle is three quarters of this.
pub const LANE: f64 = 28.0;
/// Straight pieces of a measured curve. At 32, a dot is never more than half a pixel off the drawn
/// curve between nodes 1,000 px apart.
const PIECES: usize = 32;
/// Straight pieces of each curve of a line with several curves, which are shorter.
const PIECES_EACH: usize = 16;

/// Distance that a line that turns back keeps from a node's edge.
const CLEARANCE: f64 = 24.0;
/// Vertical distances of two nodes between which a line back changes from going around both to
/// going between them.
const AROUND: (f64, f64) = (NODE_HEIGHT + CLEARANCE, NODE_HEIGHT + 3.0 * CLEARANCE);

/// A cubic Bézier curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Where it begins: the outlet.
    pub start: Point,
    /// The control point of the start.
    pub control_start: Point,
    /// The control point of the end.
    pub control_end: Point,
    /// Where it ends: the inlet.
    pub end: Point,
}

impl Curve {
    /// Returns the line from an outlet to an inlet. `lane` is 0 for a single link; links between
    /// the same nodes count up and down from there, in halves for an even number.
    pub fn between(outlet: Point, inlet: Point, lane: f64) -> Self {
        let way = inlet - outlet;
        let Bend { reach, bow, turn } = if way.x >= 0.0 {
            Bend {
                reach: (way.x / 2.0).max((way.y.abs() / 3.0).min(64.0)),
                bow: 0.0,
                turn: 0.0,
            }
        } else {
            bend_back(way)
        };
        let aside = bow + lane * LANE;
        Self {
            start: outlet,
            control_start: outlet + Point::new(reach, aside + turn),
            control_end: inlet + Point::new(-reach, aside - turn),
            end: inlet,
        }
    }

    /// Returns the point at the curve's own parameter, from 0 to 1. Equal steps of the parameter
    /// are not equal distances: see [`LinkPath::at`].
    pub fn at(&self, t: f64) -> Point {
        let u = 1.0 - t;
        self.start * (u * u * u)
            + self.control_start * (3.0 * u * u * t)
            + self.control_end * (3.0 * u * t * t)
            + self.end * (t * t * t)
    }

    /// Returns a rectangle that contains the whole curve. It may be larger than needed.
    pub fn hull(&self) -> Rect {
        Rect::between(self.start, self.end)
            .union(Rect::between(self.control_start, self.control_end))
    }

    /// Returns the curve in the path notation of SVG.
    pub fn to_svg(&self) -> String {
        Line::from(*self).to_svg()
    }

    /// Appends the curve to an SVG path that ends where the curve begins.
    fn append_svg(&self, path: &mut String) {
        let [a, b, end] = [self.control_start, self.control_end, self.end];
        let numbers = format!("C{} {} {} {} {} {}", a.x, a.y, b.x, b.y, end.x, end.y);
        path.push_str(&numbers);
    }

    /// Appends the corners of the measured curve, without its start.
    fn append_points(&self, pieces: usize, points: &mut Vec<Point>) {
        let shares = (1..=pieces).map(|piece| piece as f64 / pieces as f64);
        points.extend(shares.map(|share| self.at(share)));
    }
}

/// A line of one or more curves. Each begins where the one before it ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    first: Curve,
    further: Vec<Curve>,
}

impl From<Curve> for Line {
    fn from(first: Curve) -> Self {
        let further = Vec::new();
        Self { first, further }
    }
}

impl Line {
    /// Returns the smooth line through `places`, horizontal at both ends. `slack` is the distance
    /// from the places to the control points, as a share of the distance to the next place. With 0,
    /// the line is straight between places. `None` for fewer than two places.
    pub fn through(places: &[Point], slack: f64) -> Option<Self> {
        let unit = |way: Point| way * (1.0 / way.length().max(f64::MIN_POSITIVE));
        let heading = |at: usize| match (at.checked_sub(1), places.get(at + 1)) {
            (Some(before), Some(next)) => {
                unit(unit(places[at] - places[before]) + unit(*next - places[at]))
            }
            _ => Point::new(1.0, 0.0),
        };
        // Numbers of a few digits, because they are written into paths.
        let fine = |at: Point| Point::new((at.x * 8.0).round() / 8.0, (at.y * 8.0).round() / 8.0);
        let mut curves = (1..places.len()).map(|at| {
            let (start, end) = (places[at - 1], places[at]);
            let reach = start.distance(end) * slack;
            Curve {
                start,
                control_start: fine(start + heading(at - 1) * reach),
                control_end: fine(end - heading(at) * reach),
                end,
            }
        });
        let first = curves.next()?;
        let further = curves.collect();
        Some(Self { first, further })
    }

    /// Returns the curves, from the caller's end on.
    pub fn curves(&self) -> impl Iterator<Item = &Curve> {
        std::iter::once(&self.first).chain(&self.further)
    }

    /// Returns the start: the outlet.
    pub fn start(&self) -> Point {
        self.first.start
    }

    /// Returns the end: the inlet.
    pub fn end(&self) -> Point {
        self.further.last().unwrap_or(&self.first).end
    }

    /// Returns a rectangle that contains the whole line. It may be larger than needed.
    pub fn hull(&self) -> Rect {
        let further = self.further.iter().map(Curve::hull);
        further.fold(self.first.hull(), Rect::union)
    }

    /// Returns the line in the path notation of SVG.
    pub fn to_svg(&self) -> String {
        let mut path = format!("M{} {}", self.first.start.x, self.first.start.y);
        for curve in self.curves() {
            curve.append_svg(&mut path);
        }
        path
    }

    /// Returns the corners of the measured line.
    pub(crate) fn points(&self) -> Vec<Point> {
        let pieces = match self.further.len() {
            0 => PIECES,
            _ => PIECES_EACH,
        };
        let mut points = vec![self.first.start];
        for curve in self.curves() {
            curve.append_points(pieces, &mut points);
        }
        points
    }
}

/// The positions of the control points, relative to their ends.
struct Bend {
    /// Horizontal distance outwards.
    reach: f64,
    /// Vertical distance of both.
    bow: f64,
    /// Vertical distance of each, towards the height of the other end.
    turn: f64,
}

/// Returns the bend of a line that has to leave to the right and arrive from the left. Between
/// nodes at about the same height, it goes around both; with enough room, it goes between them.
fn bend_back(way: Point) -> Bend {
    let (all, none) = AROUND;
    let apart = way.y.abs();
    let around = ((none - apart) / (none - all)).clamp(0.0, 1.0);
    // The middle of a cubic lies three quarters of the way to its control points.
    let bow = (apart / 2.0 + NODE_HEIGHT / 2.0 + CLEARANCE) * 4.0 / 3.0 * around;
    Bend {
        reach: (64.0 - way.x / 4.0).min(232.0),
        bow: if way.y < 0.0 { -bow } else { bow },
        turn: way.y * 0.4 * (1.0 - around),
    }
}

/// A line with its length measured, for dots that travel along it.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkPath {
    /// The line as drawn.
    pub line: Line,
    points: Vec<Point>,
    /// Distance traveled at each of `points`.
    lengths: Vec<f64>,
}

impl LinkPath {
    /// Returns the measured line.
    pub fn new(line: impl Into<Line>) -> Self {
        let line = line.into();
        let points = line.points();
        let mut gone = 0.0;
        let lengths = (0..points.len())
            .map(|at| {
                gone += points[at].distance(points[at.saturating_sub(1)]);
                gone
            })
            .collect();
        Self {
            line,
            points,
            lengths,
        }
    }

    /// Returns the corners of the measured line.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Returns the length of the line.
    pub fn length(&self) -> f64 {
        self.lengths.last().copied().unwrap_or_default()
    }

    /// Returns the point after a `share` (0 to 1) of the length.
    pub fn at(&self, share: f64) -> Point {
        let (piece, within) = self.piece(share);
        self.points[piece].towards(self.points[piece + 1], within)
    }

    /// Returns the direction of the line after a `share` of the length: a vector of length 1, to
    /// the right if the line has no length.
    pub fn direction(&self, share: f64) -> Point {
        let (piece, _) = self.piece(share);
        let way = self.points[piece + 1] - self.points[piece];
        match way.length() {
            length if length > 0.0 => way * (1.0 / length),
            _ => Point::new(1.0, 0.0),
        }
    }

    /// Returns `count` points at equal distances, both ends included: the lookup table of the
    /// vertex shader.
    pub fn evenly(&self, count: usize) -> Vec<Point> {
        let last = count.saturating_sub(1).max(1) as f64;
        (0..count).map(|at| self.at(at as f64 / last)).collect()
    }

    /// Returns the distance from a point to the line.
    pub fn distance(&self, point: Point) -> f64 {
        self.nearest(point).0
    }

    /// Returns the distance from a point to the line, and the distance along the line of the
    /// nearest point.
    pub fn nearest(&self, point: Point) -> (f64, f64) {
        let mut nearest = (f64::INFINITY, 0.0);
        for (piece, gone) in self.points.windows(2).zip(&self.lengths) {
            let foot = foot_on_piece(point, piece[0], piece[1]);
            let distance = point.distance(foot);
            if distance < nearest.0 {
                nearest = (distance, gone + piece[0].distance(foot));
            }
        }
        nearest
    }

    /// Returns the smallest rectangle around the line.
    pub fn bounds(&self) -> Rect {
        Rect::around(self.points.iter().copied()).unwrap_or_default()
    }

    /// Returns the straight piece that contains the point after a `share` of the length, and the
    /// position within it.
    fn piece(&self, share: f64) -> (usize, f64) {
        let goal = share.clamp(0.0, 1.0) * self.length();
        let inner = &self.lengths[1..self.lengths.len() - 1];
        let piece = inner.partition_point(|length| *length < goal);
        let (from, to) = (self.lengths[piece], self.lengths[piece + 1]);
        let within = if to > from {
            (goal - from) / (to - from)
        } else {
            0.0
        };
        (piece, within)
    }
}

/// Returns the point of a straight piece that is nearest to `point`.
fn foot_on_piece(point: Point, from: Point, to: Point) -> Point {
    let way = to - from;
    let square = way.x * way.x + way.y * way.y;
    if square == 0.0 {
        return from;
    }
    let aside = point - from;
    let share = ((aside.x * way.x + aside.y * way.y) / square).clamp(0.0, 1.0);
    from.towards(to, share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{End, NODE_WIDTH, port_at, rect_at};

    fn between(from: Point, to: Point) -> LinkPath {
        LinkPath::new(Curve::between(
            port_at(from, End::From),
            port_at(to, End::To),
            0.0,
        ))
    }

    #[test]
    fn a_link_between_neighbors_is_straight() {
        let (from, y) = (NODE_WIDTH, NODE_HEIGHT / 2.0);
        let (middle, to) = (from + 100.0, from + 200.0);
        let path = between(Point::new(0.0, 0.0), Point::new(to, 0.0));
        assert_eq!(path.length(), 200.0);
        assert_eq!(path.at(0.25), Point::new(from + 50.0, y));
        assert_eq!(path.direction(0.5), Point::new(1.0, 0.0));
        assert_eq!(path.distance(Point::new(middle, y + 10.0)), 10.0);
        let svg = format!("M{from} {y}C{middle} {y} {middle} {y} {to} {y}");
        assert_eq!(path.line.to_svg(), svg);
    }

    #[test]
    fn equal_shares_are_equal_distances() {
        let path = between(Point::new(0.0, 0.0), Point::new(400.0, 300.0));
        let points = path.evenly(17);
        let steps: Vec<f64> = points.windows(2).map(|p| p[0].distance(p[1])).collect();
        for step in &steps {
            assert!((step - path.length() / 16.0).abs() < 0.5, "{steps:?}");
        }
        assert_eq!(points[0], path.line.start());
        assert_eq!(points[16], path.line.end());
    }

    #[test]
    fn a_line_back_keeps_clear_of_both_nodes() {
        for to in [
            Point::new(-300.0, 0.0),
            Point::new(-500.0, 64.0),
            Point::new(-300.0, -64.0),
            Point::new(0.0, NODE_HEIGHT + 88.0),
            Point::new(-300.0, -NODE_HEIGHT - 128.0),
        ] {
            let path = between(Point::new(0.0, 0.0), to);
            for node in [rect_at(Point::new(0.0, 0.0)), rect_at(to)] {
                let inside = path
                    .points()
                    .iter()
                    .filter(|point| node.expand(-2.0).contains(**point))
                    .count();
                assert_eq!(inside, 0, "to {to:?}");
            }
        }
    }

    #[test]
    fn a_line_of_several_curves_is_one_line() {
        let places = [(0.0, 0.0), (100.0, 80.0), (200.0, 80.0), (300.0, 0.0)];
        let places = places.map(|(x, y)| Point::new(x, y));
        let path = LinkPath::new(Line::through(&places, 0.4).unwrap());
        assert_eq!((path.line.start(), path.line.end()), (places[0], places[3]));
        assert!(places.iter().all(|place| path.distance(*place) < 1e-9));
        for step in 1..100 {
            let turn = path.direction(f64::from(step) / 100.0)
                - path.direction(f64::from(step - 1) / 100.0);
            assert!(turn.length() < 0.4, "it has a corner at {step} %");
        }
        let svg = path.line.to_svg();
        assert_eq!((svg.matches('M').count(), svg.matches('C').count()), (1, 3));
        let straight = LinkPath::new(Line::through(&places, 0.0).unwrap());
        assert!((straight.length() - 100.0 - 2.0 * 16_400.0_f64.sqrt()).abs() < 1e-6);
        assert_eq!(Line::through(&places[..1], 0.4), None);
    }

    #[test]
    fn a_link_of_no_length_is_no_trouble() {
        let here = Point::new(5.0, 5.0);
        let path = LinkPath::new(Curve::between(here, here, 0.0));
        assert_eq!(path.at(0.7), here);
        assert_eq!(path.direction(0.7), Point::new(1.0, 0.0));
        assert_eq!(path.distance(Point::new(5.0, 8.0)), 3.0);
    }
}
