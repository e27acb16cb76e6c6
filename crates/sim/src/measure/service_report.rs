//! What the report says of a service's gates.

use super::Gauge;
use crate::components::Node;
use crate::components::service::REASONS;
use crate::simulation::Simulation;
use std::collections::BTreeMap;

impl Simulation {
    /// Calls a service turned away, by reason; reasons that did not occur are left out.
    pub(super) fn turned_away(&self, node: &Node) -> BTreeMap<&'static str, u64> {
        let Node::Service(service) = node else {
            return BTreeMap::new();
        };
        let counted = REASONS.iter().zip(service.turned_away);
        let counted = counted.filter(|(_, count)| *count > 0);
        counted.map(|((_, name), count)| (*name, count)).collect()
    }

    /// The mean of an adaptive limit, over time and replicas.
    pub(super) fn concurrency_limit_mean(&self, node: &Node) -> Option<f64> {
        let Node::Service(service) = node else {
            return None;
        };
        let world = &self.world;
        let mean = |gauge: &Gauge| gauge.mean(world.warmup, world.end, world.now);
        let means: Vec<f64> = service.limits().map(mean).collect();
        (!means.is_empty()).then(|| means.iter().sum::<f64>() / means.len() as f64)
    }
}
