//! The canvas: nodes as elements over links as SVG, requests as dots on a drawing surface between.
//!
//! Everything that changes with every frame of the simulation is written to elements and surface
//! directly, in one animation loop. Signals carry only what the user or a command changed.

mod animation;
mod boxes;
mod clock;
mod dom;
mod figures;
mod flat;
mod flows;
mod gl;
mod input;
mod links;
mod look;
mod minimap;
mod moment;
mod nodes;
mod notes;
mod overlay;
mod pace;
mod particles;
mod places;
mod popup;
mod stage;
mod surface;
mod wheel;
mod zones;

use std::collections::BTreeMap;

use design::Design;
use editor::{Routes, Viewport};
use format::message::{Frame, NodeFrame, RunState};
use host::rates::Rates;
use leptos::prelude::*;

pub(crate) use animation::{animate, to_stage};
pub(crate) use figures::failed;
pub(crate) use input::{focus_card, focus_selected, is_typing, listen_to_keys};
pub(crate) use minimap::Minimap;
pub(crate) use moment::moment;
pub(crate) use overlay::hover;
pub(crate) use particles::{Shape, mark};
pub(crate) use places::{Moved, Places};
pub(crate) use popup::Popups;
pub(crate) use stage::{Stage, reveal_selection};
pub(crate) use wheel::{WHEEL_ZOOMS, turn_wheel};

use clock::Clock;
use dom::Text;
use figures::{Body, NodeParts};
use flows::{Flow, LinkParts};
use pace::Pace;
use particles::{Particles, Route};
use surface::Surface;

/// Distance within which a dot is hit, in pixels.
const DOT_REACH_PX: f64 = 7.0;

/// The moving picture. Copies share it.
#[derive(Clone, Copy)]
pub(crate) struct Live(StoredValue<Picture, LocalStorage>);

#[derive(Default)]
struct Picture {
    surface: Option<Surface>,
    clock: Clock,
    particles: Particles,
    routes: Vec<Route>,
    /// Whether the surface still has old routes.
    rerouted: bool,
    /// Of the surface, in pixels.
    size: [f64; 2],
    nodes: BTreeMap<String, NodeParts>,
    links: BTreeMap<String, LinkParts>,
    /// The element that shows how many calls a dot stands for, if it is the same on all links.
    dot_scale: Option<Text>,
    node_order: Vec<(String, Body)>,
    /// The id of each link, and its caller's index in the design.
    link_order: Vec<(String, (usize, usize), f64)>,
    frame: Frame,
    /// The p99 latency of all users as the charts show it, in ms; NaN if there is none.
    p99_ms: f64,
    /// The run one second before a frame that was jumped to.
    lead: Option<Frame>,
    /// Whether the newest frame has not been drawn yet.
    fresh: bool,
    pace: Pace,
    /// Whether something other than dots requires a redraw.
    stale: bool,
    still: bool,
    /// Whether only what the operators' telemetry reports is shown.
    for_operators: bool,
    offset: [f64; 2],
    scale: f64,
    last_ms: f64,
}

/// Returns the state of a node, in words.
pub(crate) fn state_of(page: crate::state::Page, id: &str) -> String {
    page.live.0.with_value(|picture| {
        let parts = picture.nodes.get(id);
        parts.map_or_else(String::new, |parts| parts.state().to_owned())
    })
}

/// Returns each node's health as its card shows it, by id.
pub(crate) fn healths(page: crate::state::Page) -> Vec<(String, String)> {
    page.live.0.with_value(|picture| {
        let nodes = picture.nodes.iter();
        let known = nodes.filter(|(_, parts)| !parts.state().is_empty());
        known
            .map(|(id, parts)| {
                let health = parts.state().split(',').next().unwrap_or_default();
                (id.clone(), health.to_owned())
            })
            .collect()
    })
}

/// What one turn of the animation loop tells the page.
pub(crate) struct Turn {
    /// A frame was taken: the worker may send the next.
    pub(crate) taken: bool,
    /// It is time to update metrics that are signals.
    pub(crate) tick: bool,
}

