//! The documents a reader of the page is led to, as pages of their own: `docs/model.md` becomes
//! `model.html`. They stand beside the page, so that a copy of the site on any host has them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use crate::steps::root;

/// Document in `docs/`, and what the other pages call it.
pub(crate) const PAGES: [(&str, &str); 4] = [
    ("model", "What is modelled"),
    ("accuracy", "Accuracy"),
    ("performance", "Speed"),
    ("cli", "Command line"),
];

/// Writes a page for every document.
pub(crate) fn write(dist: &Path) -> Result<()> {
    for (name, _) in PAGES {
        let path = root().join(format!("docs/{name}.md"));
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        fs::write(dist.join(format!("{name}.html")), page(name, &text))?;
    }
    Ok(())
}

fn page(name: &str, markdown: &str) -> String {
    let (title, body) = convert(markdown);
    let others: String = PAGES
        .iter()
        .map(|(other, label)| match *other == name {
            true => format!("<span aria-current=\"page\">{label}</span>\n"),
            false => format!("<a href=\"{other}.html\">{label}</a>\n"),
        })
        .collect();
    include_str!("reading.html")
        .replace("{title}", &title)
        .replace("{others}", &others)
        .replace("{body}", &body)
}

/// The title and the HTML of a document.
fn convert(markdown: &str) -> (String, String) {
    let mut title = String::new();
    let mut is_title = false;
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).flat_map(|event| {
        match &event {
            Event::Start(Tag::Heading { level, .. }) => is_title = *level == HeadingLevel::H1,
            Event::End(TagEnd::Heading(_)) => is_title = false,
            Event::Text(text) | Event::Code(text) if is_title => title.push_str(text),
            _ => {}
        }
        // Wide tables scroll by themselves; the page does not.
        match event {
            Event::Start(Tag::Table(_)) => vec![raw("<div class=\"wide\" tabindex=\"0\">"), event],
            Event::End(TagEnd::Table) => vec![event, raw("</div>")],
            event => vec![with_page_links(event)],
        }
    });
    let mut body = String::new();
    html::push_html(&mut body, events);
    (title, body)
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
        }) => {
            let known = PAGES.iter().find(|(name, _)| {
                let file = dest_url.rsplit('/').next().unwrap_or_default();
                file.split('#').next() == Some(&format!("{name}.md"))
            });
            let dest_url = match known {
                Some((name, _)) => format!("{name}.html").into(),
                None => dest_url,
            };
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            })
        }
        event => event,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_a_page() {
        let (title, body) =
            convert("# A `title`\n\n[x](docs/model.md#y) [z](a.rs)\n\n|a|\n|-|\n|1|");
        assert_eq!(title, "A title");
        assert!(body.contains("href=\"model.html\"") && body.contains("href=\"a.rs\""));
        assert!(body.contains("<div class=\"wide\" tabindex=\"0\"><table>"));
    }
}
