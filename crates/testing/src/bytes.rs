//! Shrinking of input that is not a design, or not yet.

/// Most inputs tried.
const TRIES_MAX: u32 = 3_000;

/// Returns a shorter input that still fails: pieces are left out, long ones first, until none can
/// be or the limit of tries is reached.
pub fn shrink_bytes(input: &[u8], mut fails: impl FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut best = input.to_vec();
    let mut tries = 0;
    let mut length = best.len().div_ceil(2);
    while length > 0 {
        let mut at = 0;
        let mut has_shrunk = false;
        while at < best.len() && tries < TRIES_MAX {
            let mut candidate = best.clone();
            candidate.drain(at..(at + length).min(best.len()));
            tries += 1;
            if fails(&candidate) {
                best = candidate;
                has_shrunk = true;
            } else {
                at += length;
            }
        }
        // Single bytes until none of them can go.
        if length > 1 || !has_shrunk || tries >= TRIES_MAX {
            length /= 2;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fails_is_left() {
        let text = "a long text, and <b> somewhere in it, and </b> and more of it";
        let fails = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            text.find("<b>")
                .is_some_and(|at| text[at..].contains("</b>"))
        };
        assert_eq!(shrink_bytes(text.as_bytes(), fails), b"<b></b>");
    }
}
