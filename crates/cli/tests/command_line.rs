//! The binary as people and scripts use it: what it prints, where, and with which exit code.

use std::path::PathBuf;
use std::process::Command;

const SHOP: &str = r#"{"faultline": 1, "name": "Shop", "seed": 7, "duration": "5s",
  "nodes": [
    {"id": "users", "kind": "client", "arrivals": {"poisson": "50/s"}},
    {"id": "api", "kind": "service", "replicas": 2},
    {"id": "db", "kind": "database"}],
  "links": [{"from": "users", "to": "api"}, {"from": "api", "to": "db", "timeout": "300ms", "retry": {"max_attempts": 2}}],
  "requirements": [{"metric": "availability", "at_least": 0.99}]}"#;

/// A file of this name that holds this text.
fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Exit code, stdout, stderr.
fn faultline(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_faultline"))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[track_caller]
fn fine(arguments: &[&str]) -> String {
    let (code, stdout, stderr) = faultline(arguments);
    assert_eq!((code, stderr.as_str()), (0, ""), "{arguments:?}");
    stdout
}

#[track_caller]
fn refused(arguments: &[&str]) -> String {
    let (code, stdout, stderr) = faultline(arguments);
    assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}");
    stderr
}

fn report(arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&fine(arguments)).unwrap()
}

#[test]
fn a_file_and_its_link_give_the_same_run() {
    let path = file("same.json", SHOP);
    let link = fine(&["link", &path]);
    let from_file = report(&["run", &path, "--format", "json"]);
    let from_link = report(&["run", link.trim(), "--format=json"]);
    assert_eq!(from_file, from_link);
    assert_eq!(from_file["run"]["seed"], 7);
    assert!(from_file["requests"]["offered"].as_u64() > Some(100));
    let opened = file(
        "opened.json",
        &fine(&["open", &format!("https://example.org/#{link}")]),
    );
    assert_eq!(report(&["run", &opened, "--format", "json"]), from_file);
    let other = report(&["run", &path, "--format", "json", "--seed", "8"]);
    assert_ne!(other["run"]["hash"], from_file["run"]["hash"]);
}

