//! Notes as shapes: their line breaks and their size.

use crate::geometry::{Point, Rect};
use design::Note;
use design::note::Place;

/// Distance from a note's edge to its text, to the side.
pub const PADDING_X: f64 = 10.0;
/// Distance from a note's edge to its text, above and below.
pub const PADDING_Y: f64 = 8.0;
/// Height of a line.
pub const LINE_HEIGHT: f64 = 18.0;
/// Estimated width of a character: that of a wide one, so the estimate is seldom too small.
const CHARACTER: f64 = 7.2;
/// Maximum number of lines drawn; the rest of a longer text is cut off.
const LINES_MAX: usize = 120;

/// Returns the note's text as it is drawn, line by line. An empty note has one empty line.
pub fn lines(note: &Note) -> Vec<String> {
    let room = ((f64::from(note.width) - 2.0 * PADDING_X) / CHARACTER) as usize;
    let mut lines = Vec::new();
    for paragraph in note.text.split('\n') {
        let mut line = String::new();
        let mut length = 0;
        for word in paragraph.split_whitespace() {
            let word: Vec<char> = word.chars().collect();
            // A word longer than a line is split.
            for piece in word.chunks(room.max(1)) {
                if length > 0 && length + 1 + piece.len() > room {
                    lines.push(std::mem::take(&mut line));
                    length = 0;
                }
                if length > 0 {
                    line.push(' ');
                    length += 1;
                }
                line.extend(piece);
                length += piece.len();
            }
        }
        lines.push(line);
        if lines.len() >= LINES_MAX {
            lines.truncate(LINES_MAX);
            break;
        }
    }
    lines
}

/// Returns the rectangle that a note covers.
pub fn note_rect(note: &Note) -> Rect {
    let height = lines(note).len() as f64 * LINE_HEIGHT + 2.0 * PADDING_Y;
    let at = Point::from(note.at.0);
    Rect {
        min: at,
        max: at + Point::new(f64::from(note.width), height),
    }
}

/// Returns a new note with its middle at about this place.
pub(crate) fn new_note(at: [i32; 2], text: &str) -> Note {
    Note {
        at: Place(at),
        text: text.to_owned(),
        ..Note::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::{Change, Effect};
    use crate::testing::{Hand, small};

    #[test]
    fn lines_break_at_words_and_at_the_width() {
        let of = |text: &str, width: u32| {
            lines(&Note {
                width,
                ..new_note([0, 0], text)
            })
        };
        // 80 px leave room for 8 characters.
        assert_eq!(of("one two three", 80), ["one two", "three"]);
        assert_eq!(of("a\n\nb", 80), ["a", "", "b"]);
        assert_eq!(of("abcdefghijkl m", 80), ["abcdefgh", "ijkl m"]);
        assert_eq!(of("", 80), [""]);
        assert_eq!(of(&"x\n".repeat(2_000), 80).len(), LINES_MAX);
    }

    #[test]
    fn a_note_is_as_high_as_its_lines() {
        let rect = note_rect(&new_note([10, 20], "one\ntwo"));
        assert_eq!(rect.size(), Point::new(200.0, 52.0));
        assert_eq!(rect.min, Point::new(10.0, 20.0));
    }

    fn hand_with_notes() -> Hand {
        let mut design = small();
        design.settings.notes = vec![new_note([0, 200], "one"), new_note([300, 200], "two")];
        Hand::on(design)
    }

    fn texts(hand: &Hand) -> String {
        let notes = hand.editor.design().settings.notes.iter();
        let texts: Vec<&str> = notes.map(|note| note.text.as_str()).collect();
        texts.join(" ")
    }

    #[test]
    fn a_note_is_selected_moved_and_put_back() {
        let mut hand = hand_with_notes();
        let first = hand.editor.design().clone();
        hand.play("down 350 210; move 350 250; move 390 290; up 390 290");
        assert_eq!(hand.selected(), "note-1");
        assert_eq!(hand.editor.design().settings.notes[1].at.0, [344, 280]);
        assert_eq!(hand.history(), ["Move note"]);
        assert!(hand.has_changed(Change::Moved));
        hand.play("nudge-right; undo; undo");
        assert_eq!(hand.editor.design(), &first);
        hand.play("down 350 210; move 390 290; cancel");
        assert_eq!(hand.editor.design(), &first);
    }

    #[test]
    fn notes_are_added_deleted_copied_and_marked_with_nodes() {
        let mut hand = hand_with_notes();
        let first = hand.editor.design().clone();
        hand.play("down -20 190; move 40 240; up 40 240");
        assert_eq!(hand.selected(), "note-0");
        hand.play("duplicate");
        assert_eq!(
            (texts(&hand).as_str(), hand.selected().as_str()),
            ("one two one", "note-2")
        );
        hand.play("select-all; delete");
        assert_eq!((texts(&hand).as_str(), hand.selected().as_str()), ("", ""));
        assert_eq!(hand.history()[0], "Delete 6 items");
        hand.play("undo; undo");
        assert_eq!(hand.editor.design(), &first);
        hand.play("down 10 210; up 10 210; delete");
        assert_eq!(
            (texts(&hand).as_str(), hand.history()[0]),
            ("two", "Delete note")
        );
        hand.play("add-note");
        assert_eq!(
            (texts(&hand).as_str(), hand.selected().as_str()),
            ("two ", "note-1")
        );
        assert!(hand.has_said(|effect| *effect == Effect::EditNote(1)));
    }

    #[test]
    fn a_copy_of_a_note_is_dragged_with_alt() {
        let mut hand = hand_with_notes();
        hand.play("down 350 210 alt; move 350 290 alt; up 350 290 alt");
        assert_eq!(
            (texts(&hand).as_str(), hand.selected().as_str()),
            ("one two two", "note-2")
        );
        assert_eq!(hand.editor.design().settings.notes[2].at.0, [300, 280]);
        assert_eq!(hand.history(), ["Duplicate note"]);
    }
}