impl Live {
    /// An empty picture.
    pub(crate) fn new() -> Self {
        Self(StoredValue::new_local(Picture {
            scale: 1.0,
            ..Picture::default()
        }))
    }

    /// Returns the picture that this component is part of.
    pub(crate) fn get() -> Self {
        expect_context()
    }

    fn add_node(self, id: String, parts: NodeParts) {
        self.0.update_value(|picture| {
            picture.nodes.insert(id, parts);
            picture.fresh = true;
            picture.pace.hurry();
        });
    }

    fn with_node(self, id: &str, change: impl FnOnce(&mut NodeParts)) {
        self.0.update_value(|picture| {
            if let Some(parts) = picture.nodes.get_mut(id) {
                change(parts);
            }
        });
    }

    fn remove_node(self, id: &str) {
        self.0.try_update_value(|picture| picture.nodes.remove(id));
    }

    fn add_link(self, id: String, parts: LinkParts) {
        self.0.update_value(|picture| {
            picture.links.insert(id, parts);
            picture.fresh = true;
        });
    }

    /// Sets the element that shows how many calls a dot stands for, if it is the same on all links.
    pub(crate) fn add_scale(self, element: web_sys::Element) {
        self.0
            .update_value(|picture| picture.dot_scale = Some(Text::on(element)));
    }

    fn remove_link(self, id: &str) {
        self.0.try_update_value(|picture| picture.links.remove(id));
    }

    /// Follows nodes and links that were added or removed.
    pub(crate) fn take_structure(self, design: &Design) {
        self.0.update_value(|picture| {
            picture.particles.clear();
            picture.node_order = design
                .nodes
                .iter()
                .map(|node| (node.id.clone(), Body::of(&node.kind)))
                .collect();
            let place = |id: &str| design.nodes.iter().position(|node| node.id == id);
            let links = design.links.iter();
            picture.link_order = links
                .map(|link| {
                    let ends = [&link.from, &link.to].map(|id| place(id).unwrap_or_default());
                    (link.id.clone(), ends.into(), flows::most_attempts(link))
                })
                .collect();
            picture.stale = true;
        });
    }

    /// Takes the routes of all links.
    pub(crate) fn reroute_all(self, design: &Design, routes: &Routes) {
        self.0.update_value(|picture| {
            picture.rerouted = true;
            let paths = (0..design.links.len()).map(|at| routes.path(at));
            let along = paths.map(|path| path.map(Route::along).unwrap_or_default());
            picture.routes = along.collect();
            picture.stale = true;
        });
    }

    /// Takes the routes of the links at these indices of the design.
    pub(crate) fn reroute(self, routes: &Routes, links: &[usize]) {
        self.0.update_value(|picture| {
            for at in links {
                if let (Some(route), Some(path)) = (picture.routes.get_mut(*at), routes.path(*at)) {
                    *route = Route::along(path);
                }
            }
            picture.rerouted |= !links.is_empty();
            picture.stale = true;
        });
    }

    /// Begins another run and discards everything of the last one.
    pub(crate) fn restart(self) {
        self.0.update_value(|picture| {
            picture.particles.clear();
            picture.clock.restart();
            (picture.pace.rates, picture.stale) = (None, true);
        });
    }

    /// Takes a frame of the present run, which plays at this speed.
    pub(crate) fn take_frame(self, mut frame: Frame, speed: f64, p99_ms: f64) {
        self.0.update_value(|picture| {
            let playing = frame.state == RunState::Playing;
            let now_ms = crate::engine::now_ms();
            let lead = frame.lead.take();
            if lead.is_some() {
                picture.jump(&frame, now_ms, speed);
            } else {
                picture.clock.take(frame.time_ns, now_ms, playing);
                if !picture.still && !picture.for_operators {
                    picture.particles.take(&frame.flights);
                }
            }
            picture.p99_ms = p99_ms;
            picture.lead = lead.map(|lead| *lead).or(picture.lead.take());
            picture.frame = frame;
            picture.fresh = true;
        });
    }

    /// Reads the newest frame.
    pub(crate) fn with_frame<T>(self, read: impl FnOnce(&Frame) -> T) -> T {
        self.0.with_value(|picture| read(&picture.frame))
    }

