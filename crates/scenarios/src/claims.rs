//! What a scenario claims: the rule that names it, the design beside it that the rule has nothing
//! to say on, and what runs must show. The tests hold it to that; the page has no need of it.

use crate::ask::bound;
use crate::figure::Figure;
use crate::reading::{list, part, set, word};
use crate::scenario::FIELDS;
use design::attribute::Reader;
use design::{Command, Problem, Value};

/// What a scenario claims.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The rule whose finding must stand on top of the broken run.
    pub rule: String,
    /// Designs beside the broken one on which that rule must stay silent.
    pub near_misses: Vec<NearMiss>,
    /// Of the broken run.
    pub broken: Vec<Expectation>,
    /// Of the run with the main remedy.
    pub mended: Vec<Expectation>,
    /// Of the mended run's figure divided by the broken one's.
    pub ratio: Vec<Expectation>,
    /// Of the faulty run: what the text of each step states, in the order of the steps.
    pub steps: Vec<Vec<Expectation>>,
    /// Of the runs with each of the remedies, in their order: what the lesser ones do and do not.
    pub remedies: Vec<Vec<Expectation>>,
}

/// A design beside the broken one on which the rule must stay silent.
#[derive(Clone, Debug)]
pub struct NearMiss {
    /// What it is.
    pub label: String,
    /// How it differs from the broken design.
    pub command: Command,
    /// Why it is sound.
    pub because: String,
}

/// A figure and where it must lie, whatever the seed.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The figure.
    pub figure: Figure,
    /// Not below this.
    pub at_least: Option<f64>,
    /// Not above this.
    pub at_most: Option<f64>,
    /// Why that follows.
    pub because: String,
}

impl Expectation {
    /// Whether a figure lies where it must.
    pub fn holds(&self, figure: f64) -> bool {
        self.at_least.is_none_or(|least| figure >= least)
            && self.at_most.is_none_or(|most| figure <= most)
    }
}

/// The claims of a file.
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
    let [broken, mended, ratio] = reader.within("expect", |reader| {
        reader.check_names(&expect, &["broken", "mended", "ratio"]);
        ["broken", "mended", "ratio"].map(|name| list(&expect, name, reader, read_expectation))
    });
    match reader.finish() {
        problems if problems.is_empty() => Ok(Claims {
            rule,
            near_misses,
            broken,
            mended,
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
        reader.problem("says nothing: at_least, at_most or both");
    }
    Some(Expectation {
        figure,
        at_least,
        at_most,
        because: word(value, "because", reader),
    })
}
