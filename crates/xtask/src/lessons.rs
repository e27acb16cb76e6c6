//! A page for each lesson, to be found and sent on: what happens and why, with what its runs
//! showed, and the lesson itself in a frame. From the files of `crates/scenarios`, where a test
//! keeps the measured values.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::frame::{Page, escaped};
use crate::steps::root;

/// Where the site has the pictures of the designs, and `docs/` as well.
const PICTURES: &str = "pictures/lessons";

/// What the table calls the money.
const COST: &str = "Monthly cost";

/// All that the pages are made of.
pub(crate) struct Library {
    courses: Vec<Course>,
    /// By id.
    lessons: BTreeMap<String, Lesson>,
    /// By the id of the lesson.
    measured: BTreeMap<String, Measured>,
}

#[derive(Deserialize)]
struct Course {
    title: String,
    about: String,
    lessons: Vec<String>,
}

/// What a page says of a lesson.
#[derive(Deserialize)]
pub(crate) struct Lesson {
    pub(crate) title: String,
    pub(crate) summary: String,
    minutes: u32,
    design: Design,
    story: Story,
    remedies: Vec<Remedy>,
    shows: Vec<Shown>,
    reading: Vec<Source>,
    pub(crate) rule: String,
}

#[derive(Deserialize)]
struct Design {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Story {
    believed: String,
    why: String,
    change: String,
}

#[derive(Deserialize)]
struct Remedy {
    label: String,
    cost: String,
}

#[derive(Deserialize)]
struct Shown {
    name: String,
    label: String,
}

#[derive(Deserialize)]
struct Source {
    title: String,
    url: String,
}

/// What the runs of a lesson showed.
#[derive(Deserialize)]
struct Measured {
    /// How many runs of each design there were.
    seeds: u32,
    /// By the name of the metric.
    shows: BTreeMap<String, Row>,
    monthly: Row,
}

/// A metric in the faulty and in the fixed runs; `None` where none of them has a value.
#[derive(Deserialize)]
struct Row {
    faulty: Option<Cell>,
    fixed: Option<Cell>,
}

/// A metric over the seeds, as people read it.
#[derive(Deserialize)]
struct Cell {
    mean: String,
    min: String,
    max: String,
    /// How many of the runs have a value, where not all of them do.
    runs: Option<u32>,
}

/// Writes the pages of the lessons and the list of them.
pub(crate) fn write(dist: &Path, site: Option<&str>) -> Result<()> {
    let library = Library::read()?;
    let page = Page {
        path: "lessons/",
        title: "Lessons",
        description: "Known failures of distributed systems, each with a running model, \
                      measurements and a fix.",
        image: None,
        body: &library.list(),
    };
    page.write(dist, site)?;
    for (id, lesson) in library.ordered() {
        let picture = picture(id, lesson)?;
        let body = library.body(id, &picture)?;
        // Drawn by a test in a browser, since previews show no SVG; a new lesson has none yet.
        let preview = format!("{PICTURES}/{id}.png");
        let has_preview = root().join("docs").join(&preview).exists();
        let page = Page {
            path: &format!("lessons/{id}/"),
            title: &lesson.title,
            description: &lesson.summary,
            image: has_preview.then_some(&preview),
            body: &body,
        };
        page.write(dist, site)?;
    }
    Ok(())
}

impl Library {
    pub(crate) fn read() -> Result<Self> {
        let directory = root().join("crates/scenarios");
        let courses: Vec<Course> = json(&directory.join("courses.json"))?;
        let ids = courses.iter().flat_map(|course| &course.lessons);
        let lesson = |id: &String| {
            let path = directory.join(format!("library/{id}.json"));
            Ok((id.clone(), json(&path)?))
        };
        Ok(Self {
            lessons: ids.map(lesson).collect::<Result<_>>()?,
            measured: json(&directory.join("measured.json"))?,
            courses,
        })
    }

    /// Returns all lessons with their ids, in the order of the courses.
    pub(crate) fn ordered(&self) -> impl Iterator<Item = (&str, &Lesson)> {
        let ids = self.courses.iter().flat_map(|course| &course.lessons);
        ids.map(|id| (id.as_str(), &self.lessons[id]))
    }

    /// Returns the text of the page that lists the lessons.
    fn list(&self) -> String {
        let mut body = "<h1>Lessons</h1>\n<p>Each lesson is a running model of a known failure: \
                        predict what happens, watch it, and fix it.</p>\n"
            .to_owned();
        for course in &self.courses {
            let lessons: String = course
                .lessons
                .iter()
                .map(|id| {
                    let Lesson { title, summary, .. } = &self.lessons[id];
                    let (title, summary) = (escaped(title), escaped(summary));
                    format!("<li><a href=\"{id}/\">{title}</a><br>{summary}</li>\n")
                })
                .collect();
            let (title, about) = (escaped(&course.title), escaped(&course.about));
            body += &format!("<h2>{title}</h2>\n<p>{about}</p>\n<ol>\n{lessons}</ol>\n");
        }
        body + "<p><a href=\"../rules/\">The rules</a> that find these failures in a design or in \
                a run of it.</p>\n"
    }

