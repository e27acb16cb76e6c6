//! The share dialog: the link, the file, the frame for somebody's page.

use format::link::{self, LENGTH_WARN, Shared};
use leptos::html::Dialog as DialogElement;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

use crate::bind::{flag, text};
use crate::icons;
use crate::state::{Dialog, Page};
use crate::words;

/// The dialog; open while `Page::dialog` says so.
#[component]
pub(crate) fn Share() -> impl IntoView {
    let page = Page::get();
    let dialog = NodeRef::<DialogElement>::new();
    let open = Memo::new(move |_| page.dialog.get() == Some(Dialog::Share));
    let fragment = Memo::new(move |_| {
        if !open.get() {
            return String::new();
        }
        page.design.with(|design| {
            link::encode(&Shared {
                design: design.as_ref().clone(),
                view: None,
            })
        })
    });
    Effect::new(move || {
        let Some(element) = dialog.get() else { return };
        if open.get() && !element.open() {
            // Fails only for an element that is not in the document.
            let _ = element.show_modal();
        } else if !open.get() && element.open() {
            element.close();
        }
    });
    let url = Memo::new(move |_| page_url("", &fragment.get()));
    let snippet = Memo::new(move |_| embed_snippet(&fragment.get(), page));
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-labelledby="share-title"
            on:close=move |_| page.dialog.set(None)
            on:click=move |event| {
                // A click beside the dialog lands on the dialog element itself.
                let on_backdrop = event.target() == event.current_target();
                if on_backdrop {
                    page.dialog.set(None);
                }
            }
        >
            <div class="dialog-body">
                <div class="dialog-head">
                    <h2 id="share-title">"Share this design"</h2>
                    <button
                        class="button bare icon"
                        aria-label="Close"
                        on:click=move |_| page.dialog.set(None)
                    >
                        {icons::glyph(icons::CLOSE)}
                    </button>
                </div>
                <p class="quiet">
                    "The design, its faults and its seed are in the link itself; nothing is stored anywhere. Whoever opens it gets the same run."
                </p>
                <Copied label="Link" value=url />
                <p class="length" class:warn=flag(move || is_long(&url.get()))>
                    {text(move || length_text(&url.get()))}
                </p>
                <Copied label="Frame for a page" value=snippet />
                <div class="dialog-foot">
                    <button class="button" on:click=move |_| download(page)>
                        "Download as JSON"
                    </button>
                </div>
            </div>
        </dialog>
    }
}

fn is_long(url: &str) -> bool {
    url.chars().count() > LENGTH_WARN
}

fn length_text(url: &str) -> String {
    let length = words::count(url.chars().count() as u64);
    if is_long(url) {
        format!(
            "{length} characters. Some chat tools cut messages at 2\u{202f}000; send the file instead."
        )
    } else {
        format!("{length} characters.")
    }
}

#[component]
fn Copied(label: &'static str, value: Memo<String>) -> impl IntoView {
    let page = Page::get();
    let copied = RwSignal::new(false);
    Effect::new(move || {
        value.track();
        copied.set(false);
    });
    let copy = move |_| {
        let value = value.get_untracked();
        spawn_local(async move {
            let clipboard = window().navigator().clipboard();
            match JsFuture::from(clipboard.write_text(&value)).await {
                Ok(_) => {
                    copied.set(true);
                    page.announce.set(format!("{label} copied"));
                }
                Err(_) => page
                    .announce
                    .set("The browser did not allow copying; select the text instead".to_owned()),
            }
        });
    };
    let label_of_copy = text(move || if copied.get() { "Copied" } else { "Copy" }.to_owned());
    view! {
        <div class="copied">
            <label>
                <span>{label}</span>
                <input
                    class="num"
                    readonly
                    prop:value=value
                    on:focus=select_all
                />
            </label>
            <button class="button primary" aria-label=format!("Copy: {label}") on:click=copy>
                {label_of_copy}
            </button>
        </div>
    }
}

fn select_all(event: web_sys::FocusEvent) {
    event_target::<web_sys::HtmlInputElement>(&event).select();
}

/// The address of a page beside this one (`""` for the playground itself) with a fragment.
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
        "<iframe src=\"{}\" title=\"{name}: a running model\" width=\"720\" height=\"420\" style=\"border:0\" loading=\"lazy\"></iframe>",
        page_url("embed.html", fragment)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn download(page: Page) {
    let (json, name) = page.design.with_untracked(|design| {
        (
            format::json::write(design),
            file_name(&design.settings.name),
        )
    });
    // Fails only where the browser forbids downloads; it says so itself.
    let _ = save_file(&json, &name);
}

fn file_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    format!("{}.json", plain.trim_matches('-'))
}

fn save_file(text: &str, name: &str) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(&text.into());
    let options = BlobPropertyBag::new();
    options.set_type("application/json");
    let blob = Blob::new_with_str_sequence_and_options(&parts, &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let anchor: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    Url::revoke_object_url(&url)
}
