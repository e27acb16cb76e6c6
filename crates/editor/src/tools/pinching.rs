//! Two fingers: their middle pans the canvas, their distance zooms it.

use crate::effect::Effect;
use crate::geometry::Point;
use crate::input::{Input, Pointer};
use crate::tools::{Context, Tool};

/// Fingers nearer than this, in screen pixels, zoom no further, because the ratio of tiny distances
/// is noise.
const SPREAD_MIN: f64 = 16.0;

/// Two fingers on the canvas.
#[derive(Clone, Debug)]
pub struct Pinching {
    fingers: [(i32, Point); 2],
}

impl Pinching {
    pub(crate) fn new(first: (i32, Point), second: &Pointer) -> Self {
        Self {
            fingers: [first, (second.id, second.at)],
        }
    }

    pub(crate) fn on(mut self, input: &Input, cx: &mut Context<'_>) -> Tool {
        match input {
            Input::PointerMove(pointer) => {
                let (middle, spread) = self.span();
                for finger in &mut self.fingers {
                    if finger.0 == pointer.id {
                        finger.1 = pointer.at;
                    }
                }
                let (to, wide) = self.span();
                cx.viewport.pan(to - middle);
                cx.viewport.zoom_at(to, wide / spread);
                cx.say(Effect::ViewChanged);
                Tool::Pinching(self)
            }
            // The finger that stays does nothing until it is lifted too.
            Input::PointerUp(_) | Input::Cancel => Tool::default(),
            Input::PointerDown(_)
            | Input::PointerLeave
            | Input::DoubleClick(_)
            | Input::Menu(_)
            | Input::Wheel { .. } => Tool::Pinching(self),
        }
    }

    fn span(&self) -> (Point, f64) {
        let [(_, a), (_, b)] = self.fingers;
        (a.towards(b, 0.5), a.distance(b).max(SPREAD_MIN))
    }
}

#[cfg(test)]
mod tests {
    use crate::geometry::Point;
    use crate::testing::{Hand, small};
    use crate::tools::Tool;

    #[test]
    fn two_fingers_zoom_at_their_middle_and_push() {
        let mut hand = Hand::new();
        hand.play(
            "down 100 100 touch; down 200 100 touch #2; move 0 100 touch; move 200 140 touch #2",
        );
        let before = Point::new(150.0, 100.0);
        let view = hand.editor.viewport();
        assert!(view.scale() > 1.9);
        assert!(view.to_screen(before).distance(Point::new(100.0, 120.0)) < 1e-9);
        hand.play("up 200 140 touch #2; move 50 50 touch; up 50 50 touch");
        assert!(hand.editor.tool().is_idle());
    }

    #[test]
    fn a_second_finger_calls_a_drag_off() {
        let mut hand = Hand::new();
        hand.play("down 350 10 touch; move 350 90 touch; down 400 300 touch #2");
        assert!(matches!(hand.editor.tool(), Tool::Pinching(_)));
        assert_eq!(hand.editor.design(), &small());
    }

    #[test]
    fn fingers_on_one_spot_do_not_divide_by_zero() {
        let mut hand = Hand::new();
        hand.play(
            "down 100 100 touch; down 100 100 touch #2; move 101 100 touch; move 100 100 touch",
        );
        assert_eq!(hand.editor.viewport().scale(), 1.0);
    }
}
