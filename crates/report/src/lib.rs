//! What a run is reported as: plain data, from the engine and the rules to every reader.
//!
//! A [`Finding`] says what it has to say in [`Message`]s: lists of pieces, each of which still knows
//! what it is of (a node, a link, a moment, a figure with its unit and the place in the report that
//! it was taken from). Nothing here is formatted; that is the business of the `text` crate alone.

pub mod edits;
mod experiment;
mod figure;
mod finding;
mod message;
mod metric;

pub use experiment::{Change, Curve, Effect, Experiment, Standing};
pub use figure::{Field, Figure, Fold, Unit};
pub use finding::{Finding, Remedy, SUBJECTS_MAX, Severity, Step};
#[doc(hidden)]
pub use message::holes;
pub use message::{
    Message, Piece, count, figure, instant, link_list, link_name, list, listed, moment, ms, name,
    operation, percent, rate, time, whole, zone_name,
};