    /// Returns what users got recently, as of the last writing of the cards.
    pub(crate) fn rates(self) -> Option<Rates> {
        self.0.with_value(|picture| picture.pace.rates)
    }

    /// Returns the number of dots on the screen.
    pub(crate) fn dots(self) -> usize {
        self.0.with_value(|picture| picture.particles.len())
    }

    /// Sets whether nothing moves, because the user prefers reduced motion.
    pub(crate) fn set_still(self, still: bool) {
        self.0.update_value(|picture| {
            picture.still = still;
            picture.particles.clear();
            picture.stale = true;
        });
    }

    /// Shows only what the operators' telemetry reports, or everything.
    pub(crate) fn show_to_operators(self, only: bool) {
        self.0.update_value(|picture| {
            picture.for_operators = only;
            picture.particles.clear();
            (picture.fresh, picture.stale) = (true, true);
            picture.pace.hurry();
        });
    }

    /// Returns the dot near a place of the stage, if any: its link's index in the design, and when
    /// it left.
    pub(crate) fn dot_at(self, at: editor::Point) -> Option<(u16, u64)> {
        self.0.with_value(|picture| {
            let near = |place: [f32; 2]| {
                let x = f64::from(place[0]) * picture.scale + picture.offset[0] - at.x;
                let y = f64::from(place[1]) * picture.scale + picture.offset[1] - at.y;
                x * x + y * y
            };
            picture.particles.nearest(
                &picture.clock,
                &picture.routes,
                picture.scale,
                near,
                DOT_REACH_PX,
            )
        })
    }

    fn set_surface(self, surface: Option<Surface>) {
        self.0.update_value(|picture| {
            picture.surface = surface;
            if let Some(surface) = &mut picture.surface {
                surface.resize(picture.size);
            }
            (picture.rerouted, picture.stale) = (true, true);
        });
    }

    fn set_viewport(self, viewport: &Viewport) {
        let (offset, scale) = (viewport.offset(), viewport.scale());
        self.0.update_value(|picture| {
            picture.offset = [offset.x, offset.y];
            picture.scale = scale;
            picture.stale = true;
        });
    }

    fn resize_surface(self, width: f64, height: f64) {
        self.0.update_value(|picture| {
            picture.size = [width, height];
            if let Some(surface) = &mut picture.surface {
                surface.resize(picture.size);
            }
            picture.stale = true;
        });
    }

    /// Follows a change of the theme.
    pub(crate) fn recolor(self) {
        self.0.update_value(|picture| {
            if let Some(surface) = &mut picture.surface {
                surface.recolor();
            }
            picture.stale = true;
        });
    }

    /// One turn of the animation loop.
    pub(crate) fn turn(self, now_ms: f64) -> Turn {
        self.0
            .try_update_value(|picture| picture.turn(now_ms))
            .unwrap_or(Turn {
                taken: false,
                tick: false,
            })
    }
}

impl Picture {
    /// Handles a frame that does not follow the one before it in time.
    fn jump(&mut self, frame: &Frame, now_ms: f64, speed: f64) {
        self.clock.jump(frame.time_ns, now_ms);
        self.particles.clear();
        if !self.still && !self.for_operators {
            // At full speed nothing could be seen to move: as at 20 times.
            let rate = 1e6 * if speed.is_finite() { speed } else { 20.0 };
            self.particles
                .place(&frame.flights, &self.clock, &self.routes, rate);
        }
        self.stale = true;
        self.pace.hurry();
    }

    fn turn(&mut self, now_ms: f64) -> Turn {
        let elapsed_ms = now_ms - self.last_ms;
        self.last_ms = now_ms;
        let taken = std::mem::take(&mut self.fresh);
        let is_playing = self.frame.state == RunState::Playing;
        let (tick, write) = self.pace.turn(taken, is_playing, now_ms);
        if taken {
            self.draw_nodes();
        }
        if write {
            let lead = self.lead.take();
            let frame = std::mem::take(&mut self.frame);
            if let Some(lead) = &lead {
                self.write_words(lead);
            }
            self.write_words(&frame);
            self.frame = frame;
        }
        let moving = self.clock.is_moving();
        self.particles.keep_pace(elapsed_ms);
        self.clock.advance(elapsed_ms);
        if moving || self.stale {
            self.stale = false;
            self.draw_dots();
        }
        Turn { taken, tick }
    }

