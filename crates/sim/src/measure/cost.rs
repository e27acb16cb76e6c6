//! The monthly cost of a design, at the load of the run.

use crate::simulation::Simulation;
use design::cost::{Cost, HOURS_PER_MONTH};
use report::CostReport;
use std::collections::BTreeMap;

impl Simulation {
    pub(super) fn cost_report(&self, measured_s: f64) -> CostReport {
        let months = measured_s / (HOURS_PER_MONTH * 3600.0);
        let mut by_node = BTreeMap::new();
        for node in &self.design().nodes {
            let usual = || Cost::usual(&node.kind);
            let price = node.deployment.cost.clone().unwrap_or_else(usual);
            let place = self.world.node_places[&node.id];
            let state = self.world.node(place);
            let millions = |count: u64| match months > 0.0 {
                true => count as f64 / months / 1e6,
                false => 0.0,
            };
            let told = state.told();
            let lines = match node.deployment.telemetry.logs {
                true => told.failures.iter().sum(),
                false => 0,
            };
            let cost = price.replica_month * self.replicas_paid(place)
                + price.per_million_calls * millions(state.tally.calls_paid())
                + price.storage_month
                + price.per_million_traces * millions(told.traces[0])
                + price.per_million_log_lines * millions(lines);
            if cost > 0.0 {
                by_node.insert(node.id.clone(), cost);
            }
        }
        CostReport {
            // An empty sum would be -0.
            monthly: by_node.values().fold(0.0, |sum, cost| sum + cost),
            by_node,
        }
    }
}
