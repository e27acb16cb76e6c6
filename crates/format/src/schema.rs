//! The JSON Schema of the design file (draft 2020-12), made from the document's own tables of
//! fields: what editors and other programs know of a design before Faultline reads it.
//!
//! A schema sees each field alone. What fields say together (ends that exist, ids that are unique,
//! modes that fit the kinds) and the ranges of durations, rates and percentages are checked by
//! [`Design::read`](design::Design::read) only; the ranges stand in the descriptions.

use design::attribute::{Field, INTEGER_MAX, LIST_MAX, Named, Record, Shape, TEXT_MAX, Variant};
use design::deployment::Deployment;
use design::distribution::NOTATION;
use design::document::{
    FAULTS_MAX, LINKS_MAX, NODES_MAX, POSITION_MAX, REQUIREMENTS_MAX, Settings, VERSION,
};
use design::validate::LINK_ID_MAX;
use design::{Duration, Fault, KINDS, KindInfo, Link, Rate, Requirement, Value};
use std::collections::BTreeMap;

/// Where the schema is published, beside the page.
pub const ID: &str = "https://faultline-sim.github.io/faultline/faultline.schema.json";

/// A duration with its unit.
const DURATION: &str = r"\s*\+?(?:\d+\.?\d*|\.\d+)\s*(?:ns|us|µs|ms|s|m|h)\s*";
/// A percentage.
const PERCENTAGE: &str = r"\s*(?:\d+\.?\d*|\.\d+)\s*%\s*";
/// A number without a sign.
const NUMBER: &str = r"\s*\+?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*";

/// The schema, written for people.
pub fn write() -> String {
    super::json::write_value(&schema())
}

/// The schema.
pub fn schema() -> Value {
    let mut schemas = Schemas::default();
    let mut properties = heads();
    properties.extend(schemas.fields(Settings::RECORD));
    let kinds = KINDS.iter().map(|kind| schemas.node(kind)).collect();
    let node = object([
        (
            "description",
            Value::text("A node on the canvas; its kind says which fields it has."),
        ),
        ("oneOf", Value::List(kinds)),
    ]);
    for (name, item, max) in [
        ("nodes", node, NODES_MAX),
        ("links", schemas.record(Link::RECORD), LINKS_MAX),
        ("faults", schemas.record(Fault::RECORD), FAULTS_MAX),
        (
            "requirements",
            schemas.record(Requirement::RECORD),
            REQUIREMENTS_MAX,
        ),
    ] {
        properties.push((name.to_owned(), array(item, max)));
    }
    schemas.define_notations();
    let definitions = schemas.definitions.into_iter();
    let definitions = definitions.map(|(name, schema)| (name.to_owned(), schema));
    object([
        (
            "$schema",
            Value::text("https://json-schema.org/draft/2020-12/schema"),
        ),
        ("$id", Value::text(ID)),
        ("title", Value::text("Faultline design")),
        (
            "description",
            Value::text(
                "A distributed system, its faults and its requirements, in a file named \
                 *.faultline.json. Durations are written with a unit (300ms), rates as 200/s, \
                 shares as 0.05 or 5%, distributions as exp(3ms). An attribute that is null is \
                 off.",
            ),
        ),
        ("type", Value::text("object")),
        ("required", names(&["faultline"])),
        ("properties", Value::Map(properties)),
        ("additionalProperties", Value::Bool(false)),
        ("$defs", Value::Map(definitions.collect())),
    ])
}

/// The schema of the fields `$schema` and `faultline`.
fn heads() -> Vec<(String, Value)> {
    let schema = object([
        (
            "description",
            Value::text("Address of this schema, for editors. It is not part of the design."),
        ),
        ("type", Value::text("string")),
        ("maxLength", Value::Number(TEXT_MAX as f64)),
    ]);
    let version = object([
        ("const", Value::Number(f64::from(VERSION))),
        (
            "description",
            Value::text("Version of the document's structure."),
        ),
    ]);
    vec![
        ("$schema".to_owned(), schema),
        ("faultline".to_owned(), version),
    ]
}

/// Collects the definitions that the others refer to.
#[derive(Default)]
struct Schemas {
    definitions: BTreeMap<&'static str, Value>,
}

impl Schemas {
    /// A node of one kind.
    fn node(&mut self, kind: &'static KindInfo) -> Value {
        let mut properties = vec![
            (
                "id".to_owned(),
                id(
                    "Stable id, which links, faults and random streams refer to.",
                    LINK_ID_MAX,
                ),
            ),
            (
                "kind".to_owned(),
                object([("const", Value::text(kind.name))]),
            ),
            ("at".to_owned(), {
                let mut at = vec![(
                    "description".to_owned(),
                    Value::text("Upper left corner on the canvas, in pixels at 100% zoom."),
                )];
                at.extend(position());
                let origin = Value::List(vec![Value::Number(0.0); 2]);
                at.push(("default".to_owned(), origin));
                Value::Map(at)
            }),
            (
                "label".to_owned(),
                optional(object([
                    (
                        "description",
                        Value::text("Label on the canvas. The default is the id."),
                    ),
                    ("type", Value::text("string")),
                    ("maxLength", Value::Number(TEXT_MAX as f64)),
                ])),
            ),
        ];
        properties.extend(self.fields(Deployment::RECORD));
        properties.extend(self.fields(kind.record));
        object([
            ("title", Value::text(kind.label)),
            ("description", Value::text(kind.record.help.trim())),
            ("type", Value::text("object")),
            ("required", names(&["id", "kind"])),
            ("properties", Value::Map(properties)),
            ("additionalProperties", Value::Bool(false)),
        ])
    }

