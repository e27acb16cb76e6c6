//! User input in neutral terms. The page translates browser events into it.

use crate::geometry::Point;

/// Something the user did on the canvas. Keys are separate: see [`crate::actions`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// A button or finger went down.
    PointerDown(Pointer),
    /// A pointer moved, pressed or not.
    PointerMove(Pointer),
    /// A button or finger was lifted.
    PointerUp(Pointer),
    /// The pointer left the canvas, so nothing is under it.
    PointerLeave,
    /// Two clicks in quick succession, after the two clicks themselves.
    DoubleClick(Pointer),
    /// The menu was requested: right button, menu key, or a long press.
    Menu(Pointer),
    /// Escape was pressed, or the browser took the pointer away. The gesture in progress is
    /// canceled.
    Cancel,
    /// The wheel turned, or two fingers moved on a trackpad.
    Wheel {
        /// Position, on the screen.
        at: Point,
        /// Distance, in pixels. The page converts lines (16 pixels) and pages (the height).
        by: Point,
        /// What it does.
        action: WheelAction,
    },
}

/// What the wheel does. The page decides by modifier and preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WheelAction {
    /// Pans the canvas.
    Pan,
    /// Zooms at the pointer, by the vertical turn.
    Zoom,
}

/// A pointer event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pointer {
    /// Identifies a finger; any number for a mouse.
    pub id: i32,
    /// Position, in screen pixels from the upper left corner of the canvas element.
    pub at: Point,
    /// The button, for presses and releases.
    pub button: Button,
    /// The kind of pointer.
    pub kind: PointerKind,
    /// The modifier keys that are held.
    pub modifiers: Modifiers,
}

impl Pointer {
    /// Returns a mouse with its left button, without modifier keys.
    pub fn mouse(at: Point) -> Self {
        Self {
            id: 0,
            at,
            button: Button::Primary,
            kind: PointerKind::Mouse,
            modifiers: Modifiers::default(),
        }
    }
}

/// A button of the mouse. A finger or a pen's tip is the primary one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Button {
    /// Usually the left one.
    #[default]
    Primary,
    /// The wheel.
    Middle,
    /// Usually the right one. The page also sends [`Input::Menu`]; this button does nothing.
    Secondary,
}

/// The kind of a pointing device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PointerKind {
    /// A mouse or trackpad.
    #[default]
    Mouse,
    /// A pen.
    Pen,
    /// A finger.
    Touch,
}

impl PointerKind {
    /// Returns the distance, in screen pixels, after which a press is a drag.
    pub fn drag_threshold(self) -> f64 {
        match self {
            Self::Mouse | Self::Pen => 4.0,
            Self::Touch => 10.0,
        }
    }

    /// Returns the radius of a port, in screen pixels.
    pub fn port_radius(self) -> f64 {
        match self {
            Self::Mouse | Self::Pen => 12.0,
            Self::Touch => 22.0,
        }
    }

    /// Returns the radius within which a link is hit, in screen pixels.
    pub fn link_radius(self) -> f64 {
        match self {
            Self::Mouse | Self::Pen => 6.0,
            Self::Touch => 14.0,
        }
    }
}

/// Modifier keys that are held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modifiers {
    /// Adds to the selection; restricts a drag to one direction.
    pub shift: bool,
    /// Ctrl, or ⌘ on a Mac. Adds to the selection; a drag does not snap.
    pub command: bool,
    /// Alt, or ⌥. A drag duplicates.
    pub alt: bool,
    /// The space bar. A drag pans.
    pub space: bool,
}

impl Modifiers {
    /// Returns whether a click adds to the selection.
    pub fn adds(self) -> bool {
        self.shift || self.command
    }
}
