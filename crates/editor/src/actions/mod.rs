//! Actions: everything that can be done without the pointer. Menus, command palette, shortcuts and
//! help all read one table.

mod align;
mod help;
mod menus;
mod run;
mod table;

pub use align::{Alignment, Axis};
pub use help::{HelpRow, HelpSection, help};
pub use menus::{Menu, menu};
pub use run::run;

use crate::editor::Editor;
use crate::geometry::{End, has_port};
use crate::keys::{self, KeyPress};
use crate::patterns::Pattern;
use crate::selection::{Item, Selection};
use crate::tools::{Access, Tool};
use crate::wire::Wire;
use design::{Design, KINDS};
use table::ROWS;

/// A direction on the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Left.
    Left,
    /// Right.
    Right,
    /// Up.
    Up,
    /// Down.
    Down,
}

/// How far a nudge goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// One step of the grid.
    Near,
    /// Five steps of the grid.
    Far,
}

/// An action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionId {
    /// Undoes the last gesture.
    Undo,
    /// Redoes what was undone last.
    Redo,
    /// Deletes the selection.
    Delete,
    /// Puts a copy of the selection beside it.
    Duplicate,
    /// Selects everything.
    SelectAll,
    /// Cancels the gesture in progress; without one, clears the selection.
    Deselect,
    /// Moves the selection. While a wire is drawn by keyboard, chooses its target.
    Nudge(Direction, Distance),
    /// Begins a wire at the selected node.
    Connect,
    /// Connects the wire that is being drawn; otherwise lets the user rename the selected node.
    Confirm,
    /// Lays out the design again.
    Tidy,
    /// Puts the selected nodes on one line.
    Align(Alignment),
    /// Puts the selected nodes at equal distances.
    Distribute(Axis),
    /// Zooms in one step, at the middle of the screen.
    ZoomIn,
    /// Zooms out one step.
    ZoomOut,
    /// Zooms to 100%, at the middle of the screen.
    ZoomReset,
    /// Zooms so that everything is visible.
    ZoomFit,
    /// Zooms so that the selection is visible.
    ZoomSelection,
    /// Puts the selected nodes into a zone of their own.
    ZoneNew,
    /// Removes the selected nodes from their zones.
    ZoneLeave,
    /// Opens the list of everything that can be added.
    AddSomething,
    /// Adds a note near the middle of the screen.
    AddNote,
    /// Adds a node of the kind at this place of [`KINDS`], near the middle of the screen.
    Add(usize),
    /// Builds a pattern at the selected node or link.
    Pattern(Pattern),
    /// An action of the page around the editor. The editor passes it on.
    Page(PageAction),
}

/// An action of the page and not of the editor: running, finding, saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageAction {
    /// Plays, pauses, or runs again once it is over.
    Play,
    /// Advances the run by a little, then pauses it.
    Step,
    /// Runs again from the start, with the same seed.
    Restart,
    /// Runs again from the start, with another seed.
    NewSeed,
    /// Selects the next higher speed.
    Faster,
    /// Selects the next lower speed.
    Slower,
    /// Opens the search for anything by name.
    Find,
    /// Shows all shortcuts.
    Shortcuts,
    /// Shows the design as tables.
    Outline,
    /// Opens the menu of the selection.
    Menu,
    /// Offers faults for the selection.
    Break,
    /// Shows the parameters of the selection.
    Inspect,
    /// Switches to the next theme.
    Theme,
    /// Switches between all metrics and those that the design's telemetry shows.
    Operators,
    /// Switches the wheel between zooming and panning.
    Wheel,
    /// Shows or hides a small view of the whole design in a corner.
    Minimap,
    /// Opens an empty design. The present one stays saved.
    New,
    /// Shows the lessons and reference designs.
    Gallery,
    /// Shows the findings in the design and its run.
    Findings,
    /// Compares the design with its state before the last edit.
    Compare,
    /// Shows the saved designs.
    Designs,
    /// Saves the design immediately.
    Save,
    /// Shows the link, the file and the frame to share.
    Share,
    /// Opens a file.
    Import,
    /// Exports the design as a file.
    ExportJson,
    /// Exports the canvas as a picture, to a file or to the clipboard.
    ExportPicture,
    /// Exports the design as a Mermaid flowchart.
    ExportMermaid,
    /// Copies the selection to the clipboard, as text.
    Copy,
    /// Copies the selection to the clipboard and deletes it.
    Cut,
    /// Pastes nodes, a design, a link or a flowchart from the clipboard.
    Paste,
}

/// The section of menus and help that an action belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Plays, pauses and restarts the run.
    Run,
    /// Changes the design.
    Edit,
    /// Selects.
    Select,
    /// Changes what is visible.
    View,
    /// Finds and opens.
    Find,
    /// Saves and shares designs.
    Keep,
    /// Adds a node.
    Add,
}

impl Group {
    /// The heading of the section.
    pub fn label(self) -> &'static str {
        match self {
            Self::Run => "Run",
            Self::Edit => "Edit",
            Self::Select => "Select",
            Self::View => "View",
            Self::Find => "Find",
            Self::Keep => "Save and share",
            Self::Add => "Add",
        }
    }
}

