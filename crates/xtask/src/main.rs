//! Developer commands: `cargo xtask <command>`.
//!
//! The page is built here, without tools that have to be installed first: cargo compiles the wasm
//! modules, the library behind `wasm-bindgen` writes their JavaScript, and the static files are
//! copied beside them. Trunk (`trunk serve`) builds the same page from the same `index.html`.
//!
//! Conventions, in source and in `dist/`:
//!
//! | source                     | `dist/`                                          |
//! |----------------------------|--------------------------------------------------|
//! | `index.html`, `embed.html` | the same; both load `first.js` and `boot.js`     |
//! | `web/first.js`             | `first.js`: the theme; says why no module loads  |
//! | `web/boot.js`              | `boot.js`: starts the page's wasm                |
//! | `web/` (binary crate)      | `faultline-web.js`, `faultline-web_bg.wasm`      |
//! | `web/worker.js`            | `worker.js`: starts the same wasm in a worker    |
//! | `crates/wasm` (cdylib)     | `faultline-wasm.js`, `faultline-wasm_bg.wasm`,   |
//! |                            | `faultline-wasm.d.ts`: the engine for programs;  |
//! |                            | the page does not load it                        |
//! | `web/styles/main.css`      | `styles/main.css`, its `@import`s inlined        |
//! | `web/public/**`            | `public/**`: fonts, icons; CSS says `../public/` |
//! | `docs/*.md`                | `*.html`: the documents                          |
//! | `crates/scenarios/`        | `scenarios/`, and a page of each lesson in       |
//! |                            | `lessons/`                                       |
//! | `docs/rules.md`            | `rules.html`, and a page of each rule in `rules/`|
//!
//! Every URL is relative, so that the page works under any path. Every name above that is quoted
//! in a text file gets `?v=<content hash>`, so that a new page never meets an old worker: the page
//! learns the worker's URL from `<meta name="faultline-worker">`.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "developer commands use clocks and threads; the ban is for the simulation"
)]

mod bench;
mod count;
mod embedding;
mod frame;
mod lessons;
mod long;
mod npm;
mod offline;
mod package;
mod page;
mod reading;
mod rules;
mod serve;
mod setup;
mod sizes;
mod steps;
mod test;
mod tidy;
mod watch;

use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use page::Flavour;
use tidy::Exceptions;

const HELP: &str = "\
cargo xtask <command>

Before it compiles anything, every command installs what it needs and this machine lacks. If
something cannot be installed, the command names it and says what to run.

  serve [--port N] [--base /path/]
                   build the page, serve it on 127.0.0.1 and rebuild it on change
                   (port 8080 by default; the next free port if it is in use)
  test [PART]... [--quick]
                   run everything, or the named subsets and steps (listed below)
                   (--quick: test the build that serve makes instead of the release build)
  test --list      print the steps as a Markdown table

  setup            install what `test` needs, and nothing else
  build [--dev]    write the static page to dist/ and print its compressed sizes
                   (--dev: write the build that serve makes to target/page)
  docs DIR         write the documents, lessons and rules as pages to a directory (build and
                   serve do it)
  package [PART]... [--target TRIPLE] [--tag TAG]
                   make a release, or the named parts of it, in target/package/: binary
                   (of this platform unless --target names another), page, npm, notes,
                   checksums; --tag fails unless the tag is of this version
  fuzz [--seconds N]
                   feed mutated designs, links, messages and imports to the readers for 60 s;
                   SEED=N repeats what failed
  bench [--rounds N]
                   time whole runs, natively and as WebAssembly under Node.js, beside SimPy and
                   nexosim (which it installs); writes docs/performance.md
  count [--store]  count instructions per event under valgrind and compare them with
                   tests/bench/instructions.json (--store: write that file)
  tidy [--lower]   formatting, and what needs no compilation: every file and test reached,
                   lengths, links, dependencies (--lower: lower the exceptions that shrank)
  structure        print what is tangled or large: modules that use each other in a circle, structs,
                   types whose methods are in many files, files
  validate [CASE]...
                   run all cases against published results and known causes (minutes), and
                   write docs/accuracy.md; with published cases named, run those alone

The subsets of `test`, and their steps:
";

fn help() -> String {
    format!("{HELP}{}", test::help())
}

