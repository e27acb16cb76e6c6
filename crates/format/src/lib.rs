//! Wire types: the design file, the share link, and the messages between page and worker.

pub mod embedding;
pub mod import;
pub mod json;
pub mod link;
pub mod mermaid;
pub mod message;
pub mod paste;
pub mod schema;
