//! Load balancers: whom they choose, and what they believe of the others' health.
//!
//! A balancer sees only what comes back to it: calls in flight and the answers to its probes. A
//! replica that is dead but not yet probed dead keeps its share. The balancer itself costs nothing
//! and has no slots; a hop through it takes its links' latency.

use super::Component;
use crate::call::{CallId, Cause, Outcome, Phase, Purpose};
use crate::event::{Event, LinkIx, NodeIx};
use crate::network::Done;
use crate::random::{self, Stream};
use crate::world::World;
use design::kinds::load_balancer::{self as spec, Algorithm, HealthCheck};
use std::collections::BTreeMap;

/// A replica behind a balancer.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    /// Over which link.
    pub link: LinkIx,
    /// Which replica of its callee.
    pub replica: u32,
    /// Whether the balancer believes it well.
    pub is_healthy: bool,
    /// Probes in a row that say otherwise.
    against: u32,
    /// Calls of this balancer in flight there.
    pub outstanding: u32,
}

/// What a balancer knows and does; stands in the world so that every attempt can choose anew.
#[derive(Clone, Debug)]
pub struct Balancer {
    algorithm: Algorithm,
    panic_threshold: f64,
    check: Option<HealthCheck>,
    /// In the order of links, then replicas.
    pub backends: Vec<Backend>,
    generation: u16,
    /// Whether probes of this list are scheduled.
    is_probing: bool,
    next: usize,
    healthy: usize,
    /// Below the threshold of panic: better a sick replica than none (Envoy).
    ignores_health: bool,
    routing: Stream,
}

impl Balancer {
    /// Chooses a backend for an attempt and counts it there.
    #[inline]
    pub fn choose(&mut self) -> Option<(u32, &Backend)> {
        let count = self.backends.len();
        if count == 0 {
            return None;
        }
        let place = match self.algorithm {
            Algorithm::RoundRobin => self.next_usable(),
            Algorithm::Random => self.draw(),
            Algorithm::PowerOfTwo => {
                let (a, b) = (self.draw(), self.draw());
                if self.backends[b].outstanding < self.backends[a].outstanding {
                    b
                } else {
                    a
                }
            }
            Algorithm::LeastOutstanding => self
                .in_turn()
                .filter(|place| self.ignores_health || self.backends[*place].is_healthy)
                .min_by_key(|place| self.backends[*place].outstanding)?,
        };
        self.next = if place + 1 == count { 0 } else { place + 1 };
        let backend = &mut self.backends[place];
        backend.outstanding += 1;
        Some((place as u32, backend))
    }

    /// All places, from the next in turn on.
    fn in_turn(&self) -> impl Iterator<Item = usize> {
        (self.next..self.backends.len()).chain(0..self.next)
    }

    /// The next usable backend in turn.
    #[inline]
    fn next_usable(&self) -> usize {
        if self.ignores_health || self.backends[self.next].is_healthy {
            return self.next;
        }
        self.in_turn()
            .find(|place| self.backends[*place].is_healthy)
            .unwrap_or(self.next)
    }

    fn draw(&mut self) -> usize {
        if self.ignores_health || self.healthy == self.backends.len() {
            return self.routing.below(self.backends.len() as u64) as usize;
        }
        let nth = self.routing.below(self.healthy as u64) as usize;
        let healthy = self
            .backends
            .iter()
            .enumerate()
            .filter(|(_, backend)| backend.is_healthy);
        healthy.map(|(place, _)| place).nth(nth).unwrap_or(0)
    }

    /// An attempt of this balancer has ended.
    #[inline]
    pub fn concluded(&mut self, place: u32, link: LinkIx, replica: u32) {
        let is_it = |backend: &Backend| backend.link == link && backend.replica == replica;
        let place = place as usize;
        // An edit since may have moved it, or taken it away.
        let place = match self.backends.get(place).is_some_and(is_it) {
            true => Some(place),
            false => self.backends.iter().position(is_it),
        };
        if let Some(place) = place {
            let outstanding = &mut self.backends[place].outstanding;
            *outstanding = outstanding.saturating_sub(1);
        }
    }

    /// Counts the healthy again.
    fn refresh(&mut self) {
        let healthy = self.backends.iter().filter(|backend| backend.is_healthy);
        self.healthy = healthy.count();
        self.ignores_health = self.healthy == 0
            || (self.healthy as f64) < self.panic_threshold * self.backends.len() as f64;
    }

    /// A probe was answered, or not; one of an older list says nothing of this one.
    pub fn probed(&mut self, probe: u32, is_good: bool) {
        let (place, generation) = ((probe & 0xffff) as usize, (probe >> 16) as u16);
        if generation != self.generation {
            return;
        }
        let Some(check) = &self.check else { return };
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
            self.refresh();
        }
    }

    /// Replaces the list of backends; beliefs of those that stay are kept.
    pub fn set_backends(&mut self, backends: impl Iterator<Item = (LinkIx, u32)>) {
        let old = std::mem::take(&mut self.backends);
        let of = |backend: &Backend| (backend.link, backend.replica);
        let mut places = BTreeMap::new();
        for (place, known) in old.iter().enumerate() {
            places.insert((known.link, known.replica), place);
        }
        let known = |link, replica| {
            let place = places.get(&(link, replica));
            place.map(|place: &usize| old[*place].clone())
        };
        let new = backends.map(|(link, replica)| {
            known(link, replica).unwrap_or(Backend {
                link,
                replica,
                is_healthy: true,
                against: 0,
                outstanding: 0,
            })
        });
        self.backends = new.collect();
        // The list may be shorter now.
        self.next = self
            .next
            .checked_rem(self.backends.len())
            .unwrap_or(self.next);
        self.refresh();
        if !self.backends.iter().map(of).eq(old.iter().map(of)) {
            self.is_probing = false;
        }
    }
}

