//! The document as a whole: reading, writing, problems, commands and their inverses.

use design::{
    Command, Design, Duration, Fault, FaultKind, KINDS, Kind, Link, Node, Shape, Target, Value,
};

/// JSON to a neutral value, as the format crate does; kept small here so the tests need no other crate.
fn value(json: &str) -> Value {
    fn convert(value: serde_json::Value) -> Value {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(b) => Value::Bool(b),
            serde_json::Value::Number(n) => Value::Number(n.as_f64().unwrap()),
            serde_json::Value::String(text) => Value::Text(text),
            serde_json::Value::Array(items) => {
                Value::List(items.into_iter().map(convert).collect())
            }
            serde_json::Value::Object(map) => {
                Value::Map(map.into_iter().map(|(k, v)| (k, convert(v))).collect())
            }
        }
    }
    convert(serde_json::from_str(json).unwrap())
}

fn small() -> Design {
    Design::read(&value(
        r#"{"faultline": 1, "nodes": [
            {"id": "users", "kind": "client"},
            {"id": "api", "kind": "service", "replicas": 3, "queue": {"capacity": 5}},
            {"id": "db", "kind": "database"}],
          "links": [{"from": "users", "to": "api"}, {"from": "api", "to": "db", "timeout": "300ms"}],
          "faults": [{"at": "30s", "for": "10s", "kind": "slowdown", "target": "db", "times": 10}]}"#,
    ))
    .unwrap()
}

#[test]
fn what_is_written_reads_back_the_same() {
    let design = small();
    for sparse in [false, true] {
        assert_eq!(Design::read(&design.write(sparse)).unwrap(), design);
    }
    assert_eq!(design.links[1].id, "api->db");
}

/// Every number that is a share of a whole is also read as a percentage, and written as a number.
#[test]
fn every_share_is_a_number_or_a_percentage() {
    let mut shares = 0;
    let records = KINDS.iter().map(|kind| (kind.name, kind.record));
    let others = [("fault", Fault::RECORD), ("link", Link::RECORD)];
    for (name, record) in records.chain(others) {
        for field in record.fields {
            let is_share = field.range.is_some_and(|(_, high)| high <= 1.0);
            let is_number = matches!(
                field.shape,
                Shape::Number | Shape::Ratio | Shape::Optional(Shape::Number | Shape::Ratio)
            );
            let is_ratio = matches!(field.shape, Shape::Ratio | Shape::Optional(Shape::Ratio));
            assert_eq!(is_ratio, is_number && is_share, "{name}.{}", field.name);
            shares += u32::from(is_ratio);
        }
    }
    assert!(shares >= 9, "{shares}");
}

#[test]
fn a_percentage_is_the_share_that_it_says() {
    let read = |database: &str, link: &str, requirement: &str| {
        Design::read(&value(&format!(
            r#"{{"faultline": 1, "nodes": [{{"id": "u", "kind": "client"}},
              {{"id": "db", "kind": "database", {database}}}],
              "links": [{{"from": "u", "to": "db", {link}}}],
              "requirements": [{{"metric": "availability", {requirement}}}]}}"#
        )))
    };
    let in_percent = read(
        r#""error_rate": "5%", "cross_shard": {"probability": " 20 % "}"#,
        r#""loss": "0.1%", "when": {"probability": "50%"},
           "retry": {"budget": {"ratio": "20%"}}"#,
        r#""at_least": "99.9%", "at_most": "100%""#,
    );
    let in_numbers = read(
        r#""error_rate": 0.05, "cross_shard": {"probability": 0.2}"#,
        r#""loss": 0.001, "when": {"probability": 0.5}, "retry": {"budget": {"ratio": 0.2}}"#,
        r#""at_least": 0.999, "at_most": 1"#,
    );
    let design = in_percent.unwrap();
    assert_eq!(design, in_numbers.unwrap());
    assert_eq!(Design::read(&design.write(true)).unwrap(), design);
    let shown = format!("{:?}", design.write(true));
    assert!(!shown.contains('%'), "written as numbers: {shown}");
}

