//! Reads recursive types to a limited depth: a damaged message is rejected instead of exhausting
//! the stack.

use serde::{Deserialize, Deserializer};
use std::cell::Cell;

/// Deepest nesting that is read. Real messages have a depth of a few levels.
const DEPTH_MAX: u32 = 32;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Reads a field of a recursive type.
pub(crate) fn read<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    let depth = DEPTH.get();
    if depth >= DEPTH_MAX {
        return Err(serde::de::Error::custom("nested too deeply"));
    }
    DEPTH.set(depth + 1);
    let read = T::deserialize(from);
    DEPTH.set(depth);
    read
}
