//! Queueing theory: one station, or a few.

use super::harness::{
    Measured, Point, Report, design, exp, link, per_s, report, run, s, service, settings, simulate,
    station, users, with,
};
use serde_json::{Value as Json, json};

const UTILIZATION: &str = "/nodes/station/utilization";
const WAIT: &str = "/nodes/station/wait_ms/mean";
const MEAN: &str = "/requests/latency_ms/mean";
const P50: &str = "/requests/latency_ms/p50";
const P95: &str = "/requests/latency_ms/p95";
const P99: &str = "/requests/latency_ms/p99";

fn workers(count: f64, time: &str) -> serde_json::Value {
    service("station", count, time)
}

/// M/M/1.
pub(crate) fn mm1(p: &Point) -> Measured {
    let (rate, requests) = (p.n("arrival_rate"), p.n("requests"));
    let r = station(
        users(rate),
        rate,
        requests,
        requests / 10.0,
        workers(1.0, &exp(0.01)),
    );
    vec![
        ("utilization", json!(r.n(UTILIZATION))),
        ("mean_sojourn_s", json!(r.s(MEAN))),
        ("mean_wait_s", json!(r.s(WAIT))),
        (
            "mean_in_system",
            json!(r.n("/nodes/station/in_flight_mean")),
        ),
        ("p50_s", json!(r.s(P50))),
        ("p95_s", json!(r.s(P95))),
        ("p99_s", json!(r.s(P99))),
        ("prob_wait", json!(r.n("/nodes/station/waited"))),
    ]
}

/// M/M/c: a shared queue before c workers.
pub(crate) fn mmc(p: &Point) -> Measured {
    let (rate, requests) = (p.n("arrival_rate"), p.n("requests"));
    let station_spec = workers(p.n("workers"), &exp(0.05));
    let r = station(users(rate), rate, requests, requests / 10.0, station_spec);
    vec![
        ("prob_wait", json!(r.n("/nodes/station/waited"))),
        ("mean_wait_s", json!(r.s(WAIT))),
        ("mean_sojourn_s", json!(r.s(MEAN))),
        ("p99_sojourn_s", json!(r.s(P99))),
        ("utilization", json!(r.n(UTILIZATION))),
    ]
}

fn rejected(r: &Report) -> f64 {
    r.count("/requests/failed/rejected") / r.n("/requests/completed")
}

/// Erlang B: no waiting place.
pub(crate) fn loss(p: &Point) -> Measured {
    let time = p.n("mean_service_s");
    let rate = p.n("offered_erlangs") / time;
    let no_queue = with(
        workers(p.n("workers"), &exp(time)),
        json!({"queue": {"capacity": 0}}),
    );
    let r = station(users(rate), rate, p.n("requests"), 1000.0, no_queue);
    vec![
        ("prob_reject", json!(rejected(&r))),
        ("utilization", json!(r.n(UTILIZATION))),
    ]
}

/// M/M/c/K through overload.
pub(crate) fn bounded(p: &Point) -> Measured {
    let rate = p.n("arrival_rate");
    let bounded = with(
        workers(p.n("workers"), &exp(1.0 / p.n("service_rate_per_worker"))),
        json!({"queue": {"capacity": p.n("queue_capacity")}}),
    );
    let r = station(users(rate), rate, p.n("requests"), 100_000.0, bounded);
    vec![
        ("prob_reject", json!(rejected(&r))),
        ("throughput", json!(r.n("/requests/goodput_per_s"))),
        ("mean_sojourn_accepted_s", json!(r.s(MEAN))),
        ("utilization", json!(r.n(UTILIZATION))),
    ]
}

/// M/D/1 and D/M/1.
pub(crate) fn deterministic(p: &Point) -> Measured {
    let (rate, requests) = (p.n("arrival_rate"), p.n("requests"));
    let is_md1 = p.text("model").starts_with("M/D/1");
    let (client, time) = match is_md1 {
        true => (users(rate), "const(10ms)".to_owned()),
        false => (
            with(users(rate), json!({"arrivals": {"constant": per_s(rate)}})),
            exp(0.01),
        ),
    };
    let r = station(client, rate, requests, requests / 20.0, workers(1.0, &time));
    let mm1_wait = rate / 100.0 / (100.0 - rate);
    vec![
        ("mean_wait_s", json!(r.s(WAIT))),
        ("mean_sojourn_s", json!(r.s(MEAN))),
        ("half_of_mm1_wait", json!(r.s(WAIT) / mm1_wait)),
    ]
}

