//! What a run is reported as: plain data, from the engine and the rules to every reader.
//!
//! A [`Finding`] says what it has to say in [`Message`]s: lists of pieces, each of which still
//! knows what it is of (a node, a link, a moment, a number with its unit and its field in the
//! report). Nothing here is formatted: the `text` crate alone does that.

mod cost;
mod data;
mod database;
pub mod edits;
mod experiment;
mod figure;
mod finding;
mod link;
mod message;
pub mod metric;
mod nested;
mod node;
mod operator;
mod queue;
mod recovery;
mod run;
mod score;
mod statistics;
mod windows;

pub use cost::CostReport;
pub use data::{AppliedReport, DataReport, DuplicateReport, Staleness};
pub use database::{
    DatabaseReport, RelayReport, ReplicationReport, ReshardingReport, RowLockReport, TwoPhaseReport,
};
pub use experiment::{Change, Conclusion, Curve, Effect, Experiment, Seeds, Standing};
pub use figure::{Field, Figure, Fold, Unit};
pub use finding::{Finding, Remedy, SUBJECTS_MAX, Severity, Step};
pub use link::LinkReport;
#[doc(hidden)]
pub use message::holes;
pub use message::{
    Message, Piece, count, count_of, figure, instant, link_list, link_name, list, listed, moment,
    ms, name, operation, percent, rate, time, whole, zone_name,
};
pub use node::{
    CacheReport, LockReport, NodeReport, OperationReport, OutOfServiceReport, ReplicaReport,
    ScalingReport, StartUpReport,
};
pub use operator::{
    AlertReport, EpisodeReport, Incident, NodeSeen, Operator, OutageReport, OutagesReport,
};
pub use queue::{Age, Backlog, Messages, Partition, Reader, Subscriber};
pub use recovery::{Metastable, Recovery, Steady};
pub use run::{Latency, Mean, Report, Requests, Run, Spread, Time, VERSION};
pub use score::{Bound, Reason, Score, Verdict};
pub use statistics::{Estimate, FindingOver, ScoreOver};
pub use windows::{LinkWindows, NodeWindows, WindowReport};
