//! Tests: the tables of link format 1 hold the whole document, and nothing in them ever changes.

use super::table::{Field, Record, Wire};
use super::v1;
use crate::json;
use design::attribute::Shape;
use design::{Deployment, Fault, KINDS, Link, Requirement, Settings};
use expect_test::expect_file;
use std::collections::BTreeSet;

/// A new field of the document is appended to the tables.
#[test]
fn the_tables_are_complete() {
    let mut lacks = Vec::new();
    let fields = |fields: &'static [design::Field]| fields.iter().collect::<Vec<_>>();
    let (nodes, link) = v1::DESIGN
        .fields
        .iter()
        .fold((None, None), |(nodes, link), field| match &field.1 {
            Wire::Nodes(kinds) => (Some(*kinds), link),
            Wire::Links(record) => (nodes, Some(*record)),
            _ => (nodes, link),
        });
    let (nodes, link) = (nodes.unwrap(), link.unwrap());
    let parts = ["nodes", "links", "faults", "view", "requirements"];
    compare_record(
        &v1::DESIGN,
        &fields(Settings::RECORD.fields),
        &parts,
        &mut lacks,
    );
    for kind in KINDS {
        match nodes.iter().find(|record| record.name == kind.name) {
            Some(record) => {
                let of_node = fields(kind.record.fields).into_iter();
                let of_node = of_node
                    .chain(fields(Deployment::RECORD.fields))
                    .collect::<Vec<_>>();
                compare_record(record, &of_node, &["label", "patience_drawn"], &mut lacks)
            }
            None => lacks.push(format!("append the kind {} to KINDS", kind.name)),
        }
    }
    let of_link: Vec<_> = Link::RECORD
        .fields
        .iter()
        .filter(|field| !["from", "to"].contains(&field.name))
        .collect();
    compare_record(link, &of_link, &[], &mut lacks);
    for (name, shape) in [
        ("faults", &Shape::List(&Shape::Record(Fault::RECORD))),
        (
            "requirements",
            &Shape::List(&Shape::Record(Requirement::RECORD)),
        ),
    ] {
        let field = v1::DESIGN
            .fields
            .iter()
            .find(|field| field.0 == name)
            .unwrap();
        compare(name, &field.1, shape, &mut lacks);
    }
    assert!(lacks.is_empty(), "link/v1: {}", lacks.join("\nlink/v1: "));
}

fn compare_record(
    record: &Record,
    fields: &[&design::Field],
    besides: &[&str],
    lacks: &mut Vec<String>,
) {
    assert!(
        record.fields.len() <= 64,
        "the mask of {} is full: a new link format is due",
        record.name
    );
    for field in fields {
        match record.fields.iter().find(|known| known.0 == field.name) {
            Some(known) => compare(
                &format!("{}.{}", record.name, field.name),
                &known.1,
                &field.shape,
                lacks,
            ),
            None => lacks.push(format!(
                "append the field {} to {}, with its default {}",
                field.name,
                record.name,
                json::value_to_string(&(field.default)())
            )),
        }
    }
    for known in record.fields {
        if !besides.contains(&known.0) && !fields.iter().any(|field| field.name == known.0) {
            lacks.push(format!(
                "{}.{} has left the document: keep it here, and migrate it in from_value",
                record.name, known.0
            ));
        }
    }
}

fn compare(path: &str, wire: &Wire, shape: &Shape, lacks: &mut Vec<String>) {
    match (wire, shape) {
        (Wire::Bool, Shape::Bool)
        | (Wire::Integer | Wire::Signed, Shape::Integer)
        | (Wire::Number, Shape::Number | Shape::Ratio)
        | (Wire::Text | Wire::Bound | Wire::Target, Shape::Text)
        | (Wire::Duration, Shape::Duration)
        | (Wire::Rate, Shape::Rate)
        | (Wire::Distribution, Shape::Distribution) => {}
        // What the module `migrate` turns into one another.
        (Wire::Optional(Wire::Duration), Shape::Optional(Shape::Distribution))
            if path == "client.patience" => {}
        (Wire::Optional(wire), Shape::Optional(shape))
        | (Wire::List(wire), Shape::List(shape))
        | (Wire::OneOrMany(wire), Shape::OneOrMany(shape)) => compare(path, wire, shape, lacks),
        (Wire::Record(record), Shape::Record(shape)) => {
            compare_record(record, &shape.fields.iter().collect::<Vec<_>>(), &[], lacks);
        }
        (Wire::Choice(names), Shape::Choice(shapes)) => {
            for named in shapes.iter().filter(|named| !names.contains(&named.name)) {
                lacks.push(format!("append the name {} to {path}", named.name));
            }
        }
        (Wire::Variants(variants), Shape::Variants(bare, with)) => {
            let known = |name: &str| variants.iter().find(|(known, _)| *known == name);
            for named in bare
                .iter()
                .filter(|named| !matches!(known(named.name), Some((_, None))))
            {
                lacks.push(format!("append the bare name {} to {path}", named.name));
            }
            for variant in *with {
                match known(variant.name) {
                    Some((_, Some(wire))) => compare(
                        &format!("{path}.{}", variant.name),
                        wire,
                        &variant.shape,
                        lacks,
                    ),
                    Some((_, None)) | None => lacks.push(format!(
                        "append the name {} with its value to {path}",
                        variant.name
                    )),
                }
            }
        }
        (wire, shape) => lacks.push(format!(
            "{path} is {} here and {shape:?} in the document",
            describe(wire)
        )),
    }
}

