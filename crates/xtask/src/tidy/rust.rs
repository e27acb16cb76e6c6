//! What a Rust file declares, read from its tokens: macros hide nothing from this reader, and
//! comments and strings do not confuse it.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::words::{Block, literal};

/// What a Rust file declares.
#[derive(Default)]
pub(crate) struct Contents {
    /// Modules in files of their own.
    pub(crate) modules: Vec<Module>,
    pub(crate) tests: Vec<Test>,
    pub(crate) functions: Vec<Function>,
    /// Lines with a `let _ =` that discards nothing but names: values kept alive for the compiler.
    pub(crate) discards: Vec<usize>,
    pub(crate) identifiers: BTreeSet<String>,
    /// Strings and doc comments.
    pub(crate) texts: Vec<Block>,
    /// Whether a path begins with `rustfmt::`, as in `#[rustfmt::skip]`.
    pub(crate) directs_rustfmt: bool,
}

/// `mod name;`
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// The inline modules around it.
    pub(crate) within: Vec<String>,
    /// The path of a `#[path]` attribute.
    pub(crate) path: Option<String>,
}

/// A function with a test attribute.
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// The inline modules around it.
    pub(crate) within: Vec<String>,
}

/// A function with a body.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    /// Lines from `fn` to the closing brace.
    pub(crate) lines: usize,
}

impl Contents {
    /// Reads the text of a file.
    pub(crate) fn of(text: &str) -> Result<Contents> {
        let tokens: TokenStream = text
            .parse()
            .map_err(|error: proc_macro2::LexError| anyhow!("not Rust: {error}"))?;
        let mut contents = Contents::default();
        contents.read(tokens, &[]);
        Ok(contents)
    }

    fn read(&mut self, tokens: TokenStream, within: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        // The attributes of the item that is being read.
        let mut attributes: Vec<Vec<TokenTree>> = Vec::new();
        let mut rest = tokens.as_slice();
        while let Some((token, after)) = rest.split_first() {
            rest = after;
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    if let Some(attribute) = after.first().and_then(|next| group(next, BRACKETS)) {
                        attributes.push(attribute.stream().into_iter().collect());
                    }
                }
                TokenTree::Punct(punct) if matches!(punct.as_char(), ';' | ',') => {
                    attributes.clear();
                }
                TokenTree::Ident(ident) => {
                    let word = ident.to_string();
                    let line = ident.span().start().line;
                    match (word.as_str(), after) {
                        ("mod", [TokenTree::Ident(name), body, later @ ..]) => {
                            rest = later;
                            let path = attributes.drain(..).find_map(|it| path_of(&it));
                            self.module(&name.to_string(), line, within, body, path);
                        }
                        ("fn", [TokenTree::Ident(name), ..]) => {
                            self.function(&name.to_string(), line, within, after, &attributes);
                            attributes.clear();
                        }
                        ("let", _) if discards_names(after) => self.discards.push(line),
                        ("rustfmt", [TokenTree::Punct(first), TokenTree::Punct(second), ..])
                            if first.as_char() == ':' && second.as_char() == ':' =>
                        {
                            self.directs_rustfmt = true;
                        }
                        _ => {}
                    }
                    self.identifiers.insert(word);
                }
                TokenTree::Literal(token) => {
                    let source = token.to_string();
                    if source.contains('"') {
                        self.texts.push(literal(token.span().start().line, &source));
                    }
                }
                TokenTree::Group(group) => {
                    self.read(group.stream(), within);
                    if group.delimiter() == Delimiter::Brace {
                        attributes.clear();
                    }
                }
                _ => {}
            }
        }
    }

    fn module(
        &mut self,
        name: &str,
        line: usize,
        within: &[String],
        body: &TokenTree,
        path: Option<String>,
    ) {
        match body {
            TokenTree::Group(body) => {
                let within = [within, &[name.to_owned()]].concat();
                self.read(body.stream(), &within);
            }
            _ => self.modules.push(Module {
                name: name.to_owned(),
                line,
                within: within.to_vec(),
                path,
            }),
        }
    }

    fn function(
        &mut self,
        name: &str,
        line: usize,
        within: &[String],
        after: &[TokenTree],
        attributes: &[Vec<TokenTree>],
    ) {
        if attributes.iter().any(|attribute| is_test(attribute)) {
            self.tests.push(Test {
                name: name.to_owned(),
                line,
                within: within.to_vec(),
            });
        }
        let is_end = |token: &&TokenTree| {
            group(token, Delimiter::Brace).is_some()
                || matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';')
        };
        let body = after.iter().find(is_end);
        if let Some(body) = body.and_then(|end| group(end, Delimiter::Brace)) {
            self.functions.push(Function {
                name: name.to_owned(),
                line,
                lines: body.span_close().end().line - line + 1,
            });
        }
    }
}

