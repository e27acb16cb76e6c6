//! Looking into a run while it goes on: what a cache holds, which keys of a database were written
//! most, which alerts fired. It watches and never decides.

use crate::agenda::Time;
use crate::components::Node;
use crate::event::NodeIx;
use crate::simulation::Simulation;
use crate::watch::Episode;

/// What a node holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inside {
    /// Entries of a cache; keys of a database that were written.
    pub held: u64,
    /// Fills that nobody read, over the whole run.
    pub never_read: u64,
    /// Some of them: of a cache those that stay longest, of a database those written most.
    pub rows: Vec<Held>,
}

/// An entry of a cache, or a key of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The key.
    pub key: u32,
    /// The version it is of; 0 where nothing was written.
    pub version: u32,
    /// The version that stands at its owner.
    pub standing: u32,
    /// Time since it was filled, in ns.
    pub age: Option<Time>,
    /// Time until it expires, in ns; `None` where it never does.
    pub expires_in: Option<Time>,
    /// Look-ups it answered since.
    pub hits: u32,
}

impl Held {
    /// Whether a newer version stands at its owner.
    pub fn is_behind(&self) -> bool {
        self.version < self.standing
    }
}

impl Simulation {
    /// What a cache or a database holds: at most so many rows; `None` of other kinds.
    pub fn look_inside(&self, place: NodeIx, most: usize) -> Option<Inside> {
        match self.behaviour(place) {
            Node::Cache(cache) => {
                let entries = cache.look_inside(self.world.now, most);
                let rows = entries.into_iter().map(|entry| {
                    let versions = entry.seen.iter().map(|(store, version)| {
                        let standing = self.world.standing_at(store, entry.key);
                        (version, standing)
                    });
                    // Of several stores, the one it is farthest behind.
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

    /// Every time an alert fired, by the alert's place in the design.
    pub fn alert_episodes(&self) -> impl Iterator<Item = (usize, Episode)> {
        let watches = self.watches.list.iter().enumerate();
        watches.flat_map(|(at, watch)| watch.episodes.iter().map(move |episode| (at, *episode)))
    }
}
