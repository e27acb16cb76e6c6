//! The steps of a lesson.

use crate::reading::{choice, need, word};
use design::Value;
use design::attribute::Reader;

/// A step of the lesson.
#[derive(Clone, Debug)]
pub struct Step {
    /// What to do or to observe.
    pub text: String,
    /// The node or link it is about.
    pub point: Option<String>,
    /// What its button does.
    pub does: Option<Does>,
    /// The event of the run that completes the step, where no button of its own does.
    pub until: Option<Until>,
}

/// What the button of a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Injects the faults of the trigger.
    Trigger,
    /// Shows only what the telemetry reports to operators.
    Operators,
    /// Applies the main remedy.
    Remedy,
    /// Compares the run without and with the remedy, on the same seed.
    Compare,
}

/// The event of the run that completes a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    /// The first fault of the trigger begins.
    TriggerBegins,
    /// The last fault of the trigger ends.
    TriggerOver,
    /// An alert is raised for the first time.
    AlertRaised,
    /// This number of simulated seconds has passed since the first fault of the trigger began, or
    /// since the run began if the lesson has no trigger.
    AfterS(f64),
}

impl Step {
    /// Reads one item of `steps`. Its claims are for [`crate::claims()`].
    pub(crate) fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let does = [
            ("trigger", Does::Trigger),
            ("operators", Does::Operators),
            ("remedy", Does::Remedy),
            ("compare", Does::Compare),
        ];
        reader.check_names(value, &["text", "point", "does", "until", "claims"]);
        let is_given = |name: &str| !matches!(value.get(name), None | Some(Value::Null));
        Some(Self {
            text: word(value, "text", reader),
            point: is_given("point").then(|| word(value, "point", reader)),
            does: match is_given("does") {
                true => choice(value, "does", reader, &does),
                false => None,
            },
            until: value
                .get("until")
                .and_then(|until| reader.within("until", |reader| Until::read(until, reader))),
        })
    }
}

impl Until {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let trigger = [("begins", Self::TriggerBegins), ("over", Self::TriggerOver)];
        let names = ["trigger", "alert", "after_s"];
        if !reader.check_names(value, &names) {
            return None;
        }
        let given: Vec<&str> = names
            .into_iter()
            .filter(|name| value.get(name).is_some())
            .collect();
        match given.as_slice() {
            ["trigger"] => choice(value, "trigger", reader, &trigger),
            ["alert"] => choice(value, "alert", reader, &[("raised", Self::AlertRaised)]),
            ["after_s"] => need(value, "after_s", reader).map(Self::AfterS),
            _ => reader.wrong(value, "one of trigger, alert, after_s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(until: &str) -> (Option<Until>, Vec<String>) {
        let text = format!(r#"{{"text": "T.", "until": {until}}}"#);
        let value = format::json::value_from_str(&text).unwrap();
        let mut reader = Reader::default();
        let step = Step::read(&value, &mut reader).unwrap();
        let problems = reader.finish();
        (
            step.until,
            problems.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn a_step_ends_with_an_event() {
        for (text, until) in [
            (r#"{"trigger": "begins"}"#, Until::TriggerBegins),
            (r#"{"trigger": "over"}"#, Until::TriggerOver),
            (r#"{"alert": "raised"}"#, Until::AlertRaised),
            (r#"{"after_s": 12.5}"#, Until::AfterS(12.5)),
        ] {
            assert_eq!(read(text), (Some(until), Vec::new()), "{text}");
        }
        for (text, problem) in [
            ("{}", "until: an object is not valid here; expected one of"),
            (r#"{"trigger": "ends"}"#, "until.trigger: unknown name"),
            (r#"{"afters": 2}"#, "until.afters: unknown field"),
            (
                r#"{"after_s": 2, "alert": "raised"}"#,
                "until: an object is not valid here; expected one of",
            ),
        ] {
            let (until, problems) = read(text);
            assert_eq!(until, None, "{text}");
            assert!(problems[0].starts_with(problem), "{text}: {problems:?}");
        }
    }
}
