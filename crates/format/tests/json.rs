//! The design file end to end: what is reported, what is written, what reads back.

use design::{Design, Value};
use expect_test::{Expect, expect};
use format::json;

#[track_caller]
fn check(text: &str, expected: Expect) {
    let said = match json::read(text) {
        Ok(design) => format!("fine: {} nodes\n", design.nodes.len()),
        Err(problems) => problems.iter().map(|p| format!("{p}\n")).collect(),
    };
    expected.assert_eq(&said);
}

const SMALL: &str = r#"{"faultline": 1, "name": "Shop", "seed": 7,
  "nodes": [
    {"id": "shoppers", "kind": "client", "at": [80, 200], "arrivals": {"poisson": "200/s"}, "operations": [
      {"name": "browse", "weight": 9, "keys": {"zipf": {"n": 10000, "s": 1.0}}},
      {"name": "pay", "weight": 1, "effect": "write"}]},
    {"id": "api", "kind": "service", "replicas": 3, "service_time": "lognormal(p50=4ms,p99=20ms)"},
    {"id": "db", "kind": "database"}],
  "links": [
    {"from": "shoppers", "to": "api", "timeout": "2s"},
    {"from": "api", "to": "db", "timeout": "300ms", "retry": {"max_attempts": 3, "jitter": "full",
      "backoff": {"exponential": {"base": "50ms", "cap": "2s"}}, "budget": {"ratio": 0.1, "burst": 10}}}],
  "faults": [{"at": "30s", "for": "10s", "kind": "slowdown", "target": "db", "times": 10.0}],
  "requirements": [{"metric": "availability", "at_least": 0.999}]}"#;

fn small_with(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    SMALL.replacen(from, to, 1)
}

