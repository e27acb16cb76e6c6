//! Which random cases a test runs, and what is reported of the first that fails.

use crate::{Failure, Rng, design, failure_of, shrink};
use design::Design;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::sync::OnceLock;

/// The seeds that a test runs.
#[derive(Clone, Debug)]
pub struct Cases {
    fixed: Range<u64>,
    fresh: Range<u64>,
}

/// Returns the seeds of a test: a fixed set and this many fresh ones, or those that `SEED` and
/// `CASES` of the environment ask for (see the crate's page).
///
/// # Panics
///
/// Panics where one of the two variables is no number.
pub fn cases(fixed: u64, fresh: u64) -> Cases {
    let [seed, count] = ["SEED", "CASES"].map(|name| number(name, std::env::var(name).ok()));
    let cases = chosen(seed, count, fixed, fresh);
    println!("fresh cases begin with SEED={}", cases.fresh.start);
    cases
}

fn chosen(seed: Option<u64>, count: Option<u64>, fixed: u64, fresh: u64) -> Cases {
    let (fixed, first, count) = match seed {
        Some(seed) => (0..0, seed, count.unwrap_or(1)),
        None => (0..fixed, fresh_seed(), count.unwrap_or(fresh)),
    };
    let fresh = first..first.saturating_add(count);
    Cases { fixed, fresh }
}

/// Returns where this process's fresh seeds begin: 40 random bits, the same for all of its tests.
fn fresh_seed() -> u64 {
    static FIRST: OnceLock<u64> = OnceLock::new();
    // The standard library keys its hash maps with random bits of the operating system.
    *FIRST.get_or_init(|| RandomState::new().hash_one(0) >> 24)
}

fn number(name: &str, text: Option<String>) -> Option<u64> {
    let text = text.filter(|text| !text.is_empty())?;
    let number = text.parse().ok();
    assert!(
        number.is_some(),
        "{name}={text} is not a number from 0 to {}",
        u64::MAX
    );
    number
}

impl Cases {
    /// Returns all seeds, those of the fixed set first.
    pub fn seeds(&self) -> impl Iterator<Item = u64> + use<> {
        self.fixed.clone().chain(self.fresh.clone())
    }

    /// Returns whether the fixed set is among the cases: what is said of many cases together holds
    /// only then.
    pub fn has_fixed_set(&self) -> bool {
        !self.fixed.is_empty()
    }

    /// Holds a property against the random design of every seed. The property panics where it
    /// fails; its second argument is a stream of random numbers that is the same for the same seed.
    ///
    /// # Panics
    ///
    /// Panics where the property fails, with the smallest design found for which it fails at the
    /// same place.
    pub fn check(&self, property: impl FnMut(&Design, &mut Rng)) {
        self.check_drawn(design, property);
    }

    /// Does the same with designs that are drawn in another way, from a seed.
    ///
    /// # Panics
    ///
    /// See [`Cases::check`].
    pub fn check_drawn(
        &self,
        draw: impl Fn(u64) -> Design,
        mut property: impl FnMut(&Design, &mut Rng),
    ) {
        for seed in self.seeds() {
            let mut failure_with = |design: &Design| {
                // Not the stream that the design was drawn from.
                let mut rng = Rng::new(seed ^ 0x5eed_0000_0000_0000);
                failure_of(|| property(design, &mut rng))
            };
            let design = draw(seed);
            let Some(failure) = failure_with(&design) else {
                continue;
            };
            let (smallest, tries) = shrink(&design, |smaller| {
                failure_with(smaller).is_some_and(|other| other.place == failure.place)
            });
            let last = failure_with(&smallest).unwrap_or_else(|| failure.clone());
            panic!("{}", told(seed, &failure, &design, &smallest, &last, tries));
        }
    }
}

fn told(
    seed: u64,
    failure: &Failure,
    design: &Design,
    smallest: &Design,
    last: &Failure,
    tries: u32,
) -> String {
    let size = |design: &Design| {
        let counts = [
            design.nodes.len(),
            design.links.len(),
            design.faults.len(),
            format::json::write(design).len(),
        ];
        let [nodes, links, faults, bytes] = counts;
        format!("{nodes} nodes, {links} links, {faults} faults, {bytes} bytes")
    };
    format!(
        "the property fails for the random design of seed {seed}\n\
         at {}: {}\n\n\
         It fails at the same place for a smaller design ({}; before: {}; {tries} tried):\n\n{}\n\
         There: {}\n\n\
         Repeat it: {}\n",
        failure.place,
        failure.message,
        size(smallest),
        size(design),
        format::json::write(smallest),
        last.message,
        repeat(seed)
    )
}

/// Returns the command that runs one case again.
fn repeat(seed: u64) -> String {
    let package = std::env::var("CARGO_PKG_NAME").map(|name| format!(" -p {name}"));
    let thread = std::thread::current();
    let test = thread.name().filter(|name| *name != "main").unwrap_or("");
    format!(
        "SEED={seed} cargo test{} {test}",
        package.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_chooses_seeds() {
        let seeds = |seed, count| -> Vec<u64> { chosen(seed, count, 2, 3).seeds().collect() };
        assert_eq!(seeds(Some(70), None), [70]);
        assert_eq!(seeds(Some(70), Some(2)), [70, 71]);
        assert!(!chosen(Some(70), None, 2, 3).has_fixed_set());
        let first = fresh_seed();
        assert_eq!(seeds(None, None), [0, 1, first, first + 1, first + 2]);
        assert_eq!(seeds(None, Some(1)), [0, 1, first]);
        assert!(chosen(None, None, 2, 3).has_fixed_set());
        let failure = failure_of(|| {
            number("SEED", Some("x1".to_owned()));
        });
        let message = failure.expect("it is refused").message;
        assert_eq!(
            message,
            "SEED=x1 is not a number from 0 to 18446744073709551615"
        );
    }

    #[test]
    fn what_fails_is_reported_with_its_seed_and_the_smallest_design() {
        let cases = chosen(Some(5), Some(40), 0, 0);
        let mut drawn = Vec::new();
        let has_cache =
            |design: &Design| design.nodes.iter().any(|node| node.kind.name() == "cache");
        let failure = failure_of(|| {
            cases.check(|design, rng| {
                drawn.push(rng.bits());
                assert!(!has_cache(design), "there is a cache");
            });
        });
        let message = failure.expect("some design has a cache").message;
        let seed = cases.seeds().find(|seed| has_cache(&design(*seed)));
        let seed = seed.expect("some design has a cache");
        assert!(message.contains(&format!("of seed {seed}\n")), "{message}");
        assert!(
            message.contains(&format!("SEED={seed} cargo test")),
            "{message}"
        );
        assert!(message.contains("cases.rs:"), "{message}");
        assert!(
            message.contains("(1 nodes, 0 links, 0 faults, "),
            "{message}"
        );
        assert!(message.contains(r#""kind": "cache""#), "{message}");
        // The random numbers are those of the case, however often it is tried.
        drawn.reverse();
        assert!(drawn.len() > 10 && drawn[0] == drawn[9], "{drawn:?}");
    }
}
