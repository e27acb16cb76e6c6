//! Reading a document: every problem on the way is collected, none stops it.

use super::{Attribute, Limits};
use crate::quantity::percentage_hint;
use crate::suggest::nearest;
use crate::value::Value;
use std::fmt;

/// One thing wrong with a document: where, what, and what would be valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as `links[3].retry.max_attempts`; empty for the document as a whole.
    pub path: String,
    /// What is wrong, with the value and what would be valid.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}

/// Maximum number of problems kept of one document. One more problem has the number of the rest.
pub const PROBLEMS_MAX: usize = 100;

/// Walks a [`Value`] and collects every problem on the way instead of stopping at the first.
#[derive(Debug, Default)]
pub struct Reader {
    path: String,
    problems: Vec<Problem>,
    dropped: usize,
    /// Of the field that is being read.
    limits: Option<Limits>,
}

impl Reader {
    /// Records a problem here.
    pub fn problem(&mut self, message: impl Into<String>) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem {
                path: self.path.clone(),
                message: message.into(),
            });
        } else {
            self.dropped += 1;
        }
    }

    /// Records that `value` is not what is `wanted`, and gives nothing.
    pub fn wrong<T>(&mut self, value: &Value, wanted: &str) -> Option<T> {
        self.problem(format!("{value} is not valid here; expected {wanted}"));
        None
    }

    /// Records an unknown name among `valid` ones.
    pub fn unknown(&mut self, what: &str, name: &str, valid: &[&str]) {
        if self.is_full() {
            self.dropped += 1;
            return;
        }
        let hint = match nearest(name, valid.iter().copied()) {
            Some(near) => format!(", did you mean {near}?"),
            None => format!("; expected one of {}", valid.join(", ")),
        };
        self.problem(format!("unknown {what}{hint}"));
    }

    /// Reads below `segment` (`name` or `[3]`) of the present path.
    pub fn within<T>(&mut self, segment: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.enter(segment);
        let result = read(self);
        self.leave(length);
        result
    }

    /// Whether a value is an object whose entries all have one of these names, once each. Records
    /// the problems of one that is not.
    pub fn check_names(&mut self, value: &Value, names: &[&str]) -> bool {
        let Value::Map(entries) = value else {
            return self.wrong::<()>(value, "an object").is_some();
        };
        let mut is_right = true;
        for (at, (key, _)) in entries.iter().enumerate() {
            let length = self.enter(key);
            if entries[..at].iter().any(|(earlier, _)| earlier == key) {
                is_right = false;
                self.problem("duplicate field");
            } else if !names.contains(&key.as_str()) {
                is_right = false;
                self.unknown("field", key, names);
            }
            self.leave(length);
        }
        is_right
    }

    /// Goes below a segment of the path; [`Self::leave`] comes back.
    fn enter(&mut self, segment: &str) -> usize {
        let length = self.path.len();
        if length > 0 && !segment.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(segment);
        length
    }

    fn leave(&mut self, length: usize) {
        self.path.truncate(length);
    }

    /// Reads one field of a record and checks its limits.
    pub fn field<T: Attribute>(
        &mut self,
        name: &str,
        value: &Value,
        limits: Option<Limits>,
    ) -> Option<T> {
        self.within(name, |reader| {
            let outer = std::mem::replace(&mut reader.limits, limits);
            let read = T::read(value, reader);
            reader.limits = outer;
            let read = read?;
            let (Some(limits), Some(size)) = (limits, read.magnitude()) else {
                return Some(read);
            };
            let range = limits.low..=limits.high;
            if range.contains(&size) {
                return Some(read);
            }
            let hint = match value {
                Value::Number(_) if limits.is_ratio => percentage_hint(size, range),
                _ => String::new(),
            };
            let [low, high] = [limits.low, limits.high].map(T::show_magnitude);
            reader.wrong(value, &format!("{low} to {high}{hint}"))
        })
    }

    /// The limits of the field that is being read, where it has any.
    pub(super) fn limits(&self) -> Option<Limits> {
        self.limits
    }

    /// Whether no further problem will be kept: hints need not be looked for any more.
    pub fn is_full(&self) -> bool {
        self.problems.len() >= PROBLEMS_MAX
    }

    /// Whether nothing has been found wrong so far.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether nothing has been found wrong at these parts of the document.
    pub fn is_clean_at(&self, parts: &[&str]) -> bool {
        let is_there = |problem: &Problem| parts.iter().any(|part| problem.path.starts_with(part));
        self.dropped == 0 && !self.problems.iter().any(is_there)
    }

    /// All that was found.
    #[must_use]
    pub fn finish(mut self) -> Vec<Problem> {
        if self.dropped > 0 {
            self.problems.push(Problem {
                path: String::new(),
                message: format!("and {} more problems", self.dropped),
            });
        }
        self.problems
    }
}
