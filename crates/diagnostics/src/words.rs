//! How figures are written in findings.

use crate::names::name;
use sim::{AppliedReport, Report};

/// Three digits, without zeros that say nothing.
pub(crate) fn figure(x: f64) -> String {
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

/// A share, in percent. Only what is whole is called whole.
pub(crate) fn percent(share: f64) -> String {
    let share = match share < 1.0 {
        true => share.min(0.999_9),
        false => share,
    };
    match share > 0.999 && share < 1.0 {
        true => format!("{} %", libm::floor(share * 1e4 + 1e-6) / 100.0),
        false => format!("{} %", figure(100.0 * share)),
    }
}

/// A rate.
pub(crate) fn rate(per_s: f64) -> String {
    format!("{}/s", figure(per_s))
}

/// A time given in seconds, in the unit that suits it.
pub(crate) fn time(s: f64) -> String {
    match s {
        s if s >= 7200.0 => format!("{} h", figure(s / 3600.0)),
        s if s >= 600.0 => format!("{} min", figure(s / 60.0)),
        s if s >= 1.0 || s == 0.0 => format!("{} s", figure(s)),
        s if s >= 1e-3 => format!("{} ms", figure(s * 1e3)),
        s => format!("{} us", figure(s * 1e6)),
    }
}

/// A moment of the run.
pub(crate) fn moment(s: f64) -> String {
    format!("{s:.1} s")
}

/// A time given in milliseconds.
pub(crate) fn ms(ms: f64) -> String {
    time(ms / 1e3)
}

/// "1 retry", "2 retries".
pub(crate) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Nodes or links by their ids: "a", "a and b", "a, b and c", "a, b and 3 more".
pub(crate) fn list(ids: &[&str]) -> String {
    let names: Vec<String> = ids.iter().map(|id| name(id).to_string()).collect();
    match &names[..] {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] if all.len() < 4 => format!("{} and {last}", all.join(", ")),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more", rest.len()),
    }
}

/// The first write that was done twice, and the two attempts that did it: a sentence, with a space
/// before it; nothing where there was none.
pub(crate) fn first_duplicate(report: &Report) -> String {
    let Some(one) = &report.data.first_duplicate else {
        return String::new();
    };
    let by = |applied: &AppliedReport| match &applied.link {
        Some(link) => format!("attempt {} of {}", applied.attempt, name(link)),
        None => "a write behind the answer".to_owned(),
    };
    format!(
        " The first: {} of key {} for {}, wanted at {:.3} s, was applied at {:.3} s by {} and again at {:.3} s by {}.",
        one.operation,
        one.key,
        name(&one.client),
        one.wanted_s,
        one.first.at_s,
        by(&one.first),
        one.again.at_s,
        by(&one.again)
    )
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
        assert_eq!(
            (time(900.0), time(86_400.0)),
            ("15 min".into(), "24 h".into())
        );
        let shares = [0.5, 0.998, 0.9996, 0.999_999, 1.0, 1.5].map(percent);
        assert_eq!(
            shares,
            ["50 %", "99.8 %", "99.96 %", "99.99 %", "100 %", "150 %"]
        );
        let [a, b, c] = ["a", "b", "c"].map(name);
        assert_eq!(list(&["a", "b", "c"]), format!("{a}, {b} and {c}"));
        assert_eq!(
            list(&["a", "b", "c", "d", "e"]),
            format!("{a}, {b} and 3 more")
        );
    }
}
