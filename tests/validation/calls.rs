//! Calls: fan-out, retries, budgets, breakers, hedges, overload.

use super::harness::{
    Measured, Point, design, exp, link, per_s, report, run, s, service, settings, simulate, users,
    with,
};
use serde_json::{Value as Json, json};

const OK: &str = "/requests/availability";
const MEAN: &str = "/requests/latency_ms/mean";
const P99: &str = "/requests/latency_ms/p99";

fn unlimited(id: &str, time: &str) -> Json {
    json!({"id": id, "kind": "service", "concurrency": null, "service_time": time})
}

/// n leaves asked in parallel: the slowest decides.
pub(crate) fn fan_out(p: &Point) -> Measured {
    let (slow, leaves) = (p.n("p_slow"), p.n("leaves") as u32);
    let time = format!("hyperexp({}:10ms,{slow}:1s)", 1.0 - slow);
    // Two values, not two means: an empirical distribution with a jump.
    let time = format!(
        "empirical(0:10ms,{}:10ms,{}:1s,1:1s)",
        1.0 - slow,
        1.0 - slow + 1e-9
    )
    .replace(&time, "");
    let mut nodes = vec![users(1000.0)];
    let mut links = Vec::new();
    for leaf in 0..leaves {
        let id = format!("leaf{leaf}");
        links.push(with(link("users", &id), json!({"stage": 0})));
        nodes.push(unlimited(&id, &time));
    }
    // Many leaves, few requests: the tolerance is absolute.
    let requests = (4e6 / f64::from(leaves)).clamp(20_000.0, 100_000.0);
    let r = run(design(
        settings(5, requests / 1000.0, 0.0),
        json!(nodes),
        json!(links),
    ));
    let mean = r.n(MEAN) / 1000.0;
    // Every request takes 10 ms or 1 s: the mean says how many take 1 s.
    vec![("prob_request_slow", json!((mean - 0.01) / 0.99))]
}

/// ln 2.3263 quantile form of a lognormal with median 10 ms and sigma 1.
fn leaf() -> String {
    let p99 = 0.01 * libm::exp(2.326_347_874_040_841);
    format!("lognormal(p50=10ms,p99={p99}s)")
}

/// A second copy after a while; the first answer wins.
pub(crate) fn hedged(p: &Point) -> Measured {
    let after = p
        .text("hedge_after")
        .split("= ")
        .nth(1)
        .map(|text| text.replace(' ', ""));
    let hedge = match after {
        Some(after) => json!({"hedge": {"after": after}}),
        None => json!({}),
    };
    let r = run(design(
        settings(5, 400.0, 0.0),
        json!([users(1000.0), unlimited("leaf", &leaf())]),
        json!([with(link("users", "leaf"), hedge)]),
    ));
    let extra = r.n("/links/users->leaf/attempts") / r.n("/requests/completed") - 1.0;
    vec![
        ("extra_calls", json!(extra)),
        ("p50_s", json!(r.s("/requests/latency_ms/p50"))),
        ("p95_s", json!(r.s("/requests/latency_ms/p95"))),
        ("p99_s", json!(r.s(P99))),
        ("p999_s", json!(r.s("/requests/latency_ms/p999"))),
    ]
}

/// Timeout and immediate retry, nothing queues.
pub(crate) fn timeout_retry(p: &Point) -> Measured {
    let policy = json!({"timeout": s(p.n("attempt_timeout_s")), "retry": {"max_attempts": p.n("max_attempts"), "on": ["timeout"]}});
    let policy = if p.n("max_attempts") > 1.0 {
        policy
    } else {
        json!({"timeout": s(p.n("attempt_timeout_s"))})
    };
    let r = run(design(
        settings(5, 1000.0, 0.0),
        json!([users(1000.0), unlimited("leaf", &leaf())]),
        json!([with(link("users", "leaf"), policy)]),
    ));
    vec![
        ("prob_fail", json!(1.0 - r.n(OK))),
        (
            "attempts_per_request",
            json!(r.n("/links/users->leaf/attempts") / r.n("/requests/completed")),
        ),
        ("max_latency_s", json!(r.s("/requests/latency_ms/max"))),
    ]
}

fn failing(id: &str, rate: f64) -> Json {
    with(unlimited(id, "const(0s)"), json!({"error_rate": rate}))
}

