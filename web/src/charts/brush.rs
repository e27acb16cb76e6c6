//! What is painted, with what, and the strokes that all rows are made of.

use wasm_bindgen::JsValue;
use web_sys::CanvasRenderingContext2d;

use super::columns::Figures;
use super::scale::Scale;
use crate::history::Mark;

/// A gap in the data longer than this many columns is left open.
const GAP_COLUMNS: f64 = 2.5;

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

/// The colors of the theme, and its faces.
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
    pub(super) numbers: String,
    pub(super) text: String,
}

/// What is painted.
pub(super) struct Picture<'a> {
    pub(super) columns: &'a [Figures],
    pub(super) marks: &'a [Mark],
    pub(super) now_s: f64,
    /// The latest moment the run has reached.
    pub(super) known_s: f64,
    /// When arrivals end.
    pub(super) duration_s: f64,
    pub(super) end_s: f64,
    /// Spans without telemetry, if only what the operators see is shown.
    pub(super) unheard: &'a [(f64, f64)],
}

/// Everything a stroke needs.
pub(super) struct Brush<'a> {
    pub(super) cx: &'a CanvasRenderingContext2d,
    pub(super) look: &'a Look,
    pub(super) places: &'a Places,
    pub(super) picture: &'a Picture<'a>,
}

impl Brush<'_> {
    pub(super) fn x(&self, at_s: f64) -> f64 {
        let axis = self.places.axis;
        axis.x + (at_s / self.picture.end_s).clamp(0.0, 1.0) * axis.width
    }

    /// Returns the lower end of the lowest row.
    pub(super) fn rows_end(&self) -> f64 {
        let rows = self.places.rows.iter().flatten();
        rows.map(|row| row.y + row.height).fold(0.0, f64::max)
    }

    /// Draws a vertical line through the rows, open between them, where legends may be.
    pub(super) fn upright(&self, x: f64) {
        let x = x.round() - 0.5;
        self.cx.begin_path();
        for row in self.places.rows.iter().flatten() {
            self.cx.move_to(x, row.y);
            self.cx.line_to(x, row.y + row.height);
        }
        self.cx.stroke();
    }

    pub(super) fn level(&self, area: Area, y: f64) {
        let y = y.round() - 0.5;
        self.cx.begin_path();
        self.cx.move_to(area.x, y);
        self.cx.line_to(area.x + area.width, y);
        self.cx.stroke();
    }

    /// Draws a line through the columns, with gaps where the value is unknown.
    pub(super) fn curve(
        &self,
        area: Area,
        scale: Scale,
        color: &str,
        width: f64,
        figure: impl Fn(&Figures) -> f64,
    ) {
        let cx = self.cx;
        cx.set_stroke_style_str(color);
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

    /// Draws the area between two values.
    pub(super) fn band(
        &self,
        area: Area,
        scale: Scale,
        color: &str,
        alpha: f64,
        low: impl Fn(&Figures) -> f64,
        high: impl Fn(&Figures) -> f64,
    ) {
        let cx = self.cx;
        cx.set_fill_style_str(color);
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

    /// Returns runs of consecutive columns that all have the value.
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

/// Returns the vertical position of a value.
pub(super) fn y(area: Area, scale: Scale, figure: f64) -> f64 {
    area.y + area.height * (1.0 - scale.share(figure))
}

/// Sets the dash pattern of further strokes; an empty one is solid.
pub(super) fn dashes(cx: &CanvasRenderingContext2d, pattern: &[f64]) {
    let pattern: js_sys::Array = pattern
        .iter()
        .map(|length| JsValue::from(*length))
        .collect();
    // Fails for what is not a list of numbers.
    let _ = cx.set_line_dash(&pattern);
}
