//! What can be done without pointing: one table that menus, palette, shortcuts and help all read.

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
    /// Five.
    Far,
}

/// An action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionId {
    /// Takes the last gesture back.
    Undo,
    /// Does again what was undone last.
    Redo,
    /// Takes away what is selected.
    Delete,
    /// Puts a copy of what is selected beside it.
    Duplicate,
    /// Selects everything.
    SelectAll,
    /// Calls off what is going on; if nothing is, selects nothing.
    Deselect,
    /// Moves what is selected. While a wire is drawn by key, chooses where it goes.
    Nudge(Direction, Distance),
    /// Begins a wire at the selected node.
    Connect,
    /// Connects the wire in hand; otherwise lets the selected node be renamed.
    Confirm,
    /// Lays out the design anew.
    Tidy,
    /// Puts the selected nodes on one line.
    Align(Alignment),
    /// Puts the selected nodes at equal distances.
    Distribute(Axis),
    /// A step nearer, at the middle of the screen.
    ZoomIn,
    /// A step farther.
    ZoomOut,
    /// 100 %, at the middle of the screen.
    ZoomReset,
    /// Shows everything.
    ZoomFit,
    /// Shows what is selected.
    ZoomSelection,
    /// Puts the selected nodes into a zone of their own.
    ZoneNew,
    /// Takes the selected nodes out of their zones.
    ZoneLeave,
    /// Asks what to add.
    AddSomething,
    /// Adds a note near the middle of the screen.
    AddNote,
    /// Adds a node of the kind at this place of [`KINDS`], near the middle of the screen.
    Add(usize),
    /// Builds a pattern at the selected node or link.
    Pattern(Pattern),
    /// What the page around the editor does: the editor hands it on.
    Page(PageAction),
}

/// An action that is none of the editor's own: running, finding, keeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageAction {
    /// Plays, pauses, or runs again once it is over.
    Play,
    /// Goes on by a little, then stands still.
    Step,
    /// Runs again from the start, with the same seed.
    Restart,
    /// Runs again from the start, with another seed.
    NewSeed,
    /// The next speed up.
    Faster,
    /// The next speed down.
    Slower,
    /// Finds anything by name.
    Find,
    /// All shortcuts.
    Shortcuts,
    /// The design as tables.
    Outline,
    /// The menu about what is selected.
    Menu,
    /// How to break what is selected.
    Break,
    /// The parameters of what is selected.
    Inspect,
    /// The next theme.
    Theme,
    /// Shows all, or only what the telemetry of the design shows.
    Operators,
    /// Lets the wheel zoom, or push the canvas again.
    Wheel,
    /// Shows the whole design small in a corner, or takes that away.
    Minimap,
    /// An empty design beside the present one.
    New,
    /// Lessons and sound designs to begin with.
    Gallery,
    /// What was found in the design and its run.
    Findings,
    /// The design beside itself before the last edit.
    Compare,
    /// The designs that are kept.
    Designs,
    /// Keeps the design at once.
    Save,
    /// The link, the file, the frame.
    Share,
    /// Opens a file.
    Import,
    /// The design as a file.
    ExportJson,
    /// The canvas as a picture: a file, or in the clipboard.
    ExportPicture,
    /// The design as a Mermaid flowchart.
    ExportMermaid,
    /// What is selected, as text in the clipboard.
    Copy,
    /// The same, and takes it away.
    Cut,
    /// Nodes, a design, a link or a flowchart from the clipboard.
    Paste,
}

/// Where an action belongs in menus and help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Goes on, stands still, begins again.
    Run,
    /// Changes the design.
    Edit,
    /// Selects.
    Select,
    /// Looks elsewhere.
    View,
    /// Finds things.
    Find,
    /// Keeps designs and passes them on.
    Keep,
    /// Adds a node.
    Add,
}

impl Group {
    /// As a heading.
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

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Which.
    pub id: ActionId,
    /// A stable name for markup and tests: `undo`, `add-cache`.
    pub key: String,
    /// As shown to a person.
    pub name: String,
    /// Where it belongs.
    pub group: Group,
    /// What to press, in the notation of [`crate::keys`]; the first is the one to show.
    pub shortcuts: &'static [&'static str],
}

/// Every action, in the order lists show them.
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

/// The action a key press stands for. The page asks only while no text field has the focus.
pub fn for_key(press: &KeyPress<'_>) -> Option<ActionId> {
    ROWS.iter()
        .find(|(.., shortcuts)| shortcuts.iter().any(|one| keys::matches(one, press)))
        .map(|(id, ..)| *id)
}

/// The action's name as things stand: `Undo Move api`.
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

/// Whether an action can do something now.
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

/// The wire that the selected node begins: to whom it calls, or if it calls nobody, from its
/// caller.
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
