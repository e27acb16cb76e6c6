//! The editor: document, viewport and tool. Inputs change it; it answers with effects.

use crate::curve::Curve;
use crate::describe::describe;
use crate::document::Document;
use crate::effect::Effect;
use crate::geometry::{End, Point, port};
use crate::history::Gesture;
use crate::hit::{Hit, grips};
use crate::input::{Input, Pointer, PointerKind, WheelAction};
use crate::layout;
use crate::naming::{FirstName, follow};
use crate::scene::Scene;
use crate::selection::{Item, Selection};
use crate::tools::{Access, Context, Pinching, Tool, push_effect};
use crate::viewport::{Viewport, wheel_factor};
use design::{Command, CommandError, Design, Target};
use std::collections::BTreeSet;

/// Room below the lowest cards of a fitted design, in canvas pixels: for what is written there.
const BELOW_CARDS: f64 = 28.0;

/// The editor. The [crate documentation](crate) describes how a page uses it.
#[derive(Clone, Debug, Default)]
pub struct Editor {
    pub(crate) document: Document,
    pub(crate) viewport: Viewport,
    pub(crate) tool: Tool,
    access: Access,
    /// The pointers that are down, with their last positions: at most two.
    down: Vec<(i32, PointerKind, Point)>,
    /// Nodes that were added here and still have their first id.
    pub(crate) unnamed: BTreeSet<String>,
    /// The gesture that further nudges of the same selection join.
    pub(crate) nudging: Option<(Gesture, u64, Selection)>,
}

/// The shape of the pointer: it shows what a press here would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// A press does nothing in particular.
    Default,
    /// A press clicks something.
    Pointer,
    /// A node that can be moved.
    Move,
    /// The canvas is being panned.
    Grabbing,
    /// A wire starts or ends here.
    Crosshair,
    /// The wire cannot be dropped here.
    NotAllowed,
}

impl Editor {
    /// Returns an editor of this design with an empty selection, at 100%.
    pub fn new(design: Design) -> Self {
        let mut editor = Self::default();
        editor.load(design);
        editor
    }

    /// Replaces the design, with a history of its own. A design without positions is laid out
    /// first. Access and viewport do not change.
    pub fn load(&mut self, mut design: Design) -> Vec<Effect> {
        if layout::lacks_positions(&design) {
            for (node, at) in layout::arrange(&design).into_iter().enumerate() {
                design.nodes[node].at = at;
            }
        }
        self.document.replace(design);
        self.tool = Tool::default();
        self.down.clear();
        self.nudging = None;
        self.unnamed.clear();
        vec![
            Effect::Loaded,
            Effect::SelectionChanged,
            Effect::OverlayChanged,
        ]
    }

    /// Returns the present design.
    pub fn design(&self) -> &Design {
        self.document.design()
    }

    /// Returns the design with its history.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Returns the selection.
    pub fn selection(&self) -> &Selection {
        self.document.selection()
    }

    /// Returns the viewport.
    pub fn viewport(&self) -> &Viewport {
        &self.viewport
    }

    /// Returns the active tool, with what it draws over the canvas: hover, marquee, wire, guides.
    pub fn tool(&self) -> &Tool {
        &self.tool
    }

    /// Returns what the user may do with the design.
    pub fn access(&self) -> Access {
        self.access
    }

    /// Allows or forbids edits by the user. Commands given to [`Editor::edit`] are always carried
    /// out.
    pub fn set_access(&mut self, access: Access) -> Vec<Effect> {
        let effects = self.handle(Input::Cancel);
        self.access = access;
        effects
    }

