//! Hit testing: what is under the pointer.

use crate::curve::LinkPath;
use crate::geometry::{End, NODE_HEIGHT, Point, Rect, has_port, node_rect, port};
use crate::input::PointerKind;
use crate::note::note_rect;
use crate::scene::Scene;
use crate::selection::Item;

/// Maximum reach of a port, in canvas units. When zoomed far out, a larger one would cover its node
/// and the grips of its links.
pub const PORT_REACH: f64 = 24.0;
/// Distance from a link's end to the middle of its grip, in canvas units. The grip is the handle
/// that takes the end off. It is farther out than any port reaches.
const GRIP: f64 = PORT_REACH + 4.0;
/// Reach of a grip along the link, in port radii and in canvas units; the larger applies.
const GRIP_REACH: (f64, f64) = (3.0, 36.0);
/// Maximum share of a link that is its grip, so that a short link has a middle too.
const GRIP_SHARE: f64 = 0.35;

/// What is at a point of the canvas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Hit {
    /// A grip of a selected link: its end can be taken off.
    LinkEnd(String, End),
    /// A port of a node: a wire can start here.
    Port(String, End),
    /// A node.
    Node(String),
    /// A link.
    Link(String),
    /// A note, by its index.
    Note(usize),
    /// Nothing.
    #[default]
    Empty,
}

impl Hit {
    /// Returns the node or link that is there.
    pub fn item(&self) -> Option<Item> {
        match self {
            Self::Port(id, _) | Self::Node(id) => Some(Item::Node(id.clone())),
            Self::LinkEnd(id, _) | Self::Link(id) => Some(Item::Link(id.clone())),
            Self::Note(at) => Some(Item::Note(*at)),
            Self::Empty => None,
        }
    }
}

/// How precisely the user has to aim.
#[derive(Clone, Copy, Debug)]
pub struct Aim {
    /// The kind of pointer.
    pub kind: PointerKind,
    /// Screen pixels per canvas unit.
    pub scale: f64,
}

impl Aim {
    /// Returns the radius of a port on the canvas.
    fn port_radius(self) -> f64 {
        (self.kind.port_radius() / self.scale).min(PORT_REACH)
    }

    fn link_radius(self) -> f64 {
        (self.kind.link_radius() / self.scale).min(NODE_HEIGHT / 2.0)
    }
}

/// Returns what is at a point of the canvas. Ports come first, because drawing links is the most
/// frequent action, and before their nodes, because they are small. Links come last, because they
/// run beneath the nodes. `gripped` is the link whose ends can be taken off; its grips come before
/// other links.
pub fn hit(scene: &Scene<'_>, gripped: Option<&str>, at: Point, aim: Aim) -> Hit {
    node_or_port(scene, at, aim)
        .or_else(|| gripped.and_then(|id| grip(scene, id, at, aim)))
        .or_else(|| link(scene, at, aim))
        .or_else(|| note(scene, at))
        .unwrap_or_default()
}

/// Returns the topmost node at a point, its ports included: the node on which a wire would be
/// dropped.
pub fn node_at(scene: &Scene<'_>, at: Point, aim: Aim) -> Option<String> {
    match node_or_port(scene, at, aim)? {
        Hit::Port(id, _) | Hit::Node(id) => Some(id),
        Hit::LinkEnd(..) | Hit::Link(_) | Hit::Note(_) | Hit::Empty => None,
    }
}

fn grip(scene: &Scene<'_>, link: &str, at: Point, aim: Aim) -> Option<Hit> {
    let path = scene.path(link)?;
    let (distance, gone) = path.nearest(at);
    if distance > aim.link_radius() {
        return None;
    }
    let reach = (aim.port_radius() * GRIP_REACH.0).max(GRIP_REACH.1);
    // On a short link the grips are that close. Each end has its half, so that all of a grip
    // counts.
    let reach = reach.min(path.length() * 0.5);
    let end = match path.length() - gone {
        _ if gone <= reach => End::From,
        left if left <= reach => End::To,
        _ => return None,
    };
    Some(Hit::LinkEnd(link.to_owned(), end))
}

/// Returns the middles of a link's grips, the caller's end first.
pub fn grips(path: &LinkPath) -> [Point; 2] {
    let share = (GRIP / path.length().max(1.0)).min(GRIP_SHARE);
    [path.at(share), path.at(1.0 - share)]
}

fn node_or_port(scene: &Scene<'_>, at: Point, aim: Aim) -> Option<Hit> {
    let radius = aim.port_radius();
    scene.design().nodes.iter().rev().find_map(|node| {
        let rect = node_rect(node);
        if !rect.expand(radius).contains(at) {
            return None;
        }
        [End::From, End::To]
            .into_iter()
            .find(|end| port(node, *end).distance(at) <= radius && has_port(&node.kind, *end))
            .map(|end| Hit::Port(node.id.clone(), end))
            .or_else(|| rect.contains(at).then(|| Hit::Node(node.id.clone())))
    })
}

