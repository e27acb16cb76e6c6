//! A design as shapes: the line of every link, and the bounds of the whole.

use crate::cards::Cards;
use crate::curve::{Line, LinkPath};
use crate::geometry::{Rect, node_rect};
use crate::note::note_rect;
use crate::route::{Job, REACH};
use crate::selection::Selection;
use crate::zones::regions;
use design::{Design, Link, Node};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Additional distance from a card of each further parallel link that leads around it.
const LANE_SPREAD: f64 = 10.0;

/// A design with lookup tables for drawing and hit testing. Making one is cheap (one pass over
/// nodes and links), so it is made again whenever the design changes.
pub struct Scene<'a> {
    design: &'a Design,
    /// Indices of nodes, by id.
    nodes: BTreeMap<&'a str, usize>,
    /// The job of each link, in the design's order; `None` if an end does not exist.
    pub(crate) jobs: Vec<Option<Job>>,
    pub(crate) cards: Cards,
    lines: RefCell<Lines>,
}

/// The lines that were computed so far, by the indices of their links.
pub(crate) type Lines = BTreeMap<usize, LinkPath>;

impl<'a> Scene<'a> {
    /// Returns the scene of a design some of whose lines are known.
    pub(crate) fn knowing(design: &'a Design, lines: Lines) -> Self {
        Self {
            lines: RefCell::new(lines),
            ..Self::new(design)
        }
    }

    /// Returns the lines that are known by now.
    pub(crate) fn into_lines(self) -> Lines {
        self.lines.into_inner()
    }

    /// Returns the scene of a design.
    pub fn new(design: &'a Design) -> Self {
        let nodes = design.nodes.iter().enumerate();
        let nodes: BTreeMap<&str, usize> = nodes.map(|(at, node)| (node.id.as_str(), at)).collect();
        let mut parallel: BTreeMap<[usize; 2], Vec<usize>> = BTreeMap::new();
        for (at, link) in design.links.iter().enumerate() {
            let end = |id: &String| nodes.get(id.as_str()).copied();
            if let (Some(from), Some(to)) = (end(&link.from), end(&link.to)) {
                parallel.entry([from, to]).or_default().push(at);
            }
        }
        let mut jobs = vec![None; design.links.len()];
        for (ends, links) in parallel {
            let spread = own_spread(&design.links[links[0]]);
            for (at, link) in links.iter().enumerate() {
                jobs[*link] = Some(Job {
                    ends,
                    lane: lane(at, links.len()),
                    spread: spread + LANE_SPREAD * at as f64,
                });
            }
        }
        Self {
            cards: Cards::new(design),
            design,
            nodes,
            jobs,
            lines: RefCell::default(),
        }
    }

    /// Returns the scene as if links ignored this node.
    #[must_use]
    pub(crate) fn without(mut self, node: &str) -> Self {
        if let Some(card) = self.nodes.get(node) {
            self.cards.lift(*card);
            self.lines.take();
        }
        self
    }

