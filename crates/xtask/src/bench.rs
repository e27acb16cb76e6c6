//! `bench`: whole runs, each in its own process: natively, as wasm under Node.js, and in other
//! simulators of the same system. Rounds are interleaved: on a shared machine timings drift, but
//! ratios of adjacent runs hold. Writes the tables of `docs/performance.md`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::count::number;
use crate::page;
use crate::setup::Need;
use crate::steps::{cargo, output, root, run, step, target_dir};

/// Runs of each workload, unless told otherwise; the middle one counts.
pub(crate) const ROUNDS: usize = 5;

/// Workloads, the simulated seconds of one run, and how it is run.
const WORKLOADS: [(&str, &str, &str); 5] = [
    ("w1", "1000", ""),
    ("w2", "600", ""),
    ("w2", "600", "keyframes"),
    ("w2", "600", "traces"),
    ("w2x256", "5", ""),
];

/// What runs as wasm too.
const IN_WASM: [&str; 2] = ["w1", "w2"];

/// A scenario's simulated seconds: these are to take less than 100 ms.
const SCENARIO_S: &str = "60";

const REPORT: &str = "docs/performance.md";
const BEGIN: &str = "<!-- measured: cargo xtask bench -->\n";

/// What the benchmarks need on this machine; SimPy and nexosim are left out where they are missing.
pub(crate) const NEEDS: &[Need] = &[Need::WasmTarget, Need::Node];

/// Another simulator of w2.
struct Peer {
    name: String,
    command: Vec<String>,
    requests: &'static str,
}

