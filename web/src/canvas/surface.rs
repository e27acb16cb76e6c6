//! Where sprites are drawn: Canvas2D. Everything the rest of the page knows of it is here, so that
//! another surface can take its place.

use std::f64::consts::TAU;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::particles::{Shape, Sprite};

/// Radius of a dot, in canvas pixels.
const RADIUS: f64 = 3.0;
/// Opacities are drawn in so many steps, so that marks of a step share one path.
const STEPS: usize = 4;
const SHAPES: usize = 6;

/// A drawing surface over the canvas.
pub(crate) struct Surface {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    ratio: f64,
    colours: Colours,
    batches: [Vec<[f32; 2]>; SHAPES * STEPS],
}

struct Colours {
    ink: String,
    quiet: String,
    degraded: String,
    failing: String,
    paper: String,
}

impl Surface {
    /// On this canvas element; `None` where the browser has no 2D context.
    pub(crate) fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = canvas.get_context("2d").ok()??;
        let context = context.dyn_into::<CanvasRenderingContext2d>().ok()?;
        Some(Self {
            canvas,
            context,
            ratio: 1.0,
            colours: Colours::of_theme(),
            batches: std::array::from_fn(|_| Vec::new()),
        })
    }

    /// Takes the size of the element, in CSS pixels.
    pub(crate) fn resize(&mut self, width: f64, height: f64) {
        // Beyond 2 the eye gains nothing and the fill rate suffers.
        self.ratio = window().device_pixel_ratio().clamp(1.0, 2.0);
        self.canvas.set_width((width * self.ratio).round() as u32);
        self.canvas.set_height((height * self.ratio).round() as u32);
    }

    /// The theme is another: colours follow.
    pub(crate) fn recolour(&mut self) {
        self.colours = Colours::of_theme();
    }

    /// Clears and draws. `offset` and `scale` are the viewport's.
    pub(crate) fn draw(
        &mut self,
        offset: [f64; 2],
        scale: f64,
        sprites: impl FnOnce(&mut dyn FnMut(Sprite)),
    ) {
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
        let context = &self.context;
        let ratio = self.ratio;
        // Nothing here can fail but with numbers that are not finite.
        let _ = context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);
        let (width, height) = (self.canvas.width(), self.canvas.height());
        context.clear_rect(0.0, 0.0, width.into(), height.into());
        let zoom = scale * ratio;
        let _ = context.set_transform(zoom, 0.0, 0.0, zoom, offset[0] * ratio, offset[1] * ratio);
        // Dots stay visible when the canvas is small.
        let radius = RADIUS * (0.7 / scale).max(1.0);
        for shape in [
            Shape::Ring,
            Shape::Dot,
            Shape::Square,
            Shape::Notched,
            Shape::Fading,
            Shape::Cross,
        ] {
            for step in 0..STEPS {
                let batch = &self.batches[shape as usize * STEPS + step];
                if !batch.is_empty() {
                    context.set_global_alpha((step + 1) as f64 / STEPS as f64);
                    self.draw_batch(shape, batch, radius);
                }
            }
        }
        context.set_global_alpha(1.0);
    }

    fn draw_batch(&self, shape: Shape, places: &[[f32; 2]], r: f64) {
        let context = &self.context;
        context.begin_path();
        for &[x, y] in places {
            let (x, y) = (f64::from(x), f64::from(y));
            match shape {
                Shape::Dot | Shape::Ring | Shape::Fading => {
                    context.move_to(x + r, y);
                    let _ = context.arc(x, y, r, 0.0, TAU);
                }
                Shape::Notched => {
                    let r = r * 1.3;
                    context.move_to(x, y);
                    let _ = context.arc(x, y, r, 0.7, TAU - 0.7);
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
            }
        }
        let colours = &self.colours;
        match shape {
            Shape::Dot | Shape::Square => self.fill(&colours.ink),
            Shape::Notched => self.fill(&colours.degraded),
            Shape::Ring => {
                self.fill(&colours.paper);
                self.stroke(&colours.quiet, r * 0.45);
            }
            Shape::Fading => self.stroke(&colours.failing, r * 0.5),
            Shape::Cross => self.stroke(&colours.failing, r * 0.6),
        }
    }

    fn fill(&self, colour: &str) {
        self.context.set_fill_style_str(colour);
        self.context.fill();
    }

    fn stroke(&self, colour: &str, width: f64) {
        self.context.set_line_width(width);
        self.context.set_stroke_style_str(colour);
        self.context.stroke();
    }
}

impl Colours {
    fn of_theme() -> Self {
        Self {
            ink: resolved("var(--ink)"),
            quiet: resolved("var(--quiet)"),
            degraded: resolved("var(--degraded)"),
            failing: resolved("var(--failing)"),
            paper: resolved("var(--paper)"),
        }
    }
}

/// What a colour of the style sheet is now. A probe element resolves `light-dark()`.
fn resolved(colour: &str) -> String {
    let probe = || -> Option<String> {
        let body = document().body()?;
        let element = document().create_element("span").ok()?;
        element.set_attribute("hidden", "").ok()?;
        element
            .set_attribute("style", &format!("color:{colour}"))
            .ok()?;
        body.append_child(&element).ok()?;
        let style = window().get_computed_style(&element).ok()??;
        let value = style.get_property_value("color").ok();
        element.remove();
        value
    };
    probe().unwrap_or_else(|| "#808080".to_owned())
}
