use super::*;
use crate::message::{Frame, NodeFrame};
use design::{Command, Design, Target};

fn shop() -> Design {
    json::read(
        r#"{"faultline": 1, "duration": "60s",
        "nodes": [{"id": "users", "kind": "client"}, {"id": "api", "kind": "service"},
            {"id": "api->v2", "kind": "service"}],
        "links": [{"from": "users", "to": "api", "timeout": "1s", "retry": {"max_attempts": 3}},
            {"from": "api", "to": "api->v2"}]}"#,
    )
    .unwrap()
}

fn request(text: &str) -> Request {
    read(&format!(r#"{{"faultline": 1, "id": 7, {text}}}"#))
        .unwrap_or_else(|refused| panic!("{text}: {:?}", refused.problems))
        .request
}

/// What is said about a message.
fn said(text: &str) -> String {
    let Refused { problems, .. } = read(text).expect_err(text);
    let problems: Vec<String> = problems.iter().map(Problem::to_string).collect();
    problems.join("\n")
}

#[test]
fn every_type_of_message_is_read() {
    for (text, expected) in [
        (r#""type": "play""#, Request::Play),
        (r#""type": "restart""#, Request::Restart(None)),
        (
            r#""type": "restart", "seed": 9"#,
            Request::Restart(Some(9.0)),
        ),
        (r#""type": "seek", "time_s": 1.5"#, Request::Seek(1.5)),
        (r#""type": "run_to", "time_s": 30"#, Request::RunTo(30.0)),
        (r#""type": "speed", "speed": 4"#, Request::Speed(4.0)),
        (
            r#""type": "set", "path": "api.replicas", "value": null"#,
            Request::Set("api.replicas".to_owned(), Value::Null),
        ),
        (r#""type": "fix""#, Request::Fix(0)),
        (r#""type": "fix", "fix": 2"#, Request::Fix(2)),
        (
            r#""type": "watch", "names": ["p99_ms"], "hz": 2"#,
            Request::Watch(vec!["p99_ms".to_owned()], 2.0),
        ),
        (r#""type": "story", "step": 3"#, Request::Story(3)),
        (
            r#""type": "theme", "theme": "dark""#,
            Request::Theme("dark".to_owned()),
        ),
    ] {
        assert_eq!(request(text), expected, "{text}");
    }
    // Those without fields, or with one of any kind, are read under their names.
    for (name, fields) in TYPES {
        let fields: String = fields
            .iter()
            .map(|field| match *field {
                "seed" | "fix" | "hz" => String::new(),
                "path" | "name" => format!(r#", "{field}": "x""#),
                "names" => format!(r#", "{field}": ["x"]"#),
                "theme" => format!(r#", "{field}": "auto""#),
                field => format!(r#", "{field}": 1"#),
            })
            .collect();
        request(&format!(r#""type": "{name}"{fields}"#));
    }
}

#[test]
fn bad_messages_are_refused_with_what_would_be_valid() {
    for (text, expected) in [
        ("[1]", "a list of 1 is not valid here; expected an object"),
        (r#"{"type": "play"}"#, "missing field `faultline`"),
        (
            r#"{"faultline": 2, "type": "play"}"#,
            "faultline: 2 is not valid here; expected 1",
        ),
        (r#"{"faultline": 1}"#, "missing field `type`"),
        (
            r#"{"faultline": 1, "type": "pley"}"#,
            "type: unknown type, did you mean play?",
        ),
        (
            r#"{"faultline": 1, "type": "seek", "time": 3}"#,
            "time: unknown field, did you mean time_s?",
        ),
        (
            r#"{"faultline": 1, "type": "seek", "time_s": -3}"#,
            "time_s: -3 is not valid here; expected 0 to 1000000000",
        ),
        (
            r#"{"faultline": 1, "type": "restart", "seed": 1.5}"#,
            "seed: 1.5 is not valid here; expected a whole number from 0 to 9007199254740991",
        ),
        (
            r#"{"faultline": 1, "type": "watch", "names": []}"#,
            "names: a list of 0 is not valid here; expected a list of 1 to 64 names of metrics",
        ),
        (
            r#"{"faultline": 1, "type": "theme", "theme": "blue"}"#,
            "theme: unknown theme; expected one of auto, light, dark",
        ),
        (
            r#"{"faultline": 1, "type": "play", "id": []}"#,
            "id: a list of 0 is not valid here; expected a number, or a text of at most 100 bytes",
        ),
    ] {
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn a_refusal_carries_the_id_of_its_message() {
    let refused = read(r#"{"faultline": 1, "id": "a7", "type": "fly"}"#).unwrap_err();
    assert_eq!(refused.id, Some(Value::text("a7")));
    let problems = [Problem {
        path: "x".to_owned(),
        message: "y".to_owned(),
    }];
    assert_eq!(
        refusal(refused.id, &problems),
        r#"{"faultline": 1, "id": "a7", "problems": [{"path": "x", "message": "y"}]}"#
    );
    assert_eq!(
        refusal(None, &problems),
        r#"{"faultline": 1, "type": "error", "problems": [{"path": "x", "message": "y"}]}"#
    );
    assert_eq!(
        answer(Value::Number(3.0), Value::Null),
        r#"{"faultline": 1, "id": 3, "ok": null}"#
    );
}

#[test]
fn a_message_has_a_largest_size() {
    let of_size = |size: usize| {
        let message = r#"{"faultline": 1, "type": "play"}"#;
        message.to_owned() + &" ".repeat(size - message.len())
    };
    assert!(read(&of_size(SIZE_MAX)).is_ok());
    assert_eq!(
        said(&of_size(SIZE_MAX + 1)),
        "is too large: 65537 bytes; at most 65536"
    );
}

#[test]
fn fields_are_read_by_their_path() {
    let design = shop();
    for (path, expected) in [
        ("duration", Value::text("60s")),
        ("users->api.timeout", Value::text("1s")),
        ("users->api.retry.max_attempts", Value::Number(3.0)),
        ("links[0].retry.max_attempts", Value::Number(3.0)),
        // Retries are off there.
        ("api->api->v2.retry.max_attempts", Value::Null),
        // The longest id wins: this is no field of `api`.
        ("api->v2.replicas", Value::Number(1.0)),
    ] {
        assert_eq!(get(&design, path), Ok(expected), "{path}");
    }
    for (path, expected) in [
        (
            "apo.replicas",
            "apo: unknown node, link or setting, did you mean api?",
        ),
        (
            "api.replcas",
            "api.replcas: unknown field, did you mean replicas?",
        ),
        (
            "users->api.retry.max_atempts",
            "users->api.retry.max_atempts: unknown field, did you mean max_attempts?",
        ),
    ] {
        let problems = get(&design, path).unwrap_err();
        assert_eq!(problems[0].to_string(), expected);
    }
}

#[test]
fn a_field_is_set_as_the_command_line_sets_it() {
    let design = shop();
    let command = set(&design, "users->api.retry.max_attempts", Value::Number(2.0)).unwrap();
    assert_eq!(
        command,
        Command::Set(
            Target::Link("users->api".to_owned()),
            "retry.max_attempts".to_owned(),
            Value::Number(2.0)
        )
    );
    for (path, value, expected) in [
        (
            "api.replicas",
            Value::Number(-1.0),
            "api.replicas: -1 is not valid here; expected ",
        ),
        (
            "users->api.retry.max_attempts",
            Value::text("many"),
            "users->api.retry.max_attempts: \"many\" is not valid here; expected ",
        ),
        ("api.id", Value::text("x"), "api.id: cannot be changed"),
        (
            "nothing.at",
            Value::Null,
            "nothing: unknown node, link or setting",
        ),
        // Valid by itself, but not in this design.
        ("warmup", Value::text("90s"), "warmup: "),
    ] {
        let problems = set(&design, path, value).expect_err(path);
        assert!(
            problems[0].to_string().starts_with(expected),
            "{problems:?}"
        );
    }
}

#[test]
fn faults_are_injected_and_removed() {
    let mut design = shop();
    let fault = |text: &str| json::value_from_str(text).unwrap();
    let soon = design::Duration::s(7);
    for (text, at) in [
        (r#"{"kind": "crash", "target": "api", "for": "5s"}"#, 7.0),
        (r#"{"kind": "crash", "target": "api", "at": "20s"}"#, 20.0),
    ] {
        design
            .apply(inject(&design, &fault(text), soon).unwrap())
            .unwrap();
        assert_eq!(design.faults.last().unwrap().at.as_s(), at);
    }
    for (text, expected) in [
        (
            r#"{"kind": "crsh", "target": "api"}"#,
            "fault.kind: unknown",
        ),
        (
            r#"{"kind": "crash", "target": "apo"}"#,
            "faults[2].target: ",
        ),
        (r#""crash""#, "fault: \"crash\" is not valid here"),
    ] {
        let problems = inject(&design, &fault(text), soon).expect_err(text);
        assert!(
            problems[0].to_string().starts_with(expected),
            "{problems:?}"
        );
    }
    design.apply(clear(&design)).unwrap();
    assert_eq!(design.faults, []);
}

#[test]
fn only_the_last_value_of_a_field_counts() {
    let mut sets = Sets::default();
    for id in 1..=3 {
        let value = Value::Number(f64::from(id) * 10.0);
        let path = "api.replicas".to_owned();
        sets.push(path, value.clone(), Some(Value::Number(f64::from(id))))
            .unwrap();
        sets.push("duration".to_owned(), value, None).unwrap();
    }
    let due = sets.take();
    assert_eq!(due.len(), 2);
    assert_eq!(due[0].value, Value::Number(30.0));
    assert_eq!(due[0].ids, [1.0, 2.0, 3.0].map(Value::Number));
    assert_eq!(due[1].ids, []);
    assert_eq!(sets.take(), []);
    let many = (0..2_000).map(|n| sets.push(format!("x{n}"), Value::Null, None));
    assert_eq!(many.filter(Result::is_err).count(), 1_000);
}

#[test]
fn metrics_are_found_by_their_names() {
    let design = shop();
    let frame = Frame {
        nodes: vec![
            NodeFrame::default(),
            NodeFrame {
                waiting: 4,
                working: 2,
                blocked: 1,
                ..NodeFrame::default()
            },
        ],
        ..Frame::default()
    };
    let mut system = [f64::NAN; NAMES.len()];
    system[0] = 120.0;
    let of = |name: &str| {
        let metric = Metric::read(name, &design).unwrap();
        metric.of(&system, &frame, &design)
    };
    assert_eq!(of("goodput_per_s"), Some(120.0));
    assert_eq!(of("p99_ms"), None);
    assert_eq!(of("nodes.api.waiting"), Some(4.0));
    assert_eq!(of("nodes.api.in_use"), Some(3.0));
    // The frame is older than this node.
    assert_eq!(of("nodes.api->v2.waiting"), None);
    for (name, expected) in [
        (
            "godput_per_s",
            "godput_per_s: unknown metric, did you mean goodput_per_s?",
        ),
        (
            "nodes.apj.waiting",
            "nodes.apj.waiting: unknown node, did you mean api?",
        ),
        (
            "nodes.api.depth",
            "nodes.api.depth: unknown metric; expected one of waiting, in_use",
        ),
        (
            "links.users->api.x",
            "links.users->api.x: unknown metric; expected one of in_flight, breakers_open",
        ),
    ] {
        let problems = Metric::read(name, &design).unwrap_err();
        assert_eq!(problems[0].to_string(), expected);
    }
}
