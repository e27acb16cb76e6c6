//! Where designs come from: files, links, scenarios, and changes on the command line.

use design::{Design, Problem, Value};
use format::link::LinkError;
use std::io::Read;
use std::path::Path;

/// A scenario with its remedy.
pub(crate) fn mended(source: &str) -> Result<Design, String> {
    host::scenarios::find(source)
        .map(|scenario| scenario.fixed())
        .ok_or_else(|| format!("--remedy needs a scenario, but \"{source}\" is not one"))
}

/// The design of a file, a link, or a scenario (which comes with what breaks it).
pub(crate) fn design(source: &str) -> Result<Design, String> {
    if let Some(scenario) = host::scenarios::find(source) {
        return Ok(scenario.faulty());
    }
    if let Some(sound) = host::scenarios::find_sound(source) {
        return Ok(sound.design);
    }
    if source == "-" {
        return read("stdin", &text(source)?);
    }
    if Path::new(source).exists() {
        return read(source, &text(source)?);
    }
    match format::link::decode(source) {
        Ok(shared) => Ok(shared.design),
        Err(LinkError::Absent) => {
            let ids: Vec<&str> = host::scenarios::ids().collect();
            Err(format!(
                "{source}: not a file, a link or a scenario; the scenarios are {}",
                ids.join(", ")
            ))
        }
        Err(LinkError::Problems(problems)) => Err(lines("link", &problems)),
        Err(error) => Err(error.to_string()),
    }
}

/// The text of a file, or of stdin.
pub(crate) fn text(source: &str) -> Result<String, String> {
    match source {
        "-" => {
            let mut text = String::new();
            let read = std::io::stdin().read_to_string(&mut text);
            read.map(|_| text)
                .map_err(|error| format!("stdin: {error}"))
        }
        path => std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}")),
    }
}

/// JSON, or TOML where the name ends so; without such a name, JSON begins with a brace.
pub(crate) fn read(name: &str, text: &str) -> Result<Design, String> {
    let begins = text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .chars()
        .next();
    let is_json = match Path::new(name)
        .extension()
        .and_then(|ending| ending.to_str())
    {
        Some("toml") => false,
        Some("json") => true,
        _ => begins == Some('{'),
    };
    let design = match is_json {
        true => format::json::read(text),
        false => crate::toml_file::read(text)
            .map_err(|problem| vec![problem])
            .and_then(|value| Design::read(&value)),
    };
    design.map_err(|problems| lines(name, &problems))
}

/// All problems, one a line, each after the name of what has it.
pub(crate) fn lines(source: &str, problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|problem| format!("{source}: {problem}\n"))
        .collect()
}

/// The design after these changes: options of the command line, each with its `PATH=VALUE`s. A
/// value is JSON where it reads as JSON, and text otherwise. The design is checked once, after all
/// changes, so that their order does not matter.
pub(crate) fn set(design: Design, options: &[(&str, &[String])]) -> Result<Design, String> {
    let settings = options
        .iter()
        .flat_map(|(option, settings)| settings.iter().map(move |setting| (option, setting)));
    let mut document = design.write(false);
    let mut changes = Vec::new();
    for (option, setting) in settings {
        let source = format!("{option} {setting}");
        let (path, value) = split(&document, setting).ok_or_else(|| {
            format!("{source}: expected PATH=VALUE, such as api.replicas=4 or nodes[2].replicas=4")
        })?;
        let value = format::json::value_from_str(value).unwrap_or_else(|_| Value::text(value));
        let place = match target(&document, path) {
            Some((place, field)) if is_identity(&place, field) => {
                return Err(format!(
                    "{source}: {field} cannot be changed, as links and random streams depend on it"
                ));
            }
            Some((place, field)) => format!("{place}.{field}"),
            None => path.to_owned(),
        };
        document
            .set_path(&place, value)
            .map_err(|message| format!("{source}: {message}"))?;
        changes.push((place, source));
    }
    if changes.is_empty() {
        return Ok(design);
    }
    Design::read(&document).map_err(|problems| {
        let all: Vec<&str> = changes.iter().map(|(_, source)| source.as_str()).collect();
        let all = all.join(" ");
        let source_of = |problem: &Problem| {
            let mut last_first = changes.iter().rev();
            let change = last_first.find(|(place, _)| is_about(&problem.path, place));
            change.map_or(&all, |(_, source)| source)
        };
        problems
            .iter()
            .map(|problem| format!("{}: {problem}\n", source_of(problem)))
            .collect()
    })
}

/// Whether a field says what a node or a link is.
fn is_identity(place: &str, field: &str) -> bool {
    field == "id" || field == "kind" && place.starts_with("nodes")
}

/// Whether one of two paths is the other or leads to it.
fn is_about(path: &str, place: &str) -> bool {
    let leads_to = |outer: &str, inner: &str| {
        let rest = inner.strip_prefix(outer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    leads_to(place, path) || leads_to(path, place)
}

/// Path and value. An id may hold `=`, so the search begins behind it.
fn split<'a>(document: &Value, setting: &'a str) -> Option<(&'a str, &'a str)> {
    let field = target(document, setting).map_or(setting, |(_, field)| field);
    let start = setting.len() - field.len();
    let at = start + field.find('=')?;

    let (path, value) = (&setting[..at], &setting[at + 1..]);
    // Names of fields are ASCII; an id with its own letters is behind us.
    (at > start && path[start..].is_ascii()).then_some((path, value))
}

/// The place of the node or link whose id a path begins with, as `nodes[2]`, and the field below
/// it. The longest id wins.
fn target<'a>(document: &Value, path: &'a str) -> Option<(String, &'a str)> {
    let mut found: Option<(usize, String, &str)> = None;
    for list in ["nodes", "links"] {
        let Some(Value::List(entries)) = document.get(list) else {
            continue;
        };
        for (at, entry) in entries.iter().enumerate() {
            let Some(Value::Text(id)) = entry.get("id") else {
                continue;
            };
            let below = path.strip_prefix(id.as_str());
            let Some(field) = below.and_then(|rest| rest.strip_prefix('.')) else {
                continue;
            };
            if found
                .as_ref()
                .is_none_or(|(longest, ..)| id.len() >= *longest)
            {
                found = Some((id.len(), format!("{list}[{at}]"), field));
            }
        }
    }
    found.map(|(_, place, field)| (place, field))
}
