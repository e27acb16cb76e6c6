//! A page for each rule, to be found and sent on. From `docs/rules.md`, which a test keeps as the
//! rules say it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::frame::{Page, escaped};
use crate::lessons::Library;
use crate::reading::{convert, plain};
use crate::steps::root;

/// A rule, in Markdown.
#[derive(Debug, PartialEq, Eq)]
struct Rule<'a> {
    id: &'a str,
    title: &'a str,
    means: &'a str,
    /// How it is found, where it is silent and what fixes it.
    rest: &'a str,
}

/// Writes the pages of the rules and the list of them.
pub(crate) fn write(dist: &Path, site: Option<&str>) -> Result<()> {
    let path = root().join("docs/rules.md");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let rules = rules(&text);
    ensure!(!rules.is_empty(), "{} has no rules", path.display());
    let library = Library::read()?;
    let page = Page {
        path: "rules/",
        title: "Rules",
        description: "The rules that name what is wrong with a distributed system, in its design \
                      or in a run of it.",
        image: None,
        body: &list(&rules),
    };
    page.write(dist, site)?;
    for rule in &rules {
        let page = Page {
            path: &format!("rules/{}/", rule.id),
            title: rule.title,
            description: &plain(rule.means),
            image: None,
            body: &body(rule, &library),
        };
        page.write(dist, site)?;
    }
    for (id, lesson) in library.ordered() {
        let is_known = rules.iter().any(|rule| rule.id == lesson.rule);
        ensure!(is_known, "{id}: docs/rules.md has no {}", lesson.rule);
    }
    Ok(())
}

/// Returns the sections of the document that are about one rule.
fn rules(markdown: &str) -> Vec<Rule<'_>> {
    let sections = markdown.split("\n## ").skip(1);
    let rules = sections.filter_map(|section| {
        let (id, text) = section.split_once('\n')?;
        let text = text.trim().strip_prefix("**")?;
        let (title, text) = text.split_once(".**")?;
        let (means, rest) = text.split_once("\n\n")?;
        Some(Rule {
            id: id.trim(),
            title,
            means: means.trim(),
            rest,
        })
    });
    rules.collect()
}

fn list(rules: &[Rule<'_>]) -> String {
    let rules: String = rules
        .iter()
        .map(|rule| {
            let (id, title) = (rule.id, escaped(&plain(rule.title)));
            let means = escaped(&plain(rule.means));
            format!("<li><a href=\"{id}/\">{title}</a><br>{means}</li>\n")
        })
        .collect();
    format!(
        "<h1>Rules</h1>\n<p>Each rule names what is wrong with a design or with a run of it. \
         <a href=\"../rules.html\">All on one page</a>, with how often they are right.</p>\n\
         <ul>\n{rules}</ul>\n"
    )
}

fn body(rule: &Rule<'_>, library: &Library) -> String {
    let Rule {
        id,
        title,
        means,
        rest,
    } = rule;
    let (_, text) = convert(&format!("# {title}\n\n{means}\n\n{rest}"));
    let lessons: String = library
        .ordered()
        .filter(|(_, lesson)| lesson.rule == *id)
        .map(|(id, lesson)| {
            let [title, summary] = [&lesson.title, &lesson.summary].map(|text| escaped(text));
            format!("<li><a href=\"../../lessons/{id}/\">{title}</a><br>{summary}</li>\n")
        })
        .collect();
    let lessons = match lessons.is_empty() {
        true => lessons,
        false => format!("<h2>Lesson</h2>\n<ul>\n{lessons}</ul>\n"),
    };
    format!(
        "<p class=\"quiet\"><a href=\"../\">Rules</a> / <code>{id}</code></p>\n{text}{lessons}\
         <p><a href=\"../../rules.html#{id}\">All rules on one page</a>, with how often they are \
         right. On the command line: <code>faultline explain {id}</code>.</p>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_the_sections_that_begin_with_a_title() {
        let text = "# All\n\n## Over the corpus\n\nText.\n\n## a-b\n\n**A & b.** It `is`.\n\n\
                    *Evidence.* X.\n\n*Fixed by.* Y.\n\n## c\n\n**C.** D.\n\n*Evidence.* E.\n";
        let rules = rules(text);
        let ids: Vec<&str> = rules.iter().map(|rule| rule.id).collect();
        assert_eq!(ids, ["a-b", "c"]);
        assert_eq!((rules[0].title, rules[0].means), ("A & b", "It `is`."));
        assert!(list(&rules).contains("<a href=\"a-b/\">A &amp; b</a><br>It is.</li>"));
    }

    #[test]
    fn the_page_of_a_rule_leads_to_its_lesson() {
        let text = fs::read_to_string(root().join("docs/rules.md")).unwrap();
        let rules = rules(&text);
        let library = Library::read().unwrap();
        let rule = rules.iter().find(|rule| rule.id == "retry-storm").unwrap();
        let body = body(rule, &library);
        assert!(
            body.contains("<a href=\"../../lessons/retry-storm/\">"),
            "{body}"
        );
        assert!(body.contains("<em>Fixed by.</em>"), "{body}");
        // Its sections all have the same parts, so that none is lost between here and the document.
        let sections = text.matches("\n*Fixed by.*").count();
        assert_eq!(rules.len(), sections);
    }
}