fn tries(attempts: f64) -> Json {
    json!({"retry": {"max_attempts": attempts}})
}

/// Independent failures: attempts follow a truncated geometric distribution.
pub(crate) fn amplification(p: &Point) -> Measured {
    let r = run(design(
        settings(5, 100.0, 0.0),
        json!([users(1000.0), failing("leaf", p.n("p_fail"))]),
        json!([with(link("users", "leaf"), tries(p.n("max_retries") + 1.0))]),
    ));
    vec![
        (
            "attempts_per_request",
            json!(r.n("/links/users->leaf/amplification")),
        ),
        ("prob_final_failure", json!(1.0 - r.n(OK))),
    ]
}

/// Every layer tries k times: the bottom sees k to the power of layers.
pub(crate) fn layers(p: &Point) -> Measured {
    let layers = p.n("layers") as u32;
    let policy = tries(p.n("attempts_per_layer"));
    let (mut nodes, mut links, mut above) = (vec![users(200.0)], Vec::new(), "users".to_owned());
    for layer in 1..layers {
        let id = format!("layer{layer}");
        nodes.push(unlimited(&id, "const(0s)"));
        links.push(with(link(&above, &id), policy.clone()));
        above = id;
    }
    nodes.push(failing("bottom", p.n("p_fail_bottom")));
    links.push(with(link(&above, "bottom"), policy));
    let requests = if layers > 4 { 2_000.0 } else { 100_000.0 };
    let r = run(design(
        settings(5, requests / 200.0, 0.0),
        json!(nodes),
        json!(links),
    ));
    vec![
        (
            "bottom_calls_per_request",
            json!(r.n(&format!("/links/{above}->bottom/amplification"))),
        ),
        ("prob_final_failure", json!(1.0 - r.n(OK))),
    ]
}

/// Mean pauses by jitter: measured as the time between attempts that all fail immediately.
pub(crate) fn backoff(p: &Point) -> Measured {
    let kind = p.text("kind").split(' ').next().unwrap_or("").to_owned();
    let numbers: Vec<u32> = p.params["n"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|n| n.as_f64().unwrap_or(1.0) as u32)
        .collect();
    // The published formulas start at base * 2^n, so n = 1 pauses from twice the base. Decorrelated
    // draws from base to three times the last pause, which starts at the base.
    let base = if kind == "decorrelated" {
        "5ms"
    } else {
        "10ms"
    };
    let mean = |attempts: u32| {
        let retry = json!({"retry": {"max_attempts": attempts, "jitter": kind,
            "backoff": {"exponential": {"base": base, "cap": "2s"}}}});
        // The request fails after its pauses; a fallback answers, so that its latency is known.
        let nodes = json!([
            users(500.0),
            failing("leaf", 1.0),
            unlimited("other", "const(0s)")
        ]);
        let first = with(link("users", "leaf"), with(retry, json!({"stage": 0})));
        let fallback = with(
            link("users", "other"),
            json!({"stage": 1, "when": "on_error"}),
        );
        run(design(
            settings(5, 200.0, 0.0),
            nodes,
            json!([first, fallback]),
        ))
        .n(MEAN)
    };
    let means: Vec<f64> = numbers
        .iter()
        .map(|n| {
            let before = if *n > 1 { mean(*n) } else { 0.0 };
            mean(n + 1) - before
        })
        .collect();
    // The n-th pause alone is the first of a base so many times as long, up to the cap.
    let support = |n: &u32| {
        let base = format!("{}ms", (5u64 << n).min(2_000));
        let retry = json!({"retry": {"max_attempts": 2, "jitter": kind,
            "backoff": {"exponential": {"base": base, "cap": "2s"}}}});
        let nodes = json!([users(500.0), failing("leaf", 1.0)]);
        let links = json!([with(link("users", "leaf"), retry)]);
        let run = run(design(settings(5, 200.0, 0.0), nodes, links));
        let pause = |end: &str| run.n(&format!("/links/users->leaf/pause_ms/{end}"));
        format!("{}..{}", pause("min").floor(), pause("max").ceil())
    };
    let supports: Vec<String> = match kind.as_str() {
        "full" => numbers.iter().map(support).collect(),
        _ => Vec::new(),
    };
    vec![("mean_ms", json!(means)), ("support", json!(supports))]
}

