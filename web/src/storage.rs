//! Small values that the browser stores for this page. Storage may be full, disabled or not
//! allowed; then nothing is stored and nothing fails. An embed stores nothing at all. Designs are
//! in [`crate::keeping`].

use std::cell::Cell;

use leptos::prelude::*;
use web_sys::Storage;

/// Storage key: which saved design this tab shows, and at which address.
const TAB: &str = "faultline.tab";

thread_local! {
    static ENABLED: Cell<bool> = const { Cell::new(true) };
}

/// Disables reading and writing: the page is an embed.
pub(crate) fn disable() {
    ENABLED.with(|enabled| enabled.set(false));
}

fn storage() -> Option<Storage> {
    if !ENABLED.with(Cell::get) {
        return None;
    }
    window().local_storage().ok().flatten()
}

/// Returns the text stored under a key.
pub(crate) fn get(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Stores a text under a key, if there is room.
pub(crate) fn set(key: &str, value: &str) {
    if let Some(storage) = storage() {
        // Full or forbidden: the page goes on without.
        let _ = storage.set_item(key, value);
    }
}

/// Removes the text stored under a key.
pub(crate) fn remove(key: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(key);
    }
}

/// Returns whether an option that is usually off is on.
pub(crate) fn flag(key: &str) -> bool {
    get(key).is_some()
}

/// Stores whether such an option is on.
pub(crate) fn set_flag(key: &str, on: bool) {
    match on {
        true => set(key, "on"),
        false => remove(key),
    }
}

fn tab_storage() -> Option<Storage> {
    storage().and_then(|_| window().session_storage().ok().flatten())
}

fn address() -> String {
    let location = window().location();
    location.search().unwrap_or_default() + &location.hash().unwrap_or_default()
}

/// Returns the saved design that this tab showed before it was reloaded.
pub(crate) fn tab() -> Option<String> {
    let kept = tab_storage()?.get_item(TAB).ok().flatten()?;
    let (id, at) = kept.split_once(' ')?;
    (at == address()).then(|| id.to_owned())
}

/// Notes which saved design this tab shows.
pub(crate) fn set_tab(id: Option<&str>) {
    let Some(storage) = tab_storage() else { return };
    // Full or forbidden: a reload then starts over.
    let _ = match id {
        Some(id) => storage.set_item(TAB, &format!("{id} {}", address())),
        None => storage.remove_item(TAB),
    };
}
