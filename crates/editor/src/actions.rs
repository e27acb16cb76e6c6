//! What can be done without pointing: one table that menus, palette, shortcuts and help all read.

use crate::editor::Editor;
use crate::effect::Effect;
use crate::fragment::nodes_in_words;
use crate::geometry::{End, GRID, Point, Rect, has_port};
use crate::input::Input;
use crate::keys::{self, KeyPress};
use crate::layout;
use crate::selection::{Item, Selection};
use crate::tools::wiring::Step;
use crate::tools::{Access, Tool, Wiring};
use crate::viewport::ZOOM_STEP;
use crate::wire::Wire;
use design::{Command, Design, KINDS, KindInfo};

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
    /// Adds a node of the kind at this place of [`KINDS`], near the middle of the screen.
    Add(usize),
}

/// Where an action belongs in menus and help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Changes the design.
    Edit,
    /// Selects.
    Select,
    /// Looks elsewhere.
    View,
    /// Adds a node.
    Add,
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

type Row = (
    ActionId,
    &'static str,
    &'static str,
    Group,
    &'static [&'static str],
);

const ROWS: &[Row] = {
    use ActionId as A;
    use Direction as D;
    use Distance::{Far, Near};
    use Group as G;
    &[
        (A::Undo, "undo", "Undo", G::Edit, &["Mod+Z"]),
        (A::Redo, "redo", "Redo", G::Edit, &["Mod+Shift+Z", "Mod+Y"]),
        (
            A::Delete,
            "delete",
            "Delete",
            G::Edit,
            &["Delete", "Backspace"],
        ),
        (A::Duplicate, "duplicate", "Duplicate", G::Edit, &["Mod+D"]),
        (A::Connect, "connect", "Connect to…", G::Edit, &["C"]),
        (A::Confirm, "rename", "Rename", G::Edit, &["Enter", "F2"]),
        (A::Tidy, "tidy", "Tidy up", G::Edit, &["Shift+T"]),
        (
            A::Nudge(D::Left, Near),
            "nudge-left",
            "Move left",
            G::Edit,
            &["ArrowLeft"],
        ),
        (
            A::Nudge(D::Right, Near),
            "nudge-right",
            "Move right",
            G::Edit,
            &["ArrowRight"],
        ),
        (
            A::Nudge(D::Up, Near),
            "nudge-up",
            "Move up",
            G::Edit,
            &["ArrowUp"],
        ),
        (
            A::Nudge(D::Down, Near),
            "nudge-down",
            "Move down",
            G::Edit,
            &["ArrowDown"],
        ),
        (
            A::Nudge(D::Left, Far),
            "nudge-far-left",
            "Move far left",
            G::Edit,
            &["Shift+ArrowLeft"],
        ),
        (
            A::Nudge(D::Right, Far),
            "nudge-far-right",
            "Move far right",
            G::Edit,
            &["Shift+ArrowRight"],
        ),
        (
            A::Nudge(D::Up, Far),
            "nudge-far-up",
            "Move far up",
            G::Edit,
            &["Shift+ArrowUp"],
        ),
        (
            A::Nudge(D::Down, Far),
            "nudge-far-down",
            "Move far down",
            G::Edit,
            &["Shift+ArrowDown"],
        ),
        (
            A::SelectAll,
            "select-all",
            "Select all",
            G::Select,
            &["Mod+A"],
        ),
        (A::Deselect, "deselect", "Deselect", G::Select, &["Escape"]),
        (
            A::ZoomIn,
            "zoom-in",
            "Zoom in",
            G::View,
            &["Mod+=", "Mod++"],
        ),
        (A::ZoomOut, "zoom-out", "Zoom out", G::View, &["Mod+-"]),
        (
            A::ZoomReset,
            "zoom-reset",
            "Zoom to 100 %",
            G::View,
            &["Mod+0"],
        ),
        (A::ZoomFit, "zoom-fit", "Zoom to fit", G::View, &["Shift+1"]),
        (
            A::ZoomSelection,
            "zoom-selection",
            "Zoom to selection",
            G::View,
            &["Shift+2"],
        ),
    ]
};

/// Every action, in the order menus show them.
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
    rows.chain(adds).collect()
}

/// The action a key press stands for. The page asks only while no text field has the focus.
pub fn for_key(press: &KeyPress<'_>) -> Option<ActionId> {
    ROWS.iter()
        .find(|(.., shortcuts)| shortcuts.iter().any(|one| keys::matches(one, press)))
        .map(|(id, ..)| *id)
}

