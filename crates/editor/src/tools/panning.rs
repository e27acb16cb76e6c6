//! Pans the canvas.

use crate::effect::Effect;
use crate::geometry::Point;
use crate::input::{Input, Pointer};
use crate::tools::{Context, Tool};

/// The canvas follows the pointer.
#[derive(Clone, Debug)]
pub struct Panning {
    /// The pointer's last position, on the screen.
    last: Point,
    /// The offset of the canvas at the beginning.
    offset: Point,
}

impl Panning {
    pub(crate) fn new(pointer: &Pointer, cx: &mut Context<'_>) -> Self {
        cx.say(Effect::OverlayChanged);
        Self {
            last: pointer.at,
            offset: cx.viewport.offset(),
        }
    }

    pub(crate) fn on(mut self, input: &Input, cx: &mut Context<'_>) -> Tool {
        match input {
            Input::PointerMove(pointer) => {
                cx.viewport.pan(pointer.at - self.last);
                self.last = pointer.at;
                cx.say(Effect::ViewChanged);
                Tool::Panning(self)
            }
            Input::Cancel => {
                cx.viewport.pan(self.offset - cx.viewport.offset());
                cx.say(Effect::ViewChanged);
                end(cx)
            }
            Input::PointerUp(_) => end(cx),
            Input::PointerDown(_)
            | Input::PointerLeave
            | Input::DoubleClick(_)
            | Input::Menu(_)
            | Input::Wheel { .. } => Tool::Panning(self),
        }
    }
}

fn end(cx: &mut Context<'_>) -> Tool {
    cx.say(Effect::OverlayChanged);
    Tool::default()
}

#[cfg(test)]
mod tests {
    use crate::effect::Effect;
    use crate::geometry::Point;
    use crate::testing::{Hand, small};

    #[test]
    fn the_canvas_follows_the_hand() {
        for (script, x, y) in [
            (
                "down 350 10 middle; move 340 40 middle; up 340 40 middle",
                -10.0,
                30.0,
            ),
            (
                "down 350 10 space; move 340 40 space; up 340 40",
                -10.0,
                30.0,
            ),
            (
                "down 300 300 touch; move 280 330 touch; up 280 330 touch",
                -20.0,
                30.0,
            ),
            ("down 350 10 middle; move 340 40 middle; cancel", 0.0, 0.0),
        ] {
            let mut hand = Hand::new();
            hand.play(script);
            assert_eq!(
                hand.editor.viewport().offset(),
                Point::new(x, y),
                "{script}"
            );
            assert!(hand.has_said(|effect| *effect == Effect::ViewChanged));
            assert_eq!(hand.editor.design(), &small());
            assert!(hand.editor.tool().is_idle());
        }
    }
}
