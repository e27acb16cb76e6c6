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
        /// Every hit starts the TTL anew, so that what is read often never expires.
        pub sliding_ttl: bool = false => { label: "Sliding TTL" },
        /// Of concurrent misses of one key only the first loads it; the others wait for that. Read-through: until the load is done. Look-aside: until its caller's fill arrives, at most the lease time; then the next in line is told to load.
        pub single_flight: bool = false => { label: "Single flight", source: "Go x/sync/singleflight; nginx proxy_cache_lock, off by default" },
        /// How long a look-aside cache waits for a fill before it asks another caller to load.
        pub lease_time: Duration = Duration::s(10) => { label: "Lease time", range: 0.001..=86400, source: "memcached leases: one per key and 10 s (Nishtala et al., NSDI 2013)" },
        /// For how long an expired entry is still served, while one look-up loads it anew: at a read-through cache in the background, at a look-aside cache by the first caller, who is told of a miss.
        pub stale_while_revalidate: Option<Duration> = None => { label: "Stale while revalidate", range: 0.001..=2592000, source: "RFC 5861; nginx proxy_cache_background_update, off by default" },
        /// Loads a popular entry anew, by chance, a little before it expires. `null` waits for the end.
        pub early_expiry: Option<EarlyExpiry> = None => { label: "Early expiry" },
        /// At a look-aside cache, a caller that is told to load a key gets a token that is good for the lease time; an invalidation of the key voids it, and the fill is refused.
        pub leases: bool = false => { label: "Leases", source: "Nishtala et al., Scaling Memcache at Facebook, NSDI 2013" },
        /// Share of the cache that is full when it starts: of its capacity, or of all keys where those are fewer, the most popular (lowest) first. After a crash it is cold.
        pub warm: f64 = 0.0 => { label: "Warm at start", range: 0..=1 },
        /// Every look-up hits with this probability, whatever its key: no entries are kept. `null` keeps real keys.
        pub hit_ratio: Option<f64> = None => { label: "Fixed hit ratio", range: 0..=1 },
        /// How long a write that came over a link with `on_write: write_behind` stays in the cache alone. Further writes of the key in that time go to the origin with it, as one.
        pub write_behind_delay: Duration = Duration::s(1) => { label: "Write-behind delay", range: 0..=86400 },
    }
}

choice! {
    /// Which entry leaves a full cache.
    pub enum Eviction {
        /// The least recently used.
        Lru = "lru",
        /// The oldest.
        Fifo = "fifo",
        /// The least often used while it was in the cache; of equals the least recently used.
        Lfu = "lfu",
        /// Anyone.
        Random = "random",
        /// The oldest that was not used since a hand last passed it.
        Sieve = "sieve",
    }
}

record! {
    /// An entry that took Δ to load is loaded anew by whoever finds `now + Δ × beta × Exp(1)` past its end (XFetch; Vattani, Chierichetti and Lowenstein, VLDB 2015).
    pub struct EarlyExpiry {
        /// How early: more loads sooner. 1 is the best trade where loads take about the same time.
        pub beta: f64 = 1.0 => { label: "Beta", range: 0..=100, source: "Vattani et al. 2015: 1" },
    }
}
