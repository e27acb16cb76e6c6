//! Texts with metrics in braces: `{after}` is the metric of that name in the faulty run,
//! `{fixed after}` in the fixed run.

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Plain text.
    Text(&'a str),
    /// A metric that the scenario shows.
    Figure {
        /// Its name.
        name: &'a str,
        /// Whether it is taken from the fixed run instead of the faulty one.
        fixed: bool,
    },
}

/// Splits a text into pieces. A brace that is never closed is plain text.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let (name, fixed) = match name.strip_prefix("fixed ") {
            Some(name) => (name, true),
            None => (name, false),
        };
        pieces.push(Piece::Figure { name, fixed });
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_figures() {
        let figure = |name, fixed| Piece::Figure { name, fixed };
        let text = "{a} of them, then {fixed b}.";
        let wanted = [
            figure("a", false),
            Piece::Text(" of them, then "),
            figure("b", true),
            Piece::Text("."),
        ];
        assert_eq!(pieces(text), wanted);
        assert_eq!(pieces("open {brace"), [Piece::Text("open {brace")]);
    }
}
