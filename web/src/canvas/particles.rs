//! Requests under way as dots: what is where. Drawing them is the surface's business
//! ([`super::surface`]).
//!
//! A flight of a few microseconds could not be seen; it is shown for as long as an eye needs to
//! follow it along its link. It starts when the simulation says so, and whether it arrives, fails
//! or gets lost is the simulation's word as well.

use std::collections::VecDeque;

use editor::LinkPath;
use format::message::{Flight, FlightKind};

use super::clock::Clock;
use crate::order::insertion_sort;

/// Most dots on the screen, on a machine that keeps up; further flights are left out.
const PARTICLES_MAX: usize = 5_000;
/// Most dots on a machine that cannot keep up even with these.
const PARTICLES_MIN: usize = 600;
/// A machine keeps up if it repaints this often, in ms; it falls behind from the other on.
const PACE_MS: [f64; 2] = [20.0, 30.0];
/// Most flights that wait for their moment.
const PENDING_MAX: usize = 8_000;
/// Speed of a dot whose own flight is too short to be seen, in canvas pixels per ms.
const SPEED: f64 = 0.30;
/// Pieces of a route: so many that dots follow a line around a card.
pub(super) const STEPS: usize = 62;
/// How long a cross stays where the caller gave up, in ms.
const LINGER_MS: f64 = 700.0;
/// Most crosses at one caller's end; more could not be told apart.
const CROSSES_MAX: usize = 30;
/// Most failures on their way back along one link; more would be a solid line.
const FAILURES_MAX: usize = 240;

/// A way along a link in even steps, from the caller's end to the callee's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    /// Points at equal distances along it.
    pub(crate) points: Vec<[f32; 2]>,
    /// Its length in canvas pixels.
    pub(crate) length: f64,
}

impl Route {
    /// From a link's measured line.
    pub(crate) fn along(path: &LinkPath) -> Self {
        let points = path.evenly(STEPS + 1);
        Self {
            points: points.iter().map(|p| [p.x as f32, p.y as f32]).collect(),
            length: path.length(),
        }
    }

    /// The place at a share of the way, moved sideways by `aside` pixels.
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

/// How something on its way is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// A dot: a first attempt.
    Dot,
    /// A dot with a notch: a further attempt.
    Notched,
    /// A square: a message.
    Square,
    /// A ring: an answer.
    Ring,
    /// A ring in amber: an answer that is out of date.
    AmberRing,
    /// A cross: a failure on its way back, or an attempt given up.
    Cross,
    /// A dot that fades: lost.
    Fading,
}

/// One mark to draw now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sprite {
    /// Canvas position.
    pub(crate) at: [f32; 2],
    /// What it looks like.
    pub(crate) shape: Shape,
    /// 0 to 1.
    pub(crate) opacity: f32,
}

#[derive(Clone, Copy, Debug)]
struct Particle {
    link: u16,
    kind: FlightKind,
    start_ns: u64,
    born_ms: f64,
    life_ms: f64,
    /// Where it stands in a crowd: two numbers from 0 to 1.
    scatter: [f32; 2],
}

/// All flights that are waiting for their moment or on the screen.
#[derive(Debug)]
pub(crate) struct Particles {
    /// Most dots for now.
    room: usize,
    /// Time between repaints, smoothed, in ms.
    pace_ms: f64,
    pending: VecDeque<Flight>,
    live: Vec<Particle>,
    /// Of each link: crosses at the caller's end, and failures on their way there.
    crowds: Vec<[usize; 2]>,
    launched: u32,
}

impl Default for Particles {
    fn default() -> Self {
        Self {
            room: PARTICLES_MAX,
            pace_ms: PACE_MS[0],
            pending: VecDeque::new(),
            live: Vec::new(),
            crowds: Vec::new(),
            launched: 0,
        }
    }
}