    /// Returns the design.
    pub fn design(&self) -> &'a Design {
        self.design
    }

    /// Returns the node called `id`.
    pub fn node(&self, id: &str) -> Option<&'a Node> {
        let at = self.nodes.get(id)?;
        self.design.nodes.get(*at)
    }

    /// Returns every link whose ends exist, with its line, in drawing order.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = (&'a Link, Line)> + '_ {
        let links = self.drawn_links();
        links.map(|(link, job)| (link, job.route(&self.cards).line))
    }

    /// Returns the links that may run through an area, with their measured lines, in drawing order.
    pub fn near(&self, area: Rect) -> impl DoubleEndedIterator<Item = (&'a Link, LinkPath)> + '_ {
        let links = self.design.links.iter().zip(&self.jobs).enumerate();
        links.filter_map(move |(at, (link, job))| {
            let job = job.as_ref()?;
            let hull = job.plain(&self.cards).hull();
            let may = hull.expand(REACH).intersects(&area);
            let is_near = |path: &LinkPath| path.line.hull().intersects(&area);
            let path = may.then(|| self.known(at, job, |path| is_near(path).then(|| path.clone())));
            Some((link, path??))
        })
    }

    /// Reads a line, and computes it only if it is not known yet.
    fn known<T>(&self, at: usize, job: &Job, read: impl FnOnce(&LinkPath) -> T) -> T {
        let mut lines = self.lines.borrow_mut();
        let lead = || LinkPath::new(job.route(&self.cards).line);
        read(lines.entry(at).or_insert_with(lead))
    }

    fn drawn_links(&self) -> impl DoubleEndedIterator<Item = (&'a Link, &Job)> + '_ {
        let links = self.design.links.iter().zip(&self.jobs);
        links.filter_map(|(link, job)| Some((link, job.as_ref()?)))
    }

    /// Returns the measured line of every link, in drawing order; `None` if an end does not exist.
    pub fn paths(&self) -> impl Iterator<Item = Option<LinkPath>> + '_ {
        let jobs = self.jobs.iter().map(Option::as_ref);
        jobs.map(|job| Some(LinkPath::new(job?.route(&self.cards).line)))
    }

    /// Returns the line of the link called `id`.
    pub fn line(&self, id: &str) -> Option<Line> {
        let at = self.design.links.iter().position(|link| link.id == id)?;
        Some(self.jobs[at].as_ref()?.route(&self.cards).line)
    }

    /// Returns the measured line of the link called `id`.
    pub fn path(&self, id: &str) -> Option<LinkPath> {
        let at = self.design.links.iter().position(|link| link.id == id)?;
        Some(self.known(at, self.jobs[at].as_ref()?, LinkPath::clone))
    }

    /// Returns the rectangle around every node, link, note and zone; `None` for an empty design.
    pub fn bounds(&self) -> Option<Rect> {
        let lines = self.lines();
        let lines = lines.map(|(_, line)| LinkPath::new(line).bounds());
        bounds_of_parts(self.design)
            .into_iter()
            .chain(lines)
            .reduce(Rect::union)
    }

    /// Returns the same rectangle with plain lines, without a search for routes. What leads around
    /// a card at the edge stays within the margin of a view.
    pub fn extent(&self) -> Option<Rect> {
        let lines = self.drawn_links().map(|(_, job)| job.plain(&self.cards));
        let lines = lines.map(|curve| LinkPath::new(curve).bounds());
        bounds_of_parts(self.design)
            .into_iter()
            .chain(lines)
            .reduce(Rect::union)
    }

    /// Returns the rectangle around the selection; `None` if nothing is selected.
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
}

/// Returns the rectangle around every node, note and zone of a design. Links are left out, because
/// their routes take longer to find.
pub fn bounds_of_parts(design: &Design) -> Option<Rect> {
    let nodes = design.nodes.iter().map(node_rect);
    let notes = design.settings.notes.iter().map(note_rect);
    let zones = regions(design).into_iter().map(|region| region.rect);
    nodes.chain(notes).chain(zones).reduce(Rect::union)
}

/// Returns the distance of one of `count` parallel links from their middle.
fn lane(at: usize, count: usize) -> f64 {
    at as f64 - (count - 1) as f64 / 2.0
}

/// Returns a small distance that differs from link to link and does not depend on other links.
fn own_spread(link: &Link) -> f64 {
    let sum: u32 = link.id.bytes().map(u32::from).sum();
    f64::from(sum % 3) * 4.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{NODE_HEIGHT, NODE_WIDTH, Point};
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
        assert_eq!(first.line.end(), second.line.end());
        for (link, path) in design.links.iter().zip(scene.paths()) {
            assert_eq!(path, scene.path(&link.id));
        }
    }

    #[test]
    fn lines_that_are_known_are_not_led_again() {
        let design = small();
        let everywhere = Rect::between(Point::new(-1e6, -1e6), Point::new(1e6, 1e6));
        let scene = Scene::new(&design);
        assert_eq!(scene.near(everywhere).count(), 2);
        let mut lines = scene.into_lines();
        assert_eq!(lines.len(), 2);
        // A line that no search would find shows that no search was made.
        lines.insert(1, lines[&0].clone());
        let scene = Scene::knowing(&design, lines);
        let [first, second] = [0, 1].map(|at| scene.path(&design.links[at].id));
        assert_eq!(first, second);
        let found: Vec<_> = scene.near(everywhere).map(|(_, path)| path).collect();
        assert_eq!(found[0], found[1]);
        let scene = scene.without("api");
        assert_ne!(scene.path(&design.links[1].id), first);
    }

    #[test]
    fn bounds_hold_nodes_and_links_that_swing_out() {
        let mut design = small();
        assert_eq!(
            Scene::new(&design).bounds(),
            Some(Rect::between(
                Point::new(0.0, 0.0),
                Point::new(600.0 + NODE_WIDTH, NODE_HEIGHT)
            ))
        );
        design
            .links
            .push(Link::new("back", "db", "users", Mode::Call));
        let bounds = Scene::new(&design).bounds().unwrap();
        assert!(bounds.max.y > NODE_HEIGHT + 8.0 && bounds.min.x < 0.0);
        assert_eq!(Scene::new(&Design::default()).bounds(), None);
    }
}
