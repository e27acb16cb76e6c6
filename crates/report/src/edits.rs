//! Serde for edits, in the form of design files and of findings in JSON.

use design::{Command, Value};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes edits as in the JSON of findings, or so that any format can read them back.
///
/// # Errors
///
/// Those of the serializer.
pub fn serialize<S: Serializer>(edits: &[Command], to: S) -> Result<S::Ok, S::Error> {
    let edits = Value::List(edits.iter().flat_map(design::edits::write_all).collect());
    match to.is_human_readable() {
        true => Json(&edits).serialize(to),
        false => Tagged::from(edits).serialize(to),
    }
}

/// Reads edits from a format that is not for people.
///
/// # Errors
///
/// Those of the deserializer, and edits that are none.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Command>, D::Error> {
    let edits = Value::from(Tagged::deserialize(from)?);
    let edits = design::edits::read_all(&edits);
    edits
        .map(|edits| match edits {
            Command::Batch(edits) => edits,
            edit => vec![edit],
        })
        .map_err(|_| serde::de::Error::custom("not edits"))
}

/// A value of the document, for self-describing formats.
struct Json<'a>(&'a Value);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => to.serialize_unit(),
            Value::Bool(is) => to.serialize_bool(*is),
            // Whole numbers are written without a fraction: 3, not 3.0.
            Value::Number(n) if libm::floor(*n) == *n && n.abs() < 9e15 => {
                to.serialize_i64(*n as i64)
            }
            Value::Number(n) => to.serialize_f64(*n),
            Value::Text(text) => to.serialize_str(text),
            Value::List(items) => {
                let mut list = to.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Json(item))?;
                }
                list.end()
            }
            Value::Map(entries) => {
                let mut map = to.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, &Json(value))?;
                }
                map.end()
            }
        }
    }
}

/// A value of the document, for formats that are not self-describing.
#[derive(Serialize, Deserialize)]
enum Tagged {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Tagged>),
    Map(Vec<(String, Tagged)>),
}

impl From<Value> for Tagged {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(is) => Self::Bool(is),
            Value::Number(n) => Self::Number(n),
            Value::Text(text) => Self::Text(text),
            Value::List(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Map(entries) => {
                let entries = entries.into_iter();
                Self::Map(entries.map(|(key, value)| (key, value.into())).collect())
            }
        }
    }
}

impl From<Tagged> for Value {
    fn from(value: Tagged) -> Self {
        match value {
            Tagged::Null => Self::Null,
            Tagged::Bool(is) => Self::Bool(is),
            Tagged::Number(n) => Self::Number(n),
            Tagged::Text(text) => Self::Text(text),
            Tagged::List(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Tagged::Map(entries) => {
                let entries = entries.into_iter();
                Self::Map(entries.map(|(key, value)| (key, value.into())).collect())
            }
        }
    }
}