    /// Returns the text of the page of a lesson.
    fn body(&self, id: &str, picture: &str) -> Result<String> {
        let lesson = &self.lessons[id];
        let measured = self.measured.get(id);
        let measured = measured.with_context(|| {
            format!(
                "measured.json lacks {id}: \
                 UPDATE_EXPECT=1 cargo test -p faultline-tests --test scenarios"
            )
        })?;
        let story = &lesson.story;
        let fill = |text: &str| filled(text, measured).with_context(|| format!("story of {id}"));
        let remedy = lesson
            .remedies
            .first()
            .with_context(|| format!("{id} has no remedy"))?;
        let [fix, cost] = [&remedy.label, &remedy.cost].map(|text| escaped(text));
        Ok(format!(
            "<p class=\"quiet\">{place}</p>\n<h1>{title}</h1>\n<p>{summary}</p>\n\
             <p><a class=\"button primary\" href=\"../../index.html#scenario={id}\">\
             Open in the playground</a></p>\n{picture}\
             <h2>The assumption</h2>\n<p>{believed}</p>\n\
             <h2>What happens</h2>\n<p>{why}</p>\n\
             <h2>The fix</h2>\n<p><strong>{fix}.</strong> {change}</p>\n\
             <p>What it costs: {cost}</p>\n\
             <h2>Measured</h2>\n{table}\
             <h2>Run it</h2>\n\
             <iframe class=\"spread\" src=\"../../embed.html?scenario={id}\" \
             title=\"{title}: a running model\" loading=\"lazy\"></iframe>\n\
             <p>The rule <a href=\"../../rules/{rule}/\">{rule}</a> names this failure in other \
             designs.</p>\n\
             <h2>Further reading</h2>\n{reading}{neighbors}",
            place = self.place(id, lesson),
            title = escaped(&lesson.title),
            summary = escaped(&lesson.summary),
            believed = escaped(&story.believed),
            why = fill(&story.why)?,
            change = fill(&story.change)?,
            table = table(id, lesson, measured)?,
            rule = lesson.rule,
            reading = sources(&lesson.reading),
            neighbors = self.neighbors(id),
        ))
    }

    /// Returns the course of a lesson, and how long the lesson takes.
    fn place(&self, id: &str, lesson: &Lesson) -> String {
        let is_in = |course: &&Course| course.lessons.iter().any(|known| known == id);
        let course = self.courses.iter().find(is_in);
        let course = course.map_or("", |course| &course.title);
        let minutes = lesson.minutes;
        let course = escaped(course);
        format!("<a href=\"../\">Lessons</a> / {course} · {minutes} minutes")
    }

    /// Returns the links to the lessons before and after one.
    fn neighbors(&self, id: &str) -> String {
        let ordered: Vec<(&str, &Lesson)> = self.ordered().collect();
        let at = ordered.iter().position(|(known, _)| *known == id);
        let link = |at: Option<usize>, rel: &str, label: &str| {
            let Some((id, lesson)) = at.and_then(|at| ordered.get(at)) else {
                return String::new();
            };
            let title = escaped(&lesson.title);
            format!("<a rel=\"{rel}\" href=\"../{id}/\">{label}: {title}</a>\n")
        };
        format!(
            "<nav class=\"neighbors\" aria-label=\"Lessons\">\n{}{}</nav>\n",
            link(at.and_then(|at| at.checked_sub(1)), "prev", "Previous"),
            link(at.map(|at| at + 1), "next", "Next")
        )
    }
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// Returns the picture of a design, in a box that scrolls where it is narrow.
fn picture(id: &str, lesson: &Lesson) -> Result<String> {
    let path = root().join("docs").join(PICTURES).join(format!("{id}.svg"));
    let svg = fs::read_to_string(&path).with_context(|| {
        let path = path.display();
        format!("{path}: UPDATE_EXPECT=1 cargo test -p faultline pictures draws it")
    })?;
    let size = |name: &str| {
        let (_, rest) = svg.split_once(&format!(" {name}=\""))?;
        let size: f64 = rest.split('"').next()?.parse().ok()?;
        Some(size.ceil())
    };
    let sizes = size("width").zip(size("height"));
    let (width, height) = sizes.with_context(|| format!("{} has no size", path.display()))?;
    let nodes: Vec<&str> = lesson
        .design
        .nodes
        .iter()
        .map(|node| node.name.as_ref().unwrap_or(&node.id).as_str())
        .collect();
    let alt = escaped(&format!("The design: {}", nodes.join(", ")));
    Ok(format!(
        "<figure class=\"wide spread\" tabindex=\"0\"><img src=\"../../{PICTURES}/{id}.svg\" \
         width=\"{width}\" height=\"{height}\" alt=\"{alt}\"></figure>\n"
    ))
}

/// Returns a text with the mean of its metrics, as HTML. `{after}` is a metric of the faulty runs,
/// `{fixed after}` of the fixed ones.
fn filled(text: &str, measured: &Measured) -> Result<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').context("a brace is never closed")?;
        let (name, is_fixed) = match name.strip_prefix("fixed ") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let row = measured.shows.get(name);
        let row = row.with_context(|| format!("measured.json has no metric `{name}`"))?;
        let cell = if is_fixed { &row.fixed } else { &row.faulty };
        let Some(cell) = cell else {
            bail!("no run has a value for `{name}`");
        };
        filled += &escaped(before);
        filled += &escaped(&cell.mean);
        rest = behind;
    }
    Ok(filled + &escaped(rest))
}

