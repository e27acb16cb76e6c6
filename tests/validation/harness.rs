//! Points, runs and verdicts: what all cases share.

use super::fingerprint;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// One set of parameters of a case, with what is expected of it.
pub(crate) struct Point {
    pub(crate) params: BTreeMap<String, Json>,
    pub(crate) expected: Vec<(String, Expected)>,
}

/// An expected value.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) value: Json,
    op: String,
    rel: Option<f64>,
    abs: Option<f64>,
}

/// What a run gave, by the names of the expected values.
pub(crate) type Measured = Vec<(&'static str, Json)>;

/// A case of `expected.json`.
pub(crate) struct Published {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) source: String,
    pub(crate) points: Vec<Point>,
}

/// Whether a measured value is what was expected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Within the tolerance.
    Held,
    /// Outside of it.
    Missed,
    /// Not expressed by this simulator, and why.
    Omitted(&'static str),
}

/// One expected value and what became of it.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) expected: Expected,
    pub(crate) measured: Option<Json>,
    pub(crate) verdict: Verdict,
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let measured = self
            .measured
            .as_ref()
            .map_or("nothing".to_owned(), Json::to_string);
        let (expected, tolerance) = (&self.expected.value, self.expected.tolerance());
        write!(
            f,
            "{}: {measured}, expected {expected} ({tolerance})",
            self.name
        )
    }
}

impl Point {
    /// A parameter that is a number.
    pub(crate) fn n(&self, name: &str) -> f64 {
        self.find(name)
            .unwrap_or_else(|| panic!("the point has no number {name}: {:?}", self.params))
    }

    /// A parameter, where it is there and a number.
    pub(crate) fn find(&self, name: &str) -> Option<f64> {
        self.params.get(name)?.as_f64()
    }

    /// A parameter that is text.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.params.get(name).and_then(Json::as_str).unwrap_or("")
    }
}

impl Expected {
    fn read(value: &Json) -> Self {
        Self {
            value: value["value"].clone(),
            op: value["op"].as_str().unwrap_or("~").to_owned(),
            rel: value["rel"].as_f64(),
            abs: value["abs"].as_f64(),
        }
    }

    /// Whether a measured value is what was expected.
    pub(crate) fn holds(&self, measured: &Json) -> bool {
        let (Some(wanted), Some(seen)) = (self.value.as_f64(), measured.as_f64()) else {
            return match (&self.value, measured) {
                (Json::Array(wanted), Json::Array(seen)) => {
                    let item = |value: &Json| Self {
                        value: value.clone(),
                        rel: Some(0.01),
                        ..self.clone()
                    };
                    wanted.len() == seen.len()
                        && wanted.iter().zip(seen).all(|(w, s)| item(w).holds(s))
                }
                (wanted, seen) => wanted == seen,
            };
        };
        match self.op.as_str() {
            "<=" => seen <= wanted,
            ">=" => seen >= wanted,
            _ => {
                let off = (seen - wanted).abs();
                let room = (self.rel.unwrap_or(0.0) * wanted.abs()).max(self.abs.unwrap_or(0.0));
                off <= room + 1e-12
            }
        }
    }

    /// The tolerance, to be read.
    pub(crate) fn tolerance(&self) -> String {
        match (self.op.as_str(), self.rel, self.abs) {
            ("<=", ..) => "at most".to_owned(),
            (">=", ..) => "at least".to_owned(),
            (_, Some(rel), _) => format!("± {}%", round(rel * 100.0)),
            (_, None, Some(0.0)) | (_, None, None) => "exact".to_owned(),
            (_, None, Some(abs)) => format!("± {abs}"),
        }
    }
}

/// Three significant digits at most after the point.
pub(crate) fn round(number: f64) -> f64 {
    let text = format!("{number:.4}");
    text.parse().unwrap_or(number)
}

/// All cases of `expected.json`.
pub(crate) fn all() -> Vec<Published> {
    let all: Json = serde_json::from_str(include_str!("expected.json")).expect("expected.json");
    let text = |value: &Json| value.as_str().unwrap_or("").to_owned();
    let cases = all.as_array().expect("a list of cases");
    cases
        .iter()
        .map(|case| Published {
            id: text(&case["id"]),
            title: text(&case["title"]),
            source: text(&case["source"]),
            points: case["points"]
                .as_array()
                .expect("points")
                .iter()
                .map(point)
                .collect(),
        })
        .collect()
}

fn point(value: &Json) -> Point {
    let entries = |value: &Json| value.as_object().expect("an object").clone();
    Point {
        params: entries(&value["params"]).into_iter().collect(),
        expected: entries(&value["expected"])
            .into_iter()
            .map(|(name, value)| (name, Expected::read(&value)))
            .collect(),
    }
}

