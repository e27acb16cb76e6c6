//! Drawing a wire from a port, or with an end taken off a link: by holding the button, by two
//! clicks, or with the keyboard.

use crate::effect::{Effect, QuickAdd};
use crate::geometry::Point;
use crate::input::{Button, Input, Pointer};
use crate::layout::flow_order;
use crate::selection::{Item, Selection};
use crate::tools::{Context, Panning, Tool};
use crate::wire::Wire;
use design::Command;

/// A wire in the hand.
#[derive(Clone, Debug)]
pub struct Wiring {
    /// Where it starts and which end is loose.
    pub wire: Wire,
    /// Where the loose end is, on the canvas; on a node chosen by key there is no such place.
    pub at: Option<Point>,
    /// The node the loose end is over.
    pub hover: Option<Hover>,
    grip: Grip,
}

/// A node that the wire may be dropped on, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The node.
    pub node: String,
    /// Why it may not.
    pub refusal: Option<String>,
}

/// How the loose end is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grip {
    /// The button is down; lifting it drops the wire.
    Held,
    /// The wire follows the pointer; the next press drops it.
    Loose,
}

/// The next or the previous node, when a wire's target is chosen by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// In the direction of flow.
    Next,
    /// Against it.
    Previous,
}

impl Wiring {
    pub(crate) fn held(wire: Wire, pointer: &Pointer, cx: &mut Context<'_>) -> Self {
        Self::new(wire, Some(cx.canvas(pointer)), Grip::Held, cx)
    }

    pub(crate) fn loose(wire: Wire, pointer: &Pointer, cx: &mut Context<'_>) -> Self {
        Self::new(wire, Some(cx.canvas(pointer)), Grip::Loose, cx)
    }

    /// Started by key, at the first node it may connect to.
    pub(crate) fn by_key(wire: Wire, cx: &mut Context<'_>) -> Self {
        let mut wiring = Self::new(wire, None, Grip::Loose, cx);
        wiring.choose(Step::Next, cx);
        wiring
    }

    fn new(wire: Wire, at: Option<Point>, grip: Grip, cx: &mut Context<'_>) -> Self {
        cx.say(Effect::OverlayChanged);
        Self {
            wire,
            at,
            hover: None,
            grip,
        }
    }

    pub(crate) fn on(mut self, input: &Input, cx: &mut Context<'_>) -> Tool {
        match input {
            Input::PointerMove(pointer) => {
                self.follow(pointer, cx);
                Tool::Wiring(self)
            }
            Input::PointerUp(pointer) if self.grip == Grip::Held => {
                self.follow(pointer, cx);
                self.drop_at(pointer, cx)
            }
            Input::PointerDown(pointer) if self.grip == Grip::Loose => match pointer.button {
                Button::Primary if !pointer.modifiers.space => {
                    self.follow(pointer, cx);
                    self.drop_at(pointer, cx)
                }
                Button::Primary | Button::Middle => Tool::Panning(Panning::new(pointer, cx)),
                Button::Secondary => end(cx),
            },
            Input::Cancel => end(cx),
            Input::Menu(_) if self.grip == Grip::Loose => end(cx),
            Input::PointerUp(_)
            | Input::PointerDown(_)
            | Input::PointerLeave
            | Input::DoubleClick(_)
            | Input::Menu(_)
            | Input::Wheel { .. } => Tool::Wiring(self),
        }
    }

    /// Moves the loose end to the next node that it may be put on, in the order of flow.
    pub(crate) fn choose(&mut self, step: Step, cx: &mut Context<'_>) {
        let design = cx.document.design();
        let fitting: Vec<String> = flow_order(design)
            .into_iter()
            .filter(|node| self.wire.refusal(design, node).is_none())
            .collect();
        let present = self.hover.as_ref().map(|hover| &hover.node);
        let at = fitting.iter().position(|node| Some(node) == present);
        let next = match (at, step) {
            (None, Step::Next) => 0,
            (None, Step::Previous) => fitting.len().saturating_sub(1),
            (Some(at), Step::Next) => (at + 1) % fitting.len(),
            (Some(at), Step::Previous) => (at + fitting.len() - 1) % fitting.len(),
        };
        self.at = None;
        self.hover = fitting.get(next).map(|node| Hover {
            node: node.clone(),
            refusal: None,
        });
        cx.say(Effect::OverlayChanged);
    }

    /// Connects to the node the loose end is over, if there is one.
    pub(crate) fn confirm(self, cx: &mut Context<'_>) -> Tool {
        match self.hover.clone() {
            Some(hover) => self.drop_on(&hover, cx),
            None => Tool::Wiring(self),
        }
    }

    fn follow(&mut self, pointer: &Pointer, cx: &mut Context<'_>) {
        let design = cx.document.design();
        let over = cx.node_at(pointer).filter(|node| *node != self.wire.node);
        self.at = Some(cx.canvas(pointer));
        self.hover = over.map(|node| Hover {
            refusal: self.wire.refusal(design, &node),
            node,
        });
        cx.say(Effect::OverlayChanged);
    }

    fn drop_at(self, pointer: &Pointer, cx: &mut Context<'_>) -> Tool {
        if let Some(hover) = self.hover.clone() {
            return self.drop_on(&hover, cx);
        }
        // Put down where it was taken up: the person thought better of it.
        let over_start = cx.node_at(pointer).as_ref() == Some(&self.wire.node);
        let start_exists = cx.document.design().node(&self.wire.node).is_some();
        if over_start || !start_exists {
            return end(cx);
        }
        match &self.wire.link {
            None => {
                let at = cx.canvas(pointer);
                let wire = Some(self.wire);
                cx.say(Effect::QuickAdd(QuickAdd { wire, at }));
            }
            Some(link) => {
                let gesture = cx.document.gesture(format!("Detach {link}"));
                cx.apply(Command::RemoveLink(link.clone()), &gesture);
            }
        }
        end(cx)
    }

    fn drop_on(self, hover: &Hover, cx: &mut Context<'_>) -> Tool {
        let design = cx.document.design();
        // Asked again: something else may have changed the design while the wire was in hand.
        if let Some(why) = self.wire.refusal(design, &hover.node) {
            cx.say(Effect::Refused(why));
            return end(cx);
        }
        let (from, to) = self.wire.ends(&hover.node);
        let unchanged = self
            .wire
            .link
            .as_ref()
            .and_then(|id| design.link(id))
            .is_some_and(|link| link.from == from && link.to == to);
        if unchanged {
            return end(cx);
        }
        if let Some((command, link)) = self.wire.connect(design, &hover.node) {
            let gesture = cx.document.gesture(format!("Link {from} to {to}"));
            if cx.apply(command, &gesture) {
                cx.select_made(Selection::only(Item::Link(link)), &gesture);
            }
        }
        end(cx)
    }
}

fn end(cx: &mut Context<'_>) -> Tool {
    cx.say(Effect::OverlayChanged);
    Tool::default()
}
