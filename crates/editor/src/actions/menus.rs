//! Which actions a menu shows, in sections.

use super::{Action, ActionId, Alignment, Axis, PageAction, actions, is_enabled};
use crate::editor::Editor;
use crate::patterns::Pattern;
use crate::selection::Item;

/// A menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    /// The main menu, opened from the bar.
    Main,
    /// The menu of the selection, or of the canvas if nothing is selected.
    Context,
}

type Sections = &'static [&'static [ActionId]];

const MAIN: Sections = {
    use ActionId as A;
    use PageAction as P;
    &[
        &[
            A::Page(P::New),
            A::Page(P::Gallery),
            A::Page(P::Designs),
            A::Page(P::Import),
            A::Page(P::Save),
        ],
        &[
            A::Page(P::Share),
            A::Page(P::ExportPicture),
            A::Page(P::ExportJson),
            A::Page(P::ExportMermaid),
        ],
        &[
            A::Page(P::Findings),
            A::Page(P::Compare),
            A::Page(P::Inspect),
        ],
        &[
            A::Page(P::Outline),
            A::Tidy,
            A::ZoomFit,
            A::Page(P::Operators),
            A::Page(P::Minimap),
            A::Page(P::Wheel),
            A::Page(P::Theme),
        ],
        &[A::Page(P::Find), A::Page(P::Shortcuts)],
    ]
};

const CANVAS: Sections = {
    use ActionId as A;
    use PageAction as P;
    &[
        &[A::AddSomething, A::AddNote],
        &[A::Page(P::Paste), A::SelectAll],
        &[A::Undo, A::Redo],
        &[A::Tidy, A::ZoomFit, A::ZoomReset],
        &[A::Page(P::Inspect), A::Page(P::Find), A::Page(P::Outline)],
        &[A::Page(P::ExportPicture)],
    ]
};

const LINK: Sections = {
    use ActionId as A;
    use PageAction as P;
    &[
        &[A::Page(P::Break), A::Page(P::Inspect), A::ZoomSelection],
        &[
            A::Pattern(Pattern::LookAside),
            A::Pattern(Pattern::ReadThrough),
            A::Pattern(Pattern::WriteBehind),
        ],
        &[A::Delete],
    ]
};

const NODES: Sections = {
    use ActionId as A;
    use PageAction as P;
    &[
        &[
            A::Page(P::Break),
            A::Connect,
            A::Confirm,
            A::Page(P::Inspect),
        ],
        &[
            A::Pattern(Pattern::LookAside),
            A::Pattern(Pattern::ReadThrough),
            A::Pattern(Pattern::WriteBehind),
            A::Pattern(Pattern::FanOut),
            A::Pattern(Pattern::Routes),
            A::Pattern(Pattern::Outbox),
            A::Pattern(Pattern::WorkerPool),
        ],
        &[
            A::Page(P::Cut),
            A::Page(P::Copy),
            A::Page(P::Paste),
            A::Duplicate,
        ],
        // The rows are identified by name: nodes have the same size, so the results look the same.
        &[
            A::Align(Alignment::Left),
            A::Align(Alignment::Top),
            A::Distribute(Axis::Horizontal),
            A::Distribute(Axis::Vertical),
        ],
        &[A::ZoneNew, A::ZoneLeave, A::ZoomSelection],
        &[A::Delete],
    ]
};

/// Returns the sections of a menu, with the actions that are enabled now.
pub fn menu(editor: &Editor, which: Menu) -> Vec<Vec<Action>> {
    let selection = editor.selection();
    let sections = match (which, selection.single()) {
        (Menu::Main, _) => MAIN,
        (Menu::Context, Some(Item::Link(_))) => LINK,
        (Menu::Context, _) if selection.is_empty() => CANVAS,
        (Menu::Context, _) => NODES,
    };
    let table = actions();
    let rows = sections.iter().map(|section| {
        let rows = section.iter().filter(|id| is_enabled(editor, **id));
        rows.filter_map(|id| table.iter().find(|action| action.id == *id).cloned())
            .collect::<Vec<_>>()
    });
    rows.filter(|section| !section.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Access;
    use crate::testing::Hand;

    fn shown(hand: &Hand, which: Menu) -> String {
        let sections = menu(&hand.editor, which).into_iter().map(|section| {
            let keys: Vec<String> = section.into_iter().map(|action| action.key).collect();
            keys.join(" ")
        });
        sections.collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn a_menu_is_about_what_is_selected() {
        let mut hand = Hand::new();
        for (script, wanted) in [
            (
                "deselect",
                "add add-note | paste select-all | tidy zoom-fit zoom-reset | \
                 inspect find outline | export-picture",
            ),
            (
                "menu 350 10",
                "break connect rename inspect | look-aside-cache read-through-cache write-behind-cache \
                 fan-out worker-pool | cut copy paste duplicate | zone-new zoom-selection | delete",
            ),
            (
                "menu api->db",
                "break inspect zoom-selection | look-aside-cache read-through-cache \
                 write-behind-cache | delete",
            ),
            (
                "select-all",
                "inspect | cut copy paste duplicate | align-left align-top distribute-horizontally \
                 distribute-vertically | zone-new zoom-selection | delete",
            ),
        ] {
            hand.play(script);
            assert_eq!(shown(&hand, Menu::Context), wanted, "{script}");
        }
    }

    #[test]
    fn who_may_only_look_is_offered_no_edits() {
        let mut hand = Hand::new();
        hand.editor.set_access(Access::Look);
        hand.play("menu 350 10");
        assert_eq!(
            shown(&hand, Menu::Context),
            "break inspect | copy | zoom-selection"
        );
        assert!(!shown(&hand, Menu::Main).contains("new"));
    }

    #[test]
    fn every_row_of_a_menu_is_in_the_table() {
        let table = actions();
        for id in [MAIN, CANVAS, LINK, NODES]
            .into_iter()
            .flatten()
            .copied()
            .flatten()
        {
            assert!(table.iter().any(|action| action.id == *id), "{id:?}");
        }
    }
}
