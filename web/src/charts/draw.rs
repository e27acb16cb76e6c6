//! Paints the rows on a canvas. What is painted comes ready from the pure parts beside this file.

use wasm_bindgen::JsValue;
use web_sys::CanvasRenderingContext2d;

use super::columns::Figures;
use super::scale::{Scale, figure_label, latency_label, time_label, time_ticks};
use crate::history::{Mark, MarkKind};

/// A rectangle in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Where everything is. A row that does not fit has no area.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Places {
    /// The whole canvas.
    pub(super) whole: Area,
    /// The strip of marks above the rows.
    pub(super) marks: Area,
    /// Rates, latency, amplification, waiting.
    pub(super) rows: [Option<Area>; 4],
    /// The time axis below.
    pub(super) axis: Area,
}

/// The colours of the theme, and the face of the numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    pub(super) ink: String,
    pub(super) quiet: String,
    pub(super) line: String,
    pub(super) fine: String,
    pub(super) failing: String,
    pub(super) degraded: String,
    pub(super) waiting: String,
    pub(super) accent: String,
    pub(super) font: String,
}

/// What is painted.
pub(super) struct Picture<'a> {
    pub(super) columns: &'a [Figures],
    pub(super) marks: &'a [Mark],
    pub(super) now_s: f64,
    pub(super) end_s: f64,
}

/// Space between two labels of a vertical and of the time axis, in pixels.
const TICK_PX: f64 = 18.0;
const TIME_TICK_PX: f64 = 72.0;
/// A pause in the data longer than this many columns is left open.
const GAP_COLUMNS: f64 = 2.5;

struct Brush<'a> {
    cx: &'a CanvasRenderingContext2d,
    look: &'a Look,
    places: &'a Places,
    picture: &'a Picture<'a>,
}

/// Paints everything.
pub(super) fn paint(
    cx: &CanvasRenderingContext2d,
    look: &Look,
    places: &Places,
    picture: &Picture<'_>,
) {
    let brush = Brush {
        cx,
        look,
        places,
        picture,
    };
    let Area { width, height, .. } = places.whole;
    cx.clear_rect(0.0, 0.0, width, height);
    cx.set_font(&format!("11px {}", look.font));
    brush.time_axis();
    brush.bands();
    if let Some(area) = places.rows[0] {
        brush.rates(area);
    }
    if let Some(area) = places.rows[1] {
        brush.latency(area);
    }
    if let Some(area) = places.rows[2] {
        brush.amplification(area);
    }
    if let Some(area) = places.rows[3] {
        brush.waiting(area);
    }
    brush.ticks_of_edits();
    brush.now();
}