#[test]
fn a_misspelt_field_names_its_path_and_the_nearest_name() {
    check(
        &small_with("max_attempts", "max_atempts"),
        expect![[r#"
            links[1].retry.max_atempts: unknown field, did you mean max_attempts?
        "#]],
    );
}

#[test]
fn all_problems_come_at_once() {
    check(
        &small_with("\"seed\": 7", "\"sede\": 7")
            .replacen("\"database\"", "\"databse\"", 1)
            .replacen("full", "ful", 1)
            .replacen("\"300ms\"", "300", 1)
            .replacen("\"replicas\": 3", "\"replicas\": 0", 1)
            .replacen("0.999", "true", 1),
        expect![[r#"
            sede: unknown field, did you mean seed?
            nodes[1].replicas: 0 is not valid here; expected 1 to 10000
            nodes[2].kind: unknown kind "databse", did you mean database?
            links[1].timeout: 300 is not valid here; expected a duration such as "300ms"
            links[1].retry.jitter: unknown name "ful", did you mean full?
            requirements[0].at_least: true is not valid here; expected a number, or a duration such as "300ms"
        "#]],
    );
}

#[test]
fn what_the_parts_say_together_is_checked() {
    check(
        &small_with(r#""to": "db""#, r#""to": "bd""#).replacen(
            r#""target": "db""#,
            r#""target": "shoppers""#,
            1,
        ),
        expect![[r#"
            links[1].to: unknown node "bd", did you mean "db"?
            faults[0].target: slowdown cannot target a client; valid targets: service, cache, database, coordinator
        "#]],
    );
}

#[test]
fn a_key_that_stands_twice_is_a_problem_wherever_it_stands() {
    check(
        r#"{"faultline": 1, "name": "a", "name": "b", "nodes": [], "nodes": []}"#,
        expect![[r#"
            nodes: duplicate field
            name: duplicate field
        "#]],
    );
    check(
        r#"{"faultline": 1, "nodes": [{"id": "a", "id": "b", "kind": "service", "replicas": 1, "replicas": 2,
            "queue": {"capacity": 1, "capacity": 2}}]}"#,
        expect![[r#"
            nodes[0].id: duplicate field
            nodes[0].replicas: duplicate field
            nodes[0].queue.capacity: duplicate field
        "#]],
    );
}

#[test]
fn the_schema_of_a_file_is_read_over_and_not_written() {
    let plain = json::read(r#"{"faultline": 1, "name": "Shop", "nodes": []}"#).unwrap();
    let text = r#"{"$schema": "https://example.org/design.json",
        "faultline": 1, "name": "Shop", "nodes": []}"#;
    let design = json::read(text).unwrap();
    assert_eq!(design, plain);
    assert!(!json::write(&design).contains("$schema"));
    check(
        r#"{"$schema": 7, "faultline": 1, "nodes": []}"#,
        expect![[r#"
            $schema: 7 is not valid here; expected text
        "#]],
    );
    check(
        r#"{"$schema": "a", "$schema": "b", "faultline": 1, "nodes": []}"#,
        expect![[r#"
            $schema: duplicate field
        "#]],
    );
}

#[test]
fn broken_json_names_line_and_column() {
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    for (text, expected) in [
        ("", expect!["line 1, column 1: unexpected end of text"]),
        (
            "{\"faultline\": 1,\n  \"nodes\": [}",
            expect!["line 2, column 13: expected a value"],
        ),
        (
            "{\"faultline\": 1} x",
            expect!["line 1, column 18: unexpected text after the end"],
        ),
        (
            "{\"seed\": 1e999}",
            expect!["line 1, column 15: this number is too large"],
        ),
        (
            "{\"seed\": NaN}",
            expect!["line 1, column 10: expected a value"],
        ),
        (
            deep.as_str(),
            expect!["line 1, column 34: nested more than 32 levels deep"],
        ),
        (
            "[1]",
            expect![
                "a list of 1 is not valid here; expected a design object with \"faultline\": 1"
            ],
        ),
        (
            "{\"faultline\": 2}",
            expect![
                "faultline: this design was made by a newer Faultline (document version 2; this one reads up to 1)"
            ],
        ),
    ] {
        let problems = json::read(text).unwrap_err();
        assert_eq!(problems.len(), 1, "{text}");
        expected.assert_eq(&problems[0].to_string());
    }
    let large = format!("\"{}\"", "x".repeat(json::SIZE_MAX));
    assert!(json::value_from_str(&large).is_err());
}

#[test]
fn a_design_is_written_sparsely_and_reads_back() {
    let design = json::read(SMALL).unwrap();
    let text = json::write(&design);
    expect![[r#"
        {
          "faultline": 1,
          "name": "Shop",
          "seed": 7,
          "nodes": [
            {
              "id": "shoppers",
              "kind": "client",
              "at": [80, 200],
              "arrivals": {"poisson": "200/s"},
              "operations": [
                {
                  "name": "browse",
                  "weight": 9,
                  "effect": "read",
                  "keys": {"zipf": {"n": 10000, "s": 1}},
                  "idempotency_key": false
                },
                {
                  "name": "pay",
                  "weight": 1,
                  "effect": "write",
                  "keys": {"uniform": {"n": 10000}},
                  "idempotency_key": false
                }
              ]
            },
            {
              "id": "api",
              "kind": "service",
              "at": [0, 0],
              "replicas": 3,
              "service_time": "lognormal(p50=4ms,p99=20ms)"
            },
            {"id": "db", "kind": "database", "at": [0, 0]}
          ],
          "links": [
            {"from": "shoppers", "to": "api", "timeout": "2s"},
            {
              "from": "api",
              "to": "db",
              "timeout": "300ms",
              "retry": {
                "max_attempts": 3,
                "backoff": {"exponential": {"base": "50ms", "cap": "2s"}},
                "jitter": "full",
                "budget": {"ratio": 0.1, "burst": 10},
                "throttle": null,
                "quota": null,
                "on": ["timeout", "refused", "rejected", "unavailable", "error"]
              }
            }
          ],
          "faults": [{"at": "30s", "kind": "slowdown", "target": "db"}],
          "requirements": [{"metric": "availability", "at_least": 0.999}]
        }
    "#]]
    .assert_eq(&text);
    assert_eq!(json::read(&text).unwrap(), design);
    assert_eq!(json::read(&format!("\u{feff}{text}")).unwrap(), design);
    assert_eq!(
        json::read(&json::write(&Design::default())).unwrap(),
        Design::default()
    );
}

#[test]
fn values_survive_their_text() {
    for number in [
        0.0,
        1.0,
        0.1,
        1.0 / 3.0,
        1e300,
        5e-324,
        -2.5,
        9_007_199_254_740_991.0,
    ] {
        let text = json::value_to_string(&Value::Number(number));
        assert_eq!(
            json::value_from_str(&text),
            Ok(Value::Number(number)),
            "{text}"
        );
    }
    let odd = Value::Map(vec![(
        "a \"key\"\\".to_owned(),
        Value::List(vec![
            Value::text("tab\t nul\0 é 🦀 \u{2028}\r\n"),
            Value::Null,
            Value::Bool(true),
        ]),
    )]);
    assert_eq!(json::value_from_str(&json::value_to_string(&odd)), Ok(odd));
}
