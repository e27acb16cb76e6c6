//! What a balancer knows and how it chooses.

use super::backend::Backend;
use super::ejection::{self, Record};
use super::exclusions::{Exclusions, is_panic};
use super::ring::Ring;
use super::tournament::{OUT, Tournament};
use crate::agenda::Time;
use crate::call::{Call, Outcome};
use crate::event::LinkIx;
use crate::random::Stream;
use design::kinds::load_balancer::{self as spec, Algorithm};
use std::collections::BTreeMap;

/// The state of a balancer. It is part of the world, so that every attempt can choose again.
#[derive(Clone, Debug)]
pub struct Balancer {
    pub(super) spec: spec::LoadBalancer,
    /// In the order of links, then replicas.
    pub backends: Vec<Backend>,
    pub(super) generation: u16,
    /// Whether probes of this list are scheduled.
    pub(super) is_probing: bool,
    next: usize,
    /// The indices of usable backends, in order.
    usable: Vec<u32>,
    /// Number of calls in flight in total.
    outstanding: u64,
    /// When the next ejected backend returns.
    next_return: Time,
    /// The sum of the usable backends' weights, if they differ.
    weights_differ: Option<u64>,
    /// For the fewest outstanding among many backends.
    tournament: Option<Tournament>,
    /// For consistent hashing.
    pub(super) ring: Option<Box<Ring>>,
    routing: Stream,
    /// The start of its round robin.
    turns: Stream,
    exclusions: Box<Exclusions>,
}

/// With fewer backends, a scan is faster than a tree.
const MANY: usize = 16;
/// Maximum number of steps into the smooth round robin at which a balancer begins; the rest of a
/// longer one is skipped.
const STEPS_MAX: u64 = 1_024;

impl Balancer {
    pub(super) fn new(spec: &spec::LoadBalancer, routing: Stream, turns: Stream) -> Self {
        Self {
            spec: spec.clone(),
            backends: Vec::new(),
            generation: 0,
            is_probing: false,
            next: 0,
            usable: Vec::new(),
            outstanding: 0,
            next_return: Time::MAX,
            weights_differ: None,
            tournament: None,
            ring: None,
            routing,
            turns,
            exclusions: Box::default(),
        }
    }

    /// Chooses a backend for an attempt and counts the attempt there. `None` if none is considered
    /// healthy and there is no panic mode.
    #[inline(always)]
    pub fn choose(&mut self, key: u32, now: Time) -> Option<(u32, &Backend)> {
        if now >= self.next_return {
            self.refresh(now);
        }
        let place = match self.spec.algorithm {
            Algorithm::RoundRobin => self.next_usable()?,
            _ => self.choose_by_more(key, now)?,
        };
        let backend = &mut self.backends[place];
        backend.outstanding += 1;
        if self.tournament.is_some() {
            self.play(place);
        }
        let next = place + 1;
        self.next = if next == self.backends.len() { 0 } else { next };
        self.outstanding += 1;
        Some((place as u32, &self.backends[place]))
    }

    /// Chooses a backend if the choice depends on more than the turn.
    #[inline(never)]
    fn choose_by_more(&mut self, key: u32, now: Time) -> Option<usize> {
        Some(match self.spec.algorithm {
            Algorithm::RoundRobin => self.next_usable()?,
            Algorithm::Random => self.draw_by_weight()?,
            Algorithm::PowerOfTwo => self.best_drawn(|backend| f64::from(backend.outstanding))?,
            Algorithm::PeakEwma => self.best_drawn(|backend| backend.load(now))?,
            Algorithm::LeastOutstanding => self.fewest()?,
            Algorithm::Weighted => self.next_weighted()?,
            Algorithm::ConsistentHash => self.on_ring(key)?,
        })
    }

    /// Updates the tournament with a backend's number of calls in flight.
    #[inline(never)]
    fn play(&mut self, place: usize) {
        let backend = &self.backends[place];
        if let Some(tournament) = &mut self.tournament
            && backend.is_usable
        {
            tournament.set(place, backend.outstanding);
        }
    }

