//! Fields of a design by their path, as `--set` of the command line writes it:
//! `api->database.retry.max_attempts`, `nodes[2].replicas`, `duration`.

use design::attribute::Reader;
use design::{Attribute, Command, CommandError, Design, Duration, Fault, Problem, Target, Value};

/// Returns the value of a field. A part of an attribute that is off is `null`.
///
/// # Errors
///
/// The problem with the path, and what would be valid.
pub fn get(design: &Design, path: &str) -> Result<Value, Vec<Problem>> {
    let (target, field) = resolve(design, path)?;
    let fields = design.fields(&target).map_err(|CommandError(why)| why)?;
    let mut known = &fields;
    let mut rest = field;
    while !rest.is_empty() {
        let end = match rest.starts_with('[') {
            true => rest.find(']').map(|at| at + 1),
            false => rest.find(['.', '[']),
        };
        let end = end.unwrap_or(rest.len()).max(1);
        let (head, tail) = rest.split_at(end);
        let Some(next) = known.at_path(head) else {
            if matches!(known, Value::Null | Value::Text(_)) {
                return Ok(Value::Null);
            }
            let entries = known.entries().iter().map(|(name, _)| name.as_str());
            let names: Vec<&str> = entries.collect();
            let at = &path[..path.len() - tail.len()];
            return Err(unknown("field", at, head, &names));
        };
        known = next;
        rest = tail.strip_prefix('.').unwrap_or(tail);
    }
    Ok(known.clone())
}

/// Returns the command that gives a field another value.
///
/// # Errors
///
/// Every problem that the design would have with that value and does not have now.
pub fn set(design: &Design, path: &str, value: Value) -> Result<Command, Vec<Problem>> {
    let (target, field) = resolve(design, path)?;
    let before = &path[..path.len() - field.len()];
    let command = Command::Set(target, field.to_owned(), value);
    checked(design, command, before)
}

/// Returns the command that injects a fault. A fault without `at` begins at `soon`.
///
/// # Errors
///
/// Every problem of the fault, and every problem that the design would have with it.
pub fn inject(design: &Design, fault: &Value, soon: Duration) -> Result<Command, Vec<Problem>> {
    let mut reader = Reader::default();
    let read = reader.within("fault", |reader| Fault::read(fault, reader));
    let problems = reader.finish();
    let Some(mut read) = read.filter(|_| problems.is_empty()) else {
        return Err(problems);
    };
    if fault.get("at").is_none() {
        read.at = soon;
    }
    checked(design, Command::AddFault(design.faults.len(), read), "")
}

/// Returns the command that removes all faults.
pub fn clear(design: &Design) -> Command {
    let all = (0..design.faults.len()).rev();
    Command::Batch(all.map(Command::RemoveFault).collect())
}

/// Returns a command that leads to a design without new problems. Problems of the command itself
/// are below the path `before`.
fn checked(design: &Design, command: Command, before: &str) -> Result<Command, Vec<Problem>> {
    let mut changed = design.clone();
    changed
        .apply(command.clone())
        .map_err(|CommandError(why)| {
            let problems = why.into_iter().map(|problem| Problem {
                path: format!("{before}{}", problem.path),
                message: problem.message,
            });
            problems.collect::<Vec<Problem>>()
        })?;
    // Reading a design finds every problem of it.
    let all = |design: &Design| Design::read(&design.write(false)).err().unwrap_or_default();
    let known = all(design);
    let mut problems = all(&changed);
    problems.retain(|problem| !known.contains(problem));
    match problems.is_empty() {
        true => Ok(command),
        false => Err(problems),
    }
}

/// Splits a path into what it is of and the field below that. The longest id wins.
fn resolve<'a>(design: &Design, path: &'a str) -> Result<(Target, &'a str), Vec<Problem>> {
    let below = |id: &str| path.strip_prefix(id)?.strip_prefix('.');
    let nodes = design.nodes.iter().map(|node| (&node.id, false));
    let links = design.links.iter().map(|link| (&link.id, true));
    let named = nodes
        .chain(links)
        .filter_map(|(id, is_link)| Some((id, is_link, below(id)?)));
    if let Some((id, is_link, field)) = named.max_by_key(|(id, ..)| id.len()) {
        let target = match is_link {
            true => Target::Link(id.clone()),
            false => Target::Node(id.clone()),
        };
        return Ok((target, field));
    }
    if let Some(found) = by_index(design, path) {
        return Ok(found);
    }
    let head = path.split(['.', '[']).next().unwrap_or_default();
    let settings = design.fields(&Target::Settings).unwrap_or(Value::Null);
    if settings.get(head).is_some() {
        return Ok((Target::Settings, path));
    }
    let ids = design.nodes.iter().map(|node| node.id.as_str());
    let ids = ids.chain(design.links.iter().map(|link| link.id.as_str()));
    let fields = settings.entries().iter().map(|(name, _)| name.as_str());
    let names: Vec<&str> = ids.chain(fields).collect();
    Err(unknown("node, link or setting", head, head, &names))
}

/// Resolves `nodes[2].replicas`, and the same of links and faults.
fn by_index<'a>(design: &Design, path: &'a str) -> Option<(Target, &'a str)> {
    let (list, rest) = path.split_once('[')?;
    let (at, rest) = rest.split_once(']')?;
    let (at, field) = (at.parse::<usize>().ok()?, rest.strip_prefix('.')?);
    let target = match list {
        "nodes" => Target::Node(design.nodes.get(at)?.id.clone()),
        "links" => Target::Link(design.links.get(at)?.id.clone()),
        "faults" => Target::Fault(at),
        _ => return None,
    };
    Some((target, field))
}

fn unknown(what: &str, at: &str, name: &str, valid: &[&str]) -> Vec<Problem> {
    let mut reader = Reader::default();
    reader.within(at, |reader| reader.unknown(what, name, valid));
    reader.finish()
}