/// Returns the topmost note.
fn note(scene: &Scene<'_>, at: Point) -> Option<Hit> {
    let notes = &scene.design().settings.notes;
    let hit = notes.iter().rposition(|note| note_rect(note).contains(at));
    hit.map(Hit::Note)
}

/// Returns the nearest link within reach; of equally near ones the topmost.
fn link(scene: &Scene<'_>, at: Point, aim: Aim) -> Option<Hit> {
    let radius = aim.link_radius();
    let mut nearest = (radius, None);
    for (link, path) in scene.near(Rect::between(at, at).expand(radius)).rev() {
        let distance = path.distance(at);
        if distance < nearest.0 || (distance == nearest.0 && nearest.1.is_none()) {
            nearest = (distance, Some(&link.id));
        }
    }
    nearest.1.map(|id| Hit::Link(id.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::NODE_WIDTH;
    use crate::testing::small;

    const MOUSE: Aim = Aim {
        kind: PointerKind::Mouse,
        scale: 1.0,
    };

    #[test]
    fn the_right_thing_is_hit() {
        let design = small();
        let scene = Scene::new(&design);
        let (link, none) = (Some("api->db"), None);
        let end = |end| Hit::LinkEnd("api->db".into(), end);
        let port = |id: &str, end| Hit::Port(id.into(), end);
        // The height of the line, and where it begins.
        let (line, out) = (NODE_HEIGHT / 2.0, 300.0 + NODE_WIDTH);
        let middle = out.midpoint(600.0);
        for (x, y, gripped, wanted) in [
            (350.0, 10.0, none, Hit::Node("api".into())),
            (out, line, none, port("api", End::From)),
            (out + 11.0, line, none, port("api", End::From)),
            (out - 11.0, line, none, port("api", End::From)),
            (300.0, line + 4.0, none, port("api", End::To)),
            (0.0, line, none, Hit::Node("users".into())),
            (600.0 + NODE_WIDTH, line, none, port("db", End::From)),
            (middle, line + 4.0, none, Hit::Link("api->db".into())),
            (middle, line + 8.0, none, Hit::Empty),
            (out + 4.0, line, link, port("api", End::From)),
            (595.0, line, link, port("db", End::To)),
            (300.0, line, link, port("api", End::To)),
            (out + 16.0, line, link, end(End::From)),
            (out + 34.0, line + 4.0, link, end(End::From)),
            (middle, line, link, Hit::Link("api->db".into())),
            (566.0, line, link, end(End::To)),
            (585.0, line, link, end(End::To)),
            (out + 16.0, line, none, Hit::Link("api->db".into())),
            (out + 16.0, line, Some("gone"), Hit::Link("api->db".into())),
        ] {
            assert_eq!(
                hit(&scene, gripped, Point::new(x, y), MOUSE),
                wanted,
                "at {x}, {y}"
            );
        }
    }

    #[test]
    fn a_grip_is_where_it_is_drawn_at_any_zoom() {
        let mut design = small();
        for (x, y) in [(600, 0), (500, 0), (700, 300), (100, 300), (300, 400)] {
            design.nodes[2].at = [x, y];
            let scene = Scene::new(&design);
            let path = scene.path("api->db").unwrap();
            for kind in [PointerKind::Mouse, PointerKind::Touch] {
                for scale in [0.1, 0.5, 1.0, 1.7, 4.0] {
                    let aim = Aim { kind, scale };
                    let aside = 3.0 / scale.max(1.0);
                    let off = [-aside, 0.0, aside].map(|x| Point::new(x, 0.0));
                    let ends = grips(&path).into_iter().zip([End::From, End::To]);
                    let spots = ends.flat_map(|(at, end)| off.map(|off| (at + off, end)));
                    for (at, end) in spots {
                        let wanted = Hit::LinkEnd("api->db".into(), end);
                        let found = hit(&scene, Some("api->db"), at, aim);
                        // The ports of a very short link cover it, at any zoom.
                        let is_short = path.length() < 3.0 * aim.port_radius();
                        assert!(
                            found == wanted || is_short,
                            "db at {x}, {y}: {found:?} {aim:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_finger_aims_less_exactly_and_zooming_out_does_not_hide_the_node() {
        let design = small();
        let scene = Scene::new(&design);
        let beside = Point::new(319.0 + NODE_WIDTH, NODE_HEIGHT / 2.0);
        let finger = Aim {
            kind: PointerKind::Touch,
            scale: 1.0,
        };
        assert_eq!(
            hit(&scene, None, beside, finger),
            Hit::Port("api".into(), End::From)
        );
        let far = Aim {
            kind: PointerKind::Touch,
            scale: 0.1,
        };
        assert_eq!(
            hit(&scene, None, node_rect(&design.nodes[1]).center(), far),
            Hit::Node("api".into())
        );
    }

    #[test]
    fn the_node_drawn_last_is_on_top() {
        let mut design = small();
        design.nodes[2].at = [310, 10];
        let scene = Scene::new(&design);
        assert_eq!(
            node_at(&scene, Point::new(400.0, 40.0), MOUSE),
            Some("db".into())
        );
    }
}
