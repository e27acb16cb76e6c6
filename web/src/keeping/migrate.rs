//! Moves designs that earlier versions saved in local storage to the database.

use design::Value;

use super::{line, shelf};
use crate::storage;
use editor::keeping::Kept;

const KEY: &str = "faultline.designs";

/// Moves what is there. What cannot be moved stays where it is.
pub(crate) async fn migrate() {
    let Some(text) = storage::get(KEY) else {
        return;
    };
    let mut moved = true;
    match format::json::value_from_str(&text) {
        Ok(Value::List(entries)) => {
            for entry in &entries {
                moved &= take(entry).await;
            }
        }
        // Damaged: kept as it is, to be downloaded.
        Ok(_) | Err(_) => moved = keep("before-2026", None, &text).await,
    }
    if moved {
        storage::remove(KEY);
    }
}

async fn take(entry: &Value) -> bool {
    let text_of = |name: &str| match entry.get(name) {
        Some(Value::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    match (text_of("document"), text_of("design")) {
        (Some(id), Some(text)) => keep(id, Some(id), text).await,
        _ => true,
    }
}

/// Saves a text under an id, unless a design is saved there already.
async fn keep(id: &str, name: Option<&str>, text: &str) -> bool {
    let kept = match format::json::read(text) {
        Ok(design) => line(id, &design, text),
        Err(_) => Kept {
            id: id.to_owned(),
            name: name.unwrap_or("Designs of an earlier visit").to_owned(),
            modified_ms: js_sys::Date::now(),
            bytes: text.len() as u32,
            nodes: None,
            stamp: "moved".to_owned(),
        },
    };
    shelf::write(&kept, text, None).await.is_ok()
}
