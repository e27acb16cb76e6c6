//! The engine against closed forms of queueing theory, through the public report.
//!
//! Expected values are the formulas' own; tolerances are at least 3.5 standard errors of a run of
//! the length used (Whitt 1989 for the mean number in M/M/1), so that a correct engine fails less
//! than once in a thousand seeds.

#[path = "theory/balancing.rs"]
mod balancing;

use serde_json::Value as Json;

/// Runs a design file and returns its report.
fn run(design: &str) -> Json {
    let design = format::json::read(design).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut simulation = sim::Simulation::new(&design);
    simulation.run();
    assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    serde_json::to_value(simulation.report()).unwrap()
}

/// Returns a client at a rate over one service with nothing between them.
fn station(rate: f64, requests: f64, warmup: f64, service: &str) -> Json {
    let (duration, warmup) = (requests / rate, warmup / rate);
    run(&format!(
        r#"{{"faultline": 1, "seed": 11, "duration": "{duration}s", "warmup": "{warmup}s", "nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "{rate}/s"}}}},
            {{"id": "station", "kind": "service", {service}}}],
          "links": [{{"from": "users", "to": "station", "latency": "const(0s)"}}]}}"#
    ))
}

fn number(report: &Json, path: &str) -> f64 {
    let found = report
        .pointer(path)
        .unwrap_or_else(|| panic!("the report has no {path}"));
    found
        .as_f64()
        .unwrap_or_else(|| panic!("{path} is {found}"))
}

#[track_caller]
fn near(report: &Json, path: &str, expected: f64, tolerance: f64) {
    let seen = number(report, path);
    let error = (seen / expected - 1.0).abs();
    assert!(
        error <= tolerance,
        "{path}: {seen} against {expected}, off by {:.2} %",
        error * 100.0
    );
}

/// Returns the share of arrivals that wait, by Erlang C, with `offered` erlangs to `servers`.
fn erlang_c(servers: u32, offered: f64) -> f64 {
    let blocked = erlang_b(servers, offered);
    let rho = offered / f64::from(servers);
    blocked / (1.0 - rho * (1.0 - blocked))
}

/// Returns the share of arrivals lost without a queue, by Erlang B.
fn erlang_b(servers: u32, offered: f64) -> f64 {
    (1..=servers).fold(1.0, |b, n| offered * b / (f64::from(n) + offered * b))
}

/// M/M/1: the time in the system is exponential with rate mu - lambda.
#[test]
fn mm1_sojourn_is_exponential() {
    for (lambda, requests, mean, p95, p99) in [
        (50.0, 500_000.0, 0.028, 0.026, 0.041),
        (70.0, 1_000_000.0, 0.03, 0.039, 0.073),
        (90.0, 4_000_000.0, 0.05, 0.065, 0.077),
    ] {
        let report = station(
            lambda,
            requests,
            requests / 10.0,
            r#""concurrency": 1, "queue": {"capacity": null}, "service_time": "exp(10ms)""#,
        );
        let left = 100.0 - lambda;
        near(&report, "/nodes/station/utilization", lambda / 100.0, 0.01);
        near(&report, "/requests/latency_ms/mean", 1000.0 / left, mean);
        near(&report, "/requests/latency_ms/p50", 693.147 / left, mean);
        near(&report, "/requests/latency_ms/p95", 2995.732 / left, p95);
        near(&report, "/requests/latency_ms/p99", 4605.170 / left, p99);
        near(
            &report,
            "/nodes/station/in_flight_mean",
            lambda / left,
            mean * 1.4,
        );
        near(
            &report,
            "/nodes/station/wait_ms/mean",
            1000.0 / left - 10.0,
            mean * 1.4,
        );
    }
}

/// M/M/c with one queue: Erlang C.
#[test]
fn mmc_waits_by_erlang_c() {
    for (servers, offered, tolerance) in [
        (2, 1.6, 0.06),
        (5, 4.0, 0.06),
        (10, 8.0, 0.06),
        (50, 45.0, 0.085),
    ] {
        let lambda = offered * 20.0;
        let service = format!(
            r#""concurrency": {servers}, "queue": {{"capacity": null}}, "service_time": "exp(50ms)""#
        );
        let report = station(lambda, 2_000_000.0, 200_000.0, &service);
        let wait_ms = erlang_c(servers, offered) / (f64::from(servers) - offered) * 50.0;
        near(&report, "/nodes/station/wait_ms/mean", wait_ms, tolerance);
        near(
            &report,
            "/requests/latency_ms/mean",
            wait_ms + 50.0,
            tolerance * 0.6,
        );
        near(
            &report,
            "/nodes/station/utilization",
            offered / f64::from(servers),
            0.01,
        );
    }
}

