//! Quantities with their units: durations as `300ms`, rates as `200/s`.

use crate::attribute::{Attribute, Reader, Shape};
use crate::value::Value;
use std::fmt;
use std::ops::RangeInclusive;

/// A span of simulated time, in whole nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub u64);

/// Longest valid duration: 30 days, so that sums of a few never leave `u64` nanoseconds.
pub const DURATION_MAX: Duration = Duration(30 * 24 * 3_600 * 1_000_000_000);

const UNITS: [(&str, f64); 7] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3_600e9),
];

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// Whole milliseconds.
    pub const fn ms(ms: u64) -> Self {
        Self(ms * 1_000_000)
    }

    /// Whole seconds.
    pub const fn s(s: u64) -> Self {
        Self(s * 1_000_000_000)
    }

    /// Whole microseconds.
    pub const fn us(us: u64) -> Self {
        Self(us * 1_000)
    }

    /// In seconds.
    pub fn as_s(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// In milliseconds.
    pub fn as_ms(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Reads `300ms`, `1.5s`, `250us`; the error says what would be valid.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let split = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let number: f64 = number
            .trim()
            .parse()
            .map_err(|_| format!("\"{text}\" is not a duration such as 300ms"))?;
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit.trim()) else {
            return Err(match unit.trim() {
                "" => format!("\"{text}\" needs a unit: ns, us, ms, s, m or h, as in 300ms"),
                unit => format!(
                    "\"{unit}\" is not a unit of time; expected ns, us, ms, s, m (minutes) or h, as in 2m"
                ),
            });
        };
        let ns = number * scale;
        if !(0.0..=DURATION_MAX.0 as f64).contains(&ns) {
            return Err(format!("\"{text}\" is out of range; expected 0s to 720h"));
        }
        Ok(Self(ns.round() as u64))
    }
}

impl fmt::Display for Duration {
    /// The shortest exact form: the largest of s, ms, us, ns that needs no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scale, unit) = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")]
            .into_iter()
            .find(|(scale, _)| self.0.is_multiple_of(*scale))
            .unwrap_or((1, "ns"));
        write!(f, "{}{unit}", self.0 / scale)
    }
}

impl Attribute for Duration {
    const SHAPE: Shape = Shape::Duration;
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        read_text(value, reader, Self::parse, "a duration such as \"300ms\"")
    }
    fn write(&self) -> Value {
        Value::text(self.to_string())
    }
    fn magnitude(&self) -> Option<f64> {
        Some(self.as_s())
    }
    fn show_magnitude(bound: f64) -> String {
        Self((bound * 1e9).round() as u64).to_string()
    }
}

/// How often something happens, per second.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

/// Highest valid rate, per second.
pub const RATE_MAX: f64 = 10_000_000.0;

impl Rate {
    /// Reads `200/s`, `12/m`, `5/h`; the error says what would be valid.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "\"{}\" is not a rate such as 200/s, 12/m or 5/h",
                text.trim()
            )
        };
        let (number, unit) = text.trim().split_once('/').ok_or_else(wrong)?;
        let number: f64 = number.trim().parse().map_err(|_| wrong())?;
        let per_s = match unit.trim() {
            "s" => number,
            "m" => number / 60.0,
            "h" => number / 3_600.0,
            _ => return Err(wrong()),
        };
        if !(0.0..=RATE_MAX).contains(&per_s) {
            return Err(format!(
                "\"{}\" is out of range; expected 0/s to {RATE_MAX}/s",
                text.trim()
            ));
        }
        Ok(Self(per_s))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

impl Attribute for Rate {
    const SHAPE: Shape = Shape::Rate;
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        read_text(value, reader, Self::parse, "a rate, such as \"200/s\"")
    }
    fn write(&self) -> Value {
        Value::text(self.to_string())
    }
    fn magnitude(&self) -> Option<f64> {
        Some(self.0)
    }
    fn show_magnitude(bound: f64) -> String {
        Self(bound).to_string()
    }
}

/// Reads a percentage, `99.9%`, as a share: 0.999. The error says what would be valid.
pub(crate) fn parse_percentage(text: &str) -> Result<f64, String> {
    let digits = text.trim().strip_suffix('%').map(str::trim_end);
    let is_plain = |digits: &&str| digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    digits
        .filter(is_plain)
        // Divided by 100 it would not be the number nearest to the digits.
        .and_then(|digits| format!("{digits}e-2").parse().ok())
        .ok_or_else(|| format!("\"{text}\" is not a percentage such as 5%"))
}

/// What a number above its range probably means: a percentage. Empty if it cannot be one.
pub(crate) fn percentage_hint(number: f64, range: RangeInclusive<f64>) -> String {
    let text = format!("{number}%");
    match parse_percentage(&text) {
        Ok(share) if number > *range.end() && range.contains(&share) => {
            format!("; did you mean {share} or {text}?")
        }
        _ => String::new(),
    }
}

/// Reads a text notation, recording the parser's own message.
pub(crate) fn read_text<T>(
    value: &Value,
    reader: &mut Reader,
    parse: impl Fn(&str) -> Result<T, String>,
    wanted: &str,
) -> Option<T> {
    let Value::Text(text) = value else {
        return reader.wrong(value, wanted);
    };
    parse(text).map_err(|message| reader.problem(message)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print_exactly() {
        for (text, ns, shown) in [
            ("300ms", 300_000_000, "300ms"),
            ("1.5s", 1_500_000_000, "1500ms"),
            ("250us", 250_000, "250us"),
            ("2m", 120_000_000_000, "120s"),
            ("0s", 0, "0s"),
            ("7ns", 7, "7ns"),
        ] {
            let duration = Duration::parse(text).unwrap();
            assert_eq!((duration.0, duration.to_string().as_str()), (ns, shown));
        }
        for bad in [
            "300",
            "ms",
            "-1s",
            "1e30s",
            "NaNs",
            "infs",
            "1 fortnight",
            "",
        ] {
            assert!(Duration::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn percentages_are_the_shares_that_their_digits_say() {
        for (text, share) in [
            ("99.9%", 0.999),
            (" 5 % ", 0.05),
            ("0%", 0.0),
            (".5%", 0.005),
            ("99.999999%", 0.99999999),
            ("150%", 1.5),
        ] {
            assert_eq!(parse_percentage(text), Ok(share), "{text}");
        }
        for bad in ["5", "%", "-5%", "5%%", "1e1%", "NaN%", "inf%", "1.2.3%"] {
            assert!(parse_percentage(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_read_and_print() {
        assert_eq!(Rate::parse("200/s").unwrap().to_string(), "200/s");
        assert_eq!(Rate::parse("30/m").unwrap(), Rate(0.5));
        for bad in ["200", "200/d", "-1/s", "x/s", "inf/s", "NaN/s"] {
            assert!(Rate::parse(bad).is_err(), "{bad}");
        }
    }
}