impl Particles {
    /// A repaint took this long: a machine that falls behind gets fewer dots, so that the page
    /// stays quick to answer.
    pub(crate) fn keep_pace(&mut self, elapsed_ms: f64) {
        self.pace_ms += (elapsed_ms.clamp(0.0, 250.0) - self.pace_ms) * 0.1;
        if self.pace_ms > PACE_MS[1] {
            self.room = (self.room * 9 / 10).max(PARTICLES_MIN);
        } else if self.pace_ms < PACE_MS[0] {
            self.room = (self.room + 20).min(PARTICLES_MAX);
        }
    }

    /// Forgets everything: another run began.
    pub(crate) fn clear(&mut self) {
        self.pending.clear();
        self.live.clear();
    }

    /// Takes a frame's flights.
    pub(crate) fn take(&mut self, flights: &[Flight]) {
        let room = PENDING_MAX.saturating_sub(self.pending.len());
        self.pending.extend(flights.iter().take(room));
        // They come almost in order.
        insertion_sort(self.pending.make_contiguous(), |a, b| {
            a.start_ns <= b.start_ns
        });
    }

    /// The run jumped: what was on its way then, where it was. `rate` is simulated ns per ms.
    pub(crate) fn place(&mut self, flights: &[Flight], clock: &Clock, routes: &[Route], rate: f64) {
        self.clear();
        for flight in flights {
            let age_ms = (clock.shown_ns - flight.start_ns as f64) / rate.max(1.0);
            let Some(route) = routes.get(usize::from(flight.link)) else {
                continue;
            };
            let life_ms = life_ms(flight, route, rate);
            let is_seen = (0.0..life_ms + linger_ms(flight.kind)).contains(&age_ms);
            if !is_seen || self.live.len() >= self.room {
                continue;
            }
            self.launched = self.launched.wrapping_add(1);
            self.live.push(Particle {
                link: flight.link,
                kind: flight.kind,
                start_ns: flight.start_ns,
                scatter: scatter(self.launched),
                born_ms: clock.motion_ms - age_ms,
                life_ms,
            });
        }
    }

    /// Launches what is due and drops what has arrived.
    pub(crate) fn advance(&mut self, clock: &Clock, routes: &[Route]) {
        let now = clock.motion_ms;
        self.crowds.clear();
        self.crowds.resize(routes.len(), [0; 2]);
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
            // What fails is left out last.
            let room = match crowd(flight.kind) {
                Some(_) => PARTICLES_MAX,
                None => self.room,
            };
            if self.live.len() >= room || self.is_crowded(flight) {
                continue;
            }
            self.launched = self.launched.wrapping_add(1);
            self.live.push(Particle {
                link: flight.link,
                kind: flight.kind,
                start_ns: flight.start_ns,
                scatter: scatter(self.launched),
                born_ms: now,
                life_ms: life_ms(&flight, route, clock.rate),
            });
        }
    }

    /// Whether there are as many of its sort on the link as can be told apart.
    fn is_crowded(&mut self, flight: Flight) -> bool {
        let Some((crowd, most)) = crowd(flight.kind) else {
            return false;
        };
        let count = &mut self.crowds[usize::from(flight.link)][crowd];
        *count += 1;
        *count > most
    }

    /// How many are on the screen.
    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    /// The link and the departure of the dot nearest to a place, within a distance; `far` is the
    /// square of how far a dot is from it.
    pub(crate) fn nearest(
        &self,
        clock: &Clock,
        routes: &[Route],
        far: impl Fn([f32; 2]) -> f64,
        within: f64,
    ) -> Option<(u16, u64)> {
        let mut best = (within * within, None);
        for particle in &self.live {
            let Some(route) = routes.get(usize::from(particle.link)) else {
                continue;
            };
            let far = far(sprite(particle, clock.motion_ms, route).at);
            if far < best.0 {
                best = (far, Some((particle.link, particle.start_ns)));
            }
        }
        best.1
    }

    /// Each as the shaders take it ([`super::gl`]): its age and life in ms, where it stands in a
    /// crowd, its link and its sort. What matters most comes last, on top.
    pub(super) fn instances(&self, clock: &Clock, mut put: impl FnMut([f32; 6])) {
        let rank = |kind: FlightKind| match kind {
            FlightKind::Answer => 0,
            FlightKind::Failure | FlightKind::Timeout | FlightKind::Lost | FlightKind::Stale => 2,
            FlightKind::Call | FlightKind::Retry | FlightKind::Message => 1,
        };
        for layer in 0..=2 {
            for particle in self.live.iter().filter(|one| rank(one.kind) == layer) {
                let [along, down] = particle.scatter;
                let age_ms = clock.motion_ms - particle.born_ms;
                put([
                    age_ms as f32,
                    particle.life_ms as f32,
                    along,
                    down,
                    f32::from(particle.link),
                    f32::from(particle.kind as u8),
                ]);
            }
        }
    }

    /// What to draw now.
    pub(crate) fn sprites(&self, clock: &Clock, routes: &[Route], mut draw: impl FnMut(Sprite)) {
        for particle in &self.live {
            if let Some(route) = routes.get(usize::from(particle.link)) {
                draw(sprite(particle, clock.motion_ms, route));
            }
        }
    }
}