/// Budgets bound what a total outage multiplies.
pub(crate) fn budgets(p: &Point) -> Measured {
    let budget = match p.text("budget") {
        "none" => json!(null),
        share => {
            let percent: f64 = share
                .split(' ')
                .next()
                .and_then(|n| n.parse().ok())
                .unwrap_or(0.0);
            json!({"ratio": percent / 100.0, "burst": 10})
        }
    };
    let policy = json!({"retry": {"max_attempts": 4, "budget": budget}});
    let r = run(design(
        settings(5, 120.0, 20.0),
        json!([users(1000.0), failing("leaf", 1.0)]),
        json!([with(link("users", "leaf"), policy)]),
    ));
    vec![(
        "amplification",
        json!(r.n("/links/users->leaf/amplification")),
    )]
}

/// The first windows from which on a condition always holds.
fn settles(values: &[f64], width: f64, from_s: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let start = (from_s / width) as usize;
    let last_bad = values
        .iter()
        .enumerate()
        .skip(start)
        .filter(|(_, value)| !holds(**value))
        .map(|(at, _)| at)
        .last();
    last_bad.map_or(start as f64 * width, |at| (at as f64 + 1.0) * width)
}

/// A pool of 15 workers that stops for ten seconds, and clients that try again.
pub(crate) fn metastable(p: &Point) -> Measured {
    if !p.params.contains_key("arrival_rate") {
        // Stable only below capacity / (1 + retries): the highest rate that recovers, by bisection.
        let (mut low, mut high) = (30.0, 300.0);
        while high - low > 4.0 {
            let rate = (low + high) / 2.0;
            let r = outage(rate, p.n("retries"), 1800.0, None);
            let good = r.list("/windows/goodput_per_s");
            let late = good[1500..1790].iter().sum::<f64>() / 290.0;
            if late > 0.9 * rate {
                low = rate
            } else {
                high = rate
            }
        }
        return vec![("hidden_capacity_qps", json!((low + high) / 2.0))];
    }
    let (rate, retries) = (p.n("arrival_rate"), p.n("retries"));
    let stops_retrying = p.params.contains_key("intervention").then_some(120.0);
    let duration = if stops_retrying.is_some() {
        1500.0
    } else {
        600.0
    };
    let r = outage(rate, retries, duration, stops_retrying);
    let width = r.n("/windows/width_s");
    let good = r.list("/windows/goodput_per_s");
    let offered = r.list("/windows/offered_per_s");
    let late = |series: &[f64]| {
        series[series.len() - 60..series.len() - 2]
            .iter()
            .sum::<f64>()
    };
    let fraction = late(&good) / late(&offered);
    let amplification = r.list("/windows/amplification");
    let attempts = amplification[500..590].iter().sum::<f64>() / 90.0;
    let waiting = r.list("/windows/waiting");
    let recovered = settles(&good, width, 70.0, |value| value > 0.5 * rate) - 70.0;
    let growth = (waiting[580] - waiting[300]) / 280.0;
    vec![
        (
            "outcome",
            json!(if fraction < 0.5 {
                "metastable"
            } else {
                "recovers"
            }),
        ),
        ("late_goodput_fraction", json!(fraction)),
        ("late_attempts_per_request", json!(attempts)),
        ("queue_growth_per_s", json!(growth)),
        // Both count from the start of the run.
        ("recovery_s", json!(recovered + 70.0)),
        ("fluid_recovery_estimate_s", json!(recovered + 70.0)),
    ]
}

fn outage(
    rate: f64,
    retries: f64,
    duration: f64,
    stops_retrying: Option<f64>,
) -> super::harness::Report {
    let policy = |retries: f64| match retries {
        0.0 => json!({"timeout": "1s"}),
        retries => {
            json!({"timeout": "1s", "retry": {"max_attempts": retries + 1.0, "on": ["timeout"]}})
        }
    };
    let make = |retries: f64| {
        let mut whole = design(
            settings(7, duration, 0.0),
            json!([users(rate), service("pool", 15.0, &exp(0.05))]),
            json!([with(link("users", "pool"), policy(retries))]),
        );
        whole["drain"] = json!(false);
        whole["faults"] = json!([{"kind": "gc_pauses", "target": "pool", "at": "60s",
            "for": "10s", "every": "1000s", "pause": "10s"}]);
        whole
    };
    let mut simulation = simulate(make(retries));
    if let Some(at) = stops_retrying {
        simulation.run_until((at * 1e9) as u64, u64::MAX);
        let edited = format::json::read(&make(0.0).to_string()).expect("a valid design");
        simulation.edit(&edited);
    }
    simulation.run();
    report(&simulation)
}