/// An action with everything that menus and help show of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Its id.
    pub id: ActionId,
    /// A stable name for markup and tests: `undo`, `add-cache`.
    pub key: String,
    /// The name that users see.
    pub name: String,
    /// The section it belongs to.
    pub group: Group,
    /// Its shortcuts, in the notation of [`crate::keys`]; menus show the first.
    pub shortcuts: &'static [&'static str],
}

/// Returns every action, in the order in which lists show them.
pub fn actions() -> Vec<Action> {
    let rows = ROWS.iter().map(|(id, key, name, group, shortcuts)| Action {
        id: *id,
        key: (*key).to_owned(),
        name: (*name).to_owned(),
        group: *group,
        shortcuts,
    });
    let adds = KINDS.iter().enumerate().map(|(at, kind)| Action {
        id: ActionId::Add(at),
        key: format!("add-{}", kind.name.replace('_', "-")),
        name: format!("Add {}", kind.label),
        group: Group::Add,
        shortcuts: &[],
    });
    let patterns = Pattern::ALL.into_iter().map(|pattern| Action {
        id: ActionId::Pattern(pattern),
        key: pattern.key().to_owned(),
        name: pattern.name().to_owned(),
        group: Group::Add,
        shortcuts: &[],
    });
    rows.chain(adds).chain(patterns).collect()
}

/// Returns the action of a key press. Call it only while no text field has the focus.
pub fn for_key(press: &KeyPress<'_>) -> Option<ActionId> {
    ROWS.iter()
        .find(|(.., shortcuts)| shortcuts.iter().any(|one| keys::matches(one, press)))
        .map(|(id, ..)| *id)
}

/// Returns the action's name for the current state: `Undo Move api`.
pub fn title(editor: &Editor, action: &Action) -> String {
    let is_inspect = action.id == ActionId::Page(PageAction::Inspect);
    if is_inspect && editor.selection().is_empty() {
        return "Settings of the design".to_owned();
    }
    let what = if action.id == ActionId::Undo {
        editor.document.undo_name()
    } else if action.id == ActionId::Redo {
        editor.document.redo_name()
    } else {
        None
    };
    match what {
        Some(what) => {
            let mut letters = what.chars();
            let first: String = letters
                .next()
                .into_iter()
                .flat_map(char::to_lowercase)
                .collect();
            format!("{} {first}{}", action.name, letters.as_str())
        }
        None => action.name.clone(),
    }
}

/// Returns whether an action would do something now.
pub fn is_enabled(editor: &Editor, id: ActionId) -> bool {
    let edits = editor.access() == Access::Edit;
    let (design, selection) = (editor.design(), editor.selection());
    match id {
        ActionId::Undo => edits && editor.document.can_undo(),
        ActionId::Redo => edits && editor.document.can_redo(),
        ActionId::Delete => edits && !selection.is_empty(),
        ActionId::Duplicate => edits && !selection.is_empty(),
        ActionId::Nudge(..) => edits && (is_wiring(editor) || has_places(selection)),
        ActionId::Connect => edits && wire_from_selection(design, selection).is_some(),
        ActionId::Confirm => {
            edits
                && (is_wiring(editor)
                    || matches!(selection.single(), Some(Item::Node(_) | Item::Note(_))))
        }
        ActionId::Tidy => edits && design.nodes.len() > 1,
        ActionId::Align(_) => edits && selection.nodes.len() > 1,
        ActionId::Distribute(_) => edits && selection.nodes.len() > 2,
        ActionId::AddSomething | ActionId::AddNote => edits,
        ActionId::ZoneNew => edits && !selection.nodes.is_empty(),
        ActionId::ZoneLeave => {
            let mut nodes = selection.nodes.iter().filter_map(|id| design.node(id));
            edits && nodes.any(|node| !node.deployment.zones().is_empty())
        }
        ActionId::Add(kind) => edits && kind < KINDS.len(),
        ActionId::Pattern(pattern) => edits && pattern.build(design, selection).is_some(),
        ActionId::SelectAll | ActionId::ZoomFit => !design.nodes.is_empty(),
        ActionId::Deselect => !selection.is_empty() || !editor.tool.is_idle(),
        ActionId::ZoomSelection => !selection.is_empty(),
        ActionId::ZoomIn | ActionId::ZoomOut | ActionId::ZoomReset => true,
        ActionId::Page(action) => match action {
            PageAction::Copy => has_places(selection),
            PageAction::Cut => edits && has_places(selection),
            PageAction::Paste | PageAction::New => edits,
            PageAction::Inspect => edits || selection.single().is_some(),
            PageAction::Break => {
                matches!(selection.single(), Some(Item::Node(_) | Item::Link(_)))
            }
            _ => true,
        },
    }
}

fn has_places(selection: &Selection) -> bool {
    !selection.nodes.is_empty() || !selection.notes.is_empty()
}

fn is_wiring(editor: &Editor) -> bool {
    matches!(editor.tool, Tool::Wiring(_))
}

/// Returns the wire that starts at the selected node: from its outlet if the node can call others,
/// else from its inlet.
fn wire_from_selection(design: &Design, selection: &Selection) -> Option<Wire> {
    let Some(Item::Node(id)) = selection.single() else {
        return None;
    };
    let kind = &design.node(&id)?.kind;
    [End::From, End::To]
        .into_iter()
        .find(|end| has_port(kind, *end))
        .map(|end| Wire::from_port(id, end))
}
