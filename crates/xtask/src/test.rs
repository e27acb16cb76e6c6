//! `test`: everything, cheapest first, so that what fails fails early.
//!
//! Profiles are chosen so that little is compiled twice: native lints and native tests share the
//! dev profile's build scripts and macros, wasm lints and the page share the page's, and xtask
//! keeps its own.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::count;
use crate::page::{self, Flavour, WASM};
use crate::setup::{self, Need};
use crate::sizes;
use crate::steps::{cargo, run, step};

/// What the tests need on this machine.
pub(crate) const NEEDS: &[Need] = &[
    Need::WasmTarget,
    Need::Rustfmt,
    Need::Clippy,
    Need::Node,
    Need::NpmPackages,
    Need::Browser,
    Need::Valgrind,
];

const DENY: [&str; 3] = ["--", "-D", "warnings"];

/// Runs every check; the first that fails ends it.
pub(crate) fn all(flavour: Flavour) -> Result<()> {
    let browser = setup::ensure(NEEDS)?.context("the browser's path")?;
    println!("browser: {}", browser.display());
    step("everything", || {
        step("formatting", || {
            run(&mut cargo(&["fmt", "--all", "--check"]))
        })?;
        lints(flavour)?;
        native_tests()?;
        count::all(false)?;
        let dist = page::build(flavour)?;
        sizes::report(&dist, flavour)?;
        step("wasm tests, under node", || {
            node_tests("tests/wasm", &dist, &browser)
        })?;
        step("browser tests, in headless Chromium", || {
            node_tests("tests/browser", &dist, &browser)
        })
    })
}

fn lints(flavour: Flavour) -> Result<()> {
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
        let args = ["clippy", "--target", WASM, "--profile", flavour.profile()];
        let packages = ["-p=faultline-web", "-p=faultline-wasm"];
        run(cargo(&args).args(packages).args(DENY))
    })?;
    step("lints: xtask", || {
        let args = ["clippy", "--profile=xtask", "-p=xtask", "--all-targets"];
        run(cargo(&args).args(DENY))
    })
}

fn native_tests() -> Result<()> {
    step("tests: the workspace's structure", || {
        run(&mut cargo(&[
            "test",
            "--quiet",
            "--profile=xtask",
            "-p=xtask",
        ]))
    })?;
    // Doc tests included. The page and the worker are tested as wasm, below.
    step("tests: native", || run(&mut cargo(&["test"])))
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
