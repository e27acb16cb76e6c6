//! What the browser keeps for this page. Storage may be full, disabled or somebody else's; then
//! nothing is kept and nothing fails. An embed keeps nothing at all.

use std::cell::Cell;

use design::{Design, Value};
use leptos::prelude::*;
use web_sys::Storage;

const KEY: &str = "faultline.designs";
/// How many designs are kept; the one untouched longest goes first.
const KEPT_MAX: usize = 8;
/// A design whose JSON is longer than this is not kept (browsers give about 5 MB in all).
const LENGTH_MAX: usize = 500_000;

thread_local! {
    static ENABLED: Cell<bool> = const { Cell::new(true) };
}

/// From now on nothing is read or written: the page is an embed.
pub(crate) fn disable() {
    ENABLED.with(|enabled| enabled.set(false));
}

fn storage() -> Option<Storage> {
    if !ENABLED.with(Cell::get) {
        return None;
    }
    window().local_storage().ok().flatten()
}

/// What is kept under a name.
pub(crate) fn get(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Keeps a text under a name, if there is room.
pub(crate) fn set(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // Full or forbidden: the page goes on without.
        let _ = storage.set_item(key, value);
    }
}

/// Forgets what is kept under a name.
pub(crate) fn remove(key: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(key);
    }
}

/// A design of an earlier visit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    /// Which document it was, so that going on with it keeps it in its place.
    pub(crate) document: String,
    /// The design.
    pub(crate) design: Design,
}

/// All designs kept, the last touched first. What is damaged is left out.
pub(crate) fn designs() -> Vec<Kept> {
    entries()
        .iter()
        .filter_map(|entry| {
            Some(Kept {
                document: text_of(entry, "document")?.to_owned(),
                design: format::json::read(text_of(entry, "design")?).ok()?,
            })
        })
        .collect()
}

/// Keeps a design. Others stay as they are: a document only ever replaces its own earlier state.
pub(crate) fn keep(document: &str, design: &Design) {
    let json = format::json::write(design);
    if json.len() > LENGTH_MAX {
        return;
    }
    let mut entries = entries();
    entries.retain(|entry| text_of(entry, "document") != Some(document));
    let entry = [("document", document), ("design", &json)];
    let entry = entry.map(|(name, text)| (name.to_owned(), Value::text(text)));
    entries.insert(0, Value::Map(entry.into()));
    entries.truncate(KEPT_MAX);
    set(KEY, &format::json::value_to_string(&Value::List(entries)));
}

fn entries() -> Vec<Value> {
    let text = get(KEY).unwrap_or_default();
    match format::json::value_from_str(&text) {
        Ok(Value::List(entries)) => entries,
        Ok(_) | Err(_) => Vec::new(),
    }
}

fn text_of<'a>(entry: &'a Value, name: &str) -> Option<&'a str> {
    match entry.get(name) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

/// A name for a document that begins now, unlike any other.
pub(crate) fn new_document() -> String {
    let random = (js_sys::Math::random() * 1e12) as u64;
    format!("{:.0}-{random:x}", js_sys::Date::now())
}
