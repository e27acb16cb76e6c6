//! The only place that formats numbers, names and messages of a report as text.

pub mod cell;
mod field;
mod finding;
mod message;
mod quantity;
mod score;
mod titles;

pub use field::field;
pub use finding::{Written, WrittenExperiment};
pub use message::message;
pub use quantity::{count, duration, figure, figure_to, moment, number, percent, rate};
pub use score::{
    WrittenScore, actual, bound, bound_of, change, limit, metric, reason, score, score_over, seeds,
    verdict,
};
pub use titles::{Titles, title};
