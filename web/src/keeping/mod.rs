//! Saves the open design a little after each edit, and shows the state of that. A tab overwrites
//! only its own version; a design from a link or a file gets its own place with the first edit.

mod dialog;
mod idb;
mod migrate;
pub(crate) mod shelf;

use std::time::Duration;

use design::Design;
use editor::keeping::{Kept, free_name};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::state::{About, Page, Place};
use crate::storage;

pub(crate) use dialog::view;
pub(crate) use migrate::migrate;
use shelf::Outcome;

/// Delay between the last edit and saving.
const SAVE_AFTER: Duration = Duration::from_millis(600);

/// The saved state of the open design.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Saved {
    /// It has not been edited.
    #[default]
    Untouched,
    /// An edit is about to be saved.
    Saving,
    /// It is saved.
    Kept,
    /// It could not be saved, for this reason.
    Failed(String),
}

/// Returns a unique text, from the clock and random numbers: the id of a new document.
pub(crate) fn unique() -> String {
    let random = (js_sys::Math::random() * 1e12) as u64;
    format!("{:.0}-{random:x}", js_sys::Date::now())
}

/// Returns the list entry of this design, saved now.
pub(crate) fn line(id: &str, design: &Design, text: &str) -> Kept {
    Kept {
        id: id.to_owned(),
        name: design.settings.name.clone(),
        modified_ms: js_sys::Date::now(),
        bytes: text.len() as u32,
        nodes: Some(design.nodes.len() as u32),
        stamp: unique(),
    }
}

/// Writes that wait and writes that are done.
#[derive(Default)]
pub(crate) struct Desk {
    /// Increases with every edit; a timer that finds another number is outdated.
    token: u32,
    /// The designs to be written, the oldest first; only the last state of each.
    queue: Vec<(Kept, String)>,
    /// Whether a write is in progress.
    writing: bool,
    /// The stamp that this tab last saw of each design that it read or wrote.
    seen: Vec<(String, String)>,
}

impl Desk {
    fn seen(&self, id: &str) -> Option<String> {
        let mut seen = self.seen.iter();
        seen.find(|(of, _)| of == id)
            .map(|(_, stamp)| stamp.clone())
    }

    /// Notes the stamp of a design that was written from the list, if this tab has it open.
    pub(crate) fn see_if_known(&mut self, id: &str, stamp: &str) {
        if self.seen(id).is_some() {
            self.see(id, stamp);
        }
    }

    /// Notes the stamp of a design that this tab has just read or written.
    pub(crate) fn see(&mut self, id: &str, stamp: &str) {
        self.seen.retain(|(of, _)| of != id);
        self.seen.push((id.to_owned(), stamp.to_owned()));
    }
}

impl Page {
    pub(crate) fn desk<T: Default>(self, change: impl FnOnce(&mut Desk) -> T) -> T {
        self.hidden
            .try_update_value(|hidden| change(&mut hidden.desk))
            .unwrap_or_default()
    }

    fn document(self) -> String {
        self.hidden.with_value(|hidden| hidden.document.clone())
    }

    /// Another design is about to be opened: saves the edits of this one immediately.
    pub(crate) fn leave_document(self) {
        if self.saved.get_untracked() == Saved::Saving {
            self.save_now();
        }
        // The timer of the last edit has nothing left to do.
        self.desk(|desk| desk.token += 1);
    }

    /// Another design is open.
    pub(crate) fn enter_document(self, id: String) {
        let kept = self.desk(|desk| desk.seen(&id)).is_some();
        self.hidden.update_value(|hidden| hidden.document = id);
        self.saved
            .set(if kept { Saved::Kept } else { Saved::Untouched });
        self.remember_tab();
    }

    /// Saves an edit a little later, together with those that follow it shortly.
    pub(crate) fn save_soon(self) {
        if self.place == Place::Embed || self.is_played_lesson() {
            return;
        }
        self.saved.set(Saved::Saving);
        let token = self.desk(|desk| {
            desk.token += 1;
            desk.token
        });
        set_timeout(
            move || {
                if self.desk(|desk| desk.token) == token {
                    self.save_now();
                }
            },
            SAVE_AFTER,
        );
    }

    /// Returns whether the design is a lesson with only its own fault and fixes applied, which is
    /// not saved as the user's own.
    fn is_played_lesson(self) -> bool {
        let id = self.document();
        let kept = self.desk(|desk| desk.seen(&id)).is_some();
        !kept
            && self
                .design
                .with_untracked(|design| self.lesson.with_value(|lesson| lesson.is_played(design)))
    }

