//! The picture that the page shows until its module is there: the lesson that it opens with, drawn
//! into `index.html`. It has to be what the page then shows in its place.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use design::link::Mode;
use editor::geometry::{NODE_HEIGHT, NODE_WIDTH, node_rect};
use editor::icons;
use editor::scene::Scene;
use host::scenarios::{self, Scenario};

/// Room below the lowest cards when the page fits a design. A browser test compares both.
const BELOW_CARDS: f64 = 28.0;
/// The markers before and after the picture.
const BEGIN: &str = "first_picture. -->\n";
const END: &str = "    <!-- end of the first picture -->\n";

#[test]
fn index_html_shows_the_lesson_it_opens_with() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../index.html");
    let html = fs::read_to_string(&path).unwrap();
    let (before, rest) = html
        .split_once(BEGIN)
        .expect("index.html has a first picture");
    let (found, after) = rest.split_once(END).expect("which has an end");
    let wanted = frame(&scenarios::find(scenarios::FIRST).unwrap());
    let named = format!("data-first=\"{}\"", scenarios::FIRST);
    assert!(html.contains(&named), "index.html says {named}");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, [before, BEGIN, &wanted, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(
        found, wanted,
        "UPDATE_EXPECT=1 cargo test -p faultline --test first_picture draws it again"
    );
}

/// The frame of the page with a lesson in it.
fn frame(lesson: &Scenario) -> String {
    let title = escaped(&lesson.title);
    let believed = in_lines(&escaped(&lesson.story.believed));
    format!(
        "    <main class=\"page first\" id=\"first\" data-tab=\"side\">\n\
         \x20     <div class=\"bar\"><span class=\"wordmark\">Faultline</span></div>\n\
         \x20     <div class=\"side\">\n\
         \x20     <p class=\"introduction\">Faultline simulates distributed systems.\n\
         \x20       Break this one, see why it fails, then try a fix.\n\
         \x20       <span class=\"button bare icon\"></span></p>\n\
         \x20     <div class=\"story\">\n\
         \x20       <div class=\"of-first\">\n\
         \x20         <h2>{title}</h2>\n\
         \x20         <p>{believed}</p>\n\
         \x20       </div>\n\
         \x20       <p class=\"quiet loading\" role=\"status\">Loading the simulation</p>\n\
         \x20     </div></div>\n\
         \x20     <div class=\"stage\"><div class=\"surface\">\n{}\
         \x20     </div></div>\n\
         \x20     <div class=\"tabs\"></div><div class=\"graphs\"></div>\n\
         \x20     <div class=\"run\"></div>\n\
         \x20   </main>\n",
        picture(lesson)
    )
}

fn picture(lesson: &Scenario) -> String {
    let design = &lesson.design;
    let scene = Scene::new(design);
    let bounds = scene.bounds().expect("it has nodes");
    let mut size = bounds.size();
    size.y += BELOW_CARDS;
    let mut svg = format!(
        "        <svg class=\"of-first\" viewBox=\"{} {} {} {}\" width=\"{}\" height=\"{}\"\n\
         \x20           aria-hidden=\"true\">\n",
        bounds.min.x, bounds.min.y, size.x, size.y, size.x, size.y
    );
    for (link, line) in scene.lines() {
        let class = match link.mode {
            Mode::Call => "wire",
            Mode::Publish | Mode::Consume | Mode::DeadLetter => "wire message",
        };
        let line = line.to_svg();
        writeln!(svg, "          <path class=\"{class}\" d=\"{line}\"/>").unwrap();
    }
    for node in &design.nodes {
        let at = node_rect(node).min;
        let (icon, title) = (icons::of_kind(&node.kind), escaped(node.title()));
        writeln!(
            svg,
            "          <g transform=\"translate({} {})\" data-id=\"{}\">\n\
             \x20           <rect x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"5.5\"/>\n\
             \x20           <path transform=\"translate(11 9) scale(.9)\" d=\"{icon}\"/>\n\
             \x20           <text x=\"35\" y=\"23\">{title}</text></g>",
            at.x,
            at.y,
            escaped(&node.id),
            NODE_WIDTH - 1.0,
            NODE_HEIGHT - 1.0
        )
        .unwrap();
    }
    svg + "        </svg>\n"
}

/// The text of a paragraph, wrapped so that no line of the file is too long.
fn in_lines(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a line");
        if line.is_empty() || line.len() + word.len() < 80 {
            let gap = if line.is_empty() { "" } else { " " };
            line.push_str(gap);
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n          ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