#[test]
fn figures_for_people() {
    let text = fine(&["run", &file("people.json", SHOP), "--duration", "3s"]);
    for part in [
        "Shop\nseed 7, 3 s",
        "hash ",
        "availability  100.00 %",
        "api->db",
        "amplification",
        "availability  ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn fields_are_set_by_name_and_by_place() {
    let path = file("set.json", SHOP);
    for setting in ["api.replicas=3", "nodes[1].replicas=3"] {
        let report = report(&["run", &path, "--format", "json", "--set", setting]);
        assert_eq!(
            report["nodes"]["api"]["replicas"].as_array().unwrap().len(),
            3,
            "{setting}"
        );
    }
    let fails = report(&[
        "run",
        &path,
        "--format",
        "json",
        "--set",
        "api->db.timeout=1us",
        "--set",
        "api->db.retry=null",
    ]);
    assert_eq!(fails["requests"]["ok"], 0);
    for (setting, said) in [
        ("api.replcas=3", "did you mean replicas?"),
        ("api.replicas=0", "expected 1 to 10000"),
        ("nodes[9].replicas=3", "past the end"),
        ("api.replicas", "expected PATH=VALUE"),
        ("=3", "expected PATH=VALUE"),
        ("é=3", "expected PATH=VALUE"),
        ("api.é=3", "expected PATH=VALUE"),
    ] {
        let stderr = refused(&["run", &path, "--set", setting]);
        assert!(stderr.contains(said), "{setting}: {stderr}");
    }
}

#[test]
fn every_problem_is_told_on_stderr() {
    let broken = SHOP
        .replace("max_attempts", "max_atempts")
        .replace("\"seed\"", "\"sede\"");
    let path = file("broken.json", &broken);
    assert_eq!(
        refused(&["run", &path]),
        format!(
            "{path}: sede: unknown field, did you mean seed?\n\
             {path}: links[1].retry.max_atempts: unknown field, did you mean max_attempts?\n"
        )
    );
    for (arguments, said) in [
        (&["run"][..], "run what?"),
        (&["run", "no-such-thing"], "retry-storm"),
        (&["run", "retry-storm", "--sede", "3"], "--help"),
        (
            &["run", "retry-storm", "--seed", "-3"],
            "not a whole number from 0",
        ),
        (&["run", "retry-storm", "--seed"], "lacks its value"),
        (&["run", &path, "--remedy"], "goes with a scenario"),
        (&["open", "d1.AAAA"], "damaged"),
        (&["open", "d2.AAAA"], "newer"),
        (&["open", "nothing"], "no design in this link"),
        (&["fly"], "no command"),
    ] {
        let stderr = refused(arguments);
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
}

#[test]
fn scenarios_are_listed_and_run() {
    assert!(fine(&["scenarios"]).contains("retry-storm  "));
    assert!(fine(&[]).contains("faultline run SOURCE"));
    assert!(fine(&["run", "--help"]).contains("faultline run SOURCE"));
    let broken = fine(&["link", "retry-storm"]);
    let design = format::link::decode(&broken).unwrap().design;
    assert!(!design.faults.is_empty());
}

const SHOP_TOML: &str = r#"faultline = 1
name = "Shop"
seed = 7
duration = "5s"

[[nodes]]
id = "users"
kind = "client"
arrivals = {poisson = "50/s"}

[[nodes]]
id = "api"
kind = "service"
replicas = 2

[[nodes]]
id = "db"
kind = "database"

[[links]]
from = "users"
to = "api"

[[links]]
from = "api"
to = "db"
timeout = "300ms"
[links.retry]
max_attempts = 2

[[requirements]]
metric = "availability"
at_least = 0.99
"#;

#[test]
fn toml_is_the_same_design() {
    let (json, toml) = (file("same.json", SHOP), file("same.toml", SHOP_TOML));
    assert_eq!(fine(&["link", &json]), fine(&["link", &toml]));
    assert_eq!(
        report(&["run", &json, "--format", "json"]),
        report(&["run", &toml, "--format", "json"])
    );
}

#[test]
fn every_problem_of_toml_is_told_with_its_path() {
    let broken = SHOP_TOML
        .replace("max_attempts", "max_atempts")
        .replace("\"database\"", "\"databse\"")
        .replace("replicas = 2", "replicas = 1979-05-27")
        .replace("seed =", "sede =");
    let path = file("broken.toml", &broken);
    assert_eq!(
        refused(&["run", &path]),
        format!(
            "{path}: sede: unknown field, did you mean seed?\n\
             {path}: nodes[1].replicas: \"1979-05-27\" is not valid here; expected a whole number from 1 to 10000\n\
             {path}: nodes[2].kind: unknown kind \"databse\", did you mean database?\n\
             {path}: links[1].retry.max_atempts: unknown field, did you mean max_attempts?\n"
        )
    );
    let path = file("torn.toml", &SHOP_TOML.replace("seed = 7", "seed = "));
    assert!(
        refused(&["run", &path]).starts_with(&format!("{path}: line 3, column ")),
        "{}",
        refused(&["run", &path])
    );
}

#[test]
fn the_schema_is_printed() {
    let schema = report(&["schema"]);
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    assert!(refused(&["schema", "please"]).contains("takes no arguments"));
}

#[test]
fn several_seeds_give_means_and_intervals() {
    let path = file("seeds.json", SHOP);
    let summary = report(&["run", &path, "--seeds", "5", "--format", "json"]);
    assert_eq!(
        summary["run"]["seeds"],
        serde_json::json!([7, 8, 9, 10, 11])
    );
    let runs: Vec<f64> = (7..12)
        .map(|seed| {
            let seed = seed.to_string();
            let run = report(&["run", &path, "--seed", &seed, "--format", "json"]);
            run["requests"]["latency_ms"]["mean"].as_f64().unwrap()
        })
        .collect();
    let mean = runs.iter().sum::<f64>() / 5.0;
    let deviation = (runs.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 4.0).sqrt();
    // Student's t for 4 degrees of freedom is 2.7764.
    let half = 2.7764 * deviation / 5f64.sqrt();
    let latency = &summary["requests"]["latency_ms"]["mean"];
    let near = |value: &serde_json::Value, wanted: f64| {
        assert!(
            (value.as_f64().unwrap() - wanted).abs() < 1e-9,
            "{latency} is not {wanted}"
        );
    };
    near(&latency["mean"], mean);
    near(&latency["ci95"][0], mean - half);
    near(&latency["ci95"][1], mean + half);
    assert_eq!(summary["windows"]["width_s"], 1.0);
    assert!(summary["windows"]["offered_per_s"][4]["mean"].as_f64() > Some(10.0));
    assert_eq!(summary["requirements"][0]["met_in"], 5);
    let text = fine(&["run", &path, "--seeds", "5"]);
    for part in ["5 seeds, 7 to 11", " ± ", "held in 5 of 5"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let again = fine(&["run", &path, "--seeds", "5", "--format", "json"]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&again).unwrap(),
        summary
    );
}

#[test]
fn csv_has_a_figure_a_line() {
    let path = file("csv.json", SHOP);
    let csv = fine(&["run", &path, "--format", "csv"]);
    let report = report(&["run", &path, "--format", "json"]);
    assert!(
        csv.starts_with("section,of,figure,value\nrun,,seed,7\n"),
        "{csv}"
    );
    for line in [
        format!("requests,,ok,{}", report["requests"]["ok"]),
        format!("nodes,api,arrivals,{}", report["nodes"]["api"]["arrivals"]),
        format!(
            "links,api->db,latency_ms.p99,{}",
            report["links"]["api->db"]["latency_ms"]["p99"]
        ),
        format!(
            "windows,2,offered_per_s,{}",
            report["windows"]["offered_per_s"][2]
        ),
        "requirements,availability,met,true".to_owned(),
    ] {
        assert!(
            csv.lines().any(|found| found == line),
            "{line} is not in\n{csv}"
        );
    }
    let seeds = fine(&["run", &path, "--format", "csv", "--seeds", "3"]);
    assert!(seeds.starts_with("section,of,figure,mean,ci95_low,ci95_high\n"));
    assert!(
        seeds.lines().all(|line| line.split(',').count() == 6),
        "{seeds}"
    );
}

#[test]
fn a_check_fails_where_a_requirement_does() {
    let good = file("good.json", SHOP);
    let (code, stdout, stderr) = faultline(&["check", &good]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.contains("held"));
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
        stderr.starts_with("missed: availability at least 0.99; it was 0."),
        "{stderr}"
    );
    let (code, _, stderr) =
        faultline(&[&broken[..], &["--seeds", "3", "--format", "json"]].concat());
    assert_eq!(
        (code, stderr.as_str()),
        (1, "missed: availability at least 0.99, in 3 of 3 seeds\n")
    );
    // A run that was cut short has shown nothing, and a design without requirements asks nothing.
    let (code, _, stderr) = faultline(&["check", &good, "--max-events", "100"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("stopped before its end"), "{stderr}");
    let (code, _, stderr) = faultline(&["check", &good, "--set", "requirements=[]"]);
    assert_eq!(code, 0);
    assert!(stderr.contains("has no requirements"), "{stderr}");
}

/// Two layers of three attempts each, on a database that is short of everything.
const STORM: &str = r#"{"faultline": 1, "warmup": "2s", "duration": "30s", "nodes": [
  {"id": "users", "kind": "client", "arrivals": {"poisson": "100/s"}},
  {"id": "api", "kind": "service", "concurrency": 100},
  {"id": "db", "kind": "database", "concurrency": 1, "connections": 50, "read_time": "exp(20ms)"}],
  "links": [{"from": "users", "to": "api", "timeout": "1s", "retry": {"max_attempts": 3}},
    {"from": "api", "to": "db", "timeout": "300ms", "retry": {"max_attempts": 3}}],
  "requirements": [{"metric": "latency_p99", "at_most": "10s"}, {"metric": "availability", "at_least": 0.5}]}"#;