/// Numbers, names, forms and defaults are those of the first day. New ones come at the end (run
/// with `UPDATE_EXPECT=1` to record them).
#[test]
fn the_tables_are_frozen() {
    let mut lines = Vec::new();
    let mut seen = BTreeSet::new();
    describe_record(&v1::DESIGN, &mut seen, &mut lines);
    let recorded = include_str!("../../tests/golden/link-v1-fields.txt");
    for line in recorded.lines() {
        assert!(
            lines.iter().any(|now| now.starts_with(line)),
            "link/v1 no longer holds this, so old links would change their meaning: {line}"
        );
    }
    expect_file!["../../tests/golden/link-v1-fields.txt"].assert_eq(&(lines.join("\n") + "\n"));
}

fn describe_record(
    record: &'static Record,
    seen: &mut BTreeSet<&'static str>,
    lines: &mut Vec<String>,
) {
    if !seen.insert(record.name) {
        return;
    }
    for (number, Field(name, wire, default)) in record.fields.iter().enumerate() {
        lines.push(format!(
            "{}.{number} {name} = {default}: {}",
            record.name,
            describe(wire)
        ));
    }
    for field in record.fields {
        describe_inner(&field.1, seen, lines);
    }
}

fn describe_inner(wire: &'static Wire, seen: &mut BTreeSet<&'static str>, lines: &mut Vec<String>) {
    match wire {
        Wire::Optional(inner) | Wire::List(inner) | Wire::OneOrMany(inner) => {
            describe_inner(inner, seen, lines)
        }
        Wire::Record(record) | Wire::Links(record) => describe_record(record, seen, lines),
        Wire::Variants(variants) => {
            for (_, inner) in *variants {
                if let Some(inner) = inner {
                    describe_inner(inner, seen, lines);
                }
            }
        }
        Wire::Nodes(kinds) => {
            for kind in *kinds {
                describe_record(kind, seen, lines);
            }
        }
        Wire::Bool
        | Wire::Integer
        | Wire::Signed
        | Wire::Number
        | Wire::Text
        | Wire::Duration
        | Wire::Rate
        | Wire::Distribution
        | Wire::Bound
        | Wire::Choice(_)
        | Wire::Target => {}
    }
}

/// Lists stand last in a line and grow at its end.
fn describe(wire: &Wire) -> String {
    match wire {
        Wire::Bool => "bool".to_owned(),
        Wire::Integer => "integer".to_owned(),
        Wire::Signed => "signed".to_owned(),
        Wire::Number => "number".to_owned(),
        Wire::Text => "text".to_owned(),
        Wire::Duration => "duration".to_owned(),
        Wire::Rate => "rate".to_owned(),
        Wire::Distribution => "distribution".to_owned(),
        Wire::Bound => "bound".to_owned(),
        Wire::Target => "target".to_owned(),
        Wire::Optional(inner) => format!("optional {}", describe(inner)),
        Wire::List(inner) => format!("list of {}", describe(inner)),
        Wire::OneOrMany(inner) => format!("one or many of {}", describe(inner)),
        Wire::Record(record) => format!("record {}", record.name),
        Wire::Links(record) => format!("links {}", record.name),
        Wire::Choice(names) => format!("choice of {}", names.join(", ")),
        Wire::Nodes(kinds) => {
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
            format!("nodes {}", names.join(", "))
        }
        Wire::Variants(variants) => {
            let names: Vec<String> = variants
                .iter()
                .map(|(name, inner)| match inner {
                    None => (*name).to_owned(),
                    Some(inner) => format!("{name} {}", describe(inner)),
                })
                .collect();
            format!("variants {}", names.join(", "))
        }
    }
}
