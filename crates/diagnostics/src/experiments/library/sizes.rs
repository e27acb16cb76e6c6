//! Remedies with a size, such as the number of replicas, and the search for the least sufficient
//! one.

/// Largest multiple of the present size that is tried.
const FACTOR_MAX: f64 = 6.0;
/// Two sizes with a smaller ratio are not told apart.
const FINE: f64 = 1.15;

/// What a remedy makes larger. The names are those of nodes or links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Scaled {
    Replicas(String),
    /// The smallest number of replicas that autoscaling keeps.
    Least(String),
    /// The concurrency of a database.
    Slots(String),
    Connections(String),
    Memory(String),
    Pool(String),
    /// The messages that one consumer processes concurrently.
    Consumers(String),
    Timeout(String),
}

/// What a remedy makes larger, and how far.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Size {
    pub(in super::super) of: Scaled,
    /// The size in the design.
    pub(in super::super) now: f64,
    pub(in super::super) to: f64,
}

impl Size {
    /// Returns the size to try next: between a sufficient one and the largest insufficient one, or
    /// above all if none was sufficient. `None` if there is nothing to gain.
    ///
    /// tried: sizes of one remedy, and whether each was sufficient.
    pub(in super::super) fn next(&self, tried: &[(f64, bool)]) -> Option<f64> {
        let sufficient = tried.iter().filter(|(_, is_enough)| *is_enough);
        let least = sufficient.map(|(to, _)| *to).reduce(f64::min);
        let below = |bound: f64| {
            let small = tried.iter().map(|(to, _)| *to).filter(|to| *to < bound);
            small.fold(self.now, f64::max)
        };
        let next = match least {
            Some(least) if least / below(least) < FINE => return None,
            Some(least) => libm::sqrt(below(least) * least),
            None => below(f64::INFINITY) * 2.0,
        };
        let next = self.of.rounded(next);
        let is_new = next > self.now && tried.iter().all(|(to, _)| *to != next);
        (is_new && next <= self.now * FACTOR_MAX).then_some(next)
    }
}

impl Scaled {
    /// Rounds a size up to one that can be written: a whole number, or two digits of a duration.
    fn rounded(&self, size: f64) -> f64 {
        let unit = match self {
            Self::Timeout(_) => libm::pow(10.0, libm::floor(libm::log10(size)) - 1.0),
            _ => 1.0,
        };
        libm::ceil(size / unit - 1e-9) * unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(now: f64) -> Size {
        Size {
            of: Scaled::Pool("api->db".into()),
            now,
            to: now,
        }
    }

    #[test]
    fn the_search_closes_in_on_the_least_sufficient_size() {
        let needed = 23.0;
        let mut tried: Vec<(f64, bool)> = vec![(15.0, false), (20.0, false), (40.0, true)];
        while let Some(next) = pool(10.0).next(&tried) {
            tried.push((next, next >= needed));
            assert!(tried.len() < 12, "the search does not end: {tried:?}");
        }
        let enough = tried.iter().filter(|(_, is_enough)| *is_enough);
        let least = enough.map(|(to, _)| *to).fold(f64::INFINITY, f64::min);
        assert!(
            (needed..=needed * FINE * 1.05).contains(&least),
            "{tried:?}"
        );
    }

    #[test]
    fn the_search_goes_up_where_no_size_was_sufficient() {
        assert_eq!(pool(10.0).next(&[(15.0, false), (30.0, false)]), Some(60.0));
        assert_eq!(pool(10.0).next(&[(60.0, false)]), None);
    }

    #[test]
    fn a_size_next_to_an_insufficient_one_is_kept() {
        assert_eq!(pool(1.0).next(&[(2.0, true)]), None);
        assert_eq!(pool(10.0).next(&[(40.0, false), (44.0, true)]), None);
    }

    #[test]
    fn timeouts_have_two_digits() {
        let timeout = Size {
            of: Scaled::Timeout("a->b".into()),
            now: 0.1,
            to: 0.1,
        };
        let next = timeout.next(&[(0.2, false), (0.4, true)]).unwrap();
        assert!((next - 0.29).abs() < 1e-9, "{next}");
    }
}