const BRACKETS: Delimiter = Delimiter::Bracket;

fn group(token: &TokenTree, delimiter: Delimiter) -> Option<&Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}

/// `test`, `wasm_bindgen_test(...)`, `tokio::test`: the last name of the path says it.
fn is_test(attribute: &[TokenTree]) -> bool {
    let path = attribute.iter().take_while(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        _ => false,
    });
    path.last()
        .is_some_and(|name| matches!(name.to_string().as_str(), "test" | "wasm_bindgen_test"))
}

/// The file of `path = "file"`.
fn path_of(attribute: &[TokenTree]) -> Option<String> {
    match attribute {
        [TokenTree::Ident(name), _, TokenTree::Literal(file)] if *name == "path" => {
            Some(file.to_string().trim_matches('"').to_owned())
        }
        _ => None,
    }
}

/// Whether these tokens after a `let` are `_ = name;` or `_ = (name, name);`.
fn discards_names(after: &[TokenTree]) -> bool {
    let is = |token: &TokenTree, text: &str| token.to_string() == text;
    let [pattern, equals, value @ ..] = after else {
        return false;
    };
    if !is(pattern, "_") || !is(equals, "=") {
        return false;
    }
    let end = value.iter().position(|token| is(token, ";"));
    end.is_some_and(|end| only_names(value[..end].iter().cloned().collect()))
}

fn only_names(tokens: TokenStream) -> bool {
    // A group after a name is a call, and calls may matter.
    let mut is_after_name = false;
    tokens.into_iter().all(|token| {
        let is_call = is_after_name;
        is_after_name = matches!(token, TokenTree::Ident(_));
        match token {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(punct) => matches!(punct.as_char(), '&' | ','),
            TokenTree::Group(group) => {
                let is_tuple = group.delimiter() == Delimiter::Parenthesis && !is_call;
                is_tuple && only_names(group.stream())
            }
            TokenTree::Literal(_) => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Contents {
        Contents::of(text).unwrap()
    }

    #[test]
    fn tests_are_found_wherever_they_are_written() {
        let contents = read(
            r##"
            // #[test] fn in_a_comment() {}
            const TEXT: &str = "#[test] fn in_a_string() {}";
            #[cfg(test)]
            mod tests {
                #[test]
                #[ignore = "slow"]
                pub(crate) fn plain() {}
                fn helper() {}
                mod inner { #[tokio::test] async fn nested() {} }
                proptest! {
                    #[test]
                    fn in_a_macro(x in 0..3) {}
                }
            }"##,
        );
        let names: Vec<String> = contents
            .tests
            .iter()
            .map(|test| format!("{}::{}", test.within.join("::"), test.name))
            .collect();
        assert_eq!(
            names,
            ["tests::plain", "tests::inner::nested", "tests::in_a_macro"]
        );
    }

    #[test]
    fn an_attribute_of_rustfmt_is_told_from_a_field_of_that_name() {
        let directs = |text| read(text).directs_rustfmt;
        assert!(directs("#[rustfmt::skip] fn a() {}"));
        assert!(directs("mod a { #![cfg_attr(any(), rustfmt::skip)] }"));
        assert!(!directs("struct Facts { rustfmt: bool, clippy: bool }"));
    }

    #[test]
    fn modules_in_files_are_found_and_those_a_macro_names_are_not() {
        let contents = read(
            "mod a; pub(crate) mod b; #[path = \"x/c.rs\"] mod c; mod d { mod e; }
             macro_rules! list { ($($name:ident),*) => { $(mod $name;)* } } list! { f, g }",
        );
        let found: Vec<(&str, Option<&str>, usize)> = contents
            .modules
            .iter()
            .map(|module| {
                let path = module.path.as_deref();
                (module.name.as_str(), path, module.within.len())
            })
            .collect();
        let expected = [
            ("a", None, 0),
            ("b", None, 0),
            ("c", Some("x/c.rs"), 0),
            ("e", None, 1),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn functions_have_their_lines() {
        let contents = read("trait T { fn a(); }\nimpl T for U {\n    fn a(\n    ) {\n    }\n}\n");
        let lines: Vec<_> = contents.functions.iter().map(|f| f.lines).collect();
        assert_eq!(lines, [3]);
    }

    #[test]
    fn only_discarded_names_are_found() {
        let contents =
            read("fn a() {\n let _ = b;\n let _ = (b, &c);\n let _ = b(c); let _b = c; }");
        assert_eq!(contents.discards, [2, 3]);
    }
}
