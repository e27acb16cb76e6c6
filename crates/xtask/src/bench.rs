//! `bench`: requests and events per second of whole runs, each in a process of its own, beside
//! SimPy where a Python has it. Rounds are interleaved: on a shared machine figures move, and
//! ratios between neighbours hold. Writes the tables of `docs/performance.md`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::count::number;
use crate::steps::{cargo, output, run, step, target_dir};

/// Runs of each workload; the middle one counts.
const ROUNDS: usize = 5;

/// A workload and the simulated seconds of one run.
const WORKLOADS: [(&str, &str); 4] = [
    ("w1", "1000"),
    ("w2", "600"),
    ("w2x256", "5"),
    ("retry-storm", "3000"),
];

const REPORT: &str = "docs/performance.md";
const BEGIN: &str = "<!-- figures: cargo xtask bench -->\n";

#[derive(Default)]
struct Figures {
    requests_per_s: Vec<f64>,
    ns_per_event: Vec<f64>,
    memory_kib: Vec<f64>,
}

/// Measures everything and writes the figures.
pub(crate) fn all() -> Result<()> {
    step("building", || {
        run(&mut cargo(&[
            "build",
            "--quiet",
            "--profile=native",
            "-p=faultline-tests",
            "--example=run",
        ]))
    })?;
    let simpy = simpy();
    let mut ours: Vec<Figures> = WORKLOADS.iter().map(|_| Figures::default()).collect();
    let mut keyframes = Figures::default();
    let mut theirs = Vec::new();
    let mut ratios = Vec::new();
    for round in 1..=ROUNDS {
        step(&format!("round {round} of {ROUNDS}"), || {
            for ((workload, seconds), figures) in WORKLOADS.iter().zip(&mut ours) {
                measure(&[workload, seconds], figures)?;
                if *workload != "w2" {
                    continue;
                }
                measure(&[workload, seconds, "keyframes"], &mut keyframes)?;
                if let Some((python, _)) = &simpy {
                    let speed = simpy_speed(python)?;
                    let mine = figures.requests_per_s.last().context("just measured")?;
                    theirs.push(speed);
                    ratios.push(mine / speed);
                }
            }
            Ok(())
        })?;
    }
    let mut text = String::from(
        "| workload | requests/s | events/s | ns/event | peak memory, MiB |\n|---|---:|---:|---:|---:|\n",
    );
    let names = WORKLOADS.iter().map(|(name, _)| *name);
    let rows = names
        .zip(&mut ours)
        .chain([("w2, a keyframe a second", &mut keyframes)]);
    for (name, figures) in rows {
        let ns = middle(&mut figures.ns_per_event);
        text += &format!(
            "| {name} | {:.0} k | {:.1} M | {ns:.0} | {:.0} |\n",
            middle(&mut figures.requests_per_s) / 1e3,
            1e3 / ns,
            middle(&mut figures.memory_kib) / 1024.0,
        );
    }
    match simpy {
        Some((_, version)) => {
            text += &format!(
                "\nSimPy {version} on w2: {:.1} k requests/s. Faultline is {:.0} times as fast \
                 (each round's pair: {}).\n",
                middle(&mut theirs) / 1e3,
                middle(&mut ratios.clone()),
                ratios
                    .iter()
                    .map(|ratio| format!("{ratio:.0}"))
                    .collect::<Vec<_>>()
                    .join(", "),
            );
        }
        None => text += "\nSimPy was not there to compare with.\n",
    }
    println!("\n{text}");
    let page = std::fs::read_to_string(REPORT).with_context(|| format!("reading {REPORT}"))?;
    let (before, _) = page.split_once(BEGIN).unwrap_or((&page, ""));
    std::fs::write(REPORT, format!("{before}{BEGIN}\n{text}"))?;
    Ok(())
}

fn measure(arguments: &[&str], figures: &mut Figures) -> Result<()> {
    let binary = target_dir().join("native/examples/run");
    let printed = output(Command::new(binary).args(arguments))?;
    print!("   {printed}");
    let figure = |name| number(&printed, name).with_context(|| format!("{name} is printed"));
    figures.requests_per_s.push(figure("requests_per_s")?);
    figures.ns_per_event.push(figure("ns_per_event")?);
    figures.memory_kib.push(figure("memory_kib")?);
    Ok(())
}

/// A Python with SimPy, and SimPy's version: `PYTHON`, or the system's.
fn simpy() -> Option<(String, String)> {
    let named = std::env::var("PYTHON").ok();
    let candidates = named.into_iter().chain(["python3".to_owned()]);
    let mut found = candidates.filter_map(|python| {
        let script = "import simpy; print(simpy.__version__)";
        let version = output(Command::new(&python).args(["-c", script])).ok()?;
        Some((python, version.trim().to_owned()))
    });
    found.next()
}

fn simpy_speed(python: &str) -> Result<f64> {
    let script = Path::new("tests/bench/w2_simpy.py");
    let printed = output(Command::new(python).arg(script).arg("60000"))?;
    print!("   {printed}");
    number(&printed, "requests_per_s").context("SimPy's requests per second")
}

fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