    fn draw_dots(&mut self) {
        self.particles.advance(&self.clock, &self.routes);
        let Some(surface) = &mut self.surface else {
            return;
        };
        let (particles, clock, routes) = (&self.particles, &self.clock, &self.routes);
        if std::mem::take(&mut self.rerouted) {
            surface.reroute(routes);
        }
        surface.draw(self.offset, self.scale, particles, clock, routes);
    }

    /// Returns whether a frame's nodes are those of the design. The worker may not have the latest
    /// edit yet; for that moment, nothing is drawn.
    fn fits(&self, frame: &Frame) -> bool {
        frame.nodes.len() == self.node_order.len() && frame.links.len() == self.link_order.len()
    }

    fn draw_nodes(&mut self) {
        if !self.fits(&self.frame) {
            return;
        }
        let (order, links) = (&self.node_order, &self.link_order);
        for (at, ((id, body), node)) in order.iter().zip(&self.frame.nodes).enumerate() {
            let Some(parts) = self.nodes.get_mut(id) else {
                continue;
            };
            match self.for_operators && !node.heard {
                true => parts.silence(),
                false if *body == Body::Backends => {
                    let called = links.iter().filter(|(_, (from, _), _)| *from == at);
                    let called = called.filter_map(|(_, (_, to), _)| self.frame.nodes.get(*to));
                    // Operators see no state of what tells them nothing.
                    let is_seen = |target: &&NodeFrame| !self.for_operators || target.heard;
                    parts.draw_backends(called.filter(is_seen));
                }
                false => parts.draw(node, *body),
            }
        }
    }

    fn write_words(&mut self, frame: &Frame) {
        if !self.fits(frame) {
            return;
        }
        let time_ns = frame.time_ns;
        self.pace.write(frame);
        let clients = self
            .node_order
            .iter()
            .filter(|(_, body)| *body == Body::Crowd);
        // Of several clients, nobody counts the latency of each.
        let p99_ms = if clients.count() == 1 {
            self.p99_ms
        } else {
            f64::NAN
        };
        for ((id, body), node) in self.node_order.iter().zip(&frame.nodes) {
            if let Some(parts) = self.nodes.get_mut(id)
                && (!self.for_operators || node.heard)
            {
                parts.write(node, time_ns, *body);
                parts.write_times(node, *body, p99_ms);
            }
        }
        let mut flows = Vec::with_capacity(self.link_order.len());
        for ((id, _, most), link) in self.link_order.iter().zip(&frame.links) {
            let still = Flow {
                per_s: 0.0,
                retries: 1.0,
            };
            let parts = self.links.get_mut(id);
            flows.push(parts.map_or(still, |parts| parts.rate(link, time_ns, *most)));
        }
        let ends: Vec<_> = self.link_order.iter().map(|(_, ends, _)| *ends).collect();
        let times = flows::amplification(frame.nodes.len(), &ends, &flows);
        let busiest = flows.iter().map(|flow| flow.per_s).fold(1e-9, f64::max);
        let scale = figures::scale(&frame.links);
        if let Some(text) = &mut self.dot_scale {
            text.set(&scale.map(figures::one_dot).unwrap_or_default());
        }
        let each_says = scale.is_none() || self.dot_scale.is_none();
        let links = self.link_order.iter().zip(&frame.links);
        for (((id, (from, _), _), link), (flow, times)) in links.zip(flows.iter().zip(times)) {
            // The caller's telemetry reports a link.
            let heard = frame.nodes.get(*from).is_none_or(|node| node.heard);
            if let Some(parts) = self.links.get_mut(id) {
                match self.for_operators && !heard {
                    true => parts.silence(),
                    false => parts.write(link, flow.per_s / busiest, times, each_says),
                }
            }
        }
    }
}
