//! Caches: when an entry is present, and when it no longer is.

use crate::*;

/// Look-aside: the cache is 1 ms away, the database takes 10 ms. Requests read one key.
fn look_aside(moments: impl IntoIterator<Item = u64>, ttl: &str, faults: &[String]) -> Run {
    let nodes = [
        replay_by("u", moments, GET),
        service("api", 0, ""),
        cache(&format!(r#""ttl": {ttl}"#)),
        database("db", 10, ""),
    ];
    let links = [
        link("u->api", ""),
        link("api->cache", r#""latency": "1ms""#),
        link("api->db", r#""when": "on_miss""#),
    ];
    run_with("", &nodes, &links, faults)
}

#[test]
fn a_fill_is_a_message_and_the_ttl_runs_from_its_arrival() {
    // Sent at 1, missed at 2, loaded at 12, filled at 13; look-ups arrive 1 ms after the request.
    for (second, loads) in [(11, 2), (13, 1), (111, 1), (112, 2)] {
        let run = look_aside([0, second], r#""100ms""#, &[]);
        assert_eq!(
            run.sent("api->db").len(),
            loads,
            "the second request at {second}"
        );
    }
    let run = look_aside([0, 50], r#""100ms""#, &[]);
    assert_eq!(run.latency(), 12.0);
    assert_eq!(
        run.number("/requests/latency_ms/mean"),
        7.0,
        "a hit is 2 ms"
    );
    assert_eq!(run.number("/nodes/cache/hit_ratio"), 0.5);
}

#[test]
fn a_flush_and_a_crash_forget_and_a_down_cache_refuses() {
    let moments = [0, 50, 200, 300];
    let never = look_aside(moments, "null", &[]);
    assert_eq!(never.sent("api->db"), [2.0]);
    let flushed = look_aside(
        moments,
        "null",
        &[fault("cache_flush", "cache", 100, 101, "")],
    );
    assert_eq!(flushed.sent("api->db"), [2.0, 202.0]);
    let crashed = look_aside(moments, "null", &[fault("crash", "cache", 100, 250, "")]);
    assert_eq!(crashed.sent("api->db"), [2.0, 302.0]);
    assert_eq!(crashed.failed(), "error 1");
}

#[test]
fn a_fill_that_is_lost_leaves_the_cache_empty() {
    let run = look_aside(
        [0, 50],
        "null",
        &[fault("loss", "api->cache", 12, 13, r#""loss": 1"#)],
    );
    assert_eq!(run.sent("api->db"), [2.0, 52.0]);
}

#[test]
fn read_through_loads_once_and_writes_reach_the_origin() {
    let nodes = [
        replay_by("u", [0, 20, 119, 120], GET),
        replay_by("w", [300], PUT),
        replay_by("v", [350], GET),
        cache(r#""ttl": "100ms""#),
        database("db", 10, ""),
    ];
    let links = [
        link("u->cache", ""),
        link("w->cache", ""),
        link("v->cache", ""),
        link("cache->db", ""),
    ];
    let run = run(&nodes, &links);
    // Filled at 10, so stale from 110 on; again at 129. The write at 300 is in the cache at 310.
    assert_eq!(run.sent("cache->db"), [0.0, 119.0, 120.0, 300.0]);
    assert_eq!(
        run.number("/requests/latency_ms/mean"),
        (10.0 + 0.0 + 10.0 + 10.0 + 10.0 + 0.0) / 6.0
    );
}

#[test]
fn a_write_invalidates_by_a_message_once_it_has_succeeded() {
    for (on_write, loads) in [("none", 1), ("invalidate", 2)] {
        let nodes = [
            replay_by("u", [0, 109, 112], GET),
            replay_by("w", [100], PUT),
            service("api", 0, ""),
            cache(""),
            database("db", 10, ""),
        ];
        let cached = format!(r#""latency": "1ms", "when": "reads", "on_write": "{on_write}""#);
        let links = [
            link("u->api", ""),
            link("w->api", ""),
            link("api->cache", &cached),
            link("api->db", r#""when": ["on_miss", "writes"]"#),
        ];
        let run = run(&nodes, &links);
        // The write ends at 110 and the entry is removed at 111: the look-up at 110 still hits.
        let reads = run
            .sent("api->db")
            .into_iter()
            .filter(|at| *at != 100.0)
            .count();
        assert_eq!(reads, loads, "{on_write}");
    }
}

/// One read at 0 and one at 20, with a cache outage until 10. Returns the ends of requests and
/// loads.
fn without_cache(to_cache: &str, when: &str, error_rate: f64) -> (String, f64, f64, Vec<f64>) {
    let nodes = [
        replay_by("u", [0, 20, 40], GET),
        service("api", 0, ""),
        cache(""),
        service("db", 5, &format!(r#""error_rate": {error_rate}"#)),
    ];
    let links = [
        link("u->api", ""),
        link("api->cache", to_cache),
        link("api->db", &format!(r#""when": {when}"#)),
    ];
    let out = fault("cache_outage", "cache", 0, 10, "");
    let run = run_with("", &nodes, &links, &[out]);
    let degraded = run.number("/requests/degraded");
    (run.failed(), run.ok(), degraded, run.sent("api->db"))
}

#[test]
fn a_cache_that_does_not_answer_is_a_cache_that_misses() {
    let optional = r#""optional": true"#;
    let failed = |text: &str| text.to_owned();
    // The origin is called (at 0, and at 20 because the fill at 0 was refused too), and the answers
    // are complete.
    let whole = (String::new(), 3.0, 0.0, vec![0.0, 20.0]);
    assert_eq!(without_cache(optional, r#""on_miss""#, 0.0), whole);
    let both = r#"["on_miss", "on_error"]"#;
    assert_eq!(without_cache(optional, both, 0.0), whole);
    assert_eq!(without_cache("", both, 0.0), whole);
    // A fallback that is not the origin gives a different answer.
    let fallback = (String::new(), 2.0, 1.0, vec![0.0]);
    assert_eq!(without_cache("", r#""on_error""#, 0.0), fallback);
    // A required look-up fails the answer if nothing handles its failure.
    let fails = (failed("error 1"), 2.0, 0.0, vec![20.0]);
    assert_eq!(without_cache("", r#""on_miss""#, 0.0), fails);
    // A failing origin completes no answer.
    let broken = (failed("error 3"), 0.0, 0.0, vec![0.0, 20.0, 40.0]);
    assert_eq!(without_cache(optional, r#""on_miss""#, 1.0), broken);
    // There is no loader: a part is missing.
    let nobody = (String::new(), 2.0, 1.0, vec![]);
    assert_eq!(without_cache(optional, r#""writes""#, 0.0), nobody);
}

#[test]
fn what_else_is_missing_stays_missing_when_the_origin_has_answered() {
    let nodes = [
        replay_by("u", [0], GET),
        service("api", 0, ""),
        service("ads", 0, r#""error_rate": 1"#),
        cache(""),
        database("db", 5, ""),
    ];
    let out = || fault("cache_outage", "cache", 0, 10, "");
    let degraded = |order: [&str; 2]| {
        let mut links = vec![link("u->api", "")];
        links.extend(order.map(|ends| link(ends, r#""optional": true"#)));
        links.push(link("api->db", r#""when": "on_miss""#));
        run_with("", &nodes, &links, &[out()]).number("/requests/degraded")
    };
    assert_eq!(degraded(["api->ads", "api->cache"]), 1.0);
    assert_eq!(degraded(["api->cache", "api->ads"]), 1.0);
}

/// Reads 2,000 cached keys at random; a share is flushed at 500 ms.
fn after_flush(share: &str, cache_rest: &str) -> Run {
    let nodes = [
        node(
            "u",
            "client",
            r#""arrivals": {"constant": "1000/s"},
            "operations": [{"name": "get", "keys": {"uniform": {"n": 2000}}}]"#,
        ),
        service("api", 0, r#""concurrency": null"#),
        cache(cache_rest),
        database("db", 1, r#""concurrency": 1000, "connections": 1000"#),
    ];
    let links = [
        link("u->api", ""),
        link("api->cache", ""),
        link("api->db", r#""when": "on_miss""#),
    ];
    let share = match share {
        "" => String::new(),
        share => format!(r#", "share": {share}"#),
    };
    let flush = format!(r#"{{"kind": "cache_flush", "target": "cache", "at": "500ms"{share}}}"#);
    let settings = r#""duration": "20s""#;
    run_with(settings, &nodes, &links, &[flush])
}

#[test]
fn a_flush_may_be_of_a_share_of_the_keys() {
    // All 2,000 are there, and each removed one is loaded once. Two standard deviations of the
    // number of removed keys are 45.
    let misses = |share: &str, rest: &str| {
        let warm = format!(r#""capacity": 2000, "warm": 1{rest}"#);
        after_flush(share, &warm).number("/links/api->db/calls")
    };
    assert!(misses("", "") > 1_990.0);
    assert!(misses("1", "") > 1_990.0);
    assert_eq!(misses("0", ""), 0.0);
    for eviction in ["lru", "lfu", "fifo", "random", "sieve"] {
        let rest = format!(r#", "eviction": "{eviction}""#);
        for share in [0.25, 0.5] {
            let (lost, expected) = (misses(&share.to_string(), &rest), 2_000.0 * share);
            assert!((lost - expected).abs() < 90.0, "{eviction} {share}: {lost}");
        }
    }
}

#[test]
fn a_flush_of_a_share_loses_unwritten_writes_of_its_keys_and_no_others() {
    let lost = |share: f64| {
        let nodes = [
            node(
                "u",
                "client",
                r#""arrivals": {"constant": "1000/s"}, "operations":
                    [{"name": "put", "effect": "write", "keys": {"uniform": {"n": 1000000}}}]"#,
            ),
            cache(r#""write_behind_delay": "10s", "capacity": null"#),
            database("db", 1, r#""concurrency": 1000, "connections": 1000"#),
        ];
        let links = [
            link("u->cache", r#""on_write": "write_behind""#),
            link("cache->db", ""),
        ];
        let flush = format!(
            r#"{{"kind": "cache_flush", "target": "cache", "at": "2s", "share": {share}}}"#
        );
        let run = run_with(r#""duration": "3s""#, &nodes, &links, &[flush]);
        run.number("/data/lost_writes")
    };
    assert_eq!(lost(0.0), 0.0);
    assert!((1_990.0..=2_000.0).contains(&lost(1.0)), "{}", lost(1.0));
    assert!((lost(0.3) - 600.0).abs() < 62.0, "{}", lost(0.3));
}
