//! The placement of keys on shards.

use design::kinds::database::{ShardBy, Shards};
use std::collections::BTreeMap;

/// The shard of each key; during a resharding, its shard by now.
///
/// Keys move in the order of *units*: keys, or tenants if those are kept together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placement {
    layout: Layout,
    /// The layout they move to, and the number of units that have moved.
    next: Option<Box<(Layout, u64)>>,
    by: ShardBy,
    tenants: u32,
    /// Number of keys that clients use.
    keys: u64,
    /// Which keys share a shard is random, by the seed.
    salt: u64,
}

/// The number of shards, and for ranges the shard of each. `None`: range n is on shard n.
#[derive(Clone, Debug, PartialEq)]
struct Layout {
    count: u32,
    owners: Vec<u32>,
}

/// Keys that move together: their units, and how many of their keys leave each shard and come to
/// each.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    pub(super) first: u64,
    pub(super) end: u64,
    pub(super) keys: u64,
    pub(super) leave: BTreeMap<u32, u64>,
    pub(super) come: BTreeMap<u32, u64>,
}

/// Maximum number of units examined for one batch; if almost none of them move, the next step
/// examines more.
const LOOK_MAX: u64 = 1 << 18;

impl Layout {
    fn shard(&self, key: u32, of: &Placement) -> u32 {
        if self.count == 1 {
            return 0;
        }
        match of.by {
            ShardBy::Hash => jump(mix(u64::from(key) ^ of.salt), self.count),
            ShardBy::Modulo => (mix(u64::from(key) ^ of.salt) % u64::from(self.count)) as u32,
            ShardBy::Tenant => jump(mix(u64::from(key % of.tenants) ^ of.salt), self.count),
            ShardBy::Range => {
                let range = self.range(u64::from(key), of.keys);
                let owner = self.owners.get(range as usize);
                owner.copied().unwrap_or(range)
            }
        }
    }

    fn range(&self, key: u64, keys: u64) -> u32 {
        ((key * u64::from(self.count) / keys) as u32).min(self.count - 1)
    }

    /// Returns the first key of the range after that of a key.
    fn next_range(&self, key: u64, keys: u64) -> u64 {
        let next = u64::from(self.range(key, keys)) + 1;
        (next * keys).div_ceil(u64::from(self.count))
    }

    /// Returns a layout with this many ranges. Each stays with the shard that has most of it
    /// already, as far as shards are left.
    fn split(&self, count: u32) -> Self {
        let (old, new) = (u64::from(self.count), u64::from(count));
        let owner = |range: u64| {
            let owner = self.owners.get(range as usize);
            owner.map_or(range, |owner| u64::from(*owner))
        };
        let mut shares = Vec::new();
        for range in 0..new {
            let from = range * old / new;
            for other in from..((range + 1) * old).div_ceil(new).min(old) {
                // In units of `keys / (old * new)`.
                let start = (range * old).max(other * new);
                let end = ((range + 1) * old).min((other + 1) * new);
                shares.push((end.saturating_sub(start), range, owner(other)));
            }
        }
        shares.sort_unstable_by_key(|(size, range, owner)| (u64::MAX - size, *range, *owner));
        let mut owners = vec![u32::MAX; count as usize];
        let mut is_taken = vec![false; count as usize];
        for (size, range, owner) in shares {
            let is_free = owner < new && !is_taken[owner as usize];
            if size > 0 && is_free && owners[range as usize] == u32::MAX {
                owners[range as usize] = owner as u32;
                is_taken[owner as usize] = true;
            }
        }
        let mut free = (0..count).filter(|shard| !is_taken[*shard as usize]);
        for owner in owners.iter_mut().filter(|owner| **owner == u32::MAX) {
            *owner = free.next().unwrap_or(0);
        }
        Self { count, owners }
    }
}

