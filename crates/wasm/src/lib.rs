//! The engine for JavaScript: [`run`], [`validate`], [`link`], [`open`], typed. The page does not
//! load it (its own module has the engine); programs do, and so do the tests under node
//! (`tests/wasm/`).

mod api;

pub use api::{link, open, run, validate, version};
