//! Tests written are tests that ran: the names that `cargo test` prints are compared with the
//! names in the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, IsTerminal, pipe};
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::repository::{Sources, files, sources};
use super::targets::{Target, metadata, reach, targets};
use crate::steps::{target_dir, words};

/// The tests that ran, and why those that were ignored were. A test is
/// `crate src/file.rs: module::name`, an example in the documentation `example src/file.rs:12`.
#[derive(Default)]
struct Ran {
    tests: BTreeMap<String, Option<String>>,
    /// The test program that is running.
    program: Option<String>,
}

/// Runs a `cargo test`, shows what it prints except the tests that passed, and records which
/// tests it ran under a name. [`check_all_ran`] reads the record, perhaps in another process.
pub(crate) fn run(name: &str, command: Command) -> Result<()> {
    let path = record(name);
    if path.exists() {
        fs::remove_file(&path).context("what ran last time")?;
    }
    let mut ran = Ran::default();
    ran.run(command)?;
    let lines = ran.tests.iter().map(|(test, ignored)| match ignored {
        Some(reason) => format!("{test}\tignored: {reason}\n"),
        None => format!("{test}\n"),
    });
    fs::create_dir_all(target_dir().join(RECORDS))?;
    fs::write(&path, lines.collect::<String>()).with_context(|| path.display().to_string())
}

/// Fails unless the tests of these runs are all that are written.
pub(crate) fn check_all_ran(names: &[&str]) -> Result<()> {
    let mut ran = Ran::default();
    for name in names {
        let path = record(name);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{name} has not run: {}", path.display()))?;
        ran.tests.extend(text.lines().map(|line| {
            let (test, reason) = match line.split_once("\tignored: ") {
                Some((test, reason)) => (test, Some(reason.to_owned())),
                None => (line, None),
            };
            (test.to_owned(), reason)
        }));
    }
    let sources = sources(&files()?)?;
    let written = written(&targets(&metadata()?)?, &sources);
    let ignored: Vec<String> = ran
        .tests
        .iter()
        .filter_map(|(test, reason)| Some(format!("   {test}: {}\n", reason.as_ref()?)))
        .collect();
    println!(
        "   tests written: {}; ran: {}; ignored: {}",
        written.len(),
        ran.tests.len() - ignored.len(),
        ignored.len()
    );
    print!("{}", ignored.concat());
    super::fail_on(ran.problems(&written))
}

const RECORDS: &str = "tests-that-ran";

fn record(name: &str) -> PathBuf {
    target_dir().join(RECORDS).join(name)
}

impl Ran {
    fn run(&mut self, mut command: Command) -> Result<()> {
        let words = words(&command);
        println!("   $ {words}");
        // One pipe for both streams keeps the order: cargo says which program it starts on one,
        // and the program says what it tests on the other.
        let (reader, writer) = pipe()?;
        command.stdout(writer.try_clone()?).stderr(writer);
        if std::io::stdout().is_terminal() {
            command.env("CARGO_TERM_COLOR", "always");
        }
        let child = command.spawn();
        // With it go its ends of the pipe, which would keep the reader waiting.
        drop(command);
        let mut child = child.with_context(|| format!("cannot start `{words}`"))?;
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line);
            let plain = without_colors(&text);
            // The summaries count the tests that passed.
            if !(plain.starts_with("test ") && plain.trim_end().ends_with(" ... ok")) {
                print!("{text}");
            }
            self.note(&plain);
            line.clear();
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("`{words}` ended with {status}");
        }
        Ok(())
    }

    /// Reads a line that `cargo test` printed.
    fn note(&mut self, line: &str) {
        let line = line.trim();
        if let Some(started) = line.strip_prefix("Running ") {
            self.program = program(started);
        } else if line.starts_with("Doc-tests ") {
            self.program = Some("example".to_owned());
        } else if let (Some(program), Some(rest)) = (&self.program, line.strip_prefix("test "))
            && let Some((name, outcome)) = rest.split_once(" ... ")
        {
            let name = name.strip_suffix(" - should panic").unwrap_or(name);
            let test = match program.as_str() {
                "example" => example(name),
                program => format!("{program}: {name}"),
            };
            let ignored = outcome.strip_prefix("ignored").map(|reason| {
                let reason = reason.trim_start_matches([',', ' ']);
                reason.to_owned()
            });
            self.tests.insert(test, ignored);
        }
    }

    fn problems(&self, written: &BTreeSet<String>) -> Vec<String> {
        let never = written
            .iter()
            .filter(|test| !self.tests.contains_key(*test));
        let never = never.map(|test| format!("{test}: is written but never ran"));
        let unknown = self.tests.keys().filter(|test| !written.contains(*test));
        let unknown = unknown.map(|test| format!("{test}: ran, but no source has it"));
        let unreasoned = self.tests.iter();
        let unreasoned = unreasoned.filter(|(_, reason)| reason.as_deref() == Some(""));
        let unreasoned = unreasoned
            .map(|(test, _)| format!("{test}: is ignored without a reason: #[ignore = \"...\"]"));
        never.chain(unknown).chain(unreasoned).collect()
    }
}

/// Returns `design src/lib.rs` for `unittests src/lib.rs (target/debug/deps/design-0f3a)`.
fn program(started: &str) -> Option<String> {
    let (file, binary) = started.strip_suffix(')')?.rsplit_once(" (")?;
    let file = file.strip_prefix("unittests ").unwrap_or(file);
    let binary = binary.rsplit(['/', '\\']).next()?;
    let (name, _hash) = binary.rsplit_once('-')?;
    Some(format!("{name} {file}"))
}

