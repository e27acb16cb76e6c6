//! What a design costs.

use serde::Serialize;
use std::collections::BTreeMap;

/// What the design costs a month, in US dollars, if every hour is as the measured part of the run.
#[derive(Clone, Debug, Serialize)]
pub struct CostReport {
    /// All nodes.
    pub monthly: f64,
    /// By node id; those that cost nothing are left out.
    pub by_node: BTreeMap<String, f64>,
}
