//! Messages as text.

use crate::quantity::{figure, moment};
use crate::titles::Titles;
use report::{Message, Piece};

/// Returns a message as text, with these names for nodes and links.
pub fn message(message: &Message, titles: &Titles) -> String {
    let mut text = String::new();
    for piece in message.pieces() {
        match piece {
            Piece::Text(words) | Piece::Zone(words) | Piece::Operation(words) => text += words,
            Piece::Node(id) | Piece::Link(id) => text += titles.of(id),
            Piece::Moment(s) => text += &moment(*s, 1),
            Piece::Instant(s) => text += &moment(*s, 3),
            Piece::Figure(of) => text += &figure(of),
        }
    }
    text
}
