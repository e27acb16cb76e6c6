//! What the page has to do after an input or an action.

use crate::actions::PageAction;
use crate::geometry::Point;
use crate::history::Gesture;
use crate::selection::Item;
use crate::wire::Wire;
use design::{Command, Target};

/// Something that came of an input. The state itself is in the [`crate::Editor`]; effects say what
/// to look at again, or what to open.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Another design was opened, with a history of its own.
    Loaded,
    /// The design was edited: draw it, save it, and unless only nodes moved, tell the simulation.
    Changed(Edit),
    /// Something else is selected.
    SelectionChanged,
    /// Zoom or position of the viewport changed.
    ViewChanged,
    /// What is drawn over the canvas changed: hover, marquee, wire, guides; or the pointer's shape.
    OverlayChanged,
    /// It cannot be done, and why: say so near the pointer.
    Refused(String),
    /// Something was done otherwise than it may have been meant: say so near the pointer.
    Said(String),
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

/// What an edit is about, as far as a run is concerned. Ordered: the later includes the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EditKind {
    /// Positions and notes, on which no run depends.
    Drawing,
    /// Faults and nothing else. They carry the time at which they begin and end.
    Faults,
    /// Anything else: parameters, nodes, links, requirements, settings.
    Design,
}

impl EditKind {
    /// Returns what a command is about.
    pub fn of(command: &Command) -> Self {
        match command {
            Command::AddFault(..)
            | Command::RemoveFault(_)
            | Command::Set(Target::Fault(_), ..) => Self::Faults,
            Command::Batch(commands) => {
                let kinds = commands.iter().map(Self::of);
                kinds.max().unwrap_or(Self::Drawing)
            }
            other if Change::of(other) == Change::Moved => Self::Drawing,
            Command::AddNode(..)
            | Command::RemoveNode(_)
            | Command::AddLink(..)
            | Command::RemoveLink(_)
            | Command::AddRequirement(..)
            | Command::RemoveRequirement(_)
            | Command::Move(..)
            | Command::Set(..) => Self::Design,
        }
    }
}

/// How an edit came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditStep {
    /// It was made.
    Made,
    /// Its gesture was canceled before it was complete.
    Canceled,
    /// Undo took it back.
    Undone,
    /// Redo made it again.
    Redone,
}

/// An edit of the design, as the history has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// How much of the design changed.
    pub change: Change,
    /// What the edit is about.
    pub kind: EditKind,
    /// How it came about.
    pub step: EditStep,
    /// The gesture that it belongs to.
    pub gesture: Gesture,
}

impl Edit {
    /// Adds another edit to this one if both are the same step of one gesture; false if not.
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
        let is_same = self.step == other.step && self.gesture.id == other.gesture.id;
        if is_same {
            self.change = self.change.max(other.change);
            self.kind = self.kind.max(other.kind);
        }
        is_same
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
