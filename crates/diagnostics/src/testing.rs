//! Helpers for the tests of rules.

use crate::{Facts, rules};
use design::Design;
use report::{Finding, Message};
use sim::{Report, Simulation};

/// Reads a design from JSON without the version. It gets a requirement that is met if it has none.
pub(crate) fn read(json: &str) -> Design {
    let json = json.trim().strip_prefix('{').unwrap();
    let requirements = match json.contains("\"requirements\"") {
        true => "",
        false => r#""requirements": [{"metric": "availability", "at_least": 0.0}],"#,
    };
    format::json::read(&format!("{{\"faultline\": 1, {requirements} {json}"))
        .unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Returns a client, two services and a database in series, with the same policies on each link.
pub(crate) fn chain(policy: &str) -> Design {
    let policy = if policy.is_empty() {
        String::new()
    } else {
        format!(", {policy}")
    };
    read(&format!(
        r#"{{"nodes": [
        {{"id": "users", "kind": "client", "arrivals": {{"poisson": "150/s"}}, "patience": "5s"}},
        {{"id": "front", "kind": "service", "replicas": 2, "concurrency": 32, "service_time": "exp(2ms)"}},
        {{"id": "api", "kind": "service", "replicas": 2, "concurrency": 32, "service_time": "exp(4ms)"}},
        {{"id": "db", "kind": "database", "concurrency": 16, "connections": 200, "read_time": "exp(5ms)"}}],
        "links": [{{"from": "users", "to": "front"{policy}}}, {{"from": "front", "to": "api"{policy}}}, {{"from": "api", "to": "db"{policy}}}],
        "warmup": "5s"}}"#
    ))
}

/// Reads a fault from JSON.
pub(crate) fn fault(json: &str) -> design::Fault {
    let value = format::json::value_from_str(json).unwrap();
    let mut reader = design::Reader::default();
    let fault = <design::Fault as design::Attribute>::read(&value, &mut reader);
    fault.unwrap_or_else(|| panic!("{:?}", reader.finish()))
}

/// Runs a design.
pub(crate) fn run(design: &Design) -> Report {
    assert_eq!(design.problems(), []);
    let mut simulation = Simulation::new(design);
    simulation.run();
    simulation.report()
}

/// Returns what one rule finds in a design.
pub(crate) fn lint(rule: &str, design: &Design) -> Vec<Finding> {
    rules::find(rule)
        .unwrap()
        .evaluate(&Facts::new(design, None))
}

/// Returns what one rule finds in a run.
pub(crate) fn found(rule: &str, design: &Design, report: &Report) -> Vec<Finding> {
    let mut found = rules::find(rule)
        .unwrap()
        .evaluate(&Facts::new(design, Some(report)));
    found.sort_by_key(|finding| !finding.measured);
    found
}

/// Returns the shares in a message, in order.
pub(crate) fn shares(of: &Message) -> Vec<f64> {
    let shares = of.pieces().iter().filter_map(|piece| match piece {
        report::Piece::Figure(figure) if figure.unit == report::Unit::Share => Some(figure.value),
        _ => None,
    });
    shares.collect()
}

/// A message as text, with ids for names.
pub(crate) trait Says {
    /// Returns the text.
    fn text(&self) -> String;

    /// Returns whether the text contains these words.
    fn contains(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    /// Returns whether the text begins with these words.
    fn starts_with(&self, words: &str) -> bool {
        self.text().starts_with(words)
    }

    /// Returns whether the text ends with these words.
    fn ends_with(&self, words: &str) -> bool {
        self.text().ends_with(words)
    }
}

impl Says for Message {
    fn text(&self) -> String {
        text::message(self, &text::Titles::ids())
    }
}
