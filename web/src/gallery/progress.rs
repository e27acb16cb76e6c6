//! Which lessons the user completed, and for which ones the user predicted the outcome. The browser
//! stores it.

use crate::storage;

/// Storage key: `retry-storm=3 hot-key=1`, the bits of [`Progress`] by lesson.
const KEY: &str = "faultline.lessons";

/// How far the user got in a lesson.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress(u8);

/// Every step was done.
pub(crate) const DONE: Progress = Progress(1);
/// The outcome was predicted.
pub(crate) const PREDICTED: Progress = Progress(2);

impl Progress {
    /// Returns it as the gallery shows it.
    pub(crate) fn words(self) -> &'static str {
        match self.0 & 3 {
            1 => "\u{2713} done",
            2 => "predicted",
            3 => "\u{2713} done, predicted",
            _ => "",
        }
    }
}

/// Returns the progress in a lesson.
pub(crate) fn of(id: &str) -> Progress {
    storage::get(KEY).map_or(Progress::default(), |kept| find(&kept, id))
}

/// Notes progress in a lesson.
pub(crate) fn note(id: &str, more: Progress) {
    let kept = storage::get(KEY).unwrap_or_default();
    let changed = with(&kept, id, more);
    if changed != kept {
        storage::set(KEY, &changed);
    }
}

fn find(kept: &str, id: &str) -> Progress {
    let mut entries = kept.split(' ').filter_map(|entry| entry.split_once('='));
    let found = entries.find(|(known, _)| *known == id);
    Progress(found.and_then(|(_, bits)| bits.parse().ok()).unwrap_or(0))
}

/// Returns the stored text with progress added to one lesson. Invalid entries are dropped.
fn with(kept: &str, id: &str, more: Progress) -> String {
    let bits = find(kept, id).0 | more.0;
    let entries = kept.split(' ').filter(|entry| {
        let known = entry.split_once('=');
        known.is_some_and(|(known, bits)| {
            !known.is_empty() && known != id && bits.parse::<u8>().is_ok()
        })
    });
    let own = format!("{id}={bits}");
    let all: Vec<&str> = entries.chain([own.as_str()]).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_adds_up_and_survives_what_is_not_an_entry() {
        let kept = with("", "retry-storm", PREDICTED);
        let kept = with(&kept, "hot-key", DONE);
        let kept = with(&kept, "retry-storm", DONE);
        assert_eq!(
            find(&kept, "retry-storm").words(),
            "\u{2713} done, predicted"
        );
        assert_eq!(find(&kept, "hot-key").words(), "\u{2713} done");
        assert_eq!(find(&kept, "hot").words(), "");
        assert_eq!(with("x =1 a=b cap=1", "cap", PREDICTED), "cap=3");
    }
}