/// A load balancer of a run.
#[derive(Clone, Debug)]
pub struct LoadBalancer {
    node: NodeIx,
    spec: spec::LoadBalancer,
}

impl LoadBalancer {
    /// Of a design.
    pub fn new(node: NodeIx, spec: &spec::LoadBalancer, cx: &mut World) -> Self {
        let routing = Stream::new(cx.seed, &cx.node(node).id, random::Purpose::Routing);
        let balancer = Balancer {
            algorithm: spec.algorithm,
            panic_threshold: spec.panic_threshold,
            check: spec.health_check.clone(),
            backends: Vec::new(),
            generation: 0,
            is_probing: false,
            next: 0,
            healthy: 0,
            ignores_health: true,
            routing,
        };
        cx.node_mut(node).balancer = Some(Box::new(balancer));
        Self {
            node,
            spec: spec.clone(),
        }
    }

    /// New parameters; [`Self::connect`] follows.
    pub fn update(&mut self, spec: &spec::LoadBalancer) {
        self.spec = spec.clone();
    }

    /// Takes the links as they are now and starts probing.
    pub fn connect(&mut self, cx: &mut World) {
        let node = self.node;
        let mut backends = Vec::new();
        let stages = &cx.node(node).plan.stages;
        for step in stages.iter().flat_map(|stage| &stage.steps) {
            let callee = cx.link(step.link).to;
            let replicas = cx.node(callee).replicas.len() as u32;
            backends.extend((0..replicas).map(|replica| (step.link, replica)));
        }
        let Some(balancer) = &mut cx.node_mut(node).balancer else {
            return;
        };
        balancer.algorithm = self.spec.algorithm;
        balancer.panic_threshold = self.spec.panic_threshold;
        if balancer.check != self.spec.health_check {
            balancer.check = self.spec.health_check.clone();
            balancer.is_probing = false;
        }
        balancer.set_backends(backends.iter().copied());
        if self.spec.health_check.is_none() {
            balancer
                .backends
                .iter_mut()
                .for_each(|backend| backend.is_healthy = true);
            balancer.refresh();
        }
        // Probes under way go on as they are, unless they are of other backends or another check.
        if balancer.is_probing {
            return;
        }
        balancer.generation = balancer.generation.wrapping_add(1);
        let generation = balancer.generation;
        let Some(check) = &self.spec.health_check else {
            return;
        };
        balancer.is_probing = true;
        // Probes are spread over the interval: real checkers do not fire as one either.
        for place in 0..backends.len().min(usize::from(u16::MAX)) {
            let offset = check.interval.0 * (place as u64 + 1) / backends.len() as u64;
            cx.after(
                offset,
                Event::Probe {
                    node,
                    backend: place as u16,
                    generation,
                },
            );
        }
    }
}

impl Component for LoadBalancer {
    fn arrive(&mut self, id: CallId, cx: &mut World) {
        if cx.calls[id].is_probe() {
            return cx.answer(id, Outcome::Ok);
        }
        cx.calls[id].phase = Phase::Planning;
        cx.call_balanced(id);
    }

    fn served(&mut self, _call: CallId, _cx: &mut World) {}

    /// A proxy passes the answer on as it is, failures included.
    fn done(&mut self, job: CallId, done: Done, cx: &mut World) {
        cx.answer(job, done.outcome);
    }

    fn stop(&mut self, job: CallId, cx: &mut World) {
        cx.answer(job, Outcome::Failed(Cause::Abandoned));
    }

    fn timer(&mut self, event: Event, cx: &mut World) {
        let Event::Probe {
            backend,
            generation,
            ..
        } = event
        else {
            return;
        };
        let Some(check) = &self.spec.health_check else {
            return;
        };
        let Some(balancer) = &cx.node(self.node).balancer else {
            return;
        };
        if balancer.generation != generation {
            return;
        }
        let Some(target) = balancer.backends.get(usize::from(backend)) else {
            return;
        };
        let (link, replica) = (target.link, target.replica);
        cx.probe(
            Purpose::Probe(check.depth),
            self.node,
            u32::from(backend) | u32::from(generation) << 16,
            link,
            replica,
            check.timeout.0,
        );
        cx.after(check.interval.0, event);
    }

    /// Where the design no longer has it, what is scheduled is lost: if it comes back, it starts anew.
    fn crash(&mut self, _replica: u32, cx: &mut World) {
        if let Some(balancer) = &mut cx.node_mut(self.node).balancer {
            balancer.is_probing = false;
        }
    }
}