/// No waiting places: Erlang B.
#[test]
fn no_queue_loses_by_erlang_b() {
    for (servers, offered, tolerance) in [
        (1, 1.0, 0.02),
        (5, 3.0, 0.02),
        (10, 10.0, 0.02),
        (20, 12.0, 0.08),
    ] {
        let lambda = offered * 20.0;
        let service = format!(
            r#""concurrency": {servers}, "queue": {{"capacity": 0}}, "service_time": "exp(50ms)""#
        );
        let report = station(lambda, 1_000_000.0, 0.0, &service);
        let rejected =
            number(&report, "/requests/failed/rejected") / number(&report, "/requests/completed");
        let expected = erlang_b(servers, offered);
        assert!(
            (rejected / expected - 1.0).abs() < tolerance,
            "{servers}: {rejected} against {expected}"
        );
        near(
            &report,
            "/nodes/station/utilization",
            offered * (1.0 - expected) / f64::from(servers),
            0.02,
        );
    }
}

/// M/M/c/K through overload: the birth-death solution.
#[test]
fn bounded_queues_reject_by_the_birth_death_solution() {
    for (servers, places, lambda, tolerance) in [
        (1, 2, 20.0, 0.02),
        (2, 1, 40.0, 0.02),
        (10, 20, 180.0, 0.08),
        (10, 20, 200.0, 0.056),
        (10, 20, 240.0, 0.02),
        (10, 20, 400.0, 0.02),
    ] {
        let service = format!(
            r#""concurrency": {servers}, "queue": {{"capacity": {places}}}, "service_time": "exp(50ms)""#
        );
        let report = station(lambda, 1_500_000.0, 50_000.0, &service);
        let (full, in_system) = birth_death(servers, places, lambda / 20.0);
        let accepted = lambda * (1.0 - full);
        let rejected =
            number(&report, "/requests/failed/rejected") / number(&report, "/requests/completed");
        assert!(
            (rejected / full - 1.0).abs() < tolerance,
            "{servers}/{places} at {lambda}: {rejected} against {full}"
        );
        near(
            &report,
            "/requests/latency_ms/mean",
            in_system / accepted * 1000.0,
            0.03,
        );
        near(
            &report,
            "/nodes/station/utilization",
            accepted / 20.0 / f64::from(servers),
            0.01,
        );
    }
}

/// Returns the probability that the system is full, and the mean number in it.
fn birth_death(servers: u32, places: u32, offered: f64) -> (f64, f64) {
    let mut weights = vec![1.0];
    for n in 1..=servers + places {
        weights.push(weights[n as usize - 1] * offered / f64::from(n.min(servers)));
    }
    let sum: f64 = weights.iter().sum();
    let mean = weights
        .iter()
        .enumerate()
        .map(|(n, weight)| n as f64 * weight)
        .sum::<f64>()
        / sum;
    (weights[weights.len() - 1] / sum, mean)
}

/// A closed loop: users = throughput x (response + think), to the count of those in flight.
#[test]
fn closed_users_obey_the_interactive_response_time_law() {
    let report = run(
        r#"{"faultline": 1, "seed": 3, "duration": "2000s", "warmup": "100s", "nodes": [
            {"id": "users", "kind": "client", "arrivals": {"closed": {"users": 30, "think": "exp(1s)"}}},
            {"id": "station", "kind": "service", "concurrency": 1, "queue": {"capacity": null}, "service_time": "exp(40ms)"}],
          "links": [{"from": "users", "to": "station", "latency": "const(0s)"}]}"#,
    );
    let users = number(&report, "/requests/throughput_per_s")
        * (number(&report, "/requests/latency_ms/mean") / 1000.0 + 1.0);
    assert!((users / 30.0 - 1.0).abs() < 0.01, "{users}");
    // Machine repair: the probability that the server idles, by the birth-death solution of 30
    // users.
    let offered: f64 = 0.04;
    let idle = 1.0
        / (0..=30u32)
            .map(|n| (0..n).map(|k| f64::from(30 - k) * offered).product::<f64>())
            .sum::<f64>();
    near(&report, "/nodes/station/utilization", 1.0 - idle, 0.01);
}

