//! A tree of minima, which finds the smallest of many numbers without a scan.

/// Numbers by index, and the smallest of each half, quarter and so on.
#[derive(Clone, Debug, Default)]
pub(super) struct Tournament {
    /// The root at 1; the children of n at 2n and 2n + 1; the leaves last.
    minima: Vec<u32>,
    places: usize,
}

/// The number of an entry that must not be found.
pub(super) const OUT: u32 = u32::MAX;

impl Tournament {
    pub(super) fn new(numbers: impl ExactSizeIterator<Item = u32>) -> Self {
        let places = numbers.len().next_power_of_two();
        let mut minima = vec![OUT; 2 * places];
        for (place, number) in numbers.enumerate() {
            minima[places + place] = number;
        }
        for node in (1..places).rev() {
            minima[node] = minima[2 * node].min(minima[2 * node + 1]);
        }
        Self { minima, places }
    }

    pub(super) fn set(&mut self, place: usize, number: u32) {
        let mut node = self.places + place;
        self.minima[node] = number;
        while node > 1 {
            node /= 2;
            self.minima[node] = self.minima[2 * node].min(self.minima[2 * node + 1]);
        }
    }

    /// Returns the first index with the smallest number, in turn from one on; `None` if all are
    /// out.
    pub(super) fn fewest_from(&self, from: usize) -> Option<usize> {
        let least = *self.minima.get(1)?;
        if least == OUT {
            return None;
        }
        let found = self.first_from(from, least);
        found.or_else(|| self.first_from(0, least))
    }

    fn first_from(&self, from: usize, least: u32) -> Option<usize> {
        let mut node = self.places + from;
        while self.minima[node] != least {
            // To the next subtree on the right, if there is one.
            while node % 2 == 1 {
                node /= 2;
            }
            if node == 0 {
                return None;
            }
            node += 1;
        }
        while node < self.places {
            node *= 2;
            node += usize::from(self.minima[node] != least);
        }
        Some(node - self.places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_what_asking_all_would() {
        let mut numbers = [3, 1, OUT, 1, 2, OUT, 1];
        for round in 0..200 {
            let tree = {
                let mut tree = Tournament::new([0; 7].into_iter());
                for (place, number) in numbers.iter().enumerate() {
                    tree.set(place, *number);
                }
                tree
            };
            for from in 0..7 {
                let in_turn = (from..7)
                    .chain(0..from)
                    .filter(|place| numbers[*place] != OUT);
                let expected = in_turn.min_by_key(|place| numbers[*place]);
                assert_eq!(tree.fewest_from(from), expected, "{numbers:?} from {from}");
            }
            numbers[round % 7] = (round as u32 * 7 + 3) % 4;
        }
        assert_eq!(Tournament::new([OUT].into_iter()).fewest_from(0), None);
    }
}
