//! Requests in flight as dots, and where they are. The surface draws them ([`super::surface`]).
//!
//! A flight of a few microseconds could not be seen. It is shown long enough for the eye to follow
//! it along its link. The simulation decides when it starts, and whether it arrives, fails or gets
//! lost.

use std::collections::VecDeque;

use editor::LinkPath;
use format::message::{Flight, FlightKind};

use super::clock::Clock;
use super::surface::SMALL;
use crate::order::insertion_sort;

/// Maximum number of dots on the screen, on a machine that keeps up; further flights are left out.
const PARTICLES_MAX: usize = 5_000;
/// Maximum number of dots on a machine that cannot keep up even with these.
const PARTICLES_MIN: usize = 600;
/// Time between repaints, in ms: below the first a machine keeps up, above the second it falls
/// behind.
const PACE_MS: [f64; 2] = [20.0, 30.0];
/// Maximum number of flights that have not started yet.
const PENDING_MAX: usize = 8_000;
/// Speed of a dot whose own flight is too short to be seen, in canvas pixels per ms.
const SPEED: f64 = 0.30;
/// Pieces of a route: enough for dots to follow a line around a card.
pub(super) const STEPS: usize = 62;
/// How long a mark stays where a call ended, in ms.
const LINGER_MS: f64 = 700.0;
/// Maximum number of marks at each end of a link; more could not be distinguished.
const MARKS_MAX: usize = 3;
/// Distances of these marks from the card, from the line, and from each other, in canvas pixels.
const MARK_AT: [f32; 3] = [9.0, 12.0, 13.0];
/// Maximum number of failures on their way back along one link; more would be a solid line.
const FAILURES_MAX: usize = 240;

/// The route along a link in even steps, from the caller's end to the callee's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    /// Points at equal distances along it.
    pub(crate) points: Vec<[f32; 2]>,
    /// Its length in canvas pixels.
    pub(crate) length: f64,
}

impl Route {
    /// Returns the route of a link's measured line.
    pub(crate) fn along(path: &LinkPath) -> Self {
        let points = path.evenly(STEPS + 1);
        Self {
            points: points.iter().map(|p| [p.x as f32, p.y as f32]).collect(),
            length: path.length(),
        }
    }

    /// Returns the place at a share of the route, moved sideways by `aside` pixels.
    pub(crate) fn at(&self, share: f32, aside: f32) -> [f32; 2] {
        let last = self.points.len().saturating_sub(1);
        if last == 0 {
            return self.points.first().copied().unwrap_or_default();
        }
        let place = share.clamp(0.0, 1.0) * last as f32;
        let ix = (place as usize).min(last - 1);
        let t = place - ix as f32;
        let (a, b) = (self.points[ix], self.points[ix + 1]);
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let length = (dx * dx + dy * dy).sqrt().max(1e-6);
        [
            a[0] + dx * t - dy / length * aside,
            a[1] + dy * t + dx / length * aside,
        ]
    }
}

/// The shape of a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// A dot: a first attempt.
    Dot,
    /// A dot with a notch: a retry.
    Notched,
    /// A square: a message.
    Square,
    /// A ring: a response.
    Ring,
    /// An amber ring: a stale response.
    AmberRing,
    /// A cross: a failure on its way back.
    Cross,
    /// A fading dot: a lost packet.
    Fading,
    /// A clock: an attempt timed out.
    Clock,
    /// A wall: the callee took no call.
    Wall,
    /// An open switch: the caller's own policy sent nothing.
    Switch,
    /// An arrow that turns back: the caller stopped waiting.
    Turned,
    /// A crossed-out ring: an answer that nobody waits for.
    Void,
}

/// Returns the mark where a call ended, 10 × 10; empty for what moves.
pub(crate) fn mark(shape: Shape) -> &'static str {
    match shape {
        Shape::Clock => "M5 1.4a3.6 3.6 0 1 0 .01 0zM5 3v2.2h1.8",
        Shape::Wall => "M1.5 5h5M7.6 1v8",
        Shape::Switch => "M.8 6.4h2.4l3.4-3.6M6.8 6.4h2.4",
        Shape::Turned => "M2.4 2.8h3.2a2.2 2.2 0 0 1 0 4.4h-3M4 5.6l-1.8 1.6 1.8 1.6",
        Shape::Void => "M5 2.2a2.8 2.8 0 1 0 .01 0zM2.4 7.6l5.2-5.2",
        _ => "",
    }
}

