//! `test`: everything, cheapest first, so that what fails fails early.
//!
//! Profiles are chosen so that little is compiled twice: all lints and native tests share the dev
//! profile's build scripts and macros, the page has its own, and xtask keeps its own.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::count;
use crate::page::{self, Flavour, WASM};
use crate::sizes;
use crate::steps::{cargo, run, step};
use crate::tidy;
use crate::tools;

const DENY: [&str; 3] = ["--", "-D", "warnings"];

/// Runs every check; the first that fails ends it.
pub(crate) fn all(flavour: Flavour) -> Result<()> {
    step("everything", || {
        step("formatting", tidy::formatting)?;
        step("tidiness", || tidy::tidiness(tidy::Exceptions::Check))?;
        tools::node_packages()?;
        let browser = tools::browser()?;
        println!("\nbrowser: {}", browser.display());
        lints()?;
        native_tests()?;
        count::all(false)?;
        let dist = page::build(flavour)?;
        sizes::report(&dist, flavour)?;
        let [wasm, page] = tidy::NODE_TESTS;
        step("wasm tests, under node", || {
            node_tests(wasm, &dist, &browser)
        })?;
        step("browser tests, in headless Chromium", || {
            node_tests(page, &dist, &browser)
        })
    })
}

fn lints() -> Result<()> {
    step("lints: native", || {
        let args = [
            "clippy",
            "--workspace",
            "--exclude=faultline-web",
            "--exclude=faultline-wasm",
            "--exclude=xtask",
            "--all-targets",
        ];
        run(cargo(&args).args(DENY))
    })?;
    step("lints: page and module for programs", || {
        // Tests included, although they run natively: one check of leptos is enough.
        let args = ["clippy", "--target", WASM, "--all-targets"];
        let packages = ["-p=faultline-web", "-p=faultline-wasm"];
        run(cargo(&args).args(packages).args(DENY))
    })?;
    step("lints: xtask", || {
        let args = ["clippy", "--profile=xtask", "-p=xtask", "--all-targets"];
        run(cargo(&args).args(DENY))
    })
}

/// Runs every test that cargo runs, and compares them with those that are written.
fn native_tests() -> Result<()> {
    step("tests: xtask", || {
        tidy::run_tests("xtask", cargo(&["test", "--profile=xtask", "-p=xtask"]))
    })?;
    // Doc tests and the page's unit tests included. What needs a browser is tested below.
    step("tests: native", || {
        tidy::run_tests("native", cargo(&["test"]))
    })?;
    step("tests: all of them ran", || {
        tidy::check_all_ran(&["xtask", "native"])
    })
}

/// Runs the tests in a directory of node tests; they read `FAULTLINE_DIST` and `CHROME`.
fn node_tests(dir: &str, dist: &Path, browser: &Path) -> Result<()> {
    let mut files: Vec<_> = std::fs::read_dir(dir)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()?;
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    // One file at a time: two browsers on two cores make each other's timings worthless.
    run(Command::new("node")
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .args(files)
        .env("FAULTLINE_DIST", dist)
        .env("CHROME", browser))
}
