//! Tidiness: each check compares what was checked with what exists, by counting, so that a check
//! that never ran cannot pass.
//!
//! - Rust files formatted are Rust files tracked, and a target reaches each of them by `mod`.
//! - Tests written are tests that ran (`tests.rs`); each is in a target whose tests run.
//! - Lines, functions and files have a maximum length, structs a maximum number of fields, and
//!   types a maximum number of files with their methods. Modules of a crate do not use each other
//!   in a circle. `exceptions.toml` lists the exceptions and may only shrink.
//! - Links resolve: in the documents of the repository and on the published site, which has every
//!   document.
//! - Text that people read has plain words and short sentences (`words.toml`).
//! - Dependencies declared are dependencies used.

mod dependencies;
mod exceptions;
mod lengths;
mod links;
mod node_tests;
mod repository;
mod rust;
mod site;
mod structure;
mod targets;
mod tests;
mod words;

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, Result, bail};

pub(crate) use node_tests::{BROWSER_TESTS, WASM_TESTS};
pub(crate) use tests::{check_all_ran, run as run_tests};

/// What is done with exceptions that are larger than what is left.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exceptions {
    /// They are a problem.
    Check,
    /// They are lowered to what is left.
    Lower,
}

/// Runs rustfmt on every file: `cargo fmt` leaves out files that no plain `mod` declares.
pub(crate) fn formatting() -> Result<()> {
    let files = repository::files()?;
    let sources: Vec<&str> = repository::with_extension(&files, &["rs"]).collect();
    println!("   rustfmt --check, on each of {} files", sources.len());
    let mut command = Command::new("rustfmt");
    let status = command.arg("--check").args(&sources).status();
    if !status.context("cannot start rustfmt")?.success() {
        bail!("not formatted: run `cargo fmt --all`");
    }
    Ok(())
}

/// Runs every other check that needs no compilation.
pub(crate) fn tidiness(exceptions: Exceptions) -> Result<()> {
    fail_on(problems(exceptions)?)
}

/// Prints the structure of each crate: circles of modules, and what is large.
pub(crate) fn structure() -> Result<()> {
    let sources = repository::sources(&repository::files()?)?;
    print!("{}", structure::Structure::of(&sources)?.describe());
    Ok(())
}

fn problems(exceptions: Exceptions) -> Result<Vec<String>> {
    let files = repository::files()?;
    let sources = repository::sources(&files)?;
    let metadata = targets::metadata()?;
    let targets = targets::targets(&metadata)?;
    // `cargo xtask test` tests these, and xtask itself.
    let mut tested: BTreeSet<&str> = targets::default_packages(&metadata);
    tested.insert("xtask");

    let foreign = targets::foreign_packages(&metadata, &files);
    let mut problems = targets::check_reached(&targets, &sources, &foreign);
    problems.extend(unformatted(&sources));
    problems.extend(tests::check_in_tested_targets(&targets, &sources, &tested));
    problems.extend(node_tests::check(&files)?);
    problems.extend(lengths::check(&files, &sources, exceptions)?);
    problems.extend(links::check(&files)?);
    problems.extend(site::check(&files)?);
    problems.extend(words::check(&files, &sources)?);
    problems.extend(dependencies::check(&metadata, &targets, &sources)?);
    println!(
        "   {} files, of them {} of Rust in {} targets with {} tests; outside the workspace: {}",
        files.len(),
        sources.len(),
        targets.len(),
        tests::written(&targets, &sources).len(),
        foreign.join(", ")
    );
    Ok(problems)
}

/// Finds files that tell rustfmt to leave something as it is (`#[rustfmt::skip]`).
fn unformatted(sources: &repository::Sources) -> impl Iterator<Item = String> {
    let skipping = |path: &&String| sources[*path].contents.directs_rustfmt;
    let paths = sources.keys().filter(skipping);
    paths.map(|path| format!("{path}: has a `rustfmt` attribute, which leaves lines unformatted"))
}

/// Fails with all problems, one a line.
fn fail_on(problems: Vec<String>) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{} problems:\n{}", problems.len(), problems.join("\n"))
}
