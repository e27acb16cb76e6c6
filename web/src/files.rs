//! Designs in and out: files, pictures, the clipboard.

use format::paste::{self, Pasted};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Blob, BlobPropertyBag, ClipboardEvent, File, HtmlAnchorElement, HtmlInputElement, Url,
};

use crate::arriving::Arrived;
use crate::clipboard;
use crate::state::{Dialog, Page, Rejected};
use editor::ActionId;

#[wasm_bindgen]
extern "C" {
    /// The text that is selected on the page.
    #[wasm_bindgen(js_name = getSelection)]
    fn get_selection() -> js_sys::Object;
}

/// Ending of the name of a design file. Editors find its schema by the name.
pub(crate) const DESIGN: &str = "faultline.json";
/// Most problems that are listed.
const LISTED_MAX: usize = 100;

impl Page {
    /// Opens a text, whatever its format, in place of the present design, or reports all problems.
    /// If it was dropped and another design is open, the user chooses first.
    pub(crate) fn open_text(self, text: &str, name: &str, dropped: bool) {
        let (design, notes) = match paste::read(text) {
            Ok(Pasted::Part(design)) => (design, Vec::new()),
            Ok(Pasted::Whole(design, notes)) => (design, notes),
            Err(problems) => {
                return self.tell_problems(format!("{name} could not be opened"), &problems, None);
            }
        };
        match dropped {
            true => self.arrive(Arrived { design, notes }),
            false => self.open_arrived(Arrived { design, notes }),
        }
    }

    /// Inserts a pasted fragment at the pointer; opens a pasted design.
    pub(crate) fn paste_text(self, text: &str) {
        match paste::read(text) {
            Ok(Pasted::Part(part)) => {
                let at = self.hidden.with_value(|hidden| hidden.pointer);
                let effects = self.edit(|editor| {
                    let at = editor.viewport().to_canvas(at);
                    let seen = editor.viewport().visible().contains(at);
                    editor.paste(&part, seen.then_some(at))
                });
                self.follow_all(effects);
            }
            Ok(Pasted::Whole(design, notes)) => self.arrive(Arrived { design, notes }),
            // A text that has nothing to do with designs is not worth a dialog.
            Err(problems) if problems.len() == 1 && problems[0].path.is_empty() => {
                self.refuse(&format!("the pasted text {}", problems[0].message));
            }
            Err(problems) => {
                self.tell_problems(
                    "The pasted text could not be opened".to_owned(),
                    &problems,
                    None,
                );
            }
        }
    }

    /// Lists what is wrong with a text.
    pub(crate) fn tell_problems(
        self,
        title: String,
        problems: &[design::Problem],
        text: Option<(String, String)>,
    ) {
        let more = problems.len().saturating_sub(LISTED_MAX);
        let listed = problems.iter().take(LISTED_MAX);
        let mut listed: Vec<[String; 2]> = listed
            .map(|problem| [problem.path.clone(), problem.message.clone()])
            .collect();
        if more > 0 {
            listed.push([String::new(), format!("and {more} more")]);
        }
        self.rejected.set(Rejected {
            title,
            problems: listed,
            text,
        });
        self.dialog.set(Some(Dialog::Problems));
    }

    /// Returns the selection, as text for the clipboard.
    fn copied(self) -> Option<String> {
        let part = self.editor.with_value(editor::Editor::copy)?;
        Some(paste::write_part(&part))
    }
}

/// Listens to the browser's own copy, cut and paste.
pub(crate) fn listen_to_clipboard(page: Page) {
    let put = move |event: &ClipboardEvent| {
        if !is_ours(page, event) {
            return false;
        }
        let (Some(text), Some(data)) = (page.copied(), event.clipboard_data()) else {
            return false;
        };
        event.prevent_default();
        // Fails only where the browser forbids it; then nothing is copied.
        data.set_data("text/plain", &text).is_ok()
    };
    let copy = window_event_listener(leptos::ev::copy, move |event| {
        put(&event);
    });
    let cut = window_event_listener(leptos::ev::cut, move |event| {
        if page.can(ActionId::Delete) && put(&event) {
            page.act(ActionId::Delete);
        }
    });
    let paste = window_event_listener(leptos::ev::paste, move |event| {
        let data = event.clipboard_data().filter(|_| is_ours(page, &event));
        if let Some(text) = data.and_then(|data| data.get_data("text/plain").ok()) {
            event.prevent_default();
            page.paste_text(&text);
        }
    });
    on_cleanup(move || {
        copy.remove();
        cut.remove();
        paste.remove();
    });
}

