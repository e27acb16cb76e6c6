//! The share dialog: the link, the file, the frame for another page.

use format::link::{self, LENGTH_WARN, Shared};
use leptos::html::Input;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::bind::{flag, text};
use crate::dialogs::head;
use crate::state::Page;
use crate::{clipboard, files, words};

/// The dialog.
pub(crate) fn view(page: Page) -> AnyView {
    let fragment = Memo::new(move |_| {
        page.design.with(|design| {
            link::encode(&Shared {
                design: design.as_ref().clone(),
                view: None,
            })
        })
    });
    let url = Memo::new(move |_| page_url("", &fragment.get()));
    let snippet = Memo::new(move |_| embed_snippet(&fragment.get(), page));
    view! {
        <div class="dialog-body">
            {head("Share this design")}
            <p class="quiet">
                "The design, its faults and its seed are in the link itself; nothing is stored anywhere. Everyone who opens it gets the same run."
            </p>
            <Copied label="Link" value=url />
            <p class="length" class:warn=flag(move || is_long(&url.get()))>
                {text(move || length_text(&url.get()))}
            </p>
            <Copied label="Frame for a page" value=snippet />
            <div class="dialog-foot">
                <button class="button" on:click=move |_| files::export_json(page)>
                    "Download as JSON"
                </button>
            </div>
        </div>
    }
    .into_any()
}

fn is_long(url: &str) -> bool {
    url.chars().count() > LENGTH_WARN
}

fn length_text(url: &str) -> String {
    let length = words::count(url.chars().count() as u64);
    if is_long(url) {
        format!(
            "{length} characters. Some chat tools cut messages at 2,000; send the file instead."
        )
    } else {
        format!("{length} characters.")
    }
}

/// The result of copying.
#[derive(Clone, Copy, PartialEq)]
enum Copying {
    NotYet,
    Done,
    Refused,
}

/// A text to copy, with a button.
#[component]
pub(crate) fn Copied(label: &'static str, value: Memo<String>) -> impl IntoView {
    let page = Page::get();
    let copying = RwSignal::new(Copying::NotYet);
    let field = NodeRef::<Input>::new();
    Effect::new(move || {
        value.track();
        copying.set(Copying::NotYet);
    });
    let copy = move |_| {
        let value = value.get_untracked();
        spawn_local(async move {
            if clipboard::write(&value).await {
                // The dialog may be closed by now.
                let _ = copying.try_set(Copying::Done);
                return page.announce.set(format!("{label} copied"));
            }
            let _ = copying.try_set(Copying::Refused);
            if let Some(field) = field.try_get_untracked().flatten() {
                // Fails only for elements that cannot have the focus. It selects all on focus.
                let _ = field.focus();
                field.select();
            }
        });
    };
    let label_of_copy = text(move || match copying.get() {
        Copying::Done => "Copied".to_owned(),
        Copying::NotYet | Copying::Refused => "Copy".to_owned(),
    });
    let refused = text(move || {
        match copying.get() {
            Copying::Refused => {
                "The browser does not let this page copy. The text is selected: press Ctrl+C, \
             or \u{2318}C on a Mac."
            }
            Copying::NotYet | Copying::Done => "",
        }
        .to_owned()
    });
    view! {
        <div class="copied">
            <label>
                <span>{label}</span>
                <input
                    class="num"
                    readonly
                    node_ref=field
                    data-first=(label == "Link").then_some("")
                    prop:value=value
                    on:focus=select_all
                />
            </label>
            <button class="button primary" aria-label=format!("Copy: {label}") on:click=copy>
                {label_of_copy}
            </button>
            <p class="copy-refused" role="alert">{refused}</p>
        </div>
    }
}

fn select_all(event: web_sys::FocusEvent) {
    event_target::<web_sys::HtmlInputElement>(&event).select();
}

/// Returns the address of a page beside this one (`""` for the playground itself) with a fragment.
pub(crate) fn page_url(file: &str, fragment: &str) -> String {
    let location = window().location();
    let origin = location.origin().unwrap_or_default();
    let path = location.pathname().unwrap_or_default();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{origin}{folder}/{file}#{fragment}")
}

fn embed_snippet(fragment: &str, page: Page) -> String {
    let name = page.design.with(|design| escape(&design.settings.name));
    format!(
        "<iframe src=\"{}\" title=\"{name}: a running model\" width=\"100%\" height=\"480\" style=\"border:0;max-width:720px\" loading=\"lazy\"></iframe>",
        page_url("embed.html", fragment)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