impl Brush<'_> {
    fn x(&self, at_s: f64) -> f64 {
        let axis = self.places.axis;
        axis.x + (at_s / self.picture.end_s).clamp(0.0, 1.0) * axis.width
    }

    /// From the marks down to the axis.
    fn rows_span(&self) -> (f64, f64) {
        let rows = || self.places.rows.iter().flatten();
        let top = rows().map(|row| row.y).fold(f64::INFINITY, f64::min);
        let bottom = rows().map(|row| row.y + row.height).fold(0.0, f64::max);
        (top.min(bottom), bottom)
    }

    fn rates(&self, area: Area) {
        let largest = self.largest(|c| c.offered.max(c.throughput));
        let scale = Scale::linear(largest, 1.0);
        self.grid(area, scale, figure_label);
        let look = self.look;
        self.band(area, scale, &look.fine, 0.30, |_| 0.0, |c| c.goodput);
        self.band(
            area,
            scale,
            &look.failing,
            0.34,
            |c| c.goodput,
            |c| c.throughput,
        );
        self.curve(area, scale, &look.fine, 1.5, |c| c.goodput);
        self.curve(area, scale, &look.ink, 1.0, |c| c.throughput);
        dashes(self.cx, &[3.0, 2.0]);
        self.curve(area, scale, &look.quiet, 1.0, |c| c.offered);
        dashes(self.cx, &[]);
    }

    fn latency(&self, area: Area) {
        let lowest = self
            .picture
            .columns
            .iter()
            .map(|c| c.p50_ms)
            .fold(f64::NAN, f64::min);
        let scale = Scale::log(lowest, self.largest(|c| c.p99_ms));
        self.grid(area, scale, latency_label);
        let look = self.look;
        self.band(area, scale, &look.quiet, 0.16, |c| c.p50_ms, |c| c.p99_ms);
        self.curve(area, scale, &look.quiet, 1.0, |c| c.p99_ms);
        self.curve(area, scale, &look.ink, 1.5, |c| c.p50_ms);
    }

    fn amplification(&self, area: Area) {
        let scale = Scale::linear(self.largest(|c| c.amplification), 2.0);
        self.grid(area, scale, figure_label);
        let look = self.look;
        self.band(
            area,
            scale,
            &look.degraded,
            0.30,
            |_| 1.0,
            |c| c.amplification.max(1.0),
        );
        self.curve(area, scale, &look.ink, 1.25, |c| c.amplification);
    }

    fn waiting(&self, area: Area) {
        let scale = Scale::linear(self.largest(|c| c.waiting), 4.0);
        self.grid(area, scale, figure_label);
        let look = self.look;
        self.band(area, scale, &look.waiting, 0.24, |_| 0.0, |c| c.waiting);
        self.curve(area, scale, &look.waiting, 1.25, |c| c.waiting);
    }

    fn largest(&self, figure: impl Fn(&Figures) -> f64) -> f64 {
        self.picture
            .columns
            .iter()
            .map(figure)
            .fold(f64::NAN, f64::max)
    }

    /// Hairlines at the ticks, and what they stand for to the left.
    fn grid(&self, area: Area, scale: Scale, label: fn(f64) -> String) {
        let cx = self.cx;
        cx.set_stroke_style_str(&self.look.line);
        cx.set_fill_style_str(&self.look.quiet);
        cx.set_line_width(1.0);
        cx.set_text_align("right");
        cx.set_text_baseline("middle");
        self.level(area, area.y + area.height);
        for tick in scale.ticks(area.height, TICK_PX) {
            let y = y(area, scale, tick);
            self.level(area, y);
            // Kept within the row, so that neighbours do not touch.
            let text_y = y.clamp(area.y + 5.0, area.y + area.height - 4.0);
            // Fails for no text.
            let _ = cx.fill_text(&label(tick), area.x - 6.0, text_y);
        }
    }

    fn level(&self, area: Area, y: f64) {
        let y = y.round() - 0.5;
        self.cx.begin_path();
        self.cx.move_to(area.x, y);
        self.cx.line_to(area.x + area.width, y);
        self.cx.stroke();
    }

    fn time_axis(&self) {
        let (cx, axis) = (self.cx, self.places.axis);
        let (top, bottom) = self.rows_span();
        cx.set_stroke_style_str(&self.look.line);
        cx.set_fill_style_str(&self.look.quiet);
        cx.set_line_width(1.0);
        cx.set_text_baseline("middle");
        for tick in time_ticks(self.picture.end_s, axis.width, TIME_TICK_PX) {
            let x = self.x(tick);
            self.upright(x, top, bottom);
            cx.set_text_align(if x > axis.x + axis.width - 16.0 {
                "right"
            } else {
                "center"
            });
            let _ = cx.fill_text(&time_label(tick), x, axis.y + axis.height / 2.0 + 1.0);
        }
    }

    fn upright(&self, x: f64, top: f64, bottom: f64) {
        let x = x.round() - 0.5;
        self.cx.begin_path();
        self.cx.move_to(x, top);
        self.cx.line_to(x, bottom);
        self.cx.stroke();
    }

    /// Faults, through all rows, with their names above.
    fn bands(&self) {
        let (cx, marks) = (self.cx, self.places.marks);
        let (_, bottom) = self.rows_span();
        let mut free_x = marks.x;
        for mark in self
            .picture
            .marks
            .iter()
            .filter(|mark| mark.kind == MarkKind::Fault)
        {
            if mark.time_s > self.picture.end_s {
                continue;
            }
            let from = self.x(mark.time_s);
            let to = mark
                .end_s
                .map_or(from, |end_s| self.x(end_s))
                .max(from + 1.0);
            cx.set_fill_style_str(&self.look.failing);
            cx.set_global_alpha(0.09);
            cx.fill_rect(from, marks.y, to - from, bottom - marks.y);
            cx.set_global_alpha(1.0);
            cx.fill_rect(from, marks.y + marks.height - 2.0, to - from, 2.0);
            free_x = self.name(&mark.label, from, free_x);
        }
    }

    /// Writes a label in the strip of marks unless another one is there. Returns where it ends.
    fn name(&self, label: &str, x: f64, free_x: f64) -> f64 {
        let (cx, marks) = (self.cx, self.places.marks);
        let width = cx
            .measure_text(label)
            .map_or(0.0, |measured| measured.width());
        let x = x.min(marks.x + marks.width - width).max(marks.x);
        if x < free_x {
            return free_x;
        }
        cx.set_fill_style_str(&self.look.ink);
        cx.set_text_align("left");
        cx.set_text_baseline("middle");
        let _ = cx.fill_text(label, x, marks.y + marks.height / 2.0 - 1.0);
        x + width + 12.0
    }

    fn ticks_of_edits(&self) {
        let (cx, marks) = (self.cx, self.places.marks);
        let (_, bottom) = self.rows_span();
        cx.set_stroke_style_str(&self.look.accent);
        cx.set_fill_style_str(&self.look.accent);
        cx.set_line_width(1.0);
        dashes(cx, &[2.0, 3.0]);
        for mark in self
            .picture
            .marks
            .iter()
            .filter(|mark| mark.kind == MarkKind::Edit)
        {
            let x = self.x(mark.time_s);
            self.upright(x, marks.y + marks.height, bottom);
            cx.fill_rect(x.round() - 2.0, marks.y + marks.height - 5.0, 3.0, 5.0);
        }
        dashes(cx, &[]);
    }

    fn now(&self) {
        let (top, bottom) = self.rows_span();
        self.cx.set_stroke_style_str(&self.look.ink);
        self.cx.set_line_width(1.0);
        self.upright(self.x(self.picture.now_s), top, bottom);
    }

    /// A line through the columns, open where the figure is unknown.
    fn curve(
        &self,
        area: Area,
        scale: Scale,
        colour: &str,
        width: f64,
        figure: impl Fn(&Figures) -> f64,
    ) {
        let cx = self.cx;
        cx.set_stroke_style_str(colour);
        cx.set_line_width(width);
        cx.set_line_join("round");
        cx.begin_path();
        for run in self.runs(&figure) {
            for (at, column) in run.iter().enumerate() {
                let (x, y) = (self.middle(column), y(area, scale, figure(column)));
                if at == 0 {
                    cx.move_to(x, y)
                } else {
                    cx.line_to(x, y)
                }
            }
        }
        cx.stroke();
    }

    /// The area between two figures.
    fn band(
        &self,
        area: Area,
        scale: Scale,
        colour: &str,
        alpha: f64,
        low: impl Fn(&Figures) -> f64,
        high: impl Fn(&Figures) -> f64,
    ) {
        let cx = self.cx;
        cx.set_fill_style_str(colour);
        cx.set_global_alpha(alpha);
        cx.begin_path();
        for run in self.runs(&|column: &Figures| low(column) + high(column)) {
            for (at, column) in run.iter().enumerate() {
                let (x, y) = (self.middle(column), y(area, scale, high(column)));
                if at == 0 {
                    cx.move_to(x, y)
                } else {
                    cx.line_to(x, y)
                }
            }
            for column in run.iter().rev() {
                cx.line_to(self.middle(column), y(area, scale, low(column)));
            }
            cx.close_path();
        }
        cx.fill();
        cx.set_global_alpha(1.0);
    }

    fn middle(&self, column: &Figures) -> f64 {
        self.x((column.span_s.0 + column.span_s.1) / 2.0)
    }

    /// Stretches of columns that all have the figure and follow each other.
    fn runs(&self, figure: &impl Fn(&Figures) -> f64) -> Vec<&[Figures]> {
        let columns = self.picture.columns;
        let known = |column: &Figures| figure(column).is_finite();
        let mut runs = Vec::new();
        let mut start = 0;
        for at in 0..columns.len() {
            let width_s = columns[at].span_s.1 - columns[at].span_s.0;
            let broken = at > start
                && columns[at].span_s.0 - columns[at - 1].span_s.1 > GAP_COLUMNS * width_s;
            if !known(&columns[at]) {
                runs.push(&columns[start..at]);
                start = at + 1;
            } else if broken {
                runs.push(&columns[start..at]);
                start = at;
            }
        }
        runs.push(&columns[start.min(columns.len())..]);
        runs.retain(|run| !run.is_empty());
        runs
    }
}

fn y(area: Area, scale: Scale, figure: f64) -> f64 {
    area.y + area.height * (1.0 - scale.share(figure))
}

fn dashes(cx: &CanvasRenderingContext2d, pattern: &[f64]) {
    let pattern: js_sys::Array = pattern
        .iter()
        .map(|length| JsValue::from(*length))
        .collect();
    // Fails for what is not a list of numbers.
    let _ = cx.set_line_dash(&pattern);
}
