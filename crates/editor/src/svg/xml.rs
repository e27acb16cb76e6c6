//! Writes a picture as SVG: plain paths and texts with their colors as attributes, which every
//! program that shows SVG reads. The reader's preference for light or dark is a style sheet on top
//! of that.

use super::Ground;
use super::shape::{Drawn, Ink, Picture, Shape, Words, num};
use super::text::FONTS;
use std::fmt::Write;

/// Returns the picture on a background, as an SVG file.
pub(super) fn write(picture: &Picture, ground: Ground) -> String {
    let (at, size) = (picture.bounds.min, picture.bounds.size());
    let mut svg = Svg {
        out: String::new(),
        ground,
    };
    let [x, y, width, height] = [at.x, at.y, size.x, size.y].map(num);
    svg.put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{x} {y} {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" font-family=\"{FONTS}\" fill=\"none\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\">\n<title>{}</title>\n",
        escaped(&picture.name)
    ));
    if ground == Ground::Either {
        svg.style();
    }
    for shape in &picture.shapes {
        match shape {
            Shape::Path(path) => svg.path(path),
            Shape::Text(words) => svg.text(words),
            Shape::Begin(title) => svg.put(format_args!("<g><title>{}</title>\n", escaped(title))),
            Shape::End => svg.put(format_args!("</g>\n")),
        }
    }
    svg.out + "</svg>\n"
}

struct Svg {
    out: String,
    ground: Ground,
}

impl Svg {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        self.out.write_fmt(text).expect("a String takes everything");
    }

    /// Writes the rules for readers who prefer dark pages. A style sheet takes precedence over
    /// attributes.
    fn style(&mut self) {
        self.put(format_args!(
            "<style>\nsvg {{ color-scheme: light dark; }}\n@media (prefers-color-scheme: dark) {{\n"
        ));
        for (name, _, dark) in Ink::all() {
            self.put(format_args!(
                ".f-{name} {{ fill: {dark}; }} .s-{name} {{ stroke: {dark}; }}\n"
            ));
        }
        self.put(format_args!("}}\n</style>\n"));
    }

    fn path(&mut self, path: &Drawn) {
        self.put(format_args!("<path d=\"{}\"", escaped(&path.d)));
        let (at, [across, down]) = (path.at, path.scale);
        if (at.x, at.y) != (0.0, 0.0) || (across, down) != (1.0, 1.0) {
            let (x, y) = (num(at.x), num(at.y));
            self.put(format_args!(" transform=\"translate({x} {y})"));
            if (across, down) != (1.0, 1.0) {
                self.put(format_args!(" scale({} {})", num(across), num(down)));
            }
            self.put(format_args!("\""));
        }
        let paint = path.paint;
        self.inks(paint.fill, paint.stroke);
        if paint.stroke.is_some() && paint.width != 1.0 {
            self.put(format_args!(" stroke-width=\"{}\"", num(paint.width)));
        }
        if paint.dash[0] > 0.0 {
            let [dash, gap] = paint.dash.map(num);
            self.put(format_args!(" stroke-dasharray=\"{dash} {gap}\""));
        }
        if paint.opacity < 1.0 {
            self.put(format_args!(" opacity=\"{}\"", num(paint.opacity)));
        }
        self.put(format_args!("/>\n"));
    }

    fn text(&mut self, words: &Words) {
        let [x, y, size] = [words.at.x, words.at.y, words.size].map(num);
        self.put(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\""
        ));
        if words.bold {
            self.put(format_args!(" font-weight=\"700\""));
        }
        if words.from_right {
            self.put(format_args!(" text-anchor=\"end\""));
        }
        self.inks(Some(words.ink), None);
        self.put(format_args!(">{}</text>\n", escaped(&words.text)));
    }

    fn inks(&mut self, fill: Option<Ink>, stroke: Option<Ink>) {
        let mut classes = Vec::new();
        for (ink, name, letter) in [(fill, "fill", 'f'), (stroke, "stroke", 's')] {
            let Some(ink) = ink else { continue };
            self.put(format_args!(" {name}=\"{}\"", ink.value(self.ground)));
            if !ink.name().is_empty() {
                classes.push(format!("{letter}-{}", ink.name()));
            }
        }
        if self.ground == Ground::Either && !classes.is_empty() {
            self.put(format_args!(" class=\"{}\"", classes.join(" ")));
        }
    }
}

/// Returns a string as XML text. Characters that XML cannot hold become a replacement character.
pub(super) fn escaped(text: &str) -> String {
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
