//! A design as a picture for a document: SVG without scripts, with what the canvas shows. Its
//! shapes are listed first ([`picture`]); the page paints its PNG from the same list.

mod card;
mod line;
mod moment;
mod room;
mod shape;
mod text;
mod xml;

#[cfg(test)]
mod tests;

use crate::curve::LinkPath;
use crate::geometry::{Point, Rect};
use crate::scene::Scene;
use crate::zones::{LABEL_HEIGHT, Region};
use crate::{layout, note, zones};
use design::link::Mode;
use design::{Design, Link, Note};

use line::Label;
pub use moment::{LinkNow, Moment, NodeNow};
use room::Room;
pub use shape::{Drawn, Ink, Paint, Picture, Shape, Words};
pub use text::{FONTS, width};

/// Room around the drawing, in canvas units.
const MARGIN: f64 = 28.0;
/// Size of the caption.
const CAPTION: f64 = 18.0;
const SMALL: f64 = 11.5;

/// The background of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    /// Light or dark, as the reader prefers.
    #[default]
    Either,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Returns the picture, light or dark as the reader prefers.
pub fn write(design: &Design) -> String {
    write_on(design, Ground::Either)
}

/// Returns the picture on a background. A design whose nodes are all in the same place is laid out
/// first.
pub fn write_on(design: &Design, ground: Ground) -> String {
    to_svg(&picture(design, None), ground)
}

/// Returns a picture as an SVG file.
pub fn to_svg(picture: &Picture, ground: Ground) -> String {
    xml::write(picture, ground)
}

/// Returns the shapes of a design, with the metrics of a moment if there is one.
pub fn picture(design: &Design, moment: Option<&Moment>) -> Picture {
    let mut design = design.clone();
    if layout::lacks_positions(&design) {
        let positions = layout::arrange(&design);
        for (node, at) in design.nodes.iter_mut().zip(positions) {
            node.at = at;
        }
    }
    Drawing::new(&design, moment).picture()
}

struct Drawing<'a> {
    design: &'a Design,
    moment: Option<&'a Moment>,
    scene: Scene<'a>,
    lines: Vec<(&'a Link, LinkPath)>,
    regions: Vec<Region>,
    /// The labels beside their links, each with its link, its place and whether a line is under it;
    /// and the labels that found no room.
    labels: Vec<(usize, Label, Rect, bool)>,
    notes: Vec<String>,
}

impl<'a> Drawing<'a> {
    fn new(design: &'a Design, moment: Option<&'a Moment>) -> Self {
        let scene = Scene::new(design);
        let paths = design.links.iter().zip(scene.paths());
        let lines: Vec<_> = paths
            .filter_map(|(link, path)| Some((link, path?)))
            .collect();
        let mut drawing = Self {
            design,
            moment,
            scene,
            lines,
            regions: zones::regions(design),
            labels: Vec::new(),
            notes: Vec::new(),
        };
        drawing.place_labels();
        drawing
    }

    fn place_labels(&mut self) {
        let mut room = Room::new();
        for node in &self.design.nodes {
            let now = self.moment.and_then(|moment| moment.node(&node.id));
            for rect in card::around(node, now) {
                room.take(rect);
            }
        }
        for note in &self.design.settings.notes {
            room.take(note::note_rect(note));
        }
        for region in &self.regions {
            room.take(zone_name(region));
            room.edge(&region.rect);
        }
        for (number, (_, path)) in self.lines.iter().enumerate() {
            room.line(number, path);
        }
        for (number, (link, path)) in self.lines.iter().enumerate() {
            let label = Label::of(link, self.link_now(link));
            if label.is_empty() {
                continue;
            }
            match room.beside(number, path, label.size()) {
                Some((rect, covers)) => self.labels.push((number, label, rect, covers)),
                None => {
                    let ends = self.design.link_title(&link.id);
                    self.notes.push(format!("{ends}: {}", label.in_line()));
                }
            }
        }
    }

