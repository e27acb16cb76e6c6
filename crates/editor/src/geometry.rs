//! Canvas geometry: points, rectangles, the size of a node, its ports.
//!
//! Canvas units are pixels at 100% zoom. Only `+ - * /` and `sqrt` are used, so that the page, a
//! test and an exported picture agree to the last bit.

use design::document::POSITION_MAX;
use design::validate::{link_refusal, usual_mode};
use design::{KINDS, Kind, Node};
use std::ops::{Add, Mul, Sub};

/// Width of a node, in canvas units.
pub const NODE_WIDTH: f64 = 200.0;
/// Height of a node, in canvas units.
pub const NODE_HEIGHT: f64 = 104.0;
/// Distance between grid lines that nodes snap to, in canvas units.
pub const GRID: f64 = 8.0;

/// A position, or the vector from one position to another.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

impl Point {
    /// Returns the point `x` to the right of and `y` below the origin.
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// Returns the distance from the origin.
    pub fn length(self) -> f64 {
        (self.x * self.x + self.y * self.y).sqrt()
    }

    /// Returns the distance to `other`.
    pub fn distance(self, other: Self) -> f64 {
        (self - other).length()
    }

    /// Returns the point a `share` of the way to `other`.
    pub fn towards(self, other: Self, share: f64) -> Self {
        self + (other - self) * share
    }

    /// Returns whether both coordinates are finite.
    pub fn is_finite(self) -> bool {
        self.x.is_finite() && self.y.is_finite()
    }

    /// Returns the point as a node's position: whole pixels within the bounds of a design.
    pub fn to_position(self) -> [i32; 2] {
        let limit = f64::from(POSITION_MAX);
        [self.x, self.y].map(|coordinate| coordinate.round().clamp(-limit, limit) as i32)
    }
}

impl From<[i32; 2]> for Point {
    fn from([x, y]: [i32; 2]) -> Self {
        Self::new(f64::from(x), f64::from(y))
    }
}

impl Add for Point {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Point {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f64> for Point {
    type Output = Self;
    fn mul(self, times: f64) -> Self {
        Self::new(self.x * times, self.y * times)
    }
}

/// An axis-aligned rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Upper left corner.
    pub min: Point,
    /// Lower right corner.
    pub max: Point,
}

impl Rect {
    /// Returns the rectangle between two opposite corners, given in any order.
    pub fn between(a: Point, b: Point) -> Self {
        Self {
            min: Point::new(a.x.min(b.x), a.y.min(b.y)),
            max: Point::new(a.x.max(b.x), a.y.max(b.y)),
        }
    }

    /// Returns the smallest rectangle around all of `points`; `None` without points.
    pub fn around(points: impl IntoIterator<Item = Point>) -> Option<Self> {
        points
            .into_iter()
            .map(|point| Self::between(point, point))
            .reduce(Self::union)
    }

    /// Returns the smallest rectangle around both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            min: Point::new(self.min.x.min(other.min.x), self.min.y.min(other.min.y)),
            max: Point::new(self.max.x.max(other.max.x), self.max.y.max(other.max.y)),
        }
    }

    /// Returns this rectangle, larger by `by` on every side.
    #[must_use]
    pub fn expand(self, by: f64) -> Self {
        let by = Point::new(by, by);
        Self {
            min: self.min - by,
            max: self.max + by,
        }
    }

    /// Returns whether the point lies inside or on the edge.
    pub fn contains(&self, point: Point) -> bool {
        (self.min.x..=self.max.x).contains(&point.x) && (self.min.y..=self.max.y).contains(&point.y)
    }

    /// Returns whether the two share a point.
    pub fn intersects(&self, other: &Self) -> bool {
        self.min.x <= other.max.x
            && other.min.x <= self.max.x
            && self.min.y <= other.max.y
            && other.min.y <= self.max.y
    }

    /// Returns the middle.
    pub fn center(&self) -> Point {
        self.min.towards(self.max, 0.5)
    }

    /// Returns width and height.
    pub fn size(&self) -> Point {
        self.max - self.min
    }
}

/// One end of a link, and the port of a node that it is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The caller's: its outlet, in the middle of the right edge.
    From,
    /// The callee's: its inlet, in the middle of the left edge.
    To,
}

impl End {
    /// Returns the opposite end.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::From => Self::To,
            Self::To => Self::From,
        }
    }

    /// Returns the name of the link's field that holds the node at this end.
    pub fn field(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::To => "to",
        }
    }
}

/// Returns the rectangle that a node covers.
pub fn node_rect(node: &Node) -> Rect {
    rect_at(Point::from(node.at))
}

/// Returns the rectangle of a node whose upper left corner is `at`.
pub fn rect_at(at: Point) -> Rect {
    Rect {
        min: at,
        max: at + Point::new(NODE_WIDTH, NODE_HEIGHT),
    }
}

/// Returns the position of a node's port.
pub fn port(node: &Node, end: End) -> Point {
    port_at(Point::from(node.at), end)
}

/// Returns the position of the port of a node whose upper left corner is `at`.
pub fn port_at(at: Point, end: End) -> Point {
    match end {
        End::From => at + Point::new(NODE_WIDTH, NODE_HEIGHT / 2.0),
        End::To => at + Point::new(0.0, NODE_HEIGHT / 2.0),
    }
}

/// Returns whether nodes of this kind have the port: nothing calls clients, and databases call
/// nothing. The rules for links decide, so that a new kind needs no row here.
pub fn has_port(kind: &Kind, end: End) -> bool {
    KINDS.iter().any(|info| {
        let other = (info.make)();
        let (from, to) = match end {
            End::From => (kind, &other),
            End::To => (&other, kind),
        };
        link_refusal(from, to, usual_mode(from, to)).is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_have_no_inlet_and_coordinators_no_outlet() {
        let ports: Vec<(&str, bool, bool)> = KINDS
            .iter()
            .map(|info| {
                let kind = (info.make)();
                (
                    info.name,
                    has_port(&kind, End::To),
                    has_port(&kind, End::From),
                )
            })
            .collect();
        assert_eq!(
            ports,
            [
                ("client", false, true),
                ("load_balancer", true, true),
                ("service", true, true),
                ("cache", true, true),
                ("queue", true, true),
                ("database", true, true),
                ("coordinator", true, false)
            ]
        );
    }

    #[test]
    fn positions_stay_within_what_a_design_allows() {
        assert_eq!(Point::new(10.4, -10.6).to_position(), [10, -11]);
        assert_eq!(
            Point::new(1e12, f64::NAN).to_position(),
            [POSITION_MAX, 0],
            "nothing a pointer says can make a design invalid"
        );
    }
}
