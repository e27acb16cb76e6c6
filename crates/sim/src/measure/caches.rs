//! What the report says of a cache.

use crate::agenda::Time;
use crate::components::Cache;
use serde::Serialize;

/// What became of a cache's entries and look-ups, over the whole run.
#[derive(Clone, Debug, Serialize)]
pub struct CacheReport {
    /// Entries that may be served now.
    pub entries: u64,
    /// Values put in, of whatever origin; a key filled again counts again.
    pub fills: u64,
    /// Entries that left for want of room.
    pub evictions: u64,
    /// Entries found too old by a look-up. What expires unasked leaves when room is wanted.
    pub expirations: u64,
    /// Values that nobody read before they left or were filled anew, or has read so far.
    pub never_read: u64,
    /// Look-ups answered from an entry that had expired (`stale_while_revalidate`).
    pub stale_served: u64,
    /// Misses that waited for another's load (`single_flight`).
    pub coalesced: u64,
    /// Loads in the background (`stale_while_revalidate`).
    pub refreshes: u64,
    /// Misses of an entry not yet expired (`early_expiry`).
    pub early: u64,
    /// Fills refused because the key changed after their caller was told to load it (`leases`).
    pub fills_refused: u64,
    /// Writes answered before they reached the origin (`write_behind`).
    pub written_behind: u64,
    /// Keys whose last write is not at the origin yet.
    pub unwritten: u64,
}

impl CacheReport {
    pub(super) fn of(cache: &Cache, now: Time) -> Self {
        let tally = &cache.tally;
        let (evictions, fills) = cache.turnover();
        Self {
            entries: cache.live(now) as u64,
            fills,
            evictions,
            expirations: tally.expirations,
            never_read: cache.never_read(),
            stale_served: tally.stale_served,
            coalesced: tally.coalesced,
            refreshes: tally.refreshes,
            early: tally.early,
            fills_refused: tally.fills_refused,
            written_behind: tally.written_behind,
            unwritten: cache.unwritten() as u64,
        }
    }
}
