//! What fails a build: requirements that are missed, findings.

use crate::*;

#[test]
fn a_check_fails_where_a_requirement_does() {
    let good = file("good.json", SHOP);
    let (code, stdout, stderr) = faultline(&["check", &good]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains(" met\n"), "{stdout}");
    let broken = &[
        "check",
        &good,
        "--set",
        "api->db.timeout=1ms",
        "--set",
        "api->db.retry=null",
    ];
    let (code, stdout, stderr) = faultline(broken);
    assert_eq!(code, 1);
    assert!(stdout.contains("missed"));
    assert!(
        stderr.starts_with("missed: availability at least 99%; it was "),
        "{stderr}"
    );
    let (code, _, stderr) =
        faultline(&[&broken[..], &["--seeds", "3", "--format", "json"]].concat());
    assert_eq!(
        (code, stderr.as_str()),
        (
            1,
            "missed: availability at least 99%, in 3 of 3 seeds\n\
             error: unexplained: The timeout of 1 ms on api->db cut off 81.5% of its attempts, \
             and 81.5% of requests failed\n"
        )
    );
    // A run that was cut short has shown nothing, and a design without requirements asks nothing.
    let (code, _, stderr) = faultline(&["check", &good, "--max-events", "100"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("stopped early"), "{stderr}");
    let (code, _, stderr) = faultline(&["check", &good, "--set", "requirements=[]"]);
    assert_eq!(code, 0);
    assert!(stderr.contains("has no requirements"), "{stderr}");
}

#[test]
fn what_was_not_measured_is_not_held() {
    let shop = file("idle.json", SHOP);
    let late = r#"requirements=[{"metric": "latency_p99", "at_most": "1s"},
        {"metric": "lost_writes", "at_most": 0}, {"metric": "monthly_cost", "at_most": 500}]"#;
    let idle = [
        "check",
        &shop,
        "--set",
        "users.arrivals.poisson=0/s",
        "--set",
        late,
    ];
    let (code, stdout, stderr) = faultline(&idle);
    assert_eq!(
        (code, stderr.as_str()),
        (
            1,
            "not measured: latency_p99 at most 1 s: no request was sent\n\
             not measured: lost_writes at most 0: no request was sent\n"
        )
    );
    let line = |metric: &str| {
        let line = stdout.lines().find(|line| line.starts_with(metric));
        let words = line.unwrap_or_default().split_whitespace();
        words.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        line("latency_p99"),
        "latency_p99 at most 1 s no request was sent not measured"
    );
    assert_eq!(line("monthly_cost"), "monthly_cost at most $500 $200 met");

    let (_, stdout, _) = faultline(&[&idle[..], &["--format", "json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let score = &report["requirements"][0];
    assert_eq!(score["met"], false);
    assert_eq!(score["verdict"], "not_measured");
    assert_eq!(
        (&score["actual"], score["reason"].as_str()),
        (&serde_json::Value::Null, Some("no_request"))
    );
    let cost = &report["requirements"][2];
    assert_eq!(
        (&cost["at_most"], &cost["unit"]),
        (&500.0.into(), &"usd".into())
    );
    assert_eq!(cost["text"], "met: monthly_cost at most $500; it was $200");
    assert!((cost["actual"].as_f64().unwrap() - 199.6502).abs() < 1e-9);

    let (code, _, stderr) = faultline(&[&idle[..], &["--seeds", "3"]].concat());
    assert_eq!(code, 1);
    assert!(
        stderr.starts_with("not measured: latency_p99 at most 1 s, in 3 of 3 seeds\n"),
        "{stderr}"
    );
}

#[test]
fn a_system_that_stays_down_has_not_recovered() {
    // Retries keep the database overloaded after its slowdown.
    let (code, stdout, stderr) = faultline(&[
        "check",
        "retry-storm",
        "--set",
        r#"requirements=[{"metric": "recovery_time", "at_most": "20s"}]"#,
    ]);
    assert_eq!(code, 1, "{stdout}");
    assert!(
        stderr.starts_with("missed: recovery_time at most 20 s: not recovered\n"),
        "{stderr}"
    );
}

#[test]
fn what_became_of_data_and_faults_is_a_line_each() {
    let text = fine(&["run", "retry-storm"]);
    for (name, said) in [
        ("data", " writes: duplicate effects "),
        ("recovery", "none after the last fault ended at 50.0 s"),
        (
            "metastable",
            "from 50.0 s to the end, although the trigger is over",
        ),
        (
            "incident",
            "slowdown of database at 40.0 s: users affected, no alert",
        ),
        ("cost", " per month"),
    ] {
        let line = text.lines().find(|line| line.starts_with(name));
        assert!(
            line.is_some_and(|line| line.contains(said)),
            "{name}: {text}"
        );
    }
}

#[test]
fn a_recovery_that_some_seeds_lack_is_missing_there_and_not_zero() {
    // Some seeds of this one end before goodput is back.
    let seeds = ["run", "central-coordinator", "--seeds", "8"];
    let summary = report(&[&seeds[..], &["--format", "json"]].concat());
    let recovery = &summary["recovery"]["recovery_s"];
    let missing = recovery["missing_in"].as_u64().unwrap();
    assert!((1..8).contains(&missing) && recovery["mean"].as_f64().unwrap() > 0.0);
    let text = fine(&seeds);
    let said = format!("recovery      none in {missing} of 8 seeds; otherwise ");
    assert!(text.contains(&said), "{text}");
}

/// Two layers of three attempts each, on a database that is slow for a while and never recovers.
const STORM: &str = r#"{"faultline": 1, "warmup": "2s", "duration": "30s", "nodes": [
  {"id": "users", "kind": "client", "arrivals": {"poisson": "40/s"}},
  {"id": "api", "kind": "service", "concurrency": 100},
  {"id": "db", "kind": "database", "concurrency": 1, "connections": 50, "read_time": "exp(20ms)"}],
  "links": [{"from": "users", "to": "api", "timeout": "1s", "retry": {"max_attempts": 3}},
    {"from": "api", "to": "db", "timeout": "300ms", "retry": {"max_attempts": 3}}],
  "faults": [{"at": "8s", "for": "4s", "kind": "slowdown", "target": "db", "times": 8}],
  "requirements": [{"metric": "latency_p99", "at_most": "10s"}, {"metric": "availability", "at_least": 0.8}]}"#;

#[test]
fn findings_are_linted_checked_accepted_and_explained() {
    let storm = file("storm.json", STORM);
    let (code, stdout, stderr) = faultline(&["lint", &storm]);
    assert_eq!((code, stderr.as_str()), (1, ""));
    assert!(
        stdout
            .contains("retry-storm: Retries at 2 layers can multiply one request into 9 attempts"),
        "{stdout}"
    );
    let (code, stdout, _) = faultline(&[
        "lint",
        &storm,
        "--allow",
        "retry-storm",
        "--allow",
        "monitoring-over-prevention",
    ]);
    assert_eq!(code, 0);
    assert!(!stdout.contains("retry-storm"), "{stdout}");
    let unknown = refused(&["check", &storm, "--allow", "retry-strom"]);
    assert!(unknown.contains("did you mean retry-storm?"), "{unknown}");

    let (code, stdout, stderr) = faultline(&["check", &storm]);
    assert_eq!(code, 1);
    // Without the timeout that wastes the work nothing is missed, without retries a part still is.
    assert!(
        stdout.contains("error    metastable-failure: Goodput stayed at 0%"),
        "{stdout}"
    );
    assert!(
        stdout.contains("Retries multiplied the load on db"),
        "{stdout}"
    );
    assert!(stderr.contains("error: metastable-failure: "), "{stderr}");
    let found = report(&["run", &storm, "--format", "json"]);
    let first = &found["findings"][0];
    assert_eq!(
        (&first["rule"], &first["severity"]),
        (&"metastable-failure".into(), &"error".into())
    );
    let edits = first["remedies"].as_array().unwrap().iter();
    assert!(
        edits
            .flat_map(|remedy| remedy["edits"].as_array().unwrap())
            .any(|edit| edit["link"].is_string())
    );
    assert_eq!(first["standing"], "confirmed");
    let experiment = &first["experiments"][0]["requirement"];
    assert_eq!(experiment["metric"], "availability");
    let effect = &first["remedies"][0]["effect"];
    let [before, after] = ["before", "after"].map(|of| effect["requirement"][of].as_f64());
    assert!(before < after && effect["met"] == true, "{effect}");
    let (_, stdout, _) = faultline(&["check", &storm, "--experiments", "off"]);
    assert!(!stdout.contains("Confirmed"), "{stdout}");
    let wrong = refused(&["check", &storm, "--experiments", "0"]);
    assert!(
        wrong.contains("'0' for '--experiments") && wrong.contains("or off"),
        "{wrong}"
    );
    let seeds = report(&["run", &storm, "--seeds", "2", "--format", "json"]);
    assert_eq!(seeds["findings"][0]["seeds"], 2);

    assert!(fine(&["rules"]).contains("retry-storm"));
    assert!(fine(&["explain", "retry-storm"]).contains("Evidence"));
    assert!(refused(&["explain", "retry"]).contains("did you mean retry-storm?"));
}

#[test]
fn findings_are_sarif_for_code_scanning() {
    let storm = file("storm.sarif.json", STORM);
    let tops = [("lint", "retry-storm"), ("check", "metastable-failure")];
    for (command, top) in tops {
        let (_, stdout, _) = faultline(&[command, &storm, "--format", "sarif"]);
        let sarif: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(sarif["version"], "2.1.0");
        let run = &sarif["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        for result in run["results"].as_array().unwrap() {
            let place = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(rules[place]["id"], result["ruleId"]);
            assert!(["note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
            assert!(uri.as_str().unwrap().ends_with("storm.sarif.json"));
        }
        assert_eq!(run["results"][0]["ruleId"], top, "{command}");
    }
}
