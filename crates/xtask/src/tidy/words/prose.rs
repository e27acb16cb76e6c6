//! The text of files, in blocks: paragraphs, headings, strings.

use anyhow::Result;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;

/// A paragraph, heading, table cell, string or doc comment.
pub(crate) struct Block {
    pub(crate) line: usize,
    /// Without line breaks, and with a placeholder for code.
    pub(crate) text: String,
    /// Whether it consists of sentences.
    pub(crate) is_prose: bool,
}

/// Stands for code in a text: one word that is no phrase.
const CODE: &str = "`code`";

/// The blocks of a Markdown document.
pub(super) fn markdown(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut current = String::new();
    let (mut is_code, mut is_prose, mut start) = (false, true, 0);
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        if current.is_empty() {
            start = range.start;
        }
        match event {
            Event::Text(text) if !is_code => current += &text,
            Event::Code(_) => current += CODE,
            Event::SoftBreak | Event::HardBreak => current.push(' '),
            Event::Start(Tag::CodeBlock(_)) => is_code = true,
            Event::End(TagEnd::CodeBlock) => is_code = false,
            Event::Start(Tag::Paragraph | Tag::Item) => {
                finish(&mut blocks, &mut current, text, start, is_prose);
                is_prose = true;
            }
            Event::Start(Tag::Heading { .. } | Tag::TableCell) => {
                finish(&mut blocks, &mut current, text, start, is_prose);
                is_prose = false;
            }
            Event::End(
                TagEnd::Paragraph | TagEnd::Item | TagEnd::Heading(_) | TagEnd::TableCell,
            ) => finish(&mut blocks, &mut current, text, start, is_prose),
            _ => {}
        }
    }
    blocks
}

fn finish(blocks: &mut Vec<Block>, current: &mut String, all: &str, start: usize, is_prose: bool) {
    if current.trim().is_empty() {
        current.clear();
        return;
    }
    blocks.push(Block {
        line: all[..start].matches('\n').count() + 1,
        text: std::mem::take(current),
        is_prose,
    });
}

/// The strings of a JSON document. `{…}` in a text is a placeholder.
pub(super) fn json(text: &str) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    collect(&serde_json::from_str(text)?, &mut |string| {
        let written = serde_json::to_string(string).unwrap_or_default();
        let start = text.find(&written).unwrap_or(0);
        blocks.push(Block {
            line: text[..start].matches('\n').count() + 1,
            text: without_placeholders(string),
            is_prose: true,
        });
    });
    Ok(blocks)
}

fn collect(value: &Value, add: &mut impl FnMut(&str)) {
    match value {
        Value::String(string) => add(string),
        Value::Array(items) => items.iter().for_each(|item| collect(item, add)),
        Value::Object(entries) => entries.values().for_each(|value| collect(value, add)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The block of a string literal as Rust source has it, or of a doc comment.
pub(crate) fn literal(line: usize, source: &str) -> Block {
    // A backslash at the end of a line continues the string.
    let mut text = String::new();
    let mut parts = source.split("\\\n");
    text += parts.next().unwrap_or_default();
    for part in parts {
        text += part.trim_start();
    }
    let text = text.replace("\\n", " ").replace("\\\"", "\"");
    // One word in lower case is an id or a name in a format.
    let is_id = !text.contains(' ') && !text.contains(char::is_uppercase);
    let text = if is_id { String::new() } else { text };
    Block {
        line,
        text: without_placeholders(&without_code(&text)),
        is_prose: false,
    }
}

fn without_placeholders(text: &str) -> String {
    without(text, '{', '}')
}

fn without_code(text: &str) -> String {
    without(text, '`', '`')
}

/// Puts a placeholder for everything between two characters.
fn without(text: &str, open: char, close: char) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        let Some((_, after)) = after.split_once(close) else {
            break;
        };
        out += before;
        out += CODE;
        rest = after;
    }
    out + rest
}

/// The sentences of a text: a full stop, a question mark or an exclamation mark ends one where a
/// space follows.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    for word in text.split_whitespace() {
        let current = sentences.last_mut().expect("there is always one");
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(word);
        let end = word.trim_end_matches([')', '"', '*', '\'']);
        if end.ends_with(['.', '!', '?']) {
            sentences.push(String::new());
        }
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// The words of a sentence; code is one, and a dash or a sign is none.
pub(super) fn count(sentence: &str) -> usize {
    let words = sentence.split_whitespace();
    words
        .filter(|word| word.contains(char::is_alphanumeric))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(blocks: &[Block]) -> Vec<(usize, &str)> {
        blocks
            .iter()
            .map(|it| (it.line, it.text.as_str()))
            .collect()
    }

    #[test]
    fn markdown_has_prose_without_code() {
        let text =
            "# Title\n\nOne `a b`\ntwo.\n\n```\ncode\n```\n\n- item\n\n| cell |\n|-|\n| x |\n";
        let blocks = markdown(text);
        assert_eq!(
            texts(&blocks),
            [
                (1, "Title"),
                (3, "One `code` two."),
                (10, "item"),
                (12, "cell"),
                (14, "x")
            ]
        );
        let prose: Vec<bool> = blocks.iter().map(|block| block.is_prose).collect();
        assert_eq!(prose, [false, true, true, false, false]);
    }

    #[test]
    fn json_has_strings_without_placeholders() {
        let blocks = json("{\"a\": [\n\"Goodput is {fixed after}.\"]}").unwrap();
        assert_eq!(texts(&blocks), [(2, "Goodput is `code`.")]);
    }

    #[test]
    fn literals_lose_what_is_not_text() {
        let block = literal(3, "\"one \\\n    two `at once` {x}\"");
        assert_eq!(texts(&[block]), [(3, "\"one two `code` `code`\"")]);
    }

    #[test]
    fn sentences_end_where_a_space_follows() {
        let text = "It takes 1.5 s. Is \"it?\" (Yes.) So";
        assert_eq!(
            sentences(text),
            ["It takes 1.5 s.", "Is \"it?\"", "(Yes.)", "So"]
        );
        assert_eq!(count("one – `code` 2"), 3);
    }
}
