//! The correctness of data: stale reads, and duplicate, lost and torn writes.

use crate::run::Time;
use serde::Serialize;

/// The correctness of data, over requests that started after the warm-up.
#[derive(Clone, Debug, Serialize)]
pub struct DataReport {
    /// Read requests that were answered.
    pub reads: u64,
    /// Reads answered with a stale version: a newer one had been acknowledged to the client that
    /// wrote it before the request started.
    pub stale_reads: u64,
    /// Staleness of reads: the time from that acknowledgment to the start of the request; 0 for
    /// reads that were not stale.
    pub staleness_ms: Staleness,
    /// Write requests that were acknowledged.
    pub writes: u64,
    /// Versions committed to databases that own their data.
    pub effects: u64,
    /// Versions that were applied again for the same step of the same intent.
    pub duplicate_effects: u64,
    /// Intents with such duplicates.
    pub duplicated_writes: u64,
    /// The first of them, with the two attempts that applied it; `null` if there is none.
    pub first_duplicate: Option<DuplicateReport>,
    /// Acknowledged writes that no database has.
    pub lost_writes: u64,
    /// Writes that some of the databases of an operation have, and others do not.
    pub torn_writes: u64,
    /// Writes applied after a later write of the same client to the same key.
    pub out_of_order: u64,
    /// Keys on which a cache or a copy disagrees with the owner, now.
    pub divergent_keys: u64,
    /// Time from the response to the client to the last effect of its write; 0 if the effect was
    /// earlier.
    pub effect_delay_ms: Time,
}

/// A write that was applied twice.
#[derive(Clone, Debug, Serialize)]
pub struct DuplicateReport {
    /// The client that sent the request.
    pub client: String,
    /// The operation.
    pub operation: String,
    /// The key.
    pub key: u32,
    /// When the request was sent, in s.
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
    /// When it applied the write, in s.
    pub at_s: f64,
    /// The link of the attempt; `null` for a cache with write-behind.
    pub link: Option<String>,
    /// The number of the attempt within its call, from 1.
    pub attempt: u16,
}

/// The staleness of reads, in ms; `null` if there were none.
#[derive(Clone, Debug, Serialize)]
pub struct Staleness {
    /// Percentile of all reads, within 0.4%.
    pub p99: Option<f64>,
    /// Exact maximum.
    pub max: Option<f64>,
}
