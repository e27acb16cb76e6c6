//! Invalid input, through the binary: a clear message and exit code 2, or a run within
//! its bounds.

use std::io::Write;
use std::process::{Command, Stdio};

/// Exit code, stdout, stderr of a run of this design.
fn run(text: &str, arguments: &[&str]) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_faultline"))
        .args(["run", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A run that refuses its input may have stopped reading it.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().expect("it ends by itself"),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[track_caller]
fn refused(text: &str, said: &str) {
    let (code, stdout, stderr) = run(text, &[]);
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(stderr.contains(said), "{said} is not in {stderr}");
}

#[track_caller]
fn fine(text: &str, arguments: &[&str]) -> serde_json::Value {
    let (code, stdout, stderr) = run(text, &[arguments, &["--format", "json"]].concat());
    assert_eq!((code, stderr.as_str()), (0, ""));
    serde_json::from_str(&stdout).unwrap()
}

fn design(nodes: &str, links: &str) -> String {
    format!(r#"{{"faultline": 1, "duration": "2s", "nodes": [{nodes}], "links": [{links}]}}"#)
}

#[test]
fn nonsense_is_refused() {
    for (text, said) in [
        ("", "missing field \"faultline\": 1"),
        ("{", "line 1, column 2"),
        ("[]", "stdin: "),
        ("\u{0}\u{1}", "stdin: line 1, column "),
        ("{\"faultline\": 1e999}", "line 1"),
        ("{\"faultline\": 99}", "newer Faultline"),
        (&"[".repeat(100_000), "stdin: "),
        (
            &format!(
                "{{\"faultline\": 1, \"name\": \"{}\"}}",
                "x".repeat(3_000_000)
            ),
            "too large",
        ),
    ] {
        refused(text, said);
    }
}

#[test]
fn values_that_cannot_be_are_refused() {
    let client =
        |fields: &str| design(&format!(r#"{{"id": "u", "kind": "client", {fields}}}"#), "");
    for (text, said) in [
        (
            client(r#""arrivals": {"poisson": "1e300/s"}"#),
            "out of range",
        ),
        (client(r#""arrivals": {"poisson": "-1/s"}"#), "out of range"),
        (
            client(r#""arrivals": {"poisson": "NaN/s"}"#),
            "out of range",
        ),
        (client(r#""patience": "1e30s""#), "patience"),
        (client(r#""operations": []"#), "at least one operation"),
        (
            design(
                r#"{"id": "a", "kind": "service", "replicas": 4294967296}"#,
                "",
            ),
            "whole number",
        ),
        (
            design(
                r#"{"id": "a", "kind": "service", "service_time": "exp(99999h)"}"#,
                "",
            ),
            "out of range",
        ),
        (
            design(
                r#"{"id": "a", "kind": "service"}, {"id": "a", "kind": "service"}"#,
                "",
            ),
            "ids must be unique",
        ),
        (
            design(r#"{"id": "", "kind": "service"}"#, ""),
            "is not a valid id",
        ),
    ] {
        refused(&text, said);
    }
}

#[test]
fn only_services_make_calls_when_they_start() {
    let nodes = r#"{"id": "u", "kind": "client"}, {"id": "a", "kind": "service"},
        {"id": "q", "kind": "queue"}"#;
    let said =
        "links[0].start_calls: only services make calls at start-up, in mode call; set it to 0";
    for ends in [
        r#""from": "u", "to": "a""#,
        r#""from": "a", "to": "q", "mode": "publish""#,
    ] {
        let link = format!(r#"{{{ends}, "start_calls": 2}}"#);
        refused(&design(nodes, &link), said);
    }
    let nodes = r#"{"id": "a", "kind": "service"}, {"id": "lock", "kind": "coordinator"}"#;
    let link = r#"{"from": "a", "to": "lock", "start_calls": 1}"#;
    let said = "links[0].start_calls: a start-up takes no locks; set it to 0";
    refused(&design(nodes, link), said);
}

#[test]
fn impossible_graphs_are_refused() {
    let nodes = r#"{"id": "u", "kind": "client"}, {"id": "a", "kind": "service"}, {"id": "b", "kind": "service"}, {"id": "d", "kind": "database"},
        {"id": "q", "kind": "queue"}, {"id": "lb", "kind": "load_balancer"}, {"id": "c", "kind": "cache"},
        {"id": "e", "kind": "database"}, {"id": "copy", "kind": "database", "copy_of": "d"}"#;
    for (links, said) in [
        (
            r#"{"from": "a", "to": "b"}, {"from": "b", "to": "a"}"#,
            "an endless cycle of calls: a -> b -> a",
        ),
        (r#"{"from": "a", "to": "a"}"#, "cannot call itself"),
        (r#"{"from": "d", "to": "a"}"#, "a database makes no calls"),
        (r#"{"from": "a", "to": "u"}"#, "a client makes calls"),
        (r#"{"from": "a", "to": "q"}"#, "use mode publish"),
        (
            r#"{"from": "a", "to": "nowhere"}"#,
            "unknown node \"nowhere\"",
        ),
        // Two owners of one key space.
        (
            r#"{"from": "lb", "to": "d"}, {"from": "lb", "to": "e"}"#,
            "links[1]: lb sends calls for the same keys to d and e, and both own these keys; make one a copy_of the other, or merge them into one database with several shards or replicas",
        ),
        (
            r#"{"from": "c", "to": "d"}, {"from": "c", "to": "e", "when": "on_error"}"#,
            "links[1]: c loads the same keys from d and e, and both own these keys",
        ),
        // A balancer has no plan.
        (
            r#"{"from": "lb", "to": "a", "when": "reads"}"#,
            "links[0].when: has no effect here: a load balancer forwards each call to one of its targets; set it to always",
        ),
        (
            r#"{"from": "lb", "to": "a", "stage": 1}"#,
            "links[0].stage: has no effect here",
        ),
        (
            r#"{"from": "lb", "to": "a", "calls": 2}"#,
            "links[0].calls: has no effect here",
        ),
        (
            r#"{"from": "lb", "to": "a", "optional": true}"#,
            "links[0].optional: has no effect here",
        ),
        // Longer cycles, also of conditions that may always hold.
        (
            r#"{"from": "lb", "to": "a"}, {"from": "a", "to": "c"}, {"from": "c", "to": "b"}, {"from": "b", "to": "lb", "when": "on_miss"}"#,
            "closes an endless cycle of calls: a -> c -> b -> lb -> a; break it with a queue or a probability below 1",
        ),
        (
            r#"{"from": "a", "to": "b"}, {"from": "b", "to": "a", "when": {"probability": 1}}"#,
            "an endless cycle of calls",
        ),
    ] {
        refused(&design(nodes, links), said);
    }
    for links in [
        // A cycle that a probability or a queue ends.
        r#"{"from": "u", "to": "a"}, {"from": "a", "to": "b"}, {"from": "b", "to": "a", "when": {"probability": 0.5}}"#,
        r#"{"from": "u", "to": "a"}, {"from": "a", "to": "q", "mode": "publish", "when": {"probability": 0.5}}, {"from": "q", "to": "a", "mode": "consume"}"#,
        // Stores for different things, and a store and its copy.
        r#"{"from": "u", "to": "a"}, {"from": "a", "to": "d"}, {"from": "a", "to": "e"}"#,
        r#"{"from": "u", "to": "lb"}, {"from": "lb", "to": "d"}, {"from": "lb", "to": "copy"}"#,
    ] {
        fine(&design(nodes, links), &["--max-events", "200000"]);
    }
}

#[test]
fn nothing_to_do_is_done() {
    let nothing = fine(r#"{"faultline": 1}"#, &[]);
    assert_eq!(nothing["requests"]["offered"], 0);
    assert_eq!(nothing["run"]["status"], "ended");
    let silent = design(
        r#"{"id": "u", "kind": "client", "arrivals": {"poisson": "0/s"}}"#,
        "",
    );
    assert_eq!(fine(&silent, &[])["requests"]["offered"], 0);
    let alone = design(
        r#"{"id": "u", "kind": "client"}, {"id": "a", "kind": "service"}"#,
        "",
    );
    assert_eq!(fine(&alone, &[])["requests"]["ok"], 0);
}

#[test]
fn runs_end_within_their_budget() {
    let much = design(
        r#"{"id": "u", "kind": "client", "arrivals": {"poisson": "10000000/s"}}, {"id": "a", "kind": "service", "concurrency": null}"#,
        r#"{"from": "u", "to": "a"}"#,
    );
    let report = fine(&much, &["--max-events", "100000"]);
    assert_eq!(report["run"]["status"], "out_of_budget");
    assert!(report["run"]["events"].as_u64() <= Some(100_001));
    // Answers at no cost, asked for again at once: time would never pass.
    let still = design(
        r#"{"id": "u", "kind": "client", "arrivals": {"closed": {"users": 10, "think": "0s"}}}, {"id": "a", "kind": "service", "service_time": "0s"}"#,
        r#"{"from": "u", "to": "a", "latency": "0s"}"#,
    );
    assert_eq!(
        fine(&still, &["--max-events", "200000"])["run"]["status"],
        "out_of_budget"
    );
}

#[test]
fn large_designs_run() {
    let client = r#"{"id": "u", "kind": "client", "arrivals": {"constant": "2/s"}}"#;
    let many: Vec<String> = (0..9_998)
        .map(|n| format!(r#"{{"id": "n{n}", "kind": "service"}}"#))
        .collect();
    let nodes = format!("{client}, {}", many.join(", "));
    // Ten thousand deep: each calls the next.
    let chain: Vec<String> = (1..9_998)
        .map(|n| format!(r#"{{"from": "n{}", "to": "n{n}", "latency": "0s"}}"#, n - 1))
        .collect();
    let links = format!(r#"{{"from": "u", "to": "n0"}}, {}"#, chain.join(", "));
    let report = fine(&design(&nodes, &links), &["--max-events", "300000"]);
    assert!(report["nodes"]["n9"]["arrivals"].as_u64() > Some(0));
    // Ten thousand wide: one calls all.
    let fan: Vec<String> = (1..9_998)
        .map(|n| format!(r#"{{"from": "n0", "to": "n{n}", "stage": 1}}"#))
        .collect();
    let links = format!(r#"{{"from": "u", "to": "n0"}}, {}"#, fan.join(", "));
    let report = fine(&design(&nodes, &links), &["--max-events", "300000"]);
    assert!(report["nodes"]["n9000"]["arrivals"].as_u64() > Some(0));
    let too_many = (0..10_001)
        .map(|n| format!(r#"{{"id": "n{n}", "kind": "service"}}"#))
        .collect::<Vec<_>>();
    refused(&design(&too_many.join(", "), ""), "too many; at most 10000");
}

/// A message about a node that is there calls it as people see it, whatever its id is.
#[test]
fn messages_call_nodes_by_their_titles() {
    let text = r#"{"faultline": 1, "nodes": [
            {"id": "n1", "label": "Shoppers", "kind": "client"},
            {"id": "n2", "label": "Front door", "kind": "load_balancer"},
            {"id": "n3", "label": "Orders", "kind": "database"},
            {"id": "n4", "label": "Invoices", "kind": "database"}],
          "links": [
            {"id": "l1", "from": "n2", "to": "n3"}, {"from": "n2", "to": "n4"},
            {"from": "n2", "to": "n1"}],
          "faults": [
            {"at": "1s", "for": "1s", "kind": "clock_skew", "target": "n4"},
            {"at": "1s", "for": "1s", "kind": "connection_leak", "target": "l1"}]}"#;
    for said in [
        "Front door sends calls for the same keys to Orders and Invoices",
        "Front door cannot be linked to Shoppers",
        "Invoices reads no clock",
        "Front door → Orders has no connection pool",
    ] {
        refused(text, said);
    }
}
