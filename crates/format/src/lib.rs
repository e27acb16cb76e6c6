//! Wire types: the design file, the share link, and the messages between page and worker.

#[cfg(any(test, feature = "arbitrary"))]
pub mod arbitrary;
pub mod import;
pub mod json;
pub mod link;
pub mod mermaid;
pub mod message;
pub mod paste;
pub mod schema;
