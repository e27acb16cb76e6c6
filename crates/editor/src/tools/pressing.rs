//! A press that has not moved far enough to be a drag. If it is lifted here, it is a click.

use crate::effect::Effect;
use crate::hit::Hit;
use crate::input::{Input, Pointer, PointerKind};
use crate::selection::{Item, Selection};
use crate::tools::idle::open_menu;
use crate::tools::{Access, Context, Dragging, Marquee, Panning, Tool, Wiring};
use crate::wire::Wire;

/// A press that may become a click or a drag.
#[derive(Clone, Debug)]
pub struct Pressing {
    /// The press.
    pub start: Pointer,
    /// What was under it.
    pub hit: Hit,
    /// The selection before it.
    before: Selection,
}

impl Pressing {
    pub(crate) fn new(pointer: &Pointer, cx: &mut Context<'_>) -> Self {
        let hit = cx.hit(pointer);
        let before = cx.document.selection().clone();
        // Selected on the press, so that a drag that follows moves it. Removing something from the
        // selection waits for the click: a drag of several things may start on any of them.
        if let Hit::Node(_) | Hit::Link(_) | Hit::Note(_) = hit
            && let Some(item) = hit.item()
            && !before.contains(&item)
        {
            if pointer.modifiers.adds() {
                let mut selection = before.clone();
                selection.add(item);
                cx.select(selection);
            } else {
                cx.select(Selection::only(item));
            }
        }
        Self {
            start: *pointer,
            hit,
            before,
        }
    }

    pub(crate) fn on(self, input: &Input, cx: &mut Context<'_>) -> Tool {
        match input {
            Input::PointerMove(pointer) => {
                let gone = pointer.at.distance(self.start.at);
                if gone < self.start.kind.drag_threshold() {
                    return Tool::Pressing(self);
                }
                self.drag(cx).on(input, cx)
            }
            Input::PointerUp(pointer) => self.click(pointer, cx),
            Input::Menu(pointer) => {
                open_menu(pointer, cx);
                Tool::default()
            }
            Input::Cancel => {
                cx.select(self.before);
                Tool::default()
            }
            Input::PointerDown(_)
            | Input::PointerLeave
            | Input::DoubleClick(_)
            | Input::Wheel { .. } => Tool::Pressing(self),
        }
    }

    /// Returns the gesture that a drag from here is.
    fn drag(self, cx: &mut Context<'_>) -> Tool {
        let start = &self.start;
        match self.hit {
            Hit::Node(id) if cx.access == Access::Edit => {
                Tool::Dragging(Dragging::new(start, Item::Node(id), self.before, cx))
            }
            Hit::Note(at) if cx.access == Access::Edit => {
                Tool::Dragging(Dragging::new(start, Item::Note(at), self.before, cx))
            }
            Hit::Port(id, end) => Tool::Wiring(Wiring::held(Wire::from_port(id, end), start, cx)),
            Hit::LinkEnd(id, end) => match cx.document.design().link(&id) {
                Some(link) => {
                    let wire = Wire::from_link(link, end);
                    Tool::Wiring(Wiring::held(wire, start, cx))
                }
                None => Tool::default(),
            },
            Hit::Node(_) | Hit::Note(_) | Hit::Link(_) | Hit::Empty => {
                // One finger pans the canvas, as everywhere on a phone.
                if start.kind == PointerKind::Touch || cx.access == Access::Look {
                    cx.select(self.before);
                    Tool::Panning(Panning::new(start, cx))
                } else {
                    Tool::Marquee(Marquee::new(start, self.before, cx))
                }
            }
        }
    }

    fn click(self, pointer: &Pointer, cx: &mut Context<'_>) -> Tool {
        let adds = self.start.modifiers.adds();
        match self.hit {
            Hit::Node(id) => click_item(Item::Node(id), adds, &self.before, cx),
            Hit::Note(at) => click_item(Item::Note(at), adds, &self.before, cx),
            Hit::Link(id) | Hit::LinkEnd(id, _) => {
                click_item(Item::Link(id), adds, &self.before, cx);
            }
            Hit::Port(id, end) => {
                return Tool::Wiring(Wiring::loose(Wire::from_port(id, end), pointer, cx));
            }
            Hit::Empty if adds => {}
            Hit::Empty => cx.select(Selection::none()),
        }
        Tool::default()
    }
}

fn click_item(item: Item, adds: bool, before: &Selection, cx: &mut Context<'_>) {
    if !adds {
        cx.choose(Selection::only(item.clone()));
        if item.target().is_some() {
            cx.say(Effect::OpenInspector(item));
        }
    } else if before.contains(&item) {
        let mut selection = before.clone();
        selection.toggle(item);
        cx.select(selection);
    }
}

#[cfg(test)]
mod tests {
    use crate::effect::Effect;
    use crate::selection::Item;
    use crate::testing::Hand;
    use crate::tools::Tool;

    #[test]
    fn clicks_select() {
        for (script, selected) in [
            ("down 350 10; up 350 10", "api"),
            ("down 350 10; up 350 10; down 50 10; up 50 10", "users"),
            (
                "down 350 10; up 350 10; down 50 10 shift; up 50 10",
                "api users",
            ),
            (
                "down 350 10; up 350 10; down 50 10 command; up 50 10",
                "api users",
            ),
            ("down 350 10; up 350 10; down 350 10 shift; up 350 10", ""),
            ("select-all; down 350 10; up 350 10", "api"),
            ("down api->db; up api->db", "api->db"),
            ("down 350 10; up 350 10; down 300 300; up 300 300", ""),
            (
                "down 350 10; up 350 10; down 300 300 shift; up 300 300",
                "api",
            ),
            ("down 350 10; up 350 10; down 50 10; cancel", "api"),
            ("down 350 10 right; up 350 10 right", ""),
        ] {
            let mut hand = Hand::new();
            assert_eq!(hand.play(script).selected(), selected, "{script}");
            assert!(hand.editor.tool().is_idle(), "{script}");
            assert!(!hand.editor.document().can_undo(), "{script}");
        }
    }

    #[test]
    fn a_plain_click_opens_the_inspector() {
        let mut hand = Hand::new();
        let opens = |effect: &Effect| *effect == Effect::OpenInspector(Item::Node("api".into()));
        assert!(hand.play("down 350 10; up 350 10").has_said(opens));
        assert!(!hand.play("down 350 10 shift; up 350 10").has_said(opens));
    }

    #[test]
    fn a_drag_begins_beyond_the_threshold() {
        for (script, drags) in [
            ("down 350 10; move 353 10", false),
            ("down 350 10; move 354 10", true),
            ("down 350 10 touch; move 359 10 touch", false),
            ("down 350 10 touch; move 360 10 touch", true),
        ] {
            let mut hand = Hand::new();
            hand.play(script);
            let dragging = matches!(hand.editor.tool(), Tool::Dragging(_));
            assert_eq!(dragging, drags, "{script}");
        }
    }
}
