//! Places the names of zones: of each region, and on each node whose replicas are in several zones.
//!
//! Names keep their size on the screen, so that they can be read and clicked at every zoom. They
//! cover no card and no other name if there is room. If there is none, a name is left out, unless
//! it is the only one of its zone.
//!
//! Only zones in view, or almost in view, have a name, so the work and the number of names are
//! bounded however large the design is.

use crate::areas::Areas;
use crate::cards::Cards;
use crate::geometry::{Point, Rect, node_rect};
use crate::viewport::Viewport;
use crate::zones::{LABEL_HEIGHT, Region};
use design::{Design, Node};
use std::collections::BTreeSet;

/// Height of a name on the screen, in pixels: large enough for a finger.
pub const HEIGHT: f64 = 24.0;
/// Width of a letter on the screen, and of the padding around the name.
const WIDTH: (f64, f64) = (8.0, 16.0);
/// Maximum width of a name; a longer one is cut off.
const WIDTH_MAX: f64 = 150.0;
/// Distance between two names on the screen.
const GAP: f64 = 3.0;
/// Distance of a name from the corner of its region, on the screen.
const INSET: f64 = 6.0;
/// Space left free at the upper left and the upper right corner of a card, in canvas units: for the
/// flag of a finding, and for the number of failures.
const CORNERS: [f64; 2] = [16.0, 26.0];
/// Width of the word beside the flag of a cause, on the screen. A smaller canvas has no word.
const CAUSE: f64 = 38.0;
/// Minimum zoom at which that word is there.
const CAUSE_SCALE: f64 = 0.55;
/// Number of rows above and below a node in which its zones may be named.
const ROWS: usize = 3;
/// Number of places along an edge of a region for its name.
const SHIFTS: usize = 8;

/// Maximum number of names at a time; further ones are left out.
pub const NAMES_MAX: usize = 500;
/// Maximum number of further names that are tried for zones that already have one.
const REPEATS_MAX: usize = 2_000;
/// Minimum distance beyond the edge of the screen within which zones have names, in pixels. Names
/// are placed again when the view has moved this far.
const AHEAD: f64 = 256.0;

/// The name of a zone, in one place.
#[derive(Clone, Debug, PartialEq)]
pub struct ZoneName {
    /// The zone.
    pub zone: String,
    /// The node it is on; `None` for the name of a region.
    pub node: Option<String>,
    /// Its area, in canvas units.
    pub area: Rect,
    /// The color of its region; `None` for a zone without a region.
    pub color: Option<usize>,
    /// Whether the zone has another name before this one.
    pub repeats: bool,
}

/// Returns the part of the canvas whose zones have names: what is visible, and more on each side.
pub fn named_area(view: &Viewport) -> Rect {
    let step = AHEAD / view.scale();
    let Rect { min, max } = view.visible();
    let before = |at: f64| ((at / step).floor() - 1.0) * step;
    let after = |at: f64| ((at / step).ceil() + 1.0) * step;
    Rect {
        min: Point::new(before(min.x), before(min.y)),
        max: Point::new(after(max.x), after(max.y)),
    }
}

/// Returns the names of the zones in an area at a zoom, in screen pixels per canvas unit.
pub fn zone_names(design: &Design, regions: &[Region], scale: f64, area: Rect) -> Vec<ZoneName> {
    place_names(design, regions, scale, area).placed
}

