//! What the page has to do after an input or an action.

use crate::actions::PageAction;
use crate::geometry::Point;
use crate::selection::Item;
use crate::wire::Wire;
use design::{Command, Target};

/// Something that came of an input. The state itself is in the [`crate::Editor`]; effects say what
/// to look at again, or what to open.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The design is another: draw it, save it, and unless only nodes moved, tell the simulation.
    Changed(Change),
    /// Something else is selected.
    SelectionChanged,
    /// Zoom or position of the viewport changed.
    ViewChanged,
    /// What is drawn over the canvas changed: hover, marquee, wire, guides; or the pointer's shape.
    OverlayChanged,
    /// It cannot be done, and why: say so near the pointer.
    Refused(String),
    /// Ask which kind of node to add, then call [`crate::Editor::quick_add`].
    QuickAdd(QuickAdd),
    /// Show the list of all that can be added.
    OpenPalette,
    /// Show the parameters of this, if they are not in view anyway.
    OpenInspector(Item),
    /// Open a menu about what is there (and selected now), or about the canvas.
    OpenMenu {
        /// Where, on the screen.
        at: Point,
        /// What is there.
        item: Option<Item>,
    },
    /// Let the person give the zone another name.
    NameZone(String),
    /// Let the person type in the note at this place of the list.
    EditNote(usize),
    /// Let the person type another label for the node with this id.
    Rename(String),
    /// Carry this out: it is not the editor's own.
    Page(PageAction),
}

/// How much of a design changed. Ordered: the later includes the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nodes stand elsewhere, or notes are others; the simulation is not concerned.
    Moved,
    /// Fields of what was there before.
    Fields,
    /// Nodes, links, faults or requirements came or went.
    Structure,
}

impl Change {
    /// What a command changes.
    pub fn of(command: &Command) -> Self {
        match command {
            Command::Move(..) => Self::Moved,
            // Nobody but people reads notes.
            Command::Set(Target::Settings, path, _) if path.starts_with("notes") => Self::Moved,
            Command::Set(..) => Self::Fields,
            Command::AddNode(..)
            | Command::RemoveNode(_)
            | Command::AddLink(..)
            | Command::RemoveLink(_)
            | Command::AddFault(..)
            | Command::RemoveFault(_)
            | Command::AddRequirement(..)
            | Command::RemoveRequirement(_) => Self::Structure,
            Command::Batch(commands) => commands.iter().map(Self::of).max().unwrap_or(Self::Moved),
        }
    }
}

/// A node that is wanted here, of a kind yet to be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct QuickAdd {
    /// The wire that was dropped here, to be connected to the new node.
    pub wire: Option<Wire>,
    /// Where, on the canvas.
    pub at: Point,
}
