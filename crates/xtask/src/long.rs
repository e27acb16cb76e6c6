//! Long runs of the native engine: validation in full, and mutated input.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::steps::{cargo, root, run, target_dir};

/// The page that the validation writes.
const ACCURACY: &str = "docs/accuracy.md";

/// Test targets whose ignored tests take minutes: the published results, the corpus of designs with
/// known causes and what is concluded of them, and the remedies of lessons at every moment.
const LONG: [&str; 3] = ["--test=accuracy", "--test=cases", "--test=lessons_live"];

/// Runs the validation cases against published results, the corpus and the remedies of lessons: all
/// of them, and writes `docs/accuracy.md`; or the published cases named, and writes nothing.
pub(crate) fn validate(cases: &[String]) -> Result<()> {
    match cases {
        [] => cases_hold(&LONG, "FAULTLINE_ACCURACY", &root().join(ACCURACY)),
        named => cases_hold(&LONG[..1], "FAULTLINE_CASES", Path::new(&named.join(","))),
    }
}

/// Runs all validation cases and fails if `docs/accuracy.md` is not what they write.
pub(crate) fn check_accuracy() -> Result<()> {
    let path = target_dir().join("accuracy.md");
    cases_hold(&LONG, "FAULTLINE_ACCURACY", &path)?;
    let read = |path: &Path| fs::read_to_string(path).with_context(|| path.display().to_string());
    if read(&path)? != read(&root().join(ACCURACY))? {
        bail!(
            "{ACCURACY} does not hold the results of this engine, which are in {}: write them \
             with `cargo xtask validate`",
            path.display()
        );
    }
    Ok(())
}

fn cases_hold(targets: &[&str], variable: &str, value: &Path) -> Result<()> {
    let mut tests = cargo(&["test", "--profile=native", "-p=faultline-tests"]);
    run(tests
        .args(targets)
        .args(["--", "--ignored", "--nocapture"])
        .env(variable, value))
}

/// Feeds mutated designs, links, messages and imports to the readers for this many seconds.
pub(crate) fn fuzz(seconds: u64) -> Result<()> {
    let mut fuzz = cargo(&["test", "--profile=native", "-p=faultline", "mutated"]);
    fuzz.args(["--", "--nocapture"]);
    run(fuzz.env("FAULTLINE_FUZZ_SECONDS", seconds.to_string()))
}