impl Placement {
    pub(super) fn new(shards: &Shards, keys: u64, salt: u64) -> Self {
        Self {
            layout: Layout {
                count: shards.count,
                owners: Vec::new(),
            },
            next: None,
            by: shards.by,
            tenants: shards.tenants,
            keys: keys.max(1),
            salt,
        }
    }

    /// Sets the number of keys that clients use.
    pub(super) fn set_keys(&mut self, keys: u64) {
        self.keys = keys.max(1);
    }

    /// Returns the shard of a key.
    pub(super) fn shard(&self, key: u32) -> u32 {
        match &self.next {
            Some(next) if self.unit(key) < next.1 => next.0.shard(key, self),
            _ => self.layout.shard(key, self),
        }
    }

    /// Begins to move keys to this many shards.
    pub(super) fn begin(&mut self, count: u32) {
        let layout = match self.by {
            ShardBy::Range => self.layout.split(count),
            ShardBy::Hash | ShardBy::Tenant | ShardBy::Modulo => Layout {
                count,
                owners: Vec::new(),
            },
        };
        self.next = Some(Box::new((layout, 0)));
    }

    /// Marks the units before this one as moved.
    pub(super) fn advance(&mut self, unit: u64) {
        if let Some(next) = &mut self.next {
            next.1 = unit;
        }
    }

    /// Marks all units as moved.
    pub(super) fn settle(&mut self) {
        if let Some(next) = self.next.take() {
            self.layout = next.0;
        }
    }

    fn unit(&self, key: u32) -> u64 {
        match self.by {
            ShardBy::Tenant => u64::from(key % self.tenants),
            ShardBy::Hash | ShardBy::Range | ShardBy::Modulo => u64::from(key),
        }
    }

    fn units(&self) -> u64 {
        match self.by {
            ShardBy::Tenant => self.keys.min(u64::from(self.tenants)),
            ShardBy::Hash | ShardBy::Range | ShardBy::Modulo => self.keys,
        }
    }

    /// Returns the keys of a unit.
    fn keys_of(&self, unit: u64) -> impl Iterator<Item = u32> {
        let step = match self.by {
            ShardBy::Tenant => self.tenants as usize,
            ShardBy::Hash | ShardBy::Range | ShardBy::Modulo => self.keys as usize,
        };
        (unit..self.keys).step_by(step.max(1)).map(|key| key as u32)
    }

    /// Returns the next keys to move, at least one unit and about `size` keys; `None` if all have
    /// moved.
    pub(super) fn next_batch(&self, size: u64) -> Option<Batch> {
        let (layout, done) = &**self.next.as_ref()?;
        let units = self.units();
        let mut batch = Batch {
            first: *done,
            end: *done,
            ..Batch::default()
        };
        if *done >= units {
            return None;
        }
        let mut looks = 0;
        while batch.end < units && batch.keys < size && looks < LOOK_MAX {
            let key = batch.end as u32;
            let [from, to] = [&self.layout, layout].map(|layout| layout.shard(key, self));
            // Ranges advance by many keys at a time.
            let (step, keys) = match self.by {
                ShardBy::Range => {
                    let ends = [&self.layout, layout].map(|it| it.next_range(batch.end, self.keys));
                    let alike = ends[0].min(ends[1]).min(units) - batch.end;
                    let step = if from == to {
                        alike
                    } else {
                        alike.min(size - batch.keys)
                    };
                    (step, step)
                }
                ShardBy::Tenant => (1, (self.keys - batch.end).div_ceil(u64::from(self.tenants))),
                ShardBy::Hash | ShardBy::Modulo => (1, 1),
            };
            if from != to {
                batch.keys += keys;
                *batch.leave.entry(from).or_default() += keys;
                *batch.come.entry(to).or_default() += keys;
            }
            batch.end += step;
            looks += 1;
        }
        Some(batch)
    }

