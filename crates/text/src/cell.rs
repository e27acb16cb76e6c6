//! Numbers in a column of a table: as many digits as their neighbors, including zeros at the end.

use crate::quantity::count;

/// Formats three significant digits.
pub fn figure(n: f64) -> String {
    let sign = if n < 0.0 { "-" } else { "" };
    match n.abs() {
        size if size >= 100.0 => format!("{sign}{}", count(libm::round(size))),
        size if size >= 10.0 => format!("{n:.1}"),
        0.0 => "0".to_owned(),
        size if size >= 1.0 => format!("{n:.2}"),
        size if size >= 0.001 => format!("{n:.3}"),
        _ => format!("{n:.2e}"),
    }
}

/// Formats milliseconds, or seconds from 10 s.
pub fn ms(n: f64) -> String {
    match n {
        n if n >= 10_000.0 => format!("{} s", figure(n / 1000.0)),
        n => format!("{} ms", figure(n)),
    }
}

/// Formats a share with two decimals, since availability is counted in nines, and with as many more
/// as distinguish it from 100%.
pub fn percent(share: f64) -> String {
    let shown = |decimals: usize| format!("{:.decimals$}%", share * 100.0);
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
            [0.0, 0.123, 12.34, 123.4, 12345.6, -123.4, 0.00012].map(figure),
            ["0", "0.123", "12.3", "123", "12,346", "-123", "1.20e-4"]
        );
        assert_eq!([1.5, 12_500.0].map(ms), ["1.50 ms", "12.5 s"]);
        assert_eq!(percent(0.99954), "99.95%");
        assert_eq!(percent(0.99999), "99.999%");
        assert_eq!(percent(0.999996), "99.9996%");
        assert_eq!([0.0, 1.0].map(percent), ["0.00%", "100.00%"]);
    }
}