/// The action's name as things stand: `Undo Move api`.
pub fn title(editor: &Editor, action: &Action) -> String {
    let what = match action.id {
        ActionId::Undo => editor.document.undo_name(),
        ActionId::Redo => editor.document.redo_name(),
        _ => None,
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
        ActionId::Duplicate => edits && !selection.nodes.is_empty(),
        ActionId::Nudge(..) => edits && (is_wiring(editor) || !selection.nodes.is_empty()),
        ActionId::Connect => edits && wire_from_selection(design, selection).is_some(),
        ActionId::Confirm => {
            edits && (is_wiring(editor) || matches!(selection.single(), Some(Item::Node(_))))
        }
        ActionId::Tidy => edits && design.nodes.len() > 1,
        ActionId::Add(kind) => edits && kind < KINDS.len(),
        ActionId::SelectAll | ActionId::ZoomFit => !design.nodes.is_empty(),
        ActionId::Deselect => !selection.is_empty() || !editor.tool.is_idle(),
        ActionId::ZoomSelection => !selection.is_empty(),
        ActionId::ZoomIn | ActionId::ZoomOut | ActionId::ZoomReset => true,
    }
}

/// Carries an action out. One that is not enabled does nothing.
pub fn run(editor: &mut Editor, id: ActionId) -> Vec<Effect> {
    if !is_enabled(editor, id) {
        return Vec::new();
    }
    match id {
        ActionId::ZoomIn => return zoom(editor, editor.viewport.scale() * ZOOM_STEP),
        ActionId::ZoomOut => return zoom(editor, editor.viewport.scale() / ZOOM_STEP),
        ActionId::ZoomReset => return zoom(editor, 1.0),
        ActionId::ZoomFit => return editor.fit(),
        ActionId::ZoomSelection => {
            let bounds = editor.scene().bounds_of(editor.selection());
            return fit(editor, bounds);
        }
        ActionId::Nudge(direction, _) if is_wiring(editor) => return choose(editor, direction),
        ActionId::Confirm if is_wiring(editor) => return confirm(editor),
        ActionId::Deselect if !editor.tool.is_idle() => return editor.handle(Input::Cancel),
        _ => {}
    }
    // What edits or selects first calls off what is going on.
    let nudging = editor.nudging.take();
    let mut effects = editor.call_off_tool();
    effects.extend(match id {
        ActionId::Undo => travel(editor, id),
        ActionId::Redo => travel(editor, id),
        ActionId::Delete => delete(editor),
        ActionId::Duplicate => editor.duplicate(),
        ActionId::SelectAll => editor.select(Selection::all(editor.design())),
        ActionId::Deselect => editor.select(Selection::none()),
        ActionId::Nudge(direction, distance) => {
            editor.nudging = nudging;
            nudge(editor, direction, distance)
        }
        ActionId::Connect => connect(editor),
        ActionId::Confirm => match editor.selection().single() {
            Some(Item::Node(id)) => vec![Effect::Rename(id)],
            Some(Item::Link(_)) | None => Vec::new(),
        },
        ActionId::Tidy => tidy(editor),
        ActionId::Add(kind) => editor.add_node((KINDS[kind].make)(), None),
        ActionId::ZoomIn
        | ActionId::ZoomOut
        | ActionId::ZoomReset
        | ActionId::ZoomFit
        | ActionId::ZoomSelection => Vec::new(),
    });
    effects
}

fn is_wiring(editor: &Editor) -> bool {
    matches!(editor.tool, Tool::Wiring(_))
}

fn zoom(editor: &mut Editor, scale: f64) -> Vec<Effect> {
    let middle = editor.viewport.size() * 0.5;
    editor.viewport.zoom_to(middle, scale);
    vec![Effect::ViewChanged]
}

fn fit(editor: &mut Editor, bounds: Option<Rect>) -> Vec<Effect> {
    let Some(bounds) = bounds else {
        return Vec::new();
    };
    editor.viewport.fit(bounds);
    vec![Effect::ViewChanged]
}

fn travel(editor: &mut Editor, id: ActionId) -> Vec<Effect> {
    let change = match id {
        ActionId::Undo => editor.document.undo(),
        _ => editor.document.redo(),
    };
    match change {
        Some(change) => vec![Effect::Changed(change), Effect::SelectionChanged],
        None => Vec::new(),
    }
}

