//! A node as a card, as the canvas draws it, with room for a longer name.

use super::moment::NodeNow;
use super::shape::{Drawn, Ink, Paint, Picture, num};
use super::text::{self, fit, wrap};
use crate::geometry::{NODE_WIDTH, Point, Rect, node_rect};
use crate::icons;
use crate::summary::{count, describe};
use design::Node;

/// Distance from a card's edge to its content.
pub(super) const PADDING: f64 = 12.0;
/// Where the text begins beside the icon.
pub(super) const INDENT: f64 = 37.0;
const ICON: f64 = 20.0;
const TITLE: f64 = 13.0;
const ABOUT: f64 = 11.5;
const SMALL: f64 = 11.0;
/// Size of the queue before the card, and of the number under it.
const QUEUE: [f64; 2] = [56.0, 24.0];
/// Distance below the card's upper edge of its picture, of its last line, and of its queue.
const BODY: f64 = 49.0;
const FOOT: f64 = 94.0;
const QUEUE_TOP: f64 = 62.0;

/// Returns what a card covers beside its rectangle: its queue, its counts and the lines under it.
pub(super) fn around(node: &Node, now: Option<&NodeNow>) -> Vec<Rect> {
    let rect = node_rect(node);
    let mut taken = vec![rect];
    let below = below(node, now);
    if !below.is_empty() {
        let widths = below.iter().map(|line| text::width(line, SMALL, false));
        let width = (widths.fold(0.0, f64::max) + 12.0).min(NODE_WIDTH);
        let corner = Point::new(rect.min.x, rect.max.y);
        let size = Point::new(width + 4.0, below.len() as f64 * 14.0 + 4.0);
        taken.push(Rect::between(corner, corner + size));
    }
    if let Some(now) = now {
        if !now.places.is_empty() {
            let corner = Point::new(rect.min.x - 7.0, rect.min.y + QUEUE_TOP);
            let size = Point::new(-QUEUE[0], QUEUE[1]);
            taken.push(Rect::between(corner, corner + size));
        }
        if !now.failures.0.is_empty() {
            taken.push(badge(rect, &now.failures.0));
        }
        if now.broken {
            let corner = Point::new(rect.min.x, rect.max.y);
            taken.push(Rect::between(corner, corner).expand(10.0));
        }
    }
    taken
}

/// Draws the card and everything around it.
pub(super) fn draw(picture: &mut Picture, node: &Node, now: Option<&NodeNow>) {
    let rect = node_rect(node);
    picture.begin(about(node, now));
    if let Some(now) = now {
        queue(picture, rect, now);
    }
    let failing = now.is_some_and(|now| {
        now.broken
            || now
                .state
                .as_ref()
                .is_some_and(|(_, ink, _)| *ink == Ink::Failing)
    });
    let edge = if failing { Ink::Failing } else { Ink::Edge };
    let mut face = Paint::fill(Ink::Card).edged(edge, 1.0);
    if now.is_some_and(|now| now.broken) {
        face.dash = [4.0, 4.0];
    }
    picture.rect(rect, 6.0, face);
    match now {
        Some(now) => with_numbers(picture, node, rect, now),
        None => without_numbers(picture, node, rect),
    }
    // Beside the mark of a fault.
    let indent = if now.is_some_and(|now| now.broken) {
        14.0
    } else {
        2.0
    };
    for (row, line) in below(node, now).iter().enumerate() {
        let y = rect.max.y + 13.0 + row as f64 * 14.0;
        let line = fit(line, SMALL, false, NODE_WIDTH - indent);
        picture.text(line, rect.min.x + indent, y, SMALL, Ink::Quiet);
    }
    picture.end();
}

