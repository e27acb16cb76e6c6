//! The report of a service's admission control and replicas.

use super::operations::mean;
use super::{Gauge, NodeTally};
use crate::components::Node;
use crate::components::service::REASONS;
use crate::event::NodeIx;
use crate::simulation::Simulation;
use report::{ScalingReport, StartUpReport};
use std::collections::BTreeMap;

/// Returns the completed start-ups of a node, if there were any.
pub(super) fn start_ups(tally: &NodeTally) -> Option<StartUpReport> {
    let start_ups = &tally.start_ups;
    (start_ups.count > 0).then(|| StartUpReport {
        completed: start_ups.count,
        time_ms: mean(start_ups),
    })
}

impl Simulation {
    /// Returns the number of replicas, for an autoscaled service.
    pub(super) fn scaling(&self, node: &Node) -> Option<ScalingReport> {
        let Node::Service(service) = node else {
            return None;
        };
        let scaler = service.autoscaler.as_ref()?;
        let world = &self.world;
        let mean = |gauge: &Gauge| gauge.mean(world.warmup, world.end, world.now);
        Some(ScalingReport {
            replicas_now: scaler.running.level(),
            replicas_mean: mean(&scaler.running),
            replicas_max: scaler.running.max(),
            replicas_paid_mean: mean(&scaler.paid),
            scaled_out: scaler.scaled_out,
            scaled_in: scaler.scaled_in,
        })
    }

    /// Returns the number of out-of-memory kills, for a service with a memory limit.
    pub(super) fn out_of_memory(&self, node: &Node) -> Option<u64> {
        match node {
            Node::Service(service) if service.has_memory() => Some(service.kills),
            _ => None,
        }
    }

    /// Returns the average number of replicas of a node that are paid for.
    pub(super) fn replicas_paid(&self, place: NodeIx) -> f64 {
        match self.scaling(self.behaviour(place)) {
            Some(scaling) if self.world.now > self.world.warmup => scaling.replicas_paid_mean,
            Some(_) | None => self.world.node(place).replicas.len() as f64,
        }
    }

    /// Returns the rejected calls of a service, by reason; reasons that did not occur are left out.
    pub(super) fn turned_away(&self, node: &Node) -> BTreeMap<&'static str, u64> {
        let Node::Service(service) = node else {
            return BTreeMap::new();
        };
        let counted = REASONS.iter().zip(service.turned_away);
        let counted = counted.filter(|(_, count)| *count > 0);
        counted.map(|((_, name), count)| (*name, count)).collect()
    }

    /// Returns the mean of an adaptive limit, over time and replicas.
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