/// An LRU cache under Zipf: Che's approximation of the hit ratio.
#[test]
fn lru_hit_ratio_follows_che() {
    let (n, s, capacity) = (1000, 0.9, 100);
    let report = run(&format!(
        r#"{{"faultline": 1, "seed": 5, "duration": "400s", "warmup": "50s", "nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "1000/s"}},
              "operations": [{{"name": "get", "keys": {{"zipf": {{"n": {n}, "s": {s}}}}}}}]}},
            {{"id": "cache", "kind": "cache", "capacity": {capacity}, "ttl": null, "hit_time": "const(1us)"}},
            {{"id": "db", "kind": "database", "read_time": "const(1us)"}}],
          "links": [{{"from": "users", "to": "cache", "latency": "const(0s)"}}, {{"from": "cache", "to": "db", "latency": "const(0s)"}}]}}"#
    ));
    let weights: Vec<f64> = (1..=n).map(|k| libm::pow(f64::from(k), -s)).collect();
    let norm: f64 = weights.iter().sum();
    let held = |t: f64| {
        weights
            .iter()
            .map(|w| 1.0 - libm::exp(-w / norm * t))
            .sum::<f64>()
    };
    let (mut low, mut high) = (0.0, 1e6);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if held(middle) < f64::from(capacity) {
            low = middle
        } else {
            high = middle
        }
    }
    let expected: f64 = weights
        .iter()
        .map(|w| w / norm * (1.0 - libm::exp(-w / norm * low)))
        .sum();
    near(&report, "/nodes/cache/hit_ratio", expected, 0.015);
}

/// Retries at one layer over independent failures: attempts per call = (1 - p^k) / (1 - p).
#[test]
fn amplification_of_independent_failures() {
    for (p, attempts) in [(0.1, 3), (0.5, 3), (0.9, 4)] {
        let report = run(&format!(
            r#"{{"faultline": 1, "seed": 2, "duration": "2000s", "nodes": [
                {{"id": "users", "kind": "client", "arrivals": {{"poisson": "100/s"}}}},
                {{"id": "api", "kind": "service", "concurrency": null, "service_time": "const(1ms)", "error_rate": {p}}}],
              "links": [{{"from": "users", "to": "api", "retry": {{"max_attempts": {attempts}}}}}]}}"#
        ));
        let expected = (1.0 - libm::pow(p, f64::from(attempts))) / (1.0 - p);
        near(&report, "/links/users->api/amplification", expected, 0.01);
        near(
            &report,
            "/requests/availability",
            1.0 - libm::pow(p, f64::from(attempts)),
            0.01,
        );
    }
}

