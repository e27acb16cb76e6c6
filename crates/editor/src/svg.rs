//! A design as a picture: SVG without scripts, readable on light and dark grounds, with the shapes
//! the page draws.

use crate::curve::Line;
use crate::geometry::{NODE_HEIGHT, NODE_WIDTH, Point, Rect, node_rect};
use crate::scene::Scene;
use crate::zones::Region;
use crate::{layout, note, zones};
use design::link::Mode;
use design::{Design, Link, Node, Note};
use std::fmt::Write;

/// Room around the drawing, in canvas units.
const MARGIN: f64 = 32.0;
/// Characters of a title that fit a node.
const TITLE_MAX: usize = 20;

/// What a picture lies on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    /// Light or dark as whoever looks at it prefers.
    #[default]
    Either,
    /// Paper.
    Light,
    /// A dark page.
    Dark,
}

const LIGHT: &str = "svg { --ground: #ffffff; --ink: #1d2430; --quiet: #5b6675; --line: #7d8896; --fill: #f4f6f9; }";
const DARK: &str = "svg { --ground: #14181f; --ink: #e8ecf2; --quiet: #9aa6b5; --line: #8591a1; --fill: #1f2630; }";

const STYLE: &str = "
  .ground { fill: var(--ground); }
  .node { fill: var(--fill); stroke: var(--line); stroke-width: 1.5; }
  .link { fill: none; stroke: var(--line); stroke-width: 1.5; }
  .message { stroke-dasharray: 6 4; }
  .head { fill: var(--line); }
  text { font-family: system-ui, sans-serif; text-anchor: middle; }
  .title { fill: var(--ink); font-size: 15px; font-weight: 600; }
  .note { fill: none; stroke: var(--line); stroke-dasharray: 2 3; }
  .words { fill: var(--ink); font-size: 13px; text-anchor: start; }
  .zone { fill-opacity: 0.1; stroke-opacity: 0.5; }
  .z0 { fill: #4f7ca8; stroke: #4f7ca8; } .z1 { fill: #a8874f; stroke: #a8874f; }
  .z2 { fill: #5c9a8a; stroke: #5c9a8a; } .z3 { fill: #9a6f9a; stroke: #9a6f9a; }
  .z4 { fill: #8a935a; stroke: #8a935a; } .z5 { fill: #a86f62; stroke: #a86f62; }
  .place { fill: var(--quiet); font-size: 13px; text-anchor: start; }
  .kind { fill: var(--quiet); font-size: 12px; }
";

fn style(ground: Ground) -> String {
    let colours = match ground {
        Ground::Either => format!(
            "{LIGHT}\n  svg {{ color-scheme: light dark; }}\n  @media (prefers-color-scheme: dark) {{\n    {DARK}\n  }}"
        ),
        Ground::Light => LIGHT.to_owned(),
        Ground::Dark => DARK.to_owned(),
    };
    format!("\n  {colours}{STYLE}")
}

/// The picture, light or dark as whoever looks at it prefers.
pub fn write(design: &Design) -> String {
    write_on(design, Ground::Either)
}

/// The picture on a ground. A design whose nodes all stand in one place is laid out first.
pub fn write_on(design: &Design, ground: Ground) -> String {
    let mut design = design.clone();
    if layout::lacks_positions(&design) {
        let positions = layout::arrange(&design);
        for (node, at) in design.nodes.iter_mut().zip(positions) {
            node.at = at;
        }
    }
    let scene = Scene::new(&design);
    let bounds = scene.bounds().unwrap_or_default();
    let bounds = Rect {
        min: bounds.min - Point::new(MARGIN, MARGIN),
        max: bounds.max + Point::new(MARGIN, MARGIN),
    };
    let size = bounds.size();
    let title = escaped(&design.settings.name);
    let style = style(ground);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{} {} {} {}\" width=\"{}\" height=\"{}\" role=\"img\">\n\
         <title>{title}</title>\n<style>{style}</style>\n\
         <marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">\
         <path class=\"head\" d=\"M0 0.5 8 4 0 7.5z\"/></marker>\n",
        bounds.min.x, bounds.min.y, size.x, size.y, size.x, size.y
    );
    let (x, y) = (bounds.min.x, bounds.min.y);
    put(
        &mut svg,
        format_args!(
            "<rect class=\"ground\" x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\"/>\n",
            size.x, size.y
        ),
    );
    for region in zones::regions(&design) {
        write_zone(&mut svg, &region);
    }
    for note in &design.settings.notes {
        write_note(&mut svg, note);
    }
    for (link, line) in scene.lines() {
        write_link(&mut svg, link, &line);
    }
    for node in &design.nodes {
        write_node(&mut svg, node);
    }
    svg + "</svg>\n"
}

fn put(svg: &mut String, text: std::fmt::Arguments<'_>) {
    svg.write_fmt(text).expect("a String takes everything");
}

fn write_link(svg: &mut String, link: &Link, line: &Line) {
    let class = match link.mode {
        Mode::Call => "link",
        Mode::Publish | Mode::Consume | Mode::DeadLetter => "link message",
    };
    put(
        svg,
        format_args!(
            "<path class=\"{class}\" d=\"{}\" marker-end=\"url(#head)\"><title>{}</title></path>\n",
            line.to_svg(),
            escaped(&link.id)
        ),
    );
}

fn write_zone(svg: &mut String, region: &Region) {
    let (at, size) = (region.rect.min, region.rect.size());
    let name = escaped(&region.name);
    put(
        svg,
        format_args!(
            "<rect class=\"zone z{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"12\"/>\n\
             <text class=\"place\" x=\"{}\" y=\"{}\">{name}</text>\n",
            region.colour,
            at.x,
            at.y,
            size.x,
            size.y,
            at.x + 12.0,
            at.y + 19.0
        ),
    );
}

fn write_note(svg: &mut String, design_note: &Note) {
    let rect = note::note_rect(design_note);
    let (x, y, size) = (rect.min.x, rect.min.y, rect.size());
    let (width, height) = (size.x, size.y);
    put(
        svg,
        format_args!(
            "<rect class=\"note\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>\n"
        ),
    );
    for (row, line) in note::lines(design_note).iter().enumerate() {
        let below = note::PADDING_Y + (row as f64 + 0.75) * note::LINE_HEIGHT;
        let (x, y) = (x + note::PADDING_X, y + below);
        let line = escaped(line);
        put(
            svg,
            format_args!("<text class=\"words\" x=\"{x}\" y=\"{y}\">{line}</text>\n"),
        );
    }
}

fn write_node(svg: &mut String, node: &Node) {
    let rect = node_rect(node);
    let (x, y, center) = (rect.min.x, rect.min.y, rect.center());
    let kind = node.kind.info().label;
    let kind = match node.kind.replicas() {
        1 => kind.to_owned(),
        replicas => format!("{kind} × {replicas}"),
    };
    let title = node.title();
    let shown: String = match title.chars().count() > TITLE_MAX {
        true => title.chars().take(TITLE_MAX - 1).chain(['…']).collect(),
        false => title.to_owned(),
    };
    put(
        svg,
        format_args!(
            "<g><title>{}</title>\
             <rect class=\"node\" x=\"{x}\" y=\"{y}\" width=\"{NODE_WIDTH}\" height=\"{NODE_HEIGHT}\" rx=\"10\"/>\
             <text class=\"title\" x=\"{cx}\" y=\"{}\">{}</text>\
             <text class=\"kind\" x=\"{cx}\" y=\"{}\">{}</text></g>\n",
            escaped(title),
            center.y - 3.0,
            escaped(&shown),
            center.y + 18.0,
            escaped(&kind),
            cx = center.x,
        ),
    );
}

/// As XML text. What XML cannot hold at all becomes a replacement character.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
