//! Data: replicas that lag, quorums, shards, locks, effects applied twice.

use super::harness::{
    Measured, Point, Report, design, exp, link, per_s, run, s, settings, users, with,
};
use serde_json::{Value as Json, json};

fn database(more: Json) -> Json {
    with(
        json!({"id": "db", "kind": "database", "connections": null, "concurrency": 100_000,
        "read_time": "const(0s)", "write_time": "const(0s)"}),
        more,
    )
}

fn operation(effect: &str, rate: f64, keys: Json) -> Json {
    let id = format!("{effect}ers");
    json!({"id": id, "kind": "client", "arrivals": {"poisson": per_s(rate)},
        "operations": [{"name": effect, "effect": effect, "keys": keys}]})
}

fn one_key() -> Json {
    json!({"uniform": {"n": 1}})
}

/// An asynchronous replica with a fixed lag.
pub(crate) fn lag(p: &Point) -> Measured {
    let lag = p.n("lag_s");
    let replicated = database(json!({"replication": {"replicas": 2, "mode": "async",
        "lag": format!("const({lag}s)"), "read_from": "follower"}}));
    let links = json!([link("writeers", "db"), link("readers", "db")]);
    if let Some(delay) = p.find("read_your_write_delay_s") {
        let at = |offset: f64| {
            (0..100)
                .map(|n| s(f64::from(n) * 10.0 + offset))
                .collect::<Vec<_>>()
        };
        let mut writes = operation("write", 1.0, one_key());
        let mut reads = operation("read", 1.0, one_key());
        writes["arrivals"] = json!({"replay": at(1.0)});
        reads["arrivals"] = json!({"replay": at(1.0 + delay)});
        let r = run(design(
            settings(3, 1010.0, 0.0),
            json!([writes, reads, replicated]),
            links,
        ));
        return vec![(
            "prob_ryw_violation",
            json!(r.n("/data/stale_reads") / r.n("/data/reads")),
        )];
    }
    let nodes = json!([
        operation("write", p.n("write_rate"), one_key()),
        operation("read", 100.0, one_key()),
        replicated
    ]);
    let r = run(design(settings(3, 2000.0, 0.0), nodes, links));
    vec![(
        "prob_stale_read",
        json!(r.n("/data/stale_reads") / r.n("/data/reads")),
    )]
}

/// Reads and writes that reach the given numbers of n members.
pub(crate) fn quorum(p: &Point) -> Measured {
    let replicated = database(
        json!({"replication": {"replicas": p.n("N"), "mode": "quorum",
        "w": p.n("W"), "r": p.n("R"), "write_to": "quorum"}}),
    );
    let at = |offset: f64| {
        (0..10_000)
            .map(|n| s(f64::from(n) + offset))
            .collect::<Vec<_>>()
    };
    let mut writes = operation("write", 1.0, one_key());
    let mut reads = operation("read", 1.0, one_key());
    writes["arrivals"] = json!({"replay": at(0.1)});
    reads["arrivals"] = json!({"replay": at(0.6)});
    let links = json!([link("writeers", "db"), link("readers", "db")]);
    let mut misses = 0.0;
    let mut all = 0.0;
    for seed in 1..=10 {
        let mut whole = design(
            settings(seed, 10_001.0, 0.0),
            json!([writes, reads, replicated]),
            links.clone(),
        );
        whole["drain"] = json!(false);
        let r = run(whole);
        misses += r.n("/data/stale_reads");
        all += r.n("/data/reads");
    }
    vec![("prob_no_overlap", json!(misses / all))]
}

fn shares(r: &Report) -> Vec<f64> {
    let replicas = r.at("/nodes/db/replicas").as_array().expect("members");
    let arrivals = replicas
        .iter()
        .map(|replica| replica["arrivals"].as_f64().unwrap_or(0.0));
    let arrivals: Vec<f64> = arrivals.collect();
    let total: f64 = arrivals.iter().sum();
    arrivals.iter().map(|arrivals| arrivals / total).collect()
}

fn sharded(seed: u64, keys: Json, shards: f64, requests: f64) -> Vec<f64> {
    let client = with(users(10_000.0), json!({"operations": [{"keys": keys}]}));
    let db = database(json!({"shards": {"count": shards, "by": "hash"}}));
    let r = run(design(
        settings(seed, requests / 10_000.0, 0.0),
        json!([client, db]),
        json!([link("users", "db")]),
    ));
    shares(&r)
}

