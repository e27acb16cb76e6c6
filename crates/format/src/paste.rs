//! Recognizes text that a user pastes, drops or opens: a design file, a share link, a Mermaid
//! flowchart, or a part of a design that was copied.

use crate::link::{self, LinkError};
use crate::{json, mermaid};
use design::{Design, Problem, Settings};

/// What a text holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Pasted {
    /// Nodes and links and nothing about a run: to be put into the design that is open.
    Part(Design),
    /// A whole design, with what a person should know about how it was read.
    Whole(Design, Vec<String>),
}

/// Reads a text, whatever it is.
///
/// # Errors
///
/// Every problem of it, each with its path. One problem alone says what would have been read.
pub fn read(text: &str) -> Result<Pasted, Vec<Problem>> {
    let begins = text.trim_start_matches('\u{feff}').trim_start();
    if begins.starts_with('{') {
        return json::read(text).map(part_or_whole);
    }
    if text.len() > json::SIZE_MAX {
        return Err(problem(format!(
            "is too large: {} bytes; at most {}",
            text.len(),
            json::SIZE_MAX
        )));
    }
    if let Some(chart) = flowchart(text) {
        let imported = mermaid::read(chart)?;
        return Ok(Pasted::Whole(imported.design, imported.notes));
    }
    match link::decode(text) {
        Ok(shared) => Ok(Pasted::Whole(shared.design, Vec::new())),
        Err(LinkError::Problems(problems)) => Err(problems),
        Err(LinkError::Absent) => Err(problem(
            "is not a design; expected a design file (JSON), a link or a Mermaid flowchart"
                .to_owned(),
        )),
        Err(error) => Err(problem(error.to_string())),
    }
}

/// What is copied: a design file of the nodes and links alone.
pub fn write_part(part: &Design) -> String {
    json::write(part)
}

fn part_or_whole(design: Design) -> Pasted {
    let about_a_run = design.settings != Settings::default()
        || !design.faults.is_empty()
        || !design.requirements.is_empty();
    if about_a_run || design.nodes.is_empty() {
        Pasted::Whole(design, Vec::new())
    } else {
        Pasted::Part(design)
    }
}

/// The text from its flowchart on. Front matter, comments and the fence of Markdown may come
/// before.
fn flowchart(text: &str) -> Option<&str> {
    let is_header = |line: &str| {
        let word = line.trim().split([' ', ';', '\t']).next();
        matches!(word, Some("graph" | "flowchart" | "flowchart-elk"))
    };
    text.lines().any(is_header).then_some(text)
}

fn problem(message: String) -> Vec<Problem> {
    vec![Problem {
        path: String::new(),
        message,
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use design::kinds::service::Service;
    use design::{Kind, Node};

    fn part() -> Design {
        Design {
            nodes: vec![Node::new("api", Kind::Service(Service::default()), [8, 16])],
            ..Design::default()
        }
    }

    fn whole() -> Design {
        let mut design = part();
        design.settings.name = "Orders".to_owned();
        design
    }

    #[test]
    fn each_form_is_known_by_itself() {
        assert_eq!(read(&write_part(&part())), Ok(Pasted::Part(part())));
        let in_whole = Ok(Pasted::Whole(whole(), Vec::new()));
        assert_eq!(read(&json::write(&whole())), in_whole);
        let shared = link::Shared {
            design: whole(),
            view: None,
        };
        let code = link::encode(&shared);
        for text in [
            code.clone(),
            format!("#{code}"),
            format!("  https://example.org/x/#{code}&mode=play\n"),
        ] {
            assert_eq!(read(&text), in_whole, "{text}");
        }
    }

    #[test]
    fn flowcharts_are_read_with_their_fence() {
        for text in [
            "flowchart LR\n a[api] --> b[(db)]\n",
            "```mermaid\ngraph TD\n a[api] --> b[(db)]\n```\n",
            "---\ntitle: x\n---\n%% hello\nflowchart LR; a[api] --> b[(db)]",
        ] {
            let Ok(Pasted::Whole(design, _)) = read(text) else {
                panic!("{text}: {:?}", read(text));
            };
            let ids: Vec<_> = design.nodes.iter().map(|node| node.id.as_str()).collect();
            assert!(ids.contains(&"a") && ids.contains(&"b"), "{ids:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_path() {
        let said = |text: &str| -> Vec<String> {
            let problems = read(text).unwrap_err();
            problems.iter().map(ToString::to_string).collect()
        };
        let two = said(r#"{"faultline": 1, "sede": 7, "nodes": [{"id": "a", "kind": "servce"}]}"#);
        assert_eq!(two.len(), 2, "{two:?}");
        assert!(
            two[0].starts_with("sede: ") && two[1].starts_with("nodes[0].kind"),
            "{two:?}"
        );
        assert!(said("hello")[0].contains("expected a design file"));
        assert!(said("")[0].contains("expected a design file"));
        assert!(said("https://x.org/#d9.AAAA")[0].contains("newer"));
        assert!(said("d1.AQID")[0].contains("damaged"));
    }
}