    /// Returns the shapes of the present design.
    pub fn scene(&self) -> Scene<'_> {
        Scene::new(self.design())
    }

    /// Returns the grips of the selected link, in canvas units: where its ends can be taken off.
    pub fn grips(&self) -> Option<[Point; 2]> {
        let can_edit = self.access == Access::Edit && self.tool.is_idle();
        let link = self.document.gripped().filter(|_| can_edit)?;
        Some(grips(&self.scene().path(link)?))
    }

    /// Returns the curve of the wire that is being drawn, if any: from its node to the pointer, or
    /// to the port of the node it would be dropped on.
    pub fn wire_curve(&self) -> Option<Curve> {
        let Tool::Wiring(wiring) = &self.tool else {
            return None;
        };
        let fixed = port(
            self.design().node(&wiring.wire.node)?,
            wiring.wire.loose.other(),
        );
        let over = wiring
            .hover
            .as_ref()
            .filter(|hover| hover.refusal.is_none());
        let over = over.and_then(|hover| self.design().node(&hover.node));
        let loose = match over {
            Some(node) => port(node, wiring.wire.loose),
            None => wiring.at?,
        };
        Some(match wiring.wire.loose {
            End::To => Curve::between(fixed, loose, 0.0),
            End::From => Curve::between(loose, fixed, 0.0),
        })
    }

    /// Returns the shape of the pointer.
    pub fn cursor(&self) -> Cursor {
        match &self.tool {
            Tool::Idle(idle) => match (&idle.hover, self.access) {
                (Hit::Empty, _) => Cursor::Default,
                (Hit::Node(_) | Hit::Note(_), Access::Edit) => Cursor::Move,
                (Hit::Node(_) | Hit::Note(_) | Hit::Link(_), _) => Cursor::Pointer,
                (Hit::Port(..) | Hit::LinkEnd(..), _) => Cursor::Crosshair,
            },
            Tool::Pressing(_) => Cursor::Pointer,
            Tool::Dragging(_) => Cursor::Move,
            Tool::Wiring(wiring) => match &wiring.hover {
                Some(hover) if hover.refusal.is_some() => Cursor::NotAllowed,
                Some(_) | None => Cursor::Crosshair,
            },
            Tool::Marquee(_) => Cursor::Crosshair,
            Tool::Panning(_) | Tool::Pinching(_) => Cursor::Grabbing,
        }
    }

    /// Handles what the user did on the canvas.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match &input {
            Input::PointerDown(pointer) => {
                if !self.press(pointer, &mut effects) {
                    return effects;
                }
            }
            Input::PointerMove(pointer) => {
                let hovers = self.down.is_empty();
                let known = self.down.iter_mut().find(|(id, ..)| *id == pointer.id);
                match known {
                    Some(known) => known.2 = pointer.at,
                    None if hovers => {}
                    None => return effects,
                }
            }
            Input::PointerUp(pointer) => {
                let count = self.down.len();
                self.down.retain(|(id, ..)| *id != pointer.id);
                if self.down.len() == count {
                    return effects;
                }
            }
            Input::Cancel => self.down.clear(),
            Input::Wheel { at, by, action } => {
                self.wheel(*at, *by, *action, &mut effects);
                return effects;
            }
            Input::PointerLeave | Input::DoubleClick(_) | Input::Menu(_) => {}
        }
        let cursor = self.cursor();
        if !matches!(input, Input::PointerMove(_) | Input::PointerLeave) {
            self.nudging = None;
        }
        self.step(|tool, cx| tool.on(&input, cx), &mut effects);
        if let Input::PointerUp(pointer) = input
            && self.tool.is_idle()
        {
            // The dropped item is under the pointer now.
            self.step(
                |tool, cx| tool.on(&Input::PointerMove(pointer), cx),
                &mut effects,
            );
        }
        if self.cursor() != cursor {
            push_effect(&mut effects, Effect::OverlayChanged);
        }
        effects
    }

    /// Notes a press. Returns false if the tool ignores it: a third finger, or another button
    /// during a gesture.
    fn press(&mut self, pointer: &Pointer, effects: &mut Vec<Effect>) -> bool {
        self.down.retain(|(id, ..)| *id != pointer.id);
        match self.down[..] {
            [] => {
                self.down.push((pointer.id, pointer.kind, pointer.at));
                true
            }
            [(id, PointerKind::Touch, at)] if pointer.kind == PointerKind::Touch => {
                self.step(|tool, cx| tool.on(&Input::Cancel, cx), effects);
                self.tool = Tool::Pinching(Pinching::new((id, at), pointer));
                self.down.push((pointer.id, pointer.kind, pointer.at));
                push_effect(effects, Effect::OverlayChanged);
                false
            }
            _ => false,
        }
    }

    fn wheel(&mut self, at: Point, by: Point, action: WheelAction, effects: &mut Vec<Effect>) {
        let before = self.viewport;
        match action {
            WheelAction::Pan => self.viewport.pan(by * -1.0),
            WheelAction::Zoom => self.viewport.zoom_at(at, wheel_factor(by.y)),
        }
        if self.viewport != before {
            effects.push(Effect::ViewChanged);
        }
    }

    /// Cancels the gesture in progress, if any. Pointers that are down are ignored until they are
    /// lifted.
    pub(crate) fn call_off_tool(&mut self) -> Vec<Effect> {
        if self.tool.is_idle() {
            return Vec::new();
        }
        self.handle(Input::Cancel)
    }

    /// Passes an input to the tool and stores the state it returns.
    pub(crate) fn step(
        &mut self,
        act: impl FnOnce(Tool, &mut Context<'_>) -> Tool,
        effects: &mut Vec<Effect>,
    ) {
        let tool = std::mem::take(&mut self.tool);
        let mut cx = Context {
            document: &mut self.document,
            viewport: &mut self.viewport,
            access: self.access,
            effects,
        };
        self.tool = act(tool, &mut cx);
    }

    /// Begins a gesture for [`Editor::edit`]: for example, one for all the steps of a slider.
    pub fn gesture(&mut self, name: impl Into<String>) -> Gesture {
        self.document.gesture(name)
    }

    /// Applies a command as part of a gesture. The inspector, remedies, imports and embed messages
    /// edit this way. On an error nothing has changed, and the error says what is wrong and where.
    /// The first name of a node that was added here also sets its id.
    pub fn edit(
        &mut self,
        command: Command,
        gesture: &Gesture,
    ) -> Result<Vec<Effect>, CommandError> {
        self.nudging = None;
        let before = self.selection().clone();
        let named = match &command {
            Command::Set(Target::Node(old), ..) if self.unnamed.contains(old) => {
                let first = FirstName::of(&command, self.design());
                first.map(|first| (old.clone(), first))
            }
            _ => None,
        };
        let edit = match named {
            Some((old, first)) => {
                let edit = self.document.apply(first.command, gesture)?;
                let selection = follow(&before, &old, &first.id);
                self.document.select_made(selection, gesture);
                edit
            }
            None => self.document.apply(command, gesture)?,
        };
        let mut effects = vec![Effect::Changed(edit)];
        if *self.selection() != before {
            effects.push(Effect::SelectionChanged);
        }
        Ok(effects)
    }

    /// Applies a single command as a gesture of its own. The name of the gesture is made from the
    /// command.
    pub fn apply(&mut self, command: Command) -> Result<Vec<Effect>, CommandError> {
        let gesture = self.document.gesture(describe(&command, self.design()));
        self.edit(command, &gesture)
    }

    /// Selects items, for example from the list of findings or the outline.
    pub fn select(&mut self, selection: Selection) -> Vec<Effect> {
        let before = self.selection().clone();
        let was_gripped = self.document.gripped().is_some();
        self.document.select(selection);
        self.document.choose();
        if *self.selection() != before {
            vec![Effect::SelectionChanged]
        } else if self.document.gripped().is_some() != was_gripped {
            vec![Effect::OverlayChanged]
        } else {
            Vec::new()
        }
    }

    /// Selects one item and brings it into view.
    pub fn reveal(&mut self, item: Item) -> Vec<Effect> {
        let mut effects = self.select(Selection::only(item.clone()));
        effects.extend(self.bring_into_view(&item));
        effects
    }

    /// Moves the view to one item, unless all of it is in view.
    pub fn bring_into_view(&mut self, item: &Item) -> Vec<Effect> {
        self.bring_all_into_view(&Selection::only(item.clone()))
    }

    /// Moves the view to several items, unless all of them are in view.
    pub(crate) fn bring_all_into_view(&mut self, selection: &Selection) -> Vec<Effect> {
        let bounds = self.scene().bounds_of(selection);
        let visible = self.viewport.visible();
        match bounds {
            Some(bounds) if !(visible.contains(bounds.min) && visible.contains(bounds.max)) => {
                self.viewport.center_on(bounds.center());
                vec![Effect::ViewChanged]
            }
            Some(_) | None => Vec::new(),
        }
    }

    /// Sets the size of the canvas element, in screen pixels.
    pub fn resize(&mut self, size: Point) -> Vec<Effect> {
        self.viewport.resize(size);
        vec![Effect::ViewChanged]
    }

    /// Centers a canvas point at this zoom: a view that was saved in a link.
    pub fn look_at(&mut self, center: Point, scale: f64) -> Vec<Effect> {
        self.viewport.zoom_to(Point::default(), scale);
        self.viewport.center_on(center);
        vec![Effect::ViewChanged]
    }

    /// Fits the whole design into the view. An empty design shows the origin at 100%.
    pub fn fit(&mut self) -> Vec<Effect> {
        match self.scene().extent() {
            Some(mut bounds) => {
                bounds.max.y += BELOW_CARDS;
                self.viewport.fit(bounds);
                vec![Effect::ViewChanged]
            }
            None => self.look_at(Point::default(), 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::geometry::NODE_HEIGHT;
    use crate::hit::Hit;
    use crate::testing::Hand;
    use crate::tools::Tool;

    #[test]
    fn lines_under_the_pointer_are_led_once_until_the_design_changes() {
        let mut hand = Hand::new();
        // A little below the line.
        let aside = format!("move 550 {}", NODE_HEIGHT / 2.0 + 2.0);
        let further = format!("move 551 {}", NODE_HEIGHT / 2.0 + 2.0);
        hand.play(&aside);
        let mut lines = hand.editor.document.take_lines();
        assert!(lines.contains_key(&1));
        // As if `api->db` ran where `users->api` does.
        lines.insert(1, lines[&0].clone());
        hand.editor.document.keep_lines(lines);
        let is_on_link = |hand: &Hand| match hand.editor.tool() {
            Tool::Idle(idle) => matches!(idle.hover, Hit::Link(_)),
            _ => false,
        };
        assert!(!is_on_link(hand.play(&further)));
        hand.play(&format!(
            "down 350 10; move 350 60; move 350 10; up 350 10; {further}"
        ));
        assert!(is_on_link(&hand));
    }
}
