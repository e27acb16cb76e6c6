//! The links that each request has needed, so that each counts once per request. Retry
//! amplification compares attempts with them.

use crate::call::{CallId, Calls};
use crate::components::store::KeyHasher;
use crate::event::LinkIx;
use hashbrown::HashMap;
use std::hash::BuildHasherDefault;

/// Beyond this number of links, every call counts as a need of its own.
const LINKS_TRACKED: usize = 4_096;
/// Maximum number of failed requests that are remembered while work for them may continue; the
/// oldest is dropped first.
const OUTLIVED_MAX: usize = 16_384;

/// One bit per link, in a row per record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needed {
    words_per_record: usize,
    words: Vec<u64>,
    outlived: Outlived,
}

/// The rows of requests that have ended.
#[derive(Clone, Debug, Default)]
struct Outlived {
    /// By the root's id, as a number.
    places: HashMap<u64, u32, BuildHasherDefault<KeyHasher>>,
    roots: Vec<u64>,
    words: Vec<u64>,
    oldest: usize,
}

fn number(root: CallId) -> u64 {
    u64::from(root.generation) << 32 | u64::from(root.slot)
}

impl Needed {
    /// Makes room for this many links. Requests in progress start over.
    pub(crate) fn resize(&mut self, links: usize) {
        let words = if links > LINKS_TRACKED {
            0
        } else {
            links.div_ceil(64)
        };
        if words != self.words_per_record {
            self.words_per_record = words;
            self.words.clear();
            self.outlived = Outlived::default();
        }
    }

    /// Begins a request, which has needed nothing.
    #[inline(always)]
    pub(crate) fn begin(&mut self, root: CallId) {
        match self.words.get_mut(root.slot as usize) {
            Some(word) if self.words_per_record == 1 => *word = 0,
            _ => self.begin_row(root),
        }
    }

    #[inline(never)]
    fn begin_row(&mut self, root: CallId) {
        let first = root.slot as usize * self.words_per_record;
        let end = first + self.words_per_record;
        if self.words.len() < end {
            self.words.resize(end.next_power_of_two(), 0);
        }
        self.words[first..end].fill(0);
    }

    /// Keeps the row of a request that fails. Work for it may continue, and its needs are added.
    #[cold]
    pub(crate) fn outlive(&mut self, root: CallId) {
        let words = self.words_per_record;
        let first = root.slot as usize * words;
        let Some(row) = self.words.get(first..first + words) else {
            return;
        };
        let outlived = &mut self.outlived;
        let place = match outlived.roots.len() < OUTLIVED_MAX {
            true => {
                outlived.roots.push(0);
                outlived.words.resize(outlived.roots.len() * words, 0);
                outlived.roots.len() - 1
            }
            false => {
                let oldest = outlived.oldest;
                outlived.places.remove(&outlived.roots[oldest]);
                outlived.oldest = (oldest + 1) % OUTLIVED_MAX;
                oldest
            }
        };
        outlived.roots[place] = number(root);
        outlived.words[place * words..(place + 1) * words].copy_from_slice(row);
        outlived.places.insert(number(root), place as u32);
    }

    /// Notes that a request needs a link. Returns whether for the first time.
    #[inline(always)]
    pub(crate) fn is_first(&mut self, calls: &Calls, root: CallId, link: LinkIx) -> bool {
        match calls.get(root).is_some() {
            true => mark(&mut self.words, self.words_per_record, root.slot, link),
            false => self.is_first_of_outlived(root, link),
        }
    }

    /// Notes, as [`Self::is_first`] does, that a request needs two links.
    #[inline(always)]
    pub(crate) fn are_first(
        &mut self,
        calls: &Calls,
        root: CallId,
        [first, second]: [LinkIx; 2],
    ) -> [bool; 2] {
        match self.words.get_mut(root.slot as usize) {
            Some(word) if self.words_per_record == 1 && calls.get(root).is_some() => {
                let (bits, before) = ([1 << (first.0 % 64), 1 << (second.0 % 64)], *word);
                *word |= bits[0] | bits[1];
                bits.map(|bit| before & bit == 0)
            }
            _ => [first, second].map(|link| self.is_first(calls, root, link)),
        }
    }

    /// Returns the same for a request that has ended. Of one that succeeded, the needs are no
    /// longer known, because they have been counted.
    #[cold]
    fn is_first_of_outlived(&mut self, root: CallId, link: LinkIx) -> bool {
        let outlived = &mut self.outlived;
        match outlived.places.get(&number(root)) {
            Some(place) => mark(&mut outlived.words, self.words_per_record, *place, link),
            None => false,
        }
    }
}

#[inline(always)]
fn mark(words: &mut [u64], words_per_record: usize, row: u32, link: LinkIx) -> bool {
    let (place, bit) = match words_per_record {
        1 => (row as usize, 1 << (link.0 % 64)),
        width => (
            row as usize * width + link.0 as usize / 64,
            1 << (link.0 % 64),
        ),
    };
    match words.get_mut(place) {
        Some(word) if words_per_record > 0 => {
            let before = *word;
            *word |= bit;
            *word != before
        }
        _ => true,
    }
}
