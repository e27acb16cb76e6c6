//! What the frozen tables are made of, and what they say of defaults and names.

use super::{LinkError, VERSION};
use crate::json;
use design::Value;

/// How a value is encoded in a link.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wire {
    /// As field of a record it takes no byte: that it is there says it is not the default.
    Bool,
    /// A whole number from 0.
    Integer,
    /// A whole number of either sign.
    Signed,
    /// Any finite number.
    Number,
    /// Free text.
    Text,
    /// A duration.
    Duration,
    /// A rate, as a number per second.
    Rate,
    /// A distribution of durations.
    Distribution,
    /// A number or a duration.
    Bound,
    /// One of these names, by its place. Append only.
    Choice(&'static [&'static str]),
    /// Off, or a value.
    Optional(&'static Wire),
    /// A sequence.
    List(&'static Wire),
    /// A sequence that is written bare where it has one entry.
    OneOrMany(&'static Wire),
    /// Named fields.
    Record(&'static Record),
    /// One of these names, by its place, some with a value. Append only.
    Variants(&'static [(&'static str, Option<Wire>)]),
    /// The id of a node or of a link, or the name of a zone.
    Target,
    /// The nodes of a design: column by column what all have, then each one's record.
    Nodes(&'static [&'static Record]),
    /// The links of a design: column by column what all have, then each one's record.
    Links(&'static Record),
}

/// A table of fields. A field's number is its place, so entries are appended and never moved,
/// changed or removed.
#[derive(Debug)]
pub(super) struct Record {
    /// Its name in the glossary; for a node, its kind.
    pub(super) name: &'static str,
    /// At most 64.
    pub(super) fields: &'static [Field],
}

/// One field: its name in the document, its form, and the value that is left out of links: the
/// default of the document on the day the field was appended. Names, durations and the like stand
/// bare, lists and objects as JSON.
#[derive(Debug)]
pub(super) struct Field(
    pub(super) &'static str,
    pub(super) Wire,
    pub(super) &'static str,
);

/// A field's default, with everything in it spelt out.
pub(super) fn default_of(Field(_, wire, text): &Field) -> Value {
    let value = if text.starts_with(['[', '{']) {
        // An `expect` would bring the machinery that prints errors for programmers into the page.
        json::value_from_str(text).unwrap_or_else(|_| unreachable!("the table's defaults are JSON"))
    } else {
        bare_default(wire, text)
    };
    complete(wire, value)
}

fn bare_default(wire: &Wire, text: &str) -> Value {
    match wire {
        Wire::Optional(_) if text == "null" => Value::Null,
        Wire::Optional(inner) => bare_default(inner, text),
        Wire::Bool => Value::Bool(text == "true"),
        Wire::Integer | Wire::Signed | Wire::Number => Value::Number(
            text.parse()
                .unwrap_or_else(|_| unreachable!("the table's defaults are numbers")),
        ),
        Wire::Text
        | Wire::Duration
        | Wire::Rate
        | Wire::Distribution
        | Wire::Bound
        | Wire::Choice(_)
        | Wire::List(_)
        | Wire::OneOrMany(_)
        | Wire::Record(_)
        | Wire::Variants(_)
        | Wire::Target
        | Wire::Nodes(_)
        | Wire::Links(_) => Value::text(text),
    }
}

/// Fills in what a default's JSON leaves out.
fn complete(wire: &Wire, value: Value) -> Value {
    match (wire, value) {
        (Wire::Record(record), value @ Value::Map(_)) => {
            let field = |field: &Field| {
                let value = match value.get(field.0) {
                    Some(value) => complete(&field.1, value.clone()),
                    None => default_of(field),
                };
                (field.0.to_owned(), value)
            };
            Value::Map(record.fields.iter().map(field).collect())
        }
        (Wire::List(inner) | Wire::OneOrMany(inner), Value::List(items)) => Value::List(
            items
                .into_iter()
                .map(|item| complete(inner, item))
                .collect(),
        ),
        (Wire::Variants(variants), Value::Map(entries)) => {
            let entry = |(name, value): (String, Value)| {
                let inner = variants.iter().find(|(known, _)| *known == name);
                match inner {
                    Some((_, Some(inner))) => (name, complete(inner, value)),
                    Some((_, None)) | None => (name, value),
                }
            };
            Value::Map(entries.into_iter().map(entry).collect())
        }
        (_, value) => value,
    }
}

/// The number of a name that the tables list.
pub(super) fn place<'a>(names: impl IntoIterator<Item = &'a &'static str>, name: &str) -> u64 {
    names
        .into_iter()
        .position(|known| *known == name)
        .expect("the tables list every name of the document: a test says which one they lack")
        as u64
}

/// The entry of a table with this number; one past its end was appended after this code was built.
pub(super) fn entry<T>(entries: &[T], number: usize) -> Result<&T, LinkError> {
    entries.get(number).ok_or(LinkError::Newer(VERSION))
}
