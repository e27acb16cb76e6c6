//! Caches: hit ratios, stampedes, cold starts.

use super::harness::{
    Measured, Point, Report, design, link, per_s, report, run, s, settings, simulate, users, with,
};
use serde_json::{Value as Json, json};

const HITS: &str = "/nodes/cache/hit_ratio";

/// A node that answers immediately, or after a fixed time, at any load.
fn origin(time: &str) -> Json {
    json!({"id": "origin", "kind": "service", "concurrency": null, "service_time": time})
}

fn cache(more: Json) -> Json {
    with(
        json!({"id": "cache", "kind": "cache", "capacity": null, "ttl": null, "hit_time": "const(0s)"}),
        more,
    )
}

fn reads(rate: f64, keys: Json) -> Json {
    with(
        users(rate),
        json!({"operations": [{"name": "read", "effect": "read", "keys": keys}]}),
    )
}

/// A client over a read-through cache over an origin.
fn read_through(
    client: Json,
    cache: Json,
    origin: Json,
    duration: f64,
    warmup: f64,
    seed: u64,
) -> Json {
    design(
        settings(seed, duration, warmup),
        json!([client, cache, origin]),
        json!([link("users", "cache"), link("cache", "origin")]),
    )
}

fn seconds(r: &Report) -> f64 {
    r.n("/run/duration_s") - r.n("/run/warmup_s")
}

/// One key with a TTL: a miss, then hits until it expires.
pub(crate) fn ttl(p: &Point) -> Measured {
    let rate = p.n("key_rate");
    let go = |sliding: bool| {
        let cache = cache(json!({"ttl": s(p.n("ttl_s")), "sliding_ttl": sliding}));
        run(read_through(
            reads(rate, json!({"uniform": {"n": 1}})),
            cache,
            origin("const(0s)"),
            200_000.0 / rate,
            0.0,
            3,
        ))
    };
    let (fixed, sliding) = (go(false), go(true));
    vec![
        ("hit_ratio", json!(fixed.n(HITS))),
        (
            "miss_rate_per_s",
            json!(fixed.n("/nodes/origin/arrivals") / seconds(&fixed)),
        ),
        ("sliding_ttl_hit_ratio", json!(sliding.n(HITS))),
    ]
}

fn zipf(p: &Point) -> Json {
    json!({"zipf": {"n": p.n("keys"), "s": p.n("zipf_s")}})
}

/// Che's approximation for LRU under Zipf.
pub(crate) fn lru(p: &Point) -> Measured {
    let cache = cache(json!({"capacity": p.n("capacity"), "eviction": "lru"}));
    let r = run(read_through(
        reads(1000.0, zipf(p)),
        cache,
        origin("const(0s)"),
        3000.0,
        1000.0,
        3,
    ));
    vec![("lru_hit_ratio", json!(r.n(HITS)))]
}

/// TTL over a Zipf key space.
pub(crate) fn ttl_zipf(p: &Point) -> Measured {
    let rate = p.n("total_rate");
    let cache = cache(json!({"ttl": s(p.n("ttl_s"))}));
    let r = run(read_through(
        reads(rate, zipf(p)),
        cache,
        origin("const(0s)"),
        2e6 / rate,
        10.0 * p.n("ttl_s"),
        3,
    ));
    vec![
        ("hit_ratio", json!(r.n(HITS))),
        (
            "backend_rate",
            json!(r.n("/nodes/origin/arrivals") / seconds(&r)),
        ),
    ]
}

/// A hot key expires: the number of calls that load it simultaneously.
pub(crate) fn stampede(p: &Point) -> Measured {
    let (rate, load) = (p.n("key_rate"), p.n("regeneration_s"));
    let is_protected = p.text("protection") != "none";
    let cache = cache(json!({"ttl": "60s", "single_flight": is_protected}));
    let nodes = json!([
        reads(rate, json!({"uniform": {"n": 1}})),
        cache,
        origin(&format!("const({load}s)"))
    ]);
    let links = match is_protected {
        // The cache loads, so that it can make the others wait.
        true => json!([link("users", "cache"), link("cache", "origin")]),
        false => json!([
            link("users", "cache"),
            with(link("users", "origin"), json!({"when": "on_miss"}))
        ]),
    };
    let r = run(design(
        settings(3, 300.0 * (60.0 + load), 0.0),
        nodes,
        links,
    ));
    let loads = r.n("/nodes/origin/arrivals");
    // The first load is of an empty cache, the others of an expired entry.
    let expiries = r.n("/nodes/cache/cache/expirations") + 1.0;
    let lookups = r.n("/nodes/cache/arrivals");
    let waited = lookups * (1.0 - r.n(HITS)) - loads;
    let total = r.s("/requests/latency_ms/mean") * r.n("/requests/completed");
    vec![
        ("regenerations_per_expiry", json!(loads / expiries)),
        (
            "mean_wait_of_coalesced_s",
            json!((total - loads * load) / waited),
        ),
    ]
}

