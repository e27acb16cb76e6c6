//! What the page opens with: the design in its address, the scenario it names, or the first lesson.

use format::link::{self, LinkError};
use leptos::prelude::*;
use web_sys::UrlSearchParams;

use crate::lesson::Lesson;
use crate::state::{About, Page};
use crate::storage::{self, Kept};
use crate::theme;

/// The scenario that a bare address opens.
const FIRST: &str = "retry-storm";

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// A lesson, with its story.
    Lesson,
    /// Somebody's own design.
    Own,
}

/// The lesson of this address.
pub(crate) fn lesson() -> Lesson {
    let wanted = parameter("scenario");
    wanted
        .and_then(|id| Lesson::load(&id))
        .or_else(|| Lesson::load(FIRST))
        .expect("the first lesson is compiled in")
}

/// A parameter of the address: from its query, or after the design in its fragment.
pub(crate) fn parameter(name: &str) -> Option<String> {
    let location = window().location();
    let search = location.search().unwrap_or_default();
    let fragment = fragment();
    let after = fragment.split_once('&').map_or("", |(_, after)| after);
    [search.as_str(), after].into_iter().find_map(|text| {
        UrlSearchParams::new_with_str(text)
            .ok()
            .and_then(|parameters| parameters.get(name))
    })
}

/// What stands after the `#`.
fn fragment() -> String {
    let hash = window().location().hash().unwrap_or_default();
    hash.trim_start_matches('#').to_owned()
}

/// The fragment's part that can be a design.
fn design_code() -> Option<String> {
    let fragment = fragment();
    let code = fragment.split('&').next().unwrap_or_default();
    (!code.is_empty() && !code.contains('=')).then(|| code.to_owned())
}

/// Opens what the address says; what cannot be opened is said, and the lesson runs below it.
pub(crate) fn open_address(page: Page, lesson: StoredValue<Lesson>) -> Opened {
    let unknown = parameter("scenario").filter(|id| Lesson::load(id).is_none());
    if let Some(id) = unknown {
        let id: String = id.chars().take(40).collect();
        page.notice(
            About::Opening,
            format!("There is no scenario \u{201c}{id}\u{201d}. This is another one."),
        );
    }
    let playing = starts_playing();
    let Some(code) = design_code() else {
        open(page, lesson, playing);
        return Opened::Lesson;
    };
    match link::decode(&code) {
        Ok(shared) => {
            let matches = lesson.with_value(|lesson| lesson.is_told_of(&shared.design));
            page.open(shared.design, storage::new_document(), playing);
            if matches { Opened::Lesson } else { Opened::Own }
        }
        Err(error) => {
            page.notice(About::Opening, explain(&error));
            open(page, lesson, playing);
            Opened::Lesson
        }
    }
}

fn explain(error: &LinkError) -> String {
    format!("{error} Below runs the first lesson instead.")
}

/// Opens the lesson from its start.
pub(crate) fn open_lesson(page: Page, lesson: StoredValue<Lesson>, opened: RwSignal<Opened>) {
    opened.set(Opened::Lesson);
    open(page, lesson, true);
}

fn open(page: Page, lesson: StoredValue<Lesson>, playing: bool) {
    let design = lesson.with_value(|lesson| lesson.scenario.design.clone());
    page.open(design, storage::new_document(), playing);
}

/// A run starts by itself, unless the person asked for less motion or the address says otherwise.
fn starts_playing() -> bool {
    !theme::wants_less_motion() && parameter("autoplay").as_deref() != Some("0")
}

/// Another link pasted into the same window opens too.
pub(crate) fn follow_address(page: Page, lesson: StoredValue<Lesson>, opened: RwSignal<Opened>) {
    let handle = window_event_listener(leptos::ev::hashchange, move |_| {
        if design_code().is_some() {
            page.dismiss(About::Opening);
            opened.set(open_address(page, lesson));
        }
    });
    on_cleanup(move || handle.remove());
}

/// The design of an earlier visit, if it differs from what is open.
pub(crate) fn kept_design(page: Page) -> Option<Kept> {
    let kept = storage::designs().into_iter().next()?;
    let same = page.design.with_untracked(|design| **design == kept.design);
    (!same).then_some(kept)
}
