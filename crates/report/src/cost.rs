//! The cost of a design.

use serde::Serialize;
use std::collections::BTreeMap;

/// The monthly cost of the design, in US dollars, if every hour is like the measured part of the
/// run.
#[derive(Clone, Debug, Serialize)]
pub struct CostReport {
    /// The cost of all nodes.
    pub monthly: f64,
    /// The cost by node id; nodes that cost nothing are left out.
    pub by_node: BTreeMap<String, f64>,
}
