//! The published site: it has every document, and its links lead to what is published.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::links::{attributes, resolve};
use super::repository::{text, with_extension};
use crate::page;
use crate::steps::target_dir;

/// The files of the site that may refer to others.
const REFERRING: [&str; 3] = ["html", "css", "js"];

/// Builds the site without what is compiled, and checks it.
pub(super) fn check(files: &[String]) -> Result<Vec<String>> {
    let directory = target_dir().join("site-to-check");
    if directory.exists() {
        fs::remove_dir_all(&directory).context("the site of the last check")?;
    }
    fs::create_dir_all(&directory)?;
    page::copy_static_files(&directory)?;

    let mut site = Site::default();
    site.add(&directory, "")?;
    site.files.extend(page::bindings());
    let mut problems = unpublished(files, &site);
    problems.extend(site.problems());
    // Of the page's own code, the links to other pages.
    for path in with_extension(files, &["rs"]).filter(|path| path.starts_with("web/src/")) {
        let text = text(path)?;
        let links = quoted(&text).filter(|word| word.split('#').next().is_some_and(is_page));
        let dead = links.filter_map(|link| site.problem("index.html", link));
        problems.extend(dead.map(|problem| format!("{path}: {problem}")));
    }
    Ok(problems)
}

/// Finds documents that are no page of the site, and other files of `docs/` that it lacks.
fn unpublished(files: &[String], site: &Site) -> Vec<String> {
    let mut problems = Vec::new();
    for path in files {
        let Some(name) = path.strip_prefix("docs/") else {
            continue;
        };
        let published = match name.strip_suffix(".md") {
            Some(document) => format!("{document}.html"),
            None => name.to_owned(),
        };
        if !site.files.contains(&published) {
            problems.push(format!(
                "{path}: the site has no {published} (PAGES in reading.rs)"
            ));
        }
    }
    problems
}

#[derive(Default)]
struct Site {
    files: BTreeSet<String>,
    /// Of the files that may refer to others.
    texts: BTreeMap<String, String>,
}

impl Site {
    fn add(&mut self, directory: &Path, inside: &str) -> Result<()> {
        for entry in fs::read_dir(directory.join(inside))? {
            let entry = entry?;
            let path = resolve(&format!("{inside}/"), &entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.add(directory, &path)?;
                continue;
            }
            if REFERRING
                .iter()
                .any(|extension| path.ends_with(&format!(".{extension}")))
            {
                self.texts
                    .insert(path.clone(), fs::read_to_string(entry.path())?);
            }
            self.files.insert(path);
        }
        Ok(())
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (file, text) in &self.texts {
            let links = attributes(text).into_iter().chain(file_names(text));
            let dead = links.filter_map(|link| self.problem(file, link));
            problems.extend(dead.map(|problem| format!("published {file}: {problem}")));
        }
        problems.sort();
        problems.dedup();
        problems
    }

    /// What is wrong with a link in a file of the site, if anything is.
    fn problem(&self, file: &str, link: &str) -> Option<String> {
        let is_elsewhere = ["https://", "http://", "data:", "mailto:"];
        if is_elsewhere.iter().any(|scheme| link.starts_with(scheme)) {
            return None;
        }
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = match path.split('?').next()? {
            "" => file.to_owned(),
            path if path.ends_with('/') => resolve(file, &format!("{path}index.html")),
            path => resolve(file, path),
        };
        if !self.files.contains(&target) {
            return Some(format!("a link to {link}: the site has no {target}"));
        }
        // What is after the # of the playground and the embed is a design.
        let has_anchors = is_page(&target) && !["index.html", "embed.html"].contains(&&*target);
        let id = format!(" id=\"{anchor}\"");
        let is_there = anchor.is_empty() || !has_anchors || self.texts[&target].contains(&id);
        (!is_there).then(|| format!("a link to {link}: {target} has no `{anchor}`"))
    }
}

fn is_page(path: &str) -> bool {
    path.ends_with(".html")
}

/// Quoted names of files: of scripts, wasm and style sheets.
fn file_names(text: &str) -> impl Iterator<Item = &str> {
    quoted(text).filter(|word| {
        let is_name = word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
        let extensions = [".js", ".wasm", ".css", ".html"];
        is_name && extensions.iter().any(|extension| word.ends_with(extension))
    })
}

/// What is between two double quotes of one line, whether they belong together or not.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('"').skip(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(pages: &[(&str, &str)]) -> Site {
        let texts = pages
            .iter()
            .map(|(name, text)| (name.to_string(), text.to_string()));
        let texts: BTreeMap<String, String> = texts.collect();
        let mut files: BTreeSet<String> = texts.keys().cloned().collect();
        files.insert("public/a.woff2".to_owned());
        Site { files, texts }
    }

    #[test]
    fn links_that_resolve_are_none() {
        let site = site(&[
            (
                "index.html",
                "<script src=\"boot.js\"></script><a href=\"#d=1\">",
            ),
            ("boot.js", "import(\"./boot.js\"); say(\"no.such word.js\")"),
            (
                "styles/main.css",
                "src: url(\"../public/a.woff2\") format(\"woff2\")",
            ),
            (
                "a.html",
                "<h2 id=\"b\"><a href=\"./\"><a href=\"#b\"><a href=\"https://x.org/y\">",
            ),
            (
                "b.html",
                "<a href=\"a.html#b\"><a href=\"index.html#anything\">",
            ),
        ]);
        assert_eq!(site.problems(), Vec::<String>::new());
    }

    #[test]
    fn dead_links_are_problems() {
        let site = site(&[
            (
                "a.html",
                "<a href=\"rules.md\"><a href=\"#c\"><meta content=\"worker.js\">",
            ),
            ("styles/main.css", "src: url(\"public/a.woff2\")"),
        ]);
        assert_eq!(
            site.problems(),
            [
                "published a.html: a link to #c: a.html has no `c`",
                "published a.html: a link to rules.md: the site has no rules.md",
                "published a.html: a link to worker.js: the site has no worker.js",
                "published styles/main.css: a link to public/a.woff2: \
                 the site has no styles/public/a.woff2",
            ]
        );
    }

    #[test]
    fn every_document_is_published() {
        let site = site(&[("cli.html", ""), ("faultline.schema.json", "")]);
        let files = ["docs/cli.md", "docs/faultline.schema.json", "docs/model.md"];
        let files = files.map(str::to_owned);
        assert_eq!(unpublished(&files, &site).len(), 1);
    }
}
