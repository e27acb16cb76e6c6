//! Shrinking of a design for which something fails.
//!
//! The search is greedy: it makes one part of the design smaller at a time and keeps what still
//! fails, the largest parts first, until nothing can be made smaller. Whatever a candidate is, it
//! is a valid design: the others are passed over.

#![expect(
    clippy::disallowed_types,
    reason = "a bound on the time that a failing test takes; the ban is for the simulation"
)]

use design::link::Mode;
use design::{Command, Design, Duration, Value};
use std::time::Instant;

/// Most designs tried.
const TRIES_MAX: u32 = 3_000;
/// Longest that shrinking takes.
const TIME_MAX: std::time::Duration = std::time::Duration::from_secs(120);

/// Returns a smaller design for which something still fails, and how many designs were tried.
pub fn shrink(design: &Design, fails: impl FnMut(&Design) -> bool) -> (Design, u32) {
    let mut search = Search {
        best: design.clone(),
        fails,
        tries: 0,
        began: Instant::now(),
    };
    loop {
        let before = search.best.clone();
        search.remove_parts();
        search.bypass_nodes();
        search.reset_and_lessen();
        if search.best == before || search.is_over() {
            return (search.best, search.tries);
        }
    }
}

struct Search<F> {
    best: Design,
    fails: F,
    tries: u32,
    began: Instant,
}

impl<F: FnMut(&Design) -> bool> Search<F> {
    fn is_over(&self) -> bool {
        self.tries >= TRIES_MAX || self.began.elapsed() > TIME_MAX
    }

    /// Keeps a candidate if it is another valid design and still fails. None runs for longer: the
    /// default duration may be longer than that of the design.
    fn take(&mut self, candidate: Design) -> bool {
        let is_longer = candidate.settings.duration > self.best.settings.duration;
        let is_other = candidate != self.best && candidate.problems().is_empty();
        if self.is_over() || is_longer || !is_other {
            return false;
        }
        self.tries += 1;
        let is_taken = (self.fails)(&candidate);
        if is_taken {
            self.best = candidate;
        }
        is_taken
    }

    /// Keeps the document without one of its parts, if there is less of it then: a part that is
    /// written at its default instead would only begin again from there.
    fn take_without(&mut self, document: &Value, path: &[usize]) -> bool {
        let candidate = without(document, path).and_then(|less| Design::read(&less).ok());
        candidate.is_some_and(|candidate| {
            paths(&candidate.write(true)).len() < paths(document).len() && self.take(candidate)
        })
    }

    fn take_document(&mut self, document: &Value) -> bool {
        Design::read(document).is_ok_and(|candidate| self.take(candidate))
    }

    /// Leaves out nodes, each with all that refers to it, and then links.
    fn remove_parts(&mut self) {
        let mut ids: Vec<Command> = Vec::new();
        for node in self.best.nodes.iter().rev() {
            ids.push(Command::RemoveNode(node.id.clone()));
        }
        for link in self.best.links.iter().rev() {
            ids.push(Command::RemoveLink(link.id.clone()));
        }
        for command in ids {
            let mut candidate = self.best.clone();
            if let Command::RemoveNode(id) = &command {
                candidate.settings.alerts.retain(|alert| alert.node != *id);
            }
            if candidate.apply(command).is_ok() {
                self.take(candidate);
            }
        }
    }

    /// Leaves out a node on the way from one to another: those who called it call what it called.
    fn bypass_nodes(&mut self) {
        let ids: Vec<String> = self.best.nodes.iter().map(|node| node.id.clone()).collect();
        for id in ids {
            let next = self.best.links.iter().find(|link| link.from == id);
            let Some(next) = next.map(|link| link.to.clone()) else {
                continue;
            };
            let mut candidate = self.best.clone();
            for at in 0..candidate.links.len() {
                if candidate.links[at].to == id {
                    let from = candidate.links[at].from.clone();
                    candidate.links[at].id = candidate.free_link_id(&from, &next);
                    candidate.links[at].to.clone_from(&next);
                    candidate.links[at].mode = Mode::Call;
                }
            }
            candidate.settings.alerts.retain(|alert| alert.node != id);
            if candidate.apply(Command::RemoveNode(id)).is_ok() {
                self.take(candidate);
            }
        }
    }

