//! The results of every lesson, as the pages of the lessons print them. They are stored in
//! `crates/scenarios/measured.json`, so that the build of the site need not run anything.

use crate::number;
use design::Value;
use scenarios::{Scenario, Unit};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../crates/scenarios/measured.json"
);

/// The values of a metric in the faulty and in the fixed run, one for each seed; `None` where a run
/// has no such number.
type Samples = [Vec<Option<f64>>; 2];

/// The metrics that a lesson shows, and its monthly cost.
pub(crate) struct Measured {
    shows: Vec<Samples>,
    monthly: Samples,
}

impl Measured {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            shows: vec![Samples::default(); scenario.shows.len()],
            monthly: Samples::default(),
        }
    }

    /// Adds the faulty and the fixed run of one seed.
    pub(crate) fn add(&mut self, scenario: &Scenario, reports: [&Value; 2]) {
        for (run, report) in reports.into_iter().enumerate() {
            for (samples, shown) in self.shows.iter_mut().zip(&scenario.shows) {
                samples[run].push(shown.figure.of(report));
            }
            let monthly = report.at_path("cost.monthly").map(number);
            self.monthly[run].push(monthly);
        }
    }

    /// Returns the main metric of the faulty and of the fixed run, as shown to readers.
    pub(crate) fn main(&self, scenario: &Scenario) -> [String; 2] {
        let unit = scenario.shows[0].unit;
        [0, 1].map(|run| mean(unit, &self.shows[0][run]))
    }

    /// Returns the monthly cost of the faulty and of the fixed run, as shown to readers.
    pub(crate) fn monthly(&self) -> [String; 2] {
        [0, 1].map(|run| mean(Unit::Dollars, &self.monthly[run]))
    }

    /// Returns the entry of the file.
    fn entry(&self, scenario: &Scenario) -> Json {
        let shown = scenario.shows.iter().zip(&self.shows);
        let shows: Map<String, Json> = shown
            .map(|(shown, samples)| (shown.name.clone(), row(shown.unit, samples)))
            .collect();
        json!({
            "seeds": self.monthly[0].len(),
            "shows": shows,
            "monthly": row(Unit::Dollars, &self.monthly),
        })
    }
}

fn mean(unit: Unit, samples: &[Option<f64>]) -> String {
    let known: Vec<f64> = samples.iter().copied().flatten().collect();
    match known.len() {
        0 => "none".to_owned(),
        count => unit.show(known.iter().sum::<f64>() / count as f64),
    }
}

/// Returns a metric as the file has it. `runs` is the number of runs with a value, if not all have
/// one.
fn row(unit: Unit, samples: &Samples) -> Json {
    let cell = |samples: &[Option<f64>]| {
        let known = || samples.iter().copied().flatten();
        let (least, most) = (known().reduce(f64::min)?, known().reduce(f64::max)?);
        let texts = [mean(unit, samples), unit.show(least), unit.show(most)];
        let mut cell = json!({ "mean": texts[0], "min": texts[1], "max": texts[2] });
        let runs = known().count();
        if runs < samples.len() {
            cell["runs"] = json!(runs);
        }
        Some(cell)
    };
    json!({ "faulty": cell(&samples[0]), "fixed": cell(&samples[1]) })
}

/// Compares the file with the results of the lessons that were played, or writes it if
/// `UPDATE_EXPECT` is set. Entries of other lessons stay as they are.
pub(crate) fn check_current(played: &[(&Scenario, &Measured)]) {
    let text = std::fs::read_to_string(FILE).unwrap_or_default();
    let mut entries: BTreeMap<String, Json> = serde_json::from_str(&text).unwrap_or_default();
    let known: Vec<&str> = scenarios::ids().collect();
    entries.retain(|id, _| known.contains(&id.as_str()));
    for (scenario, measured) in played {
        entries.insert(scenario.id.clone(), measured.entry(scenario));
    }
    let current = lines(&entries);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(FILE, current).unwrap();
        return;
    }
    assert!(
        text == current,
        "crates/scenarios/measured.json is not what the runs show: \
         UPDATE_EXPECT=1 cargo test -p faultline-tests --test scenarios writes it"
    );
}

/// Returns the text of the file. A row is one line, so that a change of a metric is one too.
fn lines(entries: &BTreeMap<String, Json>) -> String {
    let entries = entries.iter().map(|(id, entry)| {
        let shows = entry["shows"].as_object().into_iter().flatten();
        let shows: Vec<String> = shows
            .map(|(name, row)| format!("      {name:?}: {row}"))
            .collect();
        let (seeds, monthly) = (&entry["seeds"], &entry["monthly"]);
        format!(
            "  {id:?}: {{\n    \"seeds\": {seeds},\n    \"shows\": {{\n{}\n    }},\n    \
             \"monthly\": {monthly}\n  }}",
            shows.join(",\n")
        )
    });
    format!("{{\n{}\n}}\n", entries.collect::<Vec<_>>().join(",\n"))
}
