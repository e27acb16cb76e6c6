//! Closures as signals, for views. A view that holds a closure is compiled again for each closure;
//! one that holds a signal is compiled once.

use leptos::prelude::*;

/// Returns a text signal that follows what `read` reads.
pub(crate) fn text(read: impl Fn() -> String + Send + Sync + 'static) -> Signal<String> {
    Signal::derive(read)
}

/// Returns a condition signal that follows what `read` reads.
pub(crate) fn flag(read: impl Fn() -> bool + Send + Sync + 'static) -> Signal<bool> {
    Signal::derive(read)
}