    fn link_now(&self, link: &Link) -> Option<&'a LinkNow> {
        self.moment.and_then(|moment| moment.link(&link.id))
    }

    fn picture(&self) -> Picture {
        let around = self.design.nodes.iter().flat_map(|node| {
            let now = self.moment.and_then(|moment| moment.node(&node.id));
            card::around(node, now)
        });
        let drawn = around
            .chain(self.labels.iter().map(|(_, _, rect, _)| *rect))
            .chain(self.scene.bounds())
            .reduce(Rect::union)
            .unwrap_or_default();
        let mut picture = Picture {
            bounds: Rect::default(),
            name: self.design.settings.name.clone(),
            shapes: Vec::new(),
            labels: Vec::new(),
        };
        let bounds = self.frame(&mut picture, drawn);
        picture.bounds = bounds;
        for region in &self.regions {
            draw_zone(&mut picture, region);
        }
        for note in &self.design.settings.notes {
            draw_note(&mut picture, note);
        }
        for (link, path) in &self.lines {
            line::draw(&mut picture, &self.scene, link, path, self.link_now(link));
        }
        for (number, label, rect, covers) in &self.labels {
            if let Some(leader) = line::leader(&self.lines[*number].1, rect) {
                picture.path(leader, Paint::line(Ink::Quiet, 0.75));
            }
            if *covers {
                self.clear(&mut picture, *rect);
            }
            label.draw(&mut picture, *rect);
        }
        for node in &self.design.nodes {
            let now = self.moment.and_then(|moment| moment.node(&node.id));
            card::draw(&mut picture, node, now);
        }
        picture
    }

    /// Paints the background behind words, so that no line runs through them.
    fn clear(&self, picture: &mut Picture, rect: Rect) {
        picture.rect(rect, 3.0, Paint::fill(Ink::Ground));
        for region in &self.regions {
            let zone = region.rect;
            if zone.contains(rect.min) && zone.contains(rect.max) {
                picture.rect(rect, 3.0, shade(region));
            } else if zone.intersects(&rect) {
                let inside = Rect {
                    min: Point::new(rect.min.x.max(zone.min.x), rect.min.y.max(zone.min.y)),
                    max: Point::new(rect.max.x.min(zone.max.x), rect.max.y.min(zone.max.y)),
                };
                picture.rect(inside, 0.0, shade(region));
            }
        }
    }

    /// Draws the background, the caption above the drawing and the words below it. Returns what it
    /// all covers.
    fn frame(&self, picture: &mut Picture, drawn: Rect) -> Rect {
        let below = self.legend();
        let mut above = Vec::new();
        let name = self.design.settings.name.trim();
        let when = self.moment.map_or("", |moment| moment.when.as_str());
        for (text, size, ink, bold) in [
            (name, CAPTION, Ink::Ink, true),
            (when, SMALL, Ink::Quiet, false),
        ] {
            if !text.is_empty() {
                above.push((text.to_owned(), size, ink, bold));
            }
        }
        let widest = above
            .iter()
            .map(|(text, size, _, bold)| width(text, *size, *bold))
            .chain(
                below
                    .iter()
                    .map(|(text, indent)| indent + width(text, SMALL, false)),
            )
            .fold(drawn.size().x, f64::max);
        // A long caption must not make a picture arbitrarily wide.
        let widest = widest.min(drawn.size().x.max(480.0));
        let heights = above.iter().map(|(_, size, ..)| size * 1.35);
        let caption = heights.sum::<f64>() + if above.is_empty() { 0.0 } else { 14.0 };
        let legend = below.len() as f64 * 16.0 + if below.is_empty() { 0.0 } else { 16.0 };
        let inner = Rect {
            min: drawn.min - Point::new(0.0, caption),
            max: Point::new(drawn.min.x + widest, drawn.max.y + legend),
        };
        let bounds = inner.expand(MARGIN);
        picture.rect(bounds, 0.0, Paint::fill(Ink::Ground));
        let (x, mut y) = (inner.min.x, inner.min.y);
        for (text, size, ink, bold) in above {
            let text = text::fit(&text, size, bold, widest);
            picture.text(text, x, y + size * 0.8, size, ink).bold = bold;
            y += size * 1.35;
        }
        let mut y = drawn.max.y + 16.0;
        for (text, indent) in below {
            if indent > 0.0 {
                let dash = card::straight(Point::new(x, y + 8.0), Point::new(x + 28.0, y + 8.0));
                let mut paint = Paint::line(Ink::Line, 1.5);
                paint.dash = [6.0, 4.5];
                picture.path(dash, paint);
            }
            let text = text::fit(&text, SMALL, false, widest - indent);
            picture.text(text, x + indent, y + 12.0, SMALL, Ink::Quiet);
            y += 16.0;
        }
        bounds
    }

    /// Returns the lines of words below the drawing, each indented if it has a sample.
    fn legend(&self) -> Vec<(String, f64)> {
        let messages = self.lines.iter().any(|(link, _)| link.mode != Mode::Call);
        let sample = messages.then(|| ("Messages".to_owned(), 36.0));
        let notes = self.notes.iter().map(|note| (note.clone(), 0.0));
        sample.into_iter().chain(notes).collect()
    }
}

/// Returns the place of a zone's name.
fn zone_name(region: &Region) -> Rect {
    let corner = region.rect.min + Point::new(12.0, 0.0);
    let across = width(&region.name, SMALL, true).min(region.rect.size().x - 24.0);
    Rect::between(corner, corner + Point::new(across, LABEL_HEIGHT))
}

fn shade(region: &Region) -> Paint {
    Paint {
        opacity: 0.09,
        ..Paint::fill(Ink::Zone(region.color))
    }
}

fn draw_zone(picture: &mut Picture, region: &Region) {
    let ink = Ink::Zone(region.color);
    let edge = Paint {
        opacity: 0.5,
        ..Paint::line(ink, 1.0)
    };
    picture.rect(region.rect, 10.0, shade(region));
    picture.rect(region.rect, 10.0, edge);
    let name = zone_name(region);
    let text = text::fit(&region.name, SMALL, true, name.size().x);
    let (x, y) = (name.min.x, name.min.y + 17.0);
    picture.text(text, x, y, SMALL, Ink::Quiet).bold = true;
}

fn draw_note(picture: &mut Picture, design_note: &Note) {
    let rect = note::note_rect(design_note);
    let mut edge = Paint::line(Ink::Edge, 1.0);
    edge.dash = [2.0, 3.5];
    picture.rect(rect, 4.0, edge);
    for (row, line) in note::lines(design_note).into_iter().enumerate() {
        let y = rect.min.y + note::PADDING_Y + (row as f64 + 0.72) * note::LINE_HEIGHT;
        let x = rect.min.x + note::PADDING_X;
        let line = text::fit(&line, 12.5, false, rect.size().x - 2.0 * note::PADDING_X);
        picture.text(line, x, y, 12.5, Ink::Ink);
    }
}
