//! The design file: JSON to a design and back.
//!
//! Reading goes through [`Value`], which keeps the order and the repetition of keys, so that
//! [`Design::read`] can report all problems of a file together. Writing is sparse (what is at
//! its default is left out) and breaks lines only where an entry does not fit one.

mod parser;

use design::{Design, Problem, Value};
use std::fmt::Write;

/// Largest file that is read, in bytes.
pub const SIZE_MAX: usize = 2_000_000;
/// Deepest nesting that is read; a design needs eight.
pub const DEPTH_MAX: usize = 32;
/// Where [`write`] breaks a line, in characters.
const LINE_MAX: usize = 100;

/// Reads a design. An error holds every problem of the file, each with its path; a mistake in the
/// JSON itself is one problem with its line and column.
///
/// ```
/// let problems = format::json::read(r#"{"faultline": 1, "sede": 7}"#).unwrap_err();
/// assert_eq!(problems[0].to_string(), "sede: unknown field, did you mean seed?");
/// ```
pub fn read(text: &str) -> Result<Design, Vec<Problem>> {
    let value = value_from_str(text).map_err(|problem| vec![problem])?;
    let repeated = repeated_keys(&value);
    match Design::read(&value) {
        Ok(design) if repeated.is_empty() => Ok(design),
        Ok(_) => Err(repeated),
        Err(problems) => Err(repeated.into_iter().chain(problems).collect()),
    }
}

/// Writes a design for people: sparse, in lines of about a hundred characters.
pub fn write(design: &Design) -> String {
    write_value(&design.write(true))
}

/// Writes any value for people, in lines of about a hundred characters.
pub fn write_value(value: &Value) -> String {
    let mut text = String::new();
    write_pretty(value, 0, true, &mut text);
    text.push('\n');
    text
}

/// Reads any JSON. The problem names line and column.
pub fn value_from_str(text: &str) -> Result<Value, Problem> {
    let problem = |message| Problem {
        path: String::new(),
        message,
    };
    if text.len() > SIZE_MAX {
        return Err(problem(format!(
            "is too large: {} bytes; at most {SIZE_MAX}",
            text.len()
        )));
    }
    // Some Windows editors begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    parser::parse(text).map_err(problem)
}

/// Writes any value as JSON on one line.
pub fn value_to_string(value: &Value) -> String {
    let mut text = String::new();
    write_line(value, &mut text);
    text
}

/// Keys that stand twice where `Design::read` looks entries up by name: in the document itself and
/// in what all nodes have in common. Everywhere else it reports them.
fn repeated_keys(value: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    let lists = [
        "$schema",
        "faultline",
        "nodes",
        "links",
        "faults",
        "requirements",
    ];
    report_repeated(value, "", &lists, &mut problems);
    if let Some(Value::List(nodes)) = value.get("nodes") {
        for (at, node) in nodes.iter().enumerate() {
            let path = format!("nodes[{at}].");
            report_repeated(node, &path, &["id", "kind", "at", "label"], &mut problems);
        }
    }
    problems.truncate(design::attribute::PROBLEMS_MAX);
    problems
}

fn report_repeated(value: &Value, path: &str, names: &[&str], problems: &mut Vec<Problem>) {
    let Value::Map(entries) = value else { return };
    for name in names {
        if entries.iter().filter(|(key, _)| key == name).count() > 1 {
            problems.push(Problem {
                path: format!("{path}{name}"),
                message: "duplicate field".to_owned(),
            });
        }
    }
}

/// Breaks a list or an object into lines where it is `open` or does not fit the line.
fn write_pretty(value: &Value, indent: usize, open: bool, text: &mut String) {
    let start = text.len();
    write_line(value, text);
    let column = start - text[..start].rfind('\n').map_or(0, |at| at + 1);
    let fits = column + text[start..].chars().count() < LINE_MAX;
    match value {
        Value::List(items) if !items.is_empty() && (open || !fits) => {
            text.truncate(start);
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                begin_line(at, indent + 1, text);
                write_pretty(item, indent + 1, false, text);
            }
            end_lines(']', indent, text);
        }
        Value::Map(entries) if !entries.is_empty() && (open || !fits) => {
            text.truncate(start);
            text.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                begin_line(at, indent + 1, text);
                write_text(key, text);
                text.push_str(": ");
                // The document's lists of objects are easier to read one entry a line.
                let open = open && matches!(value, Value::List(items) if items.len() > 1);
                write_pretty(value, indent + 1, open, text);
            }
            end_lines('}', indent, text);
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_) => {}
    }
}

fn begin_line(at: usize, indent: usize, text: &mut String) {
    if at > 0 {
        text.push(',');
    }
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', 2 * indent));
}

fn end_lines(bracket: char, indent: usize, text: &mut String) {
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', 2 * indent));
    text.push(bracket);
}

fn write_line(value: &Value, text: &mut String) {
    let comma = |at: usize, text: &mut String| {
        if at > 0 {
            text.push_str(", ");
        }
    };
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => write_number(*number, text),
        Value::Text(inner) => write_text(inner, text),
        Value::List(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                comma(at, text);
                write_line(item, text);
            }
            text.push(']');
        }
        Value::Map(entries) => {
            text.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                comma(at, text);
                write_text(key, text);
                text.push_str(": ");
                write_line(value, text);
            }
            text.push('}');
        }
    }
}

/// Rust prints the shortest digits that read back as the same number. JSON has no NaN and no
/// infinity; a valid design holds neither.
fn write_number(number: f64, text: &mut String) {
    if number.is_finite() {
        write!(text, "{number}").expect("a String takes everything");
    } else {
        text.push_str("null");
    }
}

fn write_text(inner: &str, text: &mut String) {
    text.push('"');
    for c in inner.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if u32::from(c) < 0x20 => {
                write!(text, "\\u{:04x}", u32::from(c)).expect("a String takes everything");
            }
            c => text.push(c),
        }
    }
    text.push('"');
}