    /// Leaves out entries and items, so that fields are at their defaults, and makes what is left
    /// smaller or shorter.
    fn reset_and_lessen(&mut self) {
        let mut place = 0;
        loop {
            let document = self.best.write(true);
            let paths = paths(&document);
            let Some(path) = paths.get(place) else {
                return;
            };
            let is_smaller = self.take_without(&document, path)
                || lesser(at(&document, path))
                    .any(|value| self.take_document(&with(&document, path, value)));
            if self.is_over() {
                return;
            }
            // What is at the same place now is another part, or may be lessened further.
            place += usize::from(!is_smaller);
        }
    }
}

/// The way to a part of a document: the place of each entry or item in what holds it.
type Path = Vec<usize>;

/// All parts of a document, each before those that it holds.
fn paths(document: &Value) -> Vec<Path> {
    fn add(value: &Value, path: &mut Path, all: &mut Vec<Path>) {
        let parts: Vec<&Value> = match value {
            Value::List(items) => items.iter().collect(),
            Value::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => Vec::new(),
        };
        for (place, part) in parts.into_iter().enumerate() {
            path.push(place);
            all.push(path.clone());
            add(part, path, all);
            path.pop();
        }
    }
    let mut all = Vec::new();
    add(document, &mut Path::new(), &mut all);
    all
}

fn at<'a>(document: &'a Value, path: &[usize]) -> &'a Value {
    path.iter().fold(document, |value, place| match value {
        Value::List(items) => &items[*place],
        Value::Map(entries) => &entries[*place].1,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => value,
    })
}

fn at_mut<'a>(document: &'a mut Value, path: &[usize]) -> &'a mut Value {
    path.iter().fold(document, |value, place| match value {
        Value::List(items) => &mut items[*place],
        Value::Map(entries) => &mut entries[*place].1,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => value,
    })
}

fn without(document: &Value, path: &[usize]) -> Option<Value> {
    let (place, above) = path.split_last()?;
    let mut document = document.clone();
    match at_mut(&mut document, above) {
        Value::List(items) => drop(items.remove(*place)),
        Value::Map(entries) => drop(entries.remove(*place)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => return None,
    }
    Some(document)
}

fn with(document: &Value, path: &[usize], value: Value) -> Value {
    let mut document = document.clone();
    *at_mut(&mut document, path) = value;
    document
}

/// Values that are smaller or simpler than this one, the smallest first. Each is truly less, so
/// that there is an end to it.
fn lesser(value: &Value) -> impl Iterator<Item = Value> + use<> {
    let values = match value {
        Value::Number(number) => lesser_numbers(*number),
        Value::Text(text) => lesser_texts(text),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => Vec::new(),
    };
    values.into_iter()
}

fn lesser_numbers(number: f64) -> Vec<Value> {
    let candidates = [
        0.0,
        1.0,
        libm::trunc(number / 2.0),
        libm::trunc(number - 1.0),
        libm::trunc(number),
    ];
    let is_less = |candidate: &f64| {
        candidate.abs() < number.abs() && (candidate.fract() == 0.0 || *candidate == 0.0)
    };
    let mut numbers: Vec<f64> = candidates.into_iter().filter(is_less).collect();
    numbers.dedup();
    numbers.into_iter().map(Value::Number).collect()
}

fn lesser_texts(text: &str) -> Vec<Value> {
    if let Ok(Duration(ns)) = Duration::parse(text) {
        let (ms, s) = (1_000_000, 1_000_000_000);
        let half = ns / 2;
        let candidates = [0, ms, s, half / s * s, half / ms * ms, half];
        let mut shorter: Vec<u64> = candidates.into_iter().filter(|less| *less < ns).collect();
        shorter.sort_unstable();
        shorter.dedup();
        let shorter = shorter.into_iter();
        return shorter
            .map(|ns| Value::text(Duration(ns).to_string()))
            .collect();
    }
    // A distribution is most easily read where it is constant.
    match text.contains('(') && !text.starts_with("const") {
        true => vec![Value::text("1ms")],
        false => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
