//! The protocol between an embed and the page around it: requests that steer a run, read strictly,
//! with all problems of a message reported together. `docs/embedding.md` describes it for authors.

mod metric;
mod path;
mod sets;

pub use metric::{Metric, NAMES};
pub use path::{clear, get, inject, set};
pub use sets::{DueSet, Sets};

use crate::json;
use design::attribute::Reader;
use design::{Attribute, Problem, Value};

/// The version of the protocol: the value of `faultline` in every message.
pub const VERSION: f64 = 1.0;
/// Largest message from the page around the embed, in bytes of its JSON text.
pub const SIZE_MAX: usize = 64 * 1024;
/// Most reports of a watch per second.
pub const HZ_MAX: f64 = 4.0;
/// Most metrics of one watch, and most watches of one embed.
pub const WATCHED_MAX: usize = 64;
/// Longest id of a message, in bytes.
const ID_MAX: usize = 100;

/// A request, with the id that its answer carries.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// A number or a text of the sender. A message without one is answered only if it is refused.
    pub id: Option<Value>,
    /// What is requested.
    pub request: Request,
}

/// A message that was not understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The id of the message, if it has a valid one.
    pub id: Option<Value>,
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

/// What the page around an embed can request.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Plays the run; starts it again if it has ended.
    Play,
    /// Pauses the run.
    Pause,
    /// Advances the run by one small step and pauses it.
    Step,
    /// Runs again from the start, with another seed if one is given.
    Restart(Option<f64>),
    /// Goes to a moment that the run has reached, in seconds.
    Seek(f64),
    /// Runs to a moment as fast as possible, in seconds.
    RunTo(f64),
    /// Changes the speed, in simulated seconds per second.
    Speed(f64),
    /// Requests the value of a field of the design.
    Get(String),
    /// Changes a field of the design.
    Set(String, Value),
    /// Injects the faults of the lesson.
    Trigger,
    /// Injects a fault; without `at`, now.
    Inject(Value),
    /// Removes all faults.
    Clear,
    /// Applies a fix of the lesson, by its number from 0.
    Fix(usize),
    /// Undoes the last edit.
    Undo,
    /// Requests a metric.
    Metric(String),
    /// Requests all values of a metric so far, each with its time.
    Series(String),
    /// Requests reports of metrics, this many times a second.
    Watch(Vec<String>, f64),
    /// Ends a watch.
    Unwatch(f64),
    /// Requests the design.
    Design,
    /// Opens another design: its object, or its link as a text.
    Load(Value),
    /// Requests the link of the design.
    Link,
    /// Requests what the rules find in the run so far.
    Findings,
    /// Goes to a step of the lesson, by its number from 1.
    Story(usize),
    /// Changes the theme: `auto`, `light` or `dark`.
    Theme(String),
}

/// Each type of message and its fields beside `faultline`, `id` and `type`.
const TYPES: [(&str, &[&str]); 24] = [
    ("play", &[]),
    ("pause", &[]),
    ("step", &[]),
    ("restart", &["seed"]),
    ("seek", &["time_s"]),
    ("run_to", &["time_s"]),
    ("speed", &["speed"]),
    ("get", &["path"]),
    ("set", &["path", "value"]),
    ("trigger", &[]),
    ("inject", &["fault"]),
    ("clear", &[]),
    ("fix", &["fix"]),
    ("undo", &[]),
    ("metric", &["name"]),
    ("series", &["name"]),
    ("watch", &["names", "hz"]),
    ("unwatch", &["watch"]),
    ("design", &[]),
    ("load", &["design"]),
    ("link", &[]),
    ("findings", &[]),
    ("story", &["step"]),
    ("theme", &["theme"]),
];

/// Reads a message.
///
/// # Errors
///
/// Every problem of the message: its size, its JSON, its version, its type and its fields.
pub fn read(text: &str) -> Result<Message, Refused> {
    let refused = |id, problems| Err(Refused { id, problems });
    if text.len() > SIZE_MAX {
        let size = text.len();
        let message = format!("is too large: {size} bytes; at most {SIZE_MAX}");
        let path = String::new();
        return refused(None, vec![Problem { path, message }]);
    }
    let value = match json::value_from_str(text) {
        Ok(value) => value,
        Err(problem) => return refused(None, vec![problem]),
    };
    let mut reader = Reader::default();
    let id = id(&value, &mut reader);
    let request = request(&value, &mut reader);
    match (request, reader.finish()) {
        (Some(request), problems) if problems.is_empty() => Ok(Message { id, request }),
        (_, problems) => refused(id, problems),
    }
}

fn id(value: &Value, reader: &mut Reader) -> Option<Value> {
    let id = value.get("id")?;
    let is_valid = match id {
        Value::Number(_) => true,
        Value::Text(text) => text.len() <= ID_MAX,
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => false,
    };
    if !is_valid {
        let wanted = format!("a number, or a text of at most {ID_MAX} bytes");
        return reader.within("id", |reader| reader.wrong(id, &wanted));
    }
    Some(id.clone())
}

fn request(value: &Value, reader: &mut Reader) -> Option<Request> {
    if !matches!(value, Value::Map(_)) {
        return reader.wrong(value, "an object");
    }
    let version: f64 = need(value, "faultline", reader)?;
    if version != VERSION {
        let of = Value::Number(version);
        return reader.within("faultline", |reader| reader.wrong(&of, "1"));
    }
    let name: String = need(value, "type", reader)?;
    let Some((name, fields)) = TYPES.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = TYPES.iter().map(|(known, _)| *known).collect();
        reader.within("type", |reader| reader.unknown("type", &name, &known));
        return None;
    };
    let mut names = vec!["faultline", "id", "type"];
    names.extend_from_slice(fields);
    if !reader.check_names(value, &names) {
        return None;
    }
    of_type(name, value, reader)
}

