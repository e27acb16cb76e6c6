//! The editor, independent of a browser: document, history, selection, tools, hit testing,
//! geometry, layout. The page translates browser events into inputs and draws the editor's state.
//!
//! # How a page uses it
//!
//! Keep one [`Editor`]. Pass it what the user did, and carry out the effects it returns:
//!
//! ```
//! use editor::{Effect, Editor, Input, Pointer, Point};
//!
//! let mut editor = Editor::new(design::Design::default());
//! editor.resize(Point::new(1440.0, 900.0));
//! let pointer = Pointer::mouse(Point::new(200.0, 120.0));
//! for effect in editor.handle(Input::PointerDown(pointer)) {
//!     match effect {
//!         // Draw editor.design(), save it, tell the simulation.
//!         Effect::Loaded | Effect::Changed(_) => {}
//!         Effect::SelectionChanged => { /* look at editor.selection() */ }
//!         Effect::ViewChanged => { /* look at editor.viewport() */ }
//!         Effect::OverlayChanged => { /* look at editor.tool() and editor.cursor() */ }
//!         Effect::Refused(why) | Effect::Said(why) => println!("{why}"),
//!         Effect::QuickAdd(_) | Effect::OpenInspector(_) => {}
//!         Effect::OpenMenu { .. } | Effect::Rename(_) | Effect::OpenPalette => {}
//!         Effect::EditNote(_) | Effect::NameZone(_) | Effect::Page(_) => {}
//!     }
//! }
//! ```
//!
//! - **Pointer**: [`Editor::handle`] takes an [`Input`]. Positions are screen pixels from the canvas
//!   element's upper left corner. Capture the pointer when it goes down, send `pointercancel` as
//!   [`Input::Cancel`], `contextmenu` as [`Input::Menu`], `dblclick` as [`Input::DoubleClick`].
//! - **Keys**: [`actions::for_key`] finds the action of a key, [`actions::run`] carries it out,
//!   [`actions::actions`] is the table for menus and help. Space is a modifier of pointers here
//!   (Space+drag pans). If an [`Effect::ViewChanged`] came while it was held, the release is not
//!   play or pause.
//! - **Edits from elsewhere** (inspector, remedies, imports, embed messages): [`Editor::apply`] for
//!   a single command; [`Editor::gesture`] once and [`Editor::edit`] many times for a slider. All
//!   are ordinary entries of the history. [`Document::revision`] tells whether the design changed.
//! - **Adding**: [`catalog::shelves`] lists what can be added, [`Editor::add_thing`] adds it from the
//!   palette, [`Editor::quick_add`] answers an [`Effect::QuickAdd`]. [`Editor::copy`] and
//!   [`Editor::paste`] use designs; the page converts those to text and back.
//! - **Drawing**: nodes are [`NODE_WIDTH`] × [`NODE_HEIGHT`] at `node.at`; [`Editor::scene`] gives
//!   every link's [`Line`] ([`Line::to_svg`]) and measured [`LinkPath`] (points by distance, for
//!   dots); [`Routes`] keeps them between moves. The canvas layer's transform is
//!   `translate(offset) scale(scale)` of the [`Viewport`].
//!   What a tool draws on top is in its state: [`tools::Marquee::rect`], [`tools::Wiring`] (see
//!   [`Editor::wire_curve`]), [`tools::Dragging::guides`], the `hover` of
//!   [`tools::Idle`].
//!
//! # Invariants
//!
//! - No browser, clock, thread or file. Gestures differ by identity, never by time.
//! - A design changes through [`Document::apply`] alone, with an inverse: undoing everything
//!   restores the first design exactly.
//! - Every gesture can be canceled with [`Input::Cancel`] and then leaves no trace.

pub mod actions;
mod adding;
mod areas;
mod cards;
pub mod catalog;
pub mod curve;
pub mod describe;
pub mod document;
mod editor;
pub mod effect;
pub mod find;
pub mod fragment;
pub mod geometry;
pub mod history;
pub mod hit;
pub mod icons;
pub mod input;
pub mod keeping;
pub mod keys;
pub mod labels;
pub mod layout;
mod naming;
pub mod note;
pub mod patterns;
pub mod preview;
pub mod route;
pub mod routes;
pub mod scene;
pub mod selection;
pub mod snap;
pub mod summary;
pub mod svg;
#[cfg(test)]
mod testing;
pub mod tools;
pub mod viewport;
pub mod walk;
pub mod wire;
pub mod zone_names;
pub mod zones;

pub use actions::{Action, ActionId, PageAction};
pub use catalog::Thing;
pub use curve::{Curve, Line, LinkPath};
pub use document::Document;
pub use editor::{Cursor, Editor};
pub use effect::{Change, Edit, EditKind, EditStep, Effect, QuickAdd};
pub use geometry::{End, GRID, NODE_HEIGHT, NODE_WIDTH, Point, Rect, node_rect, port};
pub use history::{Gesture, GestureId};
pub use hit::Hit;
pub use input::{Button, Input, Modifiers, Pointer, PointerKind, WheelAction};
pub use keys::KeyPress;
pub use note::note_rect;
pub use patterns::Pattern;
pub use routes::Routes;
pub use scene::Scene;
pub use selection::{Item, Selection};
pub use snap::Guide;
pub use tools::{Access, Tool};
pub use viewport::Viewport;
pub use wire::Wire;
