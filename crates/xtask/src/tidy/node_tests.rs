//! The tests that node runs: each is in a file that is run, or in a helper that such a file
//! imports, and none is left out by an option.

use std::collections::BTreeMap;

use anyhow::Result;

use super::repository::{text, with_extension};

pub(crate) const WASM_TESTS: &str = "tests/wasm";
pub(crate) const BROWSER_TESTS: &str = "tests/browser";

/// The directories whose `*.test.mjs` node runs.
const NODE_TESTS: [&str; 2] = [WASM_TESTS, BROWSER_TESTS];

/// What makes node leave a test out, or run it alone.
const LEAVES_OUT: [&str; 6] = [".skip(", ".todo(", ".only(", "skip:", "todo:", "only:"];

/// Finds files that use node's test runner and that `cargo xtask test` does not run.
pub(super) fn check(files: &[String]) -> Result<Vec<String>> {
    let mut texts = BTreeMap::new();
    for path in with_extension(files, &["mjs", "js"]) {
        texts.insert(path, text(path)?);
    }
    let paths = texts.keys();
    Ok(paths.flat_map(|path| problems(path, &texts)).collect())
}

fn problems(path: &str, texts: &BTreeMap<&str, String>) -> Vec<String> {
    let text = &texts[path];
    if !text.contains("\"node:test\"") {
        return Vec::new();
    }
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let mut problems = Vec::new();
    let is_imported = || {
        let import = format!(" from \"./{name}\"");
        let tests = texts.iter().filter(|(path, _)| is_run(path));
        tests
            .filter(|(path, _)| path.starts_with(directory))
            .any(|(_, text)| text.contains(&import))
    };
    if !is_run(path) && !is_imported() {
        problems.push(format!(
            "{path}: is not run: tests are *.test.mjs in {}",
            NODE_TESTS.join(" or ")
        ));
    }
    for (at, line) in text.lines().enumerate() {
        if let Some(option) = LEAVES_OUT.iter().find(|option| line.contains(*option)) {
            problems.push(format!("{path}:{}: `{option}` leaves out tests", at + 1));
        }
    }
    problems
}

/// Whether `cargo xtask test` gives this file to node.
fn is_run(path: &str) -> bool {
    let (directory, _) = path.rsplit_once('/').unwrap_or(("", path));
    NODE_TESTS.contains(&directory) && path.ends_with(".test.mjs")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: &str = "import test from \"node:test\";\n";

    fn problems_of(path: &str, others: &[(&'static str, &str)]) -> Vec<String> {
        let texts = others
            .iter()
            .map(|(path, text)| (*path, (*text).to_owned()));
        problems(path, &texts.collect())
    }

    #[test]
    fn a_test_that_is_not_run_is_a_problem() {
        let found = |path| problems_of(path, &[(path, TEST)]).len();
        assert_eq!(found("tests/wasm/a.test.mjs"), 0);
        assert_eq!(found("tests/wasm/a.mjs"), 1);
        assert_eq!(found("tests/a.test.mjs"), 1);
        assert!(problems_of("web/a.js", &[("web/a.js", "export const a = 1;")]).is_empty());
    }

    #[test]
    fn a_helper_that_a_test_imports_is_run() {
        let helper = ("tests/wasm/a.mjs", TEST);
        let importing = "import { a } from \"./a.mjs\";";
        let test = ("tests/wasm/b.test.mjs", importing);
        assert!(problems_of("tests/wasm/a.mjs", &[helper, test]).is_empty());
        let elsewhere = ("tests/browser/b.test.mjs", importing);
        assert_eq!(
            problems_of("tests/wasm/a.mjs", &[helper, elsewhere]).len(),
            1
        );
    }

    #[test]
    fn a_test_left_out_is_a_problem() {
        let text = format!("{TEST}test(\"a\", {{ skip: true }}, () => {{}});");
        let path = "tests/wasm/a.test.mjs";
        let problems = problems_of(path, &[(path, &text)]);
        assert_eq!(
            problems,
            ["tests/wasm/a.test.mjs:2: `skip:` leaves out tests"]
        );
    }
}
