//! Running things: failures and repairs, scaling, admission, pauses, alerts.

use super::harness::{
    Measured, Point, design, link, per_s, report, run, s, service, settings, simulate, users, with,
};
use serde_json::{Value as Json, json};

const OK: &str = "/requests/availability";

fn failing(id: &str, available: f64) -> Json {
    json!({"id": id, "kind": "service", "concurrency": null, "service_time": "const(0s)", "error_rate": 1.0 - available})
}

/// Redundancy: another try elsewhere, a majority, a dependency that all share.
pub(crate) fn redundancy(p: &Point) -> Measured {
    let kind = p.text("kind");
    let each = p.find("each").unwrap_or(0.99);
    let replicas = p.find("n").unwrap_or(2.0);
    let lb = json!({"id": "lb", "kind": "load_balancer"});
    let again = |tries: f64| {
        with(
            link("lb", "server"),
            json!({"retry": {"max_attempts": tries, "on": ["error"]}}),
        )
    };
    let pool = with(failing("server", each), json!({"replicas": replicas}));
    let r = if kind.starts_with("2-of-3") {
        let db = json!({"id": "server", "kind": "database", "connections": null, "concurrency": 1_000_000,
            "read_time": "const(0s)", "error_rate": 1.0 - each,
            "replication": {"replicas": 3, "mode": "quorum", "r": 2, "w": 2}});
        // Writes go to all three and need two; a read asks two and no third.
        let db = with(db, json!({"write_time": "const(0s)"}));
        let writers = with(
            users(1000.0),
            json!({"operations": [{"effect": "write", "keys": {"uniform": {"n": 1_000_000}}}]}),
        );
        run(design(
            settings(3, 1000.0, 0.0),
            json!([writers, db]),
            json!([link("users", "server")]),
        ))
    } else if kind.starts_with("correlated") {
        let nodes = json!([users(1000.0), failing("shared", 0.999), lb, pool]);
        run(design(
            settings(3, 1000.0, 0.0),
            nodes,
            json!([link("users", "shared"), link("users", "lb"), again(2.0)]),
        ))
    } else {
        let nodes = json!([users(1000.0), lb, pool]);
        run(design(
            settings(3, 1000.0, 0.0),
            nodes,
            json!([link("users", "lb"), again(replicas)]),
        ))
    };
    vec![("availability", json!(r.n(OK)))]
}

/// Up for a while, down for a while.
pub(crate) fn repairs(p: &Point) -> Measured {
    let servers = p.find("servers").unwrap_or(1.0);
    let (up, down) = (p.n("mtbf_s"), p.n("mttr_s"));
    let server = with(
        service("server", 100.0, "const(0s)"),
        json!({"replicas": servers}),
    );
    let faults: Vec<Json> = (0..servers as u32)
        .map(|replica| {
            json!({"kind": "crash", "target": "server", "replica": replica,
        "at": "0s", "for": null, "mtbf": s(up), "mttr": s(down)})
        })
        .collect();
    let client = with(users(1.0), json!({"arrivals": {"constant": per_s(0.5)}}));
    let mut whole = design(
        settings(3, 2_500_000.0, 0.0),
        json!([client, server]),
        json!([link("users", "server")]),
    );
    whole["faults"] = json!(faults);
    vec![("availability", json!(run(whole).n(OK)))]
}

/// Kubernetes' autoscaler: the number of replicas that it recommends.
pub(crate) fn autoscaler(p: &Point) -> Measured {
    // Utilisation is set by the rate: each replica has ten slots that a call holds for a second.
    let (current, metric) = match p.find("current") {
        Some(current) => (current, p.n("metric")),
        None => (10.0, 30.0),
    };
    let slots = 10.0;
    let rate = current * slots * metric / 100.0;
    let pool = with(
        service("pool", slots, "const(1s)"),
        json!({"replicas": current, "queue": {"capacity": null},
        "autoscale": {"min": 1, "max": 100, "target": 0.5, "interval": "15s", "startup": "0s", "stabilization": "300s", "tolerance": 0.1}}),
    );
    let client = with(users(1.0), json!({"arrivals": {"constant": per_s(rate)}}));
    let mut simulation = simulate(design(
        settings(3, 400.0, 0.0),
        json!([client, pool]),
        json!([link("users", "pool")]),
    ));
    let mut replicas = Vec::new();
    for second in 0..400u64 {
        simulation.run_until(second * 1_000_000_000, u64::MAX);
        replicas.push(report(&simulation).n("/nodes/pool/replicas_now"));
    }
    let changed = replicas.iter().position(|count| *count != current);
    let to = changed.map_or(current, |at| replicas[at]);
    let when = changed.map_or(f64::INFINITY, |at| at as f64);
    vec![
        ("desired", json!(to)),
        ("scale_down_not_before_s", json!(when)),
        ("scale_down_by_s", json!(when)),
    ]
}

/// A token bucket.
pub(crate) fn token_bucket(p: &Point) -> Measured {
    let limited = with(
        service("server", 100_000.0, "const(0s)"),
        json!({"rate_limit": {"rate": "100/s", "burst": 50}}),
    );
    let (client, duration) = match p.find("offered") {
        Some(rate) => (
            with(users(1.0), json!({"arrivals": {"constant": per_s(rate)}})),
            p.n("seconds") + 0.001,
        ),
        None => (
            with(users(1.0), json!({"arrivals": {"replay": vec!["0s"; 200]}})),
            1.0,
        ),
    };
    let r = run(design(
        settings(3, duration, 0.0),
        json!([client, limited]),
        json!([link("users", "server")]),
    ));
    vec![
        ("admitted", json!(r.n("/requests/ok"))),
        ("rejected", json!(r.count("/requests/failed/rejected"))),
    ]
}