#[test]
fn a_share_above_one_is_asked_back() {
    let problem = |node: &str, requirement: &str| {
        let problems = Design::read(&value(&format!(
            r#"{{"faultline": 1, "nodes": [{{"id": "db", "kind": "database", {node}}}],
              "requirements": [{requirement}]}}"#
        )))
        .unwrap_err();
        problems.iter().map(ToString::to_string).collect::<String>()
    };
    let of_node = |field: &str| problem(field, r#"{"at_least": 1}"#);
    let of_bound = |requirement: &str| problem(r#""error_rate": 0"#, requirement);
    for (said, expected) in [
        (
            of_node(r#""error_rate": 5"#),
            "nodes[0].error_rate: 5 is not valid here; expected 0 to 1; did you mean 0.05 or 5%?",
        ),
        (
            of_node(r#""error_rate": 500"#),
            "nodes[0].error_rate: 500 is not valid here; expected 0 to 1",
        ),
        (
            of_node(r#""error_rate": "150%""#),
            "nodes[0].error_rate: \"150%\" is not valid here; expected 0 to 1",
        ),
        (
            of_node(r#""error_rate": "some""#),
            "nodes[0].error_rate: \"some\" is not valid here; expected a number, or a \
             percentage such as \"5%\"",
        ),
        (
            of_node(r#""error_rate": "-5%""#),
            "nodes[0].error_rate: \"-5%\" is not a percentage such as 5%",
        ),
        (
            of_node(r#""cross_shard": {"probability": 20}"#),
            "nodes[0].cross_shard.probability: 20 is not valid here; expected 0 to 1; did you \
             mean 0.2 or 20%?",
        ),
        (
            of_node(r#""concurrency": "50%""#),
            "nodes[0].concurrency: \"50%\" is not valid here; expected a whole number from 1 \
             to 1000000",
        ),
        (
            of_bound(r#"{"metric": "availability", "at_least": 99.9}"#),
            "requirements[0].at_least: 99.9 is out of range; expected 0 to 1; did you mean 0.999 \
             or 99.9%?",
        ),
        (
            of_bound(r#"{"at_most": -1}"#),
            "requirements[0].at_most: -1 is out of range; expected 0 to 1",
        ),
        (
            of_bound(r#"{"metric": "goodput", "at_least": "50%"}"#),
            "requirements[0].at_least: \"50%\" is not valid here; expected a percentage for \
             availability only; otherwise a number, or a duration such as \"300ms\"",
        ),
    ] {
        assert_eq!(said, expected);
    }
}

/// Two lists of faults, a moment, and whether both lists do the same up to it.
#[test]
fn faults_do_the_same_until_they_differ() {
    let of = |faults: &[(u64, Option<u64>, f64)]| {
        let mut design = small();
        let make = |&(at, lasts, times): &(u64, Option<u64>, f64)| Fault {
            at: Duration::s(at),
            lasts: lasts.map(Duration::s),
            target: "db".into(),
            times,
            ..Fault::default()
        };
        design.faults = faults.iter().map(make).collect();
        design
    };
    type Faults<'a> = &'a [(u64, Option<u64>, f64)];
    let one: Faults<'_> = &[(10, Some(5), 2.0)];
    for (before, after, moment, is_same) in [
        (one, one, 60, true),
        // Added from that moment on, and before it.
        (one, &[(10, Some(5), 2.0), (20, Some(5), 2.0)], 20, true),
        (one, &[(10, Some(5), 2.0), (20, Some(5), 2.0)], 21, false),
        (one, &[], 10, true),
        (one, &[], 11, false),
        // Another end: ahead of that moment, and behind it.
        (one, &[(10, Some(2), 2.0)], 12, true),
        (one, &[(10, Some(2), 2.0)], 13, false),
        (one, &[(10, None, 2.0)], 15, true),
        (one, &[(10, None, 2.0)], 16, false),
        (&[(10, None, 2.0)], &[(10, Some(9), 2.0)], 19, true),
        // Anything else of one that has begun.
        (one, &[(10, Some(5), 3.0)], 11, false),
        (one, &[(9, Some(5), 2.0)], 10, false),
    ] {
        let (before, after): (Faults<'_>, Faults<'_>) = (before, after);
        for (a, b) in [(before, after), (after, before)] {
            let seen = of(a).has_same_faults_until(&of(b), Duration::s(moment));
            assert_eq!(seen, is_same, "{a:?} and {b:?} until {moment} s");
        }
    }
}

#[test]
fn what_happens_again_and_again_or_at_one_moment_is_compared_whole() {
    let of = |fault: Fault| {
        let mut design = small();
        design.faults = vec![fault];
        design
    };
    let (short, long) = (Some(Duration::s(50)), Some(Duration::s(60)));
    let again = |lasts| Fault {
        target: "db".into(),
        mtbf: Some(Duration::s(3)),
        lasts,
        ..Fault::default()
    };
    let moment = Duration::s(5);
    assert!(!of(again(short)).has_same_faults_until(&of(again(long)), moment));
    let flush = |lasts| Fault {
        kind: FaultKind::LeaderFailover,
        mtbf: None,
        ..again(lasts)
    };
    assert!(of(flush(short)).has_same_faults_until(&of(flush(short)), moment));
    assert!(!of(flush(short)).has_same_faults_until(&of(flush(long)), moment));
}

#[test]
fn all_problems_are_reported_at_once_with_path_and_hint() {
    let problems = Design::read(&value(
        r#"{"faultline": 1, "sede": 3,
          "nodes": [{"id": "users", "kind": "clinet"}, {"id": "api", "kind": "service", "replicas": 0},
                    {"kind": "database", "concurrency": 1.5}],
          "links": [{"from": "users", "to": "api", "latency": "exp(3)", "retry": {"max_atempts": 3}}]}"#,
    ))
    .unwrap_err();
    let text = problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect::<String>();
    assert_eq!(
        text,
        "sede: unknown field, did you mean seed?\n\
         nodes[0].kind: unknown kind \"clinet\", did you mean client?\n\
         nodes[1].replicas: 0 is not valid here; expected 1 to 10000\n\
         nodes[2]: missing field `id`; each node needs a short, unique name\n\
         nodes[2].concurrency: 1.5 is not valid here; expected a whole number from 1 to 1000000\n\
         links[0].latency: \"3\" needs a unit: ns, us, ms, s, m or h, as in 300ms\n\
         links[0].retry.max_atempts: unknown field, did you mean max_attempts?\n"
    );
}

/// What cannot be read hides nothing of what the rest says together, and is blamed for nothing else.
#[test]
fn what_is_misspelled_and_what_does_not_fit_are_told_in_one_round() {
    let problems = Design::read(&value(
        r#"{"faultline": 1, "warmup": "2h",
          "nodes": [{"id": "users", "kind": "client"}, {"id": "api", "kind": "service", "concurency": 5},
                    {"id": "old", "kind": "mainframe"}, {"id": "db", "kind": "database"}],
          "links": [{"from": "users", "to": "api"}, {"from": "api", "to": "bd", "timeout": 3},
                    {"from": "users", "to": "old", "mode": "consume"}, {"from": "api", "to": "users"}],
          "faults": [{"at": "30s", "kind": "crash", "target": "dp"}, {"at": "1s", "kind": "burn"},
                     {"at": "3s", "kind": "crash", "target": "bd"}],
          "requirements": [{"metric": "speed"}]}"#,
    ))
    .unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let has = |path: &str, word: &str| {
        let is_it = |text: &&String| text.starts_with(path) && text.contains(word);
        assert_eq!(
            told.iter().filter(is_it).count(),
            1,
            "{path} {word} in {told:#?}"
        );
    };
    has("nodes[1].concurency", "did you mean concurrency?");
    has("nodes[2].kind", "mainframe");
    has("links[1].timeout", "a duration");
    has("links[1].to", "did you mean");
    has("links[3]", "a client makes calls");
    has("faults[0].target", "did you mean");
    has("faults[2].target", "did you mean");
    has("faults[1]", "burn");
    has("requirements[0]", "speed");
    has("warmup", "longer than the duration");
    // What stands between a known node and one that could not be read is not judged.
    assert!(
        !told.iter().any(|text| text.starts_with("links[2]")),
        "{told:#?}"
    );
}

#[test]
fn impossible_graphs_are_refused() {
    for (links, wanted) in [
        (
            r#"[{"from": "api", "to": "users"}]"#,
            "a client makes calls",
        ),
        (r#"[{"from": "api", "to": "apo"}]"#, "did you mean \"api\"?"),
        (r#"[{"from": "api", "to": "api"}]"#, "cannot call itself"),
        (r#"[{"from": "api", "to": "jobs"}]"#, "use mode publish"),
        (
            r#"[{"from": "api", "to": "b"}, {"from": "b", "to": "api"}]"#,
            "an endless cycle of calls: api -> b -> api",
        ),
        (
            r#"[{"from": "api", "to": "lb"}, {"from": "lb", "to": "cache"}]"#,
            "cache would never be filled",
        ),
    ] {
        let text = format!(
            r#"{{"faultline": 1, "nodes": [{{"id": "users", "kind": "client"}}, {{"id": "api", "kind": "service"}},
                {{"id": "b", "kind": "service"}}, {{"id": "jobs", "kind": "queue"}}, {{"id": "lb", "kind": "load_balancer"}},
                {{"id": "cache", "kind": "cache"}}], "links": {links}}}"#
        );
        let problems = Design::read(&value(&text)).unwrap_err();
        assert!(
            problems[0].to_string().contains(wanted),
            "{wanted}: {}",
            problems[0]
        );
    }
    let ends = r#"{"faultline": 1, "nodes": [{"id": "a", "kind": "service"}, {"id": "b", "kind": "service"}],
        "links": [{"from": "a", "to": "b"}, {"from": "b", "to": "a", "when": {"probability": 0.3}}]}"#;
    assert!(Design::read(&value(ends)).is_ok());
}

#[test]
fn a_command_and_its_inverse_leave_the_design_as_it_was() {
    let before = small();
    let commands = [
        Command::AddNode(
            1,
            Box::new(Node::new("cache", (design::KINDS[3].make)(), [10, 20])),
        ),
        Command::RemoveNode("db".into()),
        Command::RemoveNode("api".into()),
        Command::AddLink(
            0,
            Box::new(Link::new("x", "users", "db", design::link::Mode::Call)),
        ),
        Command::RemoveLink("api->db".into()),
        Command::AddFault(
            0,
            Fault {
                kind: FaultKind::Crash,
                target: "api".into(),
                ..Fault::default()
            },
        ),
        Command::RemoveFault(0),
        Command::Move("api".into(), [300, 400]),
        Command::Set(
            Target::Node("api".into()),
            "queue.capacity".into(),
            Value::Null,
        ),
        Command::Set(
            Target::Link("users->api".into()),
            "retry.budget.ratio".into(),
            Value::Number(0.2),
        ),
        Command::Set(
            Target::Link("users->api".into()),
            "retry".into(),
            Value::Map(vec![]),
        ),
        Command::Set(Target::Settings, "seed".into(), Value::Number(9.0)),
        Command::Batch(vec![
            Command::RemoveNode("users".into()),
            Command::RemoveNode("db".into()),
        ]),
    ];
    for command in commands {
        let mut design = before.clone();
        let inverse = design.apply(command.clone()).unwrap();
        assert_ne!(design, before, "{command:?} changed nothing");
        design.apply(inverse).unwrap();
        assert_eq!(design, before, "{command:?}");
    }
}

#[test]
fn a_refused_command_changes_nothing() {
    let before = small();
    let api = || Target::Node("api".into());
    for command in [
        Command::Set(api(), "replicas".into(), Value::Number(0.0)),
        Command::Set(api(), "kind".into(), Value::text("cache")),
        Command::Set(api(), "queue.capacty".into(), Value::Number(1.0)),
        Command::RemoveNode("nobody".into()),
        Command::Batch(vec![
            Command::RemoveNode("db".into()),
            Command::RemoveNode("nobody".into()),
        ]),
    ] {
        let mut design = before.clone();
        design.apply(command).unwrap_err();
        assert_eq!(design, before);
    }
}

#[test]
fn every_field_says_what_it_does() {
    for kind in design::KINDS {
        for field in kind.record.fields {
            assert!(
                !field.label.is_empty() && field.help.len() > 10,
                "{}.{}",
                kind.name,
                field.name
            );
        }
        let Kind::Client(_) = (kind.make)() else {
            continue;
        };
    }
}

#[test]
fn a_design_accepts_findings_of_rules_there_are_and_says_why() {
    let with = |allow: &str, because: &str| {
        Value::Map(vec![
            ("faultline".to_owned(), Value::Number(1.0)),
            (
                "allow".to_owned(),
                Value::List(vec![Value::Map(vec![
                    ("rule".to_owned(), Value::text(allow)),
                    ("because".to_owned(), Value::text(because)),
                ])]),
            ),
        ])
    };
    let design = Design::read(&with("retry-storm", "the budget is in the mesh")).unwrap();
    assert_eq!(design.settings.allow[0].rule, "retry-storm");
    let problems = Design::read(&with("retry-strom", " ")).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "allow[0].rule: unknown rule \"retry-strom\", did you mean retry-storm?",
            "allow[0].because: must not be empty; state why the finding is accepted",
        ]
    );
}

#[test]
fn edits_are_read_as_they_are_written() {
    let design = small();
    let edits = [
        Command::Set(Target::Settings, "warmup".into(), Value::text("5s")),
        Command::Set(
            Target::Node("api".into()),
            "replicas".into(),
            Value::Number(4.0),
        ),
        Command::Set(Target::Link("api->db".into()), "retry".into(), Value::Null),
        Command::Set(Target::Fault(0), "times".into(), Value::Number(2.0)),
        Command::Move("api".into(), [40, -20]),
        Command::RemoveFault(0),
        Command::AddFault(usize::MAX, design.faults[0].clone()),
        Command::RemoveLink("api->db".into()),
        Command::AddLink(usize::MAX, Box::new(design.links[1].clone())),
        Command::RemoveNode("db".into()),
        Command::AddNode(usize::MAX, Box::new(design.nodes[2].clone())),
    ];
    let batch = Command::Batch(edits.to_vec());
    let written = Value::List(design::edits::write_all(&batch));
    assert_eq!(design::edits::read_all(&written), Ok(batch));
    let wrong = r#"[{"node": "api", "feild": "replicas", "to": 3}, {"remove_fault": -1}]"#;
    let problems = design::edits::read_all(&value(wrong)).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("[0].feild: unknown field"), "{told:?}");
    assert!(told[1].starts_with("[1].remove_fault"), "{told:?}");
}
