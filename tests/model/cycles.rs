//! Cyclic calls are refused if an operation could go round indefinitely.

use crate::*;

/// Returns two services that call each other, for these operations; the client sends "x" and "y".
fn round(there: &str, back: &str, balancer: &str) -> Result<Design, Vec<String>> {
    let nodes = [
        replay_by(
            "u",
            [0, 1, 2, 3],
            r#""operations": [{"name": "x"}, {"name": "y", "effect": "write"}]"#,
        ),
        node("lb", "load_balancer", balancer),
        service("a", 1, ""),
        service("b", 1, ""),
    ];
    let links = [
        link("u->lb", ""),
        link("lb->a", ""),
        link("a->b", &format!(r#""when": {there}"#)),
        link("b->a", &format!(r#""when": {back}"#)),
    ];
    let text = format!(
        r#"{{"faultline": 1, "duration": "1s", "nodes": [{}], "links": [{}]}}"#,
        nodes.join(", "),
        links.join(", ")
    );
    let problems = |list: Vec<_>| list.iter().map(ToString::to_string).collect();
    format::json::read(&text).map_err(problems)
}

#[test]
fn a_cycle_is_one_of_an_operation() {
    let (x, y, both) = (
        r#"{"operations": ["x"]}"#,
        r#"{"operations": ["y"]}"#,
        r#"{"operations": ["x", "y"]}"#,
    );
    // Calls that go there do not return.
    for (there, back) in [
        (x, y),
        (y, x),
        ("\"reads\"", "\"writes\""),
        (x, "\"writes\""),
    ] {
        let run = run_design(&round(there, back, "").unwrap());
        assert_eq!(run.ok(), 4.0, "{there} {back}");
    }
    let refused = vec![
        "links[3]: closes an endless cycle of calls: a -> b -> a; break it with a queue or a probability below 1"
            .to_owned(),
    ];
    for (there, back) in [
        (x, both),
        (x, x),
        ("\"reads\"", x),
        ("\"always\"", "\"on_miss\""),
    ] {
        assert_eq!(
            round(there, back, ""),
            Err(refused.clone()),
            "{there} {back}"
        );
    }
    // A probability ends it, even where another condition might continue it for another operation.
    let perhaps = r#"[{"probability": 0.5}, {"operations": ["y"]}]"#;
    assert!(round(x, perhaps, "").is_ok());
    assert_eq!(round(both, perhaps, ""), Err(refused.clone()));
    // A deep probe calls every dependency, whatever the operation.
    let deep = r#""health_check": {"depth": "deep"}"#;
    assert_eq!(round(x, y, deep), Err(refused));
}

#[test]
fn who_is_not_asked_for_an_operation_cannot_go_round_with_it() {
    // Reads go round between c and d, where only writes come.
    let nodes = [
        replay_by("u", [0], ""),
        replay_by(
            "v",
            [0],
            r#""operations": [{"name": "put", "effect": "write"}]"#,
        ),
        service("a", 1, ""),
        service("c", 1, ""),
        service("d", 1, ""),
    ];
    let links = |first: &str| {
        [
            link(first, ""),
            link("v->c", ""),
            link("c->d", ""),
            link("d->c", r#""when": "reads""#),
        ]
    };
    assert_eq!(run(&nodes, &links("u->a")).ok(), 2.0);
    let text = format!(
        r#"{{"faultline": 1, "nodes": [{}], "links": [{}]}}"#,
        nodes.join(", "),
        links("u->d").join(", ")
    );
    assert_eq!(format::json::read(&text).unwrap_err().len(), 1);
}
