//! A caller's policies for a link, one file each. Their state is kept per calling replica.

pub mod breaker;
pub mod pool;
pub mod quota;
pub mod retry;
pub mod rolling;
pub mod throttle;

pub use breaker::Breaker;
pub use pool::Pool;
pub use quota::{Quota, Throttle};
pub use retry::{Backoff, Budget};
pub use throttle::AdaptiveThrottle;