fn of_type(name: &str, value: &Value, reader: &mut Reader) -> Option<Request> {
    Some(match name {
        "play" => Request::Play,
        "pause" => Request::Pause,
        "step" => Request::Step,
        "restart" => Request::Restart(match value.get("seed") {
            None => None,
            Some(_) => Some(whole(value, "seed", 0, 9_007_199_254_740_991, reader)? as f64),
        }),
        "seek" => Request::Seek(between(value, "time_s", (0.0, 1e9), reader)?),
        "run_to" => Request::RunTo(between(value, "time_s", (0.0, 1e9), reader)?),
        "speed" => Request::Speed(between(value, "speed", (0.01, 1_000.0), reader)?),
        "get" => Request::Get(need(value, "path", reader)?),
        "set" => Request::Set(
            need(value, "path", reader)?,
            part(value, "value", reader)?.clone(),
        ),
        "trigger" => Request::Trigger,
        "inject" => Request::Inject(part(value, "fault", reader)?.clone()),
        "clear" => Request::Clear,
        "fix" => Request::Fix(match value.get("fix") {
            None => 0,
            Some(_) => whole(value, "fix", 0, 1_000, reader)? as usize,
        }),
        "undo" => Request::Undo,
        "metric" => Request::Metric(need(value, "name", reader)?),
        "series" => Request::Series(need(value, "name", reader)?),
        "watch" => watch(value, reader)?,
        "unwatch" => Request::Unwatch(need(value, "watch", reader)?),
        "design" => Request::Design,
        "load" => Request::Load(part(value, "design", reader)?.clone()),
        "link" => Request::Link,
        "findings" => Request::Findings,
        "story" => Request::Story(whole(value, "step", 1, 1_000, reader)? as usize),
        _ => Request::Theme(theme(value, reader)?),
    })
}

fn watch(value: &Value, reader: &mut Reader) -> Option<Request> {
    let names = part(value, "names", reader)?;
    let texts = match names {
        Value::List(names) if (1..=WATCHED_MAX).contains(&names.len()) => {
            let text = |name: &Value| match name {
                Value::Text(name) => Some(name.clone()),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::List(_)
                | Value::Map(_) => None,
            };
            names.iter().map(text).collect::<Option<Vec<String>>>()
        }
        _ => None,
    };
    let Some(texts) = texts else {
        let wanted = format!("a list of 1 to {WATCHED_MAX} names of metrics");
        return reader.within("names", |reader| reader.wrong(names, &wanted));
    };
    let hz = match value.get("hz") {
        None => HZ_MAX,
        Some(_) => between(value, "hz", (0.01, HZ_MAX), reader)?,
    };
    Some(Request::Watch(texts, hz))
}

fn theme(value: &Value, reader: &mut Reader) -> Option<String> {
    let name: String = need(value, "theme", reader)?;
    let names = ["auto", "light", "dark"];
    if !names.contains(&name.as_str()) {
        reader.within("theme", |reader| reader.unknown("theme", &name, &names));
        return None;
    }
    Some(name)
}

fn part<'a>(value: &'a Value, name: &str, reader: &mut Reader) -> Option<&'a Value> {
    let part = value.get(name);
    if part.is_none() {
        reader.problem(format!("missing field `{name}`"));
    }
    part
}

fn need<T: Attribute>(value: &Value, name: &str, reader: &mut Reader) -> Option<T> {
    let part = part(value, name, reader)?;
    reader.field(name, part, None)
}

fn between(value: &Value, name: &str, (low, high): (f64, f64), reader: &mut Reader) -> Option<f64> {
    let number: f64 = need(value, name, reader)?;
    if (low..=high).contains(&number) {
        return Some(number);
    }
    let wanted = format!("{low} to {high}");
    reader.within(name, |reader| reader.wrong(&Value::Number(number), &wanted))
}

fn whole(value: &Value, name: &str, low: u64, high: u64, reader: &mut Reader) -> Option<u64> {
    let number: f64 = need(value, name, reader)?;
    if libm::trunc(number) == number && (low as f64..=high as f64).contains(&number) {
        return Some(number as u64);
    }
    let wanted = format!("a whole number from {low} to {high}");
    reader.within(name, |reader| reader.wrong(&Value::Number(number), &wanted))
}

/// Returns an object with these entries.
pub fn object(entries: Vec<(&str, Value)>) -> Value {
    let entries = entries.into_iter();
    Value::Map(
        entries
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// Writes a message: its version, and these entries.
pub fn write(mut entries: Vec<(&str, Value)>) -> String {
    entries.insert(0, ("faultline", Value::Number(VERSION)));
    json::value_to_string(&object(entries))
}

/// Writes the answer to a request that was carried out.
pub fn answer(id: Value, value: Value) -> String {
    write(vec![("id", id), ("ok", value)])
}

/// Writes the answer to a request that was not carried out. Without an id, it is a message of type
/// `error`.
pub fn refusal(id: Option<Value>, problems: &[Problem]) -> String {
    let problem = |problem: &Problem| {
        object(vec![
            ("path", Value::text(&problem.path)),
            ("message", Value::text(&problem.message)),
        ])
    };
    let first = match id {
        Some(id) => ("id", id),
        None => ("type", Value::text("error")),
    };
    let problems = Value::List(problems.iter().map(problem).collect());
    write(vec![first, ("problems", problems)])
}

#[cfg(test)]
mod tests;