/// Measurements by subject and metric, one per round.
#[derive(Default)]
struct Figures(BTreeMap<(String, &'static str), Vec<f64>>);

impl Figures {
    fn add(&mut self, of: &str, what: &'static str, figure: f64) {
        self.0
            .entry((of.to_owned(), what))
            .or_default()
            .push(figure);
    }

    fn middle(&self, of: &str, what: &'static str) -> f64 {
        let all = self.0.get(&(of.to_owned(), what));
        let mut all = all.cloned().unwrap_or_default();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn last(&self, of: &str, what: &'static str) -> f64 {
        let all = self.0.get(&(of.to_owned(), what));
        all.and_then(|all| all.last().copied()).unwrap_or(f64::NAN)
    }

    fn listed(&self, of: &str, what: &'static str) -> String {
        let all = self.0.get(&(of.to_owned(), what)).into_iter().flatten();
        let all: Vec<_> = all.map(|figure| format!("{figure:.1}")).collect();
        all.join(", ")
    }
}

/// Measures everything and writes the results.
pub(crate) fn all(rounds: usize) -> Result<()> {
    step("building: native", || {
        run(&mut cargo(&[
            "build",
            "--quiet",
            "--profile=native",
            "-p=faultline-tests",
            "--example=run",
        ]))
    })?;
    let worker = step("building: the module for programs", page::engine)?;
    let mut missing = Vec::new();
    let mut peers = Vec::new();
    for (name, made) in [("SimPy 4.1", simpy()), ("nexosim 1.0", nexosim())] {
        match made {
            Ok(peer) => peers.push(peer),
            Err(error) => {
                println!("\n== {name} is left out: {error:#}");
                missing.push(name);
            }
        }
    }
    let scenarios = output(Command::new(binary()).arg("scenarios"))?;
    let scenarios: Vec<&str> = scenarios.lines().collect();
    let mut figures = Figures::default();
    for round in 1..=rounds {
        step(&format!("round {round} of {rounds}"), || {
            for (workload, seconds, mode) in WORKLOADS {
                let hash = native(workload, seconds, mode, &mut figures)?;
                if mode.is_empty() && IN_WASM.contains(&workload) {
                    in_wasm(workload, seconds, &hash, &worker, &mut figures)?;
                }
                if (workload, mode) == ("w2", "") {
                    for peer in &peers {
                        compare(peer, &mut figures)?;
                    }
                }
            }
            for id in &scenarios {
                native(id, SCENARIO_S, "", &mut figures)?;
            }
            Ok(())
        })?;
    }
    let text = tables(&figures, &scenarios, &peers, &missing, rounds);
    println!("\n{text}");
    let page = std::fs::read_to_string(REPORT).with_context(|| format!("reading {REPORT}"))?;
    let (before, _) = page.split_once(BEGIN).unwrap_or((&page, ""));
    std::fs::write(REPORT, format!("{before}{BEGIN}\n{text}"))?;
    Ok(())
}

fn tables(
    figures: &Figures,
    scenarios: &[&str],
    peers: &[Peer],
    missing: &[&str],
    rounds: usize,
) -> String {
    let mut text = format!(
        "Medians of {rounds} interleaved rounds, processor time of one thread.\n\n\
         | workload | requests/s | events/s | ns/event | peak memory, MiB |\n\
         |---|---:|---:|---:|---:|\n"
    );
    let row = |name: &str| {
        let ns = figures.middle(name, "ns_per_event");
        format!(
            "| {name} | {:.0} k | {:.1} M | {ns:.0} | {:.0} |\n",
            figures.middle(name, "requests_per_s") / 1e3,
            1e3 / ns,
            figures.middle(name, "memory_kib") / 1024.0,
        )
    };
    for (workload, _, mode) in WORKLOADS {
        text += &row(&named(workload, mode));
    }
    for id in scenarios {
        text += &row(id);
    }
    let of_w2 =
        |name: &str| figures.middle(name, "ns_per_event") / figures.middle("w2", "ns_per_event");
    text += &format!(
        "\nAn event of w2x256 takes {:.1} times as long as one of w2 (the goal is at most 3). Of w2, a \
         keyframe a second costs {:.0} %, tracing one request in a hundred {:.0} %.\n",
        of_w2("w2x256"),
        (figures.middle("w2", "keyframes") - 1.0) * 100.0,
        (figures.middle("w2", "traces") - 1.0) * 100.0,
    );
    text += "\n| scenario, 60 s of it | takes, ms (goal: 100) |\n|---|---:|\n";
    for id in scenarios {
        text += &format!("| {id} | {:.0} |\n", figures.middle(id, "s") * 1e3);
    }
    text +=
        "\n| as wasm under node, warm | ns/event | times native (goal: 2.0) |\n|---|---:|---:|\n";
    for name in IN_WASM {
        text += &format!(
            "| {name} | {:.0} | {:.2} |\n",
            figures.middle(name, "wasm"),
            figures.middle(name, "wasm_ratio")
        );
    }
    text += "\n| w2 in | requests/s | Faultline is faster by | each round | goal |\n|---|---:|---:|---|---:|\n";
    for peer in peers {
        let goal = if peer.name.starts_with("SimPy") {
            100
        } else {
            8
        };
        text += &format!(
            "| {} | {:.1} k | {:.1} | {} | {goal} |\n",
            peer.name,
            figures.middle(&peer.name, "requests_per_s") / 1e3,
            figures.middle(&peer.name, "ratio"),
            figures.listed(&peer.name, "ratio"),
        );
    }
    for name in missing {
        text += &format!("\n{name} could not be installed here, and is left out.\n");
    }
    text
}

/// A row's name.
fn named(workload: &str, mode: &str) -> String {
    match mode {
        "keyframes" => format!("{workload}, a keyframe a second"),
        "traces" => format!("{workload}, 1 % traced"),
        _ => workload.to_owned(),
    }
}

fn binary() -> PathBuf {
    target_dir().join("native/examples/run")
}

/// One native run; gives its hash.
fn native(workload: &str, seconds: &str, mode: &str, figures: &mut Figures) -> Result<String> {
    let arguments = [workload, seconds, mode];
    let printed = output(Command::new(binary()).args(arguments))?;
    print!("   {printed}");
    let name = named(workload, mode);
    for what in ["requests_per_s", "ns_per_event", "memory_kib", "s"] {
        let figure = number(&printed, what).with_context(|| format!("{what} is printed"))?;
        figures.add(&name, what, figure);
    }
    let ratio = |figures: &Figures| {
        figures.last(&name, "ns_per_event") / figures.last(workload, "ns_per_event")
    };
    match mode {
        "keyframes" => figures.add(workload, "keyframes", ratio(figures)),
        "traces" => figures.add(workload, "traces", ratio(figures)),
        _ => {}
    }
    Ok(hash(&printed))
}

/// The same run as wasm: it has to count the same.
fn in_wasm(
    workload: &str,
    seconds: &str,
    hash_native: &str,
    worker: &Path,
    figures: &mut Figures,
) -> Result<()> {
    let design = output(Command::new(binary()).args([workload, seconds, "design"]))?;
    let file = target_dir().join(format!("bench-{workload}.json"));
    std::fs::write(&file, design)?;
    let printed = output(
        Command::new("node")
            .arg("tests/bench/run.mjs")
            .arg(&file)
            .arg(seconds)
            .env("FAULTLINE_DIST", worker),
    )?;
    print!("   wasm {printed}");
    if hash(&printed) != hash_native {
        bail!("{workload} counts otherwise in wasm than natively");
    }
    let ns = number(&printed, "ns_per_event").context("ns per event")?;
    figures.add(workload, "wasm", ns);
    let ratio = ns / figures.last(workload, "ns_per_event");
    figures.add(workload, "wasm_ratio", ratio);
    Ok(())
}

fn compare(peer: &Peer, figures: &mut Figures) -> Result<()> {
    let (program, arguments) = peer.command.split_first().context("a command")?;
    let printed = output(Command::new(program).args(arguments).arg(peer.requests))?;
    print!("   {}: {printed}", peer.name);
    let speed = number(&printed, "requests_per_s").context("requests per second")?;
    figures.add(&peer.name, "requests_per_s", speed);
    let ratio = figures.last("w2", "requests_per_s") / speed;
    figures.add(&peer.name, "ratio", ratio);
    Ok(())
}

/// The text of `"hash": "..."`.
fn hash(printed: &str) -> String {
    let rest = printed.split_once("\"hash\": \"").map(|(_, rest)| rest);
    let hash = rest.and_then(|rest| rest.split_once('"'));
    hash.map_or("", |(hash, _)| hash).to_owned()
}

/// SimPy in a Python environment of its own, made in `target/` when it is not there.
fn simpy() -> Result<Peer> {
    let dir = target_dir().join("simpy");
    let python = dir.join("bin/python");
    let version = || {
        let script = "import simpy; print(simpy.__version__)";
        output(Command::new(&python).args(["-c", script]))
    };
    let version = match version() {
        Ok(version) => version,
        Err(_) => {
            step("SimPy, from the network", || {
                run(Command::new("python3").args(["-m", "venv"]).arg(&dir))?;
                let pip = ["-m", "pip", "install", "--quiet", "simpy>=4.1,<4.2"];
                run(Command::new(&python).args(pip)).context("is there a network?")
            })?;
            version()?
        }
    };
    let script = root().join("tests/bench/w2_simpy.py");
    Ok(Peer {
        name: format!("SimPy {}", version.trim()),
        command: vec![python.display().to_string(), script.display().to_string()],
        requests: "60000",
    })
}

/// nexosim, compiled from its registry.
fn nexosim() -> Result<Peer> {
    let dir = target_dir().join("nexosim");
    step("nexosim, from the network the first time", || {
        let manifest = "--manifest-path=tests/bench/nexosim/Cargo.toml";
        let mut build = cargo(&["build", "--quiet", "--release", "--locked", manifest]);
        run(build.arg("--target-dir").arg(&dir)).context("is there a network?")
    })?;
    Ok(Peer {
        name: "nexosim 1.0.0, one thread".to_owned(),
        command: vec![dir.join("release/w2-nexosim").display().to_string()],
        requests: "300000",
    })
}
