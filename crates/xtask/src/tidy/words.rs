//! Plain words and short sentences: `words.toml` lists phrases that stay out of text that people
//! read, and the paths that are not covered yet.
//!
//! Phrases are looked for in Markdown, in the lessons, and in the strings and doc comments of Rust
//! files. Sentences are counted in Markdown and in the lessons.

mod phrases;
mod prose;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::repository::{Sources, text, with_extension};
use phrases::Phrases;
pub(super) use prose::{Block, literal};

const FILE: &str = "crates/xtask/src/tidy/words.toml";
const LESSONS: &str = "crates/scenarios/library/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    banned: Vec<Banned>,
    allowed: Vec<Allowed>,
    words: Words,
    sentences: Sentences,
}

/// Phrases with one replacement.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Banned {
    phrases: Vec<String>,
    instead: String,
}

/// A text in which a banned phrase is right.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    text: String,
    because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    later: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sentences {
    words_max: usize,
    later: Vec<String>,
}

/// Finds banned phrases, long sentences, and paths that no longer need to be left out.
pub(super) fn check(files: &[String], sources: &Sources) -> Result<Vec<String>> {
    let list = List::read(&text(FILE)?)?;
    let mut words = Covered::new(&list.words.later);
    let mut sentences = Covered::new(&list.sentences.later);
    for path in with_extension(files, &["md"]) {
        let blocks = prose::markdown(&text(path)?);
        words.note(path, list.phrases(&blocks));
        sentences.note(path, list.long_sentences(&blocks));
    }
    let lessons = with_extension(files, &["json"]);
    for path in lessons.filter(|path| path.starts_with(LESSONS)) {
        let blocks = prose::json(&text(path)?).with_context(|| path.to_owned())?;
        words.note(path, list.phrases(&blocks));
        sentences.note(path, list.long_sentences(&blocks));
    }
    for (path, source) in sources {
        words.note(path, list.phrases(&source.contents.texts));
    }
    let mut problems = words.finish("words");
    problems.extend(sentences.finish("sentences"));
    Ok(problems)
}

impl List {
    fn read(text: &str) -> Result<List> {
        let list: List = toml::from_str(text).context(FILE)?;
        for allowed in &list.allowed {
            let has_reason = !allowed.because.trim().is_empty();
            ensure!(has_reason, "{FILE}: {} has no reason", allowed.text);
        }
        Ok(list)
    }

    /// The banned phrases in these blocks, with line and replacement.
    fn phrases(&self, blocks: &[Block]) -> Vec<(usize, String)> {
        let phrases: Vec<(&str, &str)> = (self.banned.iter())
            .flat_map(|banned| {
                let phrases = banned.phrases.iter();
                phrases.map(|phrase| (phrase.as_str(), banned.instead.as_str()))
            })
            .collect();
        let known = Phrases::new(phrases.iter().map(|(phrase, _)| *phrase));
        let found = blocks.iter().flat_map(|block| {
            let mut text = block.text.to_lowercase();
            for allowed in &self.allowed {
                text = text.replace(&allowed.text, " ");
            }
            let found = known.within(&text).into_iter();
            let problems = found.map(|at| {
                let (phrase, instead) = phrases[at];
                (block.line, format!("\"{phrase}\": write {instead}"))
            });
            problems.collect::<Vec<_>>()
        });
        found.collect()
    }

    fn long_sentences(&self, blocks: &[Block]) -> Vec<(usize, String)> {
        let max = self.sentences.words_max;
        let prose = blocks.iter().filter(|block| block.is_prose);
        let sentences = prose.flat_map(|block| {
            let sentences = prose::sentences(&block.text).into_iter();
            sentences.map(|sentence| (block.line, sentence))
        });
        let long = sentences.filter_map(|(line, sentence)| {
            let count = prose::count(&sentence);
            let start: String = sentence.chars().take(60).collect();
            let message = format!("a sentence of {count} words, at most {max}: {start}…");
            (count > max).then_some((line, message))
        });
        long.collect()
    }
}

/// Problems by path, and the paths that are left out.
struct Covered<'a> {
    /// Each with whether something was found in it.
    later: Vec<(&'a str, bool)>,
    problems: Vec<String>,
}

impl<'a> Covered<'a> {
    fn new(later: &'a [String]) -> Covered<'a> {
        Covered {
            later: later.iter().map(|path| (path.as_str(), false)).collect(),
            problems: Vec::new(),
        }
    }

    fn note(&mut self, path: &str, found: Vec<(usize, String)>) {
        let mut left_out = self.later.iter_mut();
        if let Some((_, is_needed)) = left_out.find(|(later, _)| path.starts_with(later)) {
            *is_needed |= !found.is_empty();
            return;
        }
        let found = found.into_iter();
        self.problems
            .extend(found.map(|(line, message)| format!("{path}:{line}: {message}")));
    }

    fn finish(self, list: &str) -> Vec<String> {
        let needless = self.later.iter().filter(|(_, is_needed)| !is_needed);
        let needless = needless
            .map(|(path, _)| format!("{FILE}: {path}: nothing found; remove it from {list}"));
        needless.chain(self.problems.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"
        [[banned]]
        phrases = ["at once", "utilis*", "^who"]
        instead = "immediately"
        [[allowed]]
        text = "all at once"
        because = "an idiom"
        [words]
        later = ["web/"]
        [sentences]
        words_max = 4
        later = []
    "#;

    fn block(text: &str) -> Block {
        Block {
            line: 7,
            text: text.to_owned(),
            is_prose: true,
        }
    }

    #[test]
    fn phrases_are_found_with_their_line_and_what_to_write() {
        let list = List::read(LIST).unwrap();
        let found = |text: &str| list.phrases(&[block(text)]);
        let problem = (7, "\"at once\": write immediately".to_owned());
        assert_eq!(found("It is refused At once."), [problem]);
        assert_eq!(found("Utilisation is low.").len(), 1);
        assert!(found("All at once, it stops.").is_empty());
        assert!(found("that once").is_empty());
        assert_eq!(found("It waits. Who waits is served.").len(), 1);
        assert!(found("Who waits? A user who waits.").is_empty());
    }

    #[test]
    fn a_long_sentence_is_a_problem() {
        let list = List::read(LIST).unwrap();
        assert!(
            list.long_sentences(&[block("One two. Three four.")])
                .is_empty()
        );
        let long = list.long_sentences(&[block("One. Two three four `a b` five.")]);
        assert_eq!(long.len(), 1);
    }

    #[test]
    fn a_path_that_needs_no_exception_is_a_problem() {
        let later = ["web/".to_owned(), "tests/".to_owned()];
        let mut covered = Covered::new(&later);
        covered.note("web/a.rs", vec![(1, "found".to_owned())]);
        covered.note("tests/a.rs", Vec::new());
        covered.note("README.md", vec![(2, "found".to_owned())]);
        let problems = covered.finish("words");
        assert_eq!(problems.len(), 2);
        assert!(
            problems[0].contains("tests/: nothing found"),
            "{problems:?}"
        );
        assert_eq!(problems[1], "README.md:2: found");
    }

    #[test]
    fn an_exception_needs_a_reason() {
        assert!(List::read(&LIST.replace("an idiom", " ")).is_err());
    }
}
