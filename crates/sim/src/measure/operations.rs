//! Operations: their names in reports, and their times at a node.

use super::{NodeTally, Times};
use crate::simulation::Simulation;
use crate::world::Operation;
use report::{Mean, OperationReport};
use std::collections::BTreeMap;

impl Simulation {
    /// Returns an operation's name, after its client's id if two clients share the name.
    pub(super) fn operation_name(&self, operation: &Operation) -> String {
        let all = self.world.operations.iter();
        let is_shared = all.filter(|other| other.name == operation.name).count() > 1;
        match is_shared {
            true => {
                let client = &self.world.node(operation.client).id;
                format!("{client}/{}", operation.name)
            }
            false => operation.name.clone(),
        }
    }

    /// Returns the times of each operation at a node that served several.
    pub(super) fn operations_at(&self, tally: &NodeTally) -> BTreeMap<String, OperationReport> {
        let each = self.world.operations.iter().zip(&tally.by_operation);
        let served = each.filter(|(_, times)| times.wait.count + times.work.count > 0);
        let named = served.map(|(operation, times)| {
            let report = OperationReport {
                served: times.work.count,
                wait_ms: mean(&times.wait),
                service_ms: mean(&times.work),
            };
            (self.operation_name(operation), report)
        });
        let all: BTreeMap<_, _> = named.collect();
        match all.len() {
            0 | 1 => BTreeMap::new(),
            _ => all,
        }
    }
}

pub(super) fn mean(times: &Times) -> Mean {
    let is_any = times.count > 0;
    Mean {
        mean: is_any.then(|| times.sum as f64 / times.count as f64 / 1e6),
        max: is_any.then_some(times.max as f64 / 1e6),
    }
}
