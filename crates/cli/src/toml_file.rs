//! The design file as TOML: the same structure as JSON. TOML has no null, so what is off is
//! written as the text "null".

use design::{Problem, Value};
use format::json::SIZE_MAX;

/// Reads any TOML as a value; the design is read from it as from JSON.
///
/// # Errors
///
/// A mistake in the TOML itself, with its line and column.
pub(crate) fn read(text: &str) -> Result<Value, Problem> {
    let problem = |message| Problem {
        path: String::new(),
        message,
    };
    if text.len() > SIZE_MAX {
        let length = text.len();
        return Err(problem(format!(
            "is too large: {length} bytes; at most {SIZE_MAX}"
        )));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.parse::<toml::Table>() {
        Ok(table) => Ok(map(table)),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let before = text.get(..at).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            let message = error.message().replace('\n', ", ");
            Err(problem(format!(
                "line {line}, column {column}: {}",
                message.trim()
            )))
        }
    }
}

fn map(table: toml::Table) -> Value {
    let entries = table.into_iter();
    Value::Map(entries.map(|(key, item)| (key, value(item))).collect())
}

fn value(item: toml::Value) -> Value {
    match item {
        toml::Value::String(text) if text == "null" => Value::Null,
        toml::Value::String(text) => Value::Text(text),
        toml::Value::Integer(number) => Value::Number(number as f64),
        toml::Value::Float(number) => Value::Number(number),
        toml::Value::Boolean(is_on) => Value::Bool(is_on),
        // No field takes a date; as text it is refused with its path.
        toml::Value::Datetime(date) => Value::Text(date.to_string()),
        toml::Value::Array(items) => Value::List(items.into_iter().map(value).collect()),
        toml::Value::Table(table) => map(table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = "faultline = 1\nname = \"Shop\"\n[[nodes]]\nid = \"api\"\nkind = \"service\"\nconcurrency = \"null\"\n\
                    [[links]]\nfrom = \"a\"\nretry = {max_attempts = 3, jitter = \"full\"}\nloss = 0.5\noptional = true\n";
        let json = r#"{"faultline": 1, "name": "Shop", "nodes": [{"id": "api", "kind": "service", "concurrency": null}],
            "links": [{"from": "a", "retry": {"max_attempts": 3, "jitter": "full"}, "loss": 0.5, "optional": true}]}"#;
        assert_eq!(
            read(toml).unwrap(),
            format::json::value_from_str(json).unwrap()
        );
    }

    #[test]
    fn mistakes_have_a_line_and_a_column() {
        let said = read("faultline = 1\nname = \"Shop\nseed = 7\n").unwrap_err();
        assert!(said.to_string().starts_with("line 2, column "), "{said}");
        let deep = format!("a = {}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&deep).is_err());
    }
}