    /// What is written as text in a notation of its own.
    fn define_notations(&mut self) {
        let rate = format!(r"{NUMBER}/\s*[smh]\s*");
        for (name, pattern, description) in [
            (
                "duration",
                DURATION,
                "A duration with a unit: 250us, 300ms, 2s, 5m, 1h.",
            ),
            ("rate", &rate, "A rate: 200/s, 12/m, 5/h."),
            ("percentage", PERCENTAGE, "A percentage: 5%, 99.9%."),
            (
                "distribution",
                &distribution(),
                &format!("A distribution of durations: {NOTATION}. A bare duration is const."),
            ),
        ] {
            let schema = object([
                ("description", Value::text(description)),
                ("type", Value::text("string")),
                ("pattern", Value::text(format!("^{pattern}$"))),
            ]);
            self.definitions.insert(name, schema);
        }
    }

    /// A reference to a record.
    fn record(&mut self, record: &'static Record) -> Value {
        if !self.definitions.contains_key(record.name) {
            // Its place is taken first: a record may hold its like.
            self.definitions.insert(record.name, Value::Null);
            let required: &[&str] = match record.name {
                "Link" => &["from", "to"],
                "Fault" => &["target"],
                _ => &[],
            };
            let mut schema = vec![
                ("description".to_owned(), Value::text(record.help.trim())),
                ("type".to_owned(), Value::text("object")),
            ];
            if !required.is_empty() {
                schema.push(("required".to_owned(), names(required)));
            }
            schema.push(("properties".to_owned(), Value::Map(self.fields(record))));
            schema.push(("additionalProperties".to_owned(), Value::Bool(false)));
            self.definitions.insert(record.name, Value::Map(schema));
        }
        reference(record.name)
    }

    fn fields(&mut self, record: &'static Record) -> Vec<(String, Value)> {
        let fields = record.fields.iter();
        fields
            .map(|field| (field.name.to_owned(), self.field(record, field)))
            .collect()
    }

    fn field(&mut self, record: &'static Record, field: &'static Field) -> Value {
        let mut schema = vec![
            ("title".to_owned(), Value::text(field.label)),
            ("description".to_owned(), Value::text(describe(field))),
        ];
        let shape = match (record.name, field.name) {
            ("Link", "id") => id("", LINK_ID_MAX),
            ("Note", "at") => Value::Map(position()),
            ("Allowance", "rule") => Value::Map(vec![(
                "enum".to_owned(),
                Value::List(design::allow::RULES.map(Value::text).into()),
            )]),
            // A bound is a number, a percentage for a share, or a duration for metrics of time.
            ("Requirement", "at_least" | "at_most") => any_of(vec![
                typed("number"),
                reference("percentage"),
                reference("duration"),
                typed("null"),
            ]),
            _ => self.shape(&field.shape, field.range),
        };
        let Value::Map(shape) = shape else {
            unreachable!("every schema here is an object");
        };
        // A name that is the default says nothing: an empty id is made, empty ends are refused.
        let default = (field.default)();
        let is_named = matches!((record.name, field.name), ("Link", "id" | "from" | "to"))
            || (record.name, field.name) == ("Fault", "target");
        schema.extend(shape);
        if !is_named {
            schema.push(("default".to_owned(), default));
        }
        Value::Map(schema)
    }

    fn shape(&mut self, shape: &'static Shape, range: Option<(f64, f64)>) -> Value {
        match shape {
            Shape::Bool => typed("boolean"),
            Shape::Integer => number("integer", range.unwrap_or((0.0, INTEGER_MAX))),
            Shape::Number => match range {
                Some(range) => number("number", range),
                None => typed("number"),
            },
            Shape::Ratio => any_of(vec![
                number("number", range.unwrap_or((0.0, 1.0))),
                reference("percentage"),
            ]),
            Shape::Text => object([
                ("type", Value::text("string")),
                ("maxLength", Value::Number(TEXT_MAX as f64)),
            ]),
            Shape::Duration => reference("duration"),
            Shape::Rate => reference("rate"),
            Shape::Distribution => reference("distribution"),
            Shape::Choice(choices) => one_of(choices.iter().map(named).collect()),
            Shape::Optional(inner) => optional(self.shape(inner, range)),
            Shape::List(inner) => array(self.shape(inner, None), LIST_MAX),
            Shape::OneOrMany(inner) => {
                let one = self.shape(inner, None);
                let Value::Map(mut many) = array(one.clone(), LIST_MAX) else {
                    unreachable!("an array's schema is an object");
                };
                many.push(("minItems".to_owned(), Value::Number(1.0)));
                any_of(vec![one, Value::Map(many)])
            }
            Shape::Record(record) => self.record(record),
            Shape::Variants(bare, with) => {
                let mut variants: Vec<Value> = bare.iter().map(named).collect();
                for variant in *with {
                    variants.push(self.variant(variant));
                }
                one_of(variants)
            }
        }
    }

