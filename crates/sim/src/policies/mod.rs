//! Policies of a caller for a link, each one file. Their state is kept per calling replica.

pub mod breaker;
pub mod pool;
pub mod retry;

pub use breaker::Breaker;
pub use pool::Pool;
pub use retry::{Backoff, Budget};
