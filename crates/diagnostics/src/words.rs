//! How figures are written in findings.

/// Three digits, without zeros that say nothing.
pub fn figure(x: f64) -> String {
    let size = x.abs();
    let digits = match size {
        _ if size >= 99.95 || size == 0.0 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ => 3,
    };
    let text = format!("{x:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A share, in percent.
pub fn percent(share: f64) -> String {
    format!("{} %", figure(100.0 * share))
}

/// A rate.
pub fn rate(per_s: f64) -> String {
    format!("{}/s", figure(per_s))
}

/// A time given in seconds, in the unit that suits it.
pub fn time(s: f64) -> String {
    match s {
        s if s >= 1.0 || s == 0.0 => format!("{} s", figure(s)),
        s if s >= 1e-3 => format!("{} ms", figure(s * 1e3)),
        s => format!("{} us", figure(s * 1e6)),
    }
}

/// A moment of the run.
pub fn moment(s: f64) -> String {
    format!("{s:.1} s")
}

/// A time given in milliseconds.
pub fn ms(ms: f64) -> String {
    time(ms / 1e3)
}

/// "1 retry", "2 retries".
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// "a", "a and b", "a, b and c", "a, b and 3 more".
pub fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., last] if all.len() < 4 => format!("{} and {last}", all.join(", ")),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more", rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        let shown: Vec<String> = [0.0, 0.12345, 1.5, 2.0, 12.34, 123.4, 4567.8]
            .into_iter()
            .map(figure)
            .collect();
        assert_eq!(shown, ["0", "0.123", "1.5", "2", "12.3", "123", "4568"]);
        assert_eq!(
            (time(0.0123), time(2.5), time(0.00025)),
            ("12.3 ms".into(), "2.5 s".into(), "250 us".into())
        );
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d", "e"]), "a, b and 3 more");
    }
}
