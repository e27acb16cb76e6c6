//! The neutral form of a design: what JSON, TOML and the share link are decoded to before the
//! typed document is read from it, and what an edit of one field travels as.

use std::fmt;

/// A tree of plain values. Maps keep the order they were written in.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// "Off", "unbounded" or "none", depending on the field.
    Null,
    /// True or false.
    Bool(bool),
    /// Any number; always finite in a valid document.
    Number(f64),
    /// A name, or a quantity with its unit (`300ms`, `200/s`, `exp(3ms)`).
    Text(String),
    /// A sequence.
    List(Vec<Value>),
    /// Named values.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The entries of a map; none where this is no map.
    pub fn entries(&self) -> &[(String, Value)] {
        match self {
            Self::Map(entries) => entries,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => &[],
        }
    }

    /// The entry of a map, if this is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Map(entries) => entries.iter().find(|(key, _)| key == name).map(|(_, v)| v),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// Puts `value` at a dotted path below this map (`retry.max_attempts`, `operations[0].weight`),
    /// making maps on the way where a value was off. An error names the part that does not fit.
    pub fn set_path(&mut self, path: &str, value: Value) -> Result<(), String> {
        let (head, rest) = split_path(path);
        let slot = self.slot(head)?;
        if rest.is_empty() {
            *slot = value;
            return Ok(());
        }
        if *slot == Value::Null || matches!(slot, Value::Text(_)) && !rest.starts_with('[') {
            // A field that is off (or a unit variant) becomes a record once a part of it is set.
            *slot = Value::Map(Vec::new());
        }
        slot.set_path(rest, value)
    }

    /// The value at a dotted path, if there is one.
    pub fn at_path(&self, path: &str) -> Option<&Value> {
        let (head, rest) = split_path(path);
        let next = match (self, head.strip_prefix('[')) {
            (Self::List(items), Some(index)) => {
                items.get(index.trim_end_matches(']').parse::<usize>().ok()?)
            }
            (map, None) => map.get(head),
            _ => None,
        }?;
        if rest.is_empty() {
            Some(next)
        } else {
            next.at_path(rest)
        }
    }

    /// Takes the field at a dotted path away; whether there was one.
    pub(crate) fn remove_path(&mut self, path: &str) -> bool {
        let (head, rest) = split_path(path);
        match (self, head.strip_prefix('[')) {
            (Self::List(items), Some(index)) if !rest.is_empty() => {
                let index = index.trim_end_matches(']').parse().ok();
                let item = index.and_then(|index: usize| items.get_mut(index));
                item.is_some_and(|item| item.remove_path(rest))
            }
            (Self::Map(entries), None) if rest.is_empty() => {
                let before = entries.len();
                entries.retain(|(key, _)| key != head);
                entries.len() < before
            }
            (Self::Map(entries), None) => {
                let mut named = entries.iter_mut().filter(|(key, _)| key == head);
                named
                    .next()
                    .is_some_and(|(_, value)| value.remove_path(rest))
            }
            _ => false,
        }
    }

    fn slot(&mut self, head: &str) -> Result<&mut Value, String> {
        if let Some(index) = head.strip_prefix('[') {
            let Self::List(items) = self else {
                return Err(format!("{head} is an index, but the value is not a list"));
            };
            let length = items.len();
            let index: usize = index
                .trim_end_matches(']')
                .parse()
                .map_err(|_| format!("{head} is not a valid index"))?;
            return items
                .get_mut(index)
                .ok_or_else(|| format!("{head} is out of range; the list has {length} entries"));
        }
        let Self::Map(entries) = self else {
            return Err(format!("{head} is a field, but the value is not an object"));
        };
        let at = match entries.iter().position(|(key, _)| key == head) {
            Some(at) => at,
            None => {
                entries.push((head.to_owned(), Value::Null));
                entries.len() - 1
            }
        };
        Ok(&mut entries[at].1)
    }

    /// This map without the entries that say the same as `default` does, recursively one level:
    /// what a file shows of a record whose fields are mostly left alone.
    #[must_use]
    pub fn without(self, default: &Value) -> Value {
        match self {
            Self::Map(entries) => Self::Map(
                entries
                    .into_iter()
                    .filter(|(key, value)| default.get(key) != Some(value))
                    .collect(),
            ),
            other => other,
        }
    }
}

fn split_path(path: &str) -> (&str, &str) {
    let end = path
        .char_indices()
        .skip(1)
        .find(|(_, c)| matches!(c, '.' | '['))
        .map_or(path.len(), |(at, _)| at);
    let (head, rest) = path.split_at(end);
    (head, rest.strip_prefix('.').unwrap_or(rest))
}

/// The value as a person would type it in JSON, shortened where it is long: for messages.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Number(n) => write!(f, "{n}"),
            Self::Text(text) if text.chars().count() > 60 => {
                write!(f, "\"{}…\"", text.chars().take(57).collect::<String>())
            }
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::List(items) => write!(f, "a list of {}", items.len()),
            Self::Map(_) => f.write_str("an object"),
        }
    }
}
