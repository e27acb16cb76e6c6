//! What the page opens with: the saved design that a reload continues with, the design in its
//! address, the scenario it names, or the first lesson.

use design::Design;
use format::link;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::UrlSearchParams;

use crate::gallery::{self, Fetched, Named};
use crate::keeping::{self, shelf, unique};
use crate::lesson::Lesson;
use crate::state::{About, Page, Place};
use crate::{storage, theme, trail};

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// A lesson, with its story.
    Lesson,
    /// The user's own design.
    Own,
}

/// Returns the lesson that an address without parameters opens.
pub(crate) fn lesson() -> Lesson {
    Lesson::load(host::scenarios::FIRST).expect("the first lesson is compiled in")
}

/// Returns a parameter of the address: from its query, or after the design in its fragment.
pub(crate) fn parameter(name: &str) -> Option<String> {
    let search = window().location().search().unwrap_or_default();
    let fragment = fragment();
    let (_, after) = parts(&fragment);
    [search.as_str(), after].into_iter().find_map(|text| {
        UrlSearchParams::new_with_str(text)
            .ok()
            .and_then(|parameters| parameters.get(name))
    })
}

/// Returns the text after the `#`.
fn fragment() -> String {
    let hash = window().location().hash().unwrap_or_default();
    before_second_hash(&hash).to_owned()
}

/// Returns a fragment without what a host appends to it: WordPress adds `#?secret=` to the address
/// of a frame.
fn before_second_hash(hash: &str) -> &str {
    let fragment = hash.trim_start_matches('#');
    fragment.split('#').next().unwrap_or_default()
}

/// Returns the parts of a fragment: what can be a design, and the parameters.
fn parts(fragment: &str) -> (&str, &str) {
    match fragment.split_once('&') {
        Some((design, after)) if !design.contains('=') => (design, after),
        None if !fragment.contains('=') => (fragment, ""),
        _ => ("", fragment),
    }
}

/// Returns the design of the address: from the fragment, or where the host uses that for itself,
/// from `d` in the query.
fn design_code() -> Option<String> {
    let fragment = fragment();
    let (design, _) = parts(&fragment);
    match design.is_empty() {
        false => Some(design.to_owned()),
        true => parameter("d").filter(|design| !design.is_empty()),
    }
}

/// Opens what this tab showed before it was reloaded, or what the address names.
pub(crate) fn begin(page: Page) {
    let tab = storage::tab();
    if tab.is_none() {
        open_address(page);
    }
    spawn_local(async move {
        keeping::migrate().await;
        page.shelf.update(|count| *count += 1);
        let Some(id) = tab else { return };
        // A design that cannot be read any more must not keep the page from opening.
        match shelf::read(&id).await {
            Ok(Some((text, stamp))) => match format::json::read(&text) {
                Ok(design) => page.open_at(design, id, &stamp),
                Err(_) => open_address(page),
            },
            Ok(None) | Err(_) => open_address(page),
        }
    });
}

/// Opens what the address names. If that fails, a notice says why, and the first lesson opens.
pub(crate) fn open_address(page: Page) {
    let Some(id) = parameter("scenario") else {
        return open_design(page);
    };
    match gallery::find(&id) {
        Named::Lesson(lesson) => {
            page.take_lesson(*lesson);
            open_design(page);
        }
        Named::Fetch(shelf, id) => gallery::fetch_and(page, shelf, id, move |fetched| {
            match fetched {
                Ok(Fetched::Lesson(lesson)) => page.take_lesson(*lesson),
                Ok(Fetched::Design(design)) if design_code().is_none() => {
                    return page.open_own(*design, unique());
                }
                Ok(Fetched::Design(_)) => {}
                Err(why) if design_code().is_none() => return open_instead(page, &why),
                Err(why) => page.notice(About::Opening, why),
            }
            open_design(page);
        }),
        Named::Unknown(nearest) => {
            let id: String = id.chars().take(40).collect();
            let nearest = match nearest {
                Some(near) => format!(" Did you mean \u{201c}{near}\u{201d}?"),
                None => String::new(),
            };
            let why = format!("There is no scenario \u{201c}{id}\u{201d}.{nearest}");
            match design_code() {
                None => open_instead(page, &why),
                Some(_) => {
                    page.notice(About::Opening, why);
                    open_design(page);
                }
            }
        }
    }
}

/// Opens the design of the address; without one, the lesson.
fn open_design(page: Page) {
    let Some(code) = design_code() else {
        return page.open_lesson(starts_playing());
    };
    match link::decode(&code) {
        Ok(shared) => page.open_own(shared.design, unique()),
        Err(error) => open_instead(page, &error.to_string()),
    }
}

/// Says why the address cannot be opened. The playground opens the first lesson instead. An embed
/// stays empty: its readers would take any other system for the one that the text is about.
fn open_instead(page: Page, why: &str) {
    if page.place == Place::Embed {
        page.notice(About::Opening, why);
        return page.open(Design::default(), unique(), false);
    }
    let instead = "The first lesson is open instead.";
    page.notice(About::Opening, format!("{why} {instead}"));
    page.open_lesson(starts_playing());
}

/// Returns whether a run starts by itself: unless the user prefers reduced motion or the address
/// says otherwise.
fn starts_playing() -> bool {
    !theme::wants_less_motion() && parameter("autoplay").as_deref() != Some("0")
}

impl Page {
    /// Opens the lesson from its start.
    pub(crate) fn open_lesson(self, playing: bool) {
        self.opened.set(Opened::Lesson);
        // A lesson that was left may have switched to the operators' view.
        self.for_operators.set(false);
        let (id, mut design) = self.lesson.with_value(|lesson| {
            let scenario = &lesson.scenario;
            (scenario.id.clone(), scenario.design.clone())
        });
        // A strip of cards would be as small as a line of text.
        if let Some(screen) = theme::phone() {
            editor::layout::fold(&mut design, screen);
        }
        self.address_next(format!("#scenario={id}"));
        self.open(design, unique(), playing);
    }

    /// Opens a design from elsewhere, to be saved under this id; with the lesson's story if it
    /// fits.
    pub(crate) fn open_own(self, design: Design, id: String) {
        let told = self.lesson.with_value(|lesson| lesson.is_told_of(&design));
        self.opened
            .set(if told { Opened::Lesson } else { Opened::Own });
        self.open(design, id, starts_playing());
    }
}

/// Opens another link that was pasted into the same window.
pub(crate) fn follow_address(page: Page) {
    let handle = window_event_listener(leptos::ev::hashchange, move |_| {
        let names = design_code().is_some() || fragment().starts_with("scenario=");
        if names && !trail::is_ours() {
            page.dismiss(About::Opening);
            open_address(page);
        }
    });
    on_cleanup(move || handle.remove());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_has_a_design_and_parameters() {
        for (hash, expected) in [
            ("", ("", "")),
            ("#d1.AAAA", ("d1.AAAA", "")),
            ("#d1.AAAA&mode=view", ("d1.AAAA", "mode=view")),
            ("#scenario=cap", ("", "scenario=cap")),
            ("#scenario=cap&mode=view", ("", "scenario=cap&mode=view")),
            ("#d1.AAAA#?secret=x", ("d1.AAAA", "")),
            ("#d1.AAAA&mode=view#?secret=x", ("d1.AAAA", "mode=view")),
            ("#scenario=cap#?secret=x", ("", "scenario=cap")),
            ("#?secret=x", ("", "?secret=x")),
        ] {
            assert_eq!(parts(before_second_hash(hash)), expected, "{hash}");
        }
    }
}
