//! Wire types: the design file, the share link, and the messages between page and worker.

pub mod json;
pub mod link;
pub mod message;