    /// Returns all backends, from the next in turn on.
    fn in_turn(&self) -> impl Iterator<Item = usize> {
        (self.next..self.backends.len()).chain(0..self.next)
    }

    /// Returns the next usable backend in turn.
    #[inline(always)]
    fn next_usable(&self) -> Option<usize> {
        match self.backends.get(self.next)?.is_usable {
            true => Some(self.next),
            false => self.next_usable_beyond(),
        }
    }

    #[inline(never)]
    fn next_usable_beyond(&self) -> Option<usize> {
        self.in_turn().find(|place| self.backends[*place].is_usable)
    }

    fn draw(&mut self) -> Option<usize> {
        let count = self.usable.len() as u64;
        (count > 0).then(|| self.usable[self.routing.below(count) as usize] as usize)
    }

    /// Returns a random backend, by the weight of its link (as nginx's `random`). Equal weights
    /// draw like no weights.
    fn draw_by_weight(&mut self) -> Option<usize> {
        let Some(total) = self.weights_differ else {
            return self.draw();
        };
        let mut left = self.routing.below(total) as i64;
        let found = self.usable.iter().find(|place| {
            left -= i64::from(self.backends[**place as usize].weight);
            left < 0
        });
        found.map(|place| *place as usize)
    }

    /// Returns the best of several random backends, all different; of equal ones, the first drawn.
    fn best_drawn(&mut self, load: impl Fn(&Backend) -> f64) -> Option<usize> {
        let wanted = (self.spec.choices as usize).min(self.usable.len());
        let mut drawn = [0u32; spec::CHOICES_MAX as usize];
        for count in 0..wanted {
            drawn[count] = loop {
                let place = self.draw()? as u32;
                if !drawn[..count].contains(&place) {
                    break place;
                }
            };
        }
        let drawn = drawn[..wanted].iter().map(|place| *place as usize);
        let loads = drawn.map(|place| (place, load(&self.backends[place])));
        // The first of equals; a NaN never wins.
        let best = loads.reduce(|best, other| if other.1 < best.1 { other } else { best });
        best.map(|(place, _)| place)
    }

    /// Returns the backend with the fewest outstanding calls; of equal ones the next in turn, as in
    /// nginx and HAProxy.
    fn fewest(&self) -> Option<usize> {
        if let Some(tournament) = &self.tournament {
            return tournament.fewest_from(self.next);
        }
        let usable = self
            .in_turn()
            .filter(|place| self.backends[*place].is_usable);
        usable.min_by_key(|place| self.backends[*place].outstanding)
    }

    /// Smooth weighted round robin (nginx): every backend advances by its weight, and the most
    /// advanced is chosen and falls back by the sum; of equal ones, the first.
    fn next_weighted(&mut self) -> Option<usize> {
        let (mut total, mut best) = (0, None::<usize>);
        for place in &self.usable {
            let place = *place as usize;
            let backend = &mut self.backends[place];
            backend.current += i64::from(backend.weight);
            total += i64::from(backend.weight);
            let current = backend.current;
            if best.is_none_or(|best| current > self.backends[best].current) {
                best = Some(place);
            }
        }
        self.backends[best?].current -= total;
        best
    }

    /// Returns the key's backend; with bounded loads, the next on the ring that has room.
    fn on_ring(&self, key: u32) -> Option<usize> {
        let bound = self.spec.consistent_hash.bounded_load.map(|times| {
            let mean = (self.outstanding + 1) as f64 / self.usable.len().max(1) as f64;
            libm::ceil(mean * times) as u32
        });
        let mut backends = self.ring.as_ref()?.of(key).map(|place| place as usize);
        backends.find(|place| {
            let backend = &self.backends[*place];
            backend.is_usable && bound.is_none_or(|bound| backend.outstanding < bound)
        })
    }

