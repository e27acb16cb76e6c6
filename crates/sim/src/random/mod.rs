//! Randomness: streams, distributions and keys.
//!
//! Every element draws from its own stream per purpose, so that designs which share elements share
//! their randomness (common random numbers). Nothing here uses the platform's floats beyond `+ - *
//! /` and `sqrt`: `libm` gives the same bits natively and in WebAssembly.

mod keys;
mod sampler;
mod stream;
mod ziggurat;

pub use keys::KeySampler;
pub use sampler::Sampler;
pub(crate) use sampler::unit_exponential;
pub(crate) use stream::splitmix;
pub use stream::{Purpose, Stream};