/// One mark to draw now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sprite {
    /// Canvas position.
    pub(crate) at: [f32; 2],
    /// Its shape.
    pub(crate) shape: Shape,
    /// Its opacity, 0 to 1.
    pub(crate) opacity: f32,
}

#[derive(Clone, Copy, Debug)]
struct Particle {
    link: u16,
    kind: FlightKind,
    start_ns: u64,
    born_ms: f64,
    life_ms: f64,
    /// Row among the marks at its end of the link.
    slot: f32,
}

/// All flights that are on the screen or have not started yet.
#[derive(Debug)]
pub(crate) struct Particles {
    /// Present maximum number of dots.
    room: usize,
    /// Time between repaints, smoothed, in ms.
    pace_ms: f64,
    pending: VecDeque<Flight>,
    live: Vec<Particle>,
    /// For each link: marks at the caller's end, at the callee's end, and failures on their way.
    crowds: Vec<[usize; 3]>,
    /// For each link: marks so far at the caller's end and at the callee's.
    turns: Vec<[usize; 2]>,
}

impl Default for Particles {
    fn default() -> Self {
        Self {
            room: PARTICLES_MAX,
            pace_ms: PACE_MS[0],
            pending: VecDeque::new(),
            live: Vec::new(),
            crowds: Vec::new(),
            turns: Vec::new(),
        }
    }
}

impl Particles {
    /// Takes the time of a repaint. A machine that falls behind gets fewer dots, so that the page
    /// stays responsive.
    pub(crate) fn keep_pace(&mut self, elapsed_ms: f64) {
        self.pace_ms += (elapsed_ms.clamp(0.0, 250.0) - self.pace_ms) * 0.1;
        if self.pace_ms > PACE_MS[1] {
            self.room = (self.room * 9 / 10).max(PARTICLES_MIN);
        } else if self.pace_ms < PACE_MS[0] {
            self.room = (self.room + 20).min(PARTICLES_MAX);
        }
    }

    /// Discards everything: another run began.
    pub(crate) fn clear(&mut self) {
        self.pending.clear();
        self.live.clear();
    }

    /// Takes a frame's flights.
    pub(crate) fn take(&mut self, flights: &[Flight]) {
        let room = PENDING_MAX.saturating_sub(self.pending.len());
        let drawn = flights.iter().flat_map(drawn);
        self.pending.extend(drawn.take(room));
        // They come almost in order.
        insertion_sort(self.pending.make_contiguous(), |a, b| {
            a.start_ns <= b.start_ns
        });
    }

    /// Places the flights of a moment that the run jumped to. `rate` is simulated ns per ms.
    pub(crate) fn place(&mut self, flights: &[Flight], clock: &Clock, routes: &[Route], rate: f64) {
        self.clear();
        for flight in flights.iter().flat_map(drawn) {
            let age_ms = (clock.shown_ns - flight.start_ns as f64) / rate.max(1.0);
            let Some(route) = routes.get(usize::from(flight.link)) else {
                continue;
            };
            let life_ms = life_ms(&flight, route, rate);
            let is_seen = (0.0..life_ms + linger_ms(flight.kind)).contains(&age_ms);
            if !is_seen || self.live.len() >= self.room {
                continue;
            }
            self.launch(&flight, clock.motion_ms - age_ms, life_ms);
        }
    }

    fn launch(&mut self, flight: &Flight, born_ms: f64, life_ms: f64) {
        let end = match crowd(flight.kind) {
            Some((end @ 0..=1, _)) => Some(end),
            _ => None,
        };
        let turns = self.turns.get_mut(usize::from(flight.link));
        let slot = end.zip(turns).map_or(0, |(end, turns)| {
            turns[end] += 1;
            turns[end] % MARKS_MAX
        });
        self.live.push(Particle {
            link: flight.link,
            kind: flight.kind,
            start_ns: flight.start_ns,
            slot: slot as f32,
            born_ms,
            life_ms,
        });
    }

