//! Two fingers: their middle pushes the canvas, their distance zooms it.

use crate::effect::Effect;
use crate::geometry::Point;
use crate::input::{Input, Pointer};
use crate::tools::{Context, Tool};

/// Fingers nearer than this, in screen pixels, zoom no further: the ratio of tiny distances is noise.
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
