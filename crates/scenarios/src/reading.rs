//! Strict reading of a file: every missing, unknown or invalid field is reported with its path.

use crate::Theme;
use design::attribute::Reader;
use design::{Attribute, Command, Design, Problem, Value};

/// Returns the value of a required field.
pub(crate) fn part<'a>(value: &'a Value, name: &str, reader: &mut Reader) -> Option<&'a Value> {
    let part = value.get(name);
    if part.is_none() && matches!(value, Value::Map(_)) {
        reader.problem(format!("missing field `{name}`"));
    }
    part
}

/// Reads a required field.
pub(crate) fn need<T: Attribute>(value: &Value, name: &str, reader: &mut Reader) -> Option<T> {
    let part = part(value, name, reader)?;
    reader.field(name, part, None)
}

/// Reads a required text that must not be empty.
pub(crate) fn word(value: &Value, name: &str, reader: &mut Reader) -> String {
    let word: String = need(value, name, reader).unwrap_or_default();
    if word.is_empty() && matches!(value.get(name), Some(Value::Text(_))) {
        reader.within(name, |reader| reader.problem("must not be empty"));
    }
    word
}

/// Reads a list, item by item; a missing list is empty.
pub(crate) fn list<T>(
    value: &Value,
    name: &str,
    reader: &mut Reader,
    mut read: impl FnMut(&Value, &mut Reader) -> Option<T>,
) -> Vec<T> {
    let Some(list) = value.get(name) else {
        return Vec::new();
    };
    reader.within(name, |reader| {
        let Value::List(items) = list else {
            reader.wrong::<()>(list, "a list");
            return Vec::new();
        };
        let read = items
            .iter()
            .enumerate()
            .map(|(at, item)| reader.within(&format!("[{at}]"), |reader| read(item, reader)));
        // Items after an invalid one are read as well, so that every problem is reported.
        read.collect::<Vec<_>>().into_iter().flatten().collect()
    })
}

/// Reads one of a few names.
pub(crate) fn choice<T: Copy>(
    value: &Value,
    name: &str,
    reader: &mut Reader,
    choices: &[(&str, T)],
) -> Option<T> {
    let word: String = need(value, name, reader)?;
    let found = choices.iter().find(|(known, _)| *known == word);
    if found.is_none() {
        let names: Vec<&str> = choices.iter().map(|(known, _)| *known).collect();
        reader.within(name, |reader| reader.unknown("name", &word, &names));
    }
    found.map(|(_, choice)| *choice)
}

/// Reads the theme of a file.
pub(crate) fn theme(value: &Value, reader: &mut Reader) -> Theme {
    let themes = Theme::ALL.map(|theme| (theme.name(), theme));
    choice(value, "theme", reader, &themes).unwrap_or(Theme::Operations)
}

/// Reads the design of a file.
pub(crate) fn design(value: &Value, reader: &mut Reader) -> Design {
    let Some(part) = part(value, "design", reader) else {
        return Design::default();
    };
    match Design::read(part) {
        Ok(design) => design,
        Err(problems) => {
            hand_on("design", problems, reader);
            Design::default()
        }
    }
}

/// Reports the problems of a part below the path of that part.
pub(crate) fn hand_on(name: &str, problems: Vec<Problem>, reader: &mut Reader) {
    reader.within(name, |reader| {
        for problem in problems {
            reader.within(&problem.path, |reader| reader.problem(problem.message));
        }
    });
}

/// Reads the edits of `set` as one command.
pub(crate) fn set(value: &Value, reader: &mut Reader) -> Command {
    Command::Batch(list(value, "set", reader, design::edits::read))
}