    /// Saves the present design.
    pub(crate) fn save_now(self) {
        if self.place == Place::Embed {
            return;
        }
        self.saved.set(Saved::Saving);
        let id = self.document();
        let (kept, text) = self.design.with_untracked(|design| {
            let text = format::json::write(design);
            (line(&id, design, &text), text)
        });
        let idle = self.desk(|desk| {
            desk.queue.retain(|(waiting, _)| waiting.id != kept.id);
            desk.queue.push((kept, text));
            !std::mem::replace(&mut desk.writing, true)
        });
        if idle {
            spawn_local(self.write_all());
        }
    }

    /// Writes one design after the other: each must know the stamp that the one before it left.
    async fn write_all(self) {
        loop {
            let next = self.desk(|desk| match desk.queue.is_empty() {
                true => {
                    desk.writing = false;
                    None
                }
                false => Some(desk.queue.remove(0)),
            });
            let Some((kept, text)) = next else { return };
            let seen = self.desk(|desk| desk.seen(&kept.id));
            let outcome = shelf::write(&kept, &text, seen.as_deref()).await;
            self.take_outcome(outcome, &kept, text).await;
        }
    }

    async fn take_outcome(self, outcome: Result<Outcome, String>, kept: &Kept, text: String) {
        let here = self.document() == kept.id;
        match outcome {
            Ok(Outcome::Kept) => {
                self.desk(|desk| desk.see(&kept.id, &kept.stamp));
                self.remember_tab();
                let waits = self.desk(|desk| !desk.queue.is_empty());
                let same = self
                    .design
                    .with_untracked(|design| format::json::write(design))
                    == text;
                if here && !waits && same {
                    self.saved.set(Saved::Kept);
                }
            }
            Ok(Outcome::Taken) => self.keep_beside(kept, text, here).await,
            Err(why) if here => self.saved.set(Saved::Failed(why)),
            Err(why) => self.notice(
                About::Keeping,
                format!("\u{201c}{}\u{201d} was not saved: {why}.", kept.name),
            ),
        }
    }

    /// Handles a design that another tab has saved differently: saves both.
    async fn keep_beside(self, kept: &Kept, text: String, here: bool) {
        let list = shelf::list().await.unwrap_or_default();
        let free = free_name(&kept.name, list.iter().map(|kept| kept.name.as_str()));
        let id = unique();
        self.notice(
            About::Keeping,
            format!(
                "\u{201c}{}\u{201d} was changed in another tab. Both are saved: this one is now \u{201c}{free}\u{201d}.",
                kept.name
            ),
        );
        if here {
            self.hidden.update_value(|hidden| hidden.document = id);
            // An edit like any other: it is saved in its turn.
            self.rename_design(free);
            self.save_now();
        } else if let Ok(mut design) = format::json::read(&text) {
            design.settings.name = free;
            let text = format::json::write(&design);
            self.desk(|desk| desk.queue.push((line(&id, &design, &text), text)));
        }
    }

    /// Notes which design this tab shows, so that a reload continues with it.
    fn remember_tab(self) {
        let id = self.document();
        let kept = self.desk(|desk| desk.seen(&id)).is_some();
        storage::set_tab(kept.then_some(&id));
    }

    /// Opens the design saved under an id. If it cannot be read, says so and offers its text for
    /// download.
    pub(crate) fn open_kept(self, id: String, name: String) {
        spawn_local(async move {
            match shelf::read(&id).await {
                Ok(Some((text, stamp))) => match format::json::read(&text) {
                    Ok(design) => self.open_at(design, id, &stamp),
                    Err(problems) => self.tell_problems(
                        format!("\u{201c}{name}\u{201d} is saved but damaged"),
                        &problems,
                        Some((text, name)),
                    ),
                },
                Ok(None) => self.notice(
                    About::Keeping,
                    format!("\u{201c}{name}\u{201d} was deleted."),
                ),
                Err(why) => self.notice(About::Keeping, format!("Not opened: {why}.")),
            }
        });
    }

    /// Opens a design that is saved under this id.
    pub(crate) fn open_at(self, design: Design, id: String, stamp: &str) {
        self.dialog.set(None);
        self.desk(|desk| desk.see(&id, stamp));
        self.open_own(design, id);
    }
}

/// Saves pending edits when the user leaves or hides the page, and warns if that failed.
pub(crate) fn watch_leaving(page: Page) {
    let hide = window_event_listener_untyped("visibilitychange", move |_| {
        if document().hidden() && page.saved.get_untracked() == Saved::Saving {
            page.save_now();
        }
    });
    let leave = window_event_listener(leptos::ev::beforeunload, move |event| {
        if matches!(page.saved.get_untracked(), Saved::Failed(_)) {
            event.prevent_default();
        }
    });
    on_cleanup(move || {
        hide.remove();
        leave.remove();
    });
}
