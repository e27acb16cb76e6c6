//! The semantics of the model, pinned to the nanosecond: constant times, recorded arrivals, traces.
//!
//! Every design here is small enough to be worked out by hand, and the comments do so where it is
//! not obvious. Links have no latency unless a test sets one.

use design::Design;
use serde_json::Value as Json;
use sim::Simulation;
use sim::measure::FlightKind;

#[path = "model/answers.rs"]
mod answers;
#[path = "model/balancing.rs"]
mod balancing;
#[path = "model/bounds.rs"]
mod bounds;
#[path = "model/cache_loads.rs"]
mod cache_loads;
#[path = "model/caches.rs"]
mod caches;
#[path = "model/calls.rs"]
mod calls;
#[path = "model/clients.rs"]
mod clients;
#[path = "model/clocks.rs"]
mod clocks;
#[path = "model/coordinators.rs"]
mod coordinators;
#[path = "model/cycles.rs"]
mod cycles;
#[path = "model/data.rs"]
mod data;
#[path = "model/databases.rs"]
mod databases;
#[path = "model/disciplines.rs"]
mod disciplines;
#[path = "model/edits.rs"]
mod edits;
#[path = "model/ejections.rs"]
mod ejections;
#[path = "model/example.rs"]
mod example;
#[path = "model/failures.rs"]
mod failures;
#[path = "model/faults.rs"]
mod faults;
#[path = "model/gates.rs"]
mod gates;
#[path = "model/hedging.rs"]
mod hedging;
#[path = "model/lease_intervals.rs"]
mod lease_intervals;
#[path = "model/live_edits.rs"]
mod live_edits;
#[path = "model/messaging.rs"]
mod messaging;
#[path = "model/operations.rs"]
mod operations;
#[path = "model/partition.rs"]
mod partition;
#[path = "model/parts.rs"]
mod parts;
#[path = "model/policies.rs"]
mod policies;
#[path = "model/poll_interval.rs"]
mod poll_interval;
#[path = "model/presets.rs"]
mod presets;
#[path = "model/queues.rs"]
mod queues;
#[path = "model/recovery.rs"]
mod recovery;
#[path = "model/redeliveries.rs"]
mod redeliveries;
#[path = "model/refusals.rs"]
mod refusals;
#[path = "model/relays.rs"]
mod relays;
#[path = "model/replication.rs"]
mod replication;
#[path = "model/resharding.rs"]
mod resharding;
#[path = "model/scaling.rs"]
mod scaling;
#[path = "model/sparing.rs"]
mod sparing;
#[path = "model/start_ups.rs"]
mod start_ups;
#[path = "model/steady.rs"]
mod steady;
#[path = "model/telemetry.rs"]
mod telemetry;
#[path = "model/traces.rs"]
mod traces;
#[path = "model/writes.rs"]
mod writes;
#[path = "model/zones.rs"]
mod zones;

