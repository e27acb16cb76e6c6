//! The question of a lesson: the prediction to make before it shows what happens.

use crate::figure::{Figure, Unit};
use crate::reading::{list, need, part, word};
use design::Value;
use design::attribute::Reader;

/// A question to answer before the run does: a guess among a few ranges of one metric.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The question. It does not give the answer away.
    pub question: String,
    /// The metric that answers it, in the report of the faulty run.
    pub figure: Figure,
    /// How the metric is shown.
    pub unit: Unit,
    /// The possible answers, in the order in which they are shown. Their ranges do not overlap.
    pub choices: Vec<Choice>,
}

/// One possible answer to an [`Ask`].
#[derive(Clone, Debug)]
pub struct Choice {
    /// The answer in words.
    pub text: String,
    /// The lowest value for which this answer is right; no lower bound where absent.
    pub at_least: Option<f64>,
    /// The highest value for which this answer is right; no upper bound where absent.
    pub at_most: Option<f64>,
    /// Why this answer is right, or what happens instead.
    pub because: String,
}

impl Ask {
    /// Reads `ask`.
    pub(crate) fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        reader.check_names(value, &["question", "figure", "unit", "choices"]);
        let question = word(value, "question", reader);
        let choices = list(value, "choices", reader, Choice::read);
        let figure = part(value, "figure", reader)?;
        Some(Self {
            question,
            figure: reader.within("figure", |reader| Figure::read(figure, reader))?,
            unit: Unit::read(value, reader)?,
            choices,
        })
    }

    /// Returns the index of the choice whose range contains the value, or `None` if no range does.
    pub fn right(&self, value: f64) -> Option<usize> {
        self.choices.iter().position(|choice| choice.holds(value))
    }
}

impl Choice {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        reader.check_names(value, &["text", "at_least", "at_most", "because"]);
        Some(Self {
            text: word(value, "text", reader),
            at_least: bound(value, "at_least", reader),
            at_most: bound(value, "at_most", reader),
            because: word(value, "because", reader),
        })
    }

    /// Returns whether the value lies in the range of this answer; both bounds belong to it.
    pub fn holds(&self, value: f64) -> bool {
        self.at_least.is_none_or(|least| value >= least)
            && self.at_most.is_none_or(|most| value <= most)
    }
}

/// Reads a bound that may be absent.
pub(crate) fn bound(value: &Value, name: &str, reader: &mut Reader) -> Option<f64> {
    value.get(name)?;
    need(value, name, reader)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Ask>, Vec<String>) {
        let mut reader = Reader::default();
        let ask = Ask::read(&format::json::value_from_str(text).unwrap(), &mut reader);
        let problems = reader.finish();
        (ask, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_right_choice_is_the_one_whose_range_contains_the_value() {
        let (ask, problems) = read(
            r#"{"question": "How many?", "figure": "a.b", "unit": "/s", "choices": [
                {"text": "Few", "at_most": 10, "because": "F."},
                {"text": "Some", "at_least": 20, "at_most": 30, "because": "S."},
                {"text": "Many", "at_least": 40, "because": "M."}]}"#,
        );
        assert_eq!(problems, [""; 0]);
        let ask = ask.unwrap();
        let right = [-1.0, 10.0, 15.0, 20.0, 30.0, 35.0, 40.0, 1e9].map(|value| ask.right(value));
        let wanted = [0, 0, 9, 1, 1, 9, 2, 2].map(|at| (at < 3).then_some(at));
        assert_eq!(right, wanted);
        assert_eq!(ask.right(f64::NAN), None);
    }

    #[test]
    fn mistakes_in_a_question_are_reported_with_their_path() {
        let (_, problems) = read(
            r#"{"question": "", "figure": {"men": "a"}, "unit": "/s", "choices": [
                {"text": "Few", "at_mots": 10}]}"#,
        );
        for start in [
            "question: must not be empty",
            "choices[0].at_mots: unknown field, did you mean at_most?",
            "choices[0]: missing field `because`",
            "figure.men: unknown field, did you mean mean?",
        ] {
            let is_told = problems.iter().any(|problem| problem.starts_with(start));
            assert!(is_told, "{start}: {problems:#?}");
        }
    }
}
