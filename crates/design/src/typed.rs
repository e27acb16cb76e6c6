//! Quantities as people type them: `18k/min`, `300 rps`, `500` for milliseconds,
//! `p50=5s p99=30s`.
//!
//! Design files accept only the notation of [`crate::quantity`] and [`crate::distribution`]. The
//! page reads its fields with [`read`], which turns what was typed into that notation.

use crate::attribute::Shape;
use crate::distribution::Distribution;
use crate::quantity::{Duration, Rate};

/// Words for units of time, each with the unit of the notation.
const TIMES: [(&str, &str); 24] = [
    ("ns", "ns"),
    ("us", "us"),
    ("µs", "us"),
    ("μs", "us"),
    ("ms", "ms"),
    ("msec", "ms"),
    ("millis", "ms"),
    ("millisecond", "ms"),
    ("milliseconds", "ms"),
    ("s", "s"),
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("m", "m"),
    ("min", "m"),
    ("mins", "m"),
    ("minute", "m"),
    ("minutes", "m"),
    ("h", "h"),
    ("hr", "h"),
    ("hrs", "h"),
    ("hour", "h"),
    ("hours", "h"),
];

/// Abbreviations of whole rates, with the unit of time they are per.
const RATES: [(&str, &str); 5] = [
    ("rps", "s"),
    ("qps", "s"),
    ("tps", "s"),
    ("rpm", "m"),
    ("qpm", "m"),
];

/// What is counted. It may stand in a rate and changes nothing: `300 req/s` is `300/s`.
const COUNTED: [&str; 14] = [
    "req", "reqs", "request", "requests", "query", "queries", "call", "calls", "msg", "msgs",
    "message", "messages", "op", "ops",
];

/// Returns the notation of what was typed into a field of this shape, or `None` if it cannot be
/// understood. Without a unit, a rate is per second and a duration is in milliseconds.
///
/// ```
/// use design::{Shape, typed};
///
/// assert_eq!(typed::read(&Shape::Rate, "18k/min").as_deref(), Some("300/s"));
/// assert_eq!(typed::read(&Shape::Duration, "500").as_deref(), Some("500ms"));
/// let latency = typed::read(&Shape::Distribution, "p50=5s p99=30s");
/// assert_eq!(latency.as_deref(), Some("lognormal(p50=5s,p99=30s)"));
/// ```
pub fn read(shape: &Shape, text: &str) -> Option<String> {
    let text = text.trim();
    match shape {
        Shape::Rate => rate(text).map(|rate| rate.to_string()),
        Shape::Duration => duration(text).map(|duration| duration.to_string()),
        Shape::Distribution => distribution(text).map(|distribution| distribution.to_string()),
        _ => None,
    }
}

fn rate(text: &str) -> Option<Rate> {
    if let Ok(rate) = Rate::parse(text) {
        return Some(rate);
    }
    let (number, unit) = leading_number(text)?;
    let (scale, unit) = magnitude(unit);
    let unit = unit.trim();
    let lower = unit.to_lowercase();
    let per = match RATES.iter().find(|(name, _)| *name == lower) {
        Some((_, per)) => per,
        None if unit.is_empty() => "s",
        None => {
            let (counted, time) = unit.split_once('/').or_else(|| split_word(unit, "per"))?;
            let counted = counted.trim().to_lowercase();
            if !counted.is_empty() && !COUNTED.contains(&&*counted) {
                return None;
            }
            time_unit(time)?
        }
    };
    // Per unit of time in a whole number of seconds, so that 18k/min is 300/s and not 299.99….
    let seconds = match per {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return None,
    };
    Rate::parse(&format!("{}/s", number * scale / seconds)).ok()
}

fn duration(text: &str) -> Option<Duration> {
    if let Ok(duration) = Duration::parse(text) {
        return Some(duration);
    }
    let mut rest = text;
    let mut sum = None;
    // `1m30s` and `1 h 5 min` are sums. A number without a unit stands alone.
    while !rest.is_empty() {
        let (number, after) = leading_number(rest)?;
        let after = after.trim_start();
        let end = after
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(after.len());
        let unit = match &after[..end] {
            "" if sum.is_none() && after.is_empty() => "ms",
            word => time_unit(word)?,
        };
        rest = after[end..].trim_start();
        let part = Duration::parse(&format!("{number}{unit}")).ok()?;
        let before = sum.map_or(0, |sum: Duration| sum.0);
        sum = Some(Duration(before.checked_add(part.0)?));
    }
    // The range of the notation holds for the sum too.
    Duration::parse(&sum?.to_string()).ok()
}

