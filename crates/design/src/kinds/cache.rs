//! Caches: real keys, evicted and expired.

use crate::distribution::Distribution;
use crate::quantity::Duration;
use crate::{choice, record};

record! {
    /// Remembers answers by key. With a link to an origin it loads what it lacks (read-through);
    /// without one it says hit or miss, and the caller loads and fills (look-aside).
    pub struct Cache {
        /// Most entries it holds; past that, entries are evicted. `null` is unbounded (memory then grows with the number of keys).
        pub capacity: Option<u32> = Some(10_000) => { label: "Capacity", unit: "entries", range: 1..=10000000 },
        /// How long an entry may be served after it was filled. `null` is for ever.
        pub ttl: Option<Duration> = Some(Duration::s(60)) => { label: "TTL", range: 0.001..=2592000 },
        /// Each entry's TTL is drawn from TTL × (1 ± this), so that entries filled together do not expire together.
        pub ttl_jitter: f64 = 0.0 => { label: "TTL jitter", range: 0..=1 },
        /// Who leaves when it is full.
        pub eviction: Eviction = Eviction::Lru => { label: "Eviction", source: "Redis allkeys-lru (Redis samples five; this is exact)" },
        /// Time to look a key up, hit or miss. Look-ups do not queue.
        pub hit_time: Distribution = Distribution::Const(Duration::us(300)) => { label: "Look-up time", source: "a remote memory cache answers in 0.3 to 1 ms" },
    }
}

choice! {
    /// Which entry leaves a full cache.
    pub enum Eviction {
        /// The least recently used.
        Lru = "lru",
        /// The oldest.
        Fifo = "fifo",
    }
}