    /// Starts flights that are due and removes those that have arrived.
    pub(crate) fn advance(&mut self, clock: &Clock, routes: &[Route]) {
        let now = clock.motion_ms;
        self.crowds.clear();
        self.crowds.resize(routes.len(), [0; 3]);
        self.turns.resize(routes.len(), [0; 2]);
        let crowds = &mut self.crowds;
        self.live.retain(|particle| {
            let stays = now < particle.born_ms + particle.life_ms + linger_ms(particle.kind);
            if let (true, Some((crowd, _))) = (stays, crowd(particle.kind))
                && let Some(crowds) = crowds.get_mut(usize::from(particle.link))
            {
                crowds[crowd] += 1;
            }
            stays
        });
        while let Some(flight) = self.pending.front().copied() {
            if flight.start_ns as f64 > clock.shown_ns {
                break;
            }
            self.pending.pop_front();
            let Some(route) = routes.get(usize::from(flight.link)) else {
                continue;
            };
            // Failures are the last to be left out.
            let room = match crowd(flight.kind) {
                Some(_) => PARTICLES_MAX,
                None => self.room,
            };
            if self.live.len() >= room || self.is_crowded(flight) {
                continue;
            }
            self.launch(&flight, now, life_ms(&flight, route, clock.rate));
        }
    }

    /// Returns whether there are already as many of its kind on the link as can be distinguished.
    fn is_crowded(&mut self, flight: Flight) -> bool {
        let Some((crowd, most)) = crowd(flight.kind) else {
            return false;
        };
        let count = &mut self.crowds[usize::from(flight.link)][crowd];
        *count += 1;
        *count > most
    }

    /// Returns how many are on the screen.
    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    /// Returns the link and the departure of the dot nearest to a place, within a distance. `far`
    /// returns the square of a dot's distance.
    pub(crate) fn nearest(
        &self,
        clock: &Clock,
        routes: &[Route],
        scale: f64,
        far: impl Fn([f32; 2]) -> f64,
        within: f64,
    ) -> Option<(u16, u64)> {
        let mut best = (within * within, None);
        for particle in &self.live {
            let Some(route) = routes.get(usize::from(particle.link)) else {
                continue;
            };
            let far = far(sprite(particle, clock.motion_ms, route, scale).at);
            if far < best.0 {
                best = (far, Some((particle.link, particle.start_ns)));
            }
        }
        best.1
    }

    /// Returns the instances for the shaders ([`super::gl`]): age, life in ms, row of a mark, link
    /// and sort. The most important come last, on top.
    pub(super) fn instances(&self, clock: &Clock, mut put: impl FnMut([f32; 5])) {
        let rank = |kind: FlightKind| match kind {
            FlightKind::Answer => 0,
            FlightKind::Call | FlightKind::Retry | FlightKind::Message => 1,
            _ => 2,
        };
        for layer in 0..=2 {
            for particle in self.live.iter().filter(|one| rank(one.kind) == layer) {
                let age_ms = clock.motion_ms - particle.born_ms;
                put([
                    age_ms as f32,
                    particle.life_ms as f32,
                    particle.slot,
                    f32::from(particle.link),
                    f32::from(particle.kind as u8),
                ]);
            }
        }
    }

    /// Returns what to draw now.
    pub(crate) fn sprites(
        &self,
        clock: &Clock,
        routes: &[Route],
        scale: f64,
        mut draw: impl FnMut(Sprite),
    ) {
        for particle in &self.live {
            if let Some(route) = routes.get(usize::from(particle.link)) {
                draw(sprite(particle, clock.motion_ms, route, scale));
            }
        }
    }
}

/// Returns how long a flight is on the screen.
fn life_ms(flight: &Flight, route: &Route, rate: f64) -> f64 {
    let seen_ms = (route.length / SPEED).clamp(160.0, 1_200.0);
    let own_ms = match rate {
        rate if rate > 0.0 => flight.duration_ns as f64 / rate,
        _ => 0.0,
    };
    match flight.kind {
        kind if is_mark(kind) => 0.0,
        _ => own_ms.max(seen_ms),
    }
}

