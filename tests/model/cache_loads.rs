//! Caches: which caller loads a key that several need, what is served meanwhile, and the effect of
//! writes.

use crate::*;

/// Sends requests for one key to a cache that loads from a database in 10 ms.
fn read_through(moments: impl IntoIterator<Item = u64>, spec: &str) -> Run {
    let nodes = [
        replay_by("u", moments, GET),
        cache(spec),
        database("db", 10, ""),
    ];
    run(&nodes, &[link("u->cache", ""), link("cache->db", "")])
}

/// The same through a service beside the cache.
fn look_aside(moments: impl IntoIterator<Item = u64>, spec: &str, faults: &[String]) -> Run {
    let nodes = [
        replay_by("u", moments, GET),
        service("api", 0, r#""concurrency": null"#),
        cache(spec),
        database("db", 10, ""),
    ];
    let links = [
        link("u->api", ""),
        link("api->cache", ""),
        link("api->db", r#""when": "on_miss""#),
    ];
    run_with("", &nodes, &links, faults)
}

#[test]
fn a_sliding_ttl_runs_from_the_last_use() {
    for (sliding, loads) in [(false, [0.0, 120.0].as_slice()), (true, &[0.0])] {
        let spec = format!(r#""ttl": "100ms", "sliding_ttl": {sliding}"#);
        assert_eq!(read_through([0, 60, 120], &spec).sent("cache->db"), loads);
    }
    let run = read_through([0, 60, 170], r#""ttl": "100ms", "sliding_ttl": true"#);
    assert_eq!(
        run.sent("cache->db"),
        [0.0, 170.0],
        "used at 60, so gone at 160"
    );
}

#[test]
fn one_flight_loads_for_all_who_ask_meanwhile() {
    let alone = read_through([0, 2, 9, 10], "");
    assert_eq!(alone.sent("cache->db"), [0.0, 2.0, 9.0]);
    let shared = read_through([0, 2, 9, 11], r#""single_flight": true"#);
    assert_eq!(shared.sent("cache->db"), [0.0]);
    // Waits of 10, 8 and 1 ms, and a hit.
    assert_eq!(shared.number("/requests/latency_ms/mean"), 19.0 / 4.0);
    assert_eq!(shared.number("/nodes/cache/cache/coalesced"), 2.0);
    assert_eq!(shared.number("/nodes/cache/hit_ratio"), 0.25);
}

#[test]
fn who_waits_for_a_flight_shares_its_failure() {
    let nodes = [
        replay_by("u", [0, 5, 20], GET),
        cache(r#""single_flight": true"#),
        service("origin", 10, r#""error_rate": 1"#),
    ];
    let run = run(&nodes, &[link("u->cache", ""), link("cache->origin", "")]);
    assert_eq!(run.sent("cache->origin"), [0.0, 20.0]);
    assert_eq!(run.failed(), "error 3");
}

#[test]
fn a_crash_ends_a_flight_and_those_who_wait_for_it() {
    let nodes = [
        replay_by("u", [0, 5, 30], GET),
        cache(r#""single_flight": true"#),
        database("db", 10, ""),
    ];
    let links = [link("u->cache", ""), link("cache->db", "")];
    let run = run_with("", &nodes, &links, &[fault("crash", "cache", 7, 20, "")]);
    assert_eq!(run.failed(), "error 2");
    assert_eq!((run.ok(), run.sent("cache->db")), (1.0, vec![0.0, 30.0]));
}

#[test]
fn beside_a_cache_one_caller_loads_and_the_others_wait_for_its_fill() {
    let run = look_aside([0, 2, 9, 11], r#""single_flight": true"#, &[]);
    assert_eq!(run.sent("api->db"), [0.0]);
    assert_eq!(run.number("/requests/latency_ms/mean"), 19.0 / 4.0);
}

#[test]
fn a_lease_that_brings_no_fill_goes_to_the_next_who_waits() {
    // The first loads from 0 to 10, but its fill is lost; the second receives a miss and loads at
    // 50.
    let lost = [fault("loss", "api->cache", 10, 11, r#""loss": 1"#)];
    let spec = r#""single_flight": true, "lease_time": "50ms""#;
    let run = look_aside([0, 5, 6, 100], spec, &lost);
    assert_eq!(run.sent("api->db"), [0.0, 50.0]);
    assert_eq!(
        run.latency(),
        55.0,
        "from 5 to 60, when its own fill comes to the third too"
    );
    assert_eq!(run.ok(), 4.0);
}

#[test]
fn a_caller_waits_for_a_lease_that_went_to_the_only_one_that_waited() {
    // At 50 the second gets the lease, and no other caller waits. The third comes at 55, and gets
    // the fill at 60.
    let lost = [fault("loss", "api->cache", 10, 11, r#""loss": 1"#)];
    let spec = r#""single_flight": true, "lease_time": "50ms""#;
    let run = look_aside([0, 5, 55, 56], spec, &lost);
    assert_eq!(run.sent("api->db"), [0.0, 50.0]);
    assert_eq!(run.trace("u->api").matches("answer 60").count(), 3);
    assert_eq!(run.ok(), 4.0);
}

#[test]
fn a_lease_goes_to_nobody_who_has_given_up() {
    // The first load fails, and its lease expires at 100. The callers of 10 and 20 timed out at 60
    // and 70; the caller of 90 loads at 100.
    let ran = |moments: &[u64]| {
        let nodes = [
            replay_by("u", moments.iter().copied(), GET),
            service("api", 0, r#""concurrency": null"#),
            cache(r#""ttl": null, "single_flight": true, "lease_time": "100ms""#),
            database("db", 10, ""),
        ];
        let links = [
            link("u->api", ""),
            link("api->cache", r#""timeout": "50ms""#),
            link("api->db", r#""when": "on_miss""#),
        ];
        let errs = [fault("error_rate", "db", 0, 20, r#""errors": 1"#)];
        let run = run_with("", &nodes, &links, &errs);
        assert_eq!(run.number("/nodes/cache/cache/entries"), 1.0);
        (run.trace("u->api"), run.sent("api->db"))
    };
    let (trace, loads) = ran(&[0, 10, 20, 90, 150]);
    assert_eq!(
        trace,
        "call 0, failure 0, call 10, call 20, failure 60, failure 70, call 90, answer 110, call 150, answer 150"
    );
    assert_eq!(loads, [0.0, 100.0]);
    // If all have timed out by then, the next caller loads.
    let (trace, loads) = ran(&[0, 10, 150, 155]);
    assert_eq!(
        trace,
        "call 0, failure 0, call 10, failure 60, call 150, call 155, answer 160, answer 160"
    );
    assert_eq!(loads, [0.0, 150.0]);
}

#[test]
fn what_has_expired_is_served_while_it_is_loaded_anew() {
    let spec = r#""ttl": "100ms", "stale_while_revalidate": "1s""#;
    let run = read_through([0, 150, 155, 161], spec);
    // Filled at 10; 150 and 155 are served what expired at 110, 161 what came at 160.
    assert_eq!(run.sent("cache->db"), [0.0, 150.0]);
    assert_eq!(run.number("/requests/latency_ms/mean"), 2.5);
    assert_eq!(run.number("/nodes/cache/cache/stale_served"), 2.0);
    assert_eq!(run.number("/nodes/cache/cache/refreshes"), 1.0);
    let late = read_through(
        [0, 150],
        r#""ttl": "100ms", "stale_while_revalidate": "40ms""#,
    );
    assert_eq!(late.latency(), 10.0, "gone at 150");
    assert_eq!(late.number("/nodes/cache/cache/expirations"), 1.0);
    // Beside a cache, the first caller loads and waits for it; the others are served.
    let beside = look_aside([0, 150, 155, 161], spec, &[]);
    assert_eq!(beside.sent("api->db"), [0.0, 150.0]);
    assert_eq!(beside.number("/requests/latency_ms/mean"), 5.0);
    assert_eq!(beside.number("/nodes/cache/cache/stale_served"), 1.0);
}

#[test]
fn early_expiry_spreads_loads_before_the_end() {
    // A load takes 10 ms and a request comes every ms: ten load at 0, the last of them fills at 19,
    // ten more load at 119, and so on, nine times in a second. With beta 1, one request comes
    // before the end, nearly always alone.
    let loads = |early: &str| {
        let spec = format!(r#""ttl": "100ms", "early_expiry": {early}"#);
        let run = read_through(0..1000, &spec);
        run.sent("cache->db").len()
    };
    let hard = loads("null");
    assert_eq!(hard, 90);
    assert!((9..60).contains(&loads(r#"{"beta": 1}"#)));
    assert_eq!(loads(r#"{"beta": 0}"#), hard);
}

#[test]
fn a_warm_cache_holds_the_most_popular_keys_at_the_start() {
    let requests = |keys: u32, spec: &str| {
        let keys = format!(
            r#""arrivals": {{"constant": "1000/s"}}, "operations": [{{"name": "get", "keys": {{"uniform": {{"n": {keys}}}}}}}]"#
        );
        let nodes = [
            node("u", "client", &keys),
            cache(spec),
            database("db", 1, ""),
        ];
        run(&nodes, &[link("u->cache", ""), link("cache->db", "")])
    };
    let warm = requests(100, r#""warm": 1"#);
    assert_eq!(warm.number("/nodes/cache/hit_ratio"), 1.0);
    assert_eq!(warm.number("/nodes/cache/cache/entries"), 100.0);
    let half = requests(100, r#""warm": 0.5, "capacity": 20"#);
    assert_eq!(half.number("/nodes/cache/cache/entries"), 20.0);
    let cold = requests(100, "");
    assert!(cold.number("/nodes/cache/hit_ratio") < 1.0);
}

#[test]
fn what_a_warm_cache_holds_grows_stale_as_anything_else() {
    // A random hit has no known age.
    for (spec, stale) in [
        (r#""warm": 1, "ttl": null"#, 1.0),
        (r#""hit_ratio": 1"#, 0.0),
    ] {
        let nodes = [
            replay_by("w", [100], PUT),
            replay_by("u", [50, 200], GET),
            // The cache does not have their first versions.
            replay_by("other", [100], PUT),
            database("others", 10, ""),
            cache(spec),
            database("db", 10, ""),
        ];
        let links = [
            link("w->db", ""),
            link("u->cache", ""),
            link("cache->db", ""),
            link("other->others", ""),
        ];
        let run = run(&nodes, &links);
        assert_eq!(run.number("/nodes/cache/hit_ratio"), 1.0, "{spec}");
        assert_eq!(run.number("/data/stale_reads"), stale, "{spec}");
        assert_eq!(run.number("/data/divergent_keys"), stale, "{spec}");
    }
}

#[test]
fn a_fixed_hit_ratio_asks_no_key() {
    let nodes = [
        node("u", "client", r#""arrivals": {"constant": "10000/s"}"#),
        cache(r#""hit_ratio": 0.8"#),
        database("db", 0, ""),
    ];
    let run = run(&nodes, &[link("u->cache", ""), link("cache->db", "")]);
    // Three deviations of 10,000 tosses are 0.012.
    assert!((run.number("/nodes/cache/hit_ratio") - 0.8).abs() < 0.012);
    assert_eq!(run.number("/nodes/cache/cache/entries"), 0.0);
}

#[test]
fn a_write_may_bring_its_value_to_the_cache_beside_it() {
    // Invalidated at 110, the key is loaded again at 112; updated, it is already there.
    for (on_write, loads) in [("invalidate", 2), ("update", 1)] {
        let nodes = [
            replay_by("u", [0, 112], GET),
            replay_by("w", [100], PUT),
            service("api", 0, ""),
            cache(""),
            database("db", 10, ""),
        ];
        let cached = format!(r#""when": "reads", "on_write": "{on_write}""#);
        let links = [
            link("u->api", ""),
            link("w->api", ""),
            link("api->cache", &cached),
            link("api->db", r#""when": ["on_miss", "writes"]"#),
        ];
        let run = run(&nodes, &links);
        let sent = run.sent("api->db");
        assert_eq!(
            sent.iter().filter(|at| **at != 100.0).count(),
            loads,
            "{on_write}"
        );
    }
}

fn write_behind(moments: &[u64], reads: &[u64], origin: String, faults: &[String]) -> Run {
    let nodes = [
        replay_by("w", moments.iter().copied(), PUT),
        replay_by("u", reads.iter().copied(), GET),
        cache(r#""write_behind_delay": "100ms", "ttl": "20ms""#),
        origin,
    ];
    let links = [
        link("w->cache", r#""on_write": "write_behind""#),
        link("u->cache", ""),
        link("cache->db", ""),
    ];
    run_with("", &nodes, &links, faults)
}

#[test]
fn a_write_behind_answers_at_once_and_reaches_the_origin_later_with_those_that_followed() {
    let run = write_behind(&[0, 40, 99, 150], &[50, 90], database("db", 10, ""), &[]);
    assert_eq!(
        run.latency(),
        0.0,
        "and what is not written yet is read here, expired or not"
    );
    assert_eq!(run.sent("cache->db"), [100.0, 250.0]);
    assert_eq!(
        run.number("/data/lost_writes"),
        0.0,
        "the later one stands for them"
    );
    assert_eq!(run.number("/data/stale_reads"), 0.0);
    assert_eq!(run.number("/data/effect_delay_ms/max"), 110.0);
    assert_eq!(run.number("/nodes/cache/cache/written_behind"), 4.0);
    assert_eq!(run.number("/nodes/cache/cache/unwritten"), 0.0);
}

#[test]
fn what_is_written_behind_is_the_newest_until_somebody_else_writes() {
    // Written here at 0 and 300, in the database at 110 and 410; by another client at 210.
    let ran = |reads: &[u64], mine: &[u64], others: &[u64], settings: &str| {
        let nodes = [
            replay_by("w", mine.iter().copied(), PUT),
            replay_by("x", others.iter().copied(), PUT),
            replay_by("u", reads.iter().copied(), GET),
            cache(r#""write_behind_delay": "100ms", "ttl": null"#),
            database("db", 10, ""),
        ];
        let links = [
            link("w->cache", r#""on_write": "write_behind""#),
            link("x->db", ""),
            link("u->cache", ""),
            link("cache->db", ""),
        ];
        let run = run_with(settings, &nodes, &links, &[]);
        let oldest = run.report.pointer("/data/staleness_ms/max");
        let counts = ["stale_reads", "divergent_keys"];
        let [stale, divergent] = counts.map(|name| run.number(&format!("/data/{name}")));
        [
            stale,
            oldest.and_then(Json::as_f64).unwrap_or(0.0),
            divergent,
        ]
    };
    // A read at 250 gets the version of 110, stale since 210; at 350, the cache's own again.
    let reads = [50, 150, 250, 350, 450];
    assert_eq!(ran(&reads, &[0, 300], &[200], ""), [1.0, 40.0, 0.0]);
    assert_eq!(ran(&reads, &[0, 300], &[], ""), [0.0, 0.0, 0.0]);
    // Earlier reads of the database are no reason to forget it.
    assert_eq!(ran(&[0, 50], &[5], &[20], ""), [0.0, 0.0, 0.0]);
    // While the database lacks it, they disagree.
    let cut_short = r#""drain": false"#;
    assert_eq!(ran(&[], &[950], &[], cut_short), [0.0, 0.0, 1.0]);
    assert_eq!(ran(&[], &[850], &[], cut_short), [0.0, 0.0, 0.0]);
}

#[test]
fn a_drain_waits_for_what_tells_a_cache_of_a_write() {
    let ran = |faults: &[String]| {
        let nodes = [
            replay_by("u", [0], GET),
            replay_by("w", [985], PUT),
            service("api", 0, ""),
            cache(r#""ttl": null"#),
            database("db", 10, ""),
        ];
        let links = [
            link("u->cache", ""),
            link("cache->db", ""),
            link("w->api", ""),
            link("api->db", ""),
            link(
                "api->cache",
                r#""when": "reads", "on_write": "invalidate", "latency": "50ms""#,
            ),
        ];
        let run = run_with("", &nodes, &links, faults);
        run.number("/data/divergent_keys")
    };
    // Applied and published at 995, received at 1045.
    assert_eq!(ran(&[]), 0.0);
    // Lost like everything that is sent to a hanging cache, and on the network.
    assert_eq!(ran(&[fault("hang", "cache", 1_000, 1_100, "")]), 1.0);
    assert_eq!(
        ran(&[fault("loss", "api->cache", 990, 2_000, r#""loss": 1"#)]),
        1.0
    );
}

#[test]
fn a_crash_or_a_flush_loses_what_was_not_written_yet() {
    for kind in ["crash", "cache_flush"] {
        let faults = [fault(kind, "cache", 50, 60, "")];
        let run = write_behind(&[0, 70], &[], database("db", 10, ""), &faults);
        assert_eq!(run.sent("cache->db"), [170.0], "{kind}");
        assert_eq!(run.number("/data/lost_writes"), 1.0, "{kind}");
    }
}

#[test]
fn a_write_behind_that_fails_is_tried_again_until_the_origin_is_back() {
    let faults = [fault("crash", "db", 0, 250, "")];
    let run = write_behind(&[0], &[], database("db", 10, ""), &faults);
    assert_eq!(run.sent("cache->db"), [100.0, 200.0, 300.0]);
}

#[test]
fn entries_never_read_are_counted() {
    let nodes = [
        replay_by("u", [0, 20, 200], GET),
        cache(r#""ttl": "100ms""#),
        database("db", 10, ""),
    ];
    let run = run(&nodes, &[link("u->cache", ""), link("cache->db", "")]);
    // Filled at 10, read at 20, expired; filled again at 210 and never read.
    assert_eq!(run.number("/nodes/cache/cache/fills"), 2.0);
    assert_eq!(run.number("/nodes/cache/cache/never_read"), 1.0);
    assert_eq!(run.number("/nodes/cache/cache/expirations"), 1.0);
}
