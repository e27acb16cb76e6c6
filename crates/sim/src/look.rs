//! Views of a run in progress: what a cache contains, which keys of a database were written most,
//! which alerts fired. They never affect the run.

use crate::agenda::Time;
use crate::components::Node;
use crate::event::NodeIx;
use crate::simulation::Simulation;
use crate::watch::Episode;

/// The contents of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inside {
    /// Number of entries of a cache, or of keys of a database that were written.
    pub held: u64,
    /// Fills that were never read, over the whole run.
    pub never_read: u64,
    /// Some of them: for a cache those that stay longest, for a database those written most.
    pub rows: Vec<Held>,
}

/// An entry of a cache, or a key of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The key.
    pub key: u32,
    /// Its version; 0 if nothing was written.
    pub version: u32,
    /// The present version at its owner.
    pub standing: u32,
    /// Time since it was filled, in ns.
    pub age: Option<Time>,
    /// Time until it expires, in ns; `None` if it never expires.
    pub expires_in: Option<Time>,
    /// Look-ups that it answered since.
    pub hits: u32,
}

impl Held {
    /// Returns whether its owner has a newer version.
    pub fn is_behind(&self) -> bool {
        self.version < self.standing
    }
}

impl Simulation {
    /// Returns the contents of a cache or a database, with at most this many rows; `None` for other
    /// kinds.
    pub fn look_inside(&self, place: NodeIx, most: usize) -> Option<Inside> {
        match self.behaviour(place) {
            Node::Cache(cache) => {
                let entries = cache.look_inside(self.world.now, most);
                let rows = entries.into_iter().map(|entry| {
                    let versions = entry.seen.iter().map(|(store, version)| {
                        let standing = self.world.standing_at(store, entry.key);
                        (version, standing)
                    });
                    // Of several stores, the one with the largest lag.
                    let worst = versions.max_by_key(|(version, standing)| {
                        (standing.saturating_sub(*version), *standing)
                    });
                    let (version, standing) = worst.unwrap_or_default();
                    Held {
                        key: entry.key,
                        version,
                        standing,
                        age: Some(entry.age),
                        expires_in: entry.expires_in,
                        hits: entry.hits,
                    }
                });
                Some(Inside {
                    held: cache.entries() as u64,
                    never_read: cache.never_read(),
                    rows: rows.collect(),
                })
            }
            Node::Database(_) => {
                let mut rows: Vec<Held> = self
                    .world
                    .standing_versions(place)
                    .map(|(key, version)| Held {
                        key,
                        version,
                        standing: version,
                        ..Held::default()
                    })
                    .collect();
                let held = rows.len() as u64;
                rows.sort_by_key(|row| (u32::MAX - row.version, row.key));
                rows.truncate(most);
                Some(Inside {
                    held,
                    never_read: 0,
                    rows,
                })
            }
            _ => None,
        }
    }

    /// Returns every time an alert fired, with the alert's index in the design.
    pub fn alert_episodes(&self) -> impl Iterator<Item = (usize, Episode)> {
        let watches = self.watches.list.iter().enumerate();
        watches.flat_map(|(at, watch)| watch.episodes.iter().map(move |episode| (at, *episode)))
    }
}
