//! Developer commands: `cargo xtask <command>`.
//!
//! The page is built here, without tools that have to be installed first: cargo compiles the wasm, the library behind `wasm-bindgen` writes their JavaScript, and the static files are
//! copied beside them. Trunk (`trunk serve`) builds the same page from the same `index.html`.
//!
//! Conventions, in source and in `dist/`:
//!
//! | source                     | `dist/`                                          |
//! |----------------------------|--------------------------------------------------|
//! | `index.html`, `embed.html` | the same; both load `boot.js`                    |
//! | `web/boot.js`              | `boot.js`: starts the page's wasm                |
//! | `web/` (binary crate)      | `faultline-web.js`, `faultline-web_bg.wasm`      |
//! | `web/worker.js`            | `worker.js`: starts the same wasm in a worker    |
//! | `crates/wasm` (cdylib)     | `faultline-wasm.js`, `faultline-wasm_bg.wasm`:   |
//! |                            | the engine for programs; the page does not load it |
//! | `web/styles/main.css`      | `styles/main.css`, its `@import`s inlined        |
//! | `web/public/**`            | `public/**`: fonts, icons; CSS says `../public/` |
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
mod page;
mod reading;
mod serve;
mod setup;
mod sizes;
mod steps;
mod test;
mod watch;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use page::Flavour;

const HELP: &str = "\
cargo xtask <command>

  setup            install what the other commands need and this machine lacks
  build [--dev]    write the static page to dist/ and print its compressed sizes
                   (--dev: the quick build that serve makes, to target/page)
  serve [--port N] [--base /path/]
                   build the page, serve it on 127.0.0.1 and rebuild it on change
                   (port 8080 by default; the next free port if it is in use)
  docs DIR         write docs/*.md as pages to a directory (build and serve do it)
  fuzz [--seconds N]
                   feed mutated designs, links, messages and imports to the readers (60 s);
                   FAULTLINE_FUZZ_SEED=N repeats what failed
  bench [--rounds N]
                   time whole runs, natively and as wasm under node, beside SimPy and
                   nexosim (which it installs); writes docs/performance.md
  count [--store]  count instructions per event under valgrind and compare with
                   tests/bench/instructions.json (--store: write it)
  test [--quick]   formatting, lints, native tests, wasm tests, the page in a browser
                   (--quick: on the quick build instead of the release build)
  validate [CASE]...
                   run all validation cases against published results (minutes) and write
                   docs/accuracy.md; with cases named, run those and write nothing
";

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
    let (command, mut rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), Options(rest.to_vec())),
        None => ("help", Options(Vec::new())),
    };
    match command {
        "setup" => {
            rest.done()?;
            if let Some(browser) = setup::ensure(test::NEEDS)? {
                println!("browser: {}", browser.display());
            }
            Ok(())
        }
        "build" => {
            let flavour = rest.choose("--dev", Flavour::Serve, Flavour::Release);
            rest.done()?;
            setup::ensure(page::NEEDS)?;
            let dist = page::build(flavour)?;
            sizes::report(&dist, flavour)
        }
        "serve" => {
            let port = rest.value("--port")?.map(|port| port.parse()).transpose();
            let port = port.context("--port takes a number from 0 to 65535")?;
            let base = rest.value("--base")?;
            rest.done()?;
            watch::serve_and_rebuild(port, base.as_deref().unwrap_or("/"))
        }
        "test" => {
            let flavour = rest.choose("--quick", Flavour::Serve, Flavour::Release);
            rest.done()?;
            test::all(flavour)
        }
        "docs" => {
            let dir = rest.0.pop().context("name the directory to write to")?;
            rest.done()?;
            reading::write(std::path::Path::new(&dir))
        }
        "fuzz" => {
            let seconds = rest.value("--seconds")?.unwrap_or("60".to_owned());
            rest.done()?;
            let args = ["test", "--profile=native", "-p=faultline", "mutated"];
            let mut fuzz = steps::cargo(&args);
            fuzz.args(["--", "--nocapture"]);
            steps::run(fuzz.env("FAULTLINE_FUZZ_SECONDS", seconds))
        }
        "validate" => validate(rest),
        "bench" => {
            let rounds = rest.value("--rounds")?.map(|rounds| rounds.parse());
            let rounds = rounds.transpose().context("--rounds takes a number")?;
            rest.done()?;
            setup::ensure(bench::NEEDS)?;
            bench::all(rounds.unwrap_or(bench::ROUNDS))
        }
        "count" => {
            let stores = rest.choose("--store", true, false);
            rest.done()?;
            setup::ensure(&[setup::Need::Valgrind])?;
            count::all(stores)
        }
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("there is no command `{other}`\n\n{HELP}"),
    }
}

/// Runs the validation cases: all, and writes the page; or those named.
fn validate(cases: Options) -> Result<()> {
    let args = [
        "test",
        "--profile=native",
        "-p=faultline-tests",
        "--test=accuracy",
    ];
    let mut tests = steps::cargo(&args);
    tests.args(["--", "--ignored", "--nocapture"]);
    let page = steps::root().join("docs/accuracy.md");
    match cases.0.as_slice() {
        [] => tests.env("FAULTLINE_ACCURACY", page),
        named => tests.env("FAULTLINE_CASES", named.join(",")),
    };
    steps::run(&mut tests)
}

/// The options after the command that have not been read yet.
struct Options(Vec<String>);

impl Options {
    /// `then` when the flag is given, else `otherwise`.
    fn choose<T>(&mut self, flag: &str, then: T, otherwise: T) -> T {
        match self.0.iter().position(|arg| arg == flag) {
            Some(at) => {
                self.0.remove(at);
                then
            }
            None => otherwise,
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

    fn done(&self) -> Result<()> {
        match self.0.first() {
            Some(unknown) => bail!("unknown option `{unknown}`\n\n{HELP}"),
            None => Ok(()),
        }
    }
}
