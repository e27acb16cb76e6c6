//! Finds many phrases in one pass over the words of a text.

use std::collections::BTreeMap;

use super::prose::sentences;

/// Phrases by their first word.
pub(super) struct Phrases<'a> {
    /// The further words of each phrase, with its place in the list.
    by_first: BTreeMap<&'a str, Vec<(Vec<&'a str>, usize)>>,
    /// Beginnings of words (`utilis*`).
    beginnings: Vec<(&'a str, usize)>,
    /// First words of statements (`^who`).
    openings: Vec<(&'a str, usize)>,
}

impl<'a> Phrases<'a> {
    /// Phrases in lower case.
    pub(super) fn new(phrases: impl Iterator<Item = &'a str>) -> Phrases<'a> {
        let mut known = Phrases {
            by_first: BTreeMap::new(),
            beginnings: Vec::new(),
            openings: Vec::new(),
        };
        for (at, phrase) in phrases.enumerate() {
            if let Some(beginning) = phrase.strip_suffix('*') {
                known.beginnings.push((beginning, at));
            } else if let Some(opening) = phrase.strip_prefix('^') {
                known.openings.push((opening, at));
            } else {
                let mut words = phrase.split(' ');
                let first = words.next().unwrap_or_default();
                let rest = known.by_first.entry(first).or_default();
                rest.push((words.collect(), at));
            }
        }
        known
    }

    /// The places in the list of the phrases in a text in lower case.
    pub(super) fn within(&self, text: &str) -> Vec<usize> {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '\'';
        let words: Vec<&str> = text
            .split(|c: char| !is_part(c))
            .filter(|word| !word.is_empty())
            .collect();
        let mut found = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let after = &words[at + 1..];
            let phrases = self.by_first.get(word).into_iter().flatten();
            let phrases = phrases.filter(|(rest, _)| after.starts_with(rest));
            found.extend(phrases.map(|(_, phrase)| *phrase));
            let beginnings = self.beginnings.iter();
            let beginnings = beginnings.filter(|(beginning, _)| word.starts_with(beginning));
            found.extend(beginnings.map(|(_, phrase)| *phrase));
        }
        for (opening, phrase) in &self.openings {
            let begins = |sentence: &String| {
                let sentence = sentence.trim_start_matches('"');
                let rest = sentence.strip_prefix(opening);
                rest.is_some_and(|rest| rest.starts_with(' ')) && !sentence.ends_with('?')
            };
            if text.contains(opening) && sentences(text).iter().any(begins) {
                found.push(*phrase);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_whole_words() {
        let known = Phrases::new(["at once", "his", "utilis*", "^who"].into_iter());
        assert_eq!(known.within("it is at once, (at once)"), [0, 0]);
        assert!(known.within("that once at").is_empty());
        assert!(known.within("his_field is this").is_empty());
        assert_eq!(known.within("utilisation of his"), [2, 1]);
        assert_eq!(known.within("it waits. who waits is served."), [3]);
        assert!(known.within("who waits? users who wait.").is_empty());
    }
}