/// The hit ratio of a cache that started empty.
pub(crate) fn cold_start(p: &Point) -> Measured {
    let (so_far, keys) = (p.n("requests_so_far"), zipf(p));
    let even = with(
        reads(1000.0, keys),
        json!({"arrivals": {"constant": per_s(1000.0)}}),
    );
    let go = |seed: u64, warmup: f64, more: f64| {
        run(read_through(
            even.clone(),
            cache(json!({})),
            origin("const(0s)"),
            warmup + more,
            warmup,
            seed,
        ))
    };
    // Just after so many requests: in few of them, over several seeds.
    let (window, seeds) = if so_far < 1e5 {
        (so_far / 20.0, 60)
    } else {
        (20_000.0, 10)
    };
    let ratio: f64 = (1..=seeds)
        .map(|seed| go(seed, so_far / 1000.0, window / 1000.0).n(HITS))
        .sum();
    let loaded: f64 = (1..=10)
        .map(|seed| go(seed, 0.0, so_far / 1000.0).n("/nodes/origin/arrivals"))
        .sum();
    vec![
        ("instant_hit_ratio", json!(ratio / seeds as f64)),
        ("distinct_keys_loaded", json!(loaded / 10.0)),
    ]
}

/// A database behind a cache of a given hit ratio.
pub(crate) fn critical(p: &Point) -> Measured {
    let (rate, hits) = (p.n("arrival_rate"), p.n("hit_ratio"));
    let cache = cache(json!({"hit_ratio": hits, "hit_time": "const(1ms)"}));
    let free = run(read_through(
        users(rate),
        cache.clone(),
        origin("const(20ms)"),
        200_000.0 / rate,
        0.0,
        3,
    ));
    let database = json!({"id": "origin", "kind": "database", "connections": null, "concurrency": 6, "read_time": "const(20ms)"});
    let bounded = run(read_through(users(rate), cache, database, 60.0, 10.0, 3));
    let offered = free.n("/nodes/origin/arrivals") / seconds(&free);
    vec![
        ("db_rate", json!(offered)),
        ("db_rate_offered", json!(offered)),
        (
            "mean_latency_without_queueing_s",
            json!(free.s("/requests/latency_ms/mean")),
        ),
        (
            "db_overloaded",
            json!(
                bounded.n("/nodes/origin/utilization") > 0.999
                    && bounded.n("/nodes/origin/queue_mean") > 1000.0
            ),
        ),
    ]
}

/// Entries loaded together expire together, unless their TTLs are spread.
pub(crate) fn avalanche(p: &Point) -> Measured {
    let jitter = if p.text("jitter").is_empty() {
        0.0
    } else {
        0.1
    };
    let from = if jitter > 0.0 { 265.0 } else { 299.0 };
    let until = if jitter > 0.0 { 331 } else { 302 };
    // Quiet while nothing expires; then every key is read six times a second.
    let client = with(
        reads(60.0, json!({"uniform": {"n": 10_000}})),
        json!({"profile": [{"at": s(from), "times": 1000.0}]}),
    );
    let cache = cache(
        json!({"ttl": "300s", "ttl_jitter": jitter, "warm": 1.0, "capacity": 10_000, "single_flight": true}),
    );
    let mut simulation = simulate(read_through(
        client,
        cache,
        origin("const(1ms)"),
        f64::from(until),
        0.0,
        3,
    ));
    let mut loads = Vec::new();
    for second in 0..=u64::from(until as u32) {
        simulation.run_until(second * 1_000_000_000, u64::MAX);
        loads.push(report(&simulation).n("/nodes/origin/arrivals"));
    }
    let in_second = |second: usize| loads[second + 1] - loads[second];
    let peak = (270..330)
        .map(|second| {
            if second + 1 < loads.len() {
                in_second(second)
            } else {
                0.0
            }
        })
        .fold(0.0, f64::max);
    let spread = if jitter > 0.0 {
        (loads[330] - loads[270]) / 60.0
    } else {
        0.0
    };
    vec![
        ("regenerations_in_second_300", json!(in_second(300))),
        ("regenerations_per_s_between_270_and_330", json!(spread)),
        ("peak_per_s", json!(peak)),
    ]
}
