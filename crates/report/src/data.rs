//! What became of data.

use crate::run::Time;
use serde::Serialize;

/// What became of data, by requests that started after the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct DataReport {
    /// Requests to read that were answered.
    pub reads: u64,
    /// Of those, answered with a version out of date: a newer one had been acknowledged to the
    /// client that wrote it before the request started.
    pub stale_reads: u64,
    /// From that acknowledgement to the start of the request; 0 for answers that were not stale.
    pub staleness_ms: Staleness,
    /// Requests to write that were acknowledged.
    pub writes: u64,
    /// Versions committed to databases that own their data.
    pub effects: u64,
    /// Of those, applied again for the same step of the same intent.
    pub duplicate_effects: u64,
    /// Intents with such effects.
    pub duplicated_writes: u64,
    /// The first of them, with the two attempts that applied it; `null` where there is none.
    pub first_duplicate: Option<DuplicateReport>,
    /// Acknowledged, and applied nowhere.
    pub lost_writes: u64,
    /// Standing in some of the databases that the operation always writes to, and not in others.
    pub torn_writes: u64,
    /// Applied after a later write of the same client to the same key.
    pub out_of_order: u64,
    /// Keys on which a cache or a copy disagrees with the owner, now.
    pub divergent_keys: u64,
    /// From the answer the client got to the last effect of its write; 0 where that came first.
    pub effect_delay_ms: Time,
}

/// A write that was applied twice.
#[derive(Clone, Debug, Serialize)]
pub struct DuplicateReport {
    /// The client that wanted it.
    pub client: String,
    /// The operation.
    pub operation: String,
    /// The key.
    pub key: u32,
    /// When it was wanted.
    pub wanted_s: f64,
    /// The database that applied it.
    pub node: String,
    /// The attempt that applied it.
    pub first: AppliedReport,
    /// The attempt that applied it again: of the call itself, or of the nearest caller above it
    /// that retried or, over a queue's link, was redelivered.
    pub again: AppliedReport,
}

/// An attempt that applied a write.
#[derive(Clone, Debug, Serialize)]
pub struct AppliedReport {
    /// When.
    pub at_s: f64,
    /// The link it went over; `null` for a cache that writes behind the answer.
    pub link: Option<String>,
    /// Which attempt of its call it was, from 1.
    pub attempt: u16,
}

/// How old answers to reads were. `null` where none was given.
#[derive(Clone, Debug, Serialize)]
pub struct Staleness {
    /// Of all reads, within 0.4 %.
    pub p99: Option<f64>,
    /// Exact.
    pub max: Option<f64>,
}
