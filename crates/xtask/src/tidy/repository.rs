//! The files of the repository.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::rust::Contents;
use crate::steps::{output, root};

/// A Rust file.
pub(crate) struct Source {
    pub(crate) text: String,
    pub(crate) contents: Contents,
}

/// The Rust files by path.
pub(crate) type Sources = BTreeMap<String, Source>;

/// Paths from the root of all files that are tracked, or new and not ignored.
pub(crate) fn files() -> Result<Vec<String>> {
    let args = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--deduplicate",
    ];
    let list = output(Command::new("git").args(args))?;
    let files = list.split_terminator('\0').map(str::to_owned);
    // A file that was deleted is tracked until the deletion is staged.
    let files: Vec<String> = files.filter(|path| root().join(path).is_file()).collect();
    ensure!(!files.is_empty(), "git lists no files here");
    Ok(files)
}

/// The files with one of these extensions.
pub(crate) fn with_extension<'a>(
    files: &'a [String],
    extensions: &'a [&str],
) -> impl Iterator<Item = &'a str> {
    let files = files.iter().map(String::as_str);
    files.filter(|path| {
        let extension = path.rsplit_once('.').map(|(_, extension)| extension);
        extension.is_some_and(|extension| extensions.contains(&extension))
    })
}

/// The text of a file.
pub(crate) fn text(path: &str) -> Result<String> {
    fs::read_to_string(root().join(path)).with_context(|| path.to_owned())
}

/// Reads all Rust files among these.
pub(crate) fn sources(files: &[String]) -> Result<Sources> {
    let mut sources = Sources::new();
    for path in with_extension(files, &["rs"]) {
        let text = text(path)?;
        let contents = Contents::of(&text).with_context(|| path.to_owned())?;
        sources.insert(path.to_owned(), Source { text, contents });
    }
    Ok(sources)
}
