//! The claims of a scenario: the rule that finds it, similar designs on which that rule stays
//! silent, and what its runs must show. Tests check them; the page does not read them.

use crate::ask::bound;
use crate::figure::Figure;
use crate::reading::{list, part, set, word};
use crate::scenario::FIELDS;
use design::attribute::Reader;
use design::{Command, Problem, Value};

/// The claims of a scenario.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The rule whose finding must be the first one for the faulty run.
    pub rule: String,
    /// Designs similar to the faulty one on which that rule must stay silent.
    pub near_misses: Vec<NearMiss>,
    /// What the faulty run must show.
    pub faulty: Vec<Expectation>,
    /// What the run with the main remedy must show.
    pub fixed: Vec<Expectation>,
    /// Bounds of a metric with the main remedy divided by the same metric without it.
    pub ratio: Vec<Expectation>,
    /// What the faulty run must show because the text of a step states it; one list per step.
    pub steps: Vec<Vec<Expectation>>,
    /// What the run with each remedy must show; one list per remedy.
    pub remedies: Vec<Vec<Expectation>>,
}

/// A design similar to the faulty one on which the rule must stay silent.
#[derive(Clone, Debug)]
pub struct NearMiss {
    /// A description of the design.
    pub label: String,
    /// The edits that make it from the faulty design.
    pub command: Command,
    /// Why the rule does not apply.
    pub because: String,
}

/// A metric and the range it must have for every seed.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The metric.
    pub figure: Figure,
    /// The lower bound, if any.
    pub at_least: Option<f64>,
    /// The upper bound, if any.
    pub at_most: Option<f64>,
    /// Why the design implies this range.
    pub because: String,
}

impl Expectation {
    /// Returns whether a value lies in the range; both bounds belong to it.
    pub fn holds(&self, figure: f64) -> bool {
        self.at_least.is_none_or(|least| figure >= least)
            && self.at_most.is_none_or(|most| figure <= most)
    }
}

/// Reads the claims of a file.
pub(crate) fn read(value: &Value) -> Result<Claims, Vec<Problem>> {
    let mut reader = Reader::default();
    reader.check_names(value, &FIELDS);
    let rule = word(value, "rule", &mut reader);
    let near_misses = list(value, "near_miss", &mut reader, |item, reader| {
        reader.check_names(item, &["label", "set", "because"]);
        Some(NearMiss {
            label: word(item, "label", reader),
            command: set(item, reader),
            because: word(item, "because", reader),
        })
    });
    let remedies = list(value, "remedies", &mut reader, |item, reader| {
        Some(list(item, "expect", reader, read_expectation))
    });
    let steps = list(value, "steps", &mut reader, |item, reader| {
        Some(list(item, "claims", reader, read_expectation))
    });
    let expect = part(value, "expect", &mut reader)
        .cloned()
        .unwrap_or(Value::Null);
    let [faulty, fixed, ratio] = reader.within("expect", |reader| {
        reader.check_names(&expect, &["faulty", "fixed", "ratio"]);
        ["faulty", "fixed", "ratio"].map(|name| list(&expect, name, reader, read_expectation))
    });
    match reader.finish() {
        problems if problems.is_empty() => Ok(Claims {
            rule,
            near_misses,
            faulty,
            fixed,
            ratio,
            steps,
            remedies,
        }),
        problems => Err(problems),
    }
}

fn read_expectation(value: &Value, reader: &mut Reader) -> Option<Expectation> {
    reader.check_names(value, &["figure", "at_least", "at_most", "because"]);
    let figure = part(value, "figure", reader)?;
    let figure = reader.within("figure", |reader| Figure::read(figure, reader))?;
    let at_least = bound(value, "at_least", reader);
    let at_most = bound(value, "at_most", reader);
    if at_least.is_none() && at_most.is_none() {
        reader.problem("missing bound; expected `at_least`, `at_most` or both");
    }
    Some(Expectation {
        figure,
        at_least,
        at_most,
        because: word(value, "because", reader),
    })
}
