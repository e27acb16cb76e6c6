//! Conversions between controls and the document: text to [`Value`] and back, names to titles, help
//! written for files to help shown on the page.

use design::attribute::{Named, Variant};
use design::{Shape, Value, typed};

/// Abbreviations, which a capital first letter alone would misspell.
const ABBREVIATIONS: [&str; 13] = [
    "aimd", "aws", "ewma", "fifo", "gc", "http", "id", "lfu", "lifo", "lru", "slo", "tcp", "ttl",
];

/// Returns the title of a name of the file format: `round_robin` is "Round robin".
pub(crate) fn title(name: &str) -> String {
    let words = name.split('_').map(|word| match word {
        abbreviation if ABBREVIATIONS.contains(&abbreviation) => word.to_uppercase(),
        _ => word.to_owned(),
    });
    let words = words.collect::<Vec<_>>().join(" ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

/// Returns a doc comment as prose: the control shows "off" where the file has `null`.
pub(super) fn prose(help: &str) -> String {
    let help = help.trim().replace("`null`", "Off");
    let parts = help.split('`').enumerate();
    parts.fold(String::new(), |mut prose, (at, part)| {
        if at > 0 {
            prose.push(if at.is_multiple_of(2) { '”' } else { '“' });
        }
        prose + part
    })
}

/// Returns the value of a typed text. It may be invalid; the command that carries it reports that.
pub(super) fn read(shape: &Shape, text: &str) -> Value {
    let text = text.trim();
    match shape {
        Shape::Integer | Shape::Number | Shape::Ratio => read_number(text),
        Shape::Optional(inner) => read(inner, text),
        Shape::List(item) if is_scalar(item) => Value::List(
            split_list(text)
                .into_iter()
                .map(|part| read(item, part))
                .collect(),
        ),
        Shape::Duration | Shape::Rate | Shape::Distribution => {
            Value::text(typed::read(shape, text).unwrap_or_else(|| text.to_owned()))
        }
        Shape::Bool
        | Shape::Text
        | Shape::Choice(_)
        | Shape::List(_)
        | Shape::OneOrMany(_)
        | Shape::Record(_)
        | Shape::Variants(..) => Value::text(text),
    }
}

/// Returns how a quantity was understood, if it was typed in another notation than the document's.
pub(super) fn understood(shape: &Shape, text: &str) -> Option<String> {
    let shape = match shape {
        Shape::Optional(inner) => inner,
        other => other,
    };
    let read = typed::read(shape, text)?;
    (read != text.trim()).then_some(read)
}

/// Returns a number in which spaces group digits. A percentage stays text: the document knows which
/// fields accept one.
fn read_number(text: &str) -> Value {
    let digits: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '_')
        .collect();
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Value::Number(number),
        _ => Value::text(text),
    }
}

/// Splits at commas outside of parentheses: `exp(1ms), uniform(1ms,2ms)` has two parts.
fn split_list(text: &str) -> Vec<&str> {
    let mut depth = 0;
    text.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth <= 0
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
    .collect()
}

/// Returns whether one line of text can hold it.
pub(super) fn is_scalar(shape: &Shape) -> bool {
    match shape {
        Shape::Integer
        | Shape::Number
        | Shape::Ratio
        | Shape::Text
        | Shape::Duration
        | Shape::Rate
        | Shape::Distribution => true,
        Shape::Bool
        | Shape::Choice(_)
        | Shape::Optional(_)
        | Shape::List(_)
        | Shape::OneOrMany(_)
        | Shape::Record(_)
        | Shape::Variants(..) => false,
    }
}

/// Returns what a text control shows of a value.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(on) => on_off(*on).to_owned(),
        Value::Number(number) => format!("{number}"),
        Value::Text(text) => text.clone(),
        Value::List(items) => items.iter().map(show).collect::<Vec<_>>().join(", "),
        Value::Map(_) => describe(&Shape::Text, value, ""),
    }
}

