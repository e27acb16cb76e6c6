//! Load balancers: their choice of backends, and their view of the backends' health.
//!
//! A balancer sees only what returns to it: calls in flight, their answers, and the answers to its
//! probes. A replica that is dead but not yet detected keeps its share. The balancer itself costs
//! nothing and has no slots; a hop through it takes its links' latency.

mod backend;
mod balancer;
mod ejection;
mod exclusions;
mod ring;
mod tournament;

pub use backend::Backend;
pub use balancer::Balancer;
pub use exclusions::Exclusions;

use super::Component;
use crate::call::{ANY_REPLICA, CallId, Cause, Outcome, Phase, Purpose};
use crate::event::{Event, LinkIx, NodeIx};
use crate::network::Done;
use crate::random::{self, Stream};
use crate::world::{NodeState, World};
use design::kinds::load_balancer::{self as spec, Algorithm};
use ring::Ring;

/// A load balancer of a run.
#[derive(Clone, Debug)]
pub struct LoadBalancer {
    node: NodeIx,
    spec: spec::LoadBalancer,
}

impl LoadBalancer {
    /// Returns the balancer of a design.
    pub fn new(node: NodeIx, spec: &spec::LoadBalancer, cx: &mut World) -> Self {
        let stream = |purpose| Stream::new(cx.seed, &cx.node(node).id, purpose);
        let (routing, turns) = (
            stream(random::Purpose::Routing),
            stream(random::Purpose::Turn),
        );
        cx.node_mut(node).balancer = Some(Box::new(Balancer::new(spec, routing, turns)));
        Self {
            node,
            spec: spec.clone(),
        }
    }

    /// Takes new parameters. [`Self::connect`] must follow.
    pub fn update(&mut self, spec: &spec::LoadBalancer) {
        self.spec = spec.clone();
    }

    /// Returns whether a node is one of its backends.
    pub fn calls(&self, node: NodeIx, cx: &World) -> bool {
        let mut links = cx.node(self.node).plan.links();
        cx.node(self.node).is_present && links.any(|link| cx.link(link).to == node)
    }

    /// Takes the present links and starts probing.
    pub fn connect(&mut self, cx: &mut World) {
        let (node, now) = (self.node, cx.now);
        let mut backends = Vec::new();
        let stages = &cx.node(node).plan.stages;
        for step in stages.iter().flat_map(|stage| &stage.steps) {
            let link = cx.link(step.link);
            let addresses = addresses(cx.node(link.to));
            backends.extend(addresses.map(|replica| (step.link, replica, link.weight)));
        }
        let ring = (self.spec.algorithm == Algorithm::ConsistentHash).then(|| {
            let names = backends
                .iter()
                .map(|(link, replica, _)| (cx.link(*link).id.clone(), *replica));
            Box::new(Ring::new(
                cx.seed,
                names,
                self.spec.consistent_hash.virtual_nodes,
            ))
        });
        let Some(balancer) = &mut cx.node_mut(node).balancer else {
            return;
        };
        balancer.pass(now);
        balancer.ring = ring;
        if balancer.spec.health_check != self.spec.health_check {
            balancer.is_probing = false;
        }
        balancer.spec = self.spec.clone();
        balancer.set_backends(backends.iter().copied(), now);
        // Probes in progress continue, unless they are of other backends or another check.
        if balancer.is_probing {
            return;
        }
        balancer.generation = balancer.generation.wrapping_add(1);
        let generation = balancer.generation;
        let Some(check) = &self.spec.health_check else {
            return;
        };
        balancer.is_probing = true;
        // Probes are spread over the interval, as real checkers do.
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

/// Returns the replicas of a callee that a balancer chooses from. A database with several members
/// is one address: it decides which of them serves a key.
fn addresses(callee: &NodeState) -> impl Iterator<Item = u32> {
    let count = callee.replicas.len() as u32;
    let is_one = count > 1 && callee.kind == "database";
    (0..if is_one { 1 } else { count })
        .filter(|at| callee.replicas[*at as usize].is_registered())
        .map(move |at| if is_one { ANY_REPLICA } else { at })
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

    /// Passes an answer on as it is, failures included.
    fn done(&mut self, job: CallId, done: Done, cx: &mut World) {
        if let Some(detail) = done.detail {
            cx.calls[job].set_detail(detail);
        }
        cx.answer(job, done.outcome);
    }

    #[inline(always)]
    fn done_well(&mut self, job: CallId, _: LinkIx, _: bool, cx: &mut World) {
        cx.answer_here(job, Outcome::Ok);
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
        // A balancer that is down sends no probes. When it is back, it continues in the same
        // rhythm.
        let is_up = cx
            .node(self.node)
            .replicas
            .first()
            .is_some_and(|replica| replica.is_up);
        if !is_up {
            return cx.after(check.interval.0, event);
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

    /// Handles a balancer that the design no longer has. What is scheduled is lost; if the balancer
    /// returns, it starts over.
    fn crash(&mut self, _replica: u32, cx: &mut World) {
        let (now, node) = (cx.now, cx.node_mut(self.node));
        let is_gone = !node.is_present;
        if let Some(balancer) = &mut node.balancer {
            balancer.is_probing &= !is_gone;
            balancer.forget(now);
        }
    }
}
