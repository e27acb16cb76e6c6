//! A design that was pasted or dropped while another is open: inserted beside it, or opened in its
//! place. The canvas stays as it is until the user has chosen.

use design::Design;
use editor::{Access, fragment};
use leptos::prelude::*;
use web_sys::HtmlElement;

use crate::acting::focus_soon;
use crate::canvas;
use crate::dialogs::{PRIMARY, button};
use crate::keeping::unique;
use crate::menu::active_element;
use crate::state::{About, Page, Popup};

/// Maximum number of notes that are listed.
const NOTES_MAX: usize = 4;

/// A design, with notes about how it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arrived {
    pub(crate) design: Design,
    pub(crate) notes: Vec<String>,
}

impl Page {
    /// Offers to insert or open a design. Opens it if no other design is open.
    pub(crate) fn arrive(self, arrived: Arrived) {
        let may_edit = self
            .editor
            .with_value(|editor| editor.access() == Access::Edit);
        if self.is_blank() || !may_edit || arrived.design.nodes.is_empty() {
            return self.open_arrived(arrived);
        }
        self.popup.set(Some(Popup::Arrived(Box::new(arrived))));
        focus_soon(".arrived [data-first]");
    }

    /// Opens a design in place of the present one.
    pub(crate) fn open_arrived(self, arrived: Arrived) {
        self.popup.set(None);
        self.dialog.set(None);
        self.dismiss(About::Opening);
        self.remember_open();
        let was_blank = self.is_blank();
        let name_of = |design: &Design| design.settings.name.clone();
        let before = self.design.with_untracked(|design| name_of(design));
        let name = name_of(&arrived.design);
        self.open_own(arrived.design, unique());
        // It exists only here, so it is saved from the start.
        self.save_now();
        if self.stands_over(before.clone()) && !was_blank {
            self.say(format!(
                "Opened \u{201c}{name}\u{201d}. Undo returns to \u{201c}{before}\u{201d}."
            ));
        }
        if !arrived.notes.is_empty() {
            let notes = few(&arrived.notes).join("; ");
            self.notice(About::Opening, format!("Opened with assumptions: {notes}."));
        }
    }

    /// Whether the canvas is empty.
    fn is_blank(self) -> bool {
        self.design
            .with_untracked(|design| design.nodes.is_empty() && design.settings.notes.is_empty())
    }

    fn insert_arrived(self, arrived: &Design) {
        let effects = self.edit(|editor| editor.insert_beside(arrived));
        let is_refused = |effect: &editor::Effect| matches!(effect, editor::Effect::Refused(_));
        let refused = effects.iter().any(is_refused);
        self.follow_all(effects);
        if refused {
            // The reason has been shown, and the design can still be opened.
            return;
        }
        self.popup.set(None);
        canvas::reveal_selection(self);
        canvas::focus_selected(self);
        let left = fragment::left_out(arrived);
        if !left.is_empty() {
            self.say(format!("Inserted without {}.", listed(&left)));
        }
    }
}

/// Returns the first notes, and the number of the others.
fn few(notes: &[String]) -> Vec<String> {
    let mut few: Vec<String> = notes.iter().take(NOTES_MAX).cloned().collect();
    if notes.len() > NOTES_MAX {
        few.push(format!("and {} more", notes.len() - NOTES_MAX));
    }
    few
}

/// `a`, `a and b`, `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => parts.concat(),
    }
}

/// Returns the focus to the element that had it, or to the canvas if there is none.
fn give_back_focus(before: Option<HtmlElement>) {
    let is_left = |element: &HtmlElement| element.is_connected() && element.tag_name() != "BODY";
    match before.filter(is_left) {
        Some(element) => {
            // Fails only for elements that cannot have the focus.
            let _ = element.focus();
        }
        None => focus_soon(".surface [tabindex=\"0\"]"),
    }
}

/// The choice, over the canvas.
pub(crate) fn view(page: Page, arrived: Arrived) -> AnyView {
    let design = &arrived.design;
    let plural = |n: usize, word: &str| match n {
        1 => format!("1 {word}"),
        n => format!("{n} {word}s"),
    };
    let title = format!("Insert or open \u{201c}{}\u{201d}?", design.settings.name);
    let holds = format!(
        "It has {} and {}.",
        plural(design.nodes.len(), "node"),
        plural(design.links.len(), "link")
    );
    let left = fragment::left_out(design);
    let left = (!left.is_empty()).then(|| format!(" Inserting leaves out {}.", listed(&left)));
    let open = page
        .design
        .with_untracked(|design| design.settings.name.clone());
    let stays = format!(
        "Insert adds it to \u{201c}{open}\u{201d}. Open shows it instead; Undo reverts that."
    );
    let notes = few(&arrived.notes).into_iter();
    let notes = notes.map(|note| view! { <li class="quiet">{note}</li> }.into_any());
    let notes: Vec<AnyView> = notes.collect();
    let inserted = arrived.design.clone();
    let insert = Callback::new(move |()| page.insert_arrived(&inserted));
    let open = Callback::new(move |()| page.open_arrived(arrived.clone()));
    let before = StoredValue::new_local(active_element());
    let close = move || {
        page.popup.set(None);
        give_back_focus(before.get_value());
    };
    let buttons = vec![
        button("Insert", PRIMARY, insert),
        button("Open", "button", open),
        button("Cancel", "button bare", Callback::new(move |()| close())),
    ];
    view! {
        <div
            class="menu break-menu arrived"
            role="dialog"
            aria-label=title.clone()
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    close();
                }
                // Keys must not reach the canvas.
                event.stop_propagation();
            }
        >
            <h3>{title.clone()}</h3>
            <p>{holds} {left}</p>
            <p class="quiet">{stays}</p>
            <ul>{notes}</ul>
            <div class="dialog-foot">
                {buttons}
            </div>
        </div>
    }
    .into_any()
}
