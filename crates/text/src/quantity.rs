//! Quantities with their units.

use report::{Figure, Unit};

/// Formats a number with its unit; the surrounding text names the metric.
pub fn figure(figure: &Figure) -> String {
    let x = figure.value;
    match figure.unit {
        Unit::Count => count(x),
        Unit::Ratio => number(x),
        Unit::Share => percent(x),
        Unit::PerSecond => rate(x),
        Unit::Seconds => duration(x),
        Unit::Milliseconds => duration(x / 1e3),
        Unit::Dollars => format!("${}", count(x)),
    }
}

/// Formats a number with its unit and this many significant digits.
pub fn figure_to(value: f64, unit: Unit, digits: usize) -> String {
    let show = |x: f64| significant(x, digits);
    match unit {
        Unit::Count | Unit::Ratio => show(value),
        Unit::Share => format!("{}%", show(100.0 * value)),
        Unit::PerSecond => format!("{}/s", show(value)),
        Unit::Seconds => scaled(value, show),
        Unit::Milliseconds => scaled(value / 1e3, show),
        Unit::Dollars => format!("${}", show(value)),
    }
}

/// Formats this many significant digits, without trailing zeros.
fn significant(x: f64, digits: usize) -> String {
    if x == 0.0 || !x.is_finite() {
        return number(x);
    }
    let before = libm::floor(libm::log10(x.abs())) as i32 + 1;
    let after = usize::try_from(digits as i32 - before).unwrap_or(0);
    trimmed(&format!("{x:.after$}"))
}

/// Formats three significant digits, without trailing zeros, and with commas between thousands.
pub fn number(x: f64) -> String {
    let size = x.abs();
    let digits = match size {
        _ if size >= 99.95 || size == 0.0 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ => 3,
    };
    trimmed(&format!("{x:.digits$}"))
}

/// Removes trailing zeros of the fraction, and puts commas between thousands.
fn trimmed(digits: &str) -> String {
    match digits.split_once('.') {
        None => grouped(digits),
        Some((whole, part)) => match part.trim_end_matches('0') {
            "" => grouped(whole),
            part => format!("{}.{part}", grouped(whole)),
        },
    }
}

/// Formats a whole number, with commas between thousands.
pub fn count(n: f64) -> String {
    grouped(&format!("{n:.0}"))
}

/// Formats a share in percent. Only a share of exactly 1 is shown as 100%.
pub fn percent(share: f64) -> String {
    let share = match share < 1.0 {
        true => share.min(0.999_9),
        false => share,
    };
    match share > 0.999 && share < 1.0 {
        true => format!("{}%", libm::floor(share * 1e4 + 1e-6) / 100.0),
        false => format!("{}%", number(100.0 * share)),
    }
}

/// Formats a rate per second.
pub fn rate(per_s: f64) -> String {
    format!("{}/s", number(per_s))
}

/// Formats a duration given in seconds, in a suitable unit.
pub fn duration(s: f64) -> String {
    scaled(s, number)
}

fn scaled(s: f64, show: impl Fn(f64) -> String) -> String {
    match s {
        s if s >= 7200.0 => format!("{} h", show(s / 3600.0)),
        s if s >= 600.0 => format!("{} min", show(s / 60.0)),
        s if s >= 1.0 || s == 0.0 => format!("{} s", show(s)),
        s if s >= 1e-3 => format!("{} ms", show(s * 1e3)),
        s => format!("{} µs", show(s * 1e6)),
    }
}

/// Formats a moment of a run, in seconds, with this many decimals.
pub fn moment(s: f64, digits: usize) -> String {
    format!("{s:.digits$} s")
}

/// Puts commas between thousands.
fn grouped(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    let mut text = sign.to_owned();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_commas_between_thousands() {
        let shown = [0.0, 0.12345, 1.5, 2.0, 12.34, 123.4, 4567.8, -4567.8, 1e6].map(number);
        assert_eq!(
            shown,
            [
                "0",
                "0.123",
                "1.5",
                "2",
                "12.3",
                "123",
                "4,568",
                "-4,568",
                "1,000,000"
            ]
        );
        assert_eq!([7.0, 999.0, 10_000.0].map(count), ["7", "999", "10,000"]);
    }

    #[test]
    fn times_are_in_the_unit_that_suits_them() {
        let shown = [0.0123, 2.5, 0.00025, 0.039741, 900.0, 86_400.0, 0.0].map(duration);
        assert_eq!(
            shown,
            [
                "12.3 ms", "2.5 s", "250 µs", "39.7 ms", "15 min", "24 h", "0 s"
            ]
        );
        assert_eq!(moment(12.3456, 1), "12.3 s");
    }

    #[test]
    fn only_what_is_whole_is_called_whole() {
        let shares = [0.5, 0.998, 0.9996, 0.999_999, 1.0, 1.5].map(percent);
        assert_eq!(shares, ["50%", "99.8%", "99.96%", "99.99%", "100%", "150%"]);
    }
}
