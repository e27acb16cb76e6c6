//! What is under the pointer.

use crate::curve::LinkPath;
use crate::geometry::{End, NODE_HEIGHT, Point, has_port, node_rect, port};
use crate::input::PointerKind;
use crate::note::note_rect;
use crate::scene::Scene;
use crate::selection::{Item, Selection};

/// What is at a point of the canvas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Hit {
    /// The end of a selected link: it can be taken off.
    LinkEnd(String, End),
    /// A node's port: a wire can start.
    Port(String, End),
    /// A node.
    Node(String),
    /// A link.
    Link(String),
    /// A note, by its place in the list.
    Note(usize),
    /// Nothing.
    #[default]
    Empty,
}

impl Hit {
    /// The node or link that is there.
    pub fn item(&self) -> Option<Item> {
        match self {
            Self::Port(id, _) | Self::Node(id) => Some(Item::Node(id.clone())),
            Self::LinkEnd(id, _) | Self::Link(id) => Some(Item::Link(id.clone())),
            Self::Note(at) => Some(Item::Note(*at)),
            Self::Empty => None,
        }
    }
}

/// How exactly one has to aim.
#[derive(Clone, Copy, Debug)]
pub struct Aim {
    /// What points.
    pub kind: PointerKind,
    /// Screen pixels per canvas unit.
    pub scale: f64,
}

impl Aim {
    /// A radius on the canvas. Zoomed far out, a port must not swallow its node.
    fn port_radius(self) -> f64 {
        (self.kind.port_radius() / self.scale).min(NODE_HEIGHT / 3.0)
    }

    fn link_radius(self) -> f64 {
        (self.kind.link_radius() / self.scale).min(NODE_HEIGHT / 2.0)
    }
}

/// What is at a point of the canvas. Ends of selected links come first, because one has pointed
/// at that link before; then ports, which are small, before the nodes they sit on; links last,
/// because they run beneath the nodes.
pub fn hit(scene: &Scene<'_>, selection: &Selection, at: Point, aim: Aim) -> Hit {
    link_end(scene, selection, at, aim)
        .or_else(|| node_or_port(scene, at, aim))
        .or_else(|| link(scene, at, aim))
        .or_else(|| note(scene, at))
        .unwrap_or_default()
}

/// The topmost node at a point, its ports included: where a wire would be dropped.
pub fn node_at(scene: &Scene<'_>, at: Point, aim: Aim) -> Option<String> {
    match node_or_port(scene, at, aim)? {
        Hit::Port(id, _) | Hit::Node(id) => Some(id),
        Hit::LinkEnd(..) | Hit::Link(_) | Hit::Note(_) | Hit::Empty => None,
    }
}

fn link_end(scene: &Scene<'_>, selection: &Selection, at: Point, aim: Aim) -> Option<Hit> {
    selection.links.iter().find_map(|id| {
        let curve = scene.curve(id)?;
        [(curve.start, End::From), (curve.end, End::To)]
            .into_iter()
            .find(|(end, _)| end.distance(at) <= aim.port_radius())
            .map(|(_, end)| Hit::LinkEnd(id.clone(), end))
    })
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

/// The topmost note.
fn note(scene: &Scene<'_>, at: Point) -> Option<Hit> {
    let notes = &scene.design().settings.notes;
    let hit = notes.iter().rposition(|note| note_rect(note).contains(at));
    hit.map(Hit::Note)
}

/// The nearest link within reach; of equally near ones the topmost.
fn link(scene: &Scene<'_>, at: Point, aim: Aim) -> Option<Hit> {
    let radius = aim.link_radius();
    let mut nearest = (radius, None);
    for (link, curve) in scene.curves().rev() {
        if !curve.hull().expand(radius).contains(at) {
            continue;
        }
        let distance = LinkPath::new(curve).distance(at);
        if distance < nearest.0 || (distance == nearest.0 && nearest.1.is_none()) {
            nearest = (distance, Some(&link.id));
        }
    }
    nearest.1.map(|id| Hit::Link(id.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::small;

    const MOUSE: Aim = Aim {
        kind: PointerKind::Mouse,
        scale: 1.0,
    };

    #[test]
    fn the_right_thing_is_hit() {
        let design = small();
        let scene = Scene::new(&design);
        let link = Selection::only(Item::Link("api->db".into()));
        let none = Selection::none();
        let port = |id: &str, end| Hit::Port(id.into(), end);
        for (x, y, selection, wanted) in [
            (350.0, 10.0, &none, Hit::Node("api".into())),
            (476.0, 36.0, &none, port("api", End::From)),
            (487.0, 36.0, &none, port("api", End::From)),
            (465.0, 36.0, &none, port("api", End::From)),
            (300.0, 40.0, &none, port("api", End::To)),
            (0.0, 36.0, &none, Hit::Node("users".into())),
            (776.0, 36.0, &none, port("db", End::From)),
            (540.0, 40.0, &none, Hit::Link("api->db".into())),
            (540.0, 44.0, &none, Hit::Empty),
            (
                480.0,
                36.0,
                &link,
                Hit::LinkEnd("api->db".into(), End::From),
            ),
            (595.0, 36.0, &link, Hit::LinkEnd("api->db".into(), End::To)),
            (300.0, 36.0, &link, port("api", End::To)),
        ] {
            assert_eq!(
                hit(&scene, selection, Point::new(x, y), MOUSE),
                wanted,
                "at {x}, {y}"
            );
        }
    }

    #[test]
    fn a_finger_aims_less_exactly_and_zooming_out_does_not_hide_the_node() {
        let design = small();
        let scene = Scene::new(&design);
        let beside = Point::new(495.0, 36.0);
        let finger = Aim {
            kind: PointerKind::Touch,
            scale: 1.0,
        };
        assert_eq!(
            hit(&scene, &Selection::none(), beside, finger),
            Hit::Port("api".into(), End::From)
        );
        let far = Aim {
            kind: PointerKind::Touch,
            scale: 0.1,
        };
        assert_eq!(
            hit(&scene, &Selection::none(), Point::new(388.0, 36.0), far),
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
