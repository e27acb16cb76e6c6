//! Texts with figures in braces: `{after}` is the figure of that name as the broken run has it,
//! `{mended after}` as the mended one does.

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it stands.
    Text(&'a str),
    /// A figure that the scenario shows, by its name.
    Figure {
        /// Its name.
        name: &'a str,
        /// Of the mended run, and not of the broken one.
        mended: bool,
    },
}

/// A text in pieces. A brace that never closes is text.
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
        let (name, mended) = match name.strip_prefix("mended ") {
            Some(name) => (name, true),
            None => (name, false),
        };
        pieces.push(Piece::Figure { name, mended });
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
        let figure = |name, mended| Piece::Figure { name, mended };
        let text = "{a} of them, then {mended b}.";
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
