//! Random tests: what the tests of all other crates draw, repeat and shrink.
//!
//! [`cases`] names the seeds that a test runs: a fixed set, the same on every run, and a set that
//! is drawn afresh on each run. [`Cases::check`] holds a property against the random design of each
//! seed. Where the property fails, it looks for a smaller design that fails at the same place, and
//! reports that design as JSON with the seed that repeats the case:
//!
//! - `SEED=N` runs the case of that seed alone;
//! - `SEED=N CASES=M` runs the M cases from that seed on;
//! - `CASES=M` runs M fresh cases instead of the usual number, beside the fixed set.
//!
//! Only tests depend on this crate.

mod arbitrary;
mod bytes;
mod cases;
mod failure;
mod random;
mod shrink;
mod threads;

pub use arbitrary::design;
pub use bytes::shrink_bytes;
pub use cases::{Cases, cases};
pub use failure::{Failure, failure_of};
pub use random::Rng;
pub use shrink::shrink;
pub use threads::each;