    /// Releases a choice that is not used, or whose result no caller waits for, if its backend is
    /// still there.
    #[inline(always)]
    pub fn released(&mut self, place: u32, link: LinkIx, replica: u32) -> Option<usize> {
        self.outstanding = self.outstanding.saturating_sub(1);
        let known = self.backends.get_mut(place as usize);
        let place = match known {
            Some(backend) if backend.is(link, replica) => place as usize,
            _ => self.moved_to(link, replica)?,
        };
        let backend = &mut self.backends[place];
        backend.outstanding = backend.outstanding.saturating_sub(1);
        if self.tournament.is_some() {
            self.play(place);
        }
        Some(place)
    }

    /// Returns where an edit has moved a backend; `None` if it was removed.
    #[cold]
    fn moved_to(&self, link: LinkIx, replica: u32) -> Option<usize> {
        let mut backends = self.backends.iter();
        backends.position(|backend| backend.is(link, replica))
    }

    /// Handles the end of an attempt of this balancer.
    #[inline(always)]
    pub fn concluded(&mut self, call: &Call, outcome: Outcome, now: Time) {
        let Some(place) = self.released(call.place, call.link, call.replica) else {
            return;
        };
        // A refusal by the link's own policies says nothing about the backend.
        if !call.is_sent {
            return;
        }
        if self.spec.algorithm == Algorithm::PeakEwma {
            self.backends[place].observe((now - call.started) as f64, now);
        }
        if self.spec.outlier_ejection.is_some() {
            self.judge(place, outcome.is_answer(), now);
        }
    }

    #[inline(never)]
    fn judge(&mut self, place: usize, is_answer: bool, now: Time) {
        let Some(rule) = &self.spec.outlier_ejection else {
            return;
        };
        if !self.backends[place].record.judge(rule, is_answer, now) {
            return;
        }
        let out = self
            .backends
            .iter()
            .filter(|backend| backend.record.is_out(now));
        if ejection::has_room(rule, out.count(), self.backends.len()) {
            let threshold = self.spec.panic_threshold;
            self.exclusions.pass(&self.backends, threshold, now);
            self.exclusions.count_ejection();
            self.backends[place].record.eject(rule, now);
            self.refresh(now);
        }
    }

    /// Determines the usable backends again. Must be called after every change of their health.
    pub(super) fn refresh(&mut self, now: Time) {
        self.pass(now);
        let threshold = self.spec.panic_threshold;
        self.exclusions.set(&self.backends, threshold, now);
        let well = |backend: &Backend| backend.is_believed_well(now);
        let healthy = self.backends.iter().filter(|backend| well(backend)).count();
        let panics = is_panic(healthy, self.backends.len(), threshold);
        self.usable.clear();
        for (place, backend) in self.backends.iter_mut().enumerate() {
            backend.is_usable = panics || backend.is_believed_well(now);
            if backend.is_usable {
                self.usable.push(place as u32);
            }
        }
        let weights = || {
            let usable = self.usable.iter();
            usable.map(|place| self.backends[*place as usize].weight)
        };
        let differ = weights().min() != weights().max();
        self.weights_differ = differ.then(|| weights().map(u64::from).sum());
        let returns = self.backends.iter().map(|backend| backend.record.out_until);
        self.next_return = returns
            .filter(|time| *time > now)
            .min()
            .unwrap_or(Time::MAX);
        let wants_tournament =
            self.spec.algorithm == Algorithm::LeastOutstanding && self.backends.len() > MANY;
        let number = |backend: &Backend| match backend.is_usable {
            true => backend.outstanding,
            false => OUT,
        };
        self.tournament =
            wants_tournament.then(|| Tournament::new(self.backends.iter().map(number)));
    }

