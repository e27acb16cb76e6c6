//! Entries in an order, linked through themselves.

use super::Entry;

/// No entry.
pub(super) const NOBODY: u32 = u32::MAX;

/// The two ends of a list of entries.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    pub(super) newest: u32,
    pub(super) oldest: u32,
}

impl Default for List {
    fn default() -> Self {
        Self {
            newest: NOBODY,
            oldest: NOBODY,
        }
    }
}

impl List {
    pub(super) fn is_empty(&self) -> bool {
        self.newest == NOBODY
    }

    pub(super) fn unlink(&mut self, place: u32, entries: &mut [Entry]) {
        let Entry { newer, older, .. } = entries[place as usize];
        match newer {
            NOBODY => self.newest = older,
            newer => entries[newer as usize].older = older,
        }
        match older {
            NOBODY => self.oldest = newer,
            older => entries[older as usize].newer = newer,
        }
    }

    pub(super) fn link_newest(&mut self, place: u32, entries: &mut [Entry]) {
        let before = self.newest;
        entries[place as usize].newer = NOBODY;
        entries[place as usize].older = before;
        match before {
            NOBODY => self.oldest = place,
            before => entries[before as usize].newer = place,
        }
        self.newest = place;
    }
}
