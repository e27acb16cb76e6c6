//! What a balancer knows and how it chooses.

use super::ejection::{self, Record};
use super::ring::Ring;
use super::tournament::{OUT, Tournament};
use crate::agenda::Time;
use crate::call::{ANY_REPLICA, Call, Outcome};
use crate::event::LinkIx;
use crate::random::Stream;
use design::kinds::load_balancer::{self as spec, Algorithm};
use std::collections::BTreeMap;

/// A replica behind a balancer.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    /// Over which link.
    pub link: LinkIx,
    /// Which replica of its callee.
    pub replica: u32,
    /// Whether probes say it is well.
    pub is_healthy: bool,
    /// Probes in a row that say otherwise.
    against: u32,
    /// Calls of this balancer in flight there.
    pub outstanding: u32,
    /// Whether it is chosen from: believed well, or nobody asks.
    is_usable: bool,
    /// What its calls came to.
    record: Record,
    /// Its link's weight, and where it stands in the smooth round.
    weight: u32,
    current: i64,
    /// Peak exponentially weighted moving average of the time of its calls, in ns, as of
    /// `observed`.
    cost: f64,
    observed: Time,
}

/// What a balancer knows and does; stands in the world so that every attempt can choose anew.
#[derive(Clone, Debug)]
pub struct Balancer {
    pub(super) spec: spec::LoadBalancer,
    /// In the order of links, then replicas.
    pub backends: Vec<Backend>,
    pub(super) generation: u16,
    /// Whether probes of this list are scheduled.
    pub(super) is_probing: bool,
    next: usize,
    /// The places chosen from, in order.
    usable: Vec<u32>,
    /// Calls in flight in all.
    outstanding: u64,
    /// When the next ejected backend comes back.
    next_return: Time,
    /// The sum of the usable backends' weights, where they are not all alike.
    weights_differ: Option<u64>,
    /// Where the fewest outstanding are asked for, among many.
    tournament: Option<Tournament>,
    /// Where keys have their place.
    pub(super) ring: Option<Box<Ring>>,
    routing: Stream,
    /// Where its process begins its round.
    turns: Stream,
}

/// With fewer backends, asking all is quicker than keeping a tree.
const MANY: usize = 16;
/// How far into its smooth round a balancer begins at most: of a longer one, the rest is skipped.
const STEPS_MAX: u64 = 1_024;
/// Finagle's: the time constant of the moving average.
const DECAY: f64 = 10e9;

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
        }
    }

    /// Chooses a backend for an attempt and counts it there. `None` where nobody is believed well
    /// and there is no panic.
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

    /// Where the choice hangs on more than whose turn it is.
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

    /// The tournament hears how many calls a backend has in flight.
    #[inline(never)]
    fn play(&mut self, place: usize) {
        let backend = &self.backends[place];
        if let Some(tournament) = &mut self.tournament
            && backend.is_usable
        {
            tournament.set(place, backend.outstanding);
        }
    }

    /// All places, from the next in turn on.
    fn in_turn(&self) -> impl Iterator<Item = usize> {
        (self.next..self.backends.len()).chain(0..self.next)
    }

    /// The next usable backend in turn.
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

    /// Any, as likely as its link's weight says (nginx's `random` does so). Equal weights draw as
    /// no weights do.
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

    /// The best of as many as are drawn, all different; the first drawn of those that are alike.
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
        // The first of equals, and never the last of numbers that cannot be compared.
        let best = loads.reduce(|best, other| if other.1 < best.1 { other } else { best });
        best.map(|(place, _)| place)
    }

    /// The fewest outstanding; of those alike the next in turn, as nginx and HAProxy have it.
    fn fewest(&self) -> Option<usize> {
        if let Some(tournament) = &self.tournament {
            return tournament.fewest_from(self.next);
        }
        let usable = self
            .in_turn()
            .filter(|place| self.backends[*place].is_usable);
        usable.min_by_key(|place| self.backends[*place].outstanding)
    }

    /// Smooth weighted round robin (nginx): everybody moves on by its weight, and who is furthest
    /// goes and falls back by the sum; of those alike the first.
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

    /// The key's backend; where loads are bounded, the next on the ring that has room.
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

    /// A choice is taken back, or nobody waits for what comes of it: the place it had, if that is
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

    /// Where an edit has moved a backend; `None` where it took it away.
    #[cold]
    fn moved_to(&self, link: LinkIx, replica: u32) -> Option<usize> {
        let mut backends = self.backends.iter();
        backends.position(|backend| backend.is(link, replica))
    }

    /// An attempt of this balancer has ended.
    #[inline(always)]
    pub fn concluded(&mut self, call: &Call, outcome: Outcome, now: Time) {
        let Some(place) = self.released(call.place, call.link, call.replica) else {
            return;
        };
        // What the link's own policies refused says nothing of the backend.
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
            self.backends[place].record.eject(rule, now);
            self.refresh(now);
        }
    }

    /// Sees anew who may be chosen. After every change of belief.
    pub(super) fn refresh(&mut self, now: Time) {
        let well = |backend: &Backend| backend.is_believed_well(now);
        let healthy = self.backends.iter().filter(|backend| well(backend)).count();
        // Below the threshold of panic: better a sick replica than none (Envoy).
        let panics = (healthy as f64) < self.spec.panic_threshold * self.backends.len() as f64;
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

    /// A probe was answered, or not; one of an older list says nothing of this one.
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
        if backend.against >= needed {
            backend.is_healthy = is_good;
            backend.against = 0;
            self.refresh(now);
        }
    }

    /// Replaces the list of backends (link, replica, weight); beliefs of those that stay are kept.
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
        // The list may be shorter now.
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

    /// A process begins its round anywhere: if all began at the first backend, balancers (and
    /// clients that send at a fixed rate) would stay in step.
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

    /// The balancer's process died: it knows nothing of anybody any more.
    pub(super) fn forget(&mut self, now: Time) {
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

impl Backend {
    fn new(link: LinkIx, replica: u32) -> Self {
        Self {
            link,
            replica,
            is_healthy: true,
            against: 0,
            outstanding: 0,
            is_usable: true,
            record: Record::default(),
            weight: 1,
            current: 0,
            cost: 0.0,
            observed: 0,
        }
    }

    /// Whether it is what a call went to: behind one address, whichever replica the callee chose.
    #[inline(always)]
    fn is(&self, link: LinkIx, replica: u32) -> bool {
        self.link == link && (self.replica == replica || self.replica == ANY_REPLICA)
    }

    /// Whether neither probes nor failures speak against it.
    pub fn is_believed_well(&self, now: Time) -> bool {
        self.is_healthy && !self.record.is_out(now)
    }

    /// A call took so long: a peak counts at once, what is quicker counts bit by bit (Finagle).
    fn observe(&mut self, took: f64, now: Time) {
        self.cost = match took > self.cost {
            true => took,
            false => {
                let kept = self.decay(now);
                self.cost * kept + took * (1.0 - kept)
            }
        };
        self.observed = now;
    }

    fn decay(&self, now: Time) -> f64 {
        libm::exp(-((now - self.observed) as f64) / DECAY)
    }

    /// Finagle's load: the average, which wanes while nothing comes back, times the calls there
    /// with this one. One with calls under way that never answered any is the last to be chosen.
    fn load(&self, now: Time) -> f64 {
        let outstanding = f64::from(self.outstanding);
        if self.cost == 0.0 && self.outstanding > 0 {
            return f64::MAX / 2.0 + outstanding;
        }
        self.cost * self.decay(now) * (outstanding + 1.0)
    }
}
