//! What a person does, in neutral terms: the page translates browser events into these.

use crate::geometry::Point;

/// Something a person did on the canvas. Keys are separate: see [`crate::actions`].
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
    /// The menu was asked for: right button, menu key, or a long press.
    Menu(Pointer),
    /// Escape, or the browser took the pointer away: whatever is going on is called off.
    Cancel,
    /// The wheel turned, or two fingers moved on a trackpad.
    Wheel {
        /// Where, on the screen.
        at: Point,
        /// How far, in pixels. The page turns lines and pages into pixels (16 and the height).
        by: Point,
        /// What it does.
        action: WheelAction,
    },
}

/// What the wheel does. The page decides by modifier and preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WheelAction {
    /// Pushes the canvas.
    Pan,
    /// Zooms at the pointer, by the vertical turn.
    Zoom,
}

/// A pointer at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pointer {
    /// Tells fingers apart; any number for a mouse.
    pub id: i32,
    /// Where, in screen pixels from the canvas element's upper left corner.
    pub at: Point,
    /// Which button, for presses and releases.
    pub button: Button,
    /// What it is.
    pub kind: PointerKind,
    /// Keys held meanwhile.
    pub modifiers: Modifiers,
}

impl Pointer {
    /// A mouse with its left button, nothing held on the keyboard.
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
    /// Usually the right one: the page sends [`Input::Menu`] as well, and this one does nothing.
    Secondary,
}

/// What is pointing.
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
    /// How far it may stray, in screen pixels, before a press is a drag.
    pub fn drag_threshold(self) -> f64 {
        match self {
            Self::Mouse | Self::Pen => 4.0,
            Self::Touch => 10.0,
        }
    }

    /// How near to a port, in screen pixels, is on it.
    pub fn port_radius(self) -> f64 {
        match self {
            Self::Mouse | Self::Pen => 12.0,
            Self::Touch => 22.0,
        }
    }

    /// How near to a link, in screen pixels, is on it.
    pub fn link_radius(self) -> f64 {
        match self {
            Self::Mouse | Self::Pen => 6.0,
            Self::Touch => 14.0,
        }
    }
}

/// Keys held while something else happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modifiers {
    /// Adds to the selection; keeps a drag to one direction.
    pub shift: bool,
    /// Ctrl, or ⌘ on a Mac. Adds to the selection; a drag does not snap.
    pub command: bool,
    /// Alt, or ⌥. A drag duplicates.
    pub alt: bool,
    /// The space bar. A drag pans.
    pub space: bool,
}

impl Modifiers {
    /// Whether a click adds to the selection.
    pub fn adds(self) -> bool {
        self.shift || self.command
    }
}
