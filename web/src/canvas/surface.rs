//! The surface that dots are drawn on: WebGL2, or Canvas2D if that is missing. The rest of the page
//! uses only this file.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlCanvasElement, HtmlElement};

use super::clock::Clock;
use super::flat::Flat;
use super::gl::Gl;
use super::particles::{Particles, Route};

/// Radius of a dot, in canvas pixels.
const RADIUS: f64 = 3.0;
/// Zoom below which dots and marks are not drawn smaller.
pub(super) const SMALL: f64 = 0.7;

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    WebGl2,
    Canvas2d,
}

/// A drawing surface over the links and below the nodes.
pub(crate) struct Surface {
    canvas: HtmlCanvasElement,
    painter: Painter,
    ratio: f64,
}

enum Painter {
    Gl(Gl),
    Flat(Box<Flat>),
}

/// Which part of the canvas is drawn, and how large.
#[derive(Clone, Copy)]
pub(super) struct View {
    /// The viewport's.
    pub(super) offset: [f64; 2],
    pub(super) scale: f64,
    /// Device pixels per pixel.
    pub(super) ratio: f64,
}

impl View {
    /// Returns the radius of a dot, in device pixels. Dots stay visible when the canvas is small.
    pub(super) fn radius(&self) -> f64 {
        RADIUS * (SMALL / self.scale).max(1.0) * self.scale * self.ratio
    }
}

impl Surface {
    /// Returns a surface on a canvas element that nothing was drawn on; `None` if the browser
    /// cannot draw this way. `on_loss` is called when it no longer can.
    pub(crate) fn new(
        canvas: HtmlCanvasElement,
        way: Way,
        on_loss: impl FnMut() + 'static,
    ) -> Option<Self> {
        let painter = match way {
            Way::WebGl2 => Painter::Gl(Gl::new(canvas.clone(), on_loss)?),
            Way::Canvas2d => Painter::Flat(Box::new(Flat::new(canvas.clone())?)),
        };
        Some(Self {
            canvas,
            painter,
            ratio: 1.0,
        })
    }

    /// Takes the size of the element, in CSS pixels.
    pub(crate) fn resize(&mut self, [width, height]: [f64; 2]) {
        // Beyond 2 the eye gains nothing and the fill rate suffers.
        self.ratio = window().device_pixel_ratio().clamp(1.0, 2.0);
        self.canvas.set_width((width * self.ratio).round() as u32);
        self.canvas.set_height((height * self.ratio).round() as u32);
    }

    /// Follows a change of the theme.
    pub(crate) fn recolor(&mut self) {
        match &mut self.painter {
            Painter::Gl(gl) => gl.recolor(),
            Painter::Flat(flat) => flat.recolor(),
        }
    }

    /// Takes the routes of all links.
    pub(crate) fn reroute(&mut self, routes: &[Route]) {
        if let Painter::Gl(gl) = &mut self.painter {
            gl.reroute(routes);
        }
    }

    /// Clears and draws. `offset` and `scale` are the viewport's.
    pub(crate) fn draw(
        &mut self,
        offset: [f64; 2],
        scale: f64,
        particles: &Particles,
        clock: &Clock,
        routes: &[Route],
    ) {
        let view = View {
            offset,
            scale,
            ratio: self.ratio,
        };
        match &mut self.painter {
            Painter::Gl(gl) => gl.draw(&view, particles, clock),
            Painter::Flat(flat) => {
                flat.draw(&view, |draw| particles.sprites(clock, routes, scale, draw))
            }
        }
    }
}

/// The colors of dots, as the style sheet has them now.
pub(super) struct Colors {
    pub(super) ink: String,
    pub(super) quiet: String,
    pub(super) degraded: String,
    pub(super) failing: String,
    pub(super) paper: String,
}

impl Colors {
    pub(super) fn of_theme() -> Self {
        Self {
            ink: resolved("var(--ink)"),
            quiet: resolved("var(--quiet)"),
            degraded: resolved("var(--degraded)"),
            failing: resolved("var(--failing)"),
            paper: resolved("var(--paper)"),
        }
    }
}

/// Returns the present value of a color of the style sheet. A probe element resolves
/// `light-dark()`.
fn resolved(color: &str) -> String {
    let probe = || -> Option<String> {
        let body = document().body()?;
        let element = document().create_element("span").ok()?;
        element.set_attribute("hidden", "").ok()?;
        let element: HtmlElement = element.unchecked_into();
        element.style().set_property("color", color).ok()?;
        body.append_child(&element).ok()?;
        let style = window().get_computed_style(&element).ok()??;
        let value = style.get_property_value("color").ok();
        element.remove();
        value
    };
    probe().unwrap_or_else(|| "#808080".to_owned())
}