/// Eight seconds of slowness, half a minute of answers that nobody waits for any more.
pub(crate) fn stale_queue(_: &Point) -> Measured {
    let (mut backlog, mut back, mut throughput, mut stale) = (0.0, 0.0, 0.0, 0.0);
    const SEEDS: u64 = 20;
    for seed in 1..=SEEDS {
        let mut whole = design(
            settings(seed, 150.0, 0.0),
            json!([users(90.0), service("pool", 10.0, &exp(0.1))]),
            json!([with(link("users", "pool"), json!({"timeout": "1s"}))]),
        );
        whole["faults"] =
            json!([{"kind": "slowdown", "target": "pool", "at": "8s", "for": "8s", "times": 3.0}]);
        let r = run(whole);
        let good = r.list("/windows/goodput_per_s");
        let waiting = r.list("/windows/waiting");
        backlog += waiting[15];
        back += settles(&good[..120], 1.0, 16.0, |value| value > 45.0);
        stale += good[20..40].iter().sum::<f64>() / 20.0;
        // What the pool finishes while it works off the backlog: the queue's balance.
        throughput += 90.0 + (waiting[19] - waiting[39]) / 20.0;
    }
    let mean = |sum: f64| json!(sum / SEEDS as f64);
    vec![
        ("backlog_at_16s", mean(backlog)),
        ("goodput_returns_at_s", mean(back)),
        ("throughput_during_drain", mean(throughput)),
        ("goodput_20_to_40s", mean(stale)),
    ]
}

/// Overload: the newest first, or a short queue, still serve somebody in time.
pub(crate) fn overload(p: &Point) -> Measured {
    let rate = p.n("arrival_rate");
    let queue = json!({"queue": {"capacity": p.params["max_waiting"].as_f64(),
        "discipline": p.text("discipline").to_lowercase()}});
    let mut settings = settings(5, 3000.0, 1500.0);
    settings["drain"] = json!(false);
    let r = run(design(
        settings,
        json!([users(rate), with(service("one", 1.0, &exp(0.01)), queue)]),
        json!([with(
            link("users", "one"),
            json!({"timeout": s(p.n("timeout_s"))})
        )]),
    ));
    vec![(
        "goodput_fraction",
        json!(r.n("/requests/goodput_per_s") / rate),
    )]
}

/// A chain of services that each fail on their own.
pub(crate) fn chain(p: &Point) -> Measured {
    let (mut nodes, mut links, mut above) = (vec![users(1000.0)], Vec::new(), "users".to_owned());
    for place in 0..p.n("n") as u32 {
        let id = format!("s{place}");
        nodes.push(failing(&id, 1.0 - p.n("each")));
        links.push(link(&above, &id));
        above = id;
    }
    let r = run(design(settings(5, 1000.0, 0.0), json!(nodes), json!(links)));
    vec![("availability", json!(r.n(OK)))]
}

/// Queries one after another, as one batch, or side by side.
pub(crate) fn chatty(p: &Point) -> Measured {
    let calls = p.text("calls").to_owned();
    let one_way = if calls.contains("regions") {
        "35ms"
    } else {
        "500us"
    };
    let mut nodes = vec![
        json!({"id": "users", "kind": "client", "arrivals": {"constant": per_s(1.0)}}),
        unlimited("app", "const(0s)"),
        unlimited("first", "const(500us)"),
    ];
    let to = |node: &str| {
        with(
            link("app", node),
            json!({"latency": format!("const({one_way})")}),
        )
    };
    let mut links = vec![link("users", "app"), with(to("first"), json!({"stage": 0}))];
    if calls.contains("batch") {
        nodes.push(unlimited("batch", "const(2ms)"));
        links.push(with(to("batch"), json!({"stage": 1})));
    } else if calls.contains("parallel") {
        for place in 0..50 {
            let id = format!("q{place}");
            links.push(with(to(&id), json!({"stage": 1})));
            nodes.push(unlimited(&id, "const(500us)"));
        }
    } else {
        nodes.push(unlimited("rows", "const(500us)"));
        links.push(with(to("rows"), json!({"stage": 1, "calls": 50})));
    }
    let r = run(design(settings(1, 10.0, 0.0), json!(nodes), json!(links)));
    vec![("latency_s", json!(r.s(MEAN)))]
}