    fn variant(&mut self, variant: &'static Variant) -> Value {
        let value = self.shape(&variant.shape, None);
        object([
            ("description", Value::text(variant.help.trim())),
            ("type", Value::text("object")),
            ("required", names(&[variant.name])),
            ("properties", object([(variant.name, value)])),
            ("additionalProperties", Value::Bool(false)),
        ])
    }
}

/// Help, unit, range and source of a field, in sentences.
fn describe(field: &'static Field) -> String {
    let mut text = field.help.trim().to_owned();
    if !field.unit.is_empty() {
        text += &format!(" Unit: {}.", field.unit);
    }
    if let Some((low, high)) = field.range {
        let show = |bound: f64| match innermost(&field.shape) {
            Shape::Duration => Duration((bound * 1e9) as u64).to_string(),
            Shape::Rate => Rate(bound).to_string(),
            _ => format!("{bound}"),
        };
        text += &format!(" From {} to {}.", show(low), show(high));
    }
    if !field.source.is_empty() {
        text += &format!(" Default after: {}.", field.source.trim_end_matches('.'));
    }
    text
}

fn innermost(shape: &'static Shape) -> &'static Shape {
    match shape {
        Shape::Optional(inner) => innermost(inner),
        other => other,
    }
}

/// The notation of distributions, as a pattern.
fn distribution() -> String {
    let pairs = format!("{NUMBER}:{DURATION}(?:,{NUMBER}:{DURATION})*");
    let quantile = format!(r"\s*p(?:50|99)\s*={DURATION}");
    let pareto = format!(r"\s*(?:(?:min|max)\s*={DURATION}|alpha\s*={NUMBER})");
    let calls = [
        format!(r"(?:const|exp)\s*\({DURATION}\)"),
        format!(r"(?:uniform|normal)\s*\({DURATION},{DURATION}\)"),
        format!(r"lognormal\s*\({quantile},{quantile}\)"),
        format!(r"erlang\s*\(\s*\+?\d+\s*,{DURATION}\)"),
        format!(r"(?:hyperexp|empirical)\s*\({pairs}\)"),
        format!(r"pareto\s*\({pareto}(?:,{pareto}){{1,2}}\)"),
    ];
    format!(r"(?:{DURATION}|\s*(?:{})\s*)", calls.join("|"))
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let entries = entries.into_iter();
    Value::Map(
        entries
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn typed(name: &str) -> Value {
    object([("type", Value::text(name))])
}

fn number(name: &str, (low, high): (f64, f64)) -> Value {
    object([
        ("type", Value::text(name)),
        ("minimum", Value::Number(low)),
        ("maximum", Value::Number(high)),
    ])
}

fn reference(name: &str) -> Value {
    object([("$ref", Value::text(format!("#/$defs/{name}")))])
}

fn id(description: &str, max: usize) -> Value {
    let mut entries = vec![
        ("type".to_owned(), Value::text("string")),
        ("maxLength".to_owned(), Value::Number(max as f64)),
    ];
    if !description.is_empty() {
        entries.insert(0, ("description".to_owned(), Value::text(description)));
        entries.push(("minLength".to_owned(), Value::Number(1.0)));
    }
    Value::Map(entries)
}

/// A place on the canvas.
fn position() -> Vec<(String, Value)> {
    let coordinate = object([
        ("type", Value::text("integer")),
        ("minimum", Value::Number(-f64::from(POSITION_MAX))),
        ("maximum", Value::Number(f64::from(POSITION_MAX))),
    ]);
    let entries = [
        ("type", Value::text("array")),
        ("items", coordinate),
        ("minItems", Value::Number(2.0)),
        ("maxItems", Value::Number(2.0)),
    ];
    let entries = entries.map(|(name, value)| (name.to_owned(), value));
    entries.into()
}

fn array(items: Value, max: usize) -> Value {
    object([
        ("type", Value::text("array")),
        ("items", items),
        ("maxItems", Value::Number(max as f64)),
    ])
}

fn named(named: &Named) -> Value {
    object([
        ("const", Value::text(named.name)),
        ("description", Value::text(named.help.trim())),
    ])
}

fn names(names: &[&str]) -> Value {
    Value::List(names.iter().map(|name| Value::text(*name)).collect())
}

fn one_of(schemas: Vec<Value>) -> Value {
    object([("oneOf", Value::List(schemas))])
}

fn any_of(schemas: Vec<Value>) -> Value {
    object([("anyOf", Value::List(schemas))])
}

/// Or off.
fn optional(schema: Value) -> Value {
    any_of(vec![schema, typed("null")])
}
