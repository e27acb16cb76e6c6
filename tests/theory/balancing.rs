//! Load balancing: the benefit of a good choice.

use crate::{near, number, run};
use serde_json::Value as Json;

/// Single workers of mean 10 ms behind a balancer, the last of them slower.
fn balanced(rate: f64, requests: f64, workers: u32, slow: f64, balancer: &str) -> Json {
    let (duration, warmup) = (requests / rate, requests / rate / 10.0);
    let fast = workers - u32::from(slow > 1.0);
    let service = |id: &str, replicas: u32, mean: f64| {
        format!(
            r#"{{"id": "{id}", "kind": "service", "replicas": {replicas}, "concurrency": 1,
                "queue": {{"capacity": null}}, "service_time": "exp({mean}ms)"}}"#
        )
    };
    let mut nodes = vec![service("fast", fast, 10.0)];
    let mut links = vec![r#"{"from": "lb", "to": "fast", "latency": "const(0s)"}"#.to_owned()];
    if slow > 1.0 {
        nodes.push(service("slow", 1, 10.0 * slow));
        links.push(r#"{"from": "lb", "to": "slow", "latency": "const(0s)"}"#.to_owned());
    }
    run(&format!(
        r#"{{"faultline": 1, "seed": 5, "duration": "{duration}s", "warmup": "{warmup}s", "nodes": [
            {{"id": "users", "kind": "client", "arrivals": {{"poisson": "{rate}/s"}}}},
            {{"id": "lb", "kind": "load_balancer", {balancer}}}, {}],
          "links": [{{"from": "users", "to": "lb", "latency": "const(0s)"}}, {}]}}"#,
        nodes.join(", "),
        links.join(", ")
    ))
}

/// The supermarket model with 100 servers (Mitzenmacher 2001, Table 1).
#[test]
fn two_choices_are_as_good_as_mitzenmacher_says() {
    for (choices, load, mean, tolerance) in [
        (1, 0.7, 33.333, 0.03),
        (2, 0.5, 12.673, 0.02),
        (2, 0.9, 26.454, 0.021),
    ] {
        let balancer = format!(r#""algorithm": "power_of_two", "choices": {choices}"#);
        let report = balanced(10_000.0 * load, 1_000_000.0, 100, 1.0, &balancer);
        near(&report, "/requests/latency_ms/mean", mean, tolerance);
    }
}

/// Join the shortest queue, and what one server at a fifth of the speed does to it.
#[test]
fn the_least_outstanding_is_the_shortest_queue() {
    let least = r#""algorithm": "least_outstanding""#;
    for (workers, load, mean, tolerance) in [
        (2, 0.8, 29.557, 0.04),
        (10, 0.9, 19.3, 0.05),
        (100, 0.9, 10.3, 0.05),
    ] {
        let rate = 100.0 * f64::from(workers) * load;
        let report = balanced(rate, 1_000_000.0, workers, 1.0, least);
        near(&report, "/requests/latency_ms/mean", mean, tolerance);
    }
    for (algorithm, mean, p99, share) in [
        ("least_outstanding", 11.94, 72.8, 0.034),
        ("power_of_two", 16.97, 134.0, 0.0372),
    ] {
        let algorithm = format!(r#""algorithm": "{algorithm}""#);
        let report = balanced(500.0, 1_000_000.0, 10, 5.0, &algorithm);
        near(&report, "/requests/latency_ms/mean", mean, 0.06);
        near(&report, "/requests/latency_ms/p99", p99, 0.1);
        let arrivals = |id: &str| number(&report, &format!("/nodes/{id}/arrivals"));
        let slow = arrivals("slow") / (arrivals("slow") + arrivals("fast"));
        assert!(
            (slow / share - 1.0).abs() < 0.06,
            "{algorithm}: {slow} against {share}"
        );
    }
}

/// Round robin, each caller for itself: one alone is as regular as Erlang arrivals of 200 stages
/// (5.13 service times), many are nearly as random as Poisson arrivals (10). The expected values
/// are those of an independent simulation, an event queue in Python that shares no code with the
/// engine, over six seeds: 5.13 ± 0.06, 6.13 ± 0.11 and 7.89 ± 0.54.
#[test]
fn callers_that_go_round_for_themselves_share_less_evenly() {
    for (callers, mean, tolerance) in [(1, 5.13, 0.04), (20, 6.13, 0.06), (200, 7.89, 0.15)] {
        let report = run(&format!(
            r#"{{"faultline": 1, "seed": 3, "duration": "6000s", "warmup": "600s", "nodes": [
                {{"id": "users", "kind": "client", "arrivals": {{"poisson": "180/s"}}}},
                {{"id": "lb", "kind": "load_balancer", "algorithm": "random"}},
                {{"id": "callers", "kind": "service", "replicas": {callers}, "concurrency": null,
                  "service_time": "const(0s)"}},
                {{"id": "workers", "kind": "service", "replicas": 200, "concurrency": 1,
                  "queue": {{"capacity": null}}, "service_time": "exp(1s)"}}],
              "links": [
                {{"from": "users", "to": "lb", "latency": "const(0s)"}},
                {{"from": "lb", "to": "callers", "latency": "const(0s)"}},
                {{"from": "callers", "to": "workers", "latency": "const(0s)"}}]}}"#
        ));
        near(
            &report,
            "/nodes/workers/response_ms/mean",
            mean * 1_000.0,
            tolerance,
        );
    }
}
