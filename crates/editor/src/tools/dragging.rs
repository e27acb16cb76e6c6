//! Drags the selection, or a copy of it.

use crate::curve::LinkPath;
use crate::describe::selected_in_words;
use crate::effect::Effect;
use crate::fragment;
use crate::geometry::{GRID, Point, Rect, rect_at};
use crate::history::Gesture;
use crate::input::{Input, Pointer};
use crate::scene::Scene;
use crate::selection::{Item, Selection};
use crate::snap::{Guide, guides, snap};
use crate::tools::{Context, Tool};
use crate::wire::insert_into_link;
use crate::zones;
use design::note::Place;
use design::{Attribute, Command, Design, Target};
use std::collections::BTreeMap;

/// A link that runs this near to a node's middle is routed through the node.
const ON_LINE: f64 = 2.0 * GRID;

/// Nodes that follow the pointer.
#[derive(Clone, Debug)]
pub struct Dragging {
    /// Lines that the dragged node shares with others.
    pub guides: Vec<Guide>,
    /// The link that would be routed through the node if it were dropped here.
    pub into: Option<String>,
    /// The zones that nodes would get if they were dropped here, by their ids.
    pub zones: BTreeMap<String, String>,
    /// The item under the pointer: it is the one that snaps.
    anchor: Item,
    /// Where the drag began, on the canvas.
    start: Point,
    /// The positions of the dragged items before the drag.
    origins: Places,
    /// The links that may be routed through the node; empty if it is already linked or not alone.
    /// They do not change during the drag.
    open_links: Vec<(String, LinkPath)>,
    /// The distance moved so far.
    moved: [i32; 2],
    gesture: Gesture,
    copies: Copies,
    /// What was selected before the press.
    before: Selection,
}

/// What is being dragged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copies {
    No,
    Yes,
}

impl Dragging {
    /// Begins to drag the selection, which contains `anchor`.
    pub(crate) fn new(
        start: &Pointer,
        anchor: Item,
        before: Selection,
        cx: &mut Context<'_>,
    ) -> Self {
        let mut dragging = Self {
            guides: Vec::new(),
            into: None,
            zones: BTreeMap::new(),
            start: cx.canvas(start),
            origins: Places::default(),
            open_links: Vec::new(),
            moved: [0, 0],
            gesture: cx.document.gesture(""),
            copies: Copies::No,
            anchor,
            before,
        };
        if start.modifiers.alt {
            dragging.take_copies(cx);
        }
        let selection = cx.document.selection();
        dragging.origins = Places::of(cx.document.design(), selection);
        dragging.open_links = dragging.find_open_links(cx.document.design());
        if dragging.copies == Copies::No {
            let what = selected_in_words(cx.document.design(), selection);
            dragging.gesture.name = format!("Move {what}");
        }
        dragging
    }

    /// Leaves the selection in place and drags a copy of it.
    fn take_copies(&mut self, cx: &mut Context<'_>) {
        let design = cx.document.design();
        let selection = cx.document.selection();
        let copied = fragment::copy(design, selection);
        let held = |item: &Item| *item == self.anchor;
        let nodes = copied.nodes.iter().map(|node| Item::Node(node.id.clone()));
        let notes = selection.notes.iter().copied().map(Item::Note);
        let Some(at) = nodes.chain(notes).position(|item| held(&item)) else {
            return;
        };
        let what = selected_in_words(design, selection);
        let Ok(paste) = fragment::paste(design, &copied, [0, 0]) else {
            return;
        };
        self.gesture.name = format!("Duplicate {what}");
        if cx.apply(paste.command, &self.gesture) {
            self.copies = Copies::Yes;
            self.anchor = match paste.nodes.get(at) {
                Some(id) => Item::Node(id.clone()),
                None => {
                    let mut made = paste.selection.notes.iter();
                    let at = made.nth(at - paste.nodes.len());
                    Item::Note(at.copied().unwrap_or_default())
                }
            };
            cx.select_made(paste.selection, &self.gesture);
        }
    }

