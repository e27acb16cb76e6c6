//! Fuzzy search: ranks names by how well they match a few letters.

/// Maximum length of a query, in letters; the rest is ignored.
pub const QUERY_MAX: usize = 64;
/// Maximum number of results.
pub const FOUND_MAX: usize = 60;

/// Returns the indices of the matches, best first; equally good ones keep their order. Every word
/// of the query must match the label or the hint. An empty query matches everything, up to the
/// limit.
///
/// `things` yields the label and the hint of each item.
pub fn find<'a>(query: &str, things: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<usize> {
    let query: String = query
        .chars()
        .take(QUERY_MAX)
        .collect::<String>()
        .to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let mut found: Vec<(u32, usize)> = things
        .enumerate()
        .filter_map(|(at, (label, hint))| Some((score(&words, label, hint)?, at)))
        .collect();
    found.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
    found.truncate(FOUND_MAX);
    found.into_iter().map(|(_, at)| at).collect()
}

/// Returns how well all words match; `None` if one does not.
fn score(words: &[&str], label: &str, hint: &str) -> Option<u32> {
    let (label, hint) = (label.to_lowercase(), hint.to_lowercase());
    let mut sum = 0;
    for word in words {
        let in_label = fit(word, &label);
        // A match in the label counts for more than one in the hint.
        let in_hint = fit(word, &hint).map(|fit| fit / 3);
        sum += in_label.max(in_hint)?;
    }
    Some(sum)
}

/// Returns how well one word matches a text: all of it, its beginning, the beginning of a word, a
/// substring, its initials, or its letters in order.
fn fit(word: &str, text: &str) -> Option<u32> {
    if text == word {
        return Some(120);
    }
    if text.starts_with(word) {
        return Some(100);
    }
    let begins = |at: usize| {
        text[..at]
            .chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric())
    };
    if text.match_indices(word).any(|(at, _)| begins(at)) {
        return Some(80);
    }
    if text.contains(word) {
        return Some(60);
    }
    let initials: String = text
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(|part| part.chars().next())
        .collect();
    if initials.starts_with(word) {
        return Some(50);
    }
    scattered(word, text)
}

/// Returns how well the letters of the word match in order, the first of them at the beginning of a
/// word: the fewer gaps the better. Words of fewer than three letters would match almost anything,
/// so they are not matched this way.
fn scattered(word: &str, text: &str) -> Option<u32> {
    if word.chars().count() < 3 {
        return None;
    }
    let starts = text.char_indices().scan(true, |free, (at, c)| {
        let starts = *free && c.is_alphanumeric();
        *free = !c.is_alphanumeric();
        Some((at, starts))
    });
    starts
        .filter(|(_, starts)| *starts)
        .filter_map(|(at, _)| gaps(word, &text[at..]))
        .min()
        .filter(|gaps| *gaps <= 2 * word.chars().count() as u32)
        .map(|gaps| 40_u32.saturating_sub(2 * gaps).max(1))
}

/// Returns the number of letters skipped between the first and the last letter of the word.
fn gaps(word: &str, text: &str) -> Option<u32> {
    let mut letters = text.chars();
    let mut gaps = 0;
    for (at, wanted) in word.chars().enumerate() {
        let passed = letters.position(|c| c == wanted)?;
        match at {
            0 if passed > 0 => return None,
            _ => gaps += passed as u32,
        }
    }
    Some(gaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THINGS: [(&str, &str); 8] = [
        ("Zoom to fit", ""),
        ("Zoom in", ""),
        ("Tidy up", ""),
        ("Add Load balancer", ""),
        ("load-balancer-2", "Load balancer"),
        ("orders", "Database"),
        ("Run again with a new seed", "Shift R"),
        ("Überweisung", "Service"),
    ];

    fn found(query: &str) -> Vec<&'static str> {
        let places = find(query, THINGS.into_iter());
        places.into_iter().map(|at| THINGS[at].0).collect()
    }

    #[test]
    fn the_best_fit_is_first() {
        for (query, wanted) in [
            ("zoom", &["Zoom to fit", "Zoom in"][..]),
            ("fit", &["Zoom to fit"]),
            ("ztf", &["Zoom to fit"]),
            ("zmfit", &["Zoom to fit"]),
            ("load", &["load-balancer-2", "Add Load balancer"]),
            ("LB", &["load-balancer-2"]),
            ("alb", &["Add Load balancer"]),
            ("data", &["orders"]),
            ("seed new", &["Run again with a new seed"]),
            ("über", &["Überweisung"]),
            ("orders cache", &[]),
            ("qqq", &[]),
            ("zq", &[]),
        ] {
            assert_eq!(found(query), wanted, "{query}");
        }
    }

    #[test]
    fn nothing_asked_finds_everything_up_to_the_bound() {
        assert_eq!(found("  ").len(), THINGS.len());
        let many = (0..5_000).map(|_| ("node", ""));
        assert_eq!(find("node", many).len(), FOUND_MAX);
        let long = "n".repeat(100_000);
        assert_eq!(find(&long, THINGS.into_iter()), [0_usize; 0]);
    }
}
