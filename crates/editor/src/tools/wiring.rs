//! Draws a wire from a port, or from an end that was taken off a link: by holding the button, by
//! two clicks, or by keyboard.

use crate::describe::{describe, title};
use crate::effect::{Effect, QuickAdd};
use crate::geometry::Point;
use crate::input::{Button, Input, Pointer};
use crate::layout::flow_order;
use crate::selection::{Item, Selection};
use crate::tools::{Context, Panning, Tool};
use crate::wire::Wire;
use design::Command;

/// A wire that is being drawn.
#[derive(Clone, Debug)]
pub struct Wiring {
    /// Where it starts and which end is loose.
    pub wire: Wire,
    /// The position of the loose end, on the canvas; `None` for a node chosen by keyboard.
    pub at: Option<Point>,
    /// The node the loose end is over.
    pub hover: Option<Hover>,
    grip: Grip,
}

/// A node under the wire, and whether the wire may be dropped on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The node.
    pub node: String,
    /// Why the wire may not be dropped, if so.
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

/// The next or the previous node, when a wire's target is chosen by keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// In the direction of flow.
    Next,
    /// Against the direction of flow.
    Previous,
}

impl Wiring {
    pub(crate) fn held(wire: Wire, pointer: &Pointer, cx: &mut Context<'_>) -> Self {
        Self::new(wire, Some(cx.canvas(pointer)), Grip::Held, cx)
    }

    pub(crate) fn loose(wire: Wire, pointer: &Pointer, cx: &mut Context<'_>) -> Self {
        Self::new(wire, Some(cx.canvas(pointer)), Grip::Loose, cx)
    }

    /// Returns a wire that was started by keyboard, at the first node it may connect to.
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

    /// Moves the loose end to the next node that it may connect to, in the order of flow.
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

