//! Where designs come from: files, links, scenarios, and changes on the command line.

use design::{Command, Design, Problem, Target, Value};
use format::link::LinkError;
use std::io::Read;
use std::path::Path;

/// A scenario with its remedy.
pub(crate) fn mended(source: &str) -> Result<Design, String> {
    host::scenarios::find(source)
        .map(|scenario| scenario.mended())
        .ok_or_else(|| format!("--remedy goes with a scenario, and \"{source}\" is none"))
}

/// The design of a file, a link, or a scenario (which comes with what breaks it).
pub(crate) fn design(source: &str) -> Result<Design, String> {
    if let Some(scenario) = host::scenarios::find(source) {
        return Ok(scenario.broken());
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
                "{source}: there is no such file, and it is neither a link nor a scenario ({})",
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

/// The design after `PATH=VALUE`. The value is JSON where it reads as JSON, and text otherwise.
pub(crate) fn set(mut design: Design, setting: &str) -> Result<Design, String> {
    let source = format!("--set {setting}");
    let (path, value) = split(&design, setting).ok_or_else(|| {
        format!("{source}: expected PATH=VALUE, as api.replicas=4 or nodes[2].replicas=4")
    })?;
    let value = format::json::value_from_str(value).unwrap_or_else(|_| Value::text(value));
    if let Some((target, field)) = target(&design, path) {
        let command = Command::Set(target, field.to_owned(), value);
        design
            .apply(command)
            .map_err(|error| lines(&source, &error.0))?;
    } else {
        let mut document = design.write(false);
        document
            .set_path(path, value)
            .map_err(|message| format!("{source}: {message}"))?;
        design = Design::read(&document).map_err(|problems| lines(&source, &problems))?;
    }
    match design.problems() {
        problems if problems.is_empty() => Ok(design),
        problems => Err(lines(&source, &problems)),
    }
}

/// Path and value. An id may hold `=`, so the search begins behind it.
fn split<'a>(design: &Design, setting: &'a str) -> Option<(&'a str, &'a str)> {
    let field = target(design, setting).map_or(setting, |(_, field)| field);
    let start = setting.len() - field.len();
    let at = start + field.find('=')?;

    let (path, value) = (&setting[..at], &setting[at + 1..]);
    // Names of fields are ASCII; an id with its own letters is behind us.
    (at > start && path[start..].is_ascii()).then_some((path, value))
}

/// The node or link that a path begins with, and the field below it. The longest id wins.
fn target<'a>(design: &Design, path: &'a str) -> Option<(Target, &'a str)> {
    let below = |id: &str| path.strip_prefix(id)?.strip_prefix('.');
    let nodes = design
        .nodes
        .iter()
        .map(|node| (node.id.clone(), Target::Node(node.id.clone())));
    let links = design
        .links
        .iter()
        .map(|link| (link.id.clone(), Target::Link(link.id.clone())));
    nodes
        .chain(links)
        .filter_map(|(id, target)| Some((id.len(), target, below(&id)?)))
        .max_by_key(|(length, _, _)| *length)
        .map(|(_, target, field)| (target, field))
}
