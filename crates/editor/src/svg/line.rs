//! Links as lines, and the words beside them: the current rate, the condition, and the policies.

use super::card::straight;
use super::moment::LinkNow;
use super::shape::{Ink, Paint, Picture, num};
use super::text;
use crate::curve::LinkPath;
use crate::geometry::{Point, Rect};
use crate::scene::Scene;
use crate::summary::{condition, traits};
use design::Link;
use design::link::Mode;

const SIZE: f64 = 11.0;
const LEADING: f64 = 14.0;
/// Maximum width of a line of words; longer ones are shortened.
const WIDTH_MAX: f64 = 150.0;
/// Maximum number of lines beside a link.
const LINES_MAX: usize = 7;
/// An icon and the gap behind it.
const ICON: f64 = 14.0;
const WIDTH: f64 = 1.5;

/// One line of words.
struct Row {
    icon: Option<&'static str>,
    text: String,
    ink: Ink,
    bold: bool,
}

/// The words beside a link.
pub(super) struct Label {
    rows: Vec<Row>,
    /// Indent of all rows, if any row has an icon.
    indent: f64,
}

impl Label {
    pub(super) fn of(link: &Link, now: Option<&LinkNow>) -> Self {
        let mut rows = Vec::new();
        let mut put = |icon, text: &str, ink, bold| {
            rows.push(Row {
                icon,
                text: text::fit(text, SIZE, bold, WIDTH_MAX),
                ink,
                bold,
            });
        };
        if let Some(now) = now {
            if !now.rate.is_empty() {
                put(None, &now.rate, Ink::Ink, true);
            }
            for (is, words, ink) in [
                (now.cut, "cut", Ink::Failing),
                (now.open, "circuit open", Ink::Failing),
                (now.impaired && !now.cut, "impaired", Ink::Degraded),
            ] {
                if is {
                    put(None, words, ink, true);
                }
            }
        }
        if let Some(when) = condition(link) {
            put(None, &when, Ink::Ink, false);
        }
        for one in traits(link) {
            put(one.icon, &one.words, Ink::Quiet, false);
        }
        if rows.len() > LINES_MAX {
            rows.truncate(LINES_MAX - 1);
            rows.push(Row {
                icon: None,
                text: "…".to_owned(),
                ink: Ink::Quiet,
                bold: false,
            });
        }
        let has_icons = rows.iter().any(|row| row.icon.is_some());
        let indent = if has_icons { ICON } else { 0.0 };
        Self { rows, indent }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns width and height, with a small margin.
    pub(super) fn size(&self) -> Point {
        let widths = self.rows.iter().map(|row| {
            let indent = if row.icon.is_some() { self.indent } else { 0.0 };
            indent + text::width(&row.text, SIZE, row.bold)
        });
        let width = widths.fold(0.0, f64::max) + 6.0;
        Point::new(width, self.rows.len() as f64 * LEADING + 3.0)
    }

    /// Draws the label in its place.
    pub(super) fn draw(&self, picture: &mut Picture, rect: Rect) {
        let x = rect.min.x + 3.0;
        for (at, row) in self.rows.iter().enumerate() {
            let y = rect.min.y + 1.5 + at as f64 * LEADING;
            let mut left = x;
            if let Some(icon) = row.icon {
                let at = Point::new(x + 4.5, y + LEADING / 2.0);
                picture.path_at(icon.to_owned(), at, [1.0; 2], Paint::line(Ink::Quiet, 1.1));
                left += self.indent;
            }
            picture
                .text(row.text.clone(), left, y + 10.7, SIZE, row.ink)
                .bold = row.bold;
        }
        picture.labels.push(rect);
    }

    /// Returns one line of text, for a label without room beside its link.
    pub(super) fn in_line(&self) -> String {
        let rows: Vec<&str> = self.rows.iter().map(|row| row.text.as_str()).collect();
        rows.join(", ")
    }
}

/// Words farther from their line than this have a leader to it.
const NEAR: f64 = 16.0;

/// Returns a leader from words that are away from their line to the line's middle part, where it is
/// apart from others.
pub(super) fn leader(path: &LinkPath, words: &Rect) -> Option<String> {
    let edge = |point: Point| {
        Point::new(
            point.x.clamp(words.min.x, words.max.x),
            point.y.clamp(words.min.y, words.max.y),
        )
    };
    let gap = |point: &Point| edge(*point).distance(*point);
    let nearest = path.points().iter().map(gap).fold(f64::INFINITY, f64::min);
    let middle = [0.5, 0.4, 0.6, 0.3, 0.7].map(|share| path.at(share));
    let to = middle
        .into_iter()
        .min_by(|a, b| gap(a).total_cmp(&gap(b)))?;
    let from = edge(to);
    (nearest > NEAR).then(|| format!("M{:.1} {:.1}L{:.1} {:.1}", from.x, from.y, to.x, to.y))
}

/// Draws the line with its arrowhead.
pub(super) fn draw(
    picture: &mut Picture,
    scene: &Scene<'_>,
    link: &Link,
    path: &LinkPath,
    now: Option<&LinkNow>,
) {
    let all: Vec<String> = condition(link)
        .into_iter()
        .chain(traits(link).into_iter().map(|one| one.words))
        .collect();
    let mut about = scene.design().link_title(&link.id);
    if !all.is_empty() {
        about = format!("{about}: {}", all.join(", "));
    }
    picture.begin(about);
    let width = now.map_or(WIDTH, |now| now.width.clamp(WIDTH, 4.0));
    let mut paint = Paint::line(Ink::Line, width);
    if link.mode != Mode::Call {
        paint.dash = [6.0, 4.5];
    }
    if now.is_some_and(|now| now.impaired) {
        paint.stroke = Some(Ink::Degraded);
        paint.dash = [2.0, 5.0];
    }
    picture.path(path.line.to_svg(), paint);
    let ink = paint.stroke.unwrap_or(Ink::Line);
    picture.path(head(path, width), Paint::fill(ink).edged(ink, 1.0));
    if now.is_some_and(|now| now.cut) {
        let [gap, strokes] = cut(path);
        picture.path(gap, Paint::line(Ink::Ground, 6.0));
        picture.path(strokes, Paint::line(Ink::Failing, 2.0));
    }
    picture.end();
}

/// Returns the arrowhead at the callee.
fn head(path: &LinkPath, width: f64) -> String {
    let length = path.length().max(1.0);
    let (tip, way) = (path.at(1.0), path.direction(1.0 - 4.0 / length));
    let tip = tip - way * 1.0;
    let larger = 1.0 + (width - WIDTH) * 0.3;
    let back = tip - way * (8.0 * larger);
    let aside = Point::new(-way.y, way.x) * (3.6 * larger);
    let (a, b) = (back + aside, back - aside);
    let [ax, ay, tx, ty, bx, by] = [a.x, a.y, tip.x, tip.y, b.x, b.y].map(num);
    format!("M{ax} {ay}L{tx} {ty}L{bx} {by}z")
}

/// Returns the sign of a partitioned link: a gap in the line, and a stroke at either end of it.
fn cut(path: &LinkPath) -> [String; 2] {
    let (middle, way) = (path.at(0.5), path.direction(0.5));
    let (a, b) = (middle - way * 6.0, middle + way * 6.0);
    let across = Point::new(-way.y, way.x) * 8.0 + way * 2.5;
    let stroke = |at: Point| straight(at - across, at + across);
    [straight(a, b), stroke(a) + &stroke(b)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::Curve;

    #[test]
    fn words_away_from_their_line_have_a_leader_to_it() {
        let ends = [Point::default(), Point::new(200.0, 0.0)];
        let path = LinkPath::new(Curve::between(ends[0], ends[1], 0.0));
        let words = |y: f64| Rect::between(Point::new(90.0, y), Point::new(110.0, y + 20.0));
        assert_eq!(
            leader(&path, &words(60.0)).unwrap(),
            "M100.0 60.0L100.0 0.0"
        );
        assert_eq!(
            leader(&path, &words(-80.0)).unwrap(),
            "M100.0 -60.0L100.0 0.0"
        );
        assert_eq!(leader(&path, &words(10.0)), None);
    }
}