fn delete(editor: &mut Editor) -> Vec<Effect> {
    let (design, selection) = (editor.design(), editor.selection());
    let goes_anyway = |id: &String| {
        design.link(id).is_none_or(|link| {
            selection.nodes.contains(&link.from) || selection.nodes.contains(&link.to)
        })
    };
    let links = selection.links.iter().filter(|id| !goes_anyway(id));
    let commands: Vec<Command> = links
        .map(|id| Command::RemoveLink(id.clone()))
        .chain(selection.nodes.iter().cloned().map(Command::RemoveNode))
        .collect();
    let name = match (selection.nodes.len(), selection.single()) {
        (_, Some(item)) => format!("Delete {}", item.id()),
        (0, None) => format!("Delete {} links", selection.links.len()),
        (_, None) => format!("Delete {}", nodes_in_words(&selection.nodes)),
    };
    edit(editor, commands, name)
}

fn tidy(editor: &mut Editor) -> Vec<Effect> {
    let moves = layout::tidy(editor.design());
    edit(editor, moves, "Tidy up".to_owned())
}

fn edit(editor: &mut Editor, commands: Vec<Command>, name: String) -> Vec<Effect> {
    if commands.is_empty() {
        return Vec::new();
    }
    let gesture = editor.gesture(name);
    match editor.edit(Command::Batch(commands), &gesture) {
        Ok(effects) => effects,
        Err(error) => vec![Effect::Refused(error.to_string())],
    }
}

/// Moves the selected nodes. Nudges in a row are one gesture, as long as nothing else happens in
/// between and the selection is the same.
fn nudge(editor: &mut Editor, direction: Direction, distance: Distance) -> Vec<Effect> {
    let step = match distance {
        Distance::Near => GRID,
        Distance::Far => 5.0 * GRID,
    };
    let by = match direction {
        Direction::Left => Point::new(-step, 0.0),
        Direction::Right => Point::new(step, 0.0),
        Direction::Up => Point::new(0.0, -step),
        Direction::Down => Point::new(0.0, step),
    };
    let selection = editor.selection().clone();
    let moves = editor
        .design()
        .nodes
        .iter()
        .filter(|node| selection.nodes.contains(&node.id))
        .map(|node| {
            let to = Point::from(node.at) + by;
            Command::Move(node.id.clone(), to.to_position())
        })
        .collect();
    let gesture = match editor.nudging.take() {
        Some((gesture, revision, nudged))
            if revision == editor.document.revision() && nudged == selection =>
        {
            gesture
        }
        _ => editor.gesture(format!("Move {}", nodes_in_words(&selection.nodes))),
    };
    match editor.edit(Command::Batch(moves), &gesture) {
        Ok(effects) => {
            editor.nudging = Some((gesture, editor.document.revision(), selection));
            effects
        }
        Err(error) => vec![Effect::Refused(error.to_string())],
    }
}

/// The wire that the selected node begins: to whom it calls, or if it calls nobody, from its caller.
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

fn connect(editor: &mut Editor) -> Vec<Effect> {
    let mut effects = Vec::new();
    if let Some(wire) = wire_from_selection(editor.design(), editor.selection()) {
        editor.step(|_, cx| Tool::Wiring(Wiring::by_key(wire, cx)), &mut effects);
    }
    effects
}

fn choose(editor: &mut Editor, direction: Direction) -> Vec<Effect> {
    let step = match direction {
        Direction::Right | Direction::Down => Step::Next,
        Direction::Left | Direction::Up => Step::Previous,
    };
    let mut effects = Vec::new();
    editor.step(
        |mut tool, cx| {
            if let Tool::Wiring(wiring) = &mut tool {
                wiring.choose(step, cx);
            }
            tool
        },
        &mut effects,
    );
    effects
}

fn confirm(editor: &mut Editor) -> Vec<Effect> {
    let mut effects = Vec::new();
    editor.step(
        |tool, cx| match tool {
            Tool::Wiring(wiring) => wiring.confirm(cx),
            other => other,
        },
        &mut effects,
    );
    effects
}

/// What is known of the kind an action adds.
pub fn added_kind(id: ActionId) -> Option<&'static KindInfo> {
    match id {
        ActionId::Add(at) => KINDS.get(at),
        _ => None,
    }
}
