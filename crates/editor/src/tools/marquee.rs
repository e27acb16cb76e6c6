//! Draws a rectangle around what is to be selected.

use crate::effect::Effect;
use crate::geometry::{Point, Rect, node_rect};
use crate::input::{Input, Pointer};
use crate::note::note_rect;
use crate::scene::Scene;
use crate::selection::{Item, Selection};
use crate::tools::{Context, Tool};
use design::Design;

/// A rectangle on the canvas, and what it selects.
#[derive(Clone, Debug)]
pub struct Marquee {
    /// The rectangle, in canvas units.
    pub rect: Rect,
    start: Point,
    /// The selection before, which is restored if the gesture is canceled.
    before: Selection,
    /// What stays selected in any case.
    base: Selection,
}

impl Marquee {
    pub(crate) fn new(start: &Pointer, before: Selection, cx: &mut Context<'_>) -> Self {
        let base = if start.modifiers.adds() {
            before.clone()
        } else {
            Selection::none()
        };
        let start = cx.canvas(start);
        Self {
            rect: Rect::between(start, start),
            start,
            before,
            base,
        }
    }

    pub(crate) fn on(mut self, input: &Input, cx: &mut Context<'_>) -> Tool {
        match input {
            Input::PointerMove(pointer) => {
                self.rect = Rect::between(self.start, cx.canvas(pointer));
                let selection = marked(cx.document.design(), self.rect, &self.base);
                cx.select(selection);
                cx.say(Effect::OverlayChanged);
                Tool::Marquee(self)
            }
            Input::PointerUp(_) => {
                cx.say(Effect::OverlayChanged);
                Tool::default()
            }
            Input::Cancel => {
                cx.select(self.before);
                cx.say(Effect::OverlayChanged);
                Tool::default()
            }
            Input::PointerDown(_)
            | Input::PointerLeave
            | Input::DoubleClick(_)
            | Input::Menu(_)
            | Input::Wheel { .. } => Tool::Marquee(self),
        }
    }
}

/// Returns what a rectangle selects: the nodes and notes it touches. If it touches none, the links
/// it touches; otherwise, links would be selected that nobody aimed at.
fn marked(design: &Design, rect: Rect, base: &Selection) -> Selection {
    let mut selection = base.clone();
    let touched = design
        .nodes
        .iter()
        .filter(|node| node_rect(node).intersects(&rect));
    let mut no_node = true;
    for node in touched {
        no_node = false;
        selection.add(Item::Node(node.id.clone()));
    }
    for (at, note) in design.settings.notes.iter().enumerate() {
        if note_rect(note).intersects(&rect) {
            no_node = false;
            selection.add(Item::Note(at));
        }
    }
    if no_node {
        for (link, path) in Scene::new(design).near(rect) {
            let mut pieces = path.points().windows(2);
            let crosses = pieces.any(|piece| Rect::between(piece[0], piece[1]).intersects(&rect));
            if crosses {
                selection.add(Item::Link(link.id.clone()));
            }
        }
    }
    selection
}

#[cfg(test)]
mod tests {
    use crate::testing::Hand;
    use crate::tools::Tool;

    #[test]
    fn a_marquee_selects_what_it_touches() {
        for (script, selected) in [
            ("down 290 200; move 200 100; move 310 60; up 310 60", "api"),
            ("down -20 200; move 350 60; up 350 60", "api users"),
            ("down 520 200; move 560 30; up 560 30", "api->db"),
            ("down api->db; move 560 30; up 560 30", "api->db"),
            ("down 290 200; move 310 60; move 290 190; up 290 190", ""),
            (
                "down 50 10; up 50 10; down 290 200; move 310 60; up 310 60",
                "api",
            ),
            (
                "down 50 10; up 50 10; down 290 200 shift; move 310 60; up 310 60",
                "api users",
            ),
            (
                "down 50 10; up 50 10; down 290 200; move 310 60; cancel",
                "users",
            ),
        ] {
            let mut hand = Hand::new();
            assert_eq!(hand.play(script).selected(), selected, "{script}");
            assert!(hand.editor.tool().is_idle());
        }
    }

    #[test]
    fn its_rectangle_can_be_drawn() {
        let mut hand = Hand::new();
        hand.play("down 290 200; move 250 240");
        let Tool::Marquee(marquee) = hand.editor.tool() else {
            panic!("no marquee");
        };
        assert_eq!((marquee.rect.min.x, marquee.rect.max.y), (250.0, 240.0));
    }
}
