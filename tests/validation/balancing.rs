//! Load balancers: how well they share, and how late they learn.

use super::harness::{
    Measured, Point, Report, design, exp, link, per_s, report, run, s, service, settings, simulate,
    users, with,
};
use serde_json::{Value as Json, json};

fn balancer(more: Json) -> Json {
    with(json!({"id": "lb", "kind": "load_balancer"}), more)
}

/// Users, a balancer, and servers of one worker each.
fn farm(rate: f64, lb: Json, servers: Vec<Json>, duration: f64, warmup: f64) -> Json {
    let mut nodes = vec![users(rate), lb];
    let mut links = vec![link("users", "lb")];
    for server in servers {
        links.push(link("lb", server["id"].as_str().unwrap_or("server")));
        nodes.push(server);
    }
    design(settings(17, duration, warmup), json!(nodes), json!(links))
}

fn alike(count: f64) -> Vec<Json> {
    vec![with(
        service("server", 1.0, &exp(1.0)),
        json!({"replicas": count}),
    )]
}

fn mean(r: &Report) -> f64 {
    r.s("/requests/latency_ms/mean")
}

/// The supermarket model.
pub(crate) fn choices(p: &Point) -> Measured {
    let (d, load, servers) = (p.n("d"), p.n("load"), p.n("servers"));
    let lb = match d as u32 {
        1 => balancer(json!({"algorithm": "random"})),
        choices => balancer(json!({"algorithm": "power_of_two", "choices": choices})),
    };
    let rate = servers * load;
    // M/M/1 near saturation needs longer: its queues forget slowly.
    let requests = if d < 2.0 && load > 0.9 { 8e6 } else { 2e6 };
    let r = run(farm(rate, lb, alike(servers), requests / rate, 5e5 / rate));
    vec![
        ("mean_sojourn", json!(mean(&r))),
        ("mean_sojourn_100_servers", json!(mean(&r))),
    ]
}

/// Join the shortest queue.
pub(crate) fn shortest(p: &Point) -> Measured {
    let rate = p.n("servers") * p.n("load");
    let lb = balancer(json!({"algorithm": "least_outstanding"}));
    let r = run(farm(
        rate,
        lb,
        alike(p.n("servers")),
        2e6 / rate,
        1e5 / rate,
    ));
    vec![("mean_sojourn", json!(mean(&r)))]
}

/// Nine servers and a slow one.
pub(crate) fn slow_server(p: &Point) -> Measured {
    let policy = p.text("policy");
    let algorithm = match policy {
        "least_connections" => "least_outstanding",
        "power_of_two" => "power_of_two",
        _ => "random",
    };
    let by_capacity = policy == "weighted_random_by_capacity";
    let fast = with(service("fast", 1.0, &exp(0.01)), json!({"replicas": 9}));
    let slow = service("slow", 1.0, &exp(0.05));
    let (duration, warmup) = match p.find("sim_seconds") {
        Some(seconds) => (seconds, 0.0),
        None => (3000.0, 300.0),
    };
    let mut whole = farm(
        500.0,
        balancer(json!({"algorithm": algorithm})),
        vec![fast, slow],
        duration,
        warmup,
    );
    if by_capacity {
        whole["links"][1]["weight"] = json!(5);
        whole["links"][2]["weight"] = json!(1);
    }
    whole["drain"] = json!(false);
    let r = run(whole);
    let (to_slow, all) = (r.n("/nodes/slow/arrivals"), r.n("/nodes/lb/arrivals"));
    let growth = r.n("/nodes/slow/in_flight") / r.n("/run/duration_s");
    vec![
        ("mean_sojourn_s", json!(mean(&r))),
        ("p95_s", json!(r.s("/requests/latency_ms/p95"))),
        ("p99_s", json!(r.s("/requests/latency_ms/p99"))),
        ("share_to_slow", json!(to_slow / all)),
        ("slow_server_backlog_growth_per_s", json!(growth)),
        // Whoever is sent to a queue that only grows.
        (
            "fraction_of_requests_unbounded_latency",
            json!(if growth > 1.0 { to_slow / all } else { 0.0 }),
        ),
    ]
}

