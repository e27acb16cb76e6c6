//! Notes: text on the canvas, under links and nodes. A double click or Enter opens one for typing.

use design::{Command, Note, Target, Value};
use editor::{Item, Selection, note_rect};
use leptos::html::Textarea;
use leptos::prelude::*;

use crate::bind::{flag, text};
use crate::state::Page;

/// All notes.
#[component]
pub(crate) fn Notes() -> impl IntoView {
    let page = Page::get();
    let count = Memo::new(move |_| {
        page.places.track_notes();
        page.design.with(|design| design.settings.notes.len())
    });
    view! {
        <For each=move || 0..count.get() key=|at| *at let:at>
            {card(page, at)}
        </For>
    }
}

fn card(page: Page, at: usize) -> AnyView {
    let note = Memo::new(move |before: Option<&Note>| {
        page.places.track_notes();
        let now = page
            .design
            .with(|design| design.settings.notes.get(at).cloned());
        // A note that is about to be removed keeps its last look.
        now.or_else(|| before.cloned()).unwrap_or_default()
    });
    let place = text(move || {
        note.with(|note| {
            let [x, y] = note.at.0;
            let height = note_rect(note).size().y;
            let width = note.width;
            format!("transform:translate({x}px,{y}px);width:{width}px;min-height:{height}px")
        })
    });
    let selected = Memo::new(move |_| page.selection.with(|all| all.notes.contains(&at)));
    let typing = Memo::new(move |_| page.writing.with(|writing| *writing == Some(at)));
    let says = move || {
        if typing.get() {
            return field(page, at, note.with_untracked(|note| note.text.clone()));
        }
        let shown = text(move || note.with(|note| note.text.clone()));
        view! { <p class:empty=flag(move || note.with(|note| note.text.is_empty()))>{shown}</p> }
            .into_any()
    };
    view! {
        <div
            class="note-card"
            class:selected=selected
            role="note"
            tabindex="0"
            prop:style=place
            on:keydown=move |event| {
                if event.key() == "Enter" && !selected.get_untracked() && !typing.get_untracked() {
                    event.stop_propagation();
                    event.prevent_default();
                    page.select(Selection::only(Item::Note(at)));
                }
            }
        >
            {says}
        </div>
    }
    .into_any()
}

fn field(page: Page, at: usize, words: String) -> AnyView {
    let area = NodeRef::<Textarea>::new();
    area.on_load(|area| {
        request_animation_frame(move || {
            // Fails only for elements that cannot have the focus.
            let _ = area.focus();
        });
    });
    let done = StoredValue::new(false);
    let finish = move |words: Option<String>| {
        // An element that is taken away loses the focus after its signals are gone.
        if done.try_get_value() != Some(false) {
            return;
        }
        done.set_value(true);
        page.writing.set(None);
        if let Some(words) = words {
            write(page, at, words.trim_end());
        }
    };
    view! {
        <textarea
            node_ref=area
            aria-label="Note"
            maxlength="2000"
            placeholder="Write a note"
            prop:value=words
            on:keydown=move |event| {
                event.stop_propagation();
                let command = event.ctrl_key() || event.meta_key();
                match event.key().as_str() {
                    "Escape" => finish(Some(event_target_value(&event))),
                    "Enter" if command => finish(Some(event_target_value(&event))),
                    _ => {}
                }
            }
            on:blur=move |event| finish(Some(event_target_value(&event)))
        ></textarea>
    }
    .into_any()
}

/// Sets the text of a note. A note without text is removed.
fn write(page: Page, at: usize, words: &str) {
    let notes = page
        .design
        .with_untracked(|design| design.settings.notes.clone());
    let Some(note) = notes.get(at) else { return };
    if words.is_empty() {
        if note.text.is_empty() {
            // It was only begun.
            page.undo();
        } else {
            page.select(Selection::only(Item::Note(at)));
            page.act(editor::ActionId::Delete);
        }
    } else if note.text != words {
        let path = format!("notes[{at}].text");
        page.command(Command::Set(Target::Settings, path, Value::text(words)));
    }
}
