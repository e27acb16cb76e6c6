use super::*;
use design::KINDS;
use design::attribute::{Record, Shape};
use design::link::Link;
use std::collections::BTreeSet;

#[test]
fn a_seed_gives_one_design() {
    assert_eq!(design(7), design(7));
    assert_ne!(design(7), design(8));
}

/// Every field is set, every name is used: nothing of the document goes untested.
#[test]
fn they_cover_the_document() {
    let mut set = BTreeSet::new();
    for seed in 0..400 {
        let written = design(seed).write(true);
        for (list, name) in [("nodes", "node"), ("links", "link"), ("faults", "fault")] {
            let Some(Value::List(items)) = written.get(list) else {
                continue;
            };
            for item in items {
                let name = match item.get("kind") {
                    Some(Value::Text(kind)) if name == "node" => kind,
                    _ => name,
                };
                note(name, item, &mut set);
            }
        }
    }
    let mut lacking = Vec::new();
    for kind in KINDS {
        want_record(kind.name, kind.record, &mut lacking);
        want_record(kind.name, design::Deployment::RECORD, &mut lacking);
    }
    want_record("link", Link::RECORD, &mut lacking);
    want_record("fault", design::Fault::RECORD, &mut lacking);
    lacking.retain(|path| !set.contains(path));
    assert!(lacking.is_empty(), "never drawn: {lacking:#?}");
}

fn note(path: &str, value: &Value, set: &mut BTreeSet<String>) {
    match value {
        Value::Map(entries) => {
            for (key, value) in entries {
                set.insert(format!("{path}.{key}"));
                note(&format!("{path}.{key}"), value, set);
            }
        }
        Value::List(items) => {
            for item in items {
                note(path, item, set);
            }
        }
        Value::Text(text) => {
            set.insert(format!("{path}.{text}"));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn want_record(path: &str, record: &'static Record, paths: &mut Vec<String>) {
    for field in record.fields {
        let path = format!("{path}.{}", field.name);
        want(&path, &field.shape, paths);
        // A default is not written; that it is used is certain.
        if let Value::Text(default) = (field.default)() {
            paths.retain(|wanted| *wanted != format!("{path}.{default}"));
        }
        paths.push(path);
    }
}

fn want(path: &str, shape: &'static Shape, paths: &mut Vec<String>) {
    match shape {
        Shape::Record(record) => want_record(path, record, paths),
        Shape::Optional(inner) | Shape::List(inner) | Shape::OneOrMany(inner) => {
            want(path, inner, paths);
        }
        Shape::Choice(names) => {
            paths.extend(names.iter().map(|named| format!("{path}.{}", named.name)));
        }
        Shape::Variants(bare, with) => {
            paths.extend(bare.iter().map(|named| format!("{path}.{}", named.name)));
            for variant in *with {
                let path = format!("{path}.{}", variant.name);
                want(&path, &variant.shape, paths);
                paths.push(path);
            }
        }
        Shape::Bool
        | Shape::Integer
        | Shape::Number
        | Shape::Ratio
        | Shape::Text
        | Shape::Duration
        | Shape::Rate
        | Shape::Distribution => {}
    }
}
