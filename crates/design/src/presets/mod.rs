//! Presets: named starting points over the kinds, as data. A preset adds no behavior: it is a kind
//! with some fields set to the defaults of a product, each with its source.

mod clients;
mod coordination;
mod data;
mod edge;
mod messaging;
mod services;

use crate::attribute::Reader;
use crate::kinds::{KINDS, Kind, KindInfo};
use crate::value::Value;

/// A named starting point.
#[derive(Debug)]
pub struct Preset {
    /// Nodes made from it get their ids from this.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// The kind of node it is, as written in a file.
    pub kind: &'static str,
    /// Other words people look for it by, among them the names of container images.
    pub words: &'static str,
    /// What it stands for, in a sentence.
    pub about: &'static str,
    /// What it sets. Everything else is as the kind has it.
    pub values: &'static [Given],
}

/// A field that a preset sets.
#[derive(Debug)]
pub struct Given {
    /// The field's path below the node.
    pub path: &'static str,
    /// What is put there.
    pub value: Plain,
    /// Where the value comes from; empty where it is a plain example.
    pub source: &'static str,
}

/// A value that can stand in a table.
#[derive(Clone, Copy, Debug)]
pub enum Plain {
    /// Off, or unbounded.
    Off,
    /// On, with its defaults.
    On,
    /// True.
    True,
    /// False.
    False,
    /// A number.
    Number(f64),
    /// A name, or a quantity in its notation.
    Text(&'static str),
    /// A record, as paths and values.
    Fields(&'static [(&'static str, Plain)]),
    /// A sequence of records.
    Records(&'static [&'static [(&'static str, Plain)]]),
}

/// Presets of one sort, with the heading that they stand under.
#[derive(Debug)]
pub struct PresetGroup {
    /// The heading.
    pub label: &'static str,
    /// The kinds that stand under it too.
    pub kinds: &'static [&'static str],
    /// In the order shown.
    pub presets: &'static [Preset],
}

/// All presets, in the order shown.
pub const PRESETS: &[PresetGroup] = &[
    PresetGroup {
        label: "Traffic",
        kinds: &["client"],
        presets: clients::PRESETS,
    },
    PresetGroup {
        label: "Edge",
        kinds: &["load_balancer"],
        presets: edge::PRESETS,
    },
    PresetGroup {
        label: "Compute",
        kinds: &["service"],
        presets: services::PRESETS,
    },
    PresetGroup {
        label: "Data",
        kinds: &["cache", "database"],
        presets: data::PRESETS,
    },
    PresetGroup {
        label: "Messages",
        kinds: &["queue"],
        presets: messaging::PRESETS,
    },
    PresetGroup {
        label: "Coordination",
        kinds: &["coordinator"],
        presets: coordination::PRESETS,
    },
];

/// The preset called `name`.
pub fn preset(name: &str) -> Option<&'static Preset> {
    let mut all = PRESETS.iter().flat_map(|group| group.presets);
    all.find(|preset| preset.name == name)
}

impl Preset {
    /// The kind's row.
    pub fn info(&self) -> &'static KindInfo {
        let mut kinds = KINDS.iter();
        kinds
            .find(|kind| kind.name == self.kind)
            .expect("presets are of kinds that there are: a test reads them all")
    }

    /// The node's kind, filled in.
    pub fn make(&self) -> Kind {
        let mut fields = (self.info().make)().write();
        for given in self.values {
            let set = fields.set_path(given.path, given.value.value());
            assert!(set.is_ok(), "{}: {}", self.name, given.path);
        }
        Kind::read(self.kind, &fields, &mut Reader::default())
            .expect("presets are valid: a test reads them all")
    }
}

impl Plain {
    /// As a value of the document.
    pub fn value(self) -> Value {
        match self {
            Self::Off => Value::Null,
            Self::On => Value::Map(Vec::new()),
            Self::True => Value::Bool(true),
            Self::False => Value::Bool(false),
            Self::Number(number) => Value::Number(number),
            Self::Text(text) => Value::text(text),
            Self::Fields(fields) => record(fields),
            Self::Records(records) => {
                Value::List(records.iter().map(|fields| record(fields)).collect())
            }
        }
    }
}

fn record(fields: &[(&str, Plain)]) -> Value {
    let mut value = Value::Map(Vec::new());
    for (path, field) in fields {
        let set = value.set_path(path, field.value());
        assert!(set.is_ok(), "{path}");
    }
    value
}

/// A field, with where its value comes from.
const fn given(path: &'static str, value: Plain, source: &'static str) -> Given {
    Given {
        path,
        value,
        source,
    }
}

/// A field whose value is a plain example.
const fn example(path: &'static str, value: Plain) -> Given {
    given(path, value, "")
}
