//! The Faultline document: what a person draws, what a file, a link and a scenario hold.
//!
//! Everything a design may say is declared once, in the `record!` tables of [`kinds`], [`link`],
//! [`fault`] and [`document`]. Reading, writing, validation, the inspector, the schema and the
//! docs all come from those tables, so a parameter cannot exist in one of them and not in another.
//! This crate knows no browser, clock, thread, file or network.

pub mod allow;
pub mod attribute;
pub mod command;
pub mod cost;
pub mod deployment;
pub mod distribution;
pub mod document;
pub mod edits;
pub mod fault;
pub mod kinds;
pub mod link;
mod names;
pub mod note;
pub mod presets;
pub mod quantity;
pub mod requirement;
mod salvage;
mod same_run;
mod suggest;
pub mod telemetry;
pub mod typed;
pub mod validate;
pub mod value;

pub use allow::Allowance;
pub use attribute::{Attribute, Field, Problem, Reader, Record, Shape};
pub use command::{Command, CommandError, Target};
pub use cost::Cost;
pub use deployment::{Deployment, ZonePair, Zones};
pub use distribution::Distribution;
pub use document::{Design, Node, Settings};
pub use fault::{Fault, FaultKind};
pub use kinds::{KINDS, Kind, KindInfo};
pub use link::Link;
pub use note::Note;
pub use presets::{PRESETS, Preset, PresetGroup};
pub use quantity::{Duration, Rate};
pub use requirement::{Metric, Requirement};
pub use value::Value;