/// M/G/1 with lognormal service. Quantiles give the distribution: p50 = e^mu, p99 = e^(mu + 2.3263 sigma).
pub(crate) fn lognormal(p: &Point) -> Measured {
    let (rate, requests) = (p.n("arrival_rate"), p.n("requests"));
    let (mu, sigma) = (p.n("ln_mu"), p.n("ln_sigma"));
    let (p50, p99) = (libm::exp(mu), libm::exp(mu + 2.326_347_874_040_841 * sigma));
    let time = format!("lognormal(p50={p50}s,p99={p99}s)");
    let r = station(
        users(rate),
        rate,
        requests,
        requests / 20.0,
        workers(1.0, &time),
    );
    vec![
        ("mean_wait_s", json!(r.s(WAIT))),
        ("mean_sojourn_s", json!(r.s(MEAN))),
    ]
}

/// Two classes of priority: an operation's wait is its latency less the mean work.
pub(crate) fn priority(p: &Point) -> Measured {
    let (high, low) = (p.n("high_rate"), p.n("low_rate"));
    let work = 1.0 / p.n("service_rate");
    let operations = json!([{"name": "high", "weight": high}, {"name": "low", "weight": low}]);
    let client = with(users(high + low), json!({"operations": operations}));
    let by_class =
        json!({"queue": {"capacity": null, "discipline": "priority", "priority": ["high", "low"]}});
    let r = station(
        client,
        high + low,
        3e6,
        1e5,
        with(workers(1.0, &exp(work)), by_class),
    );
    let wait = |class: &str| r.s(&format!("/requests/by_operation/{class}/latency_ms/mean")) - work;
    vec![
        ("mean_wait_high_s", json!(wait("high"))),
        ("mean_wait_low_s", json!(wait("low"))),
    ]
}

/// Closed users who think: the machine repair model. The response time law needs the mean time to
/// think exactly, so a second run thinks for a constant time (which changes no mean: the model is
/// insensitive to the distribution of thinking).
pub(crate) fn closed(p: &Point) -> Measured {
    let (users, think) = (p.n("users"), p.n("think_s"));
    let thinking = |time: String| {
        let client = json!({"id": "users", "kind": "client",
            "arrivals": {"closed": {"users": users, "think": time}}});
        let station = workers(p.n("workers"), &exp(p.n("service_s")));
        let nodes = json!([client, station]);
        run(design(
            settings(11, 6000.0, 200.0),
            nodes,
            json!([link("users", "station")]),
        ))
    };
    let steady = thinking(format!("const({think}s)"));
    let (throughput, response) = (steady.n("/requests/throughput_per_s"), steady.s(MEAN));
    let residual = (response - (users / throughput - think)).abs() / response;
    let r = thinking(exp(think));
    vec![
        ("throughput", json!(r.n("/requests/throughput_per_s"))),
        ("mean_response_s", json!(r.s(MEAN))),
        ("response_time_law_residual", json!(residual)),
        ("utilization", json!(r.n(UTILIZATION))),
    ]
}

/// Stations in series; and one whose failures return to the tail of its queue.
pub(crate) fn jackson(p: &Point) -> Measured {
    if let Some(feedback) = p.find("feedback_prob") {
        let rate = p.n("external_rate");
        let failing = with(workers(1.0, &exp(0.01)), json!({"error_rate": feedback}));
        let again = json!({"retry": {"max_attempts": 100, "on": ["error"]}});
        let r = run(design(
            settings(11, 2e6 / rate, 1e5 / rate),
            json!([users(rate), failing]),
            json!([with(link("users", "station"), again)]),
        ));
        let seconds = r.n("/run/duration_s") - r.n("/run/warmup_s");
        return vec![
            (
                "internal_rate",
                json!(r.n("/nodes/station/arrivals") / seconds),
            ),
            ("utilization", json!(r.n(UTILIZATION))),
            ("mean_total_time_s", json!(r.s(MEAN))),
        ];
    }
    let rate = p.n("arrival_rate");
    let rates = p.params["service_rates"]
        .as_array()
        .expect("a list of rates");
    let (mut nodes, mut links) = (vec![users(rate)], Vec::new());
    for (place, mu) in rates.iter().enumerate() {
        let id = format!("s{}", place + 1);
        nodes.push(service(&id, 1.0, &exp(1.0 / mu.as_f64().expect("a rate"))));
        links.push(link("users", &id));
    }
    let r = run(design(
        settings(11, 2e6 / rate, 1e5 / rate),
        json!(nodes),
        json!(links),
    ));
    vec![
        ("mean_end_to_end_s", json!(r.s(MEAN))),
        ("mean_station3_s", json!(r.s("/nodes/s3/response_ms/mean"))),
        ("p99_end_to_end_s", json!(r.s(P99))),
    ]
}

