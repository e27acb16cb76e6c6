//! Data outcomes: the answers to clients against the store of truth.

use crate::*;

const KEY: &str = r#""keys": {"uniform": {"n": 1}}"#;

/// Returns a client that reads the only key.
pub(crate) fn reader(moments: impl IntoIterator<Item = u64>) -> String {
    let operations = format!(r#""operations": [{{"name": "get", {KEY}}}]"#);
    replay_by("r", moments, &operations)
}

/// Returns a client that writes the only key.
pub(crate) fn writer(moments: impl IntoIterator<Item = u64>, rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { ", " };
    let operations =
        format!(r#""operations": [{{"name": "put", "effect": "write", {KEY}{comma}{rest}}}]"#);
    replay_by("w", moments, &operations)
}

/// Reads go to a look-aside cache first, and to the database on a miss; writes bypass it.
fn beside_a_cache(reader: String, writer: String, spec: &str) -> Run {
    let nodes = [
        reader,
        writer,
        service("api", 0, ""),
        cache(spec),
        database("db", 10, ""),
    ];
    let links = [
        link("r->api", ""),
        link("w->api", ""),
        link("api->cache", r#""when": "reads""#),
        link("api->db", r#""when": ["on_miss", "writes"]"#),
    ];
    run(&nodes, &links)
}

impl Run {
    /// Returns the outcomes that are not 0: "torn_writes 1, effects 3".
    pub(crate) fn outcomes(&self) -> String {
        let names = [
            "stale_reads",
            "duplicate_effects",
            "duplicated_writes",
            "lost_writes",
            "torn_writes",
            "out_of_order",
            "divergent_keys",
        ];
        let counts = names.map(|name| (name, self.number(&format!("/data/{name}"))));
        let counts = counts.iter().filter(|(_, count)| *count > 0.0);
        counts
            .map(|(name, count)| format!("{name} {count}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

#[test]
fn an_entry_is_stale_for_requests_made_after_the_first_newer_write_was_acknowledged() {
    // Filled at 10. Written at 100, known from 110 on: 105 and 110 could not know, 150 could.
    let run = beside_a_cache(
        reader([0, 50, 105, 110, 150, 400]),
        writer([100, 300], ""),
        r#""ttl": null"#,
    );
    assert_eq!(run.outcomes(), "stale_reads 2, divergent_keys 1");
    assert_eq!(
        (run.number("/data/reads"), run.number("/data/writes")),
        (6.0, 2.0)
    );
    assert_eq!(run.number("/data/effects"), 2.0);
    // 400 - 110: from the first newer version, not from the last.
    assert_eq!(run.number("/data/staleness_ms/max"), 290.0);
    assert_eq!(run.number("/nodes/cache/stale_reads"), 2.0);
    assert_eq!(run.number("/nodes/cache/divergent_keys"), 1.0);
    assert_eq!(run.number("/nodes/db/stale_reads"), 0.0);
}

#[test]
fn an_entry_ends_with_its_ttl_and_its_successor_is_of_a_newer_version() {
    let nodes = [
        reader([0, 105, 109, 120, 130]),
        writer([50], ""),
        cache(r#""ttl": "100ms""#),
        database("db", 10, ""),
    ];
    // The writer bypasses the cache. Filled at 10, expired at 110, loaded again at 120..130.
    let links = [
        link("r->cache", ""),
        link("w->db", ""),
        link("cache->db", ""),
    ];
    let run = run(&nodes, &links);
    assert_eq!(run.outcomes(), "stale_reads 2");
    assert_eq!(run.number("/data/staleness_ms/max"), 109.0 - 60.0);
}

#[test]
fn a_lease_that_an_invalidation_voids_refuses_the_fill() {
    // As below: the miss is received at 40, the value read at 60, the key invalidated at 65, the
    // fill arrives at 90. With the token, nothing stale is left to find at 200.
    let run_of = |leases: bool, invalidates: &str| {
        let nodes = [
            reader([0, 200, 400]),
            writer([55], ""),
            service("api", 0, ""),
            service("admin", 0, ""),
            cache(&format!(r#""ttl": null, "leases": {leases}"#)),
            database("db", 10, ""),
        ];
        let to_cache = format!(r#""when": "reads", "on_write": "{invalidates}""#);
        let links = [
            link("r->api", ""),
            link("w->admin", ""),
            link("api->cache", r#""latency": "20ms""#),
            link("api->db", r#""when": "on_miss", "latency": "10ms""#),
            link("admin->db", ""),
            link("admin->cache", &to_cache),
        ];
        run(&nodes, &links)
    };
    let stale = run_of(false, "invalidate");
    assert_eq!(stale.outcomes(), "stale_reads 2, divergent_keys 1");
    let leased = run_of(true, "invalidate");
    assert_eq!(leased.outcomes(), "");
    // The read at 200 loads again, with a valid token; that at 400 hits.
    let figure = |name: &str| leased.number(&format!("/nodes/cache/cache/{name}"));
    assert_eq!((figure("fills_refused"), figure("fills")), (1.0, 1.0));
    assert_eq!(leased.number("/nodes/db/arrivals"), 3.0);
    // The writer's own value stays: the late fill of the old one is refused.
    let updated = run_of(true, "update");
    assert_eq!(
        (
            updated.outcomes().as_str(),
            updated.number("/nodes/db/arrivals")
        ),
        ("", 2.0)
    );
    // A second look-up that waits for the first loads when the token is voided, at 65, and does not
    // get the old value at 90: its own fill arrives at 135.
    let nodes = [
        reader([0, 30, 200]),
        writer([55], ""),
        service("api", 0, ""),
        service("admin", 0, ""),
        cache(r#""ttl": null, "leases": true, "single_flight": true"#),
        database("db", 10, ""),
    ];
    let links = [
        link("r->api", ""),
        link("w->admin", ""),
        link("api->cache", r#""latency": "20ms""#),
        link("api->db", r#""when": "on_miss", "latency": "10ms""#),
        link("admin->db", ""),
        link(
            "admin->cache",
            r#""when": "reads", "on_write": "invalidate""#,
        ),
    ];
    let waited = run(&nodes, &links);
    assert_eq!(
        (
            waited.outcomes().as_str(),
            waited.number("/nodes/db/arrivals")
        ),
        ("", 3.0)
    );
    assert_eq!(waited.number("/nodes/cache/cache/fills_refused"), 1.0);
    assert_eq!(waited.latency(), 115.0 - 30.0);
    // Without an invalidation, the token is valid.
    assert_eq!(
        run_of(true, "none").number("/nodes/cache/cache/fills_refused"),
        0.0
    );
}

#[test]
fn a_fill_that_comes_after_the_invalidation_stays_stale() {
    // Looked up at 20, missed at 40, read at 50..60 (version 0), filled at 90. The write through
    // another service is applied, known and invalidated at 65.
    for (fill_ms, outcomes) in [(20, "stale_reads 1, divergent_keys 1"), (0, "")] {
        let nodes = [
            reader([0, 200]),
            writer([55], ""),
            service("api", 0, ""),
            service("admin", 0, ""),
            cache(r#""ttl": null"#),
            database("db", 10, ""),
        ];
        let links = [
            link("r->api", ""),
            link("w->admin", ""),
            link("api->cache", &format!(r#""latency": "{fill_ms}ms""#)),
            link("api->db", r#""when": "on_miss", "latency": "10ms""#),
            link("admin->db", ""),
            link(
                "admin->cache",
                r#""when": "reads", "on_write": "invalidate""#,
            ),
        ];
        let run = run(&nodes, &links);
        assert_eq!(run.outcomes(), outcomes, "fills take {fill_ms} ms");
        if fill_ms > 0 {
            assert_eq!(run.number("/data/staleness_ms/max"), 200.0 - 65.0);
        }
    }
}

#[test]
fn what_is_written_through_a_cache_stands_in_it_as_it_was_made() {
    let nodes = [
        reader([0, 105, 150]),
        writer([100], ""),
        cache(r#""ttl": null"#),
        database("db", 10, ""),
    ];
    let links = [
        link("r->cache", ""),
        link("w->cache", ""),
        link("cache->db", ""),
    ];
    let run = run(&nodes, &links);
    assert_eq!(run.sent("cache->db"), [0.0, 100.0], "the read at 150 hits");
    assert_eq!(run.outcomes(), "");
}

#[test]
fn what_stood_in_a_cache_from_the_start_is_of_the_version_before_the_first_write() {
    let run = beside_a_cache(
        reader([50, 105, 150]),
        writer([100], ""),
        r#""ttl": null, "warm": 1"#,
    );
    assert_eq!(run.outcomes(), "stale_reads 1, divergent_keys 1");
    assert_eq!(run.number("/data/staleness_ms/max"), 40.0);
}

#[test]
fn without_a_drain_only_what_is_settled_is_judged() {
    // The second write is still with the worker when the run ends.
    let nodes = [
        writer([0, 950], ""),
        node("q", "queue", r#""delivery": "at_most_once""#),
        service("worker", 100, ""),
        database("db", 10, ""),
    ];
    let links = [
        link("w->q", r#""mode": "publish""#),
        link("q->worker", r#""mode": "consume""#),
        link("worker->db", ""),
    ];
    let crash = [fault("crash", "worker", 50, 500, "")];
    let run = run_with(r#""drain": false"#, &nodes, &links, &crash);
    assert_eq!(run.outcomes(), "lost_writes 1");
    assert_eq!(
        (run.number("/data/writes"), run.number("/data/effects")),
        (2.0, 0.0)
    );
}