fn distribution(text: &str) -> Option<Distribution> {
    if let Ok(distribution) = Distribution::parse(text) {
        return Some(distribution);
    }
    if let Some(duration) = duration(text) {
        return Some(Distribution::Const(duration));
    }
    let written = percentiles(text)
        .or_else(|| pair(text, &["±", "+/-", "+-"], "normal"))
        .or_else(|| pair(text, &["..", "–", " to ", "-"], "uniform"))
        .or_else(|| function(text))?;
    Distribution::parse(&written).ok()
}

/// `p50=5s p99=30s`, also with a colon or a space for the sign and with a comma between.
fn percentiles(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let (first, second) = lower.strip_prefix("p50")?.split_once("p99")?;
    let value = |text: &str| {
        let text = text.trim_matches(|c: char| c.is_whitespace() || ",;:=".contains(c));
        duration(text)
    };
    Some(format!(
        "lognormal(p50={},p99={})",
        value(first)?,
        value(second)?
    ))
}

/// Two durations with a sign between them.
fn pair(text: &str, signs: &[&str], name: &str) -> Option<String> {
    signs.iter().find_map(|sign| {
        let (first, second) = text.split_once(sign)?;
        Some(format!(
            "{name}({},{})",
            duration(first.trim())?,
            duration(second.trim())?
        ))
    })
}

/// `exp(40)`, `exp 40ms`, `pareto(1s, 2)`: arguments without units or names.
fn function(text: &str) -> Option<String> {
    let split = text.find(|c: char| c == '(' || c.is_whitespace())?;
    let (name, rest) = text.split_at(split);
    let rest = rest.trim();
    let args = match rest.strip_prefix('(') {
        Some(rest) => rest.strip_suffix(')')?,
        None => rest,
    };
    let args: Vec<&str> = args.split(',').map(str::trim).collect();
    let name = name.to_lowercase();
    let names: &[&str] = match name.as_str() {
        "lognormal" => &["p50", "p99"],
        "pareto" => &["min", "alpha", "max"],
        _ => &[],
    };
    let arg = |(at, arg): (usize, &&str)| -> Option<String> {
        let (key, value) = match arg.split_once('=') {
            Some((key, value)) => (Some(key.trim()), value.trim()),
            None => (names.get(at).copied(), *arg),
        };
        // The two arguments that are no durations.
        let is_number = key == Some("alpha") || (name == "erlang" && at == 0);
        let value = match is_number {
            true => value.to_owned(),
            false => duration(value)?.to_string(),
        };
        Some(key.map_or(value.clone(), |key| format!("{key}={value}")))
    };
    let args: Option<Vec<String>> = args.iter().enumerate().map(arg).collect();
    Some(format!("{name}({})", args?.join(",")))
}

/// The number that a text begins with, and what follows. Digits may be grouped in threes.
fn leading_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim_start();
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '_' | '\u{202f}');
    let is_grouping = |c: char| matches!(c, ',' | '_' | '\u{202f}');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let whole = number.split('.').next().unwrap_or(number);
    let mut groups = whole.split(is_grouping);
    let first = groups.next().unwrap_or("");
    let is_grouped = whole.contains(is_grouping);
    let fits = !is_grouped || ((1..=3).contains(&first.len()) && groups.all(|it| it.len() == 3));
    let digits: String = number.chars().filter(|c| !is_grouping(*c)).collect();
    let number = digits.parse().ok().filter(|_| fits)?;
    Some((number, rest))
}

/// The factor of a `k` or `M` that a text begins with, and what follows. A small `m` is a minute.
fn magnitude(text: &str) -> (f64, &str) {
    let text = text.trim_start();
    for (letter, scale) in [('k', 1e3), ('K', 1e3), ('M', 1e6)] {
        if let Some(rest) = text.strip_prefix(letter) {
            // Not the first letter of a word.
            if !rest.starts_with(char::is_alphabetic) || starts_with_unit(rest) {
                return (scale, rest);
            }
        }
    }
    (1.0, text)
}

/// Whether a text begins with the abbreviation of a rate: `18krpm`.
fn starts_with_unit(text: &str) -> bool {
    let word = text.trim().to_lowercase();
    RATES.iter().any(|(name, _)| *name == word)
}

fn time_unit(word: &str) -> Option<&'static str> {
    let word = word.trim();
    let found = TIMES.iter().find(|(name, _)| *name == word).or_else(|| {
        // A capital M alone is not a minute: it is a million elsewhere.
        let lower = word.to_lowercase();
        let mut words = TIMES.iter().filter(|(name, _)| name.len() > 1);
        words.find(|(name, _)| *name == lower)
    });
    found.map(|(_, unit)| *unit)
}

