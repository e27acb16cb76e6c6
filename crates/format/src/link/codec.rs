//! A document to bytes and back, along a frozen table.
//!
//! A record is a bit mask of the fields that are not at their default (the lowest bit is field 0),
//! then those fields' values in order. Ends of links and targets of faults are numbers. Nodes and
//! links stand column by column, since equal neighbours deflate better.

use super::bytes::{Reader, Writer};
use super::table::{Field, Record, Wire};
use super::{LinkError, VERSION};
use crate::json;
use design::{Distribution, Duration, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// To bytes. The document must be what the tables describe: tests hold the tables complete.
pub(super) fn encode(table: &'static Record, document: &Value) -> Vec<u8> {
    let mut out = Writer::default();
    Encoder::default().record(table, document, &mut out);
    out.bytes
}

/// From bytes. Every field is filled in, those left out with the defaults of the table.
pub(super) fn decode(table: &'static Record, bytes: &[u8]) -> Result<Value, LinkError> {
    let mut from = Reader::new(bytes);
    let document = Decoder::default().record(table, &mut from)?;
    match from.is_empty() {
        true => Ok(document),
        false => Err(LinkError::Invalid("it goes on after its end")),
    }
}

/// Distributions, by number. Append only.
const DISTRIBUTIONS: [&str; 9] = [
    "const",
    "exp",
    "uniform",
    "normal",
    "lognormal",
    "erlang",
    "hyperexp",
    "pareto",
    "empirical",
];

#[derive(Default)]
struct Encoder {
    defaults: BTreeMap<&'static str, Rc<[Vec<u8>]>>,
    /// What a target's number is: the nodes, then the links, from 1.
    targets: BTreeMap<String, u64>,
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

    /// The bytes of each field's default.
    fn defaults(&mut self, record: &'static Record) -> Rc<[Vec<u8>]> {
        if let Some(known) = self.defaults.get(record.name) {
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
        self.defaults.insert(record.name, defaults.clone());
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
                out.integer(self.targets.get(id).copied().unwrap_or(0));
            }
            (Wire::Nodes(kinds), Value::List(nodes)) => self.nodes(kinds, nodes, out),
            (Wire::Links(record), Value::List(links)) => self.links(record, links, out),
            (wire, value) => unreachable!("{value} in a field that links hold as {wire:?}"),
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
        for (link, ends) in links.iter().zip(&ends) {
            let id = text(link, "id");
            let usual = usual_link_id(text(link, "from"), text(link, "to"), *ends, &mut parallel);
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

#[derive(Default)]
struct Decoder {
    defaults: BTreeMap<&'static str, Rc<[Value]>>,
    /// Ids of the nodes, then of the links.
    targets: Vec<String>,
}

impl Decoder {
    fn record(
        &mut self,
        record: &'static Record,
        from: &mut Reader<'_>,
    ) -> Result<Value, LinkError> {
        let defaults = self
            .defaults
            .entry(record.name)
            .or_insert_with(|| record.fields.iter().map(default_of).collect())
            .clone();
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
                _ => return Err(LinkError::Invalid("a field in it is neither on nor off")),
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
            .and_then(|at| self.targets.get(at))
            .map(String::as_str)
            .ok_or(LinkError::Invalid("it names a part that it lacks"))
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
            nodes.push(Value::Map(node));
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
                .ok_or(LinkError::Invalid("it names a part that it lacks"))?;
            ends.push([caller, callee]);
        }
        let mut parallel = BTreeMap::new();
        let mut ids = Vec::with_capacity(count);
        let mut links = Vec::with_capacity(count);
        for ends in ends {
            let caller = self.target(ends[0])?.to_owned();
            let callee = self.target(ends[1])?.to_owned();
            let usual = usual_link_id(&caller, &callee, ends, &mut parallel);
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

/// A field's default, with everything in it spelt out.
fn default_of(Field(_, wire, text): &Field) -> Value {
    let value = if text.starts_with(['[', '{']) {
        json::value_from_str(text).expect("the table's defaults are JSON")
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
        Wire::Integer | Wire::Signed | Wire::Number => {
            Value::Number(text.parse().expect("the table's defaults are numbers"))
        }
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

/// The ids the editor gives: a node's kind, numbered where it is taken.
#[derive(Default)]
struct UsualIds {
    taken: BTreeSet<String>,
    numbers: BTreeMap<&'static str, usize>,
}

impl UsualIds {
    fn next(&mut self, kind: &'static str) -> String {
        let number = self.numbers.entry(kind).or_insert(1);
        loop {
            let id = match *number {
                1 => kind.to_owned(),
                number => format!("{kind}-{number}"),
            };
            if !self.taken.contains(&id) {
                return id;
            }
            *number += 1;
        }
    }

    fn take(&mut self, id: &str) {
        self.taken.insert(id.to_owned());
    }
}

/// `from->to`, numbered where links are parallel.
fn usual_link_id(
    from: &str,
    to: &str,
    ends: [u64; 2],
    parallel: &mut BTreeMap<[u64; 2], usize>,
) -> String {
    let number = parallel.entry(ends).or_insert(0);
    *number += 1;
    match *number {
        1 => format!("{from}->{to}"),
        number => format!("{from}->{to}#{number}"),
    }
}

/// The grid they all stand on, then each one's distance from the last, in steps of it.
fn write_positions(nodes: &[Value], out: &mut Writer) {
    let mut last = [0i64; 2];
    let steps: Vec<i64> = nodes
        .iter()
        .flat_map(|node| {
            let at = [0, 1].map(|axis| match node.get("at") {
                Some(Value::List(at)) => match at.get(axis) {
                    Some(Value::Number(n)) => *n as i64,
                    _ => 0,
                },
                _ => 0,
            });
            let step = [at[0] - last[0], at[1] - last[1]];
            last = at;
            step
        })
        .collect();
    let grid = steps.iter().fold(0, |a, b| common_divisor(a, *b)).max(1);
    out.integer(grid as u64);
    for axis in [0, 1] {
        for step in steps.iter().skip(axis).step_by(2) {
            out.signed(step / grid);
        }
    }
}

fn read_positions(count: usize, from: &mut Reader<'_>) -> Result<Vec<Value>, LinkError> {
    let too_far = LinkError::Invalid("a node in it stands too far off");
    let grid = i64::try_from(from.integer()?).map_err(|_| too_far.clone())?;
    let mut axis = || {
        let mut at = 0i64;
        (0..count)
            .map(|_| {
                at = from
                    .signed()?
                    .checked_mul(grid)
                    .and_then(|step| at.checked_add(step))
                    .ok_or(too_far.clone())?;
                Ok(Value::Number(at as f64))
            })
            .collect::<Result<Vec<_>, LinkError>>()
    };
    let (x, y) = (axis()?, axis()?);
    Ok(x.into_iter()
        .zip(y)
        .map(|(x, y)| Value::List(vec![x, y]))
        .collect())
}

fn common_divisor(a: i64, b: i64) -> i64 {
    match b {
        0 => a.abs(),
        b => common_divisor(b, a % b),
    }
}

fn write_distribution(distribution: &Distribution, out: &mut Writer) {
    let name = |name: &str, out: &mut Writer| out.integer(place(DISTRIBUTIONS.iter(), name));
    let pairs = |pairs: &[(f64, Duration)], out: &mut Writer| {
        out.integer(pairs.len() as u64);
        for (p, duration) in pairs {
            out.number(*p);
            out.duration(duration.0);
        }
    };
    let durations = |durations: &[&Duration], out: &mut Writer| {
        for duration in durations {
            out.duration(duration.0);
        }
    };
    match distribution {
        Distribution::Const(value) => {
            name("const", out);
            durations(&[value], out);
        }
        Distribution::Exp(mean) => {
            name("exp", out);
            durations(&[mean], out);
        }
        Distribution::Uniform(low, high) => {
            name("uniform", out);
            durations(&[low, high], out);
        }
        Distribution::Normal(mean, deviation) => {
            name("normal", out);
            durations(&[mean, deviation], out);
        }
        Distribution::Lognormal { p50, p99 } => {
            name("lognormal", out);
            durations(&[p50, p99], out);
        }
        Distribution::Erlang(k, mean) => {
            name("erlang", out);
            out.integer(u64::from(*k));
            durations(&[mean], out);
        }
        Distribution::Hyperexp(branches) => {
            name("hyperexp", out);
            pairs(branches, out);
        }
        Distribution::Pareto { min, alpha, max } => {
            name("pareto", out);
            durations(&[min], out);
            out.number(*alpha);
            out.integer(u64::from(max.is_some()));
            durations(&max.as_ref().map_or(vec![], |max| vec![max]), out);
        }
        Distribution::Empirical(points) => {
            name("empirical", out);
            pairs(points, out);
        }
    }
}

fn read_distribution(from: &mut Reader<'_>) -> Result<Distribution, LinkError> {
    fn duration(from: &mut Reader<'_>) -> Result<Duration, LinkError> {
        from.duration().map(Duration)
    }
    fn pairs(from: &mut Reader<'_>) -> Result<Vec<(f64, Duration)>, LinkError> {
        (0..from.count()?)
            .map(|_| Ok((from.number()?, duration(from)?)))
            .collect()
    }
    let name = entry(&DISTRIBUTIONS, from.index()?)?;
    Ok(match *name {
        "const" => Distribution::Const(duration(from)?),
        "exp" => Distribution::Exp(duration(from)?),
        "uniform" => Distribution::Uniform(duration(from)?, duration(from)?),
        "normal" => Distribution::Normal(duration(from)?, duration(from)?),
        "lognormal" => Distribution::Lognormal {
            p50: duration(from)?,
            p99: duration(from)?,
        },
        "erlang" => {
            let k = u32::try_from(from.integer()?).unwrap_or(u32::MAX);
            Distribution::Erlang(k, duration(from)?)
        }
        "hyperexp" => Distribution::Hyperexp(pairs(from)?),
        "pareto" => Distribution::Pareto {
            min: duration(from)?,
            alpha: from.number()?,
            max: match from.integer()? {
                0 => None,
                _ => Some(duration(from)?),
            },
        },
        _ => Distribution::Empirical(pairs(from)?),
    })
}

/// The number of a name that the tables list.
fn place<'a>(names: impl IntoIterator<Item = &'a &'static str>, name: &str) -> u64 {
    names
        .into_iter()
        .position(|known| *known == name)
        .expect("the tables list every name of the document: a test says which one they lack")
        as u64
}

/// The entry of a table with this number; one past its end was appended after this code was built.
fn entry<T>(entries: &[T], number: usize) -> Result<&T, LinkError> {
    entries.get(number).ok_or(LinkError::Newer(VERSION))
}

fn duration(text: &str) -> u64 {
    Duration::parse(text).map_or(0, |duration| duration.0)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    match value.get(name) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}
