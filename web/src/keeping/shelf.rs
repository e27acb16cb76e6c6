//! The saved designs in the browser's database: an entry for lists, and separately the text. Both
//! change in one transaction.

use editor::keeping::{self, Kept, Write};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{IdbObjectStore, IdbTransaction, IdbTransactionMode};

use super::idb::{self, ABOUT, TEXT};

/// Maximum number of saved designs.
const KEPT_MAX: u32 = 500;

/// The outcome of saving a design.
pub(crate) enum Outcome {
    /// It was saved in its place.
    Kept,
    /// Another tab has written there since; nothing was written.
    Taken,
}

struct Stores {
    transaction: IdbTransaction,
    about: IdbObjectStore,
    text: IdbObjectStore,
}

async fn stores(mode: IdbTransactionMode) -> Result<Stores, JsValue> {
    let database = idb::open().await?;
    let names = Array::of2(&ABOUT.into(), &TEXT.into());
    let transaction = database.transaction_with_str_sequence_and_mode(&names, mode)?;
    // Closes when the transaction is over.
    database.close();
    Ok(Stores {
        about: transaction.object_store(ABOUT)?,
        text: transaction.object_store(TEXT)?,
        transaction,
    })
}

/// Returns all saved designs, in no particular order.
pub(crate) async fn list() -> Result<Vec<Kept>, String> {
    let read = async {
        let stores = stores(IdbTransactionMode::Readonly).await?;
        let (keys, values) = (stores.about.get_all_keys()?, stores.about.get_all()?);
        let keys: Array = idb::answer(&keys).await?.unchecked_into();
        let values: Array = idb::answer(&values).await?.unchecked_into();
        Ok((keys, values))
    };
    let (keys, values) = read.await.map_err(|error: JsValue| idb::why(&error))?;
    let ids = keys.iter().filter_map(|key| key.as_string());
    Ok(ids
        .zip(values.iter())
        .map(|(id, value)| about(id, &value))
        .collect())
}

/// Returns the text saved under an id, with its stamp.
pub(crate) async fn read(id: &str) -> Result<Option<(String, String)>, String> {
    let read = async {
        let stores = stores(IdbTransactionMode::Readonly).await?;
        let (line, text) = (stores.about.get(&id.into())?, stores.text.get(&id.into())?);
        let line = idb::answer(&line).await?;
        let text = idb::answer(&text).await?;
        Ok(text
            .as_string()
            .map(|text| (text, about(id.to_owned(), &line).stamp)))
    };
    read.await.map_err(|error: JsValue| idb::why(&error))
}

/// Saves a text, unless another tab has written in its place since `seen`.
pub(crate) async fn write(kept: &Kept, text: &str, seen: Option<&str>) -> Result<Outcome, String> {
    let full = "500 designs are already saved; delete some to save this one";
    let write = async {
        let stores = stores(IdbTransactionMode::Readwrite).await?;
        let key = JsValue::from(&kept.id);
        let before = idb::answer(&stores.about.get(&key)?).await?;
        let count = idb::answer(&stores.about.count()?).await?;
        if before.is_undefined() && count.as_f64() >= Some(f64::from(KEPT_MAX)) {
            return Ok(Err(full));
        }
        let stamp = (!before.is_undefined()).then(|| about(String::new(), &before).stamp);
        if keeping::write(stamp.as_deref(), seen) == Write::Beside {
            return Ok(Ok(Outcome::Taken));
        }
        put(&stores, kept, text)?;
        idb::finish(&stores.transaction).await?;
        Ok(Ok(Outcome::Kept))
    };
    match write.await.map_err(|error: JsValue| idb::why(&error))? {
        Ok(outcome) => Ok(outcome),
        Err(why) => Err(why.to_owned()),
    }
}

/// Deletes the design saved under an id.
pub(crate) async fn delete(id: &str) -> Result<(), String> {
    let delete = async {
        let stores = stores(IdbTransactionMode::Readwrite).await?;
        stores.about.delete(&id.into())?;
        stores.text.delete(&id.into())?;
        idb::finish(&stores.transaction).await
    };
    delete.await.map_err(|error: JsValue| idb::why(&error))
}

fn put(stores: &Stores, kept: &Kept, text: &str) -> Result<(), JsValue> {
    let line = Object::new();
    let entries: [(&str, JsValue); 5] = [
        ("name", JsValue::from(&kept.name)),
        ("modified", kept.modified_ms.into()),
        ("bytes", kept.bytes.into()),
        ("nodes", kept.nodes.map_or(JsValue::NULL, JsValue::from)),
        ("stamp", JsValue::from(&kept.stamp)),
    ];
    for (name, value) in entries {
        Reflect::set(&line, &name.into(), &value)?;
    }
    let key = JsValue::from(&kept.id);
    stores.about.put_with_key(&line, &key)?;
    stores.text.put_with_key(&text.into(), &key)?;
    Ok(())
}

/// Returns a list entry. Missing or damaged fields have their defaults, so that the design is still
/// listed.
fn about(id: String, value: &JsValue) -> Kept {
    let field = |name: &str| Reflect::get(value, &name.into()).unwrap_or(JsValue::UNDEFINED);
    let number = |name: &str| field(name).as_f64();
    Kept {
        name: field("name").as_string().unwrap_or_else(|| id.clone()),
        modified_ms: number("modified").unwrap_or_default(),
        bytes: number("bytes").unwrap_or_default() as u32,
        nodes: number("nodes").map(|nodes| nodes as u32),
        stamp: field("stamp").as_string().unwrap_or_default(),
        id,
    }
}
