//! A document from bytes, along a frozen table. The bytes are untrusted.

use super::bytes::Reader;
use super::parts::{UsualIds, note_zones, read_distribution, read_positions, text, usual_link_id};
use super::table::{Field, Record, Wire, default_of, entry};
use super::{LinkError, VERSION};
use design::{Duration, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

/// From bytes. Every field is filled in, those left out with the defaults of the table.
pub(super) fn decode(table: &'static Record, bytes: &[u8]) -> Result<Value, LinkError> {
    let mut from = Reader::new(bytes);
    let document = Decoder::default().record(table, &mut from)?;
    match from.is_empty() {
        true => Ok(document),
        false => Err(LinkError::Invalid("it has extra data at the end")),
    }
}

#[derive(Default)]
struct Decoder {
    /// Each field's default, of the records met so far.
    defaults: Vec<(&'static str, Rc<[Value]>)>,
    /// Ids of the nodes, then of the links.
    targets: Vec<String>,
    /// Zones, in the order nodes name them.
    zones: Vec<String>,
}

impl Decoder {
    fn record(
        &mut self,
        record: &'static Record,
        from: &mut Reader<'_>,
    ) -> Result<Value, LinkError> {
        let defaults = self.defaults(record);
        let mask = from.integer()?;
        if mask.checked_shr(record.fields.len() as u32).unwrap_or(0) != 0 {
            // A field appended after this code was built.
            return Err(LinkError::Newer(VERSION));
        }
        let mut entries = Vec::with_capacity(record.fields.len());
        for (number, Field(name, wire, default)) in record.fields.iter().enumerate() {
            let is_default = mask >> number & 1 == 0;
            let value = match (wire, &defaults[number]) {
                (_, default) if is_default => default.clone(),
                (Wire::Bool, Value::Bool(default)) => Value::Bool(!default),
                (Wire::Optional(inner), _) if *default == "null" => self.value(inner, from)?,
                _ => self.value(wire, from)?,
            };
            entries.push(((*name).to_owned(), value));
        }
        Ok(Value::Map(entries))
    }

    fn defaults(&mut self, record: &'static Record) -> Rc<[Value]> {
        if let Some((_, known)) = self.defaults.iter().find(|(name, _)| *name == record.name) {
            return known.clone();
        }
        let defaults: Rc<[Value]> = record.fields.iter().map(default_of).collect();
        self.defaults.push((record.name, defaults.clone()));
        defaults
    }

    fn value(&mut self, wire: &'static Wire, from: &mut Reader<'_>) -> Result<Value, LinkError> {
        Ok(match wire {
            Wire::Bool => Value::Bool(from.integer()? != 0),
            Wire::Integer => Value::Number(from.integer()? as f64),
            Wire::Signed => Value::Number(from.signed()? as f64),
            Wire::Number => Value::Number(from.number()?),
            Wire::Text => Value::text(from.text()?),
            Wire::Duration => Value::text(Duration(from.duration()?).to_string()),
            Wire::Rate => Value::text(design::Rate(from.number()?).to_string()),
            Wire::Distribution => Value::text(read_distribution(from)?.to_string()),
            Wire::Bound => match from.integer()? {
                0 => Value::Number(from.number()?),
                1 => Value::text(Duration(from.duration()?).to_string()),
                _ => return Err(LinkError::Newer(VERSION)),
            },
            Wire::Choice(names) => Value::text(*entry(names, from.index()?)?),
            Wire::Optional(inner) => match from.integer()? {
                0 => Value::Null,
                1 => self.value(inner, from)?,
                _ => return Err(LinkError::Invalid("it contains an invalid flag")),
            },
            Wire::List(inner) => Value::List(self.list(inner, from)?),
            Wire::OneOrMany(inner) => {
                let mut items = self.list(inner, from)?;
                match items.len() {
                    1 => items.remove(0),
                    _ => Value::List(items),
                }
            }
            Wire::Record(record) => self.record(record, from)?,
            Wire::Variants(variants) => match entry(variants, from.index()?)? {
                (name, None) => Value::text(*name),
                (name, Some(inner)) => {
                    Value::Map(vec![((*name).to_owned(), self.value(inner, from)?)])
                }
            },
            Wire::Target => Value::text(self.target(from.integer()?)?),
            Wire::Nodes(kinds) => self.nodes(kinds, from)?,
            Wire::Links(record) => self.links(record, from)?,
        })
    }

    fn list(
        &mut self,
        wire: &'static Wire,
        from: &mut Reader<'_>,
    ) -> Result<Vec<Value>, LinkError> {
        (0..from.count()?).map(|_| self.value(wire, from)).collect()
    }

    fn target(&self, number: u64) -> Result<&str, LinkError> {
        let Some(at) = number.checked_sub(1) else {
            return Ok("");
        };
        usize::try_from(at)
            .ok()
            .and_then(|at| self.targets.iter().chain(&self.zones).nth(at))
            .map(String::as_str)
            .ok_or(LinkError::Invalid("it refers to a missing part"))
    }

    fn nodes(
        &mut self,
        kinds: &'static [&'static Record],
        from: &mut Reader<'_>,
    ) -> Result<Value, LinkError> {
        let count = from.count()?;
        let kinds = (0..count)
            .map(|_| Ok(*entry(kinds, from.index()?)?))
            .collect::<Result<Vec<_>, LinkError>>()?;
        let mut usual = UsualIds::default();
        for kind in &kinds {
            let id = match from.text()? {
                "" => usual.next(kind.name),
                id => id.to_owned(),
            };
            usual.take(&id);
            self.targets.push(id);
        }
        let positions = read_positions(count, from)?;
        let mut nodes = Vec::with_capacity(count);
        for (at, (kind, position)) in kinds.into_iter().zip(positions).enumerate() {
            let mut node = vec![
                ("id".to_owned(), Value::text(&self.targets[at])),
                ("kind".to_owned(), Value::text(kind.name)),
                ("at".to_owned(), position),
            ];
            if let Value::Map(parameters) = self.record(kind, from)? {
                node.extend(parameters);
            }
            let node = Value::Map(node);
            note_zones(&node, &mut self.zones);
            nodes.push(node);
        }
        Ok(Value::List(nodes))
    }

    fn links(
        &mut self,
        record: &'static Record,
        from: &mut Reader<'_>,
    ) -> Result<Value, LinkError> {
        let count = from.count()?;
        let callers = (0..count)
            .map(|_| from.integer())
            .collect::<Result<Vec<_>, _>>()?;
        let mut ends = Vec::with_capacity(count);
        for caller in callers {
            let callee = (caller as i64)
                .checked_add(from.signed()?)
                .and_then(|callee| u64::try_from(callee).ok())
                .ok_or(LinkError::Invalid("it refers to a missing part"))?;
            ends.push([caller, callee]);
        }
        let mut parallel = BTreeMap::new();
        let mut ids = Vec::with_capacity(count);
        let mut links = Vec::with_capacity(count);
        for ends in ends {
            let caller = self.target(ends[0])?.to_owned();
            let callee = self.target(ends[1])?.to_owned();
            let usual = usual_link_id(&caller, &callee, &mut parallel);
            let mut link = self.record(record, from)?;
            if let Value::Map(entries) = &mut link {
                for (name, value) in entries.iter_mut() {
                    if name == "id" && *value == Value::text("") {
                        *value = Value::text(&usual);
                    }
                }
                entries.push(("from".to_owned(), Value::Text(caller)));
                entries.push(("to".to_owned(), Value::Text(callee)));
            }
            ids.push(text(&link, "id").to_owned());
            links.push(link);
        }
        self.targets.append(&mut ids);
        Ok(Value::List(links))
    }
}
