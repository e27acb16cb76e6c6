//! How what is reported is written: the one place that makes text of figures, names and messages.

mod finding;
mod message;
mod quantity;
mod titles;

pub use finding::{Written, WrittenExperiment};
pub use message::message;
pub use quantity::{count, duration, figure, moment, number, percent, rate};
pub use titles::{Names, Titles, title};