/// Returns what is drawn of a flight: a call that was turned away leaves a mark, and its failure
/// travels back.
fn drawn(flight: &Flight) -> impl Iterator<Item = Flight> + use<> {
    let back = (flight.kind == FlightKind::Refused).then_some(Flight {
        kind: FlightKind::Failure,
        ..*flight
    });
    [*flight].into_iter().chain(back)
}

/// Returns which crowd a kind of flight belongs to, and the maximum size of that crowd: the marks
/// at the caller's end, those at the callee's end, or failures. The worker samples the others.
fn crowd(kind: FlightKind) -> Option<(usize, usize)> {
    match kind {
        FlightKind::Timeout | FlightKind::Unsent | FlightKind::Abandoned => Some((0, MARKS_MAX)),
        FlightKind::Refused | FlightKind::Late => Some((1, MARKS_MAX)),
        FlightKind::Failure => Some((2, FAILURES_MAX)),
        _ => None,
    }
}

/// Returns whether a call ended where it is drawn, so that it does not move.
fn is_mark(kind: FlightKind) -> bool {
    crowd(kind).is_some_and(|(crowd, _)| crowd < 2)
}

fn linger_ms(kind: FlightKind) -> f64 {
    match crowd(kind) {
        Some(_) => LINGER_MS,
        None => 0.0,
    }
}

/// Distance from the caller's card at which a failure stops, in canvas pixels. Below the card, it
/// would not be visible.
const SHORT_OF_CARD: f32 = 9.0;

/// Distance of requests and responses from the line: requests use one side of the link and
/// responses the other.
const ASIDE: f32 = 4.0;

fn sprite(particle: &Particle, now_ms: f64, route: &Route, scale: f64) -> Sprite {
    let age = now_ms - particle.born_ms;
    let share = (age / particle.life_ms.max(1.0)).clamp(0.0, 1.0) as f32;
    let lingered = ((age - particle.life_ms) / LINGER_MS).clamp(0.0, 1.0) as f32;
    let marked = |shape| {
        let at = mark_at(particle, route, scale);
        (shape, at, (2.0 - 2.0 * lingered).min(1.0))
    };
    let (shape, at, opacity) = match particle.kind {
        FlightKind::Call => (Shape::Dot, route.at(share, ASIDE), 1.0),
        FlightKind::Retry => (Shape::Notched, route.at(share, ASIDE), 1.0),
        FlightKind::Message => (Shape::Square, route.at(share, 0.0), 1.0),
        FlightKind::Answer => (Shape::Ring, route.at(1.0 - share, -ASIDE), 1.0),
        FlightKind::Stale => (Shape::AmberRing, route.at(1.0 - share, -ASIDE), 1.0),
        FlightKind::Failure => {
            let share = (1.0 - share).max(SHORT_OF_CARD / route.length.max(1.0) as f32);
            (Shape::Cross, route.at(share, -ASIDE), 1.0 - lingered)
        }
        FlightKind::Lost => (
            Shape::Fading,
            route.at(share * 0.5, ASIDE),
            (1.0 - share).max(0.0),
        ),
        FlightKind::Timeout => marked(Shape::Clock),
        FlightKind::Unsent => marked(Shape::Switch),
        FlightKind::Abandoned => marked(Shape::Turned),
        FlightKind::Refused => marked(Shape::Wall),
        FlightKind::Late => marked(Shape::Void),
    };
    Sprite { at, shape, opacity }
}

/// Returns the place of a mark: below the line at the caller's end, and above it at the callee's,
/// where calls wait below.
fn mark_at(particle: &Particle, route: &Route, scale: f64) -> [f32; 2] {
    // Marks stay as large as dots do when the canvas is small.
    let [off, aside, apart] = MARK_AT.map(|at| at * (SMALL / scale).max(1.0) as f32);
    let down = particle.slot * apart;
    let share = off / route.length.max(1.0) as f32;
    match crowd(particle.kind) {
        Some((1, _)) => route.at(1.0 - share, -aside - down),
        _ => route.at(share, aside + down),
    }
}

#[cfg(test)]
mod tests;
