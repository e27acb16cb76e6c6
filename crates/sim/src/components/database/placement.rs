//! Which shard a key is on.

use design::kinds::database::{ShardBy, Shards};

/// Where keys are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placement {
    count: u32,
    by: ShardBy,
    tenants: u32,
    /// Keys that clients use, for ranges.
    keys: u64,
    /// Which keys meet on a shard is a matter of luck: the seed's.
    salt: u64,
}

impl Placement {
    pub(super) fn new(shards: &Shards, keys: u64, salt: u64) -> Self {
        Self {
            count: shards.count,
            by: shards.by,
            tenants: shards.tenants,
            keys: keys.max(1),
            salt,
        }
    }

    /// The shard of a key.
    pub(super) fn shard(&self, key: u32) -> u32 {
        if self.count == 1 {
            return 0;
        }
        match self.by {
            ShardBy::Hash => jump(mix(u64::from(key) ^ self.salt), self.count),
            ShardBy::Tenant => jump(mix(u64::from(key % self.tenants) ^ self.salt), self.count),
            ShardBy::Range => {
                let place = u64::from(key) * u64::from(self.count) / self.keys;
                (place as u32).min(self.count - 1)
            }
        }
    }
}

/// The last step of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(key: u64) -> u64 {
    let mut z = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Jump consistent hash (Lamping and Veach 2014): even, and where a shard is added, only the keys
/// that it takes over move.
fn jump(mut key: u64, count: u32) -> u32 {
    let (mut place, mut next) = (0, 0u64);
    while next < u64::from(count) {
        place = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        let fraction = (1u64 << 31) as f64 / ((key >> 33) + 1) as f64;
        next = ((place + 1) as f64 * fraction) as u64;
    }
    place as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placement(count: u32, by: ShardBy) -> Placement {
        let shards = Shards {
            count,
            by,
            tenants: 10,
        };
        Placement::new(&shards, 1_000, 7)
    }

    #[test]
    fn a_hash_is_even_and_an_added_shard_moves_its_own_keys_alone() {
        let (four, five) = (placement(4, ShardBy::Hash), placement(5, ShardBy::Hash));
        let mut counts = [0u32; 4];
        let mut moved = 0;
        for key in 0..100_000 {
            counts[four.shard(key) as usize] += 1;
            if five.shard(key) != four.shard(key) {
                assert_eq!(five.shard(key), 4);
                moved += 1;
            }
        }
        // Binomial: 25 000 and 20 000 with deviations of 137 and 126.
        assert!(
            counts.iter().all(|n| n.abs_diff(25_000) < 600),
            "{counts:?}"
        );
        assert!(20_000u32.abs_diff(moved) < 600, "{moved}");
    }

    #[test]
    fn ranges_hold_neighbours_and_tenants_their_own() {
        let ranges = placement(4, ShardBy::Range);
        let shards = [0, 249, 250, 999, 5_000].map(|key| ranges.shard(key));
        assert_eq!(shards, [0, 0, 1, 3, 3]);
        let tenants = placement(4, ShardBy::Tenant);
        for key in 0..10 {
            assert_eq!(tenants.shard(key), tenants.shard(key + 10));
            assert_eq!(tenants.shard(key), tenants.shard(key + 550));
        }
    }
}