    pub(crate) fn on(mut self, input: &Input, cx: &mut Context<'_>) -> Tool {
        match input {
            Input::PointerMove(pointer) => {
                if self.follow(pointer, cx) {
                    Tool::Dragging(self)
                } else {
                    // The design changed during the drag (a node is gone): ends it.
                    self.end(cx)
                }
            }
            Input::PointerUp(_) => {
                if let Some(link) = self.into.clone() {
                    self.insert(&link, cx);
                } else if self.moved == [0, 0] && self.copies == Copies::No {
                    let selection = cx.document.selection().clone();
                    cx.call_off(&self.gesture);
                    cx.select(selection);
                }
                if !self.zones.is_empty() {
                    let zones = std::mem::take(&mut self.zones).into_iter();
                    let zones = zones.map(|(id, zone)| (id, Some(zone))).collect();
                    let commands = zones::put(cx.document.design(), &zones);
                    cx.apply(Command::Batch(commands), &self.gesture);
                }
                self.end(cx)
            }
            Input::Cancel => {
                cx.call_off(&self.gesture);
                cx.select(self.before.clone());
                self.end(cx)
            }
            Input::PointerDown(_)
            | Input::PointerLeave
            | Input::DoubleClick(_)
            | Input::Menu(_)
            | Input::Wheel { .. } => Tool::Dragging(self),
        }
    }

    fn end(self, cx: &mut Context<'_>) -> Tool {
        cx.say(Effect::OverlayChanged);
        Tool::default()
    }

    /// Moves the nodes to the pointer. Returns false if that was refused.
    fn follow(&mut self, pointer: &Pointer, cx: &mut Context<'_>) -> bool {
        let Some(origin) = self.origins.at(&self.anchor) else {
            return false;
        };
        let wanted = self.wanted(pointer, origin, cx);
        let moved = [wanted[0] - origin[0], wanted[1] - origin[1]];
        if moved != self.moved {
            self.moved = moved;
            let moves = self.origins.moves(Point::from(moved));
            if !cx.apply(Command::Batch(moves), &self.gesture) {
                return false;
            }
        }
        let design = cx.document.design();
        self.guides = guides(design, &self.origins, Point::from(wanted));
        self.into = self.link_below(Point::from(wanted));
        self.zones = zones::drops(design, &self.origins);
        cx.say(Effect::OverlayChanged);
        true
    }

    /// Returns the position that the anchor should have.
    fn wanted(&self, pointer: &Pointer, origin: [i32; 2], cx: &Context<'_>) -> [i32; 2] {
        let mut way = cx.canvas(pointer) - self.start;
        if pointer.modifiers.shift {
            if way.x.abs() >= way.y.abs() {
                way.y = 0.0;
            } else {
                way.x = 0.0;
            }
        }
        let free = Point::from(origin) + way;
        if pointer.modifiers.command {
            return free.to_position();
        }
        let scale = cx.viewport.scale();
        let mut snapped = snap(cx.document.design(), &self.origins, free, scale);
        // Kept to one direction, a node off the grid stays on its own line.
        if way.x == 0.0 {
            snapped.x = f64::from(origin[0]);
        }
        if way.y == 0.0 {
            snapped.y = f64::from(origin[1]);
        }
        snapped.to_position()
    }

    /// Returns the links that may be routed through a single, unconnected node.
    fn find_open_links(&self, design: &Design) -> Vec<(String, LinkPath)> {
        let Item::Node(anchor) = &self.anchor else {
            return Vec::new();
        };
        let mut links = design.links.iter();
        let is_wired = links.any(|link| link.from == *anchor || link.to == *anchor);
        if self.origins.len() != 1 || is_wired {
            return Vec::new();
        }
        let scene = Scene::new(design).without(anchor);
        let lines = scene.lines().rev();
        let fits = |id: &str| insert_into_link(design, id, anchor).is_some();
        lines
            .filter(|(link, _)| fits(&link.id))
            .map(|(link, line)| (link.id.clone(), LinkPath::new(line)))
            .collect()
    }

