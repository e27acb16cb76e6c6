//! The browser's history: one entry for each design that was opened, so that Back leads to the
//! previous one and not out of the page.

use std::sync::Arc;

use design::Design;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::keeping::{shelf, unique};
use crate::state::{Page, Place};
use crate::{gallery, opening};

/// Maximum number of unsaved designs that this window remembers.
const LEFT_MAX: usize = 30;

/// The designs that the page has shown.
#[derive(Default)]
pub(crate) struct Trail {
    /// The fragment of the address of the next design: the name of a lesson, or empty.
    address: String,
    /// Whether the next design was reached by Back or Forward, so that it already has an entry.
    returns: bool,
    /// Whether the design that was opened last got an entry of its own.
    pushed: bool,
    /// Whether the way back is an Undo: unsaved designs return as they were left.
    undoes: bool,
    /// Designs that were opened before, by document. An edited design is saved anyway; this is for
    /// designs that were only viewed.
    left: Vec<(String, Arc<Design>)>,
}

/// Returns the document of the present history entry; `None` if the entry is not ours.
fn document_of_entry() -> Option<String> {
    window().history().ok()?.state().ok()?.as_string()
}

impl Page {
    fn trail<T>(self, change: impl FnOnce(&mut Trail) -> T) -> Option<T> {
        self.hidden
            .try_update_value(|hidden| change(&mut hidden.trail))
    }

    /// Sets the address of the design that is opened next.
    pub(crate) fn address_next(self, fragment: String) {
        self.trail(|trail| trail.address = fragment);
    }

    /// Makes the design that is opened next use the present history entry.
    pub(crate) fn return_next(self) {
        self.trail(|trail| trail.returns = true);
    }

    /// Gives a document that is about to be opened an entry of the history: the present one if that
    /// has no document yet or was returned to, else a new one.
    pub(crate) fn enter_trail(self, document: &str, design: Design) {
        // The entry before the open one may be another design by now.
        self.hidden.update_value(|hidden| hidden.over = None);
        let entered = self.trail(|trail| {
            trail.left.retain(|(left, _)| left != document);
            trail.left.push((document.to_owned(), Arc::new(design)));
            if trail.left.len() > LEFT_MAX {
                trail.left.remove(0);
            }
            let address = std::mem::take(&mut trail.address);
            (address, std::mem::take(&mut trail.returns))
        });
        let (Some((address, returns)), Ok(history)) = (entered, window().history()) else {
            return;
        };
        // A frame's entries would be those of the page around it.
        if self.place == Place::Embed {
            return;
        }
        let state = JsValue::from_str(document);
        let location = window().location();
        let is_here = !address.is_empty() && location.hash().is_ok_and(|hash| hash == address);
        // Fails for pages without permission; then the history stays as it was.
        let mut pushed = false;
        let done = match document_of_entry() {
            Some(before) if !returns && !is_here && before != document => {
                let path = location.pathname().unwrap_or_default();
                let mut search = location.search().unwrap_or_default();
                if search.contains("scenario=") {
                    // It names the scenario that was opened first.
                    search.clear();
                }
                pushed = true;
                history.push_state_with_url(&state, "", Some(&format!("{path}{search}{address}")))
            }
            _ => history.replace_state(&state, ""),
        };
        self.trail(|trail| trail.pushed = pushed && done.is_ok());
    }

    /// Remembers the open design before another one replaces it, so that Undo returns to it.
    pub(crate) fn remember_open(self) {
        let document = self.hidden.with_value(|hidden| hidden.document.clone());
        let design = self.design.get_untracked();
        self.trail(|trail| {
            let mut left = trail.left.iter_mut();
            if let Some(entry) = left.find(|(left, _)| *left == document) {
                entry.1 = design;
            }
        });
    }

    /// Marks the design that was opened last as a replacement of this one. Returns false if there
    /// is no way back.
    pub(crate) fn stands_over(self, name: String) -> bool {
        let pushed = self.trail(|trail| trail.pushed) == Some(true);
        if pushed {
            self.hidden.update_value(|hidden| hidden.over = Some(name));
            self.renew_undo();
        }
        pushed
    }

    /// Returns to the design that was open before this one.
    pub(crate) fn undo_opening(self) {
        self.hidden.update_value(|hidden| hidden.over = None);
        self.renew_undo();
        self.trail(|trail| trail.undoes = true);
        // Fails only for pages without a history, which have no entry to go back from.
        let _ = window().history().and_then(|history| history.back());
    }

    /// Opens the design of a history entry: as it is saved, else its lesson from the start, else as
    /// it was left.
    async fn return_to(self, document: String) {
        // Taken first: it concerns only this way back, whatever that finds.
        let undoes = self.trail(|trail| std::mem::take(&mut trail.undoes)) == Some(true);
        if let Ok(Some((text, stamp))) = shelf::read(&document).await
            && let Ok(design) = format::json::read(&text)
        {
            self.return_next();
            return self.open_at(design, document, &stamp);
        }
        let left = self.trail(|trail| {
            let found = trail.left.iter().find(|(left, _)| *left == document);
            found.map(|(_, design)| Arc::clone(design))
        });
        if let Some(id) = opening::parameter("scenario").filter(|_| !undoes) {
            return gallery::return_to(self, &id);
        }
        self.return_next();
        match left.flatten() {
            Some(design) => {
                self.take_first_lesson_if_told(&design);
                self.open_own(Arc::unwrap_or_clone(design), unique());
            }
            // From before a reload. A bare address means the first lesson.
            None => {
                self.take_lesson(opening::lesson());
                opening::open_address(self);
            }
        }
    }

    /// Restores the story if an address without parameters had opened the first lesson.
    fn take_first_lesson_if_told(self, design: &Design) {
        let first = opening::lesson();
        if first.is_told_of(design) {
            self.take_lesson(first);
        }
    }
}

/// Follows Back and Forward, pasted links, and the name of the open design.
pub(crate) fn follow(page: Page) {
    opening::follow_address(page);
    let handle = window_event_listener_untyped("popstate", move |_| {
        let Some(document) = document_of_entry() else {
            // A link was followed or pasted: the address says what to open.
            return;
        };
        // The open design is kept first: the entry may be about it.
        page.leave_document();
        spawn_local(page.return_to(document));
    });
    on_cleanup(move || handle.remove());
    Effect::new(move || {
        let name = page.design.with(|design| design.settings.name.clone());
        document().set_title(&format!("{name} \u{b7} Faultline"));
    });
}

/// Returns whether the present entry is one of ours; then `popstate` is sent for it.
pub(crate) fn is_ours() -> bool {
    document_of_entry().is_some()
}
