//! `test`: everything, or the parts that are named.
//!
//! Each step runs in a process of its own (`cargo xtask step NAME`). What it prints is held back
//! while other steps run and is printed in one piece when it ends.

mod schedule;
mod table;
mod work;

use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::page::Flavour;
use crate::setup::{self, Need};
use schedule::{Event, Outcome};
use table::{Concurrency, InEverything, STEPS, Step};
pub(crate) use table::{help, markdown};
use work::Context;

/// The most steps that run side by side. Every cargo and every test binary uses all cores itself,
/// so that more steps would only slow each other down.
const SLOTS_MAX: usize = 3;

/// Runs one step in this process, as a run of several steps calls it.
pub(crate) fn step(name: &str, flavour: Flavour) -> Result<()> {
    let step = STEPS.iter().find(|step| step.name == name);
    let step = step.with_context(|| format!("unknown step `{name}`"))?;
    let browser = std::env::var_os("CHROME").map(PathBuf::from);
    (step.work)(&Context { flavour, browser })
}

/// Installs what everything needs and this machine lacks.
pub(crate) fn set_up() -> Result<()> {
    let steps = here(&table::select(&[])?);
    print_browser(setup::ensure(&needs(&steps))?.as_ref());
    println!("everything that `cargo xtask test` needs is installed");
    Ok(())
}

/// Runs the named subsets and steps; without names, everything.
pub(crate) fn all(names: &[String], flavour: Flavour) -> Result<()> {
    let start = Instant::now();
    let selected = table::select(names)?;
    let steps = here(&selected);
    let browser = setup::ensure(&needs(&steps))?;
    print_browser(browser.as_ref());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let slots = cores.min(SLOTS_MAX);
    let run = Run {
        program: std::env::current_exe().context("the path of xtask")?,
        flavour,
        browser,
        is_single: slots == 1 || steps.len() == 1,
    };
    let mut ended = Vec::new();
    schedule::run(
        &steps,
        slots,
        |step| run.step(step),
        |step, event| match event {
            Event::Started => run.print_start(step),
            Event::Ended(how, output) => {
                output.print(step, how);
                ended.push((step.name, how, output.took));
            }
        },
    );
    println!(
        "\n== {} of {} steps in {}",
        ended.len(),
        selected.len(),
        time(start.elapsed())
    );
    for step in &selected {
        println!("   {:<14}{}", step.name, outcome(step, &ended));
    }
    if names.is_empty() {
        for step in STEPS {
            if let InEverything::No(instead) = step.in_everything {
                println!("   {:<14}left out: {instead}", step.name);
            }
        }
    }
    verdict(&ended, flavour)
}

type EndedStep = (&'static str, Outcome, Duration);

/// Fails if a step failed, or if none could run.
fn verdict(ended: &[EndedStep], flavour: Flavour) -> Result<()> {
    if ended.is_empty() {
        bail!("none of the selected steps can run on this machine");
    }
    let failed = ended.iter().filter(|(_, how, _)| *how == Outcome::Failed);
    let failed: Vec<&str> = failed.map(|(name, ..)| *name).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let quick = match flavour {
        Flavour::Serve => " --quick",
        Flavour::Release => "",
    };
    let failed = failed.join(" ");
    bail!("failed: {failed} (repeat with `cargo xtask test {failed}{quick}`)")
}

fn outcome(step: &Step, ended: &[EndedStep]) -> String {
    let this = ended.iter().find(|(name, ..)| *name == step.name);
    match (this, step.not_here) {
        (Some((_, Outcome::Passed, took)), _) => time(*took),
        (Some((_, Outcome::Failed, took)), _) => format!("FAILED after {}", time(*took)),
        (None, Some(reason)) => format!("cannot run on this machine: {reason}"),
        (None, None) => "not run, since a step failed".to_owned(),
    }
}

/// The steps that this machine can run.
fn here(steps: &[&'static Step]) -> Vec<&'static Step> {
    let steps = steps.iter().filter(|step| step.not_here.is_none());
    steps.copied().collect()
}

fn needs(steps: &[&'static Step]) -> Vec<Need> {
    let mut needs = Vec::new();
    for need in steps.iter().flat_map(|step| step.needs) {
        if !needs.contains(need) {
            needs.push(*need);
        }
    }
    needs
}

fn print_browser(browser: Option<&PathBuf>) {
    if let Some(browser) = browser {
        println!("browser: {}", browser.display());
    }
}

fn time(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 120.. => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

/// What the steps of one run share, as processes.
struct Run {
    program: PathBuf,
    flavour: Flavour,
    browser: Option<PathBuf>,
    /// Whether no two steps run side by side.
    is_single: bool,
}

/// What a step printed, unless it printed it itself, and how long it took.
struct Output {
    text: Vec<u8>,
    took: Duration,
}

impl Run {
    /// A step that runs alone prints to the terminal itself, so that its progress is visible.
    fn streams(&self, step: &Step) -> bool {
        self.is_single || step.concurrency == Concurrency::Exclusive
    }

    fn print_start(&self, step: &Step) {
        match self.streams(step) {
            true => println!("\n== {}: {}", step.name, step.checks),
            false => println!("-- {} starts", step.name),
        }
    }

    fn step(&self, step: &Step) -> (Outcome, Output) {
        let start = Instant::now();
        let mut text = Vec::new();
        let how = match self.process(step, &mut text) {
            Ok(status) if status.success() => Outcome::Passed,
            Ok(_) => Outcome::Failed,
            Err(error) => {
                text.extend(format!("error: {error:#}\n").bytes());
                Outcome::Failed
            }
        };
        (
            how,
            Output {
                text,
                took: start.elapsed(),
            },
        )
    }

    fn process(&self, step: &Step, text: &mut Vec<u8>) -> Result<ExitStatus> {
        let mut command = Command::new(&self.program);
        command.args(["step", step.name]).stdin(Stdio::null());
        if self.flavour == Flavour::Serve {
            command.arg("--quick");
        }
        if let Some(browser) = &self.browser {
            command.env("CHROME", browser);
        }
        if self.streams(step) {
            return command.status().context("cannot start xtask");
        }
        if io::stdout().is_terminal() {
            command.env("CARGO_TERM_COLOR", "always");
        }
        // One pipe for both streams, so that lines stay in the order in which they were written.
        let (mut reader, writer) = io::pipe()?;
        command.stdout(writer.try_clone()?).stderr(writer);
        let mut child = command.spawn().context("cannot start xtask")?;
        // The command holds ends of the pipe: with them open, reading would never end.
        drop(command);
        reader.read_to_end(text)?;
        Ok(child.wait()?)
    }
}

impl Output {
    fn print(&self, step: &Step, how: Outcome) {
        let mut out = io::stdout().lock();
        let took = time(self.took);
        let end = match how {
            Outcome::Passed => format!("== {}: done in {took}\n", step.name),
            Outcome::Failed => format!("== {}: FAILED after {took}\n", step.name),
        };
        // A terminal that is gone is no reason to fail.
        if !self.text.is_empty() {
            let _ = write!(out, "\n== {}: {}\n", step.name, step.checks);
            let _ = out.write_all(&self.text);
        }
        let _ = out.write_all(end.as_bytes());
        let _ = out.flush();
    }
}