/// Returns the table of what the runs showed.
fn table(id: &str, lesson: &Lesson, measured: &Measured) -> Result<String> {
    let mut rows = String::new();
    for shown in &lesson.shows {
        let row = measured.shows.get(&shown.name);
        let row = row.with_context(|| format!("measured.json: {id} lacks `{}`", shown.name))?;
        rows += &line(&shown.label, row, measured.seeds);
    }
    // Some lessons are about the cost and show it themselves.
    if !lesson.shows.iter().any(|shown| shown.label == COST) {
        rows += &line(COST, &measured.monthly, measured.seeds);
    }
    let seeds = measured.seeds;
    Ok(format!(
        "<div class=\"wide\" tabindex=\"0\"><table class=\"measured\">\n\
         <thead><tr><th scope=\"col\">Metric</th><th scope=\"col\">Faulty</th>\
         <th scope=\"col\">Fixed</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n\
         <p class=\"quiet\">Mean of {seeds} runs with different seeds; below it, the lowest and \
         the highest of them.</p>\n"
    ))
}

fn line(label: &str, row: &Row, seeds: u32) -> String {
    let cell = |cell: &Option<Cell>| {
        let Some(cell) = cell else {
            return "none".to_owned();
        };
        let [mean, min, max] = [&cell.mean, &cell.min, &cell.max].map(|text| escaped(text));
        let range = match min == max {
            true => String::new(),
            false => format!("<br><span class=\"quiet\">{min} to {max}</span>"),
        };
        let share = cell.runs.map_or(String::new(), |runs| {
            format!("<br><span class=\"quiet\">in {runs} of {seeds} runs</span>")
        });
        format!("{mean}{range}{share}")
    };
    format!(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n",
        escaped(label),
        cell(&row.faulty),
        cell(&row.fixed)
    )
}

fn sources(sources: &[Source]) -> String {
    let items: String = sources
        .iter()
        .map(|source| {
            let [title, url] = [&source.title, &source.url].map(|text| escaped(text));
            format!("<li><a href=\"{url}\">{title}</a></li>\n")
        })
        .collect();
    format!("<ul>\n{items}</ul>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Measured {
        let cell = |mean: &str| {
            let (min, max) = ("1 < 2", "3");
            serde_json::json!({"mean": mean, "min": min, "max": max, "runs": 9})
        };
        let row = serde_json::json!({"faulty": cell("2 & 1"), "fixed": null});
        let measured = serde_json::json!({"seeds": 10, "shows": {"after": row}, "monthly": row});
        serde_json::from_value(measured).unwrap()
    }

    #[test]
    fn a_text_is_filled_and_escaped() {
        let text = "<b> {after}.";
        assert_eq!(filled(text, &measured()).unwrap(), "&lt;b&gt; 2 &amp; 1.");
        for wrong in ["{before}", "{fixed after}", "{after"] {
            assert!(filled(wrong, &measured()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_row_has_mean_and_range_and_says_what_is_missing() {
        let row = line("A & B", &measured().monthly, 10);
        assert_eq!(
            row,
            "<tr><th scope=\"row\">A &amp; B</th><td>2 &amp; 1\
             <br><span class=\"quiet\">1 &lt; 2 to 3</span>\
             <br><span class=\"quiet\">in 9 of 10 runs</span></td><td>none</td></tr>\n"
        );
    }

    #[test]
    fn every_lesson_has_a_page_with_its_figures() {
        let library = Library::read().unwrap();
        let files = fs::read_dir(root().join("crates/scenarios/library")).unwrap();
        let names = files.map(|entry| entry.unwrap().path());
        let lessons = names.filter(|path| path.extension() == Some("json".as_ref()));
        assert_eq!(library.ordered().count(), lessons.count());
        for (id, lesson) in library.ordered() {
            let picture = picture(id, lesson).unwrap();
            let body = library.body(id, &picture).unwrap();
            let is_left = body.contains(['{', '}', '\u{2026}']);
            assert!(!is_left, "{id}: {body}");
            for shown in &lesson.shows {
                let head = format!("<th scope=\"row\">{}</th>", escaped(&shown.label));
                assert!(body.contains(&head), "{id}: {head}");
            }
        }
        let all: Vec<(&str, &Lesson)> = library.ordered().collect();
        for pair in all.windows(2) {
            let [(id, _), (next, lesson)] = pair else {
                unreachable!("windows are pairs");
            };
            let title = escaped(&lesson.title);
            let link = format!("<a rel=\"next\" href=\"../{next}/\">Next: {title}</a>");
            assert!(library.neighbors(id).contains(&link), "{id}");
        }
    }
}