fn main() -> ExitCode {
    match command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command() -> Result<()> {
    std::env::set_current_dir(steps::root()).context("the workspace's directory")?;
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), Options(rest.to_vec())),
        None => ("help", Options(Vec::new())),
    };
    match command {
        "serve" => serve(rest),
        "test" => test(rest),
        // Not in the help: `test` runs each of its steps with it.
        "step" => step(rest),
        "setup" => {
            rest.done()?;
            test::set_up()
        }
        "build" => build(rest),
        "docs" => docs(rest),
        "tidy" => check_tidiness(rest),
        "structure" => {
            rest.done()?;
            tidy::structure()
        }
        "package" => make_package(rest),
        "fuzz" => {
            let seconds = rest.only("--seconds", "a whole number")?;
            long::fuzz(seconds.unwrap_or(60))
        }
        "bench" => {
            let rounds = rest.only("--rounds", "a whole number")?;
            setup::ensure(bench::NEEDS)?;
            bench::all(rounds.unwrap_or(bench::ROUNDS))
        }
        "count" => count(rest),
        "validate" => long::validate(&rest.names()?),
        "help" | "--help" | "-h" => {
            print!("{}", help());
            Ok(())
        }
        other => bail!("unknown command `{other}`\n\n{}", help()),
    }
}

fn serve(mut options: Options) -> Result<()> {
    let port = options.number("--port", "a number from 0 to 65535")?;
    let base = options.value("--base")?;
    options.done()?;
    watch::serve_and_rebuild(port, base.as_deref().unwrap_or("/"))
}

fn test(mut options: Options) -> Result<()> {
    if options.has("--list") {
        options.done()?;
        print!("{}", test::markdown());
        return Ok(());
    }
    let flavour = options.flavour("--quick");
    test::all(&options.names()?, flavour)
}

fn step(mut options: Options) -> Result<()> {
    let flavour = options.flavour("--quick");
    let name = options.0.pop().context("missing name of a step")?;
    options.done()?;
    test::step(&name, flavour)
}

fn build(mut options: Options) -> Result<()> {
    let flavour = options.flavour("--dev");
    options.done()?;
    setup::ensure(page::NEEDS)?;
    let dist = page::build(flavour)?;
    sizes::report(&dist, flavour)
}

fn docs(mut options: Options) -> Result<()> {
    let dir = options.0.pop().context("missing directory to write to")?;
    options.done()?;
    page::write_pages(std::path::Path::new(&dir))
}

fn count(mut options: Options) -> Result<()> {
    let stores = options.has("--store");
    options.done()?;
    setup::ensure(&[setup::Need::Valgrind])?;
    count::all(stores)
}

/// Runs the checks that need no compilation.
fn check_tidiness(mut options: Options) -> Result<()> {
    let exceptions = match options.has("--lower") {
        true => Exceptions::Lower,
        false => Exceptions::Check,
    };
    options.done()?;
    setup::ensure(&[setup::Need::Rustfmt])?;
    steps::step("formatting", tidy::formatting)?;
    steps::step("tidiness", || tidy::tidiness(exceptions))
}

/// Makes a release, or the named parts of it.
fn make_package(mut options: Options) -> Result<()> {
    let (target, tag) = (options.value("--target")?, options.value("--tag")?);
    let parts = options.names()?;
    setup::ensure(page::NEEDS)?;
    package::make(&parts, target.as_deref(), tag.as_deref())
}

/// The options after the command that have not been read yet.
struct Options(Vec<String>);

impl Options {
    /// Whether the flag is given.
    fn has(&mut self, flag: &str) -> bool {
        let given = self.0.iter().position(|arg| arg == flag);
        given.map(|at| self.0.remove(at)).is_some()
    }

    /// The quick build if the flag is given, else the release build.
    fn flavour(&mut self, flag: &str) -> Flavour {
        match self.has(flag) {
            true => Flavour::Serve,
            false => Flavour::Release,
        }
    }

    fn value(&mut self, name: &str) -> Result<Option<String>> {
        let Some(at) = self.0.iter().position(|arg| arg == name) else {
            return Ok(None);
        };
        self.0.remove(at);
        if at == self.0.len() {
            bail!("{name} takes a value");
        }
        Ok(Some(self.0.remove(at)))
    }

    /// The number that follows the option; `what` describes the numbers that are accepted.
    fn number<T: FromStr>(&mut self, name: &str, what: &str) -> Result<Option<T>> {
        let Some(text) = self.value(name)? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => bail!("{name} takes {what}, not `{text}`"),
        }
    }

    /// The same for an option that is the only one.
    fn only<T: FromStr>(mut self, name: &str, what: &str) -> Result<Option<T>> {
        let number = self.number(name, what)?;
        self.done()?;
        Ok(number)
    }

    /// What is left, if there is no option among it.
    fn names(self) -> Result<Vec<String>> {
        match self.0.iter().find(|name| name.starts_with('-')) {
            Some(unknown) => bail!("unknown option `{unknown}`\n\n{}", help()),
            None => Ok(self.0),
        }
    }

    fn done(&self) -> Result<()> {
        match self.0.first() {
            Some(unknown) => bail!("unknown option `{unknown}`\n\n{}", help()),
            None => Ok(()),
        }
    }
}