    /// Returns the node that may be put into a link: links ignore it while it is dragged.
    pub fn loose(&self) -> Option<&str> {
        match &self.anchor {
            Item::Node(id) if !self.open_links.is_empty() => Some(id),
            _ => None,
        }
    }

    /// Returns the link that a node was dropped on.
    fn link_below(&self, at: Point) -> Option<String> {
        let middle = rect_at(at).center();
        let mut links = self.open_links.iter();
        let below = links.find(|(_, path)| path.distance(middle) <= ON_LINE);
        below.map(|(link, _)| link.clone())
    }

    fn insert(&self, link: &str, cx: &mut Context<'_>) {
        let Item::Node(anchor) = &self.anchor else {
            return;
        };
        let commands = insert_into_link(cx.document.design(), link, anchor);
        if let Some(commands) = commands {
            cx.apply(Command::Batch(commands), &self.gesture);
        }
    }
}

/// Returns the link that runs through the middle of a node at `at`, if it may be routed through the
/// node.
pub(crate) fn link_under_node(design: &Design, node: &str, at: Point) -> Option<String> {
    let middle = rect_at(at).center();
    Scene::new(design)
        .without(node)
        .near(Rect::between(middle, middle).expand(ON_LINE))
        .rev()
        .filter(|(_, path)| path.distance(middle) <= ON_LINE)
        .map(|(link, _)| link.id.clone())
        .find(|link| insert_into_link(design, link, node).is_some())
}

/// The positions of items that can be moved.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// Of nodes, by id.
    pub(crate) nodes: BTreeMap<String, [i32; 2]>,
    /// Of notes, by index.
    pub(crate) notes: BTreeMap<usize, [i32; 2]>,
}

impl Places {
    /// Returns the positions of the selection. Links have none of their own: they follow their
    /// nodes.
    pub(crate) fn of(design: &Design, selection: &Selection) -> Self {
        let nodes = design.nodes.iter();
        let nodes = nodes.filter(|node| selection.nodes.contains(&node.id));
        let notes = design.settings.notes.iter().enumerate();
        let notes = notes.filter(|(at, _)| selection.notes.contains(at));
        Self {
            nodes: nodes.map(|node| (node.id.clone(), node.at)).collect(),
            notes: notes.map(|(at, note)| (at, note.at.0)).collect(),
        }
    }

    fn len(&self) -> usize {
        self.nodes.len() + self.notes.len()
    }

    fn at(&self, item: &Item) -> Option<[i32; 2]> {
        match item {
            Item::Node(id) => self.nodes.get(id).copied(),
            Item::Note(at) => self.notes.get(at).copied(),
            Item::Link(_) => None,
        }
    }