/// The world stops, again and again.
pub(crate) fn pauses(p: &Point) -> Measured {
    let server = json!({"id": "server", "kind": "service", "concurrency": null, "service_time": format!("const({}s)", p.n("service_s"))});
    let mut whole = design(
        settings(3, 5000.0, 0.0),
        json!([users(100.0), server]),
        json!([link("users", "server")]),
    );
    whole["faults"] = json!([{"kind": "gc_pauses", "target": "server", "at": "0s", "for": null,
        "every": s(p.n("every_s")), "pause": s(p.n("pause_s"))}]);
    let r = run(whole);
    let mean = r.s("/requests/latency_ms/mean");
    vec![
        // The delay of one who is caught is even over the pause: half of it on average.
        (
            "fraction_delayed",
            json!((mean - p.n("service_s")) / (p.n("pause_s") / 2.0)),
        ),
        ("mean_latency_s", json!(mean)),
        ("p95_s", json!(r.s("/requests/latency_ms/p95"))),
        ("p99_s", json!(r.s("/requests/latency_ms/p99"))),
        ("p999_s", json!(r.s("/requests/latency_ms/p999"))),
        ("max_s", json!(r.s("/requests/latency_ms/max"))),
    ]
}

/// Burn-rate alerts: when they fire, and when they fall silent. Failures come evenly spaced, from
/// an operation of their own: at random, the share of a minute would differ too much from run to
/// run.
pub(crate) fn burn_rate(p: &Point) -> Measured {
    let failing = p.n("error_ratio");
    let alert = |name: &str, times: f64, long: &str, short: &str| {
        json!({"name": name, "node": "front", "every": "1s",
        "when": {"burn_rate": {"slo": 0.999, "times": times, "long": long, "short": short}}})
    };
    // The clean past of the longest window, then the fault.
    let clean = 259_200.0;
    let outage = p
        .find("outage_longer_than_s")
        .map_or(60_000.0, |least| least + 4000.0);
    let service = |id: &str| json!({"id": id, "kind": "service", "concurrency": null, "service_time": "const(0s)"});
    let client = |id: &str, rate: f64| {
        json!({"id": id, "kind": "client", "arrivals": {"constant": per_s(rate)},
        "operations": [{"name": id}]})
    };
    let rate = 10.0;
    let (mut nodes, mut links) = (
        vec![
            service("front"),
            client("bad", rate * failing),
            service("bad-part"),
        ],
        vec![link("bad", "front")],
    );
    links.push(with(
        link("front", "bad-part"),
        json!({"stage": 0, "when": {"operations": ["bad"]}}),
    ));
    if failing < 1.0 {
        nodes.extend([client("good", rate * (1.0 - failing)), service("good-part")]);
        links.push(link("good", "front"));
        links.push(with(
            link("front", "good-part"),
            json!({"stage": 0, "when": {"operations": ["good"]}}),
        ));
    }
    let mut whole = design(
        settings(3, clean + outage + 1000.0, 0.0),
        json!(nodes),
        json!(links),
    );
    whole["alerts"] = json!([
        alert("fast", 14.4, "1h", "5m"),
        alert("slow", 6.0, "6h", "30m"),
        alert("ticket", 1.0, "72h", "6h")
    ]);
    whole["faults"] = json!([{"kind": "error_rate", "target": "bad-part", "errors": 1.0, "at": s(clean), "for": s(outage)}]);
    let r = run(whole);
    let fired = |place: usize| {
        let episode = r.at(&format!("/operator/alerts/{place}/episodes/0"));
        (episode["from_s"].as_f64(), episode["until_s"].as_f64())
    };
    let after = |place: usize| {
        fired(place)
            .0
            .map_or(json!("never"), |from| json!(from - clean))
    };
    let clears = fired(0).1.map_or(f64::NAN, |until| until - clean - outage);
    vec![
        ("page_14.4x_1h_detect_s", after(0)),
        ("page_6x_6h_detect_s", after(1)),
        ("ticket_1x_3d_detect_s", after(2)),
        ("alert_clears_after_fix_s", json!(clears)),
    ]
}

/// Sampling from the head: whether even one failure has a trace.
pub(crate) fn sampled(p: &Point) -> Measured {
    let (share, failures) = (p.n("sampling"), p.n("failing_requests"));
    let server = json!({"id": "server", "kind": "service", "concurrency": null, "service_time": "const(0s)",
        "error_rate": 1.0, "telemetry": {"traces": share}});
    let client = json!({"id": "users", "kind": "client", "arrivals": {"constant": per_s(1000.0)}});
    let runs = 10_000u64;
    let mut seen = 0.0;
    for seed in 1..=runs {
        // The first arrival is at 1 ms: the last ends half a millisecond before the next.
        let duration = (failures + 0.5) / 1000.0;
        let r = run(design(
            settings(seed, duration, 0.0),
            json!([client, server]),
            json!([link("users", "server")]),
        ));
        assert_eq!(r.n("/requests/offered"), failures);
        seen += f64::from(u8::from(
            r.n("/operator/nodes/server/traces_of_failures") > 0.0,
        ));
    }
    vec![("prob_any_trace", json!(seen / runs as f64))]
}
