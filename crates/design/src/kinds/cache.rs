//! Caches: real keys, evicted and expired.

use crate::distribution::Distribution;
use crate::quantity::Duration;
use crate::{choice, record};

record! {
    /// Caches values by key. With a link to an origin it loads missing keys itself (read-through).
    /// Without one, the caller loads and fills (look-aside).
    pub struct Cache {
        /// Maximum number of entries. When the cache is full, an entry is evicted. `null` is
        /// unbounded, so memory grows with the number of keys.
        pub capacity: Option<u32> = Some(10_000) => { label: "Capacity", unit: "entries", range: 1..=10000000 },
        /// How long an entry may be served after it was filled. `null` means entries never expire.
        pub ttl: Option<Duration> = Some(Duration::s(60)) => { label: "TTL", range: 0.001..=2592000 },
        /// Draws each entry's TTL from TTL × (1 ± this), so that entries filled together do not
        /// expire together.
        pub ttl_jitter: f64 = 0.0 => { label: "TTL jitter", range: 0..=1 },
        /// Which entry is evicted when the cache is full.
        pub eviction: Eviction = Eviction::Lru => { label: "Eviction", source: "Redis allkeys-lru (Redis samples five; this is exact)" },
        /// Time to look up a key, hit or miss. Lookups do not queue.
        pub hit_time: Distribution = Distribution::Const(Duration::us(300)) => { label: "Lookup time", source: "a remote memory cache answers in 0.3 to 1 ms" },
        /// Every hit restarts the TTL, so keys that are read often never expire.
        pub sliding_ttl: bool = false => { label: "Sliding TTL" },
        /// Coalesces concurrent misses of a key: one caller loads it and the others wait. In a
        /// look-aside cache they wait up to the lease time.
        pub single_flight: bool = false => { label: "Single flight", source: "Go x/sync/singleflight; nginx proxy_cache_lock, off by default" },
        /// How long a look-aside cache waits for a fill before it lets another caller load the key.
        pub lease_time: Duration = Duration::s(10) => { label: "Lease time", range: 0.001..=86400, source: "memcached leases: one per key and 10 s (Nishtala et al., NSDI 2013)" },
        /// How long an expired entry may still be served while one lookup reloads it. A
        /// read-through cache reloads in the background; a look-aside cache reports a miss to one
        /// caller.
        pub stale_while_revalidate: Option<Duration> = None => { label: "Stale while revalidate", range: 0.001..=2592000, source: "RFC 5861; nginx proxy_cache_background_update, off by default" },
        /// Reloads a popular entry at random shortly before it expires. `null` reloads after expiry
        /// only.
        pub early_expiry: Option<EarlyExpiry> = None => { label: "Early expiration" },
        /// Look-aside: a miss hands out a token, valid for the lease time. An invalidation voids
        /// the token, and the late fill is refused.
        pub leases: bool = false => { label: "Leases", source: "Nishtala et al., Scaling Memcache at Facebook, NSDI 2013" },
        /// With leases: at most one token per key in this time. Other callers that miss wait in the
        /// cache for a fill, at most until the next token. `null` gives each caller a token.
        pub lease_interval: Option<Duration> = None => {
            label: "Lease interval",
            range: 0.001..=86400,
            source: "memcached at Facebook: 10 s (Nishtala et al., NSDI 2013)"
        },
        /// Share of the cache that is filled at the start, most popular keys first. After a crash
        /// the cache is cold.
        pub warm: f64 = 0.0 => { label: "Warm at start", range: 0..=1 },
        /// Every lookup hits with this probability, whatever the key, and no entries are stored.
        /// `null` simulates real keys.
        pub hit_ratio: Option<f64> = None => { label: "Fixed hit ratio", range: 0..=1 },
        /// How long a write-behind write stays in the cache only. Later writes of the same key in
        /// that time are combined into one write to the origin.
        pub write_behind_delay: Duration = Duration::s(1) => { label: "Write-behind delay", range: 0..=86400 },
    }
}

choice! {
    /// Which entry a full cache evicts.
    pub enum Eviction {
        /// The least recently used entry.
        Lru = "lru",
        /// The oldest entry.
        Fifo = "fifo",
        /// The least frequently used entry; ties go to the least recently used.
        Lfu = "lfu",
        /// A random entry.
        Random = "random",
        /// SIEVE: the oldest entry not used since the eviction hand last passed it.
        Sieve = "sieve",
    }
}

record! {
    /// Probabilistic early expiration: reloads an entry at `now + Δ × beta × Exp(1)` past its
    /// expiry, where Δ is its load time (XFetch; Vattani et al., VLDB 2015).
    pub struct EarlyExpiry {
        /// Larger values reload earlier. 1 is optimal when load times vary little.
        pub beta: f64 = 1.0 => { label: "Beta", range: 0..=100, source: "Vattani et al. 2015: 1" },
    }
}
