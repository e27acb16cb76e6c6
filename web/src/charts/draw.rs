//! Paints the rows on a canvas. Pure functions beside this file compute what is painted.

use web_sys::CanvasRenderingContext2d;

use super::brush::{Area, Brush, Look, Picture, Places, dashes, y};
use super::columns::Figures;
use super::scale::{Scale, figure_label, latency_label, time_label, time_ticks};
use crate::history::MarkKind;
use report::Severity;

/// Minimum distance between two labels of an axis, in pixels.
const TICK_PX: f64 = 18.0;
const TIME_TICK_PX: f64 = 72.0;

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
    cx.set_font(&format!("11px {}", look.numbers));
    brush.drain();
    brush.time_axis();
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
    brush.unheard();
    brush.veil();
    brush.bands();
    brush.ticks_of_edits();
    brush.now();
}

impl Brush<'_> {
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

    /// Draws lines at the ticks, and their labels to the left.
    fn grid(&self, area: Area, scale: Scale, label: fn(f64) -> String) {
        let cx = self.cx;
        cx.set_stroke_style_str(&self.look.line);
        cx.set_fill_style_str(&self.look.quiet);
        cx.set_line_width(1.0);
        cx.set_text_align("right");
        cx.set_text_baseline("middle");
        self.level(area, area.y + area.height);
        if self.picture.columns.is_empty() {
            // Without values there is no scale.
            return;
        }
        for tick in scale.ticks(area.height, TICK_PX) {
            let y = y(area, scale, tick);
            // The upper end needs no line: the row above ends there.
            if scale.share(tick) < 1.0 {
                self.level(area, y);
            }
            // Kept within the row, so that neighbors do not touch. A row can be lower than a label.
            let text_y = y.max(area.y + 5.0).min(area.y + area.height - 4.0);
            // Fails for invalid text only.
            let _ = cx.fill_text(&label(tick), area.x - 6.0, text_y);
        }
    }

    fn time_axis(&self) {
        let (cx, axis) = (self.cx, self.places.axis);
        cx.set_stroke_style_str(&self.look.line);
        cx.set_fill_style_str(&self.look.quiet);
        cx.set_line_width(1.0);
        cx.set_text_baseline("middle");
        for tick in time_ticks(self.picture.end_s, axis.width, TIME_TICK_PX) {
            let x = self.x(tick);
            self.upright(x);
            cx.set_text_align(if x > axis.x + axis.width - 16.0 {
                "right"
            } else {
                "center"
            });
            let _ = cx.fill_text(&time_label(tick), x, axis.y + axis.height / 2.0 + 1.0);
        }
    }

    /// Shades the time after the duration: arrivals have ended, and the work in flight finishes.
    fn drain(&self) {
        let (cx, axis, top) = (self.cx, self.places.axis, self.places.marks.y);
        let (from, to) = (self.x(self.picture.duration_s), axis.x + axis.width);
        // The axis of a short run is longer than the run.
        let drains = self.picture.known_s > self.picture.duration_s;
        if !drains || to - from < 1.0 {
            return;
        }
        cx.set_fill_style_str(&self.look.quiet);
        cx.set_global_alpha(0.10);
        cx.fill_rect(from, top, to - from, axis.y + axis.height - top);
        cx.set_global_alpha(1.0);
        if to - from > 40.0 {
            cx.set_text_align("center");
            cx.set_text_baseline("bottom");
            let _ = cx.fill_text("drain", (from + to) / 2.0, self.rows_end() - 2.0);
        }
    }

    /// Draws faults through all rows, with their names above.
    fn bands(&self) {
        let (cx, marks) = (self.cx, self.places.marks);
        let bottom = self.rows_end();
        let mut free_x = marks.x;
        cx.set_font(&format!("12px {}", self.look.text));
        for mark in self.picture.marks.iter().filter(|mark| {
            matches!(
                mark.kind,
                MarkKind::Fault | MarkKind::Removed | MarkKind::Alert
            )
        }) {
            if mark.time_s > self.picture.end_s {
                continue;
            }
            let from = self.x(mark.time_s);
            if mark.kind == MarkKind::Alert {
                free_x = self.name(&mark.label, from, free_x);
                continue;
            }
            let to = mark
                .end_s
                .map_or(from, |end_s| self.x(end_s))
                .max(from + 1.0);
            cx.set_fill_style_str(&self.look.failing);
            cx.set_global_alpha(0.09);
            cx.fill_rect(from, marks.y, to - from, bottom - marks.y);
            cx.set_global_alpha(1.0);
            cx.fill_rect(from, marks.y + marks.height - 2.0, to - from, 2.0);
            let label = match mark.kind {
                MarkKind::Removed => &format!("{} (removed)", mark.label),
                _ => &mark.label,
            };
            free_x = self.name(label, from, free_x);
        }
        cx.set_font(&format!("11px {}", self.look.numbers));
    }

    /// Writes a label in the strip of marks, unless another one is there. Returns where it ends.
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
        cx.set_stroke_style_str(&self.look.accent);
        cx.set_fill_style_str(&self.look.accent);
        cx.set_line_width(1.0);
        dashes(cx, &[2.0, 3.0]);
        for mark in self
            .picture
            .marks
            .iter()
            .filter(|mark| mark.kind == MarkKind::Alert)
        {
            let from = self.x(mark.time_s);
            let to = self.x(mark.end_s.unwrap_or(mark.time_s).min(self.picture.known_s));
            cx.set_fill_style_str(&self.look.degraded);
            cx.fill_rect(from, marks.y, (to - from).max(2.0), 3.0);
        }
        cx.set_fill_style_str(&self.look.accent);
        for mark in self
            .picture
            .marks
            .iter()
            .filter(|mark| mark.kind == MarkKind::Edit)
        {
            let x = self.x(mark.time_s);
            self.upright(x);
            cx.fill_rect(x.round() - 2.0, marks.y + marks.height - 5.0, 3.0, 5.0);
        }
        dashes(cx, &[]);
        self.findings();
    }

    /// Draws a small diamond at the foot of the strip of marks, below its names, where a finding
    /// begins. The worst is drawn last, so that it is on top if several begin together.
    fn findings(&self) {
        let (cx, marks) = (self.cx, self.places.marks);
        let y = marks.y + marks.height;
        let found = self
            .picture
            .marks
            .iter()
            .filter_map(|mark| match mark.kind {
                MarkKind::Finding(severity) => Some((severity, mark)),
                _ => None,
            });
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|(severity, _)| *severity);
        for (severity, mark) in found {
            cx.set_fill_style_str(match severity {
                Severity::Error => &self.look.failing,
                Severity::Warning => &self.look.degraded,
                Severity::Note => &self.look.quiet,
            });
            let x = self.x(mark.time_s);
            cx.begin_path();
            cx.move_to(x, y - 5.0);
            cx.line_to(x + 4.5, y);
            cx.line_to(x, y + 5.0);
            cx.line_to(x - 4.5, y);
            cx.close_path();
            cx.fill();
        }
    }

    /// Hides spans without telemetry.
    fn unheard(&self) {
        let cx = self.cx;
        for (from_s, to_s) in self.picture.unheard {
            let (from, to) = (self.x(*from_s), self.x(*to_s));
            for row in self.places.rows.iter().flatten() {
                cx.clear_rect(from, row.y - 1.0, to - from, row.height + 1.0);
            }
            if let Some(row) = self.places.rows[0].filter(|_| to - from > 48.0) {
                cx.set_fill_style_str(&self.look.quiet);
                cx.set_text_align("center");
                cx.set_text_baseline("middle");
                let _ = cx.fill_text("no data", (from + to) / 2.0, row.y + row.height / 2.0);
            }
        }
    }

    /// Fades what comes after now: the run has been there, but it is not the present.
    fn veil(&self) {
        let (cx, picture) = (self.cx, self.picture);
        if picture.known_s <= picture.now_s {
            return;
        }
        let (from, to) = (self.x(picture.now_s), self.x(picture.known_s) + 2.0);
        // Fails only for invalid modes.
        let _ = cx.set_global_composite_operation("destination-out");
        cx.set_global_alpha(0.65);
        for row in self.places.rows.iter().flatten() {
            cx.fill_rect(from, row.y - 1.0, to - from, row.height + 2.0);
        }
        cx.set_global_alpha(1.0);
        let _ = cx.set_global_composite_operation("source-over");
    }

    fn now(&self) {
        self.cx.set_stroke_style_str(&self.look.ink);
        self.cx.set_line_width(1.0);
        self.upright(self.x(self.picture.now_s));
    }
}
