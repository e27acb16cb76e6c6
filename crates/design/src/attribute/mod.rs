//! Attributes: how a typed field is read from, written to and described as a [`Value`].
//!
//! `record!`, `choice!` and `variants!` declare the types of the document. Each declaration is the
//! only place that knows a field's name, label, unit, range, default, source and help.

mod declare;
mod plain;
mod reader;

pub use plain::{INTEGER_MAX, LIST_MAX, TEXT_MAX};
pub use reader::{PROBLEMS_MAX, Problem, Reader};

use crate::value::Value;

/// How a field may be filled: what the inspector draws and the schema says.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// On or off.
    Bool,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// A share of a whole: a number, or a percentage as `5%`.
    Ratio,
    /// Free text.
    Text,
    /// A duration with a unit, as `300ms`.
    Duration,
    /// A rate, as `200/s`.
    Rate,
    /// A distribution of durations, as `exp(3ms)`.
    Distribution,
    /// One of a few names.
    Choice(&'static [Named]),
    /// Off (`null`), or a value.
    Optional(&'static Shape),
    /// A sequence.
    List(&'static Shape),
    /// One value or a sequence of them.
    OneOrMany(&'static Shape),
    /// Named fields.
    Record(&'static Record),
    /// A bare name, or one named value, as `{"poisson": "200/s"}`.
    Variants(&'static [Named], &'static [Variant]),
}

impl Shape {
    /// The shape of a field with these limits: a number that may be a percentage is a ratio.
    pub const fn within(self, limits: Option<Limits>) -> Self {
        match (self, limits) {
            (Self::Number, Some(limits)) if limits.is_ratio => Self::Ratio,
            (Self::Optional(Self::Number), Some(limits)) if limits.is_ratio => {
                Self::Optional(&Self::Ratio)
            }
            (shape, _) => shape,
        }
    }
}

/// Smallest and largest valid value of a field (durations in seconds, rates per second).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Smallest.
    pub low: f64,
    /// Largest.
    pub high: f64,
    /// Whether the value is a share of a whole, so that it can be written as a percentage.
    pub is_ratio: bool,
}

impl Limits {
    /// Limits of a field. A number that cannot exceed 1 is a ratio, and so is one marked as such.
    pub const fn new(low: f64, high: f64, is_marked: bool) -> Self {
        Self {
            low,
            high,
            is_ratio: is_marked || high <= 1.0,
        }
    }
}

/// A name with a sentence about it.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// As written in a file.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
}

/// A variant that carries a value.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// As written in a file.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
    /// What it carries.
    pub shape: Shape,
    /// The default of what it carries.
    pub default: fn() -> Value,
}

/// A table of fields.
#[derive(Debug)]
pub struct Record {
    /// The record's name in the glossary.
    pub name: &'static str,
    /// A sentence about it.
    pub help: &'static str,
    /// Its fields, in the order the inspector shows them.
    pub fields: &'static [Field],
}

/// One field of a record.
#[derive(Debug)]
pub struct Field {
    /// As written in a file.
    pub name: &'static str,
    /// As shown to a person.
    pub label: &'static str,
    /// Unit, where the value itself does not carry one.
    pub unit: &'static str,
    /// Smallest and largest valid value (durations in seconds, rates per second).
    pub range: Option<(f64, f64)>,
    /// What it does to the system.
    pub help: &'static str,
    /// Where the default comes from.
    pub source: &'static str,
    /// How it may be filled.
    pub shape: Shape,
    /// The default value.
    pub default: fn() -> Value,
}

/// A type that may stand in a document.
pub trait Attribute: Sized {
    /// How it may be filled.
    const SHAPE: Shape;
    /// Reads it, recording every problem. `None` only after a problem was recorded.
    fn read(value: &Value, reader: &mut Reader) -> Option<Self>;
    /// Writes it whole, defaults included.
    fn write(&self) -> Value;
    /// Its size for the range check, where it has one.
    fn magnitude(&self) -> Option<f64> {
        None
    }
    /// A bound of the range, in the notation of the field.
    fn show_magnitude(bound: f64) -> String {
        format!("{bound}")
    }
}
