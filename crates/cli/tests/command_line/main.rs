//! The binary as people and scripts use it: what it prints, where, and with which exit code.

mod documents;
mod runs;
mod verdicts;

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