/// How long a flight is on the screen.
fn life_ms(flight: &Flight, route: &Route, rate: f64) -> f64 {
    let seen_ms = (route.length / SPEED).clamp(160.0, 1_200.0);
    let own_ms = match rate {
        rate if rate > 0.0 => flight.duration_ns as f64 / rate,
        _ => 0.0,
    };
    match flight.kind {
        FlightKind::Timeout => 0.0,
        _ => own_ms.max(seen_ms),
    }
}

/// What may crowd a link: which crowd, and how many of it at most.
fn crowd(kind: FlightKind) -> Option<(usize, usize)> {
    match kind {
        FlightKind::Timeout => Some((0, CROSSES_MAX)),
        FlightKind::Failure => Some((1, FAILURES_MAX)),
        // The worker samples these.
        FlightKind::Call
        | FlightKind::Retry
        | FlightKind::Message
        | FlightKind::Answer
        | FlightKind::Stale
        | FlightKind::Lost => None,
    }
}

/// Two numbers from 0 to 1 that fill the square evenly as `n` counts up: the fractions of multiples
/// of two irrational numbers (the plastic number's powers, as in the R2 sequence).
fn scatter(n: u32) -> [f32; 2] {
    [0.754_877_7, 0.569_840_3].map(|step: f64| (f64::from(n) * step).fract() as f32)
}

fn linger_ms(kind: FlightKind) -> f64 {
    match kind {
        FlightKind::Failure | FlightKind::Timeout => LINGER_MS,
        FlightKind::Call
        | FlightKind::Retry
        | FlightKind::Message
        | FlightKind::Answer
        | FlightKind::Stale
        | FlightKind::Lost => 0.0,
    }
}

/// How far from the caller's card a failure stays, in canvas pixels: below the card nobody sees it.
const SHORT_OF_CARD: f32 = 9.0;

/// Requests keep to one side of the link and answers to the other, as on a road.
const ASIDE: f32 = 4.0;

fn sprite(particle: &Particle, now_ms: f64, route: &Route) -> Sprite {
    let age = now_ms - particle.born_ms;
    let share = (age / particle.life_ms.max(1.0)).clamp(0.0, 1.0) as f32;
    let lingered = ((age - particle.life_ms) / LINGER_MS).clamp(0.0, 1.0) as f32;
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
        FlightKind::Timeout => {
            // Side by side, so that many look like many; they sink as they fade.
            let [along, down] = particle.scatter;
            let share = (4.0 + 22.0 * along) / route.length.max(1.0) as f32;
            let aside = ASIDE + 6.0 + 8.0 * down + 5.0 * lingered;
            (Shape::Cross, route.at(share, aside), 1.0 - lingered)
        }
        FlightKind::Lost => (
            Shape::Fading,
            route.at(share * 0.5, ASIDE),
            (1.0 - share).max(0.0),
        ),
    };
    Sprite { at, shape, opacity }
}