/// Returns a node; `rest` is the JSON of its further fields.
fn node(id: &str, kind: &str, rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { ", " };
    format!(r#"{{"id": "{id}", "kind": "{kind}"{comma}{rest}}}"#)
}

/// Returns a client "u" whose requests come at these moments, in ms.
fn replay(moments: impl IntoIterator<Item = u64>) -> String {
    replay_by("u", moments, "")
}

fn replay_by(id: &str, moments: impl IntoIterator<Item = u64>, rest: &str) -> String {
    let moments: Vec<String> = moments
        .into_iter()
        .map(|ms| format!("\"{ms}ms\""))
        .collect();
    let comma = if rest.is_empty() { "" } else { ", " };
    let arrivals = format!(
        r#""arrivals": {{"replay": [{}]}}{comma}{rest}"#,
        moments.join(", ")
    );
    node(id, "client", &arrivals)
}

/// Returns a service of constant time.
fn service(id: &str, ms: u64, rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { ", " };
    node(
        id,
        "service",
        &format!(r#""service_time": "const({ms}ms)"{comma}{rest}"#),
    )
}

/// Returns a database of constant times.
fn database(id: &str, ms: u64, rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { ", " };
    let times = format!(r#""read_time": "const({ms}ms)", "write_time": "const({ms}ms)""#);
    node(id, "database", &format!("{times}{comma}{rest}"))
}

/// Returns a cache whose look-ups take no time.
fn cache(rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { ", " };
    node(
        "cache",
        "cache",
        &format!(r#""hit_time": "const(0s)"{comma}{rest}"#),
    )
}

/// Operations of a client that reads one key.
const GET: &str = r#""operations": [{"name": "get", "keys": {"uniform": {"n": 1}}}]"#;
/// Operations of a client that writes one key.
const PUT: &str =
    r#""operations": [{"name": "put", "effect": "write", "keys": {"uniform": {"n": 1}}}]"#;

/// Returns a link by its ends ("u->api"), without latency unless `rest` sets one.
fn link(ends: &str, rest: &str) -> String {
    let (from, to) = ends.split_once("->").unwrap();
    let latency = if rest.contains("\"latency\"") {
        ""
    } else {
        r#", "latency": "const(0s)""#
    };
    let comma = if rest.is_empty() { "" } else { ", " };
    format!(r#"{{"from": "{from}", "to": "{to}"{latency}{comma}{rest}}}"#)
}

/// Returns a fault from one moment to another, in ms.
fn fault(kind: &str, target: &str, from: u64, to: u64, rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { ", " };
    format!(
        r#"{{"kind": "{kind}", "target": "{target}", "at": "{from}ms", "for": "{}ms"{comma}{rest}}}"#,
        to - from
    )
}

/// Returns a design that runs for a second unless a setting says otherwise.
fn design(settings: &str, nodes: &[String], links: &[String], faults: &[String]) -> Design {
    let duration = if settings.contains("\"duration\"") {
        ""
    } else {
        r#""duration": "1s", "#
    };
    let comma = if settings.is_empty() { "" } else { ", " };
    let text = format!(
        r#"{{"faultline": 1, {duration}{settings}{comma}"nodes": [{}], "links": [{}], "faults": [{}]}}"#,
        nodes.join(", "),
        links.join(", "),
        faults.join(", ")
    );
    format::json::read(&text).unwrap_or_else(|problems| panic!("{problems:?} in {text}"))
}

/// A seed under which the callers and balancers here begin their round robin with the first
/// replica, so that the target of each call can be worked out by hand.
const IN_ORDER: &str = r#""seed": 905"#;

/// A finished run: its report, and everything that was sent over its links.
struct Run {
    report: Json,
    flights: Vec<(String, &'static str, u64)>,
}

fn run(nodes: &[String], links: &[String]) -> Run {
    run_with("", nodes, links, &[])
}

fn run_with(settings: &str, nodes: &[String], links: &[String], faults: &[String]) -> Run {
    run_design(&design(settings, nodes, links, faults))
}

fn run_design(design: &Design) -> Run {
    let mut simulation = Simulation::new(design);
    simulation.tap_mut().is_open = true;
    simulation.run();
    assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    let taken: Vec<_> = simulation.tap_mut().take().collect();
    let flights = taken.iter().filter_map(|flight| {
        let word = match flight.kind {
            FlightKind::Call => "call",
            FlightKind::Retry => "retry",
            FlightKind::Message => "message",
            // Stale answers differ only by color.
            FlightKind::Answer | FlightKind::Stale => "answer",
            FlightKind::Failure | FlightKind::Refused => "failure",
            FlightKind::Timeout => "timeout",
            FlightKind::Lost => "lost",
            // Nothing travels.
            FlightKind::Unsent | FlightKind::Abandoned | FlightKind::Late => return None,
        };
        let id = simulation.world().link(flight.link).id.clone();
        Some((id, word, flight.start))
    });
    let flights = flights.collect();
    let report = serde_json::to_value(simulation.report()).unwrap();
    let requests = &report["requests"];
    assert_eq!(
        requests["offered"].as_u64().unwrap(),
        requests["completed"].as_u64().unwrap() + requests["in_flight"].as_u64().unwrap()
    );
    Run { report, flights }
}

impl Run {
    /// Returns everything that was sent over a link, each with the moment it left, in ms: "call 0,
    /// answer 10".
    fn trace(&self, link: &str) -> String {
        let words = self.of(link).map(|(word, at)| format!("{word} {at}"));
        words.collect::<Vec<_>>().join(", ")
    }

    /// Returns when attempts and messages were sent over a link, in ms.
    fn sent(&self, link: &str) -> Vec<f64> {
        let is_sent = |word: &str| ["call", "retry", "message"].contains(&word);
        self.of(link)
            .filter(|(word, _)| is_sent(word))
            .map(|(_, at)| at)
            .collect()
    }

    fn of(&self, link: &str) -> impl Iterator<Item = (&'static str, f64)> {
        assert!(
            self.report["links"][link].is_object(),
            "there is no link {link}"
        );
        let mine = self.flights.iter().filter(move |(id, ..)| id == link);
        mine.map(|(_, word, at)| (*word, *at as f64 / 1e6))
    }

    /// Returns a metric of the report, by its path.
    #[track_caller]
    fn number(&self, path: &str) -> f64 {
        let found = self
            .report
            .pointer(path)
            .unwrap_or_else(|| panic!("no {path}"));
        found
            .as_f64()
            .unwrap_or_else(|| panic!("{path} is {found}"))
    }

    fn ok(&self) -> f64 {
        self.number("/requests/ok")
    }

    /// Returns the causes of failed requests: "timeout 2", or empty.
    fn failed(&self) -> String {
        let causes = self.report["requests"]["failed"].as_object().unwrap();
        let causes = causes
            .iter()
            .map(|(cause, count)| format!("{cause} {count}"));
        causes.collect::<Vec<_>>().join(", ")
    }

    /// Returns the longest latency of an answered request, in ms (exact).
    #[track_caller]
    fn latency(&self) -> f64 {
        self.number("/requests/latency_ms/max")
    }

    fn hash(&self) -> &str {
        self.report["run"]["hash"].as_str().unwrap()
    }
}