    /// Handles the result of a probe. A probe of an older list is ignored.
    pub fn probed(&mut self, probe: u32, is_good: bool, now: Time) {
        let (place, generation) = ((probe & 0xffff) as usize, (probe >> 16) as u16);
        if generation != self.generation {
            return;
        }
        let Some(check) = &self.spec.health_check else {
            return;
        };
        let Some(backend) = self.backends.get_mut(place) else {
            return;
        };
        if is_good == backend.is_healthy {
            backend.against = 0;
            return;
        }
        backend.against += 1;
        let needed = if is_good {
            check.healthy_after
        } else {
            check.unhealthy_after
        };
        if backend.against < needed {
            return;
        }
        backend.against = 0;
        self.pass(now);
        if !is_good {
            self.exclusions.count_failed_check();
        }
        self.backends[place].is_healthy = is_good;
        self.refresh(now);
    }

    /// Counts up to a moment how long backends were out of service. Must be called before anything
    /// about them changes.
    pub(super) fn pass(&mut self, now: Time) {
        let threshold = self.spec.panic_threshold;
        self.exclusions.pass(&self.backends, threshold, now);
    }

    /// Returns when backends were out of service, up to a moment.
    pub fn exclusions(&self, now: Time) -> Exclusions {
        let mut exclusions = (*self.exclusions).clone();
        exclusions.pass(&self.backends, self.spec.panic_threshold, now);
        exclusions
    }

    /// Marks the end of the warm-up.
    pub(crate) fn mark_warmup(&mut self, now: Time) {
        self.pass(now);
        self.exclusions.mark_warmup(now);
    }

    /// Marks the end of arrivals.
    pub(crate) fn mark_end(&mut self, now: Time) {
        self.pass(now);
        self.exclusions.mark_end(now);
    }

    /// Replaces the list of backends (link, replica, weight). Those that stay keep their health.
    pub(super) fn set_backends(
        &mut self,
        backends: impl Iterator<Item = (LinkIx, u32, u32)>,
        now: Time,
    ) {
        let old = std::mem::take(&mut self.backends);
        let of = |backend: &Backend| (backend.link, backend.replica);
        let mut places = BTreeMap::new();
        for (place, known) in old.iter().enumerate() {
            places.insert((known.link, known.replica), place);
        }
        let new = backends.map(|(link, replica, weight)| {
            let place = places.get(&(link, replica));
            let known = place.map(|place: &usize| old[*place].clone());
            Backend {
                weight,
                ..known.unwrap_or_else(|| Backend::new(link, replica))
            }
        });
        self.backends = new.collect();
        // The list may be shorter than before.
        self.next = self
            .next
            .checked_rem(self.backends.len())
            .unwrap_or(self.next);
        let begins = old.is_empty();
        if !self.backends.iter().map(of).eq(old.iter().map(of)) {
            self.is_probing = false;
        }
        if self.spec.outlier_ejection.is_none() {
            self.backends
                .iter_mut()
                .for_each(|backend| backend.record = Record::default());
        }
        if self.spec.health_check.is_none() {
            self.backends
                .iter_mut()
                .for_each(|backend| backend.is_healthy = true);
        }
        self.refresh(now);
        if begins {
            self.begin_anywhere();
        }
    }

    /// Begins a process's round robin at a random place. If all began at the first backend,
    /// balancers (and clients that send at a fixed rate) would stay synchronized.
    fn begin_anywhere(&mut self) {
        if self.backends.is_empty() {
            return;
        }
        self.next = self.turns.below(self.backends.len() as u64) as usize;
        if self.spec.algorithm == Algorithm::Weighted {
            let usable = self.usable.iter();
            let weights = usable.map(|place| u64::from(self.backends[*place as usize].weight));
            let round = weights.sum::<u64>().clamp(1, STEPS_MAX);
            for _ in 0..self.turns.below(round) {
                self.next_weighted();
            }
        }
    }

    /// Handles a balancer process that died: it forgets everything about its backends.
    pub(super) fn forget(&mut self, now: Time) {
        self.pass(now);
        for backend in &mut self.backends {
            *backend = Backend {
                weight: backend.weight,
                outstanding: backend.outstanding,
                ..Backend::new(backend.link, backend.replica)
            };
        }
        self.refresh(now);
        self.begin_anywhere();
    }
}