    /// Connects to the node under the loose end, if there is one.
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
        // Dropped where it started: the user changed their mind.
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
                let command = Command::RemoveLink(link.clone());
                let design = cx.document.design();
                let said = design.link(link).map(|link| {
                    let (from, to) = (title(design, &link.from), title(design, &link.to));
                    format!("deleted the link from {from} to {to}; undo restores it")
                });
                let name = describe(&command, design);
                let gesture = cx.document.gesture(name);
                if cx.apply(command, &gesture) {
                    said.into_iter().for_each(|said| cx.say(Effect::Said(said)));
                }
            }
        }
        end(cx)
    }

    fn drop_on(self, hover: &Hover, cx: &mut Context<'_>) -> Tool {
        let design = cx.document.design();
        // Checked again: something else may have changed the design while the wire was in hand.
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
        if let Some(twin) = self.wire.twin(design, &hover.node) {
            let why = format!(
                "{} is already linked to {}; duplicate that link for a second one",
                title(design, from),
                title(design, to)
            );
            let twin = Selection::only(Item::Link(twin.id.clone()));
            cx.choose(twin);
            cx.say(Effect::Said(why));
            return end(cx);
        }
        if let Some((command, link)) = self.wire.connect(design, &hover.node) {
            let name = format!("Link {} to {}", title(design, from), title(design, to));
            let gesture = cx.document.gesture(name);
            // A link whose end was taken off stays selected, as it was chosen.
            if cx.apply(command, &gesture) && self.wire.link.is_none() {
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

#[cfg(test)]
mod tests {
    use crate::effect::{Effect, QuickAdd};
    use crate::geometry::{End, NODE_HEIGHT, NODE_WIDTH, Point};
    use crate::selection::{Item, Selection};
    use crate::testing::{Hand, kind, small};
    use crate::wire::Wire;
    use crate::{Cursor, Scene};
    use design::link::Mode;
    use design::{Design, Node};

    /// `users`, `api`, `db` in a row as in [`small`], below them `jobs` (a queue) and `other`
    /// (a service).
    fn more() -> Design {
        let mut design = small();
        design
            .nodes
            .push(Node::new("jobs", kind("queue"), [300, 200]));
        design
            .nodes
            .push(Node::new("other", kind("service"), [600, 200]));
        design
    }

    const API_OUT: &str = "api.out";
    const OTHER_IN: &str = "other.in";

    #[test]
    fn a_wire_from_port_to_node_makes_a_link() {
        for script in [
            format!("down {API_OUT}; move 550 100; move 700 250; up 700 250"),
            format!("down {API_OUT}; up {API_OUT}; move 550 100; down 700 250; up 700 250"),
            format!("down {OTHER_IN}; move 550 100; move 350 10; up 350 10"),
        ] {
            let mut hand = Hand::on(more());
            hand.play(&script);
            assert_eq!(hand.links(), "users->api api->db api->other", "{script}");
            assert_eq!(hand.selected(), "api->other");
            assert_eq!(hand.history(), ["Link api to other"]);
            hand.play("undo");
            assert_eq!(hand.editor.design(), &more());
            hand.play("redo");
            assert_eq!(hand.selected(), "api->other");
        }
    }

    #[test]
    fn the_mode_follows_from_the_kinds() {
        let mut hand = Hand::on(more());
        hand.play(&format!("down {API_OUT}; move 400 230; up 400 230"));
        let modes: Vec<Mode> = hand.editor.design().links.iter().map(|l| l.mode).collect();
        assert_eq!(modes, [Mode::Call, Mode::Call, Mode::Publish]);
    }

    #[test]
    fn an_illegal_wire_says_why_while_it_hovers_and_when_it_is_dropped() {
        let mut hand = Hand::new();
        hand.play(&format!("down {API_OUT}; move 50 10"));
        assert_eq!(hand.editor.cursor(), Cursor::NotAllowed);
        hand.play("up 50 10");
        assert!(hand.has_said(
            |effect| matches!(effect, Effect::Refused(why) if why.contains("cannot be called"))
        ));
        assert_eq!(hand.editor.design(), &small());
    }

    #[test]
    fn a_wire_dropped_on_nothing_asks_for_a_node() {
        let mut hand = Hand::new();
        hand.play(&format!("down {API_OUT}; move 600 300; up 600 300"));
        let wanted = QuickAdd {
            wire: Some(Wire::from_port("api", End::From)),
            at: Point::new(600.0, 300.0),
        };
        assert!(hand.effects.contains(&Effect::QuickAdd(wanted.clone())));
        let cache = crate::catalog::thing("cache").unwrap();
        hand.editor.quick_add(&cache, &wanted);
        assert_eq!(hand.links(), "users->api api->db api->cache");
        assert_eq!(hand.at("cache"), [600, 300 - NODE_HEIGHT as i32 / 2]);
        assert_eq!(hand.history(), ["Add cache"]);
        assert_eq!(hand.selected(), "cache");
    }

    #[test]
    fn thinking_better_of_it_changes_nothing() {
        for script in [
            format!("down {API_OUT}; move 550 300; cancel"),
            format!("down {API_OUT}; move 550 300; move 400 10; up 400 10"),
            format!("down {API_OUT}; up {API_OUT}; down {API_OUT}; up {API_OUT}"),
            format!("down {API_OUT}; up {API_OUT}; deselect"),
            format!("down {API_OUT}; up {API_OUT}; down 550 300 right; up 550 300 right"),
        ] {
            let mut hand = Hand::new();
            hand.play(&script);
            assert!(hand.editor.tool().is_idle(), "{script}");
            assert_eq!(hand.editor.design(), &small(), "{script}");
            assert!(!hand.has_said(|effect| matches!(effect, Effect::QuickAdd(_))));
        }
    }

    #[test]
    fn drawing_again_from_a_port_adds_a_link_and_leaves_the_last_one_alone() {
        const OTHER_TO_API: &str = "down api.out; move 550 90; move 650 250; up 650 250";
        // Not exactly on the port.
        let (x, y) = (302.0 + NODE_WIDTH, NODE_HEIGHT / 2.0 + 2.0);
        for (script, links) in [
            // One caller of two, dragged and by clicks.
            (
                format!("{OTHER_TO_API}; down {x} {y}; move 450 120; move 400 210; up 400 210"),
                "users->api api->db api->other api->jobs",
            ),
            (
                format!("{OTHER_TO_API}; down api.out; up api.out; down 400 210; up 400 210"),
                "users->api api->db api->other api->jobs",
            ),
            // Two callers of one.
            (
                "down jobs.in; move 200 90; move 50 10; up 50 10;
                 down jobs.in; move 310 90; move 350 10; up 350 10"
                    .to_owned(),
                "users->api api->db users->jobs api->jobs",
            ),
            // Dropped on nothing: offers what to add.
            (
                format!("{OTHER_TO_API}; down api.out; move 500 90; move 500 400; up 500 400"),
                "users->api api->db api->other",
            ),
        ] {
            let mut hand = Hand::on(more());
            hand.play(&script);
            assert_eq!(hand.links(), links, "{script}");
        }
    }

    #[test]
    fn a_link_just_drawn_is_taken_off_only_after_a_click_on_it() {
        const DRAW: &str = "down api.out; move 550 90; move 650 250; up 650 250";
        let off = |hand: &mut Hand| {
            let [grip, _] = crate::hit::grips(&hand.editor.scene().path("api->other").unwrap());
            let (x, y) = (grip.x, grip.y);
            hand.play(&format!(
                "down {x} {y}; move {x} 150; move 550 400; up 550 400"
            ));
        };
        let mut hand = Hand::on(more());
        hand.play(DRAW);
        assert_eq!(hand.editor.grips(), None);
        off(&mut hand);
        assert_eq!(hand.links(), "users->api api->db api->other");
        for choose in ["down api->other; up api->other", "deselect"] {
            let mut hand = Hand::on(more());
            hand.play(&format!("{DRAW}; {choose}"));
            if choose == "deselect" {
                hand.editor
                    .select(Selection::only(Item::Link("api->other".into())));
            }
            assert!(hand.editor.grips().is_some(), "{choose}");
            off(&mut hand);
            assert_eq!(hand.links(), "users->api api->db", "{choose}");
            assert!(hand.has_said(|effect| matches!(effect, Effect::Said(_))));
        }
    }

    #[test]
    fn a_second_link_between_two_nodes_selects_the_first_and_says_so() {
        for script in [
            "down api.out; move api->db; move 650 10; up 650 10",
            "down db.in; move api->db; move 350 10; up 350 10",
        ] {
            let mut hand = Hand::on(more());
            hand.play(script);
            assert_eq!(hand.editor.design(), &more(), "{script}");
            assert_eq!(hand.selected(), "api->db");
            let why = "api is already linked to db; duplicate that link for a second one";
            assert!(hand.has_said(|effect| *effect == Effect::Said(why.into())));
            hand.play("duplicate");
            assert_eq!(hand.links(), "users->api api->db api->db");
            assert_eq!(hand.selected(), "api->db#2");
        }
        let mut design = more();
        let twin = design::Link::new("api->other", "api", "other", Mode::Call);
        design.links.push(twin);
        let mut hand = Hand::on(design.clone());
        // The end of api->db, put on the node that the api calls already.
        hand.play(
            "down api->db; up api->db; down api->db.to; move 620 120; move 700 250; up 700 250",
        );
        assert_eq!(hand.editor.design(), &design);
        let why = Effect::Refused("api is already linked to other".into());
        assert!(hand.has_said(|effect| *effect == why));
    }

    #[test]
    fn an_end_is_taken_off_a_selected_link() {
        for (to, links) in [
            ("700 250", "users->api api->other"),
            ("550 400", "users->api"),
            ("700 10", "users->api api->db"),
        ] {
            let mut hand = Hand::on(more());
            let script = format!(
                "down api->db; up api->db; down api->db.to; move 620 120; move {to}; up {to}"
            );
            hand.play(&script);
            assert_eq!(hand.links(), links, "{script}");
            assert_eq!(
                hand.history().len(),
                usize::from(links != "users->api api->db")
            );
            hand.play("undo");
            assert_eq!(hand.editor.design(), &more());
        }
    }

    #[test]
    fn a_wire_is_drawn_by_keys_alone() {
        let mut hand = Hand::on(more());
        hand.play("down 350 10; up 350 10; connect");
        let mut offered = Vec::new();
        for _ in 0..4 {
            let crate::Tool::Wiring(wiring) = hand.editor.tool() else {
                panic!("not wiring");
            };
            offered.push(wiring.hover.clone().unwrap().node);
            assert!(hand.editor.wire_curve().is_some());
            hand.play("nudge-right");
        }
        assert_eq!(offered, ["jobs", "other", "db", "jobs"]);
        hand.play("rename");
        assert_eq!(hand.links(), "users->api api->db api->other");
        assert_eq!(hand.at("api"), [300, 0], "arrows chose, nothing moved");
    }

    #[test]
    fn the_wire_in_hand_leads_from_its_node_to_the_pointer() {
        let mut hand = Hand::on(more());
        hand.play(&format!("down {OTHER_IN}; move 550 100"));
        let curve = hand.editor.wire_curve().unwrap();
        assert_eq!(curve.start, Point::new(550.0, 100.0));
        assert_eq!(curve.end, Point::new(600.0, 200.0 + NODE_HEIGHT / 2.0));
        hand.play("move 350 10; up 350 10");
        assert_eq!(hand.editor.wire_curve(), None);
        let made = Scene::new(hand.editor.design()).line("api->other").unwrap();
        assert_eq!(
            made.start(),
            Point::new(300.0 + NODE_WIDTH, NODE_HEIGHT / 2.0)
        );
    }
}
