//! The active tool, as a small state machine. Each state has a file, which contains every
//! transition that leaves the state.
//!
//! A state takes an input and returns the next state. Its side effects go through `Context`: edits
//! of the document, the viewport, effects for the page.

pub mod dragging;
pub mod idle;
pub mod marquee;
pub mod panning;
pub mod pinching;
pub mod pressing;
pub mod wiring;

pub use dragging::Dragging;
pub use idle::Idle;
pub use marquee::Marquee;
pub use panning::Panning;
pub use pinching::Pinching;
pub use pressing::Pressing;
pub use wiring::Wiring;

use crate::document::Document;
use crate::effect::Effect;
use crate::geometry::Point;
use crate::history::Gesture;
use crate::hit::{self, Aim, Hit};
use crate::input::{Input, Pointer};
use crate::scene::Scene;
use crate::selection::Selection;
use crate::viewport::Viewport;
use design::Command;

/// What the user may do with the design.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    #[default]
    Edit,
    /// Panning, zooming and selecting, as in an embedded view.
    Look,
}

/// What the user is doing.
#[derive(Clone, Debug)]
pub enum Tool {
    /// Nothing; hovering.
    Idle(Idle),
    /// A press that may become a click or a drag.
    Pressing(Pressing),
    /// Moving nodes.
    Dragging(Dragging),
    /// Drawing a wire.
    Wiring(Wiring),
    /// Drawing a rectangle to select what is in it.
    Marquee(Marquee),
    /// Panning the canvas.
    Panning(Panning),
    /// Two fingers.
    Pinching(Pinching),
}

impl Default for Tool {
    fn default() -> Self {
        Self::Idle(Idle::default())
    }
}

impl Tool {
    /// Returns the state after an input.
    pub(crate) fn on(self, input: &Input, cx: &mut Context<'_>) -> Self {
        match self {
            Self::Idle(state) => state.on(input, cx),
            Self::Pressing(state) => state.on(input, cx),
            Self::Dragging(state) => state.on(input, cx),
            Self::Wiring(state) => state.on(input, cx),
            Self::Marquee(state) => state.on(input, cx),
            Self::Panning(state) => state.on(input, cx),
            Self::Pinching(state) => state.on(input, cx),
        }
    }

    /// Returns whether no gesture is in progress.
    pub fn is_idle(&self) -> bool {
        matches!(self, Self::Idle(_))
    }
}

/// What the states operate on.
pub(crate) struct Context<'a> {
    pub(crate) document: &'a mut Document,
    pub(crate) viewport: &'a mut Viewport,
    pub(crate) access: Access,
    pub(crate) effects: &'a mut Vec<Effect>,
}

impl Context<'_> {
    pub(crate) fn canvas(&self, pointer: &Pointer) -> Point {
        self.viewport.to_canvas(pointer.at)
    }

    fn aim(&self, pointer: &Pointer) -> Aim {
        Aim {
            kind: pointer.kind,
            scale: self.viewport.scale(),
        }
    }

    /// Returns what is under the pointer, if the user can do something with it.
    pub(crate) fn hit(&mut self, pointer: &Pointer) -> Hit {
        let lines = self.document.take_lines();
        let scene = Scene::knowing(self.document.design(), lines);
        let gripped = self.document.gripped();
        let hit = hit::hit(&scene, gripped, self.canvas(pointer), self.aim(pointer));
        let lines = scene.into_lines();
        self.document.keep_lines(lines);
        match (self.access, hit) {
            (Access::Look, Hit::Port(id, _)) => Hit::Node(id),
            (Access::Look, Hit::LinkEnd(id, _)) => Hit::Link(id),
            (Access::Edit | Access::Look, hit) => hit,
        }
    }

    /// Returns the node under the pointer.
    pub(crate) fn node_at(&self, pointer: &Pointer) -> Option<String> {
        let scene = Scene::new(self.document.design());
        hit::node_at(&scene, self.canvas(pointer), self.aim(pointer))
    }

    pub(crate) fn say(&mut self, effect: Effect) {
        push_effect(self.effects, effect);
    }

    pub(crate) fn select(&mut self, selection: Selection) {
        if *self.document.selection() != selection {
            self.document.select(selection);
            self.say(Effect::SelectionChanged);
        }
    }

    /// Selects what the user pointed at.
    pub(crate) fn choose(&mut self, selection: Selection) {
        let was_gripped = self.document.gripped().is_some();
        self.select(selection);
        self.document.choose();
        if self.document.gripped().is_some() != was_gripped {
            self.say(Effect::OverlayChanged);
        }
    }

    /// Applies a command and reports a refusal. Returns whether it was applied.
    pub(crate) fn apply(&mut self, command: Command, gesture: &Gesture) -> bool {
        let before = self.document.selection().len();
        match self.document.apply(command, gesture) {
            Ok(edit) => {
                self.say(Effect::Changed(edit));
                if self.document.selection().len() != before {
                    self.say(Effect::SelectionChanged);
                }
                true
            }
            Err(error) => {
                self.say(Effect::Refused(error.to_string()));
                false
            }
        }
    }

    /// Selects what a gesture added.
    pub(crate) fn select_made(&mut self, selection: Selection, gesture: &Gesture) {
        self.document.select_made(selection, gesture);
        self.say(Effect::SelectionChanged);
    }

    pub(crate) fn call_off(&mut self, gesture: &Gesture) {
        if let Some(edit) = self.document.cancel(gesture) {
            self.say(Effect::Changed(edit));
            self.say(Effect::SelectionChanged);
        }
    }
}

/// Adds an effect, unless an equal one is already in the list.
pub(crate) fn push_effect(effects: &mut Vec<Effect>, effect: Effect) {
    let is_merged = |old: &mut Effect| match (old, &effect) {
        (Effect::Changed(old), Effect::Changed(new)) => old.merge(new),
        (old, new) => *old == *new,
    };
    if !effects.iter_mut().any(is_merged) {
        effects.push(effect);
    }
}
