//! A document to bytes, along a frozen table.
//!
//! A record is a bit mask of the fields that are not at their default (the lowest bit is field 0),
//! then those fields' values in order. Ends of links and targets of faults are numbers. Nodes and
//! links are written column by column, since equal adjacent values deflate better.

use super::bytes::Writer;
use super::parts::{
    UsualIds, note_zones, text, usual_link_id, write_distribution, write_positions,
};
use super::table::{Field, Record, Wire, default_of, place};
use design::{Distribution, Duration, Value};
use std::collections::BTreeMap;
use std::rc::Rc;

/// To bytes. The document must be what the tables describe: tests hold the tables complete.
pub(super) fn encode(table: &'static Record, document: &Value) -> Vec<u8> {
    let mut out = Writer::default();
    Encoder::default().record(table, document, &mut out);
    out.bytes
}

#[derive(Default)]
struct Encoder {
    /// The bytes of each field's default, of the records met so far.
    defaults: Vec<(&'static str, Rc<[Vec<u8>]>)>,
    /// What a target's number is: the nodes, then the links, from 1.
    targets: BTreeMap<String, u64>,
    /// Zones, in the order nodes name them: their numbers come after the links'.
    zones: Vec<String>,
}

impl Encoder {
    fn record(&mut self, record: &'static Record, value: &Value, out: &mut Writer) {
        let defaults = self.defaults(record);
        let mut mask = 0u64;
        let mut fields = Writer::default();
        for (number, Field(name, wire, default)) in record.fields.iter().enumerate() {
            let Some(value) = value.get(name) else {
                continue;
            };
            let mut field = Writer::default();
            self.value(wire, value, &mut field);
            if field.bytes == defaults[number] {
                continue;
            }
            mask |= 1 << number;
            match wire {
                Wire::Bool => {}
                // What is off by default and yet there is on.
                Wire::Optional(_) if *default == "null" => {
                    fields.bytes.extend_from_slice(&field.bytes[1..]);
                }
                _ => fields.bytes.append(&mut field.bytes),
            }
        }
        out.integer(mask);
        out.bytes.append(&mut fields.bytes);
    }

    fn defaults(&mut self, record: &'static Record) -> Rc<[Vec<u8>]> {
        if let Some((_, known)) = self.defaults.iter().find(|(name, _)| *name == record.name) {
            return known.clone();
        }
        let defaults: Rc<[Vec<u8>]> = record
            .fields
            .iter()
            .map(|field| {
                let mut out = Writer::default();
                self.value(&field.1, &default_of(field), &mut out);
                out.bytes
            })
            .collect();
        self.defaults.push((record.name, defaults.clone()));
        defaults
    }

    fn value(&mut self, wire: &'static Wire, value: &Value, out: &mut Writer) {
        match (wire, value) {
            (Wire::Bool, Value::Bool(on)) => out.integer(u64::from(*on)),
            (Wire::Integer, Value::Number(n)) => out.integer(*n as u64),
            (Wire::Signed, Value::Number(n)) => out.signed(*n as i64),
            (Wire::Number, Value::Number(n)) => out.number(*n),
            (Wire::Text, Value::Text(text)) => out.text(text),
            (Wire::Duration, Value::Text(text)) => out.duration(duration(text)),
            (Wire::Rate, Value::Text(text)) => {
                out.number(design::Rate::parse(text).map_or(0.0, |rate| rate.0));
            }
            (Wire::Distribution, Value::Text(text)) => {
                let parsed = Distribution::parse(text).unwrap_or(Distribution::ZERO);
                write_distribution(&parsed, out);
            }
            (Wire::Bound, Value::Number(n)) => {
                out.integer(0);
                out.number(*n);
            }
            (Wire::Bound, Value::Text(text)) => {
                out.integer(1);
                out.duration(duration(text));
            }
            (Wire::Choice(names), Value::Text(name)) => out.integer(place(names.iter(), name)),
            (Wire::Optional(_), Value::Null) => out.integer(0),
            (Wire::Optional(inner), some) => {
                out.integer(1);
                self.value(inner, some, out);
            }
            (Wire::List(inner) | Wire::OneOrMany(inner), Value::List(items)) => {
                out.integer(items.len() as u64);
                for item in items {
                    self.value(inner, item, out);
                }
            }
            (Wire::OneOrMany(inner), one) => {
                out.integer(1);
                self.value(inner, one, out);
            }
            (Wire::Record(record), map) => self.record(record, map, out),
            (Wire::Variants(variants), Value::Text(name)) => {
                out.integer(place(variants.iter().map(|(name, _)| name), name));
            }
            (Wire::Variants(variants), Value::Map(entries)) if entries.len() == 1 => {
                let (name, value) = &entries[0];
                let at = place(variants.iter().map(|(name, _)| name), name);
                out.integer(at);
                if let (_, Some(inner)) = &variants[at as usize] {
                    self.value(inner, value, out);
                }
            }
            (Wire::Target, Value::Text(id)) => {
                let zone = || self.zones.iter().position(|zone| zone == id);
                let of_zone = |place| (self.targets.len() + 1 + place) as u64;
                let known = self.targets.get(id).copied();
                out.integer(known.or_else(|| zone().map(of_zone)).unwrap_or(0));
            }
            (Wire::Nodes(kinds), Value::List(nodes)) => self.nodes(kinds, nodes, out),
            (Wire::Links(record), Value::List(links)) => self.links(record, links, out),
            (_, value) => unreachable!("{value} does not fit the table of links"),
        }
    }

    fn nodes(&mut self, kinds: &'static [&'static Record], nodes: &[Value], out: &mut Writer) {
        out.integer(nodes.len() as u64);
        let places: Vec<usize> = nodes
            .iter()
            .map(|node| place(kinds.iter().map(|kind| &kind.name), text(node, "kind")) as usize)
            .collect();
        for place in &places {
            out.integer(*place as u64);
        }
        let mut usual = UsualIds::default();
        for (node, place) in nodes.iter().zip(&places) {
            let id = text(node, "id");
            let is_usual = usual.next(kinds[*place].name) == id;
            out.text(if is_usual { "" } else { id });
            usual.take(id);
            let number = self.targets.len() as u64 + 1;
            self.targets.entry(id.to_owned()).or_insert(number);
        }
        write_positions(nodes, out);
        for (node, place) in nodes.iter().zip(&places) {
            self.record(kinds[*place], node, out);
            note_zones(node, &mut self.zones);
        }
    }

    fn links(&mut self, record: &'static Record, links: &[Value], out: &mut Writer) {
        out.integer(links.len() as u64);
        let ends: Vec<[u64; 2]> = links
            .iter()
            .map(|link| {
                ["from", "to"].map(|end| self.targets.get(text(link, end)).copied().unwrap_or(0))
            })
            .collect();
        for [from, _] in &ends {
            out.integer(*from);
        }
        for [from, to] in &ends {
            out.signed(*to as i64 - *from as i64);
        }
        let mut parallel = BTreeMap::new();
        for link in links {
            let id = text(link, "id");
            let usual = usual_link_id(text(link, "from"), text(link, "to"), &mut parallel);
            let mut link = link.clone();
            if let (true, Value::Map(entries)) = (id == usual, &mut link) {
                entries.retain(|(name, _)| name != "id");
            }
            self.record(record, &link, out);
        }
        for link in links {
            let number = self.targets.len() as u64 + 1;
            let id = text(link, "id").to_owned();
            self.targets.entry(id).or_insert(number);
        }
    }
}

fn duration(text: &str) -> u64 {
    Duration::parse(text).map_or(0, |duration| duration.0)
}
