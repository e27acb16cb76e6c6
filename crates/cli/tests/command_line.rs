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
            "seeds are whole numbers",
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
             {path}: nodes[1].replicas: \"1979-05-27\" is not valid here; expected a whole number from 0 to 4294967295\n\
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
