//! The engine for JavaScript: [`run`], [`validate`], [`link`], [`open`], typed; and [`start`], which
//! makes the module's dedicated worker the page's simulation. `web/worker.js` calls that one; node
//! tests import the same module (`tests/wasm/`).

mod api;
mod page;
mod worker;

pub use api::{link, open, run, validate, version};
pub use page::PageSession;
pub use worker::start;