/// M/M/1+D: leaving the queue after a wait.
pub(crate) fn impatient(p: &Point) -> Measured {
    let rate = p.n("arrival_rate");
    let leaves = json!({"queue": {"capacity": null, "max_wait": s(p.n("max_wait_s"))}});
    let r = station(
        users(rate),
        rate,
        8e5,
        1e4,
        with(workers(1.0, &exp(0.01)), leaves),
    );
    let failed = 1.0 - r.n("/requests/availability");
    vec![
        ("prob_timeout", json!(failed)),
        ("throughput", json!(r.n("/requests/goodput_per_s"))),
    ]
}

/// A client that times out while the server works on.
pub(crate) fn doomed(p: &Point) -> Measured {
    let (rate, is_overload) = (p.n("arrival_rate"), p.n("arrival_rate") > 100.0);
    // Near saturation the state is remembered for hundreds of seconds: only a long run says anything.
    let (duration, warmup) = match rate {
        _ if is_overload => (400.0, 200.0),
        99.0 => (1e8 / rate, 1e5 / rate),
        rate => (2e6 / rate, 1e4 / rate),
    };
    let impatient = with(
        link("users", "station"),
        json!({"timeout": s(p.n("client_timeout_s"))}),
    );
    let mut settings = settings(11, duration, warmup);
    // In overload the backlog would be worked off after the window.
    settings["drain"] = json!(!is_overload);
    let r = run(design(
        settings,
        json!([users(rate), workers(1.0, &exp(0.01))]),
        json!([impatient]),
    ));
    vec![
        (
            "prob_client_timeout",
            json!(r.count("/requests/failed/timeout") / r.n("/requests/completed")),
        ),
        ("goodput", json!(r.n("/requests/goodput_per_s"))),
        ("server_utilization", json!(r.n(UTILIZATION))),
        // What the server works on, whoever still wants it: one slot of mean work 10 ms.
        ("throughput", json!(r.n(UTILIZATION) * 100.0)),
    ]
}

/// Unlimited workers: the number in service is Poisson. Sampled at regular moments.
pub(crate) fn infinite(_: &Point) -> Measured {
    let endless =
        json!({"id": "station", "kind": "service", "concurrency": null, "service_time": exp(0.05)});
    let mut simulation = simulate(design(
        settings(11, 5000.0, 0.0),
        json!([users(200.0), endless]),
        json!([link("users", "station")]),
    ));
    let mut seen = Vec::new();
    for tick in 1..50_000u64 {
        simulation.run_until(tick * 100_000_000, u64::MAX);
        let totals = simulation.totals();
        let left = totals.answered + totals.failed.iter().sum::<u64>();
        seen.push((totals.offered - left) as f64);
    }
    simulation.run();
    let r = report(&simulation);
    let count = seen.len() as f64;
    let mean = seen.iter().sum::<f64>() / count;
    let variance = seen.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / count;
    let crowded = seen.iter().filter(|n| **n > 15.0).count() as f64 / count;
    vec![
        ("mean_busy", json!(r.n("/nodes/station/in_flight_mean"))),
        ("variance_busy", json!(variance)),
        ("mean_sojourn_s", json!(r.s(MEAN))),
        ("prob_more_than_15", json!(crowded)),
    ]
}

/// A thousand jobs at one instant, or spread over half a minute.
pub(crate) fn cron(p: &Point) -> Measured {
    // The golden ratio's multiples spread evenly and in no order, like independent uniforms but
    // without their clusters.
    let moment = |n: u32| match p.text("jitter") {
        "" => 0.0,
        _ => (f64::from(n) * 0.618_033_988_749_894_9).fract() * 30.0,
    };
    let mut moments: Vec<f64> = (0..1000).map(moment).collect();
    moments.sort_by(f64::total_cmp);
    let moments: Vec<String> = moments.into_iter().map(s).collect();
    let client = json!({"id": "users", "kind": "client", "arrivals": {"replay": moments}});
    let r = run(design(
        settings(1, 60.0, 0.0),
        json!([client, workers(10.0, "const(10ms)")]),
        json!([link("users", "station")]),
    ));
    vec![
        ("mean_sojourn_s", json!(r.s(MEAN))),
        ("max_sojourn_s", json!(r.s("/requests/latency_ms/max"))),
        ("p99_sojourn_s", json!(r.s(P99))),
        ("mean_utilization_over_minute", json!(r.n(UTILIZATION))),
    ]
}