/// Returns `example src/lib.rs:12` for `src/lib.rs - item (line 12)` and `... (line 12) - compile`.
fn example(name: &str) -> String {
    let file = name.split(" - ").next().unwrap_or(name);
    let line = name.rsplit_once("(line ").map_or("", |(_, line)| line);
    let line = line.split(')').next().unwrap_or(line);
    format!("example {file}:{line}")
}

/// Removes the escape sequences that color a terminal.
fn without_colors(text: &str) -> String {
    let mut pieces = text.split('\x1b');
    let first = pieces.next().unwrap_or("").to_owned();
    pieces.fold(first, |plain, piece| {
        plain + piece.split_once('m').map_or("", |(_, text)| text)
    })
}

/// Returns all tests in the sources, as [`Ran`] names them.
pub(crate) fn written(targets: &[Target], sources: &Sources) -> BTreeSet<String> {
    let mut written = BTreeSet::new();
    for target in targets {
        // Modules without a file are reported by `targets::check_reached`.
        for file in reach(target, sources, &mut Vec::new()) {
            for test in &file.source.contents.tests {
                let mut path = [file.module.as_slice(), &test.within].concat();
                path.push(test.name.clone());
                written.insert(format!("{}: {}", target.name, path.join("::")));
            }
            for line in examples(&file.source.text) {
                written.insert(format!("example {}:{line}", file.path));
            }
        }
    }
    written
}

/// Returns the lines of a file that open an example in Rust in its documentation.
fn examples(text: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    let mut is_inside = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let doc = line.strip_prefix("///").or(line.strip_prefix("//!"));
        let Some(language) = doc.and_then(|doc| doc.trim_start().strip_prefix("```")) else {
            continue;
        };
        is_inside = !is_inside;
        let of_rust = ["rust", "should_panic", "no_run", "ignore", "compile_fail"];
        let mut words = language.split([',', ' ']).filter(|word| !word.is_empty());
        if is_inside && words.all(|word| of_rust.contains(&word) || word.starts_with("edition")) {
            lines.push(at + 1);
        }
    }
    lines
}

/// Finds tests in targets whose tests do not run, before anything is compiled.
pub(crate) fn check_in_tested_targets(
    targets: &[Target],
    sources: &Sources,
    tested: &BTreeSet<&str>,
) -> Vec<String> {
    let mut problems = Vec::new();
    for target in targets {
        let has_tests = target.has_tests && tested.contains(target.package.as_str());
        for file in reach(target, sources, &mut Vec::new()) {
            let tests = &file.source.contents.tests;
            if let Some(test) = tests.first().filter(|_| !has_tests) {
                problems.push(format!(
                    "{}:{}: `cargo test` does not run tests of `{}`, a {} of {}",
                    file.path, test.line, target.name, target.kind, target.package
                ));
            }
            if let Some(line) = examples(&file.source.text)
                .first()
                .filter(|_| !target.has_doc_tests)
            {
                problems.push(format!(
                    "{}:{line}: `cargo test` does not run examples of `{}`, a {} of {}",
                    file.path, target.name, target.kind, target.package
                ));
            }
        }
    }
    problems
}

#[cfg(test)]
mod checks {
    use super::*;

    const OUTPUT: &str = "
\x1b[1m\x1b[92m     Running\x1b[0m unittests src/main.rs (target/debug/deps/faultline_web-bf83)

running 3 tests
test words::tests::titles ... ok
test words::tests::panics - should panic ... ok
test slow ... ignored, minutes
     Running tests/x.rs (/tmp/deps/x-1)
test words::tests::titles ... ok
   Doc-tests editor
test crates/editor/src/lib.rs - (line 8) ... ok
test crates/editor/src/lib.rs - Item::new (line 20) - compile ... ok
";

    fn ran() -> Ran {
        let mut ran = Ran::default();
        for line in OUTPUT.lines() {
            ran.note(&without_colors(line));
        }
        ran
    }

    fn names(tests: &[&str]) -> BTreeSet<String> {
        tests.iter().map(|test| (*test).to_owned()).collect()
    }

    #[test]
    fn the_output_of_cargo_says_which_tests_ran() {
        let written = names(&[
            "faultline_web src/main.rs: words::tests::titles",
            "faultline_web src/main.rs: words::tests::panics",
            "faultline_web src/main.rs: slow",
            "x tests/x.rs: words::tests::titles",
            "example crates/editor/src/lib.rs:8",
            "example crates/editor/src/lib.rs:20",
        ]);
        assert_eq!(ran().problems(&written), Vec::<String>::new());
        let ignored = &ran().tests["faultline_web src/main.rs: slow"];
        assert_eq!(ignored.as_deref(), Some("minutes"));
    }

    #[test]
    fn a_test_that_never_ran_is_a_problem_and_so_is_one_that_nobody_wrote() {
        let problems = ran().problems(&names(&["x tests/x.rs: forgotten"]));
        assert_eq!(problems.len(), 7);
        assert_eq!(
            problems[0],
            "x tests/x.rs: forgotten: is written but never ran"
        );
    }

    #[test]
    fn an_ignored_test_needs_a_reason() {
        let mut ran = Ran::default();
        ran.note("Running tests/x.rs (deps/x-1)");
        ran.note("test a ... ignored");
        assert_eq!(ran.problems(&names(&["x tests/x.rs: a"])).len(), 1);
    }

    #[test]
    fn examples_in_documentation_are_found() {
        let text = "/// ```\n/// a();\n/// ```\n/// ```json\n/// ```\n//! ```no_run\n//! ```\n";
        assert_eq!(examples(text), [1, 6]);
    }
}