    /// Returns the commands that move all of it by a distance.
    pub(crate) fn moves(&self, by: Point) -> Vec<Command> {
        let to = |at: &[i32; 2]| (Point::from(*at) + by).to_position();
        let nodes = self.nodes.iter();
        let nodes = nodes.map(|(id, at)| Command::Move(id.clone(), to(at)));
        let notes = self.notes.iter().map(|(place, at)| {
            let path = format!("notes[{place}].at");
            Command::Set(Target::Settings, path, Place(to(at)).write())
        });
        nodes.chain(notes).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::Access;
    use crate::effect::Change;
    use crate::testing::{Hand, kind, small};
    use crate::tools::Tool;
    use design::Node;

    #[test]
    fn a_dragged_node_snaps_unless_told_not_to() {
        for (script, at) in [
            ("move 381 31; up 381 31", [328, 24]),
            ("move 381 31 command; up 381 31 command", [331, 21]),
            ("move 381 31 shift; up 381 31 shift", [328, 0]),
            ("move 361 50 shift; up 361 50 shift", [300, 40]),
            ("move 381 31; move 350 10; up 350 10", [300, 0]),
        ] {
            let mut hand = Hand::new();
            hand.play("down 350 10").play(script);
            assert_eq!(hand.at("api"), at, "{script}");
        }
    }

    #[test]
    fn one_drag_is_one_entry_and_tells_only_that_nodes_moved() {
        let mut hand = Hand::new();
        hand.play("down 350 10; move 400 90; move 450 130; move 500 170; up 500 170");
        assert_eq!(hand.history(), ["Move api"]);
        assert!(hand.has_changed(Change::Moved));
        assert!(!hand.has_changed(Change::Structure));
        hand.play("undo");
        assert_eq!(
            (hand.at("api"), hand.selected().as_str()),
            ([300, 0], "api")
        );
    }

    #[test]
    fn a_drag_back_to_where_it_began_is_no_entry() {
        let mut hand = Hand::new();
        hand.play("down 350 10; move 400 90; move 350 10; up 350 10");
        assert!(hand.history().is_empty());
        assert_eq!(hand.selected(), "api");
    }

    #[test]
    fn all_selected_nodes_move_together() {
        let mut hand = Hand::new();
        hand.play("select-all; down 350 10; move 350 90; up 350 90");
        let all = ["users", "api", "db"].map(|id| hand.at(id));
        assert_eq!(all, [[0, 80], [300, 80], [600, 80]]);
        assert_eq!(hand.history(), ["Move 3 nodes"]);
    }

    #[test]
    fn escape_puts_everything_back() {
        let mut hand = Hand::new();
        hand.play("down 50 10; up 50 10; down 350 10; move 400 90; cancel");
        assert_eq!(hand.editor.design(), &small());
        assert_eq!(hand.selected(), "users");
        assert!(hand.history().is_empty());
        hand.play("move 420 95; up 420 95");
        assert_eq!(hand.editor.design(), &small());
    }

    #[test]
    fn with_alt_a_copy_is_dragged() {
        let mut hand = Hand::new();
        hand.play("down 350 10 alt; move 350 130 alt; up 350 130 alt");
        assert_eq!((hand.at("api"), hand.at("api-2")), ([300, 0], [300, 120]));
        assert_eq!(hand.selected(), "api-2");
        assert_eq!(hand.history(), ["Duplicate api"]);
        hand.play("undo");
        assert_eq!(hand.editor.design(), &small());
        hand.play("down 350 10 alt; move 350 130 alt; cancel");
        assert_eq!(hand.editor.design(), &small());
    }

    #[test]
    fn a_loose_node_dropped_on_a_link_goes_into_it() {
        let mut design = small();
        design
            .nodes
            .push(Node::new("cache", kind("cache"), [0, 200]));
        design.nodes[2].at = [900, 0];
        let before = design.clone();
        let mut hand = Hand::on(design);
        hand.play("down 50 210; move 650 10");
        let Tool::Dragging(dragging) = hand.editor.tool() else {
            panic!("not dragging");
        };
        assert_eq!(dragging.into.as_deref(), Some("api->db"));
        assert!(!dragging.guides.is_empty());
        hand.play("up 650 10");
        assert_eq!(hand.links(), "users->api api->cache cache->db");
        assert_eq!(hand.history(), ["Move cache"]);
        hand.play("undo");
        assert_eq!(hand.editor.design(), &before);
    }

    #[test]
    fn a_node_that_goes_away_is_let_go_of() {
        let mut hand = Hand::new();
        hand.play("down 350 10; move 350 90");
        let remove = design::Command::RemoveNode("api".into());
        hand.editor.apply(remove).unwrap();
        hand.play("move 350 130; up 350 130");
        assert!(hand.editor.tool().is_idle());
        hand.play("undo; undo");
        assert_eq!(hand.editor.design(), &small());
    }

    #[test]
    fn who_may_only_look_pans_instead() {
        let mut hand = Hand::new();
        hand.editor.set_access(Access::Look);
        hand.play("down 350 10; move 350 90; up 350 90");
        assert_eq!(hand.editor.design(), &small());
        assert_eq!(hand.editor.viewport().offset().y, 80.0);
    }
}
