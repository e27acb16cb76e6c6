//! Notes: text on the canvas, read by people alone.

use crate::attribute::{Attribute, Reader, Shape};
use crate::document::POSITION_MAX;
use crate::record;
use crate::value::Value;

record! {
    /// Text on the canvas. It does not affect the run.
    pub struct Note {
        /// Upper left corner on the canvas, in pixels at 100% zoom.
        pub at: Place = Place([0, 0]) => { label: "At" },
        /// The text. Lines break where typed, and wrap at the width.
        pub text: String = String::new() => { label: "Text" },
        /// Width in pixels at 100% zoom.
        pub width: u32 = 200 => { label: "Width", unit: "px", range: 80..=1000 },
    }
}

/// Most notes of one design.
pub const NOTES_MAX: usize = 200;

/// A place on the canvas, written as `[80, 200]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub [i32; 2]);

impl Attribute for Place {
    const SHAPE: Shape = Shape::List(&Shape::Integer);

    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::List(items) if items.len() == 2 => {
                let [x, y] = [i32::read(&items[0], reader)?, i32::read(&items[1], reader)?];
                if x.abs() > POSITION_MAX || y.abs() > POSITION_MAX {
                    let wanted = format!("coordinates from -{POSITION_MAX} to {POSITION_MAX}");
                    return reader.wrong(value, &wanted);
                }
                Some(Self([x, y]))
            }
            other => reader.wrong(other, "a position, such as [80, 200]"),
        }
    }

    fn write(&self) -> Value {
        self.0.to_vec().write()
    }
}
