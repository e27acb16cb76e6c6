//! Whether something panics, and where, without a word on the terminal.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// A panic.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// File, line and column.
    pub place: String,
    /// What the panic said.
    pub message: String,
}

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

/// Runs something and returns its panic, if it panics. Nothing is printed.
pub fn failure_of(run: impl FnOnce()) -> Option<Failure> {
    listen();
    let was_quiet = IS_QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    IS_QUIET.set(was_quiet);
    result.err().map(|_| {
        // A panic that was raised again, as that of a thread, does not reach the hook.
        LAST.take().unwrap_or_else(|| Failure {
            place: "another thread".to_owned(),
            message: "see above".to_owned(),
        })
    })
}

/// Puts the hook in place that notes panics of threads that want them quiet.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| {
            if !IS_QUIET.get() {
                return usual(info);
            }
            let place = info.location().map(ToString::to_string);
            let message = info.payload_as_str().unwrap_or("no message");
            LAST.set(Some(Failure {
                place: place.unwrap_or_default(),
                message: message.to_owned(),
            }));
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_returned_with_its_place() {
        let failure = failure_of(|| panic!("{} is wrong", 3)).expect("it panics");
        assert_eq!(failure.message, "3 is wrong");
        assert!(failure.place.contains("failure.rs:"), "{}", failure.place);
        assert_eq!(failure_of(|| ()), None);
    }
}
