//! What every page to read has around its text: the head with what search engines and link previews
//! show, and the bar with links to the other pages.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::reading::PAGES;

/// The address under which the site will be published, for what must be absolute.
const SITE: &str = "FAULTLINE_SITE";

/// A page to read.
pub(crate) struct Page<'a> {
    /// Its address below the site: `model.html`, or `lessons/cap/`.
    pub(crate) path: &'a str,
    pub(crate) title: &'a str,
    /// One or two sentences for search engines and link previews; may be empty.
    pub(crate) description: &'a str,
    /// The address below the site of the picture for link previews, of 1200 by 630 pixels.
    pub(crate) image: Option<&'a str>,
    /// Its HTML.
    pub(crate) body: &'a str,
}

impl Page<'_> {
    /// Writes the page where its address says.
    pub(crate) fn write(&self, dist: &Path, site: Option<&str>) -> Result<()> {
        let mut path = dist.join(self.path);
        if self.path.ends_with('/') {
            fs::create_dir_all(&path)?;
            path.push("index.html");
        }
        fs::write(&path, self.html(site)).with_context(|| path.display().to_string())
    }

    /// Returns the page. Only with the address of the site does it name its own.
    pub(crate) fn html(&self, site: Option<&str>) -> String {
        let up = self.up();
        let home = if up.is_empty() { "./" } else { &up };
        include_str!("reading.html")
            .replace("{title}", &escaped(self.title))
            .replace("{meta}", &self.meta(site))
            .replace("{home}", home)
            .replace("{up}", &up)
            .replace("{others}", &self.others())
            .replace("{body}", self.body)
    }

    /// Returns the way from the page to the top of the site.
    fn up(&self) -> String {
        "../".repeat(self.path.matches('/').count())
    }

    fn meta(&self, site: Option<&str>) -> String {
        let mut meta = String::new();
        let mut add = |kind: &str, name: &str, content: &str| {
            let content = escaped(content);
            let _ = writeln!(meta, "    <meta {kind}=\"{name}\" content=\"{content}\">");
        };
        if !self.description.is_empty() {
            add("name", "description", self.description);
            add("property", "og:title", self.title);
            add("property", "og:description", self.description);
            add("property", "og:site_name", "Faultline");
            add("property", "og:type", "article");
        }
        if let Some(image) = self.image {
            let base = site.map_or_else(|| self.up(), str::to_owned);
            add("property", "og:image", &format!("{base}{image}"));
            add("property", "og:image:width", "1200");
            add("property", "og:image:height", "630");
            add("name", "twitter:card", "summary_large_image");
        }
        if let Some(site) = site {
            let address = escaped(&format!("{site}{}", self.path));
            let _ = writeln!(meta, "    <meta property=\"og:url\" content=\"{address}\">");
            let _ = writeln!(meta, "    <link rel=\"canonical\" href=\"{address}\">");
        }
        meta
    }

    /// Returns the links to the other pages of the bar.
    fn others(&self) -> String {
        let documents = PAGES
            .iter()
            .map(|(name, label)| (format!("{name}.html"), *label));
        let pages = [("lessons/".to_owned(), "Lessons")]
            .into_iter()
            .chain(documents);
        let up = self.up();
        let links = pages.map(|(path, label)| match path == self.path {
            true => format!("<span aria-current=\"page\">{label}</span>\n"),
            false => format!("<a href=\"{up}{path}\">{label}</a>\n"),
        });
        links.collect()
    }
}

/// Returns the address under which the site will be published, with a slash at its end, or `None`
/// where it is not known.
pub(crate) fn site() -> Result<Option<String>> {
    let Ok(site) = std::env::var(SITE) else {
        return Ok(None);
    };
    let is_address = ["https://", "http://"].iter().any(|s| site.starts_with(s));
    ensure!(
        is_address && !site.contains(['?', '#', ' ']),
        "{SITE} must be an address such as https://example.org/faultline/, not `{site}`"
    );
    Ok(Some(format!("{}/", site.trim_end_matches('/'))))
}

/// Writes the list of all pages for search engines. `files` are the HTML files of the site.
pub(crate) fn write_sitemap(dist: &Path, site: &str, files: &[String]) -> Result<()> {
    let addresses = files.iter().filter(|name| *name != "embed.html");
    let addresses: String = addresses
        .map(|name| {
            let path = name.strip_suffix("index.html").unwrap_or(name);
            let address = escaped(&format!("{site}{path}"));
            format!("  <url><loc>{address}</loc></url>\n")
        })
        .collect();
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n{addresses}</urlset>\n"
    );
    Ok(fs::write(dist.join("sitemap.xml"), text)?)
}

/// Returns a text as HTML and XML have it, between tags and in quotes.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Page<'_> = Page {
        path: "lessons/cap/",
        title: "A & \"B\"",
        description: "Less than 1 < 2.",
        image: Some("pictures/lessons/cap.png"),
        body: "<p>{title}</p>",
    };

    #[test]
    fn a_page_without_an_address_has_relative_links_only() {
        let html = PAGE.html(None);
        assert!(html.contains("<title>A &amp; &quot;B&quot; · Faultline</title>"));
        assert!(html.contains("name=\"description\" content=\"Less than 1 &lt; 2.\""));
        assert!(html.contains("og:image\" content=\"../../pictures/lessons/cap.png\""));
        assert!(html.contains("href=\"../../styles/main.css\""));
        assert!(html.contains("<a href=\"../../lessons/\">Lessons</a>"));
        assert!(html.contains("class=\"wordmark\" href=\"../../\""));
        assert!(html.contains("<p>{title}</p>"), "texts are not templates");
        assert!(!html.contains("canonical") && !html.contains("og:url"));
    }

    #[test]
    fn a_page_with_an_address_names_it() {
        let html = PAGE.html(Some("https://x.org/f/"));
        assert!(html.contains("rel=\"canonical\" href=\"https://x.org/f/lessons/cap/\""));
        assert!(html.contains("content=\"https://x.org/f/pictures/lessons/cap.png\""));
    }
}
