//! Dependencies declared are dependencies used: the workspace's by a member, a member's by its
//! sources.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use super::repository::{Sources, text};
use super::targets::{Target, array, reach, word};

/// Finds dependencies that nothing uses.
pub(super) fn check(
    metadata: &Value,
    targets: &[Target],
    sources: &Sources,
) -> Result<Vec<String>> {
    let manifest: toml::Table = toml::from_str(&text("Cargo.toml")?).context("Cargo.toml")?;
    let declared = manifest["workspace"]["dependencies"]
        .as_table()
        .context("Cargo.toml has [workspace.dependencies]")?;
    let mut used_by_members = BTreeSet::new();
    let mut problems = Vec::new();
    for package in array(metadata, "packages") {
        let name = word(package, "name");
        for dependency in array(package, "dependencies") {
            let kind = dependency["kind"].as_str().unwrap_or("normal");
            let called = dependency["rename"]
                .as_str()
                .unwrap_or(word(dependency, "name"));
            used_by_members.insert(called);
            if !identifiers(name, kind, targets, sources).contains(&*called.replace('-', "_")) {
                problems.push(format!(
                    "{name}: no source uses its {kind} dependency `{called}`"
                ));
            }
        }
    }
    let unused = declared
        .keys()
        .filter(|name| !used_by_members.contains(name.as_str()));
    problems.extend(
        unused
            .map(|name| format!("Cargo.toml: no member uses the workspace's dependency `{name}`")),
    );
    Ok(problems)
}

/// The identifiers in the files that may use a dependency of this kind.
fn identifiers<'a>(
    package: &str,
    kind: &str,
    targets: &[Target],
    sources: &'a Sources,
) -> BTreeSet<&'a str> {
    let may_use = |target: &Target| match kind {
        "build" => target.kind == "custom-build",
        "dev" => target.kind != "custom-build",
        _ => !["custom-build", "test", "bench", "example"].contains(&target.kind.as_str()),
    };
    let targets = targets.iter();
    let targets = targets.filter(|target| target.package == package && may_use(target));
    let files = targets.flat_map(|target| reach(target, sources, &mut Vec::new()));
    let identifiers = files.flat_map(|file| &file.source.contents.identifiers);
    identifiers.map(String::as_str).collect()
}
