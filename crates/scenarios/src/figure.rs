//! Metrics of a report, addressed by their path.
//!
//! A metric is written as the path of a number (`"requests.latency_ms.p99"`), or as an aggregate of
//! the numbers at a path. `{"mean": "windows.goodput_per_s", "from": 60, "to": 180}` is the mean
//! over the windows between these seconds; `max`, `min` and `sum` work likewise. An aggregate of a
//! map is that of its values; the sum of none is 0. `[]` in a path is every item of a list.
//! `"over"` divides by another metric.

use crate::reading::{choice, need};
use design::Value;
use design::attribute::Reader;

/// A number of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    path: String,
    of: Of,
    /// From which to which second the windows are taken.
    between: Option<(f64, f64)>,
    over: Option<Box<Figure>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Of {
    One,
    Mean,
    Max,
    Min,
    Sum,
}

const MADE: [(&str, Of); 5] = [
    ("figure", Of::One),
    ("mean", Of::Mean),
    ("max", Of::Max),
    ("min", Of::Min),
    ("sum", Of::Sum),
];

/// The unit in which a metric is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A bare number.
    Count,
    /// A share, shown as a percentage.
    Percent,
    /// Milliseconds, shown in ms or s.
    Ms,
    /// Seconds.
    S,
    /// A rate per second.
    PerSecond,
    /// A factor.
    Times,
    /// US dollars per month.
    Dollars,
}

const UNITS: [(&str, Unit); 7] = [
    ("", Unit::Count),
    ("%", Unit::Percent),
    ("ms", Unit::Ms),
    ("s", Unit::S),
    ("/s", Unit::PerSecond),
    ("x", Unit::Times),
    ("$", Unit::Dollars),
];

impl Unit {
    /// Reads `unit`.
    pub(crate) fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        choice(value, "unit", reader, &UNITS)
    }

    /// Returns the value as people read it: with its unit and three significant digits.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Count => digits(value),
            Self::Percent if value > 0.99 && value < 1.0 => {
                format!("{:.2}%", (value * 1e4).floor() / 100.0)
            }
            Self::Percent => format!("{}%", digits(value * 100.0)),
            Self::Ms if value >= 100_000.0 => format!("{:.0} s", value / 1e3),
            Self::Ms if value >= 1_000.0 => format!("{} s", digits(value / 1e3)),
            Self::Ms => format!("{} ms", digits(value)),
            Self::S => format!("{} s", digits(value)),
            Self::PerSecond => format!("{}/s", digits(value)),
            Self::Times => format!("{}\u{d7}", digits(value)),
            Self::Dollars => format!("${}", grouped(format!("{value:.0}"))),
        }
    }
}

