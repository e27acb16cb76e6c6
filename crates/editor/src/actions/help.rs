//! The list of keyboard shortcuts: those of the table of actions, and pointer gestures.

use super::table::ROWS;
use super::{ActionId, Group};
use crate::keys::{self, Keyboard};

/// A heading with its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpSection {
    /// The heading.
    pub name: &'static str,
    /// The rows below it.
    pub rows: Vec<HelpRow>,
}

/// A shortcut or gesture. Any one of `keys` triggers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpRow {
    /// What it does.
    pub name: String,
    /// The keys, as printed on this keyboard.
    pub keys: Vec<String>,
}

/// Gestures, and keys whose meaning depends on where they are pressed. `Mod` is replaced by what
/// the keyboard has.
const GESTURES: &[(Group, &str, &[&str])] = &[
    (Group::Edit, "Drag without snapping", &["Mod + drag"]),
    (Group::Edit, "Drag a copy", &["Alt + drag"]),
    (
        Group::Edit,
        "Choose a target and connect",
        &["Arrows, Enter"],
    ),
    (Group::Edit, "Move the selection", &["Arrows"]),
    (
        Group::Edit,
        "Move the selection farther",
        &["Shift + arrows"],
    ),
    (Group::Edit, "Add a node here", &["Double click"]),
    (Group::Select, "Go to the next node", &["Arrows"]),
    (Group::Select, "Select and show parameters", &["Enter"]),
    (Group::Select, "Add to the selection", &["Shift + click"]),
    (Group::Select, "Select an area", &["Drag on the canvas"]),
    (Group::View, "Pan the canvas", &["Space + drag", "Wheel"]),
    (
        Group::View,
        "Zoom at the pointer",
        &["Mod + wheel", "Pinch"],
    ),
];

/// Returns all shortcuts, by section.
pub fn help(keyboard: Keyboard) -> Vec<HelpSection> {
    let groups = [
        Group::Run,
        Group::Find,
        Group::Keep,
        Group::Select,
        Group::View,
        Group::Edit,
        Group::Add,
    ];
    let section = |group: Group| HelpSection {
        name: group.label(),
        rows: rows(group, keyboard),
    };
    groups.into_iter().map(section).collect()
}

fn rows(group: Group, keyboard: Keyboard) -> Vec<HelpRow> {
    let actions = ROWS
        .iter()
        .filter(|(id, _, _, of, keys)| {
            *of == group && !keys.is_empty() && !matches!(id, ActionId::Nudge(..))
        })
        .map(|(_, _, name, _, shortcuts)| HelpRow {
            name: (*name).to_owned(),
            keys: shortcuts
                .iter()
                .map(|one| keys::label(one, keyboard))
                .collect(),
        });
    let command = match keyboard {
        Keyboard::Mac => "⌘",
        Keyboard::Other => "Ctrl",
    };
    let gestures = GESTURES.iter().filter(|(of, ..)| *of == group);
    let gestures = gestures.map(|(_, name, how)| HelpRow {
        name: (*name).to_owned(),
        keys: how.iter().map(|how| how.replace("Mod", command)).collect(),
    });
    actions.chain(gestures).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::actions;

    #[test]
    fn every_shortcut_is_on_the_sheet() {
        let sheet = help(Keyboard::Other);
        let shown: Vec<&String> = sheet
            .iter()
            .flat_map(|section| &section.rows)
            .flat_map(|row| &row.keys)
            .collect();
        for action in actions() {
            let is_nudge = matches!(action.id, ActionId::Nudge(..));
            for shortcut in action.shortcuts.iter().filter(|_| !is_nudge) {
                let label = keys::label(shortcut, Keyboard::Other);
                assert!(shown.contains(&&label), "{}: {label}", action.key);
            }
        }
    }

    #[test]
    fn the_sheet_speaks_of_the_keys_that_are_there() {
        let on = |keyboard| {
            let sheet = help(keyboard);
            let mut rows = sheet.into_iter().flat_map(|section| section.rows);
            let row = rows.find(|row| row.name == "Zoom at the pointer");
            row.map(|row| row.keys).unwrap_or_default()
        };
        assert_eq!(on(Keyboard::Mac), ["⌘ + wheel", "Pinch"]);
        assert_eq!(on(Keyboard::Other), ["Ctrl + wheel", "Pinch"]);
    }
}
