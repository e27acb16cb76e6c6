//! Dots by Canvas2D, for browsers without WebGL2 or without a fast one.
//!
//! Every shape is drawn once, to a small canvas of its own, and copied from there: thousands of
//! copies cost far less than a path with thousands of corners, above all without a GPU.

use std::f64::consts::TAU;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, Path2d};

use super::particles::{Shape, Sprite, mark};
use super::surface::{Colors, View};

/// Number of opacities that are drawn, so that the context seldom changes.
const STEPS: usize = 4;
/// The shapes in drawing order: the most important come last, on top.
const SHAPES: [Shape; 12] = [
    Shape::Ring,
    Shape::AmberRing,
    Shape::Dot,
    Shape::Square,
    Shape::Notched,
    Shape::Fading,
    Shape::Cross,
    Shape::Void,
    Shape::Wall,
    Shape::Switch,
    Shape::Turned,
    Shape::Clock,
];

/// A drawing surface over the canvas.
pub(super) struct Flat {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    stamps: Stamps,
    batches: [Vec<[f32; 2]>; SHAPES.len() * STEPS],
}

/// Every shape once, side by side.
struct Stamps {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    colors: Colors,
    /// Radius of a dot in device pixels, as drawn now; 0 before the first time.
    radius: f64,
    /// Width and height of each, in device pixels.
    size: f64,
}

impl Flat {
    /// Returns a surface on this canvas element; `None` if the browser has no 2D context.
    pub(super) fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = context_of(&canvas)?;
        let stamps = document().create_element("canvas").ok()?;
        let stamps = stamps.dyn_into::<HtmlCanvasElement>().ok()?;
        Some(Self {
            stamps: Stamps {
                context: context_of(&stamps)?,
                canvas: stamps,
                colors: Colors::of_theme(),
                radius: 0.0,
                size: 0.0,
            },
            canvas,
            context,
            batches: std::array::from_fn(|_| Vec::new()),
        })
    }

    /// Follows a change of the theme.
    pub(super) fn recolor(&mut self) {
        self.stamps.colors = Colors::of_theme();
        self.stamps.radius = 0.0;
    }

    /// Clears and draws.
    pub(super) fn draw(&mut self, view: &View, sprites: impl FnOnce(&mut dyn FnMut(Sprite))) {
        for batch in &mut self.batches {
            batch.clear();
        }
        let batches = &mut self.batches;
        sprites(&mut |sprite: Sprite| {
            let step = (sprite.opacity * STEPS as f32).ceil() as usize;
            if step > 0 {
                let batch = sprite.shape as usize * STEPS + step.min(STEPS) - 1;
                batches[batch].push(sprite.at);
            }
        });
        let zoom = view.scale * view.ratio;
        self.stamps.prepare(view.radius());
        let context = &self.context;
        let (width, height) = (self.canvas.width(), self.canvas.height());
        context.clear_rect(0.0, 0.0, width.into(), height.into());
        let (stamps, across) = (&self.stamps.canvas, self.stamps.size);
        for (place, shape) in SHAPES.into_iter().enumerate() {
            // Of dots, only what is drawn is copied.
            let margin = match mark(shape) {
                "" => (across / 6.0).floor(),
                _ => 0.0,
            };
            let (from, size) = (place as f64 * across + margin, across - 2.0 * margin);
            let shift = view.offset.map(|offset| offset * view.ratio - size / 2.0);
            for step in 0..STEPS {
                let batch = &self.batches[shape as usize * STEPS + step];
                if batch.is_empty() {
                    continue;
                }
                context.set_global_alpha((step + 1) as f64 / STEPS as f64);
                for [x, y] in batch {
                    let (x, y) = (
                        f64::from(*x) * zoom + shift[0],
                        f64::from(*y) * zoom + shift[1],
                    );
                    // Fails for numbers that are not finite only.
                    let _ = context
                        .draw_image_with_html_canvas_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                            stamps, from, margin, size, size, x, y, size, size,
                        );
                }
            }
        }
        context.set_global_alpha(1.0);
    }
}

fn context_of(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

impl Stamps {
    /// Draws them again if their size changed.
    fn prepare(&mut self, radius: f64) {
        if self.radius > 0.0 && (self.radius - radius).abs() < 0.02 * radius {
            return;
        }
        self.radius = radius;
        // Dots are up to 1.3 radii and half a line wide, marks 2.5 radii.
        self.size = (radius * 2.7).ceil() * 2.0;
        let width = self.size * SHAPES.len() as f64;
        // Setting a size clears.
        self.canvas.set_width(width as u32);
        self.canvas.set_height(self.size as u32);
        for (place, shape) in SHAPES.into_iter().enumerate() {
            let middle = self.size / 2.0;
            self.draw(shape, place as f64 * self.size + middle, middle, radius);
        }
    }

    fn draw(&self, shape: Shape, x: f64, y: f64, r: f64) {
        let context = &self.context;
        let colors = &self.colors;
        if let Ok(path) = Path2d::new_with_path_string(mark(shape))
            && !mark(shape).is_empty()
        {
            let color = match shape {
                Shape::Void => &colors.quiet,
                _ => &colors.failing,
            };
            context.save();
            // Of 10 x 10, two are a radius. Both fail for numbers that are not finite only.
            let _ = context.translate(x - 2.5 * r, y - 2.5 * r);
            let _ = context.scale(r / 2.0, r / 2.0);
            if matches!(shape, Shape::Clock | Shape::Void) {
                context.set_fill_style_str(&colors.paper);
                context.fill_with_path_2d(&path);
            }
            context.set_stroke_style_str(color);
            context.set_line_width(1.1);
            context.set_line_cap("round");
            context.stroke_with_path(&path);
            return context.restore();
        }
        context.begin_path();
        // An arc fails for a negative radius only.
        match shape {
            Shape::Dot | Shape::Ring | Shape::AmberRing | Shape::Fading => {
                let _ = context.arc(x, y, r, 0.0, TAU);
            }
            Shape::Notched => {
                context.move_to(x, y);
                let _ = context.arc(x, y, r * 1.3, 0.7, TAU - 0.7);
                context.close_path();
            }
            Shape::Square => context.rect(x - r, y - r, 2.0 * r, 2.0 * r),
            Shape::Cross => {
                let r = r * 1.2;
                context.move_to(x - r, y - r);
                context.line_to(x + r, y + r);
                context.move_to(x + r, y - r);
                context.line_to(x - r, y + r);
            }
            _ => {}
        }
        match shape {
            Shape::Dot | Shape::Square => self.fill(&colors.ink),
            Shape::Notched => self.fill(&colors.degraded),
            Shape::Ring => {
                self.fill(&colors.paper);
                self.stroke(&colors.quiet, r * 0.45);
            }
            Shape::AmberRing => {
                self.fill(&colors.paper);
                self.stroke(&colors.degraded, r * 0.45);
            }
            Shape::Fading => self.stroke(&colors.failing, r * 0.5),
            _ => self.stroke(&colors.failing, r * 0.6),
        }
    }

    fn fill(&self, color: &str) {
        self.context.set_fill_style_str(color);
        self.context.fill();
    }

    fn stroke(&self, color: &str, width: f64) {
        self.context.set_line_width(width);
        self.context.set_stroke_style_str(color);
        self.context.stroke();
    }
}
