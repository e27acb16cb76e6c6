//! Leases that are limited per key: at most one caller in each interval loads a key.

use crate::*;

/// Runs reads and writes of one key: readers load through a look-aside cache in 10 ms, and writers
/// invalidate.
fn reads_and_writes(reads: &[u64], writes: &[u64], spec: &str, faults: &[String]) -> Run {
    let nodes = [
        replay_by("r", reads.iter().copied(), GET),
        replay_by("w", writes.iter().copied(), PUT),
        service("api", 0, r#""concurrency": null"#),
        service("admin", 0, r#""concurrency": null"#),
        cache(&format!(r#""ttl": null, "leases": true{spec}"#)),
        database("db", 10, ""),
    ];
    let links = [
        link("r->api", ""),
        link("w->admin", ""),
        link("api->cache", ""),
        link("api->db", r#""when": "on_miss""#),
        link("admin->db", ""),
        link(
            "admin->cache",
            r#""when": "reads", "on_write": "invalidate""#,
        ),
    ];
    run_with("", &nodes, &links, faults)
}

const LIMITED: &str = r#", "lease_interval": "100ms""#;

fn coalesced(run: &Run) -> f64 {
    run.number("/nodes/cache/cache/coalesced")
}

#[test]
fn others_wait_for_the_fill_of_the_caller_with_the_lease() {
    let each = reads_and_writes(&[0, 2, 9, 11], &[], "", &[]);
    assert_eq!(each.sent("api->db"), [0.0, 2.0, 9.0]);
    let one = reads_and_writes(&[0, 2, 9, 11], &[], LIMITED, &[]);
    assert_eq!((one.sent("api->db"), coalesced(&one)), (vec![0.0], 2.0));
    assert_eq!(one.trace("r->api").matches("answer 10").count(), 3);
}

#[test]
fn a_key_that_is_invalidated_is_loaded_once_in_an_interval() {
    // Written every 20 ms and read every 10 ms, from 5 ms on.
    let reads: Vec<u64> = (0..20).map(|n| n * 10 + 5).collect();
    let writes: Vec<u64> = (0..15).map(|n| n * 20).collect();
    let each = reads_and_writes(&reads, &writes, "", &[]);
    assert!(each.sent("api->db").len() >= 10, "after each write");
    let limited = reads_and_writes(&reads, &writes, LIMITED, &[]);
    // A write voids each token: the fill is refused, and the others wait for the next token.
    assert_eq!(limited.sent("api->db"), [5.0, 105.0, 205.0, 305.0]);
    assert_eq!(limited.ok(), 35.0);
}

#[test]
fn after_an_invalidation_the_next_token_is_due_at_the_end_of_the_interval() {
    // Loaded from 0 to 10, invalidated at 30: the read at 40 waits until 100, and that of 60 gets
    // its fill at 110.
    let run = reads_and_writes(&[0, 40, 60], &[20], LIMITED, &[]);
    assert_eq!(run.sent("api->db"), [0.0, 100.0]);
    assert_eq!(
        run.trace("r->api"),
        "call 0, answer 10, call 40, call 60, answer 110, answer 110"
    );
    // The token of the second load starts another interval.
    let run = reads_and_writes(&[0, 40, 150, 250], &[20, 120], LIMITED, &[]);
    assert_eq!(run.sent("api->db"), [0.0, 100.0, 200.0]);
    // Without an invalidation, later reads hit.
    let run = reads_and_writes(&[0, 150, 250], &[], LIMITED, &[]);
    assert_eq!(run.sent("api->db"), [0.0]);
}

#[test]
fn a_token_that_an_invalidation_voids_is_not_replaced() {
    // Invalidated at 5, while the first caller loads: its fill at 10 is refused.
    let write = [fault("slowdown", "db", 0, 1, r#""times": 0.5"#)];
    let run = reads_and_writes(&[1, 8], &[0], LIMITED, &write);
    assert_eq!(run.sent("api->db"), [1.0, 101.0]);
    assert_eq!(run.number("/nodes/cache/cache/fills_refused"), 1.0);
    let at_once = reads_and_writes(&[1, 8], &[0], r#", "single_flight": true"#, &write);
    assert_eq!(at_once.sent("api->db"), [1.0, 8.0]);
}

#[test]
fn a_flush_and_a_crash_forget_the_interval() {
    for kind in ["cache_flush", "crash"] {
        let lost = [fault(kind, "cache", 20, 21, "")];
        let run = reads_and_writes(&[0, 30], &[], LIMITED, &lost);
        assert_eq!(run.sent("api->db"), [0.0, 30.0], "{kind}");
    }
    // A caller that waits when the cache is flushed loads immediately.
    let flush = [fault("cache_flush", "cache", 50, 51, "")];
    let run = reads_and_writes(&[0, 40], &[20], LIMITED, &flush);
    assert_eq!(run.sent("api->db"), [0.0, 50.0]);
}

#[test]
fn without_leases_or_with_a_fixed_ratio_nothing_is_limited() {
    let nodes = |spec: &str| {
        [
            replay_by("u", [0, 2, 4], GET),
            service("api", 0, ""),
            cache(spec),
            database("db", 10, ""),
        ]
    };
    let links = [
        link("u->api", ""),
        link("api->cache", ""),
        link("api->db", r#""when": "on_miss""#),
    ];
    for spec in [
        r#""lease_interval": "1s""#,
        r#""leases": true, "lease_interval": "1s", "hit_ratio": 0"#,
    ] {
        let run = run(&nodes(spec), &links);
        assert_eq!(run.sent("api->db"), [0.0, 2.0, 4.0], "{spec}");
    }
}
