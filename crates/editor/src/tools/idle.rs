//! The idle state: nothing is pressed, and the pointer hovers.

use crate::effect::{Effect, QuickAdd};
use crate::hit::Hit;
use crate::input::{Button, Input, Pointer, PointerKind};
use crate::selection::{Item, Selection};
use crate::tools::{Access, Context, Panning, Pressing, Tool};

/// The idle state.
#[derive(Clone, Debug, Default)]
pub struct Idle {
    /// What the pointer is over.
    pub hover: Hit,
}

impl Idle {
    pub(crate) fn on(mut self, input: &Input, cx: &mut Context<'_>) -> Tool {
        match input {
            Input::PointerDown(pointer) => return press(pointer, self, cx),
            // A lifted finger is over nothing.
            Input::PointerMove(pointer) if pointer.kind == PointerKind::Touch => {
                self.hover(Hit::Empty, cx);
            }
            Input::PointerMove(pointer) => self.hover(cx.hit(pointer), cx),
            Input::PointerLeave => self.hover(Hit::Empty, cx),
            Input::DoubleClick(pointer) => double_click(pointer, cx),
            Input::Menu(pointer) => open_menu(pointer, cx),
            Input::PointerUp(_) | Input::Cancel | Input::Wheel { .. } => {}
        }
        Tool::Idle(self)
    }

    fn hover(&mut self, hit: Hit, cx: &mut Context<'_>) {
        if self.hover != hit {
            self.hover = hit;
            cx.say(Effect::OverlayChanged);
        }
    }
}

fn press(pointer: &Pointer, idle: Idle, cx: &mut Context<'_>) -> Tool {
    match pointer.button {
        Button::Middle => Tool::Panning(Panning::new(pointer, cx)),
        Button::Primary if pointer.modifiers.space => Tool::Panning(Panning::new(pointer, cx)),
        Button::Primary => Tool::Pressing(Pressing::new(pointer, cx)),
        Button::Secondary => Tool::Idle(idle),
    }
}

fn double_click(pointer: &Pointer, cx: &mut Context<'_>) {
    if cx.access == Access::Look || pointer.button != Button::Primary {
        return;
    }
    match cx.hit(pointer) {
        Hit::Node(id) => cx.say(Effect::Rename(id)),
        Hit::Note(at) => cx.say(Effect::EditNote(at)),
        Hit::Link(id) => cx.say(Effect::OpenInspector(Item::Link(id))),
        Hit::Empty => {
            let at = cx.canvas(pointer);
            cx.say(Effect::QuickAdd(QuickAdd { wire: None, at }));
        }
        Hit::Port(..) | Hit::LinkEnd(..) => {}
    }
}

/// Opens a menu, which is about the selection. What is under the pointer is selected first.
pub(super) fn open_menu(pointer: &Pointer, cx: &mut Context<'_>) {
    let item = cx.hit(pointer).item();
    match &item {
        Some(item) if cx.document.selection().contains(item) => {}
        Some(item) => cx.select(Selection::only(item.clone())),
        None => cx.select(Selection::none()),
    }
    cx.say(Effect::OpenMenu {
        at: pointer.at,
        item,
    });
}

#[cfg(test)]
mod tests {
    use crate::effect::Effect;
    use crate::geometry::Point;
    use crate::selection::Item;
    use crate::testing::Hand;
    use crate::{Access, Cursor};

    #[test]
    fn the_cursor_says_what_pressing_would_do() {
        let mut hand = Hand::new();
        for (script, wanted) in [
            ("move 350 10", Cursor::Move),
            ("move api.out", Cursor::Crosshair),
            ("move api->db", Cursor::Pointer),
            ("move 540 300", Cursor::Default),
            ("move api->db touch", Cursor::Default),
        ] {
            assert_eq!(hand.play(script).editor.cursor(), wanted, "{script}");
        }
        hand.editor.set_access(Access::Look);
        assert_eq!(hand.play("move api.out").editor.cursor(), Cursor::Pointer);
    }

    #[test]
    fn hovering_is_told_once() {
        let mut hand = Hand::new();
        assert_eq!(hand.play("move 350 10").effects, [Effect::OverlayChanged]);
        assert_eq!(hand.play("move 351 10").effects, []);
    }

    #[test]
    fn a_double_click_renames_or_adds() {
        let mut hand = Hand::new();
        hand.play("double 350 10");
        assert!(hand.has_said(|effect| *effect == Effect::Rename("api".into())));
        hand.play("double 300 300");
        assert!(hand.has_said(|effect| matches!(
            effect,
            Effect::QuickAdd(add) if add.wire.is_none() && add.at == Point::new(300.0, 300.0)
        )));
        hand.editor.set_access(Access::Look);
        assert_eq!(hand.play("double 350 10").effects, []);
    }

    #[test]
    fn a_menu_is_about_what_is_under_it() {
        let mut hand = Hand::new();
        for (before, script, item, selected) in [
            ("deselect", "menu 350 10", Some("api"), "api"),
            (
                "select-all",
                "menu 350 10",
                Some("api"),
                "api db users api->db users->api",
            ),
            ("select-all", "menu 300 300", None, ""),
        ] {
            hand.play(before).play(script);
            let wanted = item.map(|id| Item::Node(id.into()));
            assert!(hand.has_said(
                |effect| matches!(effect, Effect::OpenMenu { item, .. } if *item == wanted)
            ));
            assert_eq!(hand.selected(), selected, "{before}; {script}");
        }
    }
}
