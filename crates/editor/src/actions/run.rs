//! Carries out actions.

use super::align::{align, distribute};
use super::table::ROWS;
use super::{ActionId, Direction, Distance, is_enabled, is_wiring, wire_from_selection};
use crate::describe::{describe, nodes_in_words, selected_in_words};
use crate::document::Document;
use crate::editor::Editor;
use crate::effect::{Edit, Effect};
use crate::fragment::set_notes;
use crate::geometry::{GRID, Point};
use crate::input::Input;
use crate::layout;
use crate::selection::{Item, Selection};
use crate::tools::dragging::Places;
use crate::tools::wiring::Step;
use crate::tools::{Tool, Wiring};
use crate::viewport::ZOOM_STEP;
use crate::zones;
use design::{Command, KINDS};

/// Carries out an action. An action that is not enabled does nothing. Actions that edit or select
/// cancel the gesture in progress first; actions that only change the view do not.
pub fn run(editor: &mut Editor, id: ActionId) -> Vec<Effect> {
    if !is_enabled(editor, id) {
        return Vec::new();
    }
    match id {
        ActionId::ZoomIn => zoom(editor, editor.viewport.scale() * ZOOM_STEP),
        ActionId::ZoomOut => zoom(editor, editor.viewport.scale() / ZOOM_STEP),
        ActionId::ZoomReset => zoom(editor, 1.0),
        ActionId::ZoomFit => editor.fit(),
        ActionId::ZoomSelection => fit_selection(editor),
        ActionId::Nudge(direction, _) if is_wiring(editor) => choose(editor, direction),
        ActionId::Nudge(direction, distance) => {
            let nudging = editor.nudging.take();
            let mut effects = editor.call_off_tool();
            editor.nudging = nudging;
            effects.extend(nudge(editor, direction, distance));
            effects
        }
        ActionId::Confirm if is_wiring(editor) => confirm(editor),
        ActionId::Confirm => calmly(editor, |editor| match editor.selection().single() {
            Some(Item::Node(id)) => vec![Effect::Rename(id)],
            Some(Item::Note(at)) => vec![Effect::EditNote(at)],
            Some(Item::Link(_)) | None => Vec::new(),
        }),
        ActionId::Deselect if !editor.tool.is_idle() => editor.handle(Input::Cancel),
        ActionId::Deselect => editor.select(Selection::none()),
        ActionId::SelectAll => calmly(editor, |editor| {
            editor.select(Selection::all(editor.design()))
        }),
        ActionId::Undo => calmly(editor, |editor| travel(editor, Document::undo)),
        ActionId::Redo => calmly(editor, |editor| travel(editor, Document::redo)),
        ActionId::Delete => calmly(editor, delete),
        ActionId::Duplicate => calmly(editor, Editor::duplicate),
        ActionId::Connect => calmly(editor, connect),
        ActionId::Tidy => calmly(editor, tidy),
        ActionId::Align(to) => calmly(editor, |editor| place(editor, id, |all| align(all, to))),
        ActionId::Distribute(along) => calmly(editor, |editor| {
            place(editor, id, |all| distribute(all, along))
        }),
        ActionId::AddSomething => calmly(editor, |_| vec![Effect::OpenPalette]),
        ActionId::ZoneNew => calmly(editor, zone_new),
        ActionId::ZoneLeave => calmly(editor, zone_leave),
        ActionId::AddNote => calmly(editor, |editor| editor.add_note(None)),
        ActionId::Page(action) => vec![Effect::Page(action)],
        ActionId::Pattern(pattern) => calmly(editor, |editor| editor.build(pattern)),
        ActionId::Add(kind) => calmly(editor, |editor| editor.add_node((KINDS[kind].make)(), None)),
    }
}

/// Cancels the gesture in progress before something else begins.
fn calmly(editor: &mut Editor, act: impl FnOnce(&mut Editor) -> Vec<Effect>) -> Vec<Effect> {
    editor.nudging = None;
    let mut effects = editor.call_off_tool();
    effects.extend(act(editor));
    effects
}

fn zoom(editor: &mut Editor, scale: f64) -> Vec<Effect> {
    let middle = editor.viewport.size() * 0.5;
    editor.viewport.zoom_to(middle, scale);
    vec![Effect::ViewChanged]
}

fn fit_selection(editor: &mut Editor) -> Vec<Effect> {
    match editor.scene().bounds_of(editor.selection()) {
        Some(bounds) => {
            editor.viewport.fit(bounds);
            vec![Effect::ViewChanged]
        }
        None => Vec::new(),
    }
}