/// Keys over shards: balls into bins.
pub(crate) fn bins(p: &Point) -> Measured {
    let (keys, shards) = (p.n("keys"), p.n("shards"));
    let runs = if shards > 100.0 { 60 } else { 40 };
    let mut sum = 0.0;
    for seed in 1..=runs {
        let shares = sharded(seed, json!({"uniform": {"n": keys}}), shards, 1_000_000.0);
        sum += shares.iter().copied().fold(0.0, f64::max) * shards;
    }
    vec![("mean_max_over_mean", json!(sum / runs as f64))]
}

/// A popular key makes its shard hot.
pub(crate) fn hot_shard(p: &Point) -> Measured {
    let keys = json!({"zipf": {"n": p.n("keys"), "s": p.n("zipf_s")}});
    let shards = p.n("shards");
    let (mut hottest, mut usable) = (0.0, 0.0);
    let runs = 60;
    for seed in 1..=runs {
        let top = sharded(seed, keys.clone(), shards, 200_000.0)
            .iter()
            .copied()
            .fold(0.0, f64::max);
        hottest += top;
        usable += 1.0 / (shards * top);
    }
    // A cache that holds the most popular key alone, over an origin that never answers: what is
    // answered is that key's share.
    let client = with(users(10_000.0), json!({"operations": [{"keys": keys}]}));
    let cache = json!({"id": "cache", "kind": "cache", "capacity": 1, "ttl": null, "warm": 1.0});
    let nothing = json!({"id": "nothing", "kind": "service", "concurrency": null, "service_time": "const(0s)", "error_rate": 1.0});
    let r = run(design(
        settings(3, 100.0, 0.0),
        json!([client, cache, nothing]),
        json!([link("users", "cache"), link("cache", "nothing")]),
    ));
    vec![
        ("hot_key_share", json!(r.n("/requests/availability"))),
        ("mean_hottest_shard_share", json!(hottest / runs as f64)),
        ("usable_capacity_fraction", json!(usable / runs as f64)),
    ]
}

/// A query that needs every shard.
pub(crate) fn scatter(p: &Point) -> Measured {
    let db = database(
        json!({"shards": {"count": p.n("shards")}, "cross_shard": "always", "read_time": exp(0.01),
        "member_latency": "const(0s)", "error_rate": 1.0 - p.n("shard_availability")}),
    );
    let r = run(design(
        settings(3, 100.0, 0.0),
        json!([users(1000.0), db]),
        json!([link("users", "db")]),
    ));
    // The latency is of queries that no shard failed; with failures they hardly differ.
    vec![
        ("availability", json!(r.n("/requests/availability"))),
        ("mean_latency_s", json!(r.s("/requests/latency_ms/mean"))),
        ("p99_s", json!(r.s("/requests/latency_ms/p99"))),
    ]
}

/// Users who never rest, as a loop of threads.
fn threads(count: f64, think: &str, operation: &str) -> Json {
    json!({"id": "users", "kind": "client", "arrivals": {"closed": {"users": count, "think": think}},
        "operations": [{"name": "work", "effect": operation, "keys": {"uniform": {"n": 1}}}]})
}

/// A serial section under one global lock; and the universal scalability law.
pub(crate) fn central_lock(p: &Point) -> Measured {
    if let Some(sigma) = p.find("usl_sigma") {
        let contended = |threads_now: f64| {
            let db = database(
                json!({"read_time": "const(10ms)", "contention": {"alpha": sigma, "beta": p.n("usl_kappa")}}),
            );
            let r = run(design(
                settings(3, 200.0, 20.0),
                json!([threads(threads_now, "const(0s)", "read"), db]),
                json!([link("users", "db")]),
            ));
            r.n("/requests/throughput_per_s")
        };
        return vec![("speedup_at_peak", json!(contended(44.0) / contended(1.0)))];
    }
    let go = |count: f64| {
        let parallel = format!("exp({}s)", p.n("parallel_s"));
        let app = json!({"id": "app", "kind": "service", "concurrency": null, "service_time": "const(0s)"});
        let lock = json!({"id": "lock", "kind": "coordinator", "service_time": "const(0s)", "scope": "global", "members": 1});
        let serial = json!({"id": "serial", "kind": "service", "concurrency": null, "service_time": exp(p.n("locked_s"))});
        let links = json!([
            link("users", "app"),
            with(link("app", "lock"), json!({"stage": 0})),
            with(link("app", "serial"), json!({"stage": 1}))
        ]);
        let nodes = json!([threads(count, &parallel, "write"), app, lock, serial]);
        run(design(settings(3, 600.0, 20.0), nodes, links)).n("/requests/throughput_per_s")
    };
    let throughput = go(p.n("threads"));
    vec![
        ("throughput", json!(throughput)),
        ("speedup", json!(throughput / go(1.0))),
    ]
}

