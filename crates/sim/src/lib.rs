//! The engine: a deterministic discrete-event simulation of a design.
//!
//! A run consists of a design and a seed. It gives the same bytes on every machine, natively and in
//! WebAssembly. [`Simulation`] fires events in the total order of (time, sequence number). Each
//! kind of node is a state machine in [`components`]; [`world::World`] is all they share. Calls
//! between them go through [`network`] and the caller's [`policies`]. Metrics are in [`measure`].

pub mod agenda;
pub mod call;
mod caller;
pub mod components;
mod connections;
mod construct;
pub mod data;
mod door;
mod dots;
pub mod event;
mod fault;
pub mod frozen;
mod guard;
mod hedge;
mod hop;
pub mod locks;
mod look;
pub mod measure;
mod needed;
pub mod network;
mod notes;
mod passage;
pub mod plan;
pub mod policies;
pub mod random;
mod replicas;
mod simulation;
#[cfg(feature = "traces")]
mod spans;
#[cfg(not(feature = "traces"))]
#[path = "no_spans.rs"]
mod spans;
mod spare;
pub mod station;
pub mod watch;
mod weight;
pub mod world;
pub mod zones;

pub use look::{Held, Inside};
pub use report::Report;
pub use simulation::{EVENTS_MAX, Simulation, Status, Totals};
