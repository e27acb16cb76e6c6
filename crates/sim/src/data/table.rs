//! A table by key: found by hash, iterated in the order of insertion.

use crate::components::KeyHasher;
use hashbrown::HashMap;
use std::hash::BuildHasherDefault;

/// Values by key. The hash map is looked up and never iterated over.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    places: HashMap<u32, u32, BuildHasherDefault<KeyHasher>>,
    rows: Vec<(u32, T)>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            places: HashMap::default(),
            rows: Vec::new(),
        }
    }
}

impl<T: Default> Table<T> {
    pub(crate) fn get(&self, key: u32) -> Option<&T> {
        let place = *self.places.get(&key)?;
        Some(&self.rows[place as usize].1)
    }

    pub(crate) fn get_mut(&mut self, key: u32) -> Option<&mut T> {
        let place = *self.places.get(&key)?;
        Some(&mut self.rows[place as usize].1)
    }

    /// Returns the value of a key, created if there is none.
    pub(crate) fn entry(&mut self, key: u32) -> &mut T {
        let rows = &mut self.rows;
        let place = *self.places.entry(key).or_insert_with(|| {
            rows.push((key, T::default()));
            rows.len() as u32 - 1
        });
        &mut self.rows[place as usize].1
    }

    /// Returns the number of keys.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns every key and its value, in the order of insertion.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.rows.iter().map(|(key, value)| (*key, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        self.rows.iter_mut().map(|(key, value)| (*key, value))
    }
}