/// Returns everything that the card shows, as a tooltip and for screen readers.
fn about(node: &Node, now: Option<&NodeNow>) -> String {
    let mut parts = vec![
        node.title().to_owned(),
        node.kind.info().label.to_owned(),
        describe(&node.kind),
    ];
    if let Some(now) = now {
        parts.extend(now.state.as_ref().map(|(state, ..)| (*state).to_owned()));
        parts.push(now.rate.clone());
        let [all, working, blocked] = now.slots;
        if all > 0 {
            let held = count((working + blocked).into());
            parts.push(format!("{held} of {} slots in use", count(all.into())));
        }
        if now.waiting > 0 {
            parts.push(format!("{} waiting", count(now.waiting.into())));
        }
        parts.push(now.tell.clone());
        if !now.failures.0.is_empty() {
            parts.push(format!("{} failures", now.failures.0));
        }
    }
    parts.extend(below(node, now));
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

/// Returns the lines under the card: harm to data, and the zones of its replicas.
fn below(node: &Node, now: Option<&NodeNow>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(now) = now.filter(|now| !now.harm.is_empty()) {
        lines.push(now.harm.clone());
    }
    if !node.deployment.zones.is_empty() {
        let mut zones: Vec<&str> = Vec::new();
        for zone in &node.deployment.zones {
            if !zones.contains(&zone.as_str()) {
                zones.push(zone);
            }
        }
        lines.push(format!("replicas in {}", zones.join(", ")));
    }
    lines
}

fn without_numbers(picture: &mut Picture, node: &Node, rect: Rect) {
    let room = NODE_WIDTH - INDENT - PADDING;
    let titles = wrap(node.title(), TITLE, true, room, 2);
    let abouts = in_lines(&describe(&node.kind), room, 4 - titles.len().max(1));
    let height = titles.len() as f64 * 16.0 + abouts.len() as f64 * 14.0;
    let mut y = rect.center().y - height / 2.0;
    icon(picture, node, rect, rect.center().y);
    let x = rect.min.x + INDENT;
    for line in titles {
        picture.text(line, x, y + 12.5, TITLE, Ink::Ink).bold = true;
        y += 16.0;
    }
    for line in abouts {
        picture.text(line, x, y + 11.0, ABOUT, Ink::Quiet);
        y += 14.0;
    }
}

fn icon(picture: &mut Picture, node: &Node, rect: Rect, middle: f64) {
    let at = Point::new(rect.min.x + PADDING - 1.0, middle - ICON / 2.0);
    let scale = [ICON / 20.0; 2];
    let paint = Paint::line(Ink::Ink, 1.5);
    picture.path_at(icons::of_kind(&node.kind).to_owned(), at, scale, paint);
}

/// Returns the parts of a line, none of them split, over as many lines as allowed.
fn in_lines(line: &str, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in line.split(", ") {
        let joined = lines.last().map(|last| format!("{last} · {part}"));
        match joined {
            Some(joined) if text::width(&joined, ABOUT, false) <= room => {
                lines.pop();
                lines.push(joined);
            }
            _ if lines.len() < most => lines.push(fit(part, ABOUT, false, room)),
            _ => break,
        }
    }
    lines
}

fn with_numbers(picture: &mut Picture, node: &Node, rect: Rect, now: &NodeNow) {
    let (left, right) = (rect.min.x + PADDING, rect.max.x - PADDING);
    let titles = wrap(node.title(), TITLE, true, NODE_WIDTH - INDENT - 26.0, 2);
    let is_long = titles.len() > 1;
    let (first, about) = match is_long {
        true => (16.5, 44.0),
        false => (22.0, 40.0),
    };
    icon(
        picture,
        node,
        rect,
        rect.min.y + 18.0 + if is_long { 2.0 } else { 0.0 },
    );
    for (row, line) in titles.into_iter().enumerate() {
        let y = rect.min.y + first + row as f64 * 14.0;
        picture
            .text(line, rect.min.x + INDENT, y, TITLE, Ink::Ink)
            .bold = true;
    }
    if let Some((_, ink, shape)) = &now.state {
        let solid = *ink == Ink::Degraded;
        let paint = Paint {
            fill: solid.then_some(*ink),
            ..Paint::line(*ink, if solid { 1.0 } else { 2.0 })
        };
        let at = Point::new(right - 10.0, rect.min.y + 12.0);
        picture.path_at(shape.clone(), at, [1.0; 2], paint);
    }
    if let Some(line) = in_lines(&describe(&node.kind), right - left, 1).pop() {
        picture.text(line, left, rect.min.y + about, ABOUT, Ink::Quiet);
    }
    put(picture, &now.body, Point::new(left, rect.min.y + BODY));
    foot(picture, now, [left, right], rect.min.y + FOOT);
    marks(picture, rect, now);
}

/// Draws the last line of a card: its rate, and the metric of its kind if there is room beside it.
fn foot(picture: &mut Picture, now: &NodeNow, [left, right]: [f64; 2], y: f64) {
    let rate = fit(&now.rate, SMALL, false, right - left);
    let room = right - left - text::width(&rate, SMALL, false) - 6.0;
    picture.text(rate, left, y, SMALL, Ink::Ink);
    let tell = fit(&now.tell, SMALL, false, room);
    if tell != "…" {
        let words = picture.text(tell, right, y, SMALL, Ink::Quiet);
        words.from_right = true;
    }
}

/// Draws the number of failures and the mark of a fault, at the corners of the card.
fn marks(picture: &mut Picture, rect: Rect, now: &NodeNow) {
    let (failed, is_now) = &now.failures;
    if !failed.is_empty() {
        let pill = badge(rect, failed);
        let (face, ink) = match is_now {
            true => (Ink::Failing, Ink::Card),
            false => (Ink::Card, Ink::Failing),
        };
        picture.rect(pill, 9.0, Paint::fill(face).edged(Ink::Failing, 1.0));
        let middle = pill.center().y;
        let at = Point::new(pill.min.x + 6.0, middle - 4.5);
        picture.path_at(
            "M2 2l6 6M8 2l-6 6".to_owned(),
            at,
            [0.9; 2],
            Paint::line(ink, 2.0),
        );
        picture.text(failed.clone(), at.x + 12.0, middle + 4.0, SMALL, ink);
    }
    if now.broken {
        let at = Point::new(rect.min.x, rect.max.y);
        let disc = Rect::between(at, at).expand(10.0);
        picture.rect(disc, 10.0, Paint::fill(Ink::Failing).edged(Ink::Card, 1.0));
        let corner = disc.min + Point::new(3.0, 3.0);
        let paint = Paint::fill(Ink::Card).edged(Ink::Card, 1.0);
        picture.path_at(icons::BROKEN.to_owned(), corner, [0.7; 2], paint);
    }
}

fn badge(rect: Rect, failed: &str) -> Rect {
    let corner = Point::new(rect.max.x + 8.0, rect.min.y - 10.0);
    let width = 25.0 + text::width(failed, SMALL, false);
    Rect::between(corner, corner + Point::new(-width, 18.0))
}

/// Draws the queue before the card: its capacity, and the number of waiting calls.
fn queue(picture: &mut Picture, rect: Rect, now: &NodeNow) {
    let right = rect.min.x - 7.0;
    let top = rect.min.y + QUEUE_TOP;
    put(picture, &now.places, Point::new(right - QUEUE[0], top));
    if now.waiting > 0 {
        let words = picture.text(
            count(now.waiting.into()),
            right,
            top + 21.5,
            SMALL,
            Ink::Waiting,
        );
        words.from_right = true;
    }
}

fn put(picture: &mut Picture, parts: &[Drawn], at: Point) {
    for part in parts {
        picture.path_at(part.d.clone(), at + part.at, part.scale, part.paint);
    }
}

/// Returns a straight line, as a path.
pub(super) fn straight(from: Point, to: Point) -> String {
    let [a, b, c, d] = [from.x, from.y, to.x, to.y].map(num);
    format!("M{a} {b}L{c} {d}")
}
