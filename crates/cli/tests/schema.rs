//! The shipped JSON Schema is the one that is generated, and every valid design is valid in it.

use expect_test::expect_file;
use format::{json, schema};
use jsonschema::Validator;
use serde_json::{Value, json};

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(&schema::write()).expect("the schema is JSON");
    jsonschema::draft202012::meta::validate(&schema).expect("the schema is a schema");
    jsonschema::draft202012::new(&schema).expect("the schema compiles")
}

#[track_caller]
fn valid(validator: &Validator, text: &str, what: &str) {
    let instance: Value = serde_json::from_str(text).expect("a design is JSON");
    let problems: Vec<String> = validator
        .iter_errors(&instance)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(problems.is_empty(), "{what}: {problems:#?}");
}

/// `UPDATE_EXPECT=1 cargo test -p faultline --test schema` updates the file.
#[test]
fn the_shipped_schema_is_the_generated_one() {
    expect_file!["../../../docs/faultline.schema.json"].assert_eq(&schema::write());
}

#[test]
fn the_schema_says_where_it_is_and_which_files_it_is_of() {
    let schema: Value = serde_json::from_str(&schema::write()).unwrap();
    assert_eq!(schema["$id"], schema::ID);
    let description = schema["description"].as_str().unwrap();
    assert!(description.contains("*.faultline.json"), "{description}");
}

#[test]
fn every_scenario_and_every_random_design_is_valid() {
    let validator = validator();
    for scenario in host::scenarios::all() {
        valid(&validator, &json::write(&scenario.faulty()), &scenario.id);
    }
    testing::cases(150, 150).check(|design, _| {
        // As files are written, and with every field spelt out.
        valid(&validator, &json::write(design), "as written");
        let whole = json::value_to_string(&design.write(false));
        valid(&validator, &whole, "with every field");
    });
}

#[test]
fn what_a_field_says_wrong_is_invalid() {
    let validator = validator();
    let node = |node: Value| json!({"faultline": 1, "nodes": [node]});
    let link = |link: Value| json!({"faultline": 1, "links": [link]});
    for (design, is_valid) in [
        (json!({"faultline": 1}), true),
        (json!({"faultline": 1, "$schema": schema::ID}), true),
        (json!({"faultline": 1, "$schema": 3}), false),
        (json!({"faultline": 2}), false),
        (json!({"faultline": 1, "sede": 3}), false),
        (json!({"faultline": 1, "duration": "5 fortnights"}), false),
        (node(json!({"id": "a", "kind": "service"})), true),
        (node(json!({"id": "a", "kind": "servce"})), false),
        (node(json!({"kind": "service"})), false),
        (
            node(json!({"id": "a", "kind": "service", "replicas": 0})),
            false,
        ),
        (
            node(json!({"id": "a", "kind": "service", "ttl": "1s"})),
            false,
        ),
        (
            node(json!({"id": "a", "kind": "service", "service_time": "3ms"})),
            true,
        ),
        (
            node(json!({"id": "a", "kind": "service", "service_time": "expp(3ms)"})),
            false,
        ),
        (
            node(
                json!({"id": "a", "kind": "service", "service_time": "pareto(min=2ms,alpha=1.5,max=2s)"}),
            ),
            true,
        ),
        (
            node(json!({"id": "a", "kind": "client", "arrivals": {"poisson": "200/s"}})),
            true,
        ),
        (
            node(json!({"id": "a", "kind": "client", "arrivals": {"poisson": "200/d"}})),
            false,
        ),
        (
            node(json!({"id": "a", "kind": "client", "arrivals": {"posson": "200/s"}})),
            false,
        ),
        (
            link(json!({"from": "a", "to": "b", "when": ["reads", {"probability": 0.5}]})),
            true,
        ),
        (link(json!({"from": "a", "to": "b", "when": []})), false),
        (link(json!({"from": "a"})), false),
        (
            link(json!({"from": "a", "to": "b", "retry": {"max_atempts": 3}})),
            false,
        ),
    ] {
        assert_eq!(validator.is_valid(&design), is_valid, "{design}");
    }
}

#[test]
fn a_share_is_a_number_or_a_percentage() {
    let validator = validator();
    let node = |rate: Value| {
        let node = json!({"id": "a", "kind": "service", "error_rate": rate});
        json!({"faultline": 1, "nodes": [node]})
    };
    let bound = |bound: Value| {
        let requirement = json!({"metric": "availability", "at_least": bound});
        json!({"faultline": 1, "requirements": [requirement]})
    };
    for (design, is_valid) in [
        (node(json!("5%")), true),
        (node(json!(0.05)), true),
        (node(json!("5")), false),
        (node(json!(5)), false),
        (bound(json!("99.9%")), true),
        (bound(json!("99.9")), false),
    ] {
        assert_eq!(validator.is_valid(&design), is_valid, "{design}");
    }
}