/// Backlogs: how high, and how long they take to drain.
pub(crate) fn backlog(p: &Point) -> Measured {
    let rate = p.n("arrival_rate");
    let per_job = 1.0 / p.n("service_rate");
    let client = with(users(rate), json!({"arrivals": {"constant": per_s(rate)}}));
    let worker = workers(1.0, &format!("const({per_job}s)"));
    let (spike, faults) = match p.find("spike_s") {
        Some(spike) => (
            spike,
            json!([{"kind": "traffic_spike", "target": "users", "at": "100s",
            "for": s(spike), "times": p.n("spike_rate") / rate}]),
        ),
        None => (p.n("outage_s"), json!([])),
    };
    let mut whole = match faults.as_array().is_some_and(|faults| !faults.is_empty()) {
        true => design(
            settings(1, 600.0, 0.0),
            json!([client, worker]),
            json!([link("users", "station")]),
        ),
        false => {
            // Messages wait for a consumer that is down.
            let consumers = 11.0;
            let worker = service(
                "worker",
                consumers,
                &format!("const({}s)", consumers * per_job),
            );
            let queue = json!({"id": "queue", "kind": "queue", "capacity": null,
                "visibility_timeout": "10h", "max_receives": null});
            let publish = with(link("users", "queue"), json!({"mode": "publish"}));
            let consume = with(
                link("queue", "worker"),
                json!({"mode": "consume", "concurrency": consumers}),
            );
            design(
                settings(1, 8000.0, 0.0),
                json!([client, queue, worker]),
                json!([publish, consume]),
            )
        }
    };
    whole["faults"] = match faults.as_array().is_some_and(Vec::is_empty) {
        true => json!([{"kind": "crash", "target": "worker", "at": "100s", "for": s(spike)}]),
        false => faults,
    };
    let r = run(whole);
    let (width, waiting) = (r.n("/windows/width_s"), r.list("/windows/waiting"));
    let end = 100.0 + spike;
    // From the end of the surge to the first window that ends with nobody waiting.
    let after = waiting.iter().enumerate().skip((end / width) as usize);
    let empty = after
        .clone()
        .find(|(_, waiting)| **waiting < 2.0)
        .map_or(f64::NAN, |(at, _)| (at as f64 + 1.0) * width);
    let peak = waiting.iter().copied().fold(0.0, f64::max);
    vec![
        ("peak_backlog", json!(peak)),
        ("drain_s", json!(empty - end)),
        (
            "oldest_age_at_restart_s",
            json!(r.count("/nodes/queue/messages/oldest_ms/max") / 1000.0),
        ),
    ]
}

/// What averages hide: the 99th percentile near saturation.
pub(crate) fn saturation(p: &Point) -> Measured {
    let rate = p.n("rho") * 100.0;
    let r = station(users(rate), rate, 5e6, 2e5, workers(1.0, &exp(0.01)));
    vec![
        ("p99_s", json!(r.s(P99))),
        ("multiplier_vs_idle", json!(r.s(MEAN) / 0.01)),
    ]
}

/// Identities of the run itself: the engine checks them to the nanosecond, in every run here too.
pub(crate) fn laws(_: &Point) -> Measured {
    let retries = with(
        link("users", "a"),
        json!({"timeout": "50ms", "retry": {"max_attempts": 3}}),
    );
    let chain = |seed: u64| {
        let bounded = with(
            service("a", 4.0, &exp(0.02)),
            json!({"queue": {"capacity": 20}}),
        );
        design(
            settings(seed, 120.0, 0.0),
            json!([users(150.0), bounded, service("b", 4.0, &exp(0.01))]),
            json!([retries, link("a", "b")]),
        )
    };
    let (mut first, mut second) = (simulate(chain(3)), simulate(chain(3)));
    first.run();
    second.run();
    let broken = first.broken_laws();
    let breaks = |word: &str| broken.iter().filter(|law| law.contains(word)).count() as f64;
    let (r, again) = (report(&first), report(&second));
    let sent = r.n("/links/a->b/attempts") - r.n("/nodes/b/arrivals");
    vec![
        ("little_law", json!(breaks("Little"))),
        ("flow_balance", json!(broken.len() as f64)),
        ("utilization_law", json!(breaks("tilization"))),
        ("forced_flow", json!(sent)),
        ("no_negative", json!(smallest(r.at("")))),
        (
            "determinism",
            json!(f64::from(u8::from(
                r.at("/run/hash") != again.at("/run/hash")
            ))),
        ),
    ]
}

/// The smallest number in a report.
fn smallest(value: &Json) -> f64 {
    match value {
        Json::Number(number) => number.as_f64().unwrap_or(f64::NEG_INFINITY),
        Json::Array(items) => items.iter().map(smallest).fold(f64::INFINITY, f64::min),
        Json::Object(fields) => fields.values().map(smallest).fold(f64::INFINITY, f64::min),
        Json::Null | Json::Bool(_) | Json::String(_) => f64::INFINITY,
    }
}
