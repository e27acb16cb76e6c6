//! Continues reading after an error: unreadable parts are skipped, so that the validation problems
//! of the rest are reported together with the reading problems.
//!
//! Problems of parts that depend on a skipped part are dropped, because they may be consequences.

use crate::attribute::{Problem, Reader};
use crate::document::{Design, read_design};
use crate::validate;
use crate::value::Value;

/// The lists of a design, whose entries are left out as a whole where one of their fields is
/// needed.
const LISTS: [&str; 4] = ["nodes", "links", "faults", "requirements"];

/// What is wrong with the rest of a document, these problems of reading it apart; nothing where too
/// much is wrong to tell.
pub(crate) fn further_problems(value: &Value, problems: &[Problem]) -> Vec<Problem> {
    told(value, problems).unwrap_or_default()
}

fn told(value: &Value, problems: &[Problem]) -> Option<Vec<Problem>> {
    let mut rest = value.clone();
    let mut left_out: Vec<String> = Vec::new();
    for problem in problems.iter().rev() {
        if left_out.iter().any(|part| is_within(&problem.path, part)) {
            continue;
        }
        left_out.push(leave_out(&mut rest, &problem.path)?);
    }
    let mut reader = Reader::default();
    let mut design = read_design(&rest, &mut reader);
    if design.is_none() {
        for problem in reader.finish() {
            let entry = entry_of(&problem.path)?;
            stand_in(&mut rest, entry)?;
            left_out.push(entry.to_owned());
        }
        design = read_design(&rest, &mut Reader::default());
    }
    let design = design?;
    let stands_on = links_of(&design, &left_out);
    let mut reader = Reader::default();
    validate::validate(&design, &mut reader);
    let told = reader.finish().into_iter();
    let is_sound = |path: &str| {
        let mut doubtful = left_out.iter().chain(&stands_on);
        !path.is_empty() && !doubtful.any(|part| is_within(path, part) || is_within(part, path))
    };
    Some(told.filter(|problem| is_sound(&problem.path)).collect())
}

/// Removes the value at a path and returns the removed path. For an entry of a list below a field,
/// the whole list is removed.
fn leave_out(value: &mut Value, path: &str) -> Option<String> {
    if entry_of(path) == Some(path) {
        // Said of the entry itself: it is judged again once its fields are read.
        return value.at_path(path).map(|_| path.to_owned());
    }
    let field = match path.ends_with(']') {
        true => &path[..path.rfind('[')?],
        false => path,
    };
    value.remove_path(field).then(|| field.to_owned())
}

/// The entry of one of the design's lists that a path is in: `nodes[3]` of `nodes[3].queue`.
fn entry_of(path: &str) -> Option<&str> {
    let (list, rest) = path.split_once('[')?;
    let end = list.len() + 1 + rest.find(']')?;
    LISTS.contains(&list).then(|| &path[..=end])
}

/// Puts something that reads in the place of an entry that does not.
fn stand_in(value: &mut Value, entry: &str) -> Option<()> {
    let old = value.at_path(entry)?;
    let field = |name: &str| {
        old.get(name)
            .filter(|value| matches!(value, Value::Text(_)))
    };
    let name = |name: &str| Some((name.to_owned(), field(name)?.clone()));
    let text = |name: &str, value: &str| (name.to_owned(), Value::text(value));
    let new = match &entry[..entry.find('[')?] {
        // The names of its operations are what others ask for.
        "nodes" if old.get("operations").is_some() => return None,
        "nodes" => vec![name("id")?, text("kind", "service")],
        "links" => vec![name("from")?, name("to")?],
        "requirements" => vec![
            text("metric", "availability"),
            ("at_least".to_owned(), Value::Number(0.0)),
        ],
        _ => vec![text("kind", "crash"), text("target", "")],
    };
    value.set_path(entry, Value::Map(new)).ok()
}

/// The links at nodes that were left out: what they connect is not known.
fn links_of(design: &Design, left_out: &[String]) -> Vec<String> {
    let is_gone = |id: &str| {
        let place = design.nodes.iter().position(|node| node.id == id);
        place.is_some_and(|at| left_out.contains(&format!("nodes[{at}]")))
    };
    let links = design.links.iter().enumerate();
    let links = links.filter(|(_, link)| is_gone(&link.from) || is_gone(&link.to));
    links.map(|(at, _)| format!("links[{at}]")).collect()
}

/// Whether a path is the other or below it.
fn is_within(path: &str, other: &str) -> bool {
    path.strip_prefix(other)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