/// Smooth weighted round robin, pick by pick.
pub(crate) fn smooth(p: &Point) -> Measured {
    let weights = p.params["weights"].as_array().expect("weights");
    let names = ["a", "b", "c"];
    let servers = names.map(|name| service(name, 1.0, "const(1ms)")).to_vec();
    let mut whole = farm(
        1.0,
        balancer(json!({"algorithm": "weighted"})),
        servers,
        14.0,
        0.0,
    );
    for (place, weight) in weights.iter().enumerate() {
        whole["links"][place + 1]["weight"] = weight.clone();
    }
    // Under this seed the balancer's round begins at its beginning.
    whole["seed"] = json!(10);
    whole["nodes"][0]["arrivals"] =
        json!({"replay": (0..14).map(|n| format!("{n}s")).collect::<Vec<_>>()});
    let mut simulation = simulate(whole);
    let (mut picks, mut before) = (String::new(), [0.0; 3]);
    for second in 0..14u64 {
        simulation.run_until(second * 1_000_000_000 + 500_000_000, u64::MAX);
        let r = report(&simulation);
        for (place, name) in names.iter().enumerate() {
            let arrivals = r.n(&format!("/nodes/{name}/arrivals"));
            if arrivals > before[place] {
                picks += name;
            }
            before[place] = arrivals;
        }
    }
    vec![("first_14", json!(picks))]
}

/// The share of keys that a resharding by modulo moves, to one shard more.
fn moved_modulo(shards: u32) -> f64 {
    const KEYS: u32 = 100_000;
    let operations = json!([{"name": "get", "keys": {"uniform": {"n": KEYS}}}]);
    let nodes = json!([
        with(users(1.0), json!({"operations": operations})),
        {"id": "db", "kind": "database", "shards": {"count": shards, "by": "modulo"}}
    ]);
    let mut design = design(settings(1, 10.0, 0.0), nodes, json!([link("users", "db")]));
    design["faults"] = json!([{"kind": "reshard", "target": "db", "at": "0s",
        "shards": shards + 1, "copy_time": "1us", "batch": KEYS, "cutover": "0s"}]);
    let moved = run(design).n("/nodes/db/database/reshardings/0/keys_moved");
    moved / f64::from(KEYS)
}

/// A ring of keys: shares, and how many keys move when a node is added.
pub(crate) fn ring(p: &Point) -> Measured {
    let nodes = p.n("nodes") as u32;
    if p.params.contains_key("change") {
        let moved = |hash: &str| {
            let served = |count: u32| owners(hash, count, 100, 7, 4000);
            let (before, after) = (served(nodes), served(nodes + 1));
            let moved = before.iter().zip(&after).filter(|(a, b)| a != b).count();
            moved as f64 / before.len() as f64
        };
        return vec![
            ("keys_moved_consistent", json!(moved("ring"))),
            ("keys_moved_modulo", json!(moved_modulo(nodes))),
        ];
    }
    let virtual_nodes = p.n("virtual_nodes") as u32;
    let (mut all, mut maxima) = (Vec::new(), Vec::new());
    for seed in 1..=200 {
        let shares = shares(nodes, virtual_nodes, seed);
        maxima.push(shares.iter().copied().fold(0.0, f64::max));
        all.extend(shares);
    }
    let variance = all
        .iter()
        .map(|share| (share - 1.0) * (share - 1.0))
        .sum::<f64>()
        / all.len() as f64;
    maxima.sort_by(f64::total_cmp);
    vec![
        ("rel_sd_of_share", json!(variance.sqrt())),
        (
            "mean_max_over_mean",
            json!(maxima.iter().sum::<f64>() / 200.0),
        ),
        ("p99_max_over_mean", json!(maxima[197])),
    ]
}

fn ring_design(
    nodes: u32,
    virtual_nodes: u32,
    seed: u64,
    rate: f64,
    duration: f64,
    keys: u32,
) -> Json {
    // Endless slots: only where keys go counts.
    let server = json!({"id": "server", "kind": "service", "replicas": nodes, "concurrency": null, "service_time": "const(0s)"});
    let lb = balancer(
        json!({"algorithm": "consistent_hash", "consistent_hash": {"virtual_nodes": virtual_nodes}}),
    );
    let mut whole = farm(rate, lb, vec![server], duration, 0.0);
    whole["seed"] = json!(seed);
    whole["nodes"][0]["operations"] = json!([{"keys": {"uniform": {"n": keys}}}]);
    whole
}

/// Each node's share of the keys, relative to the mean.
fn shares(nodes: u32, virtual_nodes: u32, seed: u64) -> Vec<f64> {
    let r = run(ring_design(
        nodes,
        virtual_nodes,
        seed,
        10_000.0,
        20.0,
        1_000_000,
    ));
    let replicas = r.at("/nodes/server/replicas").as_array().expect("replicas");
    let arrivals: Vec<f64> = replicas
        .iter()
        .map(|replica| replica["arrivals"].as_f64().unwrap_or(0.0))
        .collect();
    let mean = arrivals.iter().sum::<f64>() / arrivals.len() as f64;
    arrivals.iter().map(|arrivals| arrivals / mean).collect()
}

