//! Numbers and tables for people.

use report::Estimate;

/// Columns as wide as they need to be: the first to the left, the figures to the right.
pub(crate) fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
    let all: Vec<&Vec<String>> = std::iter::once(&head).chain(&rows).collect();
    let width = |column: usize| {
        all.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut out = String::new();
    for row in &all {
        let cells =
            row.iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, &width))| match column {
                    0 => format!("{cell:width$}"),
                    _ => format!("{cell:>width$}"),
                });
        out += cells.collect::<Vec<_>>().join("  ").trim_end();
        out.push('\n');
    }
    out
}

/// With commas between thousands.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Three digits that count.
pub(crate) fn figure(n: f64) -> String {
    let sign = if n < 0.0 { "-" } else { "" };
    match n.abs() {
        size if size >= 100.0 => format!("{sign}{}", count(size.round() as u64)),
        size if size >= 10.0 => format!("{n:.1}"),
        0.0 => "0".to_owned(),
        size if size >= 1.0 => format!("{n:.2}"),
        size if size >= 0.001 => format!("{n:.3}"),
        _ => format!("{n:.2e}"),
    }
}

/// A difference, with half the width of its interval.
pub(crate) fn signed(difference: Estimate) -> String {
    let sign = if difference.mean > 0.0 { "+" } else { "" };
    let mean = figure(difference.mean);
    match difference.half {
        Some(half) => format!("{sign}{mean} ± {}", figure(half)),
        None => format!("{sign}{mean}"),
    }
}

/// Milliseconds; seconds once there are ten.
pub(crate) fn ms(n: f64) -> String {
    match n {
        n if n >= 10_000.0 => format!("{} s", figure(n / 1000.0)),
        n => format!("{} ms", figure(n)),
    }
}

/// Availability counts nines, so it keeps two decimals, and as many more as tell it from all.
pub(crate) fn percent(share: f64) -> String {
    let shown = |decimals: usize| format!("{:.decimals$} %", share * 100.0);
    let all = |shown: &str| share < 1.0 && shown.starts_with("100.");
    let enough = (2..12).map(shown).find(|shown| !all(shown));
    enough.unwrap_or_else(|| shown(12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!(
            [0, 12, 1234, 1_234_567].map(count),
            ["0", "12", "1,234", "1,234,567"]
        );
        assert_eq!(
            [0.0, 0.123, 12.34, 123.4, 12345.6, -123.4, 0.00012].map(figure),
            ["0", "0.123", "12.3", "123", "12,346", "-123", "1.20e-4"]
        );
        assert_eq!([1.5, 12_500.0].map(ms), ["1.50 ms", "12.5 s"]);
        assert_eq!(percent(0.99954), "99.95 %");
        assert_eq!(percent(0.99999), "99.999 %");
        assert_eq!(percent(0.999996), "99.9996 %");
        assert_eq!([0.0, 1.0].map(percent), ["0.00 %", "100.00 %"]);
    }
}
