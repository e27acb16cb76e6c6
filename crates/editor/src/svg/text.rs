//! Estimates the width of text. A picture is read with its reader's fonts, so it names fonts of the
//! same width (Helvetica, Arial, Liberation Sans), and this is their table.

/// The fonts of a picture.
pub const FONTS: &str = "Helvetica, Arial, 'Liberation Sans', sans-serif";

/// Advance widths of the characters from space to `~`, in thousandths of the size.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// Maximum factor by which bold letters are wider.
const BOLD: f64 = 1.09;

/// Returns the estimated width of a line of text; seldom too small.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    let units: f64 = text.chars().map(units).sum();
    units / 1_000.0 * size * if bold { BOLD } else { 1.0 }
}

fn units(letter: char) -> f64 {
    match letter {
        ' '..='~' => f64::from(WIDTHS[letter as usize - 0x20]),
        '\u{a0}' | '\u{202f}' | '·' => 333.0,
        '…' | '→' => 1_000.0,
        // Latin, Greek and Cyrillic letters are as wide as those of ASCII, or narrower than an M.
        '\u{a1}'..='\u{52f}' | '\u{2010}'..='\u{206f}' | '≈' => 722.0,
        // Arabic, Indic and all that are as wide as they are high; pictures are wider still.
        '\u{530}'..='\u{ffff}' => 1_050.0,
        _ => 1_400.0,
    }
}

/// Returns the text, or as much of its beginning as has room before an ellipsis.
pub(super) fn fit(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room + 0.01 {
        return text.to_owned();
    }
    let mut fitting = String::new();
    for letter in text.chars() {
        fitting.push(letter);
        if width(&fitting, size, bold) + width("…", size, bold) > room {
            fitting.pop();
            break;
        }
    }
    fitting.truncate(fitting.trim_end().len());
    fitting + "…"
}

/// Returns the text in at most `most` lines, split between words. The last line is shortened to
/// fit.
pub(super) fn wrap(text: &str, size: f64, bold: bool, room: f64, most: usize) -> Vec<String> {
    let mut words = text.split(' ').filter(|word| !word.is_empty()).peekable();
    let mut lines = Vec::new();
    while words.peek().is_some() && lines.len() < most {
        let mut line = String::new();
        while let Some(word) = words.peek() {
            let longer = match line.is_empty() {
                true => (*word).to_owned(),
                false => format!("{line} {word}"),
            };
            let is_last = lines.len() + 1 == most;
            let fits = width(&longer, size, bold) <= room;
            if !fits && !line.is_empty() && !is_last {
                break;
            }
            line = longer;
            words.next();
        }
        lines.push(fit(&line, size, bold, room));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_as_wide_as_in_helvetica() {
        assert_eq!(width("api", 10.0, false), 5.56 + 5.56 + 2.22);
        assert!(width("api", 10.0, true) > width("api", 10.0, false));
        assert!(width("会計", 10.0, false) > 20.0);
    }

    #[test]
    fn lines_fit_their_room_and_nothing_is_lost_but_at_the_end() {
        let wrapped = |text: &str| wrap(text, 13.0, true, 120.0, 2);
        assert_eq!(wrapped("Orders"), ["Orders"]);
        assert_eq!(
            wrapped("Order history service"),
            ["Order history", "service"]
        );
        let long = wrapped("Recommendations and personalization for returning customers");
        assert_eq!(long.len(), 2);
        assert!(long[1].ends_with('…'), "{long:?}");
        let unbroken = wrapped("recommendations-and-personalization");
        assert!(
            unbroken[0].ends_with('…') && unbroken.len() == 1,
            "{unbroken:?}"
        );
        for line in long.iter().chain(&unbroken) {
            assert!(width(line, 13.0, true) <= 120.0, "{line}");
        }
        assert_eq!(wrapped(""), Vec::<String>::new());
    }
}
