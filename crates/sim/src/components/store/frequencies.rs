//! Entries by the number of their uses, in O(1) per use (Shah, Mitra and Matani 2010): one list per
//! number of uses, the lists in order of it.

use super::Entry;
use super::list::{List, NOBODY};

/// Entries used equally often.
#[derive(Clone, Debug)]
struct Group {
    uses: u64,
    list: List,
    more: u32,
    fewer: u32,
}

/// The groups, and the ends of their list.
#[derive(Clone, Debug)]
pub(super) struct Frequencies {
    groups: Vec<Group>,
    free: Vec<u32>,
    least: u32,
    most: u32,
}

impl Default for Frequencies {
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            free: Vec::new(),
            least: NOBODY,
            most: NOBODY,
        }
    }
}

impl Frequencies {
    /// Adds an entry with one use.
    pub(super) fn add(&mut self, place: u32, entries: &mut [Entry]) {
        let group = match self.least {
            least if least != NOBODY && self.groups[least as usize].uses == 1 => least,
            least => self.make(1, NOBODY, least),
        };
        self.put(place, group, entries);
    }

    /// Adds an entry that was used at least as often as all others.
    pub(super) fn append(&mut self, place: u32, uses: u64, entries: &mut [Entry]) {
        let group = match self.most {
            most if most != NOBODY && self.groups[most as usize].uses == uses => most,
            most => self.make(uses, most, NOBODY),
        };
        self.put(place, group, entries);
    }

    /// Counts a further use of an entry.
    pub(super) fn touch(&mut self, place: u32, entries: &mut [Entry]) {
        let from = entries[place as usize].group;
        let Group { uses, more, .. } = self.groups[from as usize];
        let to = match more {
            more if more != NOBODY && self.groups[more as usize].uses == uses + 1 => more,
            more => self.make(uses + 1, from, more),
        };
        self.remove(place, entries);
        self.put(place, to, entries);
    }

    /// Removes an entry.
    pub(super) fn remove(&mut self, place: u32, entries: &mut [Entry]) {
        let at = entries[place as usize].group;
        let group = &mut self.groups[at as usize];
        group.list.unlink(place, entries);
        if group.list.is_empty() {
            self.drop_group(at);
        }
    }

    /// Returns, of the least often used entries, the one whose last use is oldest.
    pub(super) fn victim(&self) -> Option<u32> {
        self.groups
            .get(self.least as usize)
            .map(|group| group.list.oldest)
    }

    /// Returns every entry's place, the next victim last.
    pub(super) fn places(&self, entries: &[Entry], most: usize) -> Vec<u32> {
        let mut places = Vec::new();
        let mut at = self.most;
        while at != NOBODY {
            let group = &self.groups[at as usize];
            let mut place = group.list.newest;
            while place != NOBODY {
                if places.len() == most {
                    return places;
                }
                places.push(place);
                place = entries[place as usize].older;
            }
            at = group.fewer;
        }
        places
    }

    fn put(&mut self, place: u32, at: u32, entries: &mut [Entry]) {
        entries[place as usize].group = at;
        self.groups[at as usize].list.link_newest(place, entries);
    }

    fn make(&mut self, uses: u64, fewer: u32, more: u32) -> u32 {
        let group = Group {
            uses,
            list: List::default(),
            more,
            fewer,
        };
        let at = match self.free.pop() {
            Some(at) => {
                self.groups[at as usize] = group;
                at
            }
            None => {
                self.groups.push(group);
                self.groups.len() as u32 - 1
            }
        };
        match fewer {
            NOBODY => self.least = at,
            fewer => self.groups[fewer as usize].more = at,
        }
        match more {
            NOBODY => self.most = at,
            more => self.groups[more as usize].fewer = at,
        }
        at
    }

    fn drop_group(&mut self, at: u32) {
        let Group { more, fewer, .. } = self.groups[at as usize];
        match fewer {
            NOBODY => self.least = more,
            fewer => self.groups[fewer as usize].more = more,
        }
        match more {
            NOBODY => self.most = fewer,
            more => self.groups[more as usize].fewer = fewer,
        }
        self.free.push(at);
    }
}
