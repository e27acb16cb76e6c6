//! Measurement: what a run counts, and the report made from it.

mod balancers;
mod caches;
pub mod cost;
mod counting;
pub mod data;
mod database_report;
mod fill;
mod gauge;
mod hash;
mod histogram;
pub mod laws;
pub mod locks;
mod operations;
pub mod operator;
pub mod parts;
mod queues;
pub mod recovery;
mod score;
mod service_report;
mod slowness;
pub mod steady;
mod tally;
mod tap;
#[cfg(feature = "traces")]
mod trace;
mod unheard;
mod windows;

pub use gauge::Gauge;
pub use hash::hash_of;
pub use histogram::Histogram;
pub(crate) use histogram::bucket;
pub use tally::{ByCause, LinkTally, NodeTally, OperationTimes, RequestTally, Tally, Times};
pub use tap::{Flight, FlightKind, Tap};
#[cfg(feature = "traces")]
pub(crate) use trace::Open;
#[cfg(feature = "traces")]
pub use trace::{RequestTrace, Span, SpanKind, Trace};
pub(crate) use unheard::Unheard;
pub use windows::{Window, Windows};
