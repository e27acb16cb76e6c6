//! The browser's database, as far as it is needed here: requests and transactions as futures.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomException, IdbDatabase, IdbOpenDbRequest, IdbRequest, IdbTransaction};

const NAME: &str = "faultline";
const VERSION: u32 = 1;
/// What lists show of each design.
pub(super) const ABOUT: &str = "about";
/// The designs themselves, as text.
pub(super) const TEXT: &str = "text";

/// Opens the database, and makes it on the first visit.
pub(super) async fn open() -> Result<IdbDatabase, JsValue> {
    let factory = leptos::prelude::window().indexed_db()?;
    let factory = factory.ok_or_else(|| JsValue::from_str("no IndexedDB"))?;
    let request: IdbOpenDbRequest = factory.open_with_u32(NAME, VERSION)?;
    let upgrading = request.clone();
    let upgrade = Closure::once(move || {
        if let Ok(result) = upgrading.result() {
            let database: IdbDatabase = result.unchecked_into();
            for store in [ABOUT, TEXT] {
                // Fails only if the store exists; the transaction then fails, and reports it.
                let _ = database.create_object_store(store);
            }
        }
    });
    request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
    let database: IdbDatabase = answer(&request).await?.unchecked_into();
    // A newer page in another tab wants to change the database: it must not wait for this one.
    let closing = database.clone();
    let on_change = Closure::once_into_js(move || closing.close());
    database.set_onversionchange(Some(on_change.unchecked_ref()));
    Ok(database)
}

/// Returns the result of a request.
pub(super) async fn answer(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let promise = Promise::new(&mut |resolve, reject| {
        let done = request.clone();
        let success = Closure::once_into_js(move || {
            let value = done.result().unwrap_or(JsValue::UNDEFINED);
            // Cannot fail: a promise's own functions.
            let _ = resolve.call1(&JsValue::NULL, &value);
        });
        request.set_onsuccess(Some(success.unchecked_ref()));
        let failed = request.clone();
        let error = Closure::once_into_js(move || {
            let why = failed.error().ok().flatten();
            let _ = reject.call1(&JsValue::NULL, &why.into());
        });
        request.set_onerror(Some(error.unchecked_ref()));
    });
    JsFuture::from(promise).await
}

/// Waits until a transaction is on the disk as a whole, or has failed as a whole.
pub(super) async fn finish(transaction: &IdbTransaction) -> Result<(), JsValue> {
    let promise = Promise::new(&mut |resolve, reject| {
        let complete = Closure::once_into_js(move || {
            let _ = resolve.call0(&JsValue::NULL);
        });
        transaction.set_oncomplete(Some(complete.unchecked_ref()));
        let aborted = transaction.clone();
        let abort = Closure::once_into_js(move || {
            let _ = reject.call1(&JsValue::NULL, &aborted.error().into());
        });
        transaction.set_onabort(Some(abort.unchecked_ref()));
    });
    JsFuture::from(promise).await.map(|_| ())
}

/// Returns what went wrong, in words that end a sentence.
pub(super) fn why(error: &JsValue) -> String {
    match error.dyn_ref::<DomException>().map(|error| error.name()) {
        Some(name) if name == "QuotaExceededError" => {
            "the browser's storage is full; delete designs or download this one".to_owned()
        }
        Some(name) if name == "SecurityError" || name == "InvalidStateError" => {
            "this browser blocks storage; download the design instead".to_owned()
        }
        Some(name) => format!("the browser's storage failed ({name}); download the design instead"),
        None => "this browser has no storage for designs; download this one instead".to_owned(),
    }
}
