//! The lines of all links, kept from move to move. A move recomputes only the links that end at
//! what moved or could pass it.

use crate::areas::Areas;
use crate::cards::Cards;
use crate::curve::LinkPath;
use crate::geometry::{Point, Rect, node_rect, rect_at};
use crate::labels::{Labels, LinkLabels};
use crate::route::{Job, Routed};
use crate::scene::Scene;
use design::{Design, Link};
use std::collections::BTreeSet;

/// The lines of a design's links.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    cards: Cards,
    /// The ids of the links, in the design's order.
    ids: Vec<String>,
    links: Vec<Option<Kept>>,
    /// The links that end at each node.
    of_node: Vec<Vec<usize>>,
    reaches: Areas,
    labels: Labels,
    /// The node that links ignore: see [`Dragging::loose`](crate::tools::Dragging::loose).
    loose: Option<usize>,
    work: u64,
}

/// A link with its line.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    job: Job,
    pub(crate) path: LinkPath,
    reach: Rect,
}

impl Routes {
    /// Computes the lines of all links of a design.
    pub fn new(design: &Design) -> Self {
        let Scene { jobs, cards, .. } = Scene::new(design);
        let ids = design.links.iter();
        let mut routes = Self {
            ids: ids.map(|link| link.id.clone()).collect(),
            of_node: vec![Vec::new(); design.nodes.len()],
            cards,
            ..Self::default()
        };
        for (at, job) in jobs.into_iter().enumerate() {
            let kept = job.map(|job| {
                for end in BTreeSet::from(job.ends) {
                    routes.of_node[end].push(at);
                }
                let Routed { line, reach } = job.route(&routes.cards);
                routes.work += 1;
                routes.reaches.insert(at, reach);
                let path = LinkPath::new(line);
                Kept { job, path, reach }
            });
            routes.links.push(kept);
        }
        routes.labels = Labels::new(design, &routes.cards, &routes.links);
        routes
    }

    /// Sets the design. Recomputes links near what moved, or all of them if nodes or links were
    /// added or removed. Returns the links whose line or labels changed; `None` if all were
    /// recomputed.
    pub fn take_design(&mut self, design: &Design) -> Option<Vec<usize>> {
        if !self.has_ends_of(design) {
            let work = self.work();
            *self = Self::new(design);
            self.work += work[0];
            self.labels.work += work[1];
            return None;
        }
        let nodes = design.nodes.iter().enumerate();
        let moved = nodes.filter(|(at, node)| self.cards.rect(*at) != node_rect(node));
        let moved: Vec<usize> = moved.map(|(at, _)| at).collect();
        let mut links: BTreeSet<usize> =
            self.take_moves(design, &moved, None).into_iter().collect();
        let labels = &mut self.labels;
        links.extend(labels.take_marks(design, &self.cards, &self.links));
        Some(links.into_iter().collect())
    }

    /// Returns whether these are the design's links, between the same nodes as before. A link
    /// without an end counts as another.
    fn has_ends_of(&self, design: &Design) -> bool {
        let is_same = |(at, link): (usize, &Link)| {
            let Some(kept) = &self.links[at] else {
                return false;
            };
            let [from, to] = kept.job.ends.map(|node| &design.nodes[node].id);
            self.ids[at] == link.id && *from == link.from && *to == link.to
        };
        self.of_node.len() == design.nodes.len()
            && self.ids.len() == design.links.len()
            && design.links.iter().enumerate().all(is_same)
    }

    /// Sets new places of these nodes (by index), and the node that links ignore. Returns the links
    /// whose line, icons or samples changed.
    pub fn take_moves(
        &mut self,
        design: &Design,
        moved: &[usize],
        loose: Option<&str>,
    ) -> Vec<usize> {
        let loose = loose.and_then(|id| design.nodes.iter().position(|node| node.id == id));
        let mut nodes: BTreeSet<usize> = moved.iter().copied().collect();
        if self.loose != loose {
            nodes.extend(self.loose.into_iter().chain(loose));
        }
        nodes.retain(|node| *node < self.of_node.len() && *node < design.nodes.len());
        self.loose = loose;
        let mut links = BTreeSet::new();
        let mut places = Vec::new();
        for node in nodes {
            let before = self.cards.rect(node);
            let corner = Point::from(design.nodes[node].at);
            self.cards.put(node, corner);
            if Some(node) == loose {
                self.cards.lift(node);
            }
            links.extend(&self.of_node[node]);
            for place in [before, rect_at(corner)] {
                places.push(place);
                let near = self.reaches.near(place);
                let has_say = |link: &usize| {
                    let kept = self.links[*link].as_ref();
                    kept.is_some_and(|kept| kept.reach.intersects(&place))
                };
                links.extend(near.into_iter().filter(has_say));
            }
        }
        links.retain(|link| self.renew(*link));
        let labels = &mut self.labels;
        links.extend(labels.follow(&self.cards, &self.links, &links, &places));
        links.into_iter().collect()
    }

    /// Recomputes a link. Returns whether its line changed.
    fn renew(&mut self, link: usize) -> bool {
        let Some(Some(kept)) = self.links.get_mut(link) else {
            return false;
        };
        let Routed { line, reach } = kept.job.route(&self.cards);
        self.work += 1;
        if reach != kept.reach {
            self.reaches.remove(link, kept.reach);
            self.reaches.insert(link, reach);
            kept.reach = reach;
        }
        let runs_elsewhere = line != kept.path.line;
        if runs_elsewhere {
            kept.path = LinkPath::new(line);
        }
        runs_elsewhere
    }

    /// Returns the measured line of a link, by its index.
    pub fn path(&self, link: usize) -> Option<&LinkPath> {
        Some(&self.links.get(link)?.as_ref()?.path)
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.ids.iter().position(|known| known == id)
    }

    /// Returns the measured line of the link called `id`.
    pub fn path_of(&self, id: &str) -> Option<&LinkPath> {
        self.path(self.place(id)?)
    }

    /// Returns the places of a link's labels.
    pub fn labels_of(&self, id: &str) -> LinkLabels {
        let labels = self.place(id).map(|link| self.labels.of(link));
        labels.unwrap_or_default()
    }

    /// Returns whether there is a node that links ignore.
    pub fn has_loose(&self) -> bool {
        self.loose.is_some()
    }

    /// Returns how often a link was computed so far, and how often labels were placed. Tests count
    /// these.
    pub fn work(&self) -> [u64; 2] {
        [self.work, self.labels.work]
    }
}