/// Returns the node that serves each of the given number of requests.
fn owners(_hash: &str, nodes: u32, virtual_nodes: u32, seed: u64, requests: u32) -> Vec<usize> {
    let mut whole = ring_design(
        nodes,
        virtual_nodes,
        seed,
        1.0,
        f64::from(requests),
        1_000_000,
    );
    whole["nodes"][0]["arrivals"] = json!({"constant": per_s(1.0)});
    let mut simulation = simulate(whole);
    let (mut owners, mut before) = (Vec::new(), vec![0.0; nodes as usize]);
    for second in 0..u64::from(requests) {
        simulation.run_until(second * 1_000_000_000 + 500_000_000, u64::MAX);
        let r = report(&simulation);
        for (place, seen) in before.iter_mut().enumerate() {
            let arrivals = r.n(&format!("/nodes/server/replicas/{place}/arrivals"));
            if arrivals > *seen {
                owners.push(place);
            }
            *seen = arrivals;
        }
    }
    owners
}

/// How long a dead replica keeps its share.
pub(crate) fn detection(p: &Point) -> Measured {
    let (interval, fall, timeout) = (p.n("interval_s"), p.n("fall"), p.n("check_timeout_s"));
    let check = json!({"depth": "tcp", "interval": s(interval), "timeout": s(timeout.max(0.001)),
        "unhealthy_after": fall, "healthy_after": 2});
    let detect = |kind: &str, phase: f64| {
        let server = with(
            service("server", 1000.0, "const(0s)"),
            json!({"replicas": 10}),
        );
        let mut whole = farm(
            1000.0,
            balancer(json!({"health_check": check.clone(), "panic_threshold": 0.0})),
            vec![server],
            200.0,
            0.0,
        );
        whole["links"][0]["latency"] = json!("const(0s)");
        whole["nodes"][0]["arrivals"] = json!({"constant": "1000/s"});
        whole["drain"] = json!(false);
        let at = 2.0 * interval + phase * interval;
        whole["faults"] =
            json!([{"kind": kind, "target": "server", "replica": 3, "at": s(at), "for": null}]);
        whole["links"][1]["timeout"] = json!("100ms");
        whole["duration"] = json!(s(at + interval * (fall + 1.0) + 2.0 * timeout + 1.0));
        let r = run(whole);
        r.count("/requests/failed/refused") + r.count("/requests/failed/timeout")
    };
    // 100 requests a second go to each replica: what is lost says how long it took.
    let runs = 40;
    let lost: Vec<f64> = (0..runs)
        .map(|n| detect("crash", (f64::from(n) + 0.5) / f64::from(runs)))
        .collect();
    let mean = lost.iter().sum::<f64>() / f64::from(runs);
    let hung: f64 = (0..runs)
        .map(|n| detect("hang", (f64::from(n) + 0.5) / f64::from(runs)))
        .sum();
    let least = lost.iter().copied().fold(f64::INFINITY, f64::min);
    let most = lost.iter().copied().fold(0.0, f64::max);
    vec![
        ("mean_detection_crash_s", json!(mean / 100.0)),
        ("min_s", json!(least / 100.0)),
        ("max_s", json!(most / 100.0)),
        (
            "mean_detection_hang_s",
            json!(hung / f64::from(runs) / 100.0),
        ),
        ("lost_requests_rr", json!(mean)),
    ]
}

/// nginx's passive checks: one failure takes a server out for ten seconds.
pub(crate) fn passive(_: &Point) -> Measured {
    let servers = vec![
        service("one", 100.0, "const(1ms)"),
        service("two", 100.0, "const(1ms)"),
    ];
    let lb = balancer(json!({"algorithm": "round_robin", "panic_threshold": 0.0,
        "outlier_ejection": {"consecutive_errors": 1, "eject_for": "10s", "max_eject_for": "10s", "max_ejected": 0.5}}));
    let mut whole = farm(100.0, lb, servers, 60.0, 0.0);
    whole["nodes"][0]["arrivals"] = json!({"constant": "100/s"});
    whole["faults"] = json!([{"kind": "crash", "target": "two", "at": "0s", "for": null}]);
    for place in 1..3 {
        whole["links"][place]["retry"] = json!({"max_attempts": 2, "on": ["refused"]});
    }
    let r = run(whole);
    vec![
        (
            "failed_tries_in_60s",
            json!(r.count("/links/lb->two/failures/refused")),
        ),
        (
            "client_errors",
            json!(r.n("/requests/completed") - r.n("/requests/ok")),
        ),
    ]
}