fn digits(value: f64) -> String {
    match value.abs() {
        // No sign at nothing.
        0.0 => "0".to_owned(),
        size if size >= 100.0 || value.fract() == 0.0 => grouped(format!("{value:.0}")),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A whole number with a comma before every three digits.
fn grouped(mut whole: String) -> String {
    let sign = usize::from(whole.starts_with('-'));
    let mut at = whole.len();
    while at > sign + 3 {
        at -= 3;
        whole.insert(at, ',');
    }
    whole
}

impl Figure {
    /// Reads a metric: a path or an object.
    pub(crate) fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        if let Value::Text(path) = value {
            return Some(Self {
                path: path.clone(),
                of: Of::One,
                between: None,
                over: None,
            });
        }
        let names = ["figure", "mean", "max", "min", "sum", "from", "to", "over"];
        if !reader.check_names(value, &names) {
            return None;
        }
        let made: Vec<_> = MADE
            .iter()
            .filter(|(name, _)| value.get(name).is_some())
            .collect();
        let [(name, of)] = made.as_slice() else {
            return reader.wrong(value, "one of figure, mean, max, min, sum");
        };
        let path = need(value, name, reader)?;
        let between = match (value.get("from"), value.get("to")) {
            (None, None) => None,
            _ => {
                let from: f64 = need(value, "from", reader)?;
                let to: f64 = need(value, "to", reader)?;
                if from >= to {
                    reader.problem("`from` must be less than `to`");
                }
                Some((from, to))
            }
        };
        let over = match value.get("over") {
            None => None,
            Some(over) => {
                let over = reader.within("over", |reader| Self::read(over, reader))?;
                Some(Box::new(over))
            }
        };
        Some(Self {
            path,
            of: *of,
            between,
            over,
        })
    }

    /// Returns the value in a report, or `None` if the report has no such number.
    pub fn of(&self, report: &Value) -> Option<f64> {
        let mut found = Vec::new();
        collect(report, &self.path, &mut found);
        let found = match self.between {
            None => found,
            Some((from, to)) => {
                let width = self.width(report)?;
                let place = |s: f64| ((s / width).round() as usize).min(found.len());
                found[place(from)..place(to)].to_vec()
            }
        };
        let numbers: Vec<f64> = found.into_iter().flatten().collect();
        let sum: f64 = numbers.iter().sum();
        let figure = match self.of {
            Of::One if numbers.len() == 1 => numbers[0],
            Of::One => return None,
            Of::Sum => sum,
            Of::Mean => sum / numbers.len() as f64,
            Of::Max => numbers.into_iter().fold(f64::NAN, f64::max),
            Of::Min => numbers.into_iter().fold(f64::NAN, f64::min),
        };
        let figure = match &self.over {
            None => figure,
            Some(over) => figure / over.of(report)?,
        };
        (!figure.is_nan()).then_some(figure)
    }

    /// Returns from which to which second of the run the windows are taken, where it is so limited.
    pub fn seconds(&self) -> Option<(f64, f64)> {
        self.between
    }

    /// Returns the length of a window in seconds: the `width_s` of the series.
    fn width(&self, report: &Value) -> Option<f64> {
        let (beside, _) = self.path.rsplit_once('.')?;
        let mut width = Vec::new();
        collect(report, &format!("{beside}.width_s"), &mut width);
        width.first().copied().flatten()
    }
}

/// Collects all numbers at a path, and `None` for `null`. A list or a map there counts as its items.
fn collect(value: &Value, path: &str, found: &mut Vec<Option<f64>>) {
    if path.is_empty() {
        return match value {
            Value::List(items) => found.extend(items.iter().map(number)),
            Value::Map(entries) => found.extend(entries.iter().map(|(_, item)| number(item))),
            other => found.push(number(other)),
        };
    }
    if let Some(rest) = path.strip_prefix("[]") {
        let items = match value {
            Value::List(items) => items.as_slice(),
            _ => &[],
        };
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        return items.iter().for_each(|item| collect(item, rest, found));
    }
    match path.find("[]") {
        Some(at) => {
            if let Some(list) = value.at_path(&path[..at]) {
                collect(list, &path[at..], found);
            }
        }
        None => {
            if let Some(inner) = value.at_path(path) {
                collect(inner, "", found);
            }
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Bool(is) => Some(f64::from(u8::from(*is))),
        Value::Null | Value::Text(_) | Value::List(_) | Value::Map(_) => None,
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.of {
            Of::One => {}
            Of::Mean => f.write_str("mean ")?,
            Of::Max => f.write_str("max ")?,
            Of::Min => f.write_str("min ")?,
            Of::Sum => f.write_str("sum ")?,
        }
        f.write_str(&self.path)?;
        if let Some((from, to)) = self.between {
            write!(f, " {from} to {to} s")?;
        }
        match &self.over {
            Some(over) => write!(f, " / {over}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(figure: &str) -> Option<f64> {
        let report = r#"{"a": {"b": 2.5, "failed": {"x": 3, "y": 4}, "none": {}},
            "windows": {"width_s": 2, "rate": [1, 2, null, 4, 5]},
            "nodes": {"a->b": {"replicas": [{"u": 0.5}, {"u": 0.7}]}}}"#;
        let report = format::json::value_from_str(report).unwrap();
        let mut reader = Reader::default();
        let value = format::json::value_from_str(figure).unwrap();
        let figure = Figure::read(&value, &mut reader);
        assert_eq!(reader.finish(), []);
        figure.unwrap().of(&report)
    }

    #[test]
    fn figures_are_found_by_their_path() {
        assert_eq!(of(r#""a.b""#), Some(2.5));
        assert_eq!(of(r#""a.c""#), None);
        assert_eq!(of(r#"{"sum": "a.failed"}"#), Some(7.0));
        assert_eq!(of(r#"{"sum": "a.none"}"#), Some(0.0));
        assert_eq!(of(r#"{"mean": "a.none"}"#), None);
        assert_eq!(of(r#"{"max": "nodes.a->b.replicas[].u"}"#), Some(0.7));
        assert_eq!(of(r#""nodes.a->b.replicas[1].u""#), Some(0.7));
        assert_eq!(of(r#"{"figure": "a.b", "over": "a.b"}"#), Some(1.0));
    }

    #[test]
    fn windows_are_taken_by_their_seconds() {
        // Two seconds each: from 2 to 8 s are the second, third and fourth.
        let seconds = r#""from": 2, "to": 8"#;
        assert_eq!(
            of(&format!(r#"{{"mean": "windows.rate", {seconds}}}"#)),
            Some(3.0)
        );
        assert_eq!(
            of(&format!(r#"{{"min": "windows.rate", {seconds}}}"#)),
            Some(2.0)
        );
        assert_eq!(
            of(r#"{"max": "windows.rate", "from": 6, "to": 100}"#),
            Some(5.0)
        );
    }

    #[test]
    fn units_show_what_people_read() {
        for (unit, value, shown) in [
            (Unit::Percent, 0.123_4, "12.3%"),
            (Unit::Percent, 0.999_96, "99.99%"),
            (Unit::Percent, 1.0, "100%"),
            (Unit::Percent, -0.0, "0%"),
            (Unit::PerSecond, 1_234.5, "1,234/s"),
            (Unit::Times, 27.0, "27\u{d7}"),
            (Unit::Ms, 12_345.0, "12.3 s"),
            (Unit::Ms, 0.25, "0.25 ms"),
            (Unit::Count, 4.0, "4"),
            (Unit::Count, -1_234_567.0, "-1,234,567"),
            (Unit::Dollars, 123.4, "$123"),
            (Unit::Dollars, 12_345.0, "$12,345"),
        ] {
            assert_eq!(unit.show(value), shown);
        }
    }
}
