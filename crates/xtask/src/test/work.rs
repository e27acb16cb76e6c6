//! What each step of the tests does.
//!
//! Profiles and package sets are chosen so that little is compiled twice: all lints and native
//! tests share the dev profile's build scripts and macros; native lints and native tests share
//! cargo's default members with their union of features; the page and xtask have profiles of their
//! own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::page::{self, Flavour, WASM};
use crate::steps::{cargo, run};
use crate::{count, long, sizes, tidy};

const DENY: [&str; 3] = ["--", "-D", "warnings"];

/// The comparison with native runs, whose hashes the native tests write.
const HASHES: &str = "hashes.test.mjs";

/// How long `fuzz` mutates, in seconds.
const FUZZ_S: u64 = 300;

/// What the steps of one run share.
pub(crate) struct Context {
    pub flavour: Flavour,
    /// The browser that the browser tests drive.
    pub browser: Option<PathBuf>,
}

pub(crate) fn formatting(_: &Context) -> Result<()> {
    tidy::formatting()
}

pub(crate) fn tidiness(_: &Context) -> Result<()> {
    tidy::tidiness(tidy::Exceptions::Check)
}

pub(crate) fn lint_native(_: &Context) -> Result<()> {
    let args = [
        "clippy",
        "--workspace",
        "--exclude=faultline-web",
        "--exclude=faultline-wasm",
        "--exclude=xtask",
        "--all-targets",
    ];
    run(cargo(&args).args(DENY))
}

pub(crate) fn lint_page(_: &Context) -> Result<()> {
    // Tests included, although they run natively: one check of leptos is enough.
    let args = ["clippy", "--target", WASM, "--all-targets"];
    let packages = ["-p=faultline-web", "-p=faultline-wasm"];
    run(cargo(&args).args(packages).args(DENY))
}

pub(crate) fn lint_xtask(_: &Context) -> Result<()> {
    let args = ["clippy", "--profile=xtask", "-p=xtask", "--all-targets"];
    run(cargo(&args).args(DENY))
}

pub(crate) fn xtask(_: &Context) -> Result<()> {
    cargo_test("xtask", &["--profile=xtask", "-p=xtask"])
}

pub(crate) fn unit(_: &Context) -> Result<()> {
    cargo_test("unit", &["--lib", "--bins"])
}

pub(crate) fn integration(_: &Context) -> Result<()> {
    cargo_test("integration", &["--test", "*"])
}

pub(crate) fn doc_examples(_: &Context) -> Result<()> {
    cargo_test("doc-examples", &["--doc"])
}

pub(crate) fn all_ran(_: &Context) -> Result<()> {
    tidy::check_all_ran(&["xtask", "unit", "integration", "doc-examples"])
}

pub(crate) fn instructions(_: &Context) -> Result<()> {
    count::all(false)
}

pub(crate) fn build(context: &Context) -> Result<()> {
    let dist = page::build(context.flavour)?;
    sizes::report(&dist, context.flavour)
}

pub(crate) fn wasm(context: &Context) -> Result<()> {
    node_tests(tidy::WASM_TESTS, |name| name != HASHES, context)
}

pub(crate) fn same_hashes(context: &Context) -> Result<()> {
    node_tests(tidy::WASM_TESTS, |name| name == HASHES, context)
}

pub(crate) fn browser(context: &Context) -> Result<()> {
    node_tests(tidy::BROWSER_TESTS, |_| true, context)
}

pub(crate) fn validation(_: &Context) -> Result<()> {
    long::check_accuracy()
}

pub(crate) fn fuzz(_: &Context) -> Result<()> {
    long::fuzz(FUZZ_S)
}

/// `cargo test` that records which tests ran, so that `all-ran` can compare them with those that
/// are written.
fn cargo_test(name: &str, args: &[&str]) -> Result<()> {
    let mut command = cargo(&["test"]);
    command.args(args);
    tidy::run_tests(name, command)
}

/// Runs those tests of a directory whose file names are wanted, under node.
fn node_tests(dir: &str, is_wanted: fn(&str) -> bool, context: &Context) -> Result<()> {
    let mut files = Vec::new();
    for entry in Path::new(dir).read_dir()? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".test.mjs") && is_wanted(&name) {
            files.push(entry.path());
        }
    }
    if files.is_empty() {
        bail!("{dir} has no tests to run");
    }
    files.sort();
    let mut node = Command::new("node");
    // One file at a time: two browsers on two cores make each other's timings worthless.
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .args(files)
        .env("FAULTLINE_DIST", context.flavour.dist());
    if let Some(browser) = &context.browser {
        node.env("CHROME", browser);
    }
    run(&mut node)
}
