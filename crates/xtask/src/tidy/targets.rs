//! What cargo compiles: its targets, and the files that each of them reaches by `mod`.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::repository::{Source, Sources};
use crate::steps::{cargo, output, root};

/// A target of a package of the workspace.
pub(crate) struct Target {
    pub(crate) package: String,
    /// As cargo names its test: `design src/lib.rs`.
    pub(crate) name: String,
    /// The path of its first file, from the root of the repository.
    pub(crate) path: String,
    pub(crate) kind: String,
    /// Whether `cargo test` compiles its tests.
    pub(crate) has_tests: bool,
    /// Whether `cargo test` runs the examples in its documentation.
    pub(crate) has_doc_tests: bool,
}

/// A file that a target reaches.
pub(crate) struct Reached<'a> {
    pub(crate) path: &'a str,
    pub(crate) source: &'a Source,
    /// Its module, from the root of the crate.
    pub(crate) module: Vec<String>,
}

/// What `cargo metadata` says of the workspace alone.
pub(crate) fn metadata() -> Result<Value> {
    let args = ["metadata", "--no-deps", "--format-version=1", "--offline"];
    serde_json::from_str(&output(&mut cargo(&args))?).context("cargo metadata")
}

/// All targets of the workspace. Their names differ, so that one cannot pass for another.
pub(crate) fn targets(metadata: &Value) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    for package in array(metadata, "packages") {
        let manifest = Path::new(word(package, "manifest_path"));
        let directory = manifest.parent().context("a manifest has a directory")?;
        for target in array(package, "targets") {
            let path = Path::new(word(target, "src_path"));
            let name = word(target, "name").replace('-', "_");
            targets.push(Target {
                package: word(package, "name").to_owned(),
                name: format!("{name} {}", path.strip_prefix(directory)?.display()),
                path: path.strip_prefix(root())?.display().to_string(),
                kind: target["kind"][0].as_str().unwrap_or_default().to_owned(),
                has_tests: target["test"] == true,
                has_doc_tests: target["doctest"] == true,
            });
        }
    }
    let names: BTreeSet<&str> = targets.iter().map(|it: &Target| it.name.as_str()).collect();
    ensure!(
        names.len() == targets.len(),
        "two targets of the workspace have the same name and file: rename one"
    );
    Ok(targets)
}

/// The packages that a plain `cargo test` tests.
pub(crate) fn default_packages(metadata: &Value) -> BTreeSet<&str> {
    let defaults = array(metadata, "workspace_default_members");
    let packages = array(metadata, "packages").iter();
    packages
        .filter(|package| defaults.contains(&package["id"]))
        .map(|package| word(package, "name"))
        .collect()
}

/// The elements of a list in what cargo says.
pub(crate) fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// A word in what cargo says.
pub(crate) fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The files that a target reaches, by following `mod`. Says which modules have no file.
pub(crate) fn reach<'a>(
    target: &Target,
    sources: &'a Sources,
    problems: &mut Vec<String>,
) -> Vec<Reached<'a>> {
    let mut reached = Vec::new();
    // A file, its module, and the directory of the files of its modules.
    let mut open = vec![(target.path.clone(), Vec::new(), parent(&target.path))];
    while let Some((path, module, directory)) = open.pop() {
        let Some((path, source)) = sources.get_key_value(&path) else {
            problems.push(format!("{}: there is no file {path}", target.name));
            continue;
        };
        for child in &source.contents.modules {
            let inside = [
                module.as_slice(),
                &child.within,
                std::slice::from_ref(&child.name),
            ]
            .concat();
            let candidates = match &child.path {
                Some(file) => vec![(join(&parent(path), file), None)],
                None => {
                    let mut base = directory.clone();
                    for name in child.within.iter().chain([&child.name]) {
                        base = join(&base, name);
                    }
                    let files = [format!("{base}.rs"), format!("{base}/mod.rs")];
                    files.map(|file| (file, Some(base.clone()))).into()
                }
            };
            let found = candidates
                .into_iter()
                .find(|it| sources.contains_key(&it.0));
            match found {
                Some((file, base)) => {
                    let base = base.unwrap_or_else(|| parent(&file));
                    open.push((file, inside, base));
                }
                None => problems.push(format!(
                    "{path}:{}: no file for `mod {}`",
                    child.line, child.name
                )),
            }
        }
        reached.push(Reached {
            path,
            source,
            module,
        });
    }
    reached
}

fn parent(path: &str) -> String {
    path.rsplit_once('/')
        .map_or(String::new(), |(directory, _)| directory.to_owned())
}

fn join(directory: &str, name: &str) -> String {
    match directory {
        "" => name.to_owned(),
        directory => format!("{directory}/{name}"),
    }
}

/// The directories of packages that are no members of the workspace.
pub(crate) fn foreign_packages(metadata: &Value, files: &[String]) -> Vec<String> {
    let members = array(metadata, "packages").iter();
    let members: BTreeSet<&Path> = members
        .map(|package| Path::new(word(package, "manifest_path")))
        .collect();
    let directories = files
        .iter()
        .filter_map(|path| path.strip_suffix("Cargo.toml"));
    directories
        .filter(|directory| !directory.is_empty())
        .filter(|directory| !members.contains(&*root().join(directory).join("Cargo.toml")))
        .map(str::to_owned)
        .collect()
}

/// Finds Rust files that no target reaches: they are not compiled, linted or tested. Packages
/// outside the workspace are left out unless they have tests, which nothing would run.
pub(crate) fn check_reached(
    targets: &[Target],
    sources: &Sources,
    foreign: &[String],
) -> Vec<String> {
    let mut problems = Vec::new();
    let mut left: BTreeSet<&str> = sources.keys().map(String::as_str).collect();
    for target in targets {
        for file in reach(target, sources, &mut problems) {
            left.remove(file.path);
        }
    }
    left.retain(|path| {
        let is_foreign = foreign.iter().any(|directory| path.starts_with(directory));
        !is_foreign || !sources[*path].contents.tests.is_empty()
    });
    problems.extend(left.iter().map(|path| {
        format!("{path}: no target reaches this file: declare it with `mod`, or as a target")
    }));
    problems
}
