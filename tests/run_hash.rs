//! The hash of a run covers its whole report: any change of a report changes its hash.

use serde_json::{Map, Value as Json, json};
use sim::measure::hash_of;
use std::collections::BTreeSet;

/// Enough events to fill queues and fire faults.
const EVENTS: u64 = 60_000;

/// The report of a design as JSON without its hash, and the hash that it carried.
fn report(design: &design::Design) -> (Json, Json) {
    let mut simulation = sim::Simulation::new(design).with_budget(EVENTS);
    simulation.run();
    let mut report = serde_json::to_value(simulation.report()).unwrap();
    let hash = std::mem::replace(&mut report["run"]["hash"], json!(""));
    (report, hash)
}

/// Entries by ids of a design or by names it defines, not by names of fields.
const BY_NAME: [&str; 5] = [
    "by_operation",
    "link_windows",
    "links",
    "node_windows",
    "nodes",
];

/// Adds the path of everything in a value: as a JSON pointer, and as the field it belongs to.
fn paths(value: &Json, at: (String, String), all: &mut Vec<(String, String)>) {
    let (path, field) = &at;
    let below = |name: &str, kind: &str| {
        let name = name.replace('~', "~0").replace('/', "~1");
        (format!("{path}/{name}"), format!("{field}/{kind}"))
    };
    match value {
        Json::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                paths(item, below(&place.to_string(), "*"), all);
            }
        }
        Json::Object(fields) => {
            let is_by_name = BY_NAME.iter().any(|name| field.ends_with(name));
            for (name, item) in fields {
                let kind = if is_by_name { "*" } else { name };
                paths(item, below(name, kind), all);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
    all.push(at);
}

/// Makes the smallest change of a value.
fn change(value: &mut Json) {
    *value = match value.take() {
        Json::Null => json!(0),
        Json::Bool(is_so) => json!(!is_so),
        Json::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(number), _) => json!(number + 1),
            (None, Some(number)) => json!(number.next_up()),
            (None, None) => panic!("{number} is a number"),
        },
        Json::String(text) => json!(text + "x"),
        Json::Array(mut items) => {
            if items.pop().is_none() {
                items.push(Json::Null);
            }
            Json::Array(items)
        }
        Json::Object(mut fields) => {
            if take_last(&mut fields).is_none() {
                fields.insert("x".to_owned(), Json::Null);
            }
            Json::Object(fields)
        }
    };
}

fn take_last(fields: &mut Map<String, Json>) -> Option<(String, Json)> {
    let name = fields.keys().next_back()?.clone();
    let last = fields.remove(&name)?;
    Some((name, last))
}

/// Renames the last field of a map.
fn rename(value: &mut Json) -> bool {
    let Some(fields) = value.as_object_mut() else {
        return false;
    };
    let Some((name, last)) = take_last(fields) else {
        return false;
    };
    fields.insert(format!("{name}x"), last);
    true
}

#[test]
fn whatever_changes_in_a_report_changes_its_hash() {
    let mut fields = BTreeSet::new();
    let cases = testing::cases(100, 10);
    cases.check(|design, _| {
        let (mut report, hash) = report(design);
        // The hash is that of everything in the report: its JSON has no other.
        assert_eq!(hash, hash_of(&report));
        let mut all = Vec::new();
        paths(&report, Default::default(), &mut all);
        for (path, field) in all {
            // Once for each field, because a report has thousands of numbers.
            if fields.contains(&field) {
                continue;
            }
            let before = report.pointer(&path).unwrap().clone();
            change(report.pointer_mut(&path).unwrap());
            assert_ne!(hash, hash_of(&report), "{path} is another");
            *report.pointer_mut(&path).unwrap() = before.clone();
            if rename(report.pointer_mut(&path).unwrap()) {
                assert_ne!(hash, hash_of(&report), "a field of {path} has another name");
                *report.pointer_mut(&path).unwrap() = before;
            }
            fields.insert(field);
        }
        assert_eq!(hash, hash_of(&report), "the report is as it was");
    });
    println!("{} fields", fields.len());
    if cases.has_fixed_set() {
        assert!(fields.len() > 600, "only {} fields were seen", fields.len());
    }
}
