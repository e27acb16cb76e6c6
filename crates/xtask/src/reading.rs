//! The documents a reader of the page is led to, as pages of their own: `docs/model.md` becomes
//! `model.html`. They are beside the page, so that a copy of the site on any host has them. What is
//! no document, such as the schema, is published as it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use crate::frame::Page;
use crate::page::copy_dir;
use crate::steps::root;

/// Document in `docs/`, and what the other pages call it.
pub(crate) const PAGES: [(&str, &str); 7] = [
    ("model", "What is modeled"),
    ("rules", "Rules"),
    ("diagnosis", "Conclusions"),
    ("accuracy", "Accuracy"),
    ("performance", "Speed"),
    ("cli", "Command line"),
    ("embedding", "Embedding"),
];

/// Texts with simulations in `docs/essays/`, which become pages in `essays/`.
const ESSAYS: [&str; 1] = ["retries"];
/// The directory of the essays, in `docs/` and on the site.
const ESSAYS_DIR: &str = "essays";
/// What puts the simulations into an essay.
const EMBED: &str = "<script type=\"module\" src=\"../embed.js\"></script>\n";

/// Writes a page for every document, and the other files of `docs/` beside them.
pub(crate) fn write(dist: &Path, site: Option<&str>) -> Result<()> {
    let docs = root().join("docs");
    for (name, _) in PAGES {
        let path = docs.join(format!("{name}.md"));
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let (title, body) = convert(&text);
        let page = Page {
            path: &format!("{name}.html"),
            title: &title,
            description: "",
            image: None,
            body: &body,
        };
        page.write(dist, site)?;
    }
    fs::create_dir_all(dist.join(ESSAYS_DIR))?;
    for name in ESSAYS {
        let path = docs.join(ESSAYS_DIR).join(format!("{name}.md"));
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let (title, body) = convert(&text);
        let page = Page {
            path: &format!("{ESSAYS_DIR}/{name}.html"),
            title: &title,
            description: "",
            image: None,
            body: &format!("{EMBED}{body}"),
        };
        page.write(dist, site)?;
    }
    for entry in fs::read_dir(&docs)? {
        let entry = entry?;
        if entry.file_name() == ESSAYS_DIR {
            continue;
        }
        let (path, target) = (entry.path(), dist.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_dir(&path, &target)?;
        } else if path.extension() != Some("md".as_ref()) {
            fs::copy(&path, target).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

/// The title and the HTML of a document.
pub(crate) fn convert(markdown: &str) -> (String, String) {
    let mut events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES).collect();
    let headings = headings(&events);
    for heading in &headings {
        if let Event::Start(Tag::Heading { id, .. }) = &mut events[heading.at] {
            *id = Some(heading.anchor.clone().into());
        }
    }
    let title = headings
        .iter()
        .find(|heading| heading.level == HeadingLevel::H1);
    let title = title.map_or(String::new(), |heading| heading.text.clone());
    // Wide tables scroll by themselves; the page does not.
    let events = events.into_iter().flat_map(|event| match event {
        Event::Start(Tag::Table(_)) => vec![raw("<div class=\"wide\" tabindex=\"0\">"), event],
        Event::End(TagEnd::Table) => vec![event, raw("</div>")],
        event => vec![with_page_links(event)],
    });
    let mut body = String::new();
    html::push_html(&mut body, events);
    (title, body)
}

/// Returns the text of Markdown without its markup.
pub(crate) fn plain(markdown: &str) -> String {
    let texts = Parser::new(markdown).filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text),
        Event::SoftBreak | Event::HardBreak => Some(" ".into()),
        _ => None,
    });
    texts.map(|text| text.to_string()).collect()
}

/// The anchors of a document's headings: the same on its page and on the forge.
pub(crate) fn anchors(markdown: &str) -> Vec<String> {
    let events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES).collect();
    let headings = headings(&events).into_iter();
    headings.map(|heading| heading.anchor).collect()
}

struct Heading {
    /// Where it starts among the events.
    at: usize,
    level: HeadingLevel,
    text: String,
    anchor: String,
}

fn headings(events: &[Event<'_>]) -> Vec<Heading> {
    let mut headings: Vec<Heading> = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut is_inside = false;
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                is_inside = true;
                headings.push(Heading {
                    at,
                    level: *level,
                    text: String::new(),
                    anchor: String::new(),
                });
            }
            Event::End(TagEnd::Heading(_)) => is_inside = false,
            Event::Text(text) | Event::Code(text) if is_inside => {
                if let Some(heading) = headings.last_mut() {
                    heading.text.push_str(text);
                }
            }
            _ => {}
        }
    }
    for heading in &mut headings {
        let anchor = slug(&heading.text);
        let before = seen.entry(anchor.clone()).or_default();
        heading.anchor = match *before {
            0 => anchor,
            before => format!("{anchor}-{before}"),
        };
        *before += 1;
    }
    headings
}

/// As GitHub makes it of a heading.
fn slug(text: &str) -> String {
    let kept = text.to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn raw(html: &'static str) -> Event<'static> {
    Event::Html(CowStr::Borrowed(html))
}

/// A link from document to document leads from page to page.
fn with_page_links(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => Event::Start(Tag::Link {
            link_type,
            dest_url: page_link(&dest_url).map_or(dest_url, CowStr::from),
            title,
            id,
        }),
        event => event,
    }
}

/// `model.html#traces` for `docs/model.md#traces`.
fn page_link(url: &str) -> Option<String> {
    let (path, anchor) = url
        .split_once('#')
        .map_or((url, None), |(path, a)| (path, Some(a)));
    let name = path.rsplit('/').next()?.strip_suffix(".md")?;
    let dir = match ESSAYS.contains(&name) {
        true => format!("{ESSAYS_DIR}/"),
        // An essay leads to a document.
        false if path.starts_with("../") => "../".to_owned(),
        false => String::new(),
    };
    let is_page = PAGES.iter().any(|(page, _)| *page == name);
    let anchor = anchor.map_or(String::new(), |anchor| format!("#{anchor}"));
    (is_page || ESSAYS.contains(&name)).then(|| format!("{dir}{name}.html{anchor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_a_page() {
        let (title, body) =
            convert("# A `title`\n\n[x](docs/model.md#y) [z](a.rs)\n\n|a|\n|-|\n|1|");
        assert_eq!(title, "A title");
        assert!(body.contains("href=\"model.html#y\"") && body.contains("href=\"a.rs\""));
        assert!(body.contains("<div class=\"wide\" tabindex=\"0\"><table>"));
    }

    #[test]
    fn documents_and_essays_lead_to_each_other() {
        let link = |url: &str| page_link(url).unwrap_or_default();
        assert_eq!(link("essays/retries.md"), "essays/retries.html");
        assert_eq!(
            link("../embedding.md#attributes"),
            "../embedding.html#attributes"
        );
        assert_eq!(page_link("README.md"), None);
    }

    #[test]
    fn headings_have_the_anchors_that_links_use() {
        let markdown = "# lint, rules, `explain`\n\n## Run\n\n## run\n";
        assert_eq!(anchors(markdown), ["lint-rules-explain", "run", "run-1"]);
        assert!(convert(markdown).1.contains("<h2 id=\"run-1\">run</h2>"));
    }
}