/// No change may reshuffle the arrivals: common random numbers.
#[test]
fn an_unrelated_node_or_a_policy_leaves_the_requests_as_they_were() {
    let design = |extra_node: &str, extra_link: &str, policy: &str| {
        format!(
            r#"{{"faultline": 1, "seed": 4, "duration": "60s", "nodes": [{extra_node}
                {{"id": "users", "kind": "client", "operations": [{{"name": "a", "weight": 3}}, {{"name": "b"}}]}},
                {{"id": "api", "kind": "service"}}],
              "links": [{extra_link} {{"from": "users", "to": "api" {policy}}}]}}"#
        )
    };
    let offered = |report: &Json| {
        ["a", "b"]
            .map(|name| number(report, &format!("/requests/by_operation/{name}/offered")) as u64)
    };
    let plain = offered(&run(&design("", "", "")));
    let retried = run(&design(
        "",
        "",
        r#", "timeout": "5ms", "retry": {"max_attempts": 3}"#,
    ));
    assert_eq!(plain, offered(&retried));
    let more = run(&design(r#"{"id": "other", "kind": "service"},"#, "", ""));
    assert_eq!(plain, offered(&more));
}

/// One key, written at a rate of 1/s and read at 50/s through a cache with a TTL of 1 s: an answer
/// of age a is stale with probability 1 - e^-a, and a cycle is a load and 50 hits on average.
#[test]
fn the_share_of_stale_reads_of_a_ttl_cache() {
    let key = r#""keys": {"uniform": {"n": 1}}"#;
    let report = run(&format!(
        r#"{{"faultline": 1, "seed": 5, "duration": "4000s", "nodes": [
            {{"id": "readers", "kind": "client", "arrivals": {{"poisson": "50/s"}}, "operations": [{{"name": "get", {key}}}]}},
            {{"id": "writers", "kind": "client", "arrivals": {{"poisson": "1/s"}},
              "operations": [{{"name": "put", "effect": "write", {key}}}]}},
            {{"id": "cache", "kind": "cache", "ttl": "1s", "hit_time": "const(0s)"}},
            {{"id": "db", "kind": "database", "read_time": "const(0s)", "write_time": "const(0s)"}}],
          "links": [{{"from": "readers", "to": "cache", "latency": "const(0s)"}},
            {{"from": "writers", "to": "db", "latency": "const(0s)"}},
            {{"from": "cache", "to": "db", "latency": "const(0s)"}}]}}"#
    ));
    let share = number(&report, "/data/stale_reads") / number(&report, "/data/reads");
    let expected = 50.0 * libm::exp(-1.0) / 51.0;
    assert!(
        (share / expected - 1.0).abs() < 0.06,
        "{share} against {expected}"
    );
    let oldest = number(&report, "/data/staleness_ms/max");
    assert!((900.0..1000.0).contains(&oldest), "{oldest}");
}

/// Requests and answers are lost one in ten, and attempted five times: a write is applied once more
/// for every lost answer that is retried.
#[test]
fn duplicate_effects_of_retries_over_a_lossy_network() {
    for key in [false, true] {
        let report = run(&format!(
            r#"{{"faultline": 1, "seed": 3, "duration": "200s", "nodes": [
                {{"id": "users", "kind": "client", "arrivals": {{"poisson": "500/s"}}, "operations": [
                  {{"name": "pay", "effect": "write", "idempotency_key": {key}}}]}},
                {{"id": "db", "kind": "database", "connections": null, "write_time": "const(0s)", "unique_ids": true}}],
              "links": [{{"from": "users", "to": "db", "latency": "const(0s)", "loss": 0.1, "timeout": "20ms",
                "retry": {{"max_attempts": 5}}}}]}}"#
        ));
        let offered = number(&report, "/requests/offered");
        let twice = number(&report, "/data/duplicated_writes") / offered;
        let effects = number(&report, "/data/effects") / offered;
        match key {
            true => assert!(twice == 0.0 && effects <= 1.0, "{twice}, {effects}"),
            false => {
                assert!((twice / 0.099_954 - 1.0).abs() < 0.035, "{twice}");
                assert!((effects / 1.110_836 - 1.0).abs() < 0.004, "{effects}");
            }
        }
    }
}

/// M/G/1 with processor sharing: the mean time in the system is E[S] / (1 - rho), whatever the
/// distribution of the work (Kleinrock 1967).
#[test]
fn processor_sharing_is_insensitive_to_the_distribution() {
    let rest =
        r#""concurrency": 1, "queue": {"capacity": null, "discipline": "processor_sharing"}"#;
    for work in ["exp(10ms)", "const(10ms)", "hyperexp(0.9:5ms,0.1:55ms)"] {
        let report = station(
            70.0,
            1_000_000.0,
            100_000.0,
            &format!(r#"{rest}, "service_time": "{work}""#),
        );
        near(&report, "/requests/latency_ms/mean", 100.0 / 3.0, 0.04);
        near(&report, "/nodes/station/utilization", 0.7, 0.01);
    }
}

/// Two classes, non-preemptive (Cobham 1954): W1 = W0 / (1 - rho1), W2 = W1 / (1 - rho1 - rho2).
#[test]
fn urgent_operations_wait_as_cobham_says() {
    for (high, low, wait_high, wait_low) in
        [(40.0, 40.0, 13.3333, 66.6667), (20.0, 70.0, 11.25, 112.5)]
    {
        let client = |id: &str, rate: f64| {
            format!(
                r#"{{"id": "{id}", "kind": "client", "arrivals": {{"poisson": "{rate}/s"}}, "operations": [{{"name": "{id}"}}]}}"#
            )
        };
        let report = run(&format!(
            r#"{{"faultline": 1, "seed": 3, "duration": "36000s", "warmup": "600s", "nodes": [{}, {},
                {{"id": "station", "kind": "service", "concurrency": 1, "service_time": "exp(10ms)",
                  "queue": {{"capacity": null, "discipline": "priority", "priority": ["high"]}}}}],
              "links": [{{"from": "high", "to": "station", "latency": "const(0s)"}}, {{"from": "low", "to": "station", "latency": "const(0s)"}}]}}"#,
            client("high", high),
            client("low", low),
        ));
        let mean = "latency_ms/mean";
        near(
            &report,
            &format!("/requests/by_operation/high/{mean}"),
            wait_high + 10.0,
            0.03,
        );
        near(
            &report,
            &format!("/requests/by_operation/low/{mean}"),
            wait_low + 10.0,
            0.06,
        );
    }
}