fn place_names(design: &Design, regions: &[Region], scale: f64, area: Rect) -> Names {
    let is_spread = |node: &&Node| !node.deployment.zones.is_empty();
    let mut names = Names {
        cards: Cards::default(),
        pixel: 1.0 / scale,
        placed: Vec::new(),
        areas: Areas::default(),
        named: BTreeSet::new(),
        work: 0,
    };
    let spread = design.nodes.iter().filter(is_spread);
    let spread: Vec<&Node> = spread
        .filter(|node| node_rect(node).intersects(&area))
        .collect();
    let here = regions.iter();
    let here: Vec<&Region> = here.filter(|one| one.rect.intersects(&area)).collect();
    if here.is_empty() && spread.is_empty() {
        return names;
    }
    names.cards = Cards::new(design);
    let mut known: BTreeSet<&str> = here.iter().map(|region| region.name.as_str()).collect();
    for region in here.into_iter().take(NAMES_MAX) {
        names.put_region(region);
    }
    // First one name for each zone, then further ones while there is room.
    let mut later = Vec::new();
    for node in spread {
        let zones: BTreeSet<&str> = node.deployment.zones.iter().map(String::as_str).collect();
        let new: Vec<&str> = zones
            .iter()
            .copied()
            .filter(|zone| known.insert(zone))
            .collect();
        for zone in &new {
            names.put_on(node, zone, regions, true);
        }
        later.extend(
            zones
                .into_iter()
                .filter(|z| !new.contains(z))
                .map(|z| (node, z)),
        );
    }
    for (node, zone) in later.into_iter().take(REPEATS_MAX) {
        names.put_on(node, zone, regions, false);
    }
    names
}

struct Names {
    cards: Cards,
    /// Length of a screen pixel on the canvas.
    pixel: f64,
    placed: Vec<ZoneName>,
    /// A spatial index of the placed names.
    areas: Areas,
    /// The zones that have a name.
    named: BTreeSet<String>,
    /// Number of places that were tried. Tests count it.
    work: usize,
}

impl Names {
    /// Returns the placed names near an area.
    fn near(&self, area: Rect) -> impl Iterator<Item = &ZoneName> {
        let near = self.areas.near(area).into_iter();
        near.filter_map(|name| self.placed.get(name))
    }

    fn size(&self, zone: &str) -> Point {
        let letters = zone.chars().count() as f64;
        let width = (letters * WIDTH.0 + WIDTH.1).min(WIDTH_MAX);
        Point::new(width, HEIGHT) * self.pixel
    }

    /// Places a name in the strip at the top of the region, which grows upwards; else further along
    /// it, else below the region.
    fn put_region(&mut self, region: &Region) {
        let size = self.size(&region.name);
        let Rect { min, max } = region.rect;
        let step = size.x + GAP * self.pixel;
        let inset = INSET * self.pixel;
        // Below the strip there is free space before the first card.
        let rows = [min.y + LABEL_HEIGHT + INSET - size.y, max.y + inset];
        let left = min.x + inset;
        let corners = rows
            .into_iter()
            .flat_map(|y| (0..SHIFTS).map(move |at| Point::new(left + step * at as f64, y)));
        let up = (0..SHIFTS * 4).map(|row| {
            let rise = (HEIGHT + GAP) * self.pixel * row as f64;
            Point::new(left, rows[0] - rise)
        });
        self.put(
            &region.name,
            None,
            Some(region.color),
            corners.collect(),
            up.collect(),
        );
    }

    /// Places a name in rows above and below the node. A name that `must` be there may cover a
    /// card.
    fn put_on(&mut self, node: &Node, zone: &str, regions: &[Region], must: bool) {
        if self.placed.len() >= NAMES_MAX {
            return;
        }
        let size = self.size(zone);
        let card = node_rect(node);
        let word = match self.pixel * CAUSE_SCALE <= 1.0 {
            true => CAUSE * self.pixel,
            false => 0.0,
        };
        let (left, right) = (card.min.x + CORNERS[0] + word, card.max.x - CORNERS[1]);
        let step = Point::new(size.x + GAP * self.pixel, size.y + GAP * self.pixel);
        let columns = (((right - left) / step.x).floor() as usize).clamp(1, SHIFTS);
        let row = |y: f64| (0..columns).map(move |at| Point::new(left + step.x * at as f64, y));
        // Places next to names of other widths that are already there.
        let beside = |y: f64| {
            let (start, end) = (Point::new(left, y), Point::new(right, y + size.y));
            let others = self.near(Rect::between(start, end)).filter(|other| {
                other.node.as_ref() == Some(&node.id) && (other.area.min.y - y).abs() < 1e-6
            });
            let next = others.map(|other| other.area.max.x + GAP * self.pixel);
            let next = next.filter(|x| x + size.x <= right);
            next.map(|x| Point::new(x, y)).collect::<Vec<_>>()
        };
        let gap = GAP * self.pixel;
        let above = |at: usize| card.min.y - gap - size.y - step.y * at as f64;
        let below = |at: usize| card.max.y + gap + step.y * at as f64;
        let heights = (0..ROWS).map(above).chain((0..ROWS).map(below));
        let corners = heights
            .flat_map(|y| beside(y).into_iter().chain(row(y)))
            .collect();
        let forced = match must {
            true => (0..SHIFTS * 4)
                .map(|at| Point::new(left, above(at)))
                .collect(),
            false => Vec::new(),
        };
        let region = regions.iter().find(|region| region.name == zone);
        let color = region.map(|region| region.color);
        self.put(zone, Some(node.id.clone()), color, corners, forced);
    }

