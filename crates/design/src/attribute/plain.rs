//! Attributes that are plain values, optional ones and lists.

use super::{Attribute, Reader, Shape};
use crate::quantity::parse_percentage;
use crate::value::Value;

impl Attribute for bool {
    const SHAPE: Shape = Shape::Bool;
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::Bool(b) => Some(*b),
            other => reader.wrong(other, "true or false"),
        }
    }
    fn write(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Attribute for f64 {
    const SHAPE: Shape = Shape::Number;
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let is_ratio = reader.limits().is_some_and(|limits| limits.is_ratio);
        match value {
            Value::Number(n) if n.is_finite() => Some(*n),
            Value::Text(text) if is_ratio && text.trim_end().ends_with('%') => {
                parse_percentage(text)
                    .map_err(|message| reader.problem(message))
                    .ok()
            }
            other if is_ratio => reader.wrong(other, "a number, or a percentage such as \"5%\""),
            other => reader.wrong(other, "a number"),
        }
    }
    fn write(&self) -> Value {
        Value::Number(*self)
    }
    fn magnitude(&self) -> Option<f64> {
        Some(*self)
    }
}

/// Largest whole number that JSON carries exactly everywhere (2^53 - 1).
pub const INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

macro_rules! integer {
    ($($int:ty),*) => {$(
        impl Attribute for $int {
            const SHAPE: Shape = Shape::Integer;
            fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
                let largest = (<$int>::MAX as f64).min(INTEGER_MAX);
                match value {
                    Value::Number(n) if n.trunc() == *n && (<$int>::MIN as f64..=largest).contains(n) => Some(*n as $int),
                    other => {
                        let own = (<$int>::MIN as f64, largest);
                        let limits = reader.limits();
                        let (low, high) = limits.map_or(own, |limits| (limits.low, limits.high));
                        reader.wrong(other, &format!("a whole number from {low} to {high}"))
                    }
                }
            }
            fn write(&self) -> Value {
                Value::Number(*self as f64)
            }
            fn magnitude(&self) -> Option<f64> {
                Some(*self as f64)
            }
        }
    )*};
}
integer!(u32, u64, i32);

impl Attribute for String {
    const SHAPE: Shape = Shape::Text;
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::Text(text) if text.chars().count() <= TEXT_MAX => Some(text.clone()),
            Value::Text(_) => reader.wrong(value, &format!("at most {TEXT_MAX} characters")),
            other => reader.wrong(other, "text"),
        }
    }
    fn write(&self) -> Value {
        Value::text(self)
    }
}

/// Longest text of one field, in characters.
pub const TEXT_MAX: usize = 2_000;
/// Longest list of one field.
pub const LIST_MAX: usize = 10_000;

impl<T: Attribute> Attribute for Option<T> {
    const SHAPE: Shape = Shape::Optional(&T::SHAPE);
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            other => T::read(other, reader).map(Some),
        }
    }
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }
    fn magnitude(&self) -> Option<f64> {
        self.as_ref().and_then(T::magnitude)
    }
    fn show_magnitude(bound: f64) -> String {
        T::show_magnitude(bound)
    }
}

impl<T: Attribute> Attribute for Vec<T> {
    const SHAPE: Shape = Shape::List(&T::SHAPE);
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let Value::List(items) = value else {
            return reader.wrong(value, "a list");
        };
        if items.len() > LIST_MAX {
            return reader.wrong(value, &format!("at most {LIST_MAX} entries"));
        }
        let read: Vec<Option<T>> = items
            .iter()
            .enumerate()
            .map(|(at, item)| reader.within(&format!("[{at}]"), |reader| T::read(item, reader)))
            .collect();
        read.into_iter().collect()
    }
    fn write(&self) -> Value {
        Value::List(self.iter().map(T::write).collect())
    }
}
