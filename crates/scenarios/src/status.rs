//! The status sentence of a lesson whose subject is not goodput.

use crate::figure::{Figure, Unit};
use crate::reading::{part, word};
use design::Value;
use design::attribute::Reader;

/// A sentence about the run so far, with one metric in it.
#[derive(Clone, Debug)]
pub struct Status {
    /// The metric. A report of an unfinished run must have it.
    pub figure: Figure,
    /// How it is shown.
    pub unit: Unit,
    /// The sentence; `{value}` stands for the metric.
    pub text: String,
    /// The sentence while the metric is 0 or not known.
    pub none: String,
    /// All of it, as JSON: the page sends it to the worker.
    pub json: String,
}

impl Status {
    /// Reads `now`.
    pub(crate) fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        reader.check_names(value, &["figure", "unit", "text", "none"]);
        let (text, none) = (word(value, "text", reader), word(value, "none", reader));
        let figure = part(value, "figure", reader)?;
        Some(Self {
            figure: reader.within("figure", |reader| Figure::read(figure, reader))?,
            unit: Unit::read(value, reader)?,
            text,
            none,
            json: format::json::value_to_string(value),
        })
    }

    /// Reads a status sentence back from its JSON. Returns `None` if it is not one.
    pub fn parse(json: &str) -> Option<Self> {
        let mut reader = Reader::default();
        let status = Self::read(&format::json::value_from_str(json).ok()?, &mut reader)?;
        reader.finish().is_empty().then_some(status)
    }

    /// Returns the sentence for a report, which may be of an unfinished run.
    pub fn say(&self, report: &Value) -> String {
        match self.figure.of(report) {
            Some(value) if value != 0.0 => self.text.replace("{value}", &self.unit.show(value)),
            _ => self.none.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_follows_the_report() {
        let value = |text: &str| format::json::value_from_str(text).unwrap();
        let mut reader = Reader::default();
        let now = r#"{"figure": "data.stale_reads", "unit": "",
            "text": "{value} stale reads.", "none": "None so far."}"#;
        let status = Status::read(&value(now), &mut reader);
        assert_eq!(reader.finish(), []);
        let status = status.unwrap();
        let status = Status::parse(&status.json).unwrap();
        for (report, said) in [
            (r#"{"data": {"stale_reads": 12}}"#, "12 stale reads."),
            (r#"{"data": {"stale_reads": 0}}"#, "None so far."),
            (r#"{"data": {"stale_reads": null}}"#, "None so far."),
            ("{}", "None so far."),
        ] {
            assert_eq!(status.say(&value(report)), said, "{report}");
        }
    }
}
