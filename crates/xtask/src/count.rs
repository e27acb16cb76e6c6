//! `count`: how many instructions a request takes, by valgrind's callgrind.
//!
//! Unlike time, that number is the same on every run, however busy the machine is, so it shows
//! every change that makes the engine slower. The difference between a longer and a shorter run is
//! counted, so that start-up and report do not matter.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::steps::{cargo, output, run, step, target_dir};

/// A workload, and the two simulated durations (s) whose difference is counted.
const WORKLOADS: [(&str, u32, u32); 3] = [("w1", 11, 31), ("w2", 11, 31), ("retry-storm", 30, 60)];

/// What was counted last: `"workload": instructions per event`.
const STORED: &str = "tests/bench/instructions.json";

/// Other processors' string functions make a small difference; so does a new compiler.
const MARGIN: f64 = 0.03;

/// Why this machine cannot compare its counts with the stored ones, if it cannot.
pub(crate) const NOT_COMPARABLE: Option<&str> =
    match cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        true => None,
        false => Some("the stored instruction counts are those of x86-64 Linux"),
    };

/// Compares with the stored counts, or stores new ones. Needs valgrind.
pub(crate) fn all(stores: bool) -> Result<()> {
    if let Some(reason) = NOT_COMPARABLE {
        bail!("{reason}, and this machine is not");
    }
    step("instructions per event", || {
        run(&mut cargo(&[
            "build",
            "--quiet",
            "--profile=native",
            "-p=faultline-tests",
            "--example=run",
        ]))?;
        let counted = WORKLOADS.map(|workload| (workload.0, per_event(workload)));
        let text = std::fs::read_to_string(STORED).unwrap_or_default();
        let mut lines = Vec::new();
        let mut worse = Vec::new();
        for (name, figure) in counted {
            let figure = figure?;
            let stored = number(&text, name);
            println!("   {name}: {figure:.1} instructions per event (stored: {stored:?})");
            lines.push(format!("  \"{name}\": {figure:.1}"));
            match stored {
                Some(stored) if (figure / stored - 1.0).abs() <= MARGIN => {}
                Some(stored) => worse.push(format!("{name}: {stored} before, {figure:.1} now")),
                None => worse.push(format!("{name}: none stored, {figure:.1} now")),
            }
        }
        if stores {
            let text = format!("{{\n{}\n}}\n", lines.join(",\n"));
            return std::fs::write(STORED, text).with_context(|| format!("writing {STORED}"));
        }
        if !worse.is_empty() {
            bail!(
                "instructions per event changed by more than {}%: {}\n\
                 if this is intended, store the new counts: cargo xtask count --store",
                MARGIN * 100.0,
                worse.join("; ")
            );
        }
        Ok(())
    })
}

fn per_event((workload, short, long): (&str, u32, u32)) -> Result<f64> {
    let (less, fewer) = count(workload, short)?;
    let (more, many) = count(workload, long)?;
    Ok((more - less) / (many - fewer))
}

/// Instructions and events of a run.
fn count(workload: &str, seconds: u32) -> Result<(f64, f64)> {
    let target = target_dir();
    let file = target.join(format!("callgrind-{workload}-{seconds}"));
    let printed = output(
        Command::new("valgrind")
            .args(["--tool=callgrind", "--quiet"])
            .arg(format!("--callgrind-out-file={}", file.display()))
            .arg(target.join("native/examples/run"))
            .args([workload, &seconds.to_string()]),
    )?;
    let events = number(&printed, "events").context("the run prints its events")?;
    let profile = std::fs::read_to_string(&file)?;
    std::fs::remove_file(&file)?;
    let total = profile.lines().find_map(|line| {
        line.strip_prefix("summary:")
            .or(line.strip_prefix("totals:"))
    });
    let total = total.context("callgrind wrote no total")?;
    Ok((total.trim().parse()?, events))
}

/// The number behind a name in JSON of numbers and texts.
pub(crate) fn number(text: &str, name: &str) -> Option<f64> {
    let (_, rest) = text.split_once(&format!("\"{name}\":"))?;
    let end = rest.find([',', '}', '\n']).unwrap_or(rest.len());
    rest[..end].trim().parse().ok()
}
