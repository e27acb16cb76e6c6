//! Links in the documents of the repository lead to files and headings that are there.

use std::collections::BTreeSet;

use anyhow::Result;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::repository::{text, with_extension};
use crate::reading;

/// Finds links to nothing in all Markdown, and mentions of documents that are not there in all
/// sources.
pub(super) fn check(files: &[String]) -> Result<Vec<String>> {
    let known = Known::new(files);
    let mut problems = Vec::new();
    for path in with_extension(files, &["md"]) {
        for (line, url) in urls(&text(path)?) {
            if let Some(problem) = known.problem(path, &url)? {
                problems.push(format!("{path}:{line}: {problem}"));
            }
        }
    }
    for path in with_extension(files, &["md", "rs", "mjs", "js", "toml", "yml", "json"]) {
        for (line, document) in mentions(&text(path)?) {
            if !known.files.contains(document.as_str()) {
                problems.push(format!("{path}:{line}: there is no {document}"));
            }
        }
    }
    Ok(problems)
}

/// The destinations of a document's links and images, with their lines.
fn urls(markdown: &str) -> Vec<(usize, String)> {
    let mut urls = Vec::new();
    for (event, range) in Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter() {
        let line = markdown[..range.start].matches('\n').count() + 1;
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                urls.push((line, dest_url.into_string()));
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let links = attributes(&html).into_iter();
                urls.extend(links.map(|link| (line, link.to_owned())));
            }
            _ => {}
        }
    }
    urls
}

/// What `href`, `src` and `srcset` of HTML and `url()` of CSS say.
pub(super) fn attributes(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (start, end) in [
        (" href=\"", '"'),
        (" src=\"", '"'),
        ("url(\"", '"'),
        ("url('", '\''),
    ] {
        for (at, _) in text.match_indices(start) {
            found.extend(text[at + start.len()..].split(end).next());
        }
    }
    for (at, start) in text.match_indices(" srcset=\"") {
        let images = text[at + start.len()..].split('"').next().unwrap_or("");
        // Each may be followed by the width or the resolution that it is for.
        let images = images
            .split(',')
            .filter_map(|image| image.split_whitespace().next());
        found.extend(images);
    }
    found
}

/// The files of `docs/` wherever they are mentioned, with their lines.
fn mentions(text: &str) -> Vec<(usize, String)> {
    let mut mentions = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for (start, found) in line.match_indices("docs/") {
            let before = line[..start].chars().next_back();
            let rest = &line[start + found.len()..];
            let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            let name = rest.split(|c| !is_part(c)).next().unwrap_or("");
            let name = name.trim_end_matches('.');
            // What comes after a slash or a letter is an address or another path.
            let is_ours = !before.is_some_and(|c| c == '/' || is_part(c));
            if is_ours && name.contains('.') {
                mentions.push((at + 1, format!("docs/{name}")));
            }
        }
    }
    mentions
}

struct Known<'a> {
    files: BTreeSet<&'a str>,
    directories: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    fn new(files: &'a [String]) -> Known<'a> {
        let mut directories = BTreeSet::from([""]);
        for file in files {
            directories.extend(file.match_indices('/').map(|(at, _)| &file[..at]));
        }
        Known {
            files: files.iter().map(String::as_str).collect(),
            directories,
        }
    }

    /// What is wrong with a link in a document, if anything is.
    fn problem(&self, document: &str, url: &str) -> Result<Option<String>> {
        if url.starts_with("https://") || url.starts_with("http://") {
            return Ok(None);
        }
        let (path, anchor) = url.split_once('#').unwrap_or((url, ""));
        let target = match path {
            "" => document.to_owned(),
            path => resolve(document, path),
        };
        if self.directories.contains(target.as_str()) {
            return Ok(None);
        }
        if !self.files.contains(target.as_str()) {
            return Ok(Some(format!("a link to {url}: there is no {target}")));
        }
        if anchor.is_empty()
            || reading::anchors(&text(&target)?)
                .iter()
                .any(|it| it == anchor)
        {
            return Ok(None);
        }
        Ok(Some(format!(
            "a link to {url}: {target} has no heading `{anchor}`"
        )))
    }
}

/// A relative path in a file, from the root.
pub(super) fn resolve(file: &str, path: &str) -> String {
    let directory = file.rsplit_once('/').map_or("", |(directory, _)| directory);
    let mut parts: Vec<&str> = directory.split_terminator('/').collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_link_is_a_problem() {
        let files = ["README.md", "docs/cli.md"].map(str::to_owned);
        let known = Known::new(&files);
        let dead = |document, url| known.problem(document, url).unwrap().is_some();
        assert!(!dead("README.md", "docs/cli.md#check"));
        assert!(!dead("docs/cli.md", "../README.md"));
        assert!(!dead("docs/cli.md", "../docs/"));
        assert!(!dead("docs/cli.md", "#check"));
        assert!(!dead("docs/cli.md", "https://example.org"));
        assert!(dead("docs/cli.md", "docs/cli.md"));
        assert!(dead("README.md", "docs/cli.md#no-such-heading"));
        assert!(dead("docs/cli.md", "#no-such-heading"));
    }

    #[test]
    fn links_are_found_with_their_lines() {
        let found = urls(
            "[a](b)\n[h](i)\n\n| x |\n|-|\n| [c][d] |\n\n`[e](f)`\n\n\
             <img src=\"j\" srcset=\"k, l 2x\">\n\n[d]: g\n",
        );
        assert_eq!(
            found,
            [
                (1, "b".to_owned()),
                (2, "i".to_owned()),
                (6, "g".to_owned()),
                (10, "j".to_owned()),
                (10, "k".to_owned()),
                (10, "l".to_owned()),
            ]
        );
    }

    #[test]
    fn documents_are_found_where_they_are_mentioned() {
        let text = "see docs/cli.md.\nhttps://x.org/docs/b.html and `docs/`, \"docs/rules.md\"";
        let found: Vec<String> = mentions(text).into_iter().map(|(_, name)| name).collect();
        assert_eq!(found, ["docs/cli.md", "docs/rules.md"]);
    }
}
