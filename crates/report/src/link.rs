//! The metrics of a link.

use crate::run::{Spread, Time};
use serde::Serialize;
use std::collections::BTreeMap;

/// The metrics of a link.
#[derive(Clone, Debug, Serialize)]
pub struct LinkReport {
    /// Requests that needed it.
    pub requests: u64,
    /// What callers needed: calls made, retries apart.
    pub calls: u64,
    /// What was sent.
    pub attempts: u64,
    /// Of that, retries.
    pub retries: u64,
    /// Attempts sent beside others that took long.
    pub hedges: u64,
    /// Attempts canceled because another attempt of the same call won.
    pub abandoned: u64,
    /// Attempts without an answer in time.
    pub timeouts: u64,
    /// All failed attempts, by cause as the caller saw it.
    pub failures: BTreeMap<&'static str, u64>,
    /// Attempts per request that needed the link: retries of all layers above and repeated calls
    /// multiply here.
    pub amplification: f64,
    /// How long breakers were open, summed over calling replicas.
    pub breaker_open_s: f64,
    /// How long they were half open: trial calls apart, closed to traffic.
    pub breaker_half_open_s: f64,
    /// Mean number of attempts under way.
    pub in_flight_mean: f64,
    /// Of attempts answered well.
    pub latency_ms: Time,
    /// Pauses before retries, where there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause_ms: Option<Spread>,
    /// Where it has a pool: waits for a connection, of attempts that got one; 0 where one was free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_wait_ms: Option<Spread>,
}
