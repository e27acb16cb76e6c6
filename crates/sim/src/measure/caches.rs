//! The report of a cache.

use crate::agenda::Time;
use crate::components::Cache;
use report::CacheReport;

pub(super) fn cache_report(cache: &Cache, now: Time) -> CacheReport {
    let tally = &cache.tally;
    let (evictions, fills) = cache.turnover();
    CacheReport {
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
