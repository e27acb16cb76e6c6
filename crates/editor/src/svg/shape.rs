//! The elements of a picture: paths and lines of text, in named colors that the background gives a
//! value. The SVG is written from these, and the page's PNG is drawn from the same.

use super::Ground;
use crate::geometry::{Point, Rect};

/// A color, by its purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ink {
    /// The background of everything.
    Ground,
    /// The face of a card.
    Card,
    /// The edge of a card.
    Edge,
    /// Names and numbers.
    Ink,
    /// Less important text.
    Quiet,
    /// Links.
    Line,
    /// Free slots, and free places of a queue.
    Free,
    /// The state "fine".
    Fine,
    /// The state "waiting".
    Waiting,
    /// The state "degraded".
    Degraded,
    /// The state "failing".
    Failing,
    /// A zone, by its color: 0 to [`crate::zones::COLORS`] - 1.
    Zone(usize),
}

/// All colors but those of the zones, with their values on a light and a dark background.
const VALUES: [(Ink, &str, &str, &str); 11] = [
    (Ink::Ground, "ground", "#ffffff", "#12151a"),
    (Ink::Card, "card", "#faf9f6", "#1c222a"),
    (Ink::Edge, "edge", "#c4c0b6", "#46505c"),
    (Ink::Ink, "ink", "#1b1f24", "#e7e9ec"),
    (Ink::Quiet, "quiet", "#5b6570", "#97a1ad"),
    (Ink::Line, "line", "#838c96", "#76818d"),
    (Ink::Free, "free", "#b3b8bd", "#4d565f"),
    (Ink::Fine, "fine", "#1e7f5c", "#4cc38a"),
    (Ink::Waiting, "waiting", "#6b5fb5", "#a899ff"),
    (Ink::Degraded, "degraded", "#b7791f", "#e5b454"),
    (Ink::Failing, "failing", "#c2362b", "#ff6b5e"),
];

/// The colors of the zones, on either background.
const ZONES: [&str; crate::zones::COLORS] = [
    "#4f7ca8", "#a8874f", "#5c9a8a", "#9a6f9a", "#8a935a", "#a86f62",
];

impl Ink {
    /// Returns the colors whose values differ between the backgrounds, each with its name and both
    /// values.
    pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        VALUES
            .iter()
            .map(|(_, name, light, dark)| (*name, *light, *dark))
    }

    /// Returns its name; empty for a color with the same value everywhere.
    pub(super) fn name(self) -> &'static str {
        let row = VALUES.iter().find(|(ink, ..)| *ink == self);
        row.map_or("", |(_, name, ..)| name)
    }

    /// Returns its value, as `#rrggbb`.
    pub fn value(self, ground: Ground) -> &'static str {
        match (self, VALUES.iter().find(|(ink, ..)| *ink == self)) {
            (_, Some((.., dark))) if ground == Ground::Dark => dark,
            (_, Some((_, _, light, _))) => light,
            (Self::Zone(at), _) => ZONES[at % ZONES.len()],
            (_, None) => "#808080",
        }
    }
}

/// How a path is painted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paint {
    /// The color of its area.
    pub fill: Option<Ink>,
    /// The color of its line.
    pub stroke: Option<Ink>,
    /// Width of the line.
    pub width: f64,
    /// Lengths of a dash and of the gap after it. 0 draws a solid line.
    pub dash: [f64; 2],
    /// From 0 to 1.
    pub opacity: f64,
}

impl Paint {
    /// Returns a filled area.
    pub const fn fill(ink: Ink) -> Self {
        Self {
            fill: Some(ink),
            stroke: None,
            width: 0.0,
            dash: [0.0; 2],
            opacity: 1.0,
        }
    }

    /// Returns a line.
    pub const fn line(ink: Ink, width: f64) -> Self {
        Self {
            fill: None,
            stroke: Some(ink),
            width,
            dash: [0.0; 2],
            opacity: 1.0,
        }
    }

    /// Returns the paint with an additional line around it.
    #[must_use]
    pub const fn edged(self, ink: Ink, width: f64) -> Self {
        Self {
            stroke: Some(ink),
            width,
            ..self
        }
    }
}

/// A path with its own origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The path, in SVG notation.
    pub d: String,
    /// The position of its origin.
    pub at: Point,
    /// Scale, across and down; its line is scaled too.
    pub scale: [f64; 2],
    /// How it is painted.
    pub paint: Paint,
}

/// One line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// The text.
    pub text: String,
    /// Its left end on the baseline, or its right end.
    pub at: Point,
    /// Height of its letters, in canvas units.
    pub size: f64,
    /// Whether it is bold.
    pub bold: bool,
    /// Whether `at` is its right end.
    pub from_right: bool,
    /// Its color.
    pub ink: Ink,
}

/// An element of a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A path.
    Path(Drawn),
    /// A line of text.
    Text(Words),
    /// Everything up to [`Shape::End`] belongs to what this describes.
    Begin(String),
    /// The end of what [`Shape::Begin`] began.
    End,
}

/// A picture, to be written or painted in the order of its shapes.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The area it covers.
    pub bounds: Rect,
    /// The design's name.
    pub name: String,
    /// Its elements, the lowest first.
    pub shapes: Vec<Shape>,
    /// The words beside lines. They cover no card and not one another.
    pub labels: Vec<Rect>,
}

impl Picture {
    pub(super) fn path(&mut self, d: String, paint: Paint) {
        self.path_at(d, Point::default(), [1.0; 2], paint);
    }

    pub(super) fn path_at(&mut self, d: String, at: Point, scale: [f64; 2], paint: Paint) {
        self.shapes.push(Shape::Path(Drawn {
            d,
            at,
            scale,
            paint,
        }));
    }

    /// Adds a rectangle with round corners.
    pub(super) fn rect(&mut self, rect: Rect, radius: f64, paint: Paint) {
        let (size, r) = (rect.size(), radius);
        let (w, h) = (num(size.x - 2.0 * r), num(size.y - 2.0 * r));
        let corner = |x: &str, y: &str| format!("a{r} {r} 0 0 1 {x}{r} {y}{r}");
        let (to_right, to_left) = (corner("", ""), corner("-", "-"));
        let (down, up) = (corner("-", ""), corner("", "-"));
        let d = format!("M{r} 0h{w}{to_right}v{h}{down}h-{w}{to_left}v-{h}{up}z");
        self.path_at(d, rect.min, [1.0; 2], paint);
    }

    /// Adds text in the usual color and weight, which the caller may change.
    pub(super) fn text(
        &mut self,
        text: impl Into<String>,
        x: f64,
        y: f64,
        size: f64,
        ink: Ink,
    ) -> &mut Words {
        self.shapes.push(Shape::Text(Words {
            text: text.into(),
            at: Point::new(x, y),
            size,
            bold: false,
            from_right: false,
            ink,
        }));
        match self.shapes.last_mut() {
            Some(Shape::Text(words)) => words,
            _ => unreachable!("it was pushed just now"),
        }
    }

    pub(super) fn begin(&mut self, title: String) {
        self.shapes.push(Shape::Begin(title));
    }

    pub(super) fn end(&mut self) {
        self.shapes.push(Shape::End);
    }
}

/// Returns a number without digits that nobody sees.
pub(super) fn num(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}
