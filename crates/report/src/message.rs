//! Messages: texts whose names, times and numbers keep their types.

use crate::figure::{Figure, Unit};
use serde::{Deserialize, Serialize};

/// A message to people: a sequence of pieces.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Message(Vec<Piece>);

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Words.
    Text(String),
    /// A node, by its id.
    Node(String),
    /// A link, by its id.
    Link(String),
    /// A zone, by its name.
    Zone(String),
    /// An operation of a client, by its name.
    Operation(String),
    /// A time of the run in seconds, shown to a tenth of a second.
    Moment(f64),
    /// A time of the run in seconds, shown to the millisecond.
    Instant(f64),
    /// A number.
    Figure(Figure),
}

/// A message from a text with a `{}` for each of the parts after it, in order. A part is anything
/// that a [`Message`] can be made from: words, a name, a number with its unit, a whole
/// number, another message.
///
/// ```
/// use report::{message, name, rate};
///
/// let message = message!("{} received {} from {}", name("db"), rate(150.0), name("api"));
/// assert_eq!(message.pieces().len(), 5);
/// ```
#[macro_export]
macro_rules! message {
    ($text:literal $(, $part:expr)* $(,)?) => {{
        const PARTS: usize = 0 $(+ { let _ = stringify!($part); 1 })*;
        const { assert!($crate::holes($text) == PARTS, "one part for each pair of braces") };
        $crate::Message::filled($text, ::std::vec![$($crate::Message::from($part)),*])
    }};
}

/// Returns the number of `{}` in a text. For [`message!`].
#[doc(hidden)]
pub const fn holes(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut holes) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'{' {
            assert!(
                at + 1 < bytes.len() && bytes[at + 1] == b'}',
                "a message has no names or formats in its braces"
            );
            holes += 1;
        }
        at += 1;
    }
    holes
}

impl Message {
    /// Returns a message without pieces.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Fills a text: see [`message!`]. Parts beyond the last `{}` are left out.
    pub fn filled(text: &str, parts: Vec<Self>) -> Self {
        let mut message = Self::new();
        let mut parts = parts.into_iter();
        for (at, words) in text.split("{}").enumerate() {
            if at > 0
                && let Some(part) = parts.next()
            {
                message.append(part);
            }
            message.push(Piece::Text(words.to_owned()));
        }
        message
    }

    /// Returns its pieces, in order. No two texts are adjacent, and none is empty.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Returns whether it has no pieces.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a piece at the end.
    pub fn push(&mut self, piece: Piece) {
        match (piece, self.0.last_mut()) {
            (Piece::Text(more), _) if more.is_empty() => {}
            (Piece::Text(more), Some(Piece::Text(last))) => last.push_str(&more),
            (piece, _) => self.0.push(piece),
        }
    }

    /// Adds another message at the end.
    pub fn append(&mut self, other: impl Into<Self>) {
        for piece in other.into().0 {
            self.push(piece);
        }
    }

    /// Joins messages with words between them.
    pub fn join(messages: impl IntoIterator<Item: Into<Self>>, between: &str) -> Self {
        let mut joined = Self::new();
        for (at, message) in messages.into_iter().enumerate() {
            if at > 0 {
                joined.append(between);
            }
            joined.append(message);
        }
        joined
    }
}

impl From<Piece> for Message {
    #[inline(never)]
    fn from(piece: Piece) -> Self {
        let mut message = Self::new();
        message.push(piece);
        message
    }
}

impl From<Figure> for Message {
    #[inline(never)]
    fn from(figure: Figure) -> Self {
        Self(vec![Piece::Figure(figure)])
    }
}

impl From<String> for Message {
    #[inline(never)]
    fn from(words: String) -> Self {
        Piece::Text(words).into()
    }
}