/// Returns whether the page handles a clipboard event: not while the user edits or selects text,
/// nor under a dialog.
fn is_ours(page: Page, event: &ClipboardEvent) -> bool {
    let nothing_marked = get_selection().to_string().length() == 0;
    page.dialog.with_untracked(Option::is_none)
        && nothing_marked
        && !crate::canvas::is_typing(event.target().as_ref())
}

/// Copies by menu.
pub(crate) fn copy(page: Page) {
    if let Some(text) = page.copied() {
        spawn_local(async move {
            match clipboard::write(&text).await {
                true => page.announce.set("Copied".to_owned()),
                false => page.refuse(
                    "the browser did not allow copying by menu: press Ctrl or \u{2318} and C",
                ),
            }
        });
    }
}

/// Pastes by menu.
pub(crate) fn paste(page: Page) {
    spawn_local(async move {
        match clipboard::read().await {
            Some(text) => page.paste_text(&text),
            None => page
                .refuse("the browser did not allow pasting by menu: press Ctrl or \u{2318} and V"),
        }
    });
}

/// Lets the user choose a file to open.
pub(crate) fn choose(page: Page) {
    let input = document().create_element("input").ok();
    let Some(input) = input.and_then(|input| input.dyn_into::<HtmlInputElement>().ok()) else {
        return;
    };
    input.set_type("file");
    input.set_accept(".json,.mmd,.md,.txt,application/json,text/plain");
    let chosen = input.clone();
    let on_change = Closure::once_into_js(move || {
        if let Some(file) = chosen.files().and_then(|files| files.get(0)) {
            open_file(page, file, false);
        }
    });
    input.set_onchange(Some(on_change.unchecked_ref()));
    input.click();
}

/// Opens a file that the user chose, or dropped on the canvas.
pub(crate) fn open_file(page: Page, file: File, dropped: bool) {
    // Read only if it can be a design; the reader reports errors itself.
    let name = file.name();
    if file.size() > 2.0 * format::json::SIZE_MAX as f64 {
        return page.refuse(&format!("{name} is too large to be a design"));
    }
    spawn_local(async move {
        let text = JsFuture::from(file.text()).await;
        match text.ok().and_then(|text| text.as_string()) {
            Some(text) => page.open_text(&text, &name, dropped),
            None => page.refuse(&format!("{name} could not be read")),
        }
    });
}

/// Returns the name for files of the open design.
pub(crate) fn design_name(page: Page) -> String {
    page.design
        .with_untracked(|design| design.settings.name.clone())
}

/// Exports the design as a file.
pub(crate) fn export_json(page: Page) {
    let json = page
        .design
        .with_untracked(|design| format::json::write(design));
    save_text(&json, &design_name(page), DESIGN, "application/json");
}

/// Exports the design as a flowchart.
pub(crate) fn export_mermaid(page: Page) {
    let text = page
        .design
        .with_untracked(|design| format::mermaid::write(design));
    save_text(&text, &design_name(page), "mmd", "text/plain");
}

/// Lets the browser save a text.
pub(crate) fn save_text(text: &str, name: &str, ending: &str, kind: &str) {
    if let Ok(blob) = blob(text, kind) {
        save_blob(&blob, name, ending);
    }
}

/// Returns a text as a file.
pub(crate) fn blob(text: &str, kind: &str) -> Result<Blob, JsValue> {
    let parts = js_sys::Array::of1(&text.into());
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    Blob::new_with_str_sequence_and_options(&parts, &options)
}

/// Lets the browser save a file.
pub(crate) fn save_blob(blob: &Blob, name: &str, ending: &str) {
    let save = || -> Result<(), JsValue> {
        let url = Url::create_object_url_with_blob(blob)?;
        let anchor: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
        anchor.set_href(&url);
        anchor.set_download(&format!("{}.{ending}", file_name(name)));
        anchor.click();
        Url::revoke_object_url(&url)
    };
    // Fails only if the browser forbids downloads, which the browser reports itself.
    let _ = save();
}

fn file_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| match c.is_alphanumeric() {
            true => c.to_ascii_lowercase(),
            false => '-',
        })
        .collect();
    match plain.trim_matches('-') {
        "" => "design".to_owned(),
        plain => plain.to_owned(),
    }
}