/// Runs a point of a case and judges every value expected of it.
pub(crate) fn check(case: &super::Case, point: &Point) -> Vec<Line> {
    let reason = |name: &str| {
        let omitted = case
            .omits
            .iter()
            .find(|(known, _)| [name, "*"].contains(known));
        omitted.map(|(_, why)| *why)
    };
    let is_measured = point
        .expected
        .iter()
        .any(|(name, _)| reason(name).is_none());
    let measured = match is_measured {
        true => (case.measure)(point),
        false => Vec::new(),
    };
    let line = |(name, expected): &(String, Expected)| {
        let seen = measured.iter().find(|(known, _)| known == name);
        let seen = seen.map(|(_, value)| value.clone());
        let verdict = match (&seen, reason(name)) {
            (Some(seen), _) if expected.holds(seen) => Verdict::Held,
            (None, Some(why)) => Verdict::Omitted(why),
            _ => Verdict::Missed,
        };
        Line {
            name: name.clone(),
            expected: expected.clone(),
            measured: seen,
            verdict,
        }
    };
    point.expected.iter().map(line).collect()
}

/// A run's report.
pub(crate) struct Report(Json);

impl Report {
    /// A number of the report, by its path.
    pub(crate) fn n(&self, path: &str) -> f64 {
        let found = self.0.pointer(path);
        let found = found.unwrap_or_else(|| panic!("the report has no {path}"));
        found
            .as_f64()
            .unwrap_or_else(|| panic!("{path} is {found}"))
    }

    /// A time in seconds, by the path of a number in ms.
    pub(crate) fn s(&self, path: &str) -> f64 {
        self.n(path) / 1000.0
    }

    /// A count that is left out where it is 0.
    pub(crate) fn count(&self, path: &str) -> f64 {
        self.0.pointer(path).and_then(Json::as_f64).unwrap_or(0.0)
    }

    /// A list of numbers.
    pub(crate) fn list(&self, path: &str) -> Vec<f64> {
        let found = self.0.pointer(path).and_then(Json::as_array);
        let found = found.unwrap_or_else(|| panic!("the report has no list {path}"));
        found
            .iter()
            .map(|value| value.as_f64().unwrap_or(0.0))
            .collect()
    }

    /// Any value.
    pub(crate) fn at(&self, path: &str) -> &Json {
        self.0.pointer(path).unwrap_or(&Json::Null)
    }
}

/// Builds the engine for a design file.
pub(crate) fn simulate(design: Json) -> sim::Simulation {
    let text = design.to_string();
    let design =
        format::json::read(&text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    fingerprint::begin(sim::Simulation::new(&design))
}

/// The report of a run as it is now.
pub(crate) fn report(simulation: &sim::Simulation) -> Report {
    assert_eq!(simulation.broken_laws(), Vec::<String>::new());
    fingerprint::take(simulation);
    Report(serde_json::to_value(simulation.report()).expect("a report is JSON"))
}

/// Runs a design file to its end.
pub(crate) fn run(design: Json) -> Report {
    let mut simulation = simulate(design);
    simulation.run();
    report(&simulation)
}

/// A design file of these settings, nodes and links.
pub(crate) fn design(settings: Json, nodes: Json, links: Json) -> Json {
    let mut whole = settings;
    whole["faultline"] = json!(1);
    whole["nodes"] = nodes;
    whole["links"] = links;
    whole
}

/// Seed, duration and warm-up.
pub(crate) fn settings(seed: u64, duration_s: f64, warmup_s: f64) -> Json {
    json!({"seed": seed, "duration": s(duration_s), "warmup": s(warmup_s)})
}

/// A duration in seconds.
pub(crate) fn s(seconds: f64) -> String {
    format!("{seconds}s")
}

/// A rate per second.
pub(crate) fn per_s(rate: f64) -> String {
    format!("{rate}/s")
}

/// Exponentially distributed around a mean.
pub(crate) fn exp(mean_s: f64) -> String {
    format!("exp({mean_s}s)")
}

/// A link without delay.
pub(crate) fn link(from: &str, to: &str) -> Json {
    with(
        json!({"from": from, "to": to, "latency": "const(0s)"}),
        json!({}),
    )
}

/// An object with further entries.
pub(crate) fn with(mut object: Json, more: Json) -> Json {
    if let (Some(object), Json::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

/// A client of Poisson arrivals.
pub(crate) fn users(rate: f64) -> Json {
    json!({"id": "users", "kind": "client", "arrivals": {"poisson": per_s(rate)}})
}

/// A service with an unbounded queue.
pub(crate) fn service(id: &str, workers: f64, time: &str) -> Json {
    json!({"id": id, "kind": "service", "concurrency": workers, "service_time": time,
           "queue": {"capacity": null}})
}

/// A client that calls one station, for a number of requests after the discarded ones.
pub(crate) fn station(
    client: Json,
    rate: f64,
    requests: f64,
    discard: f64,
    station: Json,
) -> Report {
    let (duration, warmup) = (requests / rate, discard / rate);
    let to = station["id"].as_str().unwrap_or("station").to_owned();
    run(design(
        settings(11, duration, warmup),
        json!([client, station]),
        json!([link("users", &to)]),
    ))
}
