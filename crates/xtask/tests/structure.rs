//! The crates depend on each other only as ARCHITECTURE.md says.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Which workspace crates a crate may depend on. Development dependencies are free.
const ALLOWED: [(&str, &[&str]); 14] = [
    ("faultline-design", &[]),
    ("faultline-report", &["faultline-design"]),
    ("faultline-text", &["faultline-design", "faultline-report"]),
    ("faultline-sim", &["faultline-design", "faultline-report"]),
    (
        "faultline-diagnostics",
        &[
            "faultline-design",
            "faultline-report",
            "faultline-sim",
            "faultline-text",
        ],
    ),
    (
        "faultline-format",
        &["faultline-design", "faultline-report"],
    ),
    (
        "faultline-scenarios",
        &["faultline-design", "faultline-format"],
    ),
    ("faultline-editor", &["faultline-design"]),
    // Nobody is allowed to depend on it: only tests use it.
    (
        "faultline-testing",
        &["faultline-design", "faultline-format"],
    ),
    (
        "faultline-host",
        &[
            "faultline-design",
            "faultline-report",
            "faultline-text",
            "faultline-sim",
            "faultline-diagnostics",
            "faultline-format",
            "faultline-scenarios",
        ],
    ),
    (
        "faultline",
        &[
            "faultline-host",
            "faultline-format",
            "faultline-editor",
            "faultline-design",
            "faultline-report",
            "faultline-text",
        ],
    ),
    (
        "faultline-wasm",
        &[
            "faultline-host",
            "faultline-format",
            "faultline-design",
            "faultline-text",
        ],
    ),
    (
        "faultline-web",
        &[
            "faultline-editor",
            "faultline-host",
            "faultline-format",
            "faultline-design",
            "faultline-report",
            "faultline-text",
        ],
    ),
    ("xtask", &[]),
];

#[test]
fn crates_depend_only_in_the_allowed_direction() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.into();
    let edges = edges();
    let mut problems = Vec::new();
    for (from, to) in &edges {
        match allowed.get(from.as_str()) {
            None => problems.push(format!("{from} is not in the table of tests/structure.rs")),
            Some(names) if !names.contains(&to.as_str()) => problems.push(format!(
                "{from} depends on {to}; it may depend on {names:?} (see ARCHITECTURE.md)"
            )),
            Some(_) => {}
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(!edges.is_empty(), "cargo metadata showed no dependency");
}

/// The dependencies between workspace crates, (from, to), development dependencies left out.
fn edges() -> BTreeSet<(String, String)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut edges = BTreeSet::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let from = package["name"].as_str().expect("a name");
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let ours = dependency["path"].is_string();
            if ours && dependency["kind"] != "dev" {
                let to = dependency["name"].as_str().expect("a name");
                edges.insert((from.to_string(), to.to_string()));
            }
        }
    }
    edges
}