fn travel(editor: &mut Editor, way: fn(&mut Document) -> Option<Edit>) -> Vec<Effect> {
    match way(&mut editor.document) {
        Some(edit) => vec![Effect::Changed(edit), Effect::SelectionChanged],
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
    let mut commands = commands;
    if !selection.notes.is_empty() {
        let notes = design.settings.notes.iter().enumerate();
        let left = notes.filter(|(at, _)| !selection.notes.contains(at));
        let left: Vec<_> = left.map(|(_, note)| note.clone()).collect();
        commands.push(set_notes(&left));
    }
    let name = match (&commands[..], selection.nodes.len(), selection.notes.len()) {
        ([one], _, 0 | 1) => describe(one, design),
        (several, 0, 0) => format!("Delete {} links", several.len()),
        (..) => format!("Delete {}", selected_in_words(design, selection)),
    };
    edit(editor, commands, name)
}

fn zone_new(editor: &mut Editor) -> Vec<Effect> {
    let (design, selection) = (editor.design(), editor.selection());
    let zone = zones::free_name(design);
    let ids = selection.nodes.iter();
    let into = ids.map(|id| (id.clone(), Some(zone.clone()))).collect();
    let commands = zones::put(design, &into);
    let what = nodes_in_words(design, &selection.nodes);
    let mut effects = edit(editor, commands, format!("Put {what} in zone {zone}"));
    effects.push(Effect::NameZone(zone));
    effects
}

fn zone_leave(editor: &mut Editor) -> Vec<Effect> {
    let (design, selection) = (editor.design(), editor.selection());
    let ids = selection.nodes.iter();
    let commands = zones::put(design, &ids.map(|id| (id.clone(), None)).collect());
    let what = nodes_in_words(design, &selection.nodes);
    edit(editor, commands, format!("Take {what} out of its zone"))
}

fn tidy(editor: &mut Editor) -> Vec<Effect> {
    let moves = layout::tidy(editor.design());
    let mut effects = edit(editor, moves, "Tidy up".to_owned());
    // Moved nodes may be off the screen.
    effects.extend(editor.fit());
    effects
}

/// Moves the selected nodes, named after the action with this id.
fn place(
    editor: &mut Editor,
    id: ActionId,
    moves: impl FnOnce(&Places) -> Vec<Command>,
) -> Vec<Effect> {
    let moves = moves(&Places::of(editor.design(), editor.selection()));
    let mut rows = ROWS.iter();
    let name = rows
        .find(|(row, ..)| *row == id)
        .map_or("Move", |row| row.2);
    edit(editor, moves, name.to_owned())
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

/// Moves the selected nodes. Consecutive nudges are one gesture while the selection stays the same
/// and nothing else happens in between.
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
    let moves = Places::of(editor.design(), &selection).moves(by);
    let gesture = match editor.nudging.take() {
        Some((gesture, revision, nudged))
            if revision == editor.document.revision() && nudged == selection =>
        {
            gesture
        }
        _ => editor.gesture(format!(
            "Move {}",
            selected_in_words(editor.design(), &selection)
        )),
    };
    match editor.edit(Command::Batch(moves), &gesture) {
        Ok(effects) => {
            editor.nudging = Some((gesture, editor.document.revision(), selection));
            effects
        }
        Err(error) => vec![Effect::Refused(error.to_string())],
    }
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

#[cfg(test)]
mod tests {
    use crate::actions::{ActionId, actions, for_key, is_enabled, title};
    use crate::effect::Effect;
    use crate::geometry::{node_rect, rect_at};
    use crate::keys::KeyPress;
    use crate::layout::LAYER_STEP;
    use crate::testing::{Hand, check_apart, small};
    use crate::{Access, Point};
    use std::collections::BTreeSet;

    #[test]
    fn keys_and_shortcuts_are_unique() {
        let table = actions();
        let keys: BTreeSet<&str> = table.iter().map(|action| action.key.as_str()).collect();
        assert_eq!(keys.len(), table.len());
        let shortcuts: Vec<&str> = table
            .iter()
            .flat_map(|action| action.shortcuts.iter().copied())
            .collect();
        let unique: BTreeSet<&str> = shortcuts.iter().copied().collect();
        assert_eq!(unique.len(), shortcuts.len());
    }

    #[test]
    fn a_key_finds_its_action() {
        let press = KeyPress {
            key: "Z",
            code: "KeyZ",
            meta: true,
            shift: true,
            ..KeyPress::default()
        };
        assert_eq!(for_key(&press), Some(ActionId::Redo));
        let plain = KeyPress {
            key: "z",
            ..KeyPress::default()
        };
        assert_eq!(for_key(&plain), None);
    }

    #[test]
    fn nudges_in_a_row_are_one_entry_until_something_else_happens() {
        let mut hand = Hand::new();
        hand.play("down 350 10; up 350 10; nudge-right; nudge-right; nudge-far-down");
        assert_eq!(hand.at("api"), [316, 40]);
        assert_eq!(hand.history(), ["Move api"]);
        hand.play("down 50 10; up 50 10; nudge-left");
        assert_eq!(hand.history(), ["Move users", "Move api"]);
        hand.play("undo; nudge-left; undo; undo");
        assert_eq!(hand.editor.design(), &small());
    }

    #[test]
    fn deleting_takes_links_along_and_is_undone_in_one_step() {
        for (script, links, name) in [
            ("down 350 10; up 350 10; delete", "", "Delete api"),
            (
                "down api->db; up api->db; delete",
                "users->api",
                "Unlink api from db",
            ),
            ("select-all; delete", "", "Delete 3 nodes"),
        ] {
            let mut hand = Hand::new();
            hand.play(script);
            assert_eq!(hand.links(), links, "{script}");
            assert_eq!(hand.history(), [name]);
            assert_eq!(hand.selected(), "");
            let selected = hand.play("undo").selected();
            assert_eq!(hand.editor.design(), &small());
            assert!(!selected.is_empty());
        }
    }

    #[test]
    fn duplicates_stand_aside_and_are_selected() {
        let mut hand = Hand::new();
        hand.play("down 350 10; up 350 10; down 650 10 shift; up 650 10; duplicate");
        assert_eq!(hand.selected(), "api-2 db-2");
        assert_eq!(hand.at("api-2"), [324, 24]);
        assert_eq!(hand.links(), "users->api api->db api-2->db-2");
        assert_eq!(hand.history(), ["Duplicate api and db"]);
    }

    #[test]
    fn what_is_pasted_stands_where_it_was_wanted() {
        let mut hand = Hand::new();
        let copied = hand.play("down 350 10; up 350 10").editor.copy().unwrap();
        let at = rect_at(Point::new(600.0, 400.0)).center();
        hand.editor.paste(&copied, Some(at));
        assert_eq!(hand.at("api-2"), [600, 400]);
        // Pasted again at the same place, it does not cover the first copy.
        hand.editor.paste(&copied, Some(at));
        hand.editor.paste(&copied, Some(at));
        assert_eq!(
            (hand.at("api-3"), hand.at("api-4")),
            ([624, 424], [648, 448])
        );
        hand.play("deselect");
        assert_eq!(hand.editor.copy(), None);
    }

    #[test]
    fn added_nodes_do_not_hide_each_other() {
        let mut hand = Hand::new();
        hand.play("add-cache; add-cache; add-load-balancer");
        assert_eq!(hand.editor.design().nodes.len(), 6);
        check_apart(hand.editor.design());
        let last = node_rect(&hand.editor.design().nodes[5]);
        let visible = hand.editor.viewport().visible();
        assert!(visible.contains(last.min) && visible.contains(last.max));
        assert_eq!(hand.selected(), "load_balancer");
    }

    #[test]
    fn undo_in_the_middle_of_a_drag_calls_the_drag_off_first() {
        let mut hand = Hand::new();
        hand.play("down 350 10; move 350 90; up 350 90; down 50 10; move 50 90; undo");
        assert_eq!(hand.editor.design(), &small());
        assert!(hand.editor.tool().is_idle());
    }

    #[test]
    fn tidying_is_one_entry() {
        let mut hand = Hand::new();
        hand.play("down 350 10; move 350 290; up 350 290; tidy");
        assert_eq!(hand.history(), ["Tidy up", "Move api"]);
        assert_eq!(hand.at("api"), [LAYER_STEP as i32, 0]);
        hand.play("tidy");
        assert_eq!(hand.history().len(), 2, "nothing left to tidy");
    }

    #[test]
    fn tidying_shows_the_whole_design() {
        let mut hand = Hand::new();
        hand.editor.look_at(Point::new(5_000.0, 5_000.0), 4.0);
        hand.play("tidy");
        let visible = hand.editor.viewport().visible();
        let bounds = hand.editor.scene().bounds().unwrap();
        assert!(visible.contains(bounds.min) && visible.contains(bounds.max));
    }

    #[test]
    fn the_menu_names_what_it_undoes() {
        let mut hand = Hand::new();
        hand.play("down 350 10; move 350 90; up 350 90");
        let mut table = actions().into_iter();
        let undo = table.find(|action| action.id == ActionId::Undo).unwrap();
        assert_eq!(title(&hand.editor, &undo), "Undo move api");
        assert!(!is_enabled(&hand.editor, ActionId::Redo));
        hand.editor.set_access(Access::Look);
        assert_eq!(hand.play("undo").effects, []);
    }

    #[test]
    fn zooming_leaves_a_drag_alone() {
        let mut hand = Hand::new();
        hand.play("down 350 10; move 350 90; zoom-in; zoom-reset; zoom-fit");
        assert!(!hand.editor.tool().is_idle());
        assert!(hand.has_said(|effect| *effect == Effect::ViewChanged));
    }
}