/// M/M/1 with a bounded wait, M/M/1+D: a call that has waited for tau leaves, and none in service
/// does. Expected by level crossing on the virtual wait.
#[test]
fn a_bounded_wait_loses_as_many_as_level_crossing_says() {
    for (rate, tau, lost, throughput, tolerance) in [
        (90.0, 100, 0.047_162_8, 85.755_3, 0.075),
        (120.0, 100, 0.183_955_3, 97.925_4, 0.05),
        (200.0, 100, 0.500_005_7, 99.998_9, 0.05),
    ] {
        let report = station(
            rate,
            800_000.0,
            10_000.0,
            &format!(
                r#""concurrency": 1, "queue": {{"capacity": null, "max_wait": "{tau}ms"}}, "service_time": "exp(10ms)""#
            ),
        );
        near(&report, "/requests/throughput_per_s", rate, 0.01);
        near(&report, "/requests/goodput_per_s", throughput, 0.01);
        let rejected = number(&report, "/requests/failed/rejected");
        let share = rejected / number(&report, "/requests/completed");
        assert!(
            (share / lost - 1.0).abs() < tolerance,
            "{rate}/s: {share} against {lost}"
        );
    }
}

/// Two links over one pool of n connections are one link of their summed load: M/M/n, whose waits
/// are Erlang's (the pool is the queue, and the callee has room for all).
#[test]
fn links_that_share_a_pool_wait_as_one_queue() {
    let (servers, service_ms) = (4, 10.0);
    for load in [0.5, 0.8, 0.9] {
        let rate = f64::from(servers) * load * 1000.0 / service_ms;
        let duration = 1_200_000.0 / rate;
        let pool = format!(r#""pool": {{"size": {servers}, "wait": null, "shared": "db"}}"#);
        let link = |id: &str, when: &str| {
            format!(
                r#"{{"id": "{id}", "from": "api", "to": "db", "when": "{when}",
                    "latency": "const(0s)", {pool}}}"#
            )
        };
        let report = run(&format!(
            r#"{{"faultline": 1, "seed": 4, "duration": "{duration}s", "warmup": "{}s", "nodes": [
                {{"id": "u", "kind": "client", "arrivals": {{"poisson": "{rate}/s"}},
                  "operations": [{{"name": "get", "effect": "read", "weight": 3}},
                    {{"name": "put", "effect": "write", "weight": 1}}]}},
                {{"id": "api", "kind": "service", "concurrency": null,
                  "service_time": "const(0s)"}},
                {{"id": "db", "kind": "service", "concurrency": null,
                  "service_time": "exp({service_ms}ms)"}}],
              "links": [{{"from": "u", "to": "api", "latency": "const(0s)"}}, {}, {}]}}"#,
            duration / 10.0,
            link("r", "reads"),
            link("w", "writes")
        ));
        let waits = erlang_c(servers, f64::from(servers) * load);
        let wait_ms = waits * service_ms / (f64::from(servers) * (1.0 - load));
        for link in ["r", "w"] {
            near(
                &report,
                &format!("/links/{link}/pool_wait_ms/mean"),
                wait_ms,
                0.06,
            );
        }
        near(
            &report,
            "/requests/latency_ms/mean",
            service_ms + wait_ms,
            0.03,
        );
    }
}
