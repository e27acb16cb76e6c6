//! The metrics of a link.

use crate::run::{Spread, Time};
use serde::Serialize;
use std::collections::BTreeMap;

/// The metrics of a link.
#[derive(Clone, Debug, Serialize)]
pub struct LinkReport {
    /// Requests that needed the link.
    pub requests: u64,
    /// Calls over the link, without retries.
    pub calls: u64,
    /// Attempts sent, including retries and hedges.
    pub attempts: u64,
    /// Attempts that were retries.
    pub retries: u64,
    /// Attempts that were hedges, sent in addition to slow ones.
    pub hedges: u64,
    /// Attempts canceled because another attempt of the same call won.
    pub abandoned: u64,
    /// Attempts that timed out.
    pub timeouts: u64,
    /// Failed attempts by cause, as the caller saw it.
    pub failures: BTreeMap<&'static str, u64>,
    /// Attempts that a limit refused, by limit, as the caller saw it. Limits of the caller:
    /// `adaptive_throttle`, `circuit_breaker`, `bulkhead`, `pool`. Limits of the callee:
    /// `rate_limit`, `concurrency_limit`, `shed`, `queue_full`, `max_wait`, `connections`. Limits
    /// that refused none are left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub refused_by: BTreeMap<&'static str, u64>,
    /// Attempts per request that needed the link. Retries of all layers above and repeated calls
    /// multiply here.
    pub amplification: f64,
    /// How long circuit breakers were open, summed over calling replicas.
    pub breaker_open_s: f64,
    /// How long circuit breakers were half open, when only trial calls pass.
    pub breaker_half_open_s: f64,
    /// Mean number of attempts in flight.
    pub in_flight_mean: f64,
    /// Latency of successful attempts.
    pub latency_ms: Time,
    /// Pauses before retries, if there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause_ms: Option<Spread>,
    /// With a connection pool: waits of attempts for a connection; 0 if one was free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_wait_ms: Option<Spread>,
}