    /// Places a name at the first corner where it covers nothing, else at the first without another
    /// name.
    fn put(
        &mut self,
        zone: &str,
        node: Option<String>,
        color: Option<usize>,
        corners: Vec<Point>,
        forced: Vec<Point>,
    ) {
        let size = self.size(zone);
        let area = |corner: Point| Rect::between(corner, corner + size);
        let mut work = 0;
        let mut is_alone = |area: &Rect| {
            work += 1;
            !self.near(*area).any(|name| overlap(&name.area, area))
        };
        let is_off_cards =
            |area: &Rect| !self.cards.near(*area).any(|(_, card)| overlap(&card, area));
        let mut free = corners.into_iter().map(area);
        let free = free.find(|area| is_alone(area) && is_off_cards(area));
        let area = free.or_else(|| forced.into_iter().map(area).find(is_alone));
        self.work += work;
        if let Some(area) = area {
            self.areas.insert(self.placed.len(), area);
            self.placed.push(ZoneName {
                zone: zone.to_owned(),
                node,
                area,
                color,
                repeats: !self.named.insert(zone.to_owned()),
            });
        }
    }
}

/// Returns whether two areas share more than an edge.
fn overlap(a: &Rect, b: &Rect) -> bool {
    a.min.x < b.max.x && b.min.x < a.max.x && a.min.y < b.max.y && b.min.y < a.max.y
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::small;
    use crate::zones::regions;
    use testing::Rng;

    const SCALES: [f64; 6] = [0.1, 0.25, 0.41, 0.88, 1.0, 4.0];

    fn names_of(design: &Design, scale: f64) -> Vec<ZoneName> {
        zone_names(design, &regions(design), scale, EVERYWHERE)
    }

    const EVERYWHERE: Rect = Rect {
        min: Point::new(-1e7, -1e7),
        max: Point::new(1e7, 1e7),
    };

    fn is_over_another(names: &[ZoneName]) -> bool {
        names.iter().enumerate().any(|(at, name)| {
            names[at + 1..]
                .iter()
                .any(|other| overlap(&name.area, &other.area))
        })
    }

    #[test]
    fn the_zones_of_a_node_are_on_it_side_by_side() {
        let mut design = small();
        design.nodes[1].deployment.zones = ["a", "b", "c"].map(str::to_owned).into();
        design.nodes[2].deployment.zones = ["b", "c"].map(str::to_owned).into();
        for scale in SCALES {
            let names = names_of(&design, scale);
            assert!(!is_over_another(&names), "{scale}: {names:?}");
            let on = |id: &str| {
                names
                    .iter()
                    .filter(|n| n.node.as_deref() == Some(id))
                    .count()
            };
            assert_eq!(on("api"), 3, "{scale}");
            if scale >= 0.41 {
                assert_eq!(on("db"), 2, "{scale}");
                for name in &names {
                    let node = design.node(name.node.as_ref().unwrap()).unwrap();
                    let card = node_rect(node);
                    assert!(name.area.max.y <= card.min.y && name.area.min.x >= card.min.x);
                    assert!(name.area.max.x <= card.max.x, "{scale}: {name:?}");
                    // At most the second row.
                    let rows = (card.min.y - name.area.max.y) * scale / (HEIGHT + GAP);
                    assert!(rows < 1.5, "{scale}: {name:?}");
                }
            }
        }
    }

    #[test]
    fn every_zone_has_a_name_that_no_other_is_over() {
        for seed in testing::cases(60, 60).seeds() {
            let mut rng = Rng::new(seed);
            let mut design = testing::design(seed);
            let zones = ["a", "b", "eu-west-1a", "a zone with a name that is long"];
            for node in &mut design.nodes {
                node.at = [rng.below(900), rng.below(600)].map(|at| at as i32);
                node.deployment.zone = None;
                node.deployment.zones.clear();
                match rng.below(3) {
                    0 => node.deployment.zone = Some((*rng.pick(&zones)).to_owned()),
                    1 => {
                        let some = zones.iter().filter(|_| rng.chance(60));
                        node.deployment.zones = some.map(|zone| (*zone).to_owned()).collect();
                    }
                    _ => {}
                }
            }
            for scale in SCALES {
                let names = names_of(&design, scale);
                let named: BTreeSet<&str> = names.iter().map(|name| name.zone.as_str()).collect();
                let all = design.nodes.iter().flat_map(|node| node.deployment.zones());
                let all: BTreeSet<&str> = all.map(String::as_str).collect();
                assert_eq!(named, all, "SEED={seed} at {scale}");
                assert!(!is_over_another(&names), "SEED={seed} at {scale}");
                let first = names.iter().filter(|name| !name.repeats);
                assert_eq!(first.count(), all.len(), "each zone has one first name");
                for name in &names {
                    let height = name.area.size().y * scale;
                    assert!((height - HEIGHT).abs() < 1e-6, "{height} px");
                }
            }
        }
    }

    #[test]
    fn the_name_of_a_region_is_over_no_card_where_there_is_room() {
        let mut design = small();
        for node in &mut design.nodes[..2] {
            node.deployment.zone = Some("eu-west-1a".to_owned());
        }
        for scale in SCALES {
            let names = names_of(&design, scale);
            let [name] = &names[..] else {
                panic!("{names:?}");
            };
            for node in &design.nodes {
                assert!(!overlap(&node_rect(node), &name.area), "{scale}: {name:?}");
            }
        }
    }

    /// Returns a design with this many nodes in rows, each in several zones.
    fn spread(nodes: usize, zones: usize) -> Design {
        let mut design = small();
        let mut node = design.nodes[1].clone();
        node.deployment.zones = (0..zones).map(|zone| format!("zone {zone}")).collect();
        let place = |at: usize| [(at % 100) as i32 * 320, (at / 100) as i32 * 200];
        design.nodes = (0..nodes)
            .map(|at| {
                let (id, at) = (format!("n{at}"), place(at));
                design::Node {
                    id,
                    at,
                    ..node.clone()
                }
            })
            .collect();
        design
    }

    #[test]
    fn names_and_the_work_for_them_are_bounded() {
        let mut view = Viewport::default();
        view.resize(Point::new(1440.0, 900.0));
        let area = named_area(&view);
        assert!(area.min.x <= -AHEAD && area.max.x >= 1440.0 + AHEAD);
        view.pan(Point::new(-3.0, -3.0));
        let panned = named_area(&view);
        view.pan(Point::new(-3.0, -3.0));
        assert_eq!(
            named_area(&view),
            panned,
            "a small step places nothing again"
        );
        // Those out of view cost nothing.
        let few = place_names(&spread(1_000, 3), &[], 1.0, area);
        let many = place_names(&spread(10_000, 3), &[], 1.0, area);
        assert_eq!((few.work, &few.placed), (many.work, &many.placed));
        assert!(few.placed.len() > 60, "{}", few.placed.len());
        // All of them in view.
        for scale in [0.1, 1.0] {
            let all = place_names(&spread(10_000, 64), &[], scale, EVERYWHERE);
            assert!((64..=NAMES_MAX).contains(&all.placed.len()), "{scale}");
            assert!(all.work < 200_000, "{scale}: {}", all.work);
        }
    }
}