/// Returns a value in words, for "Default: …".
pub(super) fn describe(shape: &Shape, value: &Value, unit: &str) -> String {
    match (shape, value) {
        (Shape::Optional(inner), value) if *value != Value::Null => describe(inner, value, unit),
        (Shape::Choice(_) | Shape::Variants(..), Value::Text(name)) => title(name),
        (Shape::Variants(_, variants), Value::Map(entries)) if entries.len() == 1 => {
            let (name, inner) = &entries[0];
            match variants.iter().find(|variant| variant.name == name) {
                Some(variant) if is_scalar(&variant.shape) => {
                    format!("{} {}", title(name), show(inner))
                }
                Some(_) | None => title(name),
            }
        }
        (Shape::OneOrMany(item), value) => items_of(value)
            .iter()
            .map(|one| describe(item, one, unit))
            .collect::<Vec<_>>()
            .join(", "),
        (_, Value::Null) => "off".to_owned(),
        (_, Value::Bool(on)) => on_off(*on).to_owned(),
        (_, Value::Number(number)) if unit.is_empty() => grouped(*number),
        (_, Value::Number(number)) => format!("{} {unit}", grouped(*number)),
        (_, Value::Text(text)) => text.clone(),
        (Shape::List(Shape::Choice(_)), Value::List(items)) => items
            .iter()
            .map(|item| title(&show(item)))
            .collect::<Vec<_>>()
            .join(", "),
        (_, Value::List(items)) if items.is_empty() => "none".to_owned(),
        (_, Value::List(items)) => format!("{} entries", items.len()),
        (_, Value::Map(_)) => "as new".to_owned(),
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Returns a number with commas between groups of three digits: `10,000`.
pub(crate) fn grouped(number: f64) -> String {
    let text = format!("{number}");
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with('-')));
    if digits.len() < 5 || digits.contains('e') {
        return text;
    }
    let mut out = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

/// Returns the entries of a field that holds one value or several.
pub(super) fn items_of(value: &Value) -> Vec<Value> {
    match value {
        Value::List(items) => items.clone(),
        one => vec![one.clone()],
    }
}

/// Returns the first value of a field that was off: its own default, or a value of medium size.
pub(super) fn first_value(shape: &Shape, default: &Value, range: Option<(f64, f64)>) -> Value {
    if *default != Value::Null {
        return default.clone();
    }
    let within = |wanted: f64| range.map_or(wanted, |(low, high)| wanted.clamp(low, high));
    match shape {
        Shape::Bool => Value::Bool(true),
        Shape::Integer => Value::Number(within(5.0)),
        Shape::Number | Shape::Ratio => Value::Number(within(0.5)),
        Shape::Text => Value::text(""),
        Shape::Duration => Value::text("1s"),
        Shape::Rate => Value::text("100/s"),
        Shape::Distribution => Value::text("exp(10ms)"),
        Shape::Choice(names) => names
            .first()
            .map_or(Value::Null, |named| Value::text(named.name)),
        Shape::Optional(_) => Value::Null,
        Shape::List(_) => Value::List(Vec::new()),
        Shape::OneOrMany(item) => first_value(item, &Value::Null, range),
        // Absent fields of a record are at their defaults.
        Shape::Record(_) => Value::Map(Vec::new()),
        Shape::Variants(bare, with) => match (bare.first(), with.first()) {
            (Some(named), _) => Value::text(named.name),
            (None, Some(variant)) => one_of(variant.name, (variant.default)()),
            (None, None) => Value::Null,
        },
    }
}

fn one_of(name: &str, value: Value) -> Value {
    Value::Map(vec![(name.to_owned(), value)])
}

/// Returns the name of a value's variant.
pub(super) fn variant_of(value: &Value) -> String {
    match value {
        Value::Text(name) => name.clone(),
        Value::Map(entries) => entries
            .first()
            .map(|(name, _)| name.clone())
            .unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) => String::new(),
    }
}

