//! One dialog element for all dialogs. The browser keeps the focus in it, closes it with Escape,
//! and returns the focus.

use leptos::html::Dialog as DialogElement;
use leptos::prelude::*;

use crate::acting::focus_soon;
use crate::state::{Dialog, Page, Rejected};
use crate::{compare, files, finding, gallery, help, icons, keeping, outline, picture, share};

/// The dialog; open while `Page::dialog` says so.
#[component]
pub(crate) fn Dialogs() -> impl IntoView {
    let page = Page::get();
    let element = NodeRef::<DialogElement>::new();
    Effect::new(move || {
        let Some(element) = element.get() else { return };
        match page.dialog.get() {
            Some(_) => {
                page.popup.set(None);
                if !element.open() {
                    // Fails only for an element that is not in the document.
                    let _ = element.show_modal();
                }
                focus_soon("dialog [data-first];#dialog-title");
            }
            None if element.open() => element.close(),
            None => {}
        }
    });
    view! {
        <dialog
            class=crate::bind::text(move || class(page.dialog.get()).to_owned())
            node_ref=element
            aria-labelledby="dialog-title"
            on:cancel=move |event: leptos::web_sys::Event| {
                // `cancel` comes immediately after Escape, `close` later: a key pressed in
                // between counts. A file field's own "cancel" bubbles up here too.
                if event.target() == event.current_target() {
                    page.dialog.set(None);
                }
            }
            on:close=move |_| {
                // It may have been opened again by then.
                if element.get_untracked().is_some_and(|element| !element.open()) {
                    page.dialog.set(None);
                }
            }
            on:pointerdown=move |event| {
                // A press beside the dialog lands on the dialog element itself.
                if event.target() == event.current_target() {
                    page.dialog.set(None);
                }
            }
        >
            {move || {
                page.dialog
                    .get()
                    .map(|dialog| match dialog {
                        Dialog::Share => share::view(page),
                        Dialog::Find => finding::view(page),
                        Dialog::Shortcuts => help::view(),
                        Dialog::Designs => keeping::view(page),
                        Dialog::Outline => outline::view(page),
                        Dialog::Problems => problems(page),
                        Dialog::Gallery => gallery::view(page),
                        Dialog::Compare => compare::view(page),
                        Dialog::Picture => picture::view(page),
                    })
            }}
        </dialog>
    }
}

fn class(dialog: Option<Dialog>) -> &'static str {
    match dialog {
        Some(Dialog::Find) => "dialog find",
        Some(
            Dialog::Designs
            | Dialog::Outline
            | Dialog::Shortcuts
            | Dialog::Gallery
            | Dialog::Compare
            | Dialog::Picture,
        ) => "dialog wide",
        Some(Dialog::Share | Dialog::Problems) | None => "dialog",
    }
}

/// A dialog's title and the button that closes it.
pub(crate) fn head(title: impl Into<String>) -> AnyView {
    let page = Page::get();
    view! {
        <div class="dialog-head">
            <h2 id="dialog-title" tabindex="-1">
                {title.into()}
            </h2>
            <button
                class="button bare icon"
                aria-label="Close"
                title="Close (Esc)"
                on:click=move |_| page.dialog.set(None)
            >
                {icons::glyph(icons::CLOSE)}
            </button>
        </div>
    }
    .into_any()
}

/// A button of a dialog; the primary one gets the focus when the dialog opens.
pub(crate) fn button(label: &'static str, class: &'static str, act: Callback<()>) -> AnyView {
    view! {
        <button
            class=class
            data-first=(class == PRIMARY).then_some("")
            on:click=move |_| act.run(())
        >
            {label}
        </button>
    }
    .into_any()
}

/// The class of the button that is most likely wanted.
pub(crate) const PRIMARY: &str = "button primary";

/// Everything that is wrong with a text, each with its place.
fn problems(page: Page) -> AnyView {
    let Rejected {
        title,
        problems,
        text,
    } = page.rejected.get_untracked();
    let rows = problems.into_iter().map(|[path, message]| {
        let path = (!path.is_empty()).then(|| view! { <code class="num">{path}</code> });
        view! { <li>{path} <span>{message}</span></li> }
    });
    let save = text.map(|(text, name)| {
        view! {
            <button
                class="button"
                on:click=move |_| files::save_text(&text, &name, files::DESIGN, "application/json")
            >
                "Download as is"
            </button>
        }
    });
    view! {
        <div class="dialog-body">
            {head(title)}
            <ul class="rejects">{rows.collect_view()}</ul>
            <div class="dialog-foot">
                {save}
                <button class="button primary" data-first="" on:click=move |_| page.dialog.set(None)>
                    "Close"
                </button>
            </div>
        </div>
    }
    .into_any()
}