/// A quota of retries that only answers fill up again. One call a second, all of them failing.
pub(crate) fn quota(p: &Point) -> Measured {
    let is_timeout = p.text("error") == "timeout";
    let calls: Vec<String> = (0..200).map(|n| s(f64::from(n))).collect();
    let client = json!({"id": "users", "kind": "client", "arrivals": {"replay": calls}});
    // What never answers within the timeout, or answers with an error at once.
    let leaf = match is_timeout {
        true => unlimited("leaf", "const(10s)"),
        false => failing("leaf", 1.0),
    };
    let policy = json!({"timeout": "100ms", "retry": {"max_attempts": 3, "quota": {}}});
    let mut simulation = simulate(design(
        settings(1, 200.0, 0.0),
        json!([client, leaf]),
        json!([with(link("users", "leaf"), policy)]),
    ));
    let mut retries = Vec::new();
    for second in 1..=200u64 {
        simulation.run_until(second * 1_000_000_000 - 1, u64::MAX);
        retries.push(report(&simulation).n("/links/users->leaf/retries"));
    }
    let total = retries[199];
    let exhausted = retries
        .iter()
        .position(|count| *count == total)
        .unwrap_or(0);
    let twice = (0..200).filter(|n| retries[*n] - if *n > 0 { retries[n - 1] } else { 0.0 } == 2.0);
    vec![
        ("total_retries", json!(total)),
        (
            "retries_after_exhaustion",
            json!(total - retries[exhausted]),
        ),
        ("calls_that_got_two_retries", json!(twice.count() as f64)),
    ]
}

/// Hystrix: ten seconds of calls, half of them failed, open it; one trial after five. Verdicts take
/// a tenth of a second, so that the half is reached after 15 s and not at the edge of a bucket.
pub(crate) fn hystrix(_: &Point) -> Measured {
    // Ten a second, in the middle of each tenth: no call falls on the moment of a change.
    let calls: Vec<String> = (0..600).map(|n| s(f64::from(n) / 10.0 + 0.05)).collect();
    let client = json!({"id": "users", "kind": "client", "arrivals": {"replay": calls}});
    let policy = json!({"breaker": {"failure_rate": 0.5, "window_time": "10s", "min_calls": 20,
        "open_for": "5s", "half_open_calls": 1}});
    let mut whole = design(
        settings(1, 60.0, 0.0),
        json!([client, unlimited("leaf", "const(0s)")]),
        json!([with(
            link("users", "leaf"),
            with(policy, json!({"latency": "const(50ms)"}))
        )]),
    );
    whole["faults"] =
        json!([{"kind": "error_rate", "target": "leaf", "errors": 1.0, "at": "10s", "for": "20s"}]);
    let mut simulation = simulate(whole);
    let (mut reached, mut short) = (vec![0.0], vec![0.0]);
    for tick in 1..=600u64 {
        simulation.run_until(tick * 100_000_000, u64::MAX);
        let r = report(&simulation);
        reached.push(r.n("/nodes/leaf/arrivals"));
        short.push(r.count("/requests/failed/circuit_open"));
    }
    // It is open from the first call that it refuses to the last.
    let opens = short.iter().position(|short| *short > 0.0).unwrap_or(0);
    let last = short
        .iter()
        .position(|count| *count == short[600])
        .unwrap_or(0);
    vec![
        ("opens_at_s", json!(opens as f64 / 10.0)),
        (
            "probes_between_open_and_30s",
            json!(reached[300] - reached[opens]),
        ),
        ("closes_at_s", json!(last as f64 / 10.0)),
        (
            "calls_reaching_dependency_in_outage",
            json!(reached[300] - reached[100]),
        ),
        ("short_circuited", json!(short[600])),
    ]
}

/// A case of which nothing is expressed.
pub(crate) fn none(_: &Point) -> Measured {
    Vec::new()
}