/// Returns the value for the variant called `name`. The content of the last variant is kept if both
/// have the same shape: 300/s stay 300/s when arrivals become evenly spaced.
pub(super) fn as_variant(name: &str, bare: &[Named], with: &[Variant], before: &Value) -> Value {
    let find = |name: &str| with.iter().find(|variant| variant.name == name);
    let Some(variant) = find(name) else {
        debug_assert!(bare.iter().any(|named| named.name == name));
        return Value::text(name);
    };
    let kept = match (find(&variant_of(before)), before) {
        (Some(old), Value::Map(entries))
            if is_scalar(&old.shape)
                && std::mem::discriminant(&old.shape) == std::mem::discriminant(&variant.shape) =>
        {
            entries.first().map(|(_, value)| value.clone())
        }
        _ => None,
    };
    one_of(name, kept.unwrap_or_else(variant.default))
}

#[cfg(test)]
mod tests {
    use super::*;
    use design::kinds::client::Arrivals;
    use design::{Attribute, Link};

    #[test]
    fn titles() {
        for (name, shown) in [
            ("round_robin", "Round robin"),
            ("lru", "LRU"),
            ("http", "HTTP"),
            ("gc_pauses", "GC pauses"),
            ("peak_ewma", "Peak EWMA"),
            ("", ""),
        ] {
            assert_eq!(title(name), shown);
        }
    }

    #[test]
    fn help_says_what_the_control_says() {
        let help = " Takes `times` as long. `null` is unbounded.";
        assert_eq!(prose(help), "Takes “times” as long. Off is unbounded.");
    }

    #[test]
    fn typed_text_becomes_a_value() {
        assert_eq!(read(&Shape::Integer, " 10 000 "), Value::Number(10_000.0));
        assert_eq!(read(&Shape::Ratio, "5 %"), Value::text("5 %"));
        assert_eq!(read(&Shape::Ratio, "0.05"), Value::Number(0.05));
        assert_eq!(read(&Shape::Number, "some"), Value::text("some"));
        assert_eq!(read(&Shape::Duration, " 3ms"), Value::text("3ms"));
        assert_eq!(read(&Shape::Duration, "soon"), Value::text("soon"));
        assert_eq!(read(&Shape::Rate, "18k/min"), Value::text("300/s"));
        assert_eq!(
            read(&Shape::List(&Shape::Distribution), "uniform(1ms,2ms), 5ms,"),
            Value::List(vec![
                Value::text("uniform(1ms,2ms)"),
                Value::text("const(5ms)")
            ])
        );
    }

    #[test]
    fn what_was_understood_is_shown_where_it_differs_from_what_was_typed() {
        let rate = Shape::Optional(&Shape::Rate);
        assert_eq!(understood(&rate, "300 rps").as_deref(), Some("300/s"));
        assert_eq!(understood(&rate, " 300/s"), None);
        assert_eq!(understood(&rate, "fast"), None);
        assert_eq!(understood(&Shape::Text, "300"), None);
    }

    #[test]
    fn defaults_in_words() {
        let of = |name: &str| {
            let field = Link::field(name).unwrap();
            describe(&field.shape, &(field.default)(), field.unit)
        };
        assert_eq!(of("when"), "Always");
        assert_eq!(of("timeout"), "off");
        assert_eq!(of("concurrency"), "8 messages");
        assert_eq!(of("latency"), "const(250us)");
        assert_eq!(grouped(12_345_678.5), "12,345,678.5");
        assert_eq!(grouped(1000.0), "1000");
    }

    #[test]
    fn a_rate_survives_another_kind_of_arrivals() {
        let Shape::Variants(bare, with) = Arrivals::SHAPE else {
            panic!("arrivals are variants");
        };
        let poisson = Arrivals::Poisson(design::Rate(300.0)).write();
        let constant = as_variant("constant", bare, with, &poisson);
        assert_eq!(constant, Arrivals::Constant(design::Rate(300.0)).write());
        assert_eq!(
            variant_of(&as_variant("closed", bare, with, &constant)),
            "closed"
        );
    }
}
