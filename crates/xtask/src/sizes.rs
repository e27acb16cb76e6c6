//! What a first visit downloads, compressed, and the budget for it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::page::Flavour;
use crate::steps::{output, step};
use crate::tools;

/// Module, styles and fonts in all. The goal is 300 KB; this keeps it from growing meanwhile. Tried, and
/// not kept: views without their types (`--cfg erase_components`) are 8 % less, but lists are then
/// built anew at every change: a drag writes twice as much, and figures shift.
const BROTLI_BYTES_MAX: u64 = 1_216 * 1024;

/// Prints the sizes of the files in `dist`; fails when a release is over its budget.
pub(crate) fn report(dist: &Path, flavour: Flavour) -> Result<()> {
    if tools::node().is_err() {
        println!("\nsizes: not measured, node is missing");
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
