//! Effects: what the page has to do after an input or an action.

use crate::actions::PageAction;
use crate::geometry::Point;
use crate::history::Gesture;
use crate::selection::Item;
use crate::wire::Wire;
use design::{Command, Target};

/// The result of an input. The state itself is in the [`crate::Editor`]; effects say which part to
/// read again, or what to open.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Another design was opened, with a history of its own.
    Loaded,
    /// The design was edited: draw it, save it, and, unless only nodes moved, tell the simulation.
    Changed(Edit),
    /// The selection changed.
    SelectionChanged,
    /// The zoom or position of the viewport changed.
    ViewChanged,
    /// What is drawn over the canvas changed (hover, marquee, wire, guides), or the pointer's
    /// shape.
    OverlayChanged,
    /// The action is not possible, with the reason: show it near the pointer.
    Refused(String),
    /// The action did something the user may not expect: show it near the pointer.
    Said(String),
    /// Ask which kind of node to add, then call [`crate::Editor::quick_add`].
    QuickAdd(QuickAdd),
    /// Show the list of everything that can be added.
    OpenPalette,
    /// Show the parameters of this item, unless they are already visible.
    OpenInspector(Item),
    /// Open the menu of the item, which is now selected, or of the canvas.
    OpenMenu {
        /// Position, on the screen.
        at: Point,
        /// The item, if any.
        item: Option<Item>,
    },
    /// Let the user rename the zone.
    NameZone(String),
    /// Let the user edit the note at this index.
    EditNote(usize),
    /// Let the user edit the label of the node with this id.
    Rename(String),
    /// Carry out this action of the page.
    Page(PageAction),
}

/// How much of a design changed. Ordered: later variants include earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nodes moved, or notes changed; the simulation is not affected.
    Moved,
    /// Fields of existing items changed.
    Fields,
    /// Nodes, links, faults or requirements were added or removed.
    Structure,
}

impl Change {
    /// Returns how much a command changes.
    pub fn of(command: &Command) -> Self {
        match command {
            Command::Move(..) => Self::Moved,
            // No run reads notes.
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

/// What an edit means to a run. Ordered: later variants include earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EditKind {
    /// Positions and notes, which no run depends on.
    Drawing,
    /// Only faults. They carry the times at which they begin and end.
    Faults,
    /// Anything else: parameters, nodes, links, requirements, settings.
    Design,
}

impl EditKind {
    /// Returns what a command means to a run.
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
    /// The user made it.
    Made,
    /// Its gesture was canceled before it was complete.
    Canceled,
    /// Undo reverted it.
    Undone,
    /// Redo made it again.
    Redone,
}

/// An edit of the design, as the history records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// How much of the design changed.
    pub change: Change,
    /// What the edit means to a run.
    pub kind: EditKind,
    /// How it came about.
    pub step: EditStep,
    /// The gesture it belongs to.
    pub gesture: Gesture,
}

impl Edit {
    /// Merges another edit into this one if both are the same step of one gesture. Returns whether
    /// it did.
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
        let is_same = self.step == other.step && self.gesture.id == other.gesture.id;
        if is_same {
            self.change = self.change.max(other.change);
            self.kind = self.kind.max(other.kind);
        }
        is_same
    }
}

/// A request to add a node here, of a kind yet to be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct QuickAdd {
    /// The wire that was dropped here. It will be connected to the new node.
    pub wire: Option<Wire>,
    /// Position, on the canvas.
    pub at: Point,
}