/// Splits at a whole word.
fn split_word<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let spaced = format!(" {word} ");
    match text.strip_prefix(&spaced[1..]) {
        Some(rest) => Some(("", rest)),
        None => text.split_once(&*spaced),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(shape: &Shape, rows: &[(&str, &str)]) {
        for (text, wanted) in rows {
            assert_eq!(read(shape, text).as_deref(), Some(*wanted), "{text}");
        }
    }

    fn refuses(shape: &Shape, texts: &[&str]) {
        for text in texts {
            assert_eq!(read(shape, text), None, "{text}");
        }
    }

    #[test]
    fn rates() {
        reads(
            &Shape::Rate,
            &[
                ("300", "300/s"),
                (" 300/s ", "300/s"),
                ("300 rps", "300/s"),
                ("300rps", "300/s"),
                ("300 req/s", "300/s"),
                ("300 requests per second", "300/s"),
                ("300 per second", "300/s"),
                ("300 / sec", "300/s"),
                ("12/m", "0.2/s"),
                ("18k/min", "300/s"),
                ("18K rpm", "300/s"),
                ("18krpm", "300/s"),
                ("1M/s", "1000000/s"),
                ("1.5M", "1500000/s"),
                ("2.5k qps", "2500/s"),
                ("36\u{202f}000/h", "10/s"),
                ("36,000/h", "10/s"),
                ("36_000 calls/hour", "10/s"),
            ],
        );
        refuses(
            &Shape::Rate,
            &[
                "",
                "fast",
                "300 apples/s",
                "1m/s",
                "-5",
                "300/ms",
                "300/",
                "/s",
                "1,5/s",
                "12,34,567/s",
                "99M/s",
                "300 rps rps",
                "NaN",
                "1e3",
            ],
        );
    }

    #[test]
    fn durations() {
        reads(
            &Shape::Duration,
            &[
                ("500", "500ms"),
                ("1,500", "1500ms"),
                ("0", "0s"),
                ("500 ms", "500ms"),
                ("5 sec", "5s"),
                ("2 minutes", "120s"),
                ("1m30s", "90s"),
                ("1 h 5 min", "3900s"),
                ("1.5 Hours", "5400s"),
                ("250 µs", "250us"),
            ],
        );
        refuses(
            &Shape::Duration,
            &[
                "", "soon", "-1", "5 days", "5M", "1m30", "1s 1s x", "721h", "700h 21h", "1e9",
            ],
        );
    }

    #[test]
    fn distributions() {
        reads(
            &Shape::Distribution,
            &[
                ("5ms", "const(5ms)"),
                ("40", "const(40ms)"),
                ("exp(40)", "exp(40ms)"),
                ("exp 40ms", "exp(40ms)"),
                ("Exp(40 ms)", "exp(40ms)"),
                ("p50=5s p99=30s", "lognormal(p50=5s,p99=30s)"),
                ("p50 8, p99 60", "lognormal(p50=8ms,p99=60ms)"),
                ("P50: 8ms; P99: 60ms", "lognormal(p50=8ms,p99=60ms)"),
                ("lognormal(8ms,60ms)", "lognormal(p50=8ms,p99=60ms)"),
                ("pareto(1s,2)", "pareto(min=1s,alpha=2)"),
                ("pareto(1s, 2, 10s)", "pareto(min=1s,alpha=2,max=10s)"),
                ("erlang(3, 30)", "erlang(3,30ms)"),
                ("1ms-9ms", "uniform(1ms,9ms)"),
                ("1..9", "uniform(1ms,9ms)"),
                ("1ms to 9ms", "uniform(1ms,9ms)"),
                ("10ms ± 2ms", "normal(10ms,2ms)"),
                ("10 +- 2", "normal(10ms,2ms)"),
            ],
        );
        refuses(
            &Shape::Distribution,
            &[
                "",
                "exp",
                "exp()",
                "p50=30s p99=5s",
                "p99=5s",
                "9ms-1ms",
                "weibull(1s,2)",
                "exp(1ms,2ms)",
                "lognormal(p50=8ms,p99=9ms,p10=1ms)",
                "pareto(2,1s)",
            ],
        );
    }

    #[test]
    fn the_notation_itself_is_kept() {
        for text in [
            "const(5ms)",
            "hyperexp(0.9:5ms,0.1:200ms)",
            "empirical(0:1ms,1:8ms)",
        ] {
            assert_eq!(read(&Shape::Distribution, text).as_deref(), Some(text));
        }
    }

    #[test]
    fn other_shapes_are_left_alone() {
        assert_eq!(read(&Shape::Text, "300"), None);
        assert_eq!(read(&Shape::Number, "300"), None);
    }

    #[test]
    fn hostile_text_is_refused() {
        refuses(
            &Shape::Distribution,
            &["((((", "p50p99", "µ", "\u{202f}", "±", "..", "-", "(1,2)"],
        );
        refuses(
            &Shape::Rate,
            &[
                "\u{202f}",
                ".",
                ",",
                "k",
                "M",
                "per",
                "9".repeat(400).as_str(),
            ],
        );
        refuses(&Shape::Duration, &["9".repeat(400).as_str(), "µ"]);
    }
}
