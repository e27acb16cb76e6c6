//! Numbers and parts of a design in words. All numbers of the page are formatted here.

pub(crate) use editor::summary::{count, describe, spaced};

/// Returns a text with a capital first letter.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    first + letters.as_str()
}

/// Returns a name of the design's language as a title: `gc_pauses` is "GC pauses".
pub(crate) fn spelled(name: &str) -> String {
    let words = sentence(&name.replace('_', " "));
    let words = words.replace("Gc ", "GC ");
    words.replace("Third party", "Third-party")
}

/// Returns the beginning of a longer text, on one line.
pub(crate) fn opening(text: &str) -> String {
    const LETTERS: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}\u{2026}", &line[..end]),
        None if text.trim().is_empty() => "(empty)".to_owned(),
        None => line.to_owned(),
    }
}

/// Returns the names of keys on this machine.
pub(crate) fn keyboard() -> editor::keys::Keyboard {
    let navigator = leptos::prelude::window().navigator();
    let platform = navigator.platform().unwrap_or_default();
    match platform.contains("Mac") || platform.contains("iP") {
        true => editor::keys::Keyboard::Mac,
        false => editor::keys::Keyboard::Other,
    }
}

/// Returns a moment in ms since 1970: `14:03` today, otherwise `2026-11-22`.
pub(crate) fn when(ms: f64) -> String {
    let at = js_sys::Date::new(&ms.into());
    let day = |date: &js_sys::Date| {
        let (year, month) = (date.get_full_year(), date.get_month() + 1);
        format!("{year}-{month:02}-{:02}", date.get_date())
    };
    match day(&at) {
        day_of if day_of == day(&js_sys::Date::new_0()) => {
            format!("{:02}:{:02}", at.get_hours(), at.get_minutes())
        }
        day_of => day_of,
    }
}

/// Returns a link's policies in one line.
pub(crate) fn policies(link: &design::Link) -> String {
    let timeout = link
        .timeout
        .map(|timeout| format!("timeout {}", spaced(&timeout.to_string())));
    let names = [
        (link.retry.is_some(), "retries"),
        (link.breaker.is_some(), "breaker"),
        (link.adaptive_throttle.is_some(), "throttle"),
        (link.bulkhead.is_some(), "bulkhead"),
        (link.pool.is_some(), "pool"),
        (link.hedge.is_some(), "hedge"),
        (link.deadline, "deadline"),
        (link.cancellation, "cancellation"),
    ];
    let names = names.into_iter().filter(|(has, _)| *has);
    let names = names.map(|(_, name)| name.to_owned());
    let all: Vec<String> = timeout.into_iter().chain(names).collect();
    match all.is_empty() {
        true => "none".to_owned(),
        false => all.join(", "),
    }
}

/// Returns a number with at most four characters: `987`, `1.2k`, `34k`, `5.6M`.
pub(crate) fn short(n: u64) -> String {
    let (value, unit) = match n {
        0..1_000 => return n.to_string(),
        1_000..1_000_000 => (n as f64 / 1e3, "k"),
        _ => (n as f64 / 1e6, "M"),
    };
    if value < 10.0 {
        format!("{:.1}{unit}", (value * 10.0).floor() / 10.0)
    } else {
        format!("{:.0}{unit}", value.floor())
    }
}

/// Returns a rate per second, without its unit: `0.4`, `12`, `1.2k`.
pub(crate) fn rate(per_s: f64) -> String {
    if per_s > 0.0 && per_s < 9.95 {
        format!("{per_s:.1}")
    } else {
        short(per_s.max(0.0).round() as u64)
    }
}

/// Returns a time span in ns, short: `0.4 ms`, `52 ms`, `3.2 s`, `12 min`.
pub(crate) fn span(ns: u64) -> String {
    let ms = ns as f64 / 1e6;
    let (value, unit) = match ms {
        ms if ms < 999.5 => (ms, "ms"),
        ms if ms < 99_950.0 => (ms / 1e3, "s"),
        ms => (ms / 6e4, "min"),
    };
    let digits = usize::from(value < 9.95);
    format!("{value:.digits$}\u{a0}{unit}")
}

/// Returns simulated time as a clock: `0:08.3`, `12:04.0`.
pub(crate) fn clock(time_s: f64) -> String {
    let tenths = (time_s.max(0.0) * 10.0).floor() as u64;
    let (minutes, rest) = (tenths / 600, tenths % 600);
    format!("{minutes}:{:02}.{}", rest / 10, rest % 10)
}

/// Returns a single number for a sentence: `3.8`, `42`.
pub(crate) fn figure(value: f64) -> String {
    if value.is_nan() {
        "–".to_owned()
    } else if value < 0.05 {
        "0".to_owned()
    } else if value < 9.95 {
        format!("{value:.1}")
    } else {
        count(value.round() as u64)
    }
}

/// Returns a line in parts. As many parts are shown as have room, and none is split.
pub(crate) fn in_parts(line: &str) -> String {
    let parts = line.split(", ").map(|part| part.replace(' ', "\u{a0}"));
    parts.collect::<Vec<_>>().join(" \u{b7}\u{a0}")
}

/// Returns a cause of failure in words.
pub(crate) fn cause(name: &str) -> &'static str {
    match name {
        "timeout" => "timed out",
        "refused" => "refused: down or full",
        "rejected" => "rejected: no room",
        "circuit_open" => "circuit open",
        "pool_timeout" => "no free connection",
        "unavailable" => "unavailable",
        "error" => "error",
        "abandoned" => "user left",
        _ => "other",
    }
}
