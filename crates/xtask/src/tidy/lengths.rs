//! What is too long, or too tangled.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Exceptions;
use super::exceptions::{Allowed, Over};
use super::repository::{Sources, text, with_extension};
use super::structure::Structure;

/// Columns of a line, as rustfmt has it where it can.
const COLUMNS_MAX: usize = 100;
/// Lines of a function, from `fn` to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;
/// Markdown is left out: a row of a table is one line.
const EXTENSIONS: [&str; 7] = ["rs", "mjs", "js", "css", "html", "toml", "yml"];

/// Finds lines and functions that are too long and not excepted, exceptions that are not needed,
/// and values that `let _ =` keeps alive.
pub(super) fn check(
    files: &[String],
    sources: &Sources,
    exceptions: Exceptions,
) -> Result<Vec<String>> {
    let mut lines = BTreeMap::new();
    for path in with_extension(files, &EXTENSIONS) {
        if let Some(over) = long_lines(path, &text(path)?) {
            lines.insert(path.to_owned(), over);
        }
    }
    let mut allowed = Allowed::read()?;
    let mut problems = allowed.compare("lines", &lines);
    problems.extend(Structure::of(sources)?.check(&mut allowed));
    problems.extend(allowed.compare("functions", &long_functions(sources)));
    if exceptions == Exceptions::Lower {
        allowed.lower()?;
    } else {
        problems.extend(allowed.too_large());
    }
    for (path, source) in sources {
        let discards = source.contents.discards.iter();
        problems.extend(
            discards.map(|line| {
                format!("{path}:{line}: `let _ =` of a name: remove what it keeps alive")
            }),
        );
    }
    Ok(problems)
}

fn long_lines(path: &str, text: &str) -> Option<Over> {
    let columns = text.lines().map(|line| line.chars().count()).enumerate();
    let long: Vec<(usize, usize)> = columns
        .filter(|(_, columns)| *columns > COLUMNS_MAX)
        .collect();
    let (first, columns) = *long.first()?;
    Some(Over {
        amount: long.len(),
        example: format!(
            "{path}:{}: has {columns} columns of {COLUMNS_MAX}",
            first + 1
        ),
    })
}

/// By path and name; functions of one name in one file count together.
fn long_functions(sources: &Sources) -> BTreeMap<String, Over> {
    let mut long: BTreeMap<String, Over> = BTreeMap::new();
    for (path, source) in sources {
        for function in &source.contents.functions {
            if function.lines > FUNCTION_LINES_MAX {
                let over = long.entry(format!("{path} {}", function.name)).or_default();
                over.amount += function.lines;
                over.example = format!(
                    "{path}:{}: `{}` has {} lines of {FUNCTION_LINES_MAX}",
                    function.line, function.name, function.lines
                );
            }
        }
    }
    long
}