#[test]
fn findings_are_linted_checked_accepted_and_explained() {
    let storm = file("storm.json", STORM);
    let (code, stdout, stderr) = faultline(&["lint", &storm]);
    assert_eq!((code, stderr.as_str()), (1, ""));
    assert!(
        stdout.contains("retry-storm: Retries at 2 layers multiply"),
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
    assert!(
        stdout.contains("error    retry-storm: Retries multiplied the load on db"),
        "{stdout}"
    );
    assert!(stderr.contains("error: retry-storm: "), "{stderr}");
    let found = report(&["run", &storm, "--format", "json"]);
    let first = &found["findings"][0];
    assert_eq!(
        (&first["rule"], &first["severity"]),
        (&"retry-storm".into(), &"error".into())
    );
    assert!(first["remedies"][0]["edits"][0]["link"].is_string());
    let seeds = report(&["run", &storm, "--seeds", "2", "--format", "json"]);
    assert_eq!(seeds["findings"][0]["seeds"], 2);

    assert!(fine(&["rules"]).contains("retry-storm"));
    assert!(fine(&["explain", "retry-storm"]).contains("Told by"));
    assert!(refused(&["explain", "retry"]).contains("did you mean retry-storm?"));
}

#[test]
fn findings_are_sarif_for_code_scanning() {
    let storm = file("storm.sarif.json", STORM);
    for command in ["lint", "check"] {
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
        assert_eq!(run["results"][0]["ruleId"], "retry-storm", "{command}");
    }
}

#[test]
fn two_designs_are_compared_seed_by_seed() {
    let path = file("a.json", SHOP);
    let comparison = report(&["compare", "retry-storm", "--seeds", "4", "--format", "json"]);
    assert_eq!(comparison["seeds"].as_array().unwrap().len(), 4);
    let figure = |comparison: &serde_json::Value, name: &str| {
        let figures = comparison["figures"].as_array().unwrap();
        let found = figures
            .iter()
            .find(|row| row["of"] == "" && row["figure"] == name);
        found.unwrap_or_else(|| panic!("no {name}")).clone()
    };
    let goodput = figure(&comparison, "goodput_per_s");
    assert_eq!(goodput["significant"], true, "{goodput}");
    assert!(goodput["difference"].as_f64() > Some(0.0));
    // The same design does not differ from itself: pairs share their randomness.
    let same = report(&["compare", &path, &path, "--seeds", "3", "--format", "json"]);
    for row in same["figures"].as_array().unwrap() {
        assert_eq!(
            (&row["difference"], &row["significant"]),
            (&0.0.into(), &false.into()),
            "{row}"
        );
    }
    // Requests are those of the other design, to the last one: only what was changed differs.
    let slower = report(&[
        "compare",
        &path,
        "--set-b",
        "db.read_time=exp(30ms)",
        "--seeds",
        "3",
        "--format",
        "json",
    ]);
    assert_eq!(figure(&slower, "offered")["difference"], 0.0);
    assert_eq!(figure(&slower, "latency_ms.p50")["significant"], true);
    let text = fine(&["compare", &path, "--set-b", "db.read_time=exp(30ms)"]);
    assert!(text.contains("10 seeds, 7 to 16"), "{text}");
    assert!(text.contains("db response_ms.mean"), "{text}");
    let csv = fine(&["compare", &path, &path, "--seeds", "2", "--format", "csv"]);
    assert!(csv.starts_with("section,of,figure,a,b,difference,ci95_low,ci95_high,significant\n"));
    assert!(refused(&["compare", &path]).contains("--set-b"));
    assert!(refused(&["compare", "-", "-"]).contains("stdin"));
}

#[test]
fn stdin_is_a_design() {
    use std::io::Write;
    for text in [SHOP, SHOP_TOML] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_faultline"))
            .args(["run", "-", "--duration", "1s"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains("seed 7, 1 s"));
    }
}

/// The trace opens in a viewer: every span has its time, lies within what it nests in on its line,
/// and the report is that of a run without.
#[test]
fn traces_are_written_for_viewers() {
    let path = file("traced.json", SHOP);
    let out = file("trace.json", "");
    let arguments = [
        "run",
        &path,
        "--format",
        "json",
        "--trace",
        &out,
        "--trace-sample",
        "0.5",
    ];
    let traced = report(&arguments);
    assert_eq!(traced, report(&["run", &path, "--format", "json"]));
    let text = std::fs::read_to_string(&out).unwrap();
    let trace: serde_json::Value = serde_json::from_str(&text).unwrap();
    let (made, kept) = (
        &trace["otherData"]["requests"],
        &trace["otherData"]["requests_kept"],
    );
    assert_eq!(*made, traced["requests"]["offered"]);
    let share = kept.as_f64().unwrap() / made.as_f64().unwrap();
    assert!((0.3..0.7).contains(&share), "{share}");
    let mut lines = std::collections::BTreeMap::new();
    for event in trace["traceEvents"].as_array().unwrap() {
        assert!(event["name"].is_string() && event["pid"].is_u64() && event["tid"].is_u64());
        if event["ph"] == "M" {
            continue;
        }
        assert_eq!(event["ph"], "X");
        let (start, length) = (
            event["ts"].as_f64().unwrap(),
            event["dur"].as_f64().unwrap(),
        );
        assert!(start >= 0.0 && length >= 0.0, "{event}");
        let ns = |us: f64| (us * 1e3).round() as u64;
        let line = (event["pid"].as_u64(), event["tid"].as_u64());
        let spans: &mut Vec<(u64, u64)> = lines.entry(line).or_default();
        spans.push((ns(start), ns(start) + ns(length)));
    }
    assert!(lines.len() > 30);
    for spans in lines.values() {
        for (at, a) in spans.iter().enumerate() {
            for b in &spans[at + 1..] {
                let is_apart = a.1 <= b.0 || b.1 <= a.0;
                let is_nested = (a.0 <= b.0 && b.1 <= a.1) || (b.0 <= a.0 && a.1 <= b.1);
                assert!(is_apart || is_nested, "{a:?} crosses {b:?}");
            }
        }
    }
    assert!(refused(&["run", &path, "--trace", "/no/such/place.json"]).contains("--trace"));
    assert!(refused(&["run", &path, "--trace", &out, "--trace-sample", "2"]).contains("share"));
    assert!(refused(&["run", &path, "--trace-sample", "0.1"]).contains("--trace OUT.json"));
    assert!(refused(&["run", &path, "--trace", &out, "--seeds", "2"]).contains("one run"));
}

#[test]
fn pictures_come_and_go() {
    let path = file("pictured.json", SHOP);
    let drawn = fine(&["export", "mermaid", &path]);
    assert!(
        drawn.contains("users((\"users\"))\n") && drawn.contains("api --> db\n"),
        "{drawn}"
    );
    let chart = file("pictured.mmd", &drawn);
    let design = format::json::read(&fine(&["import", "mermaid", &chart])).unwrap();
    assert_eq!(design.links.len(), 2);
    assert_ne!(design.nodes[0].at, design.nodes[1].at);
    let svg = fine(&["export", "svg", &path]);
    assert!(svg.starts_with("<svg ") && svg.contains("prefers-color-scheme: dark"));
    assert!(!svg.contains("<script") && svg.contains(">api</text>"));
    let compose = file(
        "compose.yaml",
        "services: {web: {image: nginx, ports: ['80'], depends_on: [api]}, api: {build: .}}",
    );
    let (code, stdout, stderr) = faultline(&["import", "compose", &compose]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let imported = file("composed.json", &stdout);
    assert!(
        report(&["run", &imported, "--duration", "1s", "--format", "json"])["requests"]["ok"]
            .as_u64()
            > Some(0)
    );
    assert!(refused(&["import", "svg", &path]).contains("cannot be imported"));
    assert!(refused(&["export", "compose", &path]).contains("cannot be exported"));
    assert!(refused(&["import", "compose", &path]).contains("services"));
    assert!(refused(&["import", "mermaid", &path]).contains("no Mermaid flowchart"));
    assert!(refused(&["import", "mermaid", "/no/such/file"]).contains("/no/such/file"));
}
