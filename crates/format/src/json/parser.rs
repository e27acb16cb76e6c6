//! JSON (RFC 8259) to values. Our own, since page and worker each carry it: a twentieth of what
//! `serde_json` adds to them, and it keeps repeated keys. Tests hold it against `serde_json`.

use super::DEPTH_MAX;
use design::Value;

/// Reads a whole text. The error names line and column.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let mut parser = Parser { text, at: 0 };
    parser.document().map_err(|message| {
        let before = text.get(..parser.at).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("line {line}, column {column}: {message}")
    })
}

struct Parser<'a> {
    text: &'a str,
    /// Of the next byte; where an error is, once there was one.
    at: usize,
}

type Read<T> = Result<T, &'static str>;

impl<'a> Parser<'a> {
    fn document(&mut self) -> Read<Value> {
        let value = self.value(0)?;
        match self.next_token() {
            None => Ok(value),
            Some(_) => Err("unexpected text after the end"),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is not white space.
    fn next_token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    /// Steps over a byte if it is the next one.
    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Read<Value> {
        let token = self.next_token();
        if depth > DEPTH_MAX {
            return Err("nested more than 32 levels deep");
        }
        match token {
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err("expected a value"),
            None => Err("unexpected end of text"),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Read<Value> {
        match self.text[self.at..].starts_with(word) {
            true => {
                self.at += word.len();
                Ok(value)
            }
            false => Err("expected a value"),
        }
    }

    fn list(&mut self, depth: usize) -> Read<Value> {
        self.at += 1;
        let mut items = Vec::new();
        if self.next_token() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            match self.next_token() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::List(items));
                }
                Some(_) => return Err("expected , or ]"),
                None => return Err("unexpected end of text"),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Read<Value> {
        self.at += 1;
        let mut entries = Vec::new();
        if self.next_token() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(entries));
        }
        loop {
            if self.next_token() != Some(b'"') {
                return Err("expected a name in double quotes");
            }
            let key = self.string()?;
            self.next_token();
            if !self.skip(b':') {
                return Err("expected :");
            }
            entries.push((key, self.value(depth + 1)?));
            match self.next_token() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Map(entries));
                }
                Some(_) => return Err("expected , or }"),
                None => return Err("unexpected end of text"),
            }
        }
    }

    fn number(&mut self) -> Read<Value> {
        let start = self.at;
        self.skip(b'-');
        if !self.skip(b'0') {
            self.digits()?;
        }
        if self.skip(b'.') {
            self.digits()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            let _ = self.skip(b'-') || self.skip(b'+');
            self.digits()?;
        }
        let number: f64 = self.text[start..self.at]
            .parse()
            .map_err(|_| "expected a number")?;
        if !number.is_finite() {
            return Err("this number is too large");
        }
        // Adding 0 turns -0 into 0, so that a design has one form of zero.
        Ok(Value::Number(number + 0.0))
    }

    fn digits(&mut self) -> Read<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        match self.at > start {
            true => Ok(()),
            false => Err("expected a digit"),
        }
    }

    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..0x20)) {
                self.at += 1;
            }
            string.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => {
                    self.at += 1;
                    string.push(self.escape()?);
                }
                Some(_) => return Err("control characters in strings must be escaped"),
                None => return Err("unexpected end of text"),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let c = match self.peek() {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            Some(_) | None => return Err("expected an escape such as \\n or \\u00e9"),
        };
        self.at += 1;
        Ok(c)
    }

    /// Four hexadecimal digits, or twice that for what lies beyond them.
    fn unicode(&mut self) -> Read<char> {
        let wrong = "this escape is not a valid character";
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or(wrong);
        }
        if !(self.skip(b'\\') && self.skip(b'u')) {
            return Err(wrong);
        }
        let second = self.hex()?;
        let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400);
        low.and_then(|low| char::from_u32(0x10000 + ((first - 0xd800) << 10) + low))
            .ok_or(wrong)
    }

    fn hex(&mut self) -> Read<u32> {
        let mut n = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            n = n << 4 | digit.ok_or("expected four hexadecimal digits")?;
            self.at += 1;
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::json;
    use design::Value;

    /// Compares with `serde_json`; of repeated keys that keeps the last.
    fn same(ours: &Value, theirs: &serde_json::Value) -> bool {
        match (ours, theirs) {
            (Value::Null, serde_json::Value::Null) => true,
            (Value::Bool(a), serde_json::Value::Bool(b)) => a == b,
            (Value::Number(a), b) => b.as_f64() == Some(*a),
            (Value::Text(a), serde_json::Value::String(b)) => a == b,
            (Value::List(a), serde_json::Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
            }
            (Value::Map(a), serde_json::Value::Object(b)) => b.iter().all(|(key, b)| {
                a.iter()
                    .rfind(|(k, _)| k == key)
                    .is_some_and(|(_, a)| same(a, b))
            }),
            (Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Map(_), _) => {
                false
            }
        }
    }

    #[track_caller]
    fn check(text: &str) {
        let theirs = serde_json::from_str::<serde_json::Value>(text);
        match (parse(text), theirs) {
            (Ok(ours), Ok(theirs)) => assert!(same(&ours, &theirs), "{text}"),
            (Err(_), Err(_)) => {}
            (ours, theirs) => panic!("{text}: {ours:?}, serde_json: {theirs:?}"),
        }
    }

    #[test]
    fn it_reads_what_serde_json_reads() {
        for text in [
            "0",
            "-0",
            "-",
            "01",
            "1.",
            ".5",
            "1e5",
            "1E+5",
            "1e-",
            "0.1",
            "123456789012345678901234567890",
            "1e308",
            "1e309",
            "5e-324",
            "2.2250738585072011e-308",
            "true",
            "tru",
            "nulll",
            "\"\\u00e9\\ud83e\\udd80\"",
            "\"\\ud83e\"",
            "\"\\udd80\"",
            "\"\\ud83e\\u0041\"",
            "\"\\u12\"",
            "\"\\x\"",
            "\"a\nb\"",
            "\"\u{7f}é\"",
            "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
            "[1,]",
            "[,]",
            "[1 2]",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "{\"a\":1,\"a\":2}",
            "[] []",
            " [ ] ",
            "\u{a0}1",
            "é",
            "\"\\é\"",
            "\"\\u00é9\"",
        ] {
            check(text);
        }
    }

    #[test]
    fn it_agrees_with_serde_json_on_damaged_files() {
        let signs = ['"', '\\', '{', ']', ',', ':', '1', '.', 'e', 'u', '\n', 'é'];
        testing::cases(15, 15).check(|design, rng| {
            let text = json::write(design);
            check(&text);
            for _ in 0..40 {
                let mut chars: Vec<char> = text.chars().collect();
                for _ in 0..rng.between(1, 2) {
                    let at = rng.place(chars.len());
                    match rng.below(3) {
                        0 => drop(chars.remove(at)),
                        1 => chars[at] = *rng.pick(&signs),
                        _ => chars.truncate(at + 1),
                    }
                }
                check(&chars.into_iter().collect::<String>());
            }
        });
    }
}
