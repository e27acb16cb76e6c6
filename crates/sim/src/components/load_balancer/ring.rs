//! Consistent hashing: a key goes to the next point on a ring (Karger et al. 1997).

use crate::random::{Purpose, Stream};

/// Maximum number of points on the ring; with more backends each gets fewer.
const POINTS_MAX: usize = 1 << 20;

/// Points, each of a backend, in order around the ring.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    points: Vec<(u64, u32)>,
    /// Places of keys: different for every seed, as for the points.
    salt: u64,
}

impl Ring {
    /// Returns a ring with this many points for each backend, named by link and replica: a backend
    /// keeps its points when others are added or removed.
    pub(super) fn new(
        seed: u64,
        backends: impl ExactSizeIterator<Item = (String, u32)>,
        virtual_nodes: u32,
    ) -> Self {
        let each = (virtual_nodes as usize)
            .min(POINTS_MAX / backends.len().max(1))
            .max(1);
        let mut points = Vec::with_capacity(each * backends.len());
        for (place, (link, replica)) in backends.enumerate() {
            let mut stream = Stream::new(seed, &format!("{link}#{replica}"), Purpose::Ring);
            points.extend((0..each).map(|_| (stream.bits(), place as u32)));
        }
        points.sort_unstable();
        let salt = Stream::new(seed, "", Purpose::Ring).bits();
        Self { points, salt }
    }

    /// Returns the backends of a key, the next on the ring first; one may occur several times.
    pub(super) fn of(&self, key: u32) -> impl Iterator<Item = u32> {
        let place = scatter(u64::from(key) ^ self.salt);
        let first = self.points.partition_point(|(point, _)| *point < place);
        let (before, after) = self.points.split_at(first);
        after.iter().chain(before).map(|(_, backend)| *backend)
    }
}

/// SplitMix64's mixer: adjacent keys are far apart.
fn scatter(key: u64) -> u64 {
    let mut z = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(seed: u64, backends: u32, virtual_nodes: u32) -> Vec<f64> {
        let names = (0..backends).map(|replica| ("lb->api".to_owned(), replica));
        let ring = Ring::new(seed, names.collect::<Vec<_>>().into_iter(), virtual_nodes);
        let mut counts = vec![0.0; backends as usize];
        for key in 0..20_000 {
            counts[ring.of(key).next().unwrap() as usize] += 1.0 / 20_000.0;
        }
        counts
    }

    /// A share is Beta(v, (n - 1) v): its deviation follows.
    #[test]
    fn shares_vary_as_spacings_of_random_points_do() {
        for (virtual_nodes, deviation, largest) in [
            (1, 0.9045, 2.9264),
            (10, 0.2985, 1.5377),
            (100, 0.0948, 1.1596),
        ] {
            let (mut squares, mut max) = (0.0, 0.0);
            for seed in 0..200 {
                let shares = shares(seed, 10, virtual_nodes);
                let off = shares.iter().map(|share| share * 10.0 - 1.0);
                squares += off.map(|off| off * off).sum::<f64>();
                max += shares.iter().copied().fold(0.0, f64::max) * 10.0 / 200.0;
            }
            let seen = (squares / 2_000.0).sqrt();
            assert!(
                (seen / deviation - 1.0).abs() < 0.1,
                "{virtual_nodes}: {seen}"
            );
            assert!((max / largest - 1.0).abs() < 0.06, "{virtual_nodes}: {max}");
        }
    }

    #[test]
    fn one_more_backend_takes_its_share_and_moves_nothing_else() {
        for backends in [4u32, 10] {
            let ring = |count: u32| {
                let names = (0..count).map(|replica| ("lb->api".to_owned(), replica));
                Ring::new(7, names.collect::<Vec<_>>().into_iter(), 1_000)
            };
            let (before, after) = (ring(backends), ring(backends + 1));
            let mut moved = 0.0;
            for key in 0..20_000 {
                let (old, new) = (before.of(key).next(), after.of(key).next());
                if old != new {
                    assert_eq!(new, Some(backends), "only to the new one");
                    moved += 1.0 / 20_000.0;
                }
            }
            let expected = 1.0 / f64::from(backends + 1);
            assert!(
                (moved / expected - 1.0).abs() < 0.15,
                "{moved} of {expected}"
            );
        }
    }
}
