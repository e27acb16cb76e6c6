//! One stream of random numbers per (element, purpose).

/// The purpose of a stream. New purposes are appended, because the numbers are part of what a seed
/// means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// When requests arrive.
    Arrivals = 1,
    /// Which operation a request is.
    Operations = 2,
    /// Which key a request uses.
    Keys = 3,
    /// A user's pause.
    Think = 4,
    /// Whether a user retries.
    Reload = 5,
    /// How long work takes.
    Service = 6,
    /// Whether work ends in an error.
    Errors = 7,
    /// Which replica is chosen.
    Routing = 8,
    /// How long a packet travels.
    Latency = 9,
    /// Whether a packet is lost.
    Loss = 10,
    /// How a retry's pause is spread.
    Jitter = 11,
    /// Whether a link with a probability is called.
    Conditions = 12,
    /// How long a cache entry lives.
    Ttl = 13,
    /// What a fault adds to a link's latency.
    FaultLatency = 14,
    /// What the distance between zones adds to a link's latency.
    Distance = 15,
    /// When something fails at random, and when it recovers.
    Failures = 16,
    /// Which calls a fault answers with an error.
    FaultErrors = 17,
    /// Which requests a fault directs to the hot key.
    HotKeys = 18,
    /// Which traces are kept.
    Sampling = 31,
    /// Which entry a cache with random eviction evicts.
    Eviction = 41,
    /// Whether a look-up hits, if that is random.
    Hits = 42,
    /// Whether a cache entry is loaded again before it expires.
    EarlyExpiry = 43,
    /// Whether a caller's own throttle refuses a call.
    Throttle = 40,
    /// Which connections a fault makes leak.
    Leaks = 19,
    /// The places of a balancer's backends on its ring.
    Ring = 44,
    /// On which shard a key is.
    Placement = 50,
    /// How long a row is held after its write.
    LockTime = 51,
    /// How long members of a database take to reach each other.
    MemberLatency = 52,
    /// Which messages every attempt fails at.
    Poison = 46,
    /// How long a user waits.
    Patience = 61,
    /// How long a new replica takes to start.
    Startup = 60,
    /// How long a process takes to start.
    StartUp = 64,
    /// When the readers of partitions send their heartbeats.
    Sessions = 45,
    /// How far followers lag behind.
    Lag = 53,
    /// Which members a quorum is made of.
    Quorum = 54,
    /// How long followers take to apply a write.
    ApplyTime = 55,
    /// Where a caller or a balancer begins its round robin.
    Turn = 62,
    /// Which keys of a cache are lost.
    Flush = 63,
}

/// xoshiro256++ (Blackman and Vigna 2019), seeded by SplitMix64 from seed, element and purpose.
#[derive(Clone, Debug)]
pub struct Stream {
    state: [u64; 4],
}

impl Stream {
    /// Returns the stream of an element (by its stable id) for a purpose.
    pub fn new(seed: u64, element: &str, purpose: Purpose) -> Self {
        // FNV-1a over the id, then SplitMix64 to spread the small differences of the three.
        let id = element
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
            });
        let mut mix = splitmix(&mut { seed })
            ^ id.rotate_left(17)
            ^ (purpose as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self {
            state: [
                splitmix(&mut mix),
                splitmix(&mut mix),
                splitmix(&mut mix),
                splitmix(&mut mix),
            ],
        }
    }

    /// Returns 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Returns a uniform number in [0, 1).
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as i64 as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Returns a uniform number in 0..n; `n` is at most 2^32. The bias is below n / 2^32 (Lemire
    /// 2019, without rejection).
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        ((self.bits() >> 32) * n) >> 32
    }

    /// Returns true with this probability. Draws nothing if the result is certain.
    #[inline]
    pub fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && (probability >= 1.0 || self.unit() < probability)
    }
}

pub(crate) fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_element_and_purpose_and_repeat() {
        let first = |seed, id, purpose| Stream::new(seed, id, purpose).bits();
        let base = first(1, "api", Purpose::Service);
        assert_eq!(base, first(1, "api", Purpose::Service));
        assert_ne!(base, first(2, "api", Purpose::Service));
        assert_ne!(base, first(1, "db", Purpose::Service));
        assert_ne!(base, first(1, "api", Purpose::Latency));
    }

    #[test]
    fn units_are_even() {
        let mut stream = Stream::new(7, "x", Purpose::Keys);
        let mean = (0..100_000).map(|_| stream.unit()).sum::<f64>() / 100_000.0;
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
        assert!((0..100_000).all(|_| stream.below(10) < 10));
    }
}
