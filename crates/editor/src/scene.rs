//! A design seen as shapes: which curve every link takes, and the bounds of it all.

use crate::curve::{Curve, LinkPath};
use crate::geometry::{End, Point, Rect, node_rect, port, port_at};
use crate::note::note_rect;
use crate::selection::Selection;
use crate::zones::regions;
use design::{Design, Link, Node};
use std::collections::BTreeMap;

/// A design with what drawing and hit testing look up again and again. Cheap to make (one pass
/// over nodes and links), so it is made anew whenever the design changed.
pub struct Scene<'a> {
    design: &'a Design,
    nodes: BTreeMap<&'a str, &'a Node>,
    /// Of each link, in the design's order: how far it is off the middle of its parallel links.
    lanes: Vec<f64>,
}

impl<'a> Scene<'a> {
    /// Looks at a design.
    pub fn new(design: &'a Design) -> Self {
        let nodes = design
            .nodes
            .iter()
            .map(|node| (node.id.as_str(), node))
            .collect();
        let mut parallel: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (at, link) in design.links.iter().enumerate() {
            parallel.entry((&link.from, &link.to)).or_default().push(at);
        }
        let mut lanes = vec![0.0; design.links.len()];
        for links in parallel.values() {
            for (at, link) in links.iter().enumerate() {
                lanes[*link] = lane(at, links.len());
            }
        }
        Self {
            design,
            nodes,
            lanes,
        }
    }

    /// The design looked at.
    pub fn design(&self) -> &'a Design {
        self.design
    }

    /// The node called `id`.
    pub fn node(&self, id: &str) -> Option<&'a Node> {
        self.nodes.get(id).copied()
    }

    /// Every link whose ends exist, with its curve, in the order drawn.
    pub fn curves(&self) -> impl DoubleEndedIterator<Item = (&'a Link, Curve)> + '_ {
        self.design
            .links
            .iter()
            .zip(&self.lanes)
            .filter_map(|(link, lane)| Some((link, self.curve_in(link, *lane)?)))
    }

    /// The measured line of every link, in the order drawn; none where an end does not exist.
    pub fn paths(&self) -> impl Iterator<Item = Option<LinkPath>> + '_ {
        let links = self.design.links.iter().zip(&self.lanes);
        links.map(|(link, lane)| self.curve_in(link, *lane).map(LinkPath::new))
    }

    /// The curve of the link called `id`.
    pub fn curve(&self, id: &str) -> Option<Curve> {
        let at = self.design.links.iter().position(|link| link.id == id)?;
        self.curve_in(&self.design.links[at], self.lanes[at])
    }

    /// The measured line of the link called `id`.
    pub fn path(&self, id: &str) -> Option<LinkPath> {
        self.curve(id).map(LinkPath::new)
    }

    /// The rectangle around every node, link, note and zone; none of an empty design.
    pub fn bounds(&self) -> Option<Rect> {
        self.design
            .nodes
            .iter()
            .map(node_rect)
            .chain(self.design.settings.notes.iter().map(note_rect))
            .chain(regions(self.design).into_iter().map(|region| region.rect))
            .chain(
                self.curves()
                    .map(|(_, curve)| LinkPath::new(curve).bounds()),
            )
            .reduce(Rect::union)
    }

    /// The rectangle around what is selected; none if nothing is.
    pub fn bounds_of(&self, selection: &Selection) -> Option<Rect> {
        let nodes = selection
            .nodes
            .iter()
            .filter_map(|id| self.node(id))
            .map(node_rect);
        let links = selection
            .links
            .iter()
            .filter_map(|id| self.path(id))
            .map(|path| path.bounds());
        let notes = selection
            .notes
            .iter()
            .filter_map(|at| self.design.settings.notes.get(*at))
            .map(note_rect);
        nodes.chain(links).chain(notes).reduce(Rect::union)
    }

    fn curve_in(&self, link: &Link, lane: f64) -> Option<Curve> {
        let outlet = port_at(Point::from(self.node(&link.from)?.at), End::From);
        let inlet = port_at(Point::from(self.node(&link.to)?.at), End::To);
        Some(Curve::between(outlet, inlet, lane))
    }
}

/// How far off the middle of so many parallel links this one is.
fn lane(at: usize, count: usize) -> f64 {
    at as f64 - (count - 1) as f64 / 2.0
}

/// The measured line of a single link, as [`Scene::path`] gives it, without a look at all others.
pub fn path_of(design: &Design, id: &str) -> Option<LinkPath> {
    let link = design.link(id)?;
    let is_parallel = |other: &&Link| other.from == link.from && other.to == link.to;
    let parallel = || design.links.iter().filter(is_parallel);
    let at = parallel().position(|other| other.id == id)?;
    let outlet = port(design.node(&link.from)?, End::From);
    let inlet = port(design.node(&link.to)?, End::To);
    let curve = Curve::between(outlet, inlet, lane(at, parallel().count()));
    Some(LinkPath::new(curve))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::small;
    use design::Link;
    use design::link::Mode;

    #[test]
    fn parallel_links_spread_around_the_middle() {
        let mut design = small();
        let alone = Scene::new(&design).path("api->db").unwrap();
        design
            .links
            .push(Link::new("second", "api", "db", Mode::Call));
        let scene = Scene::new(&design);
        let (first, second) = (
            scene.path("api->db").unwrap(),
            scene.path("second").unwrap(),
        );
        assert_eq!(first.at(0.5).y + 10.5, alone.at(0.5).y);
        assert_eq!(second.at(0.5).y - 10.5, alone.at(0.5).y);
        assert_eq!(first.curve.end, second.curve.end);
        for (link, path) in design.links.iter().zip(scene.paths()) {
            assert_eq!(path, scene.path(&link.id));
            assert_eq!(path, path_of(&design, &link.id));
        }
    }

    #[test]
    fn bounds_hold_nodes_and_links_that_swing_out() {
        let mut design = small();
        assert_eq!(
            Scene::new(&design).bounds(),
            Some(Rect::between(Point::new(0.0, 0.0), Point::new(776.0, 72.0)))
        );
        design
            .links
            .push(Link::new("back", "db", "users", Mode::Call));
        let bounds = Scene::new(&design).bounds().unwrap();
        assert!(bounds.max.y > 80.0 && bounds.min.x < 0.0);
        assert_eq!(Scene::new(&Design::default()).bounds(), None);
    }
}