/// One hot row, locked from prepare to commit.
pub(crate) fn two_phase(p: &Point) -> Measured {
    let (way, fsync) = (p.n("rtt_s") / 2.0, p.n("fsync_s"));
    let app =
        json!({"id": "app", "kind": "service", "concurrency": null, "service_time": "const(0s)"});
    let lock = json!({"id": "lock", "kind": "coordinator", "service_time": "const(0s)", "scope": "per_key", "members": 1});
    // Each phase: there, a forced write, and back.
    let phase = |id: &str| json!({"id": id, "kind": "service", "concurrency": null, "service_time": format!("const({fsync}s)")});
    let to = |id: &str, stage: u32| {
        with(
            link("app", id),
            json!({"stage": stage, "latency": format!("const({way}s)")}),
        )
    };
    let links = json!([
        link("users", "app"),
        with(link("app", "lock"), json!({"stage": 0})),
        to("prepare", 1),
        to("commit", 2)
    ]);
    let nodes = json!([
        threads(50.0, "const(0s)", "write"),
        app,
        lock,
        phase("prepare"),
        phase("commit")
    ]);
    let r = run(design(settings(3, 120.0, 20.0), nodes, links));
    vec![
        ("throughput", json!(r.n("/requests/throughput_per_s"))),
        ("mean_response_s", json!(r.s("/requests/latency_ms/mean"))),
    ]
}

/// Members that fail and come back: writes need enough of them.
pub(crate) fn in_sync(p: &Point) -> Measured {
    let (nodes, needed, up) = (p.n("nodes"), p.n("needed"), p.n("node_availability"));
    // Failures and repairs on the scale of minutes, writes every tenth of a second.
    let (mttr, mtbf) = (1.0, up / (1.0 - up));
    let db = database(
        json!({"replication": {"replicas": nodes, "mode": "quorum", "w": needed, "r": 1,
        "lag": "const(0s)", "detection_time": "0s", "election_time": "0s"}}),
    );
    let client = operation("write", 10.0, json!({"uniform": {"n": 100}}));
    let faults: Vec<Json> = (0..nodes as u32)
        .map(|replica| {
            json!({"kind": "crash", "target": "db", "replica": replica,
        "at": "0s", "for": null, "mtbf": s(mtbf), "mttr": s(mttr)})
        })
        .collect();
    let mut whole = design(
        settings(3, 1e5 * mtbf / 10.0, 0.0),
        json!([client, db]),
        json!([link("writeers", "db")]),
    );
    whole["faults"] = json!(faults);
    whole["drain"] = json!(false);
    let r = run(whole);
    vec![("availability", json!(r.n("/requests/availability")))]
}

/// Answers that are lost make clients write again.
pub(crate) fn duplicates(p: &Point) -> Measured {
    let (asked, answered) = (p.n("request_loss"), p.n("response_loss"));
    let has_key = p.params["idempotency_key"].as_bool().unwrap_or(false);
    let client = json!({"id": "users", "kind": "client", "arrivals": {"poisson": "1000/s"},
        "operations": [{"name": "pay", "effect": "write", "idempotency_key": has_key, "keys": {"uniform": {"n": 1_000_000}}}]});
    // A link loses packets both ways alike. Where only answers get lost, they come too late
    // instead.
    let late = format!(
        "empirical(0:0s,{}:0s,{}:10s,1:10s)",
        1.0 - answered,
        1.0 - answered + 1e-9
    );
    let (loss, write) = if asked > 0.0 {
        (asked, "const(0s)".to_owned())
    } else {
        (0.0, late)
    };
    let db =
        database(json!({"write_time": write, "unique_ids": has_key, "concurrency": 1_000_000}));
    let careless = with(
        link("users", "db"),
        json!({"timeout": "1s", "loss": loss,
        "retry": {"max_attempts": p.n("max_attempts"), "on": ["timeout"]}}),
    );
    let r = run(design(
        settings(3, 200.0, 0.0),
        json!([client, db]),
        json!([careless]),
    ));
    let offered = r.n("/requests/offered");
    vec![
        (
            "prob_executed_more_than_once",
            json!(r.n("/data/duplicated_writes") / offered),
        ),
        ("mean_executions", json!(r.n("/data/effects") / offered)),
    ]
}
