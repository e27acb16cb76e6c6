//! Adding nodes to the design: new ones, and copies.

use crate::describe::nodes_in_words;
use crate::editor::Editor;
use crate::effect::{Effect, QuickAdd};
use crate::fragment;
use crate::geometry::{GRID, NODE_HEIGHT, NODE_WIDTH, Point, node_rect, port_at, rect_at};
use crate::selection::{Item, Selection};
use crate::tools::Access;
use crate::tools::dragging::link_under_node;
use crate::wire::insert_into_link;
use design::document::NODES_MAX;
use design::{Command, Design, Kind, Node};

/// How far a copy stands from the original, in canvas units.
const ASIDE: i32 = 3 * GRID as i32;

impl Editor {
    /// Adds a node with its middle at a canvas point, or where there is room near the middle of
    /// the screen, and selects it. Dropped on a link that it fits into, it is put into that.
    pub fn add_node(&mut self, kind: Kind, at: Option<Point>) -> Vec<Effect> {
        let corner = self.corner_for_new(at);
        self.add(kind, corner, |design, node| {
            let link = at.and_then(|_| link_under_node(design, node, corner))?;
            insert_into_link(design, &link, node)
        })
    }

    /// Adds the node that a quick-add asked for, and connects the wire to it.
    pub fn quick_add(&mut self, kind: Kind, wanted: &QuickAdd) -> Vec<Effect> {
        let Some(wire) = &wanted.wire else {
            return self.add_node(kind, Some(wanted.at));
        };
        // The wire's end is where the new node's port should be.
        let corner = on_grid(wanted.at - port_at(Point::default(), wire.loose));
        self.add(kind, corner, |design, node| {
            if wire.refusal(design, node).is_some() {
                return None;
            }
            let (command, _) = wire.connect(design, node)?;
            Some(vec![command])
        })
    }

    /// Adds a node, then does what `connect` says, as one gesture.
    fn add(
        &mut self,
        kind: Kind,
        corner: Point,
        connect: impl FnOnce(&Design, &str) -> Option<Vec<Command>>,
    ) -> Vec<Effect> {
        if self.access() == Access::Look {
            return vec![Effect::Refused("this design can only be looked at".into())];
        }
        if self.design().nodes.len() >= NODES_MAX {
            let why = format!("a design has at most {NODES_MAX} nodes");
            return vec![Effect::Refused(why)];
        }
        self.nudging = None;
        let id = self.design().free_id(kind.name());
        let gesture = self.gesture(format!("Add {id}"));
        let node = Node::new(id.clone(), kind, corner.to_position());
        let mut effects = Vec::new();
        self.step(
            |tool, cx| {
                let place = cx.document.design().nodes.len();
                if cx.apply(Command::AddNode(place, Box::new(node)), &gesture) {
                    if let Some(commands) = connect(cx.document.design(), &id) {
                        cx.apply(Command::Batch(commands), &gesture);
                    }
                    cx.select_made(Selection::only(Item::Node(id)), &gesture);
                }
                tool
            },
            &mut effects,
        );
        effects
    }

    /// The upper left corner of a new node.
    fn corner_for_new(&self, at: Option<Point>) -> Point {
        let half = Point::new(NODE_WIDTH, NODE_HEIGHT) * 0.5;
        if let Some(at) = at {
            return on_grid(at - half);
        }
        let mut corner = on_grid(self.viewport.center() - half);
        let taken = |corner: Point| {
            let here = rect_at(corner);
            self.design()
                .nodes
                .iter()
                .any(|node| node_rect(node).intersects(&here))
        };
        // Downwards, row by row; in a crowd it is on top at last, where it can be seen.
        for _ in 0..20 {
            if !taken(corner) {
                break;
            }
            corner.y += 2.0 * NODE_HEIGHT - f64::from(ASIDE);
        }
        corner
    }

    /// What is selected, as a design of its own: for the clipboard. None without a node.
    pub fn copy(&self) -> Option<Design> {
        let copied = fragment::copy(self.design(), self.selection());
        (!copied.nodes.is_empty()).then_some(copied)
    }

    /// Adds a copied fragment and selects it: around a canvas point, or a little aside of where it
    /// was copied from.
    pub fn paste(&mut self, copied: &Design, at: Option<Point>) -> Vec<Effect> {
        let bounds = copied.nodes.iter().map(node_rect).reduce(|a, b| a.union(b));
        let by = match (at, bounds) {
            (Some(at), Some(bounds)) => {
                let corner = on_grid(at - bounds.size() * 0.5);
                (corner - bounds.min).to_position()
            }
            _ => [ASIDE, ASIDE],
        };
        self.insert(copied, by, "Paste")
    }

    pub(crate) fn duplicate(&mut self) -> Vec<Effect> {
        match self.copy() {
            Some(copied) => self.insert(&copied, [ASIDE, ASIDE], "Duplicate"),
            None => Vec::new(),
        }
    }

    fn insert(&mut self, copied: &Design, by: [i32; 2], verb: &str) -> Vec<Effect> {
        if self.access() == Access::Look || copied.nodes.is_empty() {
            return Vec::new();
        }
        let paste = match fragment::paste(self.design(), copied, by) {
            Ok(paste) => paste,
            Err(why) => return vec![Effect::Refused(why)],
        };
        self.nudging = None;
        let ids = copied.nodes.iter().map(|node| node.id.clone()).collect();
        let gesture = self.gesture(format!("{verb} {}", nodes_in_words(copied, &ids)));
        let mut effects = Vec::new();
        self.step(
            |tool, cx| {
                if cx.apply(paste.command, &gesture) {
                    cx.select_made(Selection::of_nodes(paste.nodes), &gesture);
                }
                tool
            },
            &mut effects,
        );
        effects
    }
}

fn on_grid(at: Point) -> Point {
    Point::new((at.x / GRID).round() * GRID, (at.y / GRID).round() * GRID)
}