    /// Returns the keys of a batch that move, each with its old and its new shard.
    pub(super) fn moves(&self, batch: &Batch) -> impl Iterator<Item = (u32, u32, u32)> {
        let next = self.next.as_deref();
        let units = batch.first..batch.end;
        let keys = units.flat_map(|unit| self.keys_of(unit));
        keys.filter_map(move |key| {
            let [from, to] = [&self.layout, &next?.0].map(|layout| layout.shard(key, self));
            (from != to).then_some((key, from, to))
        })
    }

    /// Returns whether a key moves in a batch.
    pub(super) fn is_moving(&self, key: u32, batch: &Batch) -> bool {
        let is_of_it = (batch.first..batch.end).contains(&self.unit(key));
        let next = self.next.as_deref().filter(|_| is_of_it);
        next.is_some_and(|next| next.0.shard(key, self) != self.layout.shard(key, self))
    }
}

/// The last step of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(key: u64) -> u64 {
    let mut z = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Jump consistent hash (Lamping and Veach 2014): even, and if a shard is added, only the keys that
/// it takes over move.
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

    /// Moves all keys. Returns how many moved, each once, and how many are then on each shard.
    fn moved(placement: &mut Placement, count: u32, size: u64) -> (u64, Vec<u32>) {
        let before: Vec<u32> = (0..1_000).map(|key| placement.shard(key)).collect();
        placement.begin(count);
        let mut moved = 0;
        while let Some(batch) = placement.next_batch(size) {
            let moves: Vec<_> = placement.moves(&batch).collect();
            assert_eq!(moves.len() as u64, batch.keys);
            for (key, from, _) in &moves {
                assert!(placement.is_moving(*key, &batch));
                assert_eq!(placement.shard(*key), *from);
            }
            placement.advance(batch.end);
            for (key, _, to) in moves {
                assert_eq!(placement.shard(key), to);
                moved += 1;
            }
        }
        placement.settle();
        let mut counts = vec![0; count as usize];
        let mut differ = 0;
        for key in 0..1_000 {
            counts[placement.shard(key) as usize] += 1;
            differ += u64::from(placement.shard(key) != before[key as usize]);
        }
        assert_eq!(moved, differ);
        (moved, counts)
    }

    #[test]
    fn only_keys_that_belong_elsewhere_move() {
        // Ranges, from two to four: each half gives away its upper half.
        let mut ranges = placement(2, ShardBy::Range);
        assert_eq!(moved(&mut ranges, 4, 7), (500, vec![250; 4]));
        assert_eq!(
            [0, 250, 500, 750].map(|key| ranges.shard(key)),
            [0, 2, 1, 3]
        );
        // Back to two: the removed shards lose their keys, and a remaining one has what it had.
        assert_eq!(moved(&mut ranges, 2, 1_000), (500, vec![500; 2]));
        assert_eq!(
            moved(&mut placement(1, ShardBy::Range), 2, 64),
            (500, vec![500; 2])
        );
        // From two to three, thirds: 0 keeps a third, 1 keeps a third, a third is new.
        let (keys, counts) = moved(&mut placement(2, ShardBy::Range), 3, 50);
        assert_eq!((keys, counts), (333, vec![334, 333, 333]));
        // Hashes: the share of the new shard, a fifth of 1,000 with a deviation of 13; modulo: four
        // fifths, all that are not equal at random.
        let (keys, _) = moved(&mut placement(4, ShardBy::Hash), 5, 10);
        assert!(keys.abs_diff(200) < 50, "{keys}");
        let (keys, _) = moved(&mut placement(4, ShardBy::Modulo), 5, 10);
        assert!(keys.abs_diff(800) < 50, "{keys}");
        // Ten tenants of a hundred keys each move as a whole.
        let (keys, counts) = moved(&mut placement(1, ShardBy::Tenant), 3, 1);
        assert!(keys % 100 == 0 && keys > 0 && counts.iter().all(|n| n % 100 == 0));
    }
}
