//! What a first visit downloads, compressed, and the budget for it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::page::Flavour;
use crate::setup;
use crate::steps::{output, step};

/// Module, scripts, styles and fonts together. The goal is 300 KB; until then, this limit keeps the
/// page from growing. Tried and rejected: views without their types (`--cfg erase_components`) are
/// 8% smaller, but rebuild lists at every change, so that a drag writes twice as much. The engine
/// at `opt-level = "s"` takes 3% off the page, but is 10% slower in V8, and 40% in a retry storm.
const BROTLI_BYTES_MAX: u64 = 1_480 * 1024;

/// Prints the sizes of the files in `dist`; fails when a release is over its budget.
pub(crate) fn report(dist: &Path, flavour: Flavour) -> Result<()> {
    if !setup::has_node() {
        println!(
            "\nsizes are not measured and the budget is not checked: Node.js is missing or too old"
        );
        return Ok(());
    }
    let brotli = step("sizes", || {
        let text = output(
            Command::new("node")
                .arg("crates/xtask/src/sizes.mjs")
                .arg(dist),
        )?;
        print!("{text}");
        total(&text).context("the size script printed no total")
    })?;
    println!("{}", dist.display());
    if flavour == Flavour::Release && brotli > BROTLI_BYTES_MAX {
        bail!(
            "the page has {brotli} bytes after brotli, over its budget of {BROTLI_BYTES_MAX} bytes"
        );
    }
    Ok(())
}

fn total(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with("in all"))?;
    line.split_whitespace().last()?.parse().ok()
}