impl From<&str> for Message {
    #[inline(never)]
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

impl From<&String> for Message {
    #[inline(never)]
    fn from(words: &String) -> Self {
        words.to_owned().into()
    }
}

impl From<u16> for Message {
    #[inline(never)]
    fn from(n: u16) -> Self {
        whole(f64::from(n)).into()
    }
}

impl From<u32> for Message {
    #[inline(never)]
    fn from(n: u32) -> Self {
        whole(f64::from(n)).into()
    }
}

impl From<u64> for Message {
    #[inline(never)]
    fn from(n: u64) -> Self {
        whole(n as f64).into()
    }
}

impl From<usize> for Message {
    #[inline(never)]
    fn from(n: usize) -> Self {
        whole(n as f64).into()
    }
}

impl From<design::Duration> for Message {
    #[inline(never)]
    fn from(duration: design::Duration) -> Self {
        time(duration.as_s()).into()
    }
}

/// Returns the name of a node.
pub fn name(id: impl AsRef<str>) -> Piece {
    node(id.as_ref())
}

// Not generic over kinds of strings: hundreds of places name something, and the page must be small.
#[inline(never)]
fn node(id: &str) -> Piece {
    Piece::Node(id.to_owned())
}

/// Returns the name of a link.
pub fn link_name(id: impl AsRef<str>) -> Piece {
    link(id.as_ref())
}

#[inline(never)]
fn link(id: &str) -> Piece {
    Piece::Link(id.to_owned())
}

/// Returns the name of a zone.
pub fn zone_name(name: impl AsRef<str>) -> Piece {
    Piece::Zone(name.as_ref().to_owned())
}

/// Returns the name of an operation of a client.
pub fn operation(name: impl AsRef<str>) -> Piece {
    Piece::Operation(name.as_ref().to_owned())
}

/// Returns a time of the run in seconds, shown to a tenth of a second.
pub fn moment(s: f64) -> Piece {
    Piece::Moment(s)
}

/// Returns a time of the run in seconds, shown to the millisecond.
pub fn instant(s: f64) -> Piece {
    Piece::Instant(s)
}

/// Returns a number of things; the text after it names them.
pub fn whole(n: f64) -> Figure {
    Figure::new(n, Unit::Count)
}

/// Returns a factor, or a mean number of things; the text after it names them.
pub fn figure(x: f64) -> Figure {
    Figure::new(x, Unit::Ratio)
}

/// Returns a share of a whole, from 0 to 1.
pub fn percent(share: f64) -> Figure {
    Figure::new(share, Unit::Share)
}

/// Returns a rate per second.
pub fn rate(per_s: f64) -> Figure {
    Figure::new(per_s, Unit::PerSecond)
}

/// Returns a duration in seconds.
pub fn time(s: f64) -> Figure {
    Figure::new(s, Unit::Seconds)
}

/// Returns a duration in milliseconds.
pub fn ms(ms: f64) -> Figure {
    Figure::new(ms, Unit::Milliseconds)
}

/// Returns a number with a noun: "1 retry", "2 retries".
pub fn count(n: u64, one: &str, many: &str) -> Message {
    count_of(whole(n as f64), one, many)
}

/// Returns the same for a number with its unit.
pub fn count_of(n: Figure, one: &str, many: &str) -> Message {
    let things = if n.value == 1.0 { one } else { many };
    message!("{} {}", n, things)
}

/// Lists nodes by their ids: "a", "a and b", "a, b and c", "a, b and 3 more".
pub fn list(ids: &[&str]) -> Message {
    listed(ids.iter().map(name))
}

/// Lists links by their ids, in the same way.
pub fn link_list(ids: &[&str]) -> Message {
    listed(ids.iter().map(link_name))
}

/// Lists pieces: "a", "a and b", "a, b and c", "a, b and 3 more".
pub fn listed(names: impl IntoIterator<Item = Piece>) -> Message {
    let mut names: Vec<Message> = names.into_iter().map(Message::from).collect();
    match names.len() {
        0 => Message::new(),
        1 => names.swap_remove(0),
        2..=4 => {
            let last = names.pop().unwrap_or_default();
            message!("{} and {}", Message::join(names, ", "), last)
        }
        all => {
            names.truncate(2);
            message!(
                "{} and {} more",
                Message::join(names, ", "),
                (all - 2).to_string()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_filled_in_order_and_texts_run_together() {
        let inner = message!(" and {}", name("b"));
        let outer = message!("{}: {}{}, {}", name("a"), "so", inner, 3_u32);
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(
            outer.pieces(),
            [
                name("a"),
                text(": so and "),
                name("b"),
                text(", "),
                Piece::Figure(whole(3.0))
            ]
        );
        assert!(Message::from("").is_empty() && message!("").is_empty());
    }

    #[test]
    fn a_list_of_names_ends_in_and_and_is_cut_short() {
        let sizes = |n: usize| {
            let ids: Vec<String> = (0..n).map(|at| at.to_string()).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            list(&ids).pieces().to_vec()
        };
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(sizes(0), []);
        assert_eq!(sizes(1), [name("0")]);
        assert_eq!(
            sizes(3),
            [name("0"), text(", "), name("1"), text(" and "), name("2")]
        );
        let five = sizes(5);
        assert_eq!(five[3..], [text(" and 3 more")]);
    }
}
