//! Zones as regions of the canvas. A design says in which zone each node runs. A region is drawn
//! around the nodes of a zone, so it always agrees with the design.

use crate::geometry::{Point, Rect, node_rect};
use crate::tools::dragging::Places;
use design::{Command, Design, Kind, Node, Target, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Distance from a region's edge to the nodes in it.
const PADDING: f64 = 24.0;
/// Height of the strip with the name at the top of a region.
pub const LABEL_HEIGHT: f64 = 24.0;
/// Number of colors. Zones take them in the order of their names.
pub const COLORS: usize = 6;

/// A zone as a region.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// The zone's name.
    pub name: String,
    /// The area it covers.
    pub rect: Rect,
    /// Its color, from 0 to [`COLORS`] - 1.
    pub color: usize,
    /// How many nodes are in it.
    pub nodes: usize,
}

/// Returns the regions of a design, the largest first, in drawing order.
pub fn regions(design: &Design) -> Vec<Region> {
    regions_of(design.nodes.iter(), |node| node.deployment.zone.as_deref())
}

/// Returns the regions of a design during a drag that would change zones of nodes.
pub fn regions_while(design: &Design, drops: &BTreeMap<String, String>) -> Vec<Region> {
    regions_of(design.nodes.iter(), |node| {
        let drop = drops.get(&node.id).map(String::as_str);
        drop.or(node.deployment.zone.as_deref())
    })
}

fn regions_of<'a>(
    nodes: impl Iterator<Item = &'a Node>,
    zone: impl Fn(&'a Node) -> Option<&'a str>,
) -> Vec<Region> {
    let mut by_name: BTreeMap<&str, (Rect, usize)> = BTreeMap::new();
    for node in nodes {
        let Some(name) = zone(node) else { continue };
        let rect = node_rect(node);
        let entry = by_name.entry(name).or_insert((rect, 0));
        entry.0 = entry.0.union(rect);
        entry.1 += 1;
    }
    let regions = by_name.into_iter().enumerate();
    let mut regions: Vec<Region> = regions
        .map(|(at, (name, (rect, nodes)))| {
            let mut rect = rect.expand(PADDING);
            rect.min.y -= LABEL_HEIGHT;
            Region {
                name: name.to_owned(),
                rect,
                color: at % COLORS,
                nodes,
            }
        })
        .collect();
    let area = |region: &Region| region.rect.size().x * region.rect.size().y;
    regions.sort_by(|a, b| area(b).total_cmp(&area(a)));
    regions
}

/// Returns the zones that nodes would get if they were dropped now: a node whose middle is in the
/// region of another zone, and not in what is left of its own, changes to that zone. Moved nodes
/// make no region themselves. Nodes with replicas in several zones keep them.
pub(crate) fn drops(design: &Design, moved: &Places) -> BTreeMap<String, String> {
    let is_moved = |node: &Node| moved.nodes.contains_key(&node.id);
    let standing = design.nodes.iter().filter(|node| !is_moved(node));
    let regions = regions_of(standing, |node| node.deployment.zone.as_deref());
    let mut drops = BTreeMap::new();
    if regions.is_empty() {
        return drops;
    }
    for node in design.nodes.iter().filter(|node| is_moved(node)) {
        if !node.deployment.zones.is_empty() {
            continue;
        }
        let middle = node_rect(node).center();
        let own = node.deployment.zone.as_deref();
        let mut around = regions.iter().filter(|region| region.rect.contains(middle));
        if around.clone().any(|region| own == Some(&region.name)) {
            continue;
        }
        // The smallest is drawn on top.
        if let Some(region) = around.next_back() {
            drops.insert(node.id.clone(), region.name.clone());
        }
    }
    drops
}

/// Returns the zone whose region a new node would be in.
pub(crate) fn zone_at(design: &Design, middle: Point) -> Option<String> {
    let regions = regions(design);
    let around = regions.iter().rev();
    around
        .map(|region| (region, region.rect))
        .find(|(_, rect)| rect.contains(middle))
        .map(|(region, _)| region.name.clone())
}

/// Returns the commands that put nodes into zones, or with `None` into none. Faults of a zone that
/// no node runs in any more are removed.
pub(crate) fn put(design: &Design, zones: &BTreeMap<String, Option<String>>) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut left = BTreeSet::new();
    for node in &design.nodes {
        let Some(zone) = zones.get(&node.id) else {
            left.extend(node.deployment.zones());
            continue;
        };
        left.extend(zone.iter());
        let mut set = |field: &str, value: Value| {
            let target = Target::Node(node.id.clone());
            commands.push(Command::Set(target, field.to_owned(), value));
        };
        if !node.deployment.zones.is_empty() {
            set("zones", Value::List(Vec::new()));
        }
        if node.deployment.zone != *zone {
            set("zone", zone.as_ref().map_or(Value::Null, Value::text));
        }
    }
    let is_gone = |zone: &String| is_zone(design, zone) && !left.contains(zone);
    for (at, fault) in design.faults.iter().enumerate().rev() {
        if is_gone(&fault.target) || fault.to.as_ref().is_some_and(is_gone) {
            commands.push(Command::RemoveFault(at));
        }
    }
    for node in &design.nodes {
        let zones = followers_only(node);
        if zones.iter().any(is_gone) {
            let stays = zones.iter().filter(|zone| !is_gone(zone)).map(Value::text);
            commands.push(Command::Set(
                Target::Node(node.id.clone()),
                "replication.no_leader_in".to_owned(),
                Value::List(stays.collect()),
            ));
        }
    }
    commands
}

/// Returns the zones in which no member of a database leads.
fn followers_only(node: &Node) -> &[String] {
    match &node.kind {
        Kind::Database(database) => {
            let replication = database.replication.as_ref();
            replication.map_or(&[], |replication| &replication.no_leader_in)
        }
        _ => &[],
    }
}

/// Returns the commands that rename a zone wherever it is named.
///
/// # Errors
///
/// The name is not valid for a zone, or another zone has it.
pub fn rename(design: &Design, from: &str, to: &str) -> Result<Vec<Command>, String> {
    if to.is_empty() || to.chars().count() > 64 || to.chars().any(char::is_control) {
        return Err("a zone's name must have 1 to 64 characters".to_owned());
    }
    if is_zone(design, to) {
        return Err(format!("zone {to} already exists"));
    }
    let text = || Value::text(to);
    let mut commands = Vec::new();
    let mut set = |target: Target, path: String| commands.push(Command::Set(target, path, text()));
    for node in &design.nodes {
        let target = || Target::Node(node.id.clone());
        if node.deployment.zone.as_deref() == Some(from) {
            set(target(), "zone".to_owned());
        }
        for (at, zone) in node.deployment.zones.iter().enumerate() {
            if zone == from {
                set(target(), format!("zones[{at}]"));
            }
        }
        for (at, zone) in followers_only(node).iter().enumerate() {
            if zone == from {
                set(target(), format!("replication.no_leader_in[{at}]"));
            }
        }
    }
    for (at, pair) in design.settings.zones.pairs.iter().enumerate() {
        for (field, zone) in [("between", &pair.between), ("and", &pair.and)] {
            if zone == from {
                set(Target::Settings, format!("zones.pairs[{at}].{field}"));
            }
        }
    }
    for (at, fault) in design.faults.iter().enumerate() {
        // A target names a node before a zone, except for a partition.
        let is_partition = fault.kind == design::FaultKind::Partition;
        if fault.target == from && (is_partition || design.node(from).is_none()) {
            set(Target::Fault(at), "target".to_owned());
        }
        if fault.to.as_deref() == Some(from) {
            set(Target::Fault(at), "to".to_owned());
        }
    }
    Ok(commands)
}

/// Returns a name that no zone has yet: `a`, `b`, and so on.
pub(crate) fn free_name(design: &Design) -> String {
    let letters = ('a'..='z').map(|letter| letter.to_string());
    let numbered = (1..).map(|n| format!("zone {n}"));
    letters
        .chain(numbered)
        .find(|name| !is_zone(design, name))
        .unwrap_or_default()
}

fn is_zone(design: &Design, name: &str) -> bool {
    let mut nodes = design.nodes.iter();
    nodes.any(|node| node.deployment.zones().iter().any(|zone| zone == name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{NODE_HEIGHT, NODE_WIDTH};
    use crate::testing::{Hand, kind, small};
    use design::{Fault, FaultKind};

    /// Returns a design with `api` and `db` in a zone each, and a third node in none.
    fn zoned() -> Design {
        let mut design = small();
        design.nodes[1].deployment.zone = Some("a".to_owned());
        design.nodes[2].deployment.zone = Some("b".to_owned());
        design
            .nodes
            .push(Node::new("loose", kind("service"), [0, 400]));
        design
    }

    fn zone_of(hand: &Hand, id: &str) -> String {
        let node = hand.editor.design().node(id).unwrap();
        node.deployment.zones().join(" ")
    }

    #[test]
    fn a_region_is_drawn_around_its_nodes() {
        let mut design = zoned();
        design.nodes[0].deployment.zone = Some("a".to_owned());
        let regions = regions(&design);
        let seen: Vec<_> = regions
            .iter()
            .map(|region| {
                (
                    region.name.as_str(),
                    region.rect.min.x,
                    region.nodes,
                    region.color,
                )
            })
            .collect();
        assert_eq!(seen, [("a", -24.0, 2, 0), ("b", 576.0, 1, 1)]);
        assert_eq!(
            regions[0].rect.size(),
            Point::new(300.0 + NODE_WIDTH + 48.0, NODE_HEIGHT + 72.0)
        );
        // A node with replicas in several zones is in no region.
        design.nodes[2].deployment.zone = None;
        design.nodes[2].deployment.zones = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(super::regions(&design).len(), 1);
    }

    #[test]
    fn a_node_dropped_into_a_region_is_in_that_zone() {
        let mut hand = Hand::on(zoned());
        let first = hand.editor.design().clone();
        hand.play("down 50 410; move 380 50; up 380 50");
        assert_eq!(zone_of(&hand, "loose"), "a");
        assert_eq!(hand.history(), ["Move loose"]);
        hand.play("undo");
        assert_eq!(hand.editor.design(), &first);
        // Beside every region, a node keeps its zone.
        hand.play("down 350 10; move 350 490; up 350 490");
        assert_eq!(
            (zone_of(&hand, "api"), hand.at("api")),
            ("a".into(), [300, 480])
        );
        // Over another region it changes its zone, but not while it is in its own.
        hand.play("down 350 490; move 700 50; up 700 50");
        assert_eq!(zone_of(&hand, "api"), "b");
        hand.play("down 50 410 alt; move 740 60 alt; up 740 60 alt");
        assert_eq!(
            (zone_of(&hand, "loose"), zone_of(&hand, "loose-2")),
            (String::new(), "b".into())
        );
    }

    #[test]
    fn what_is_added_in_a_region_is_in_that_zone() {
        let mut hand = Hand::on(zoned());
        let cache = crate::catalog::thing("redis").unwrap();
        hand.editor.add_thing(&cache, Some(Point::new(400.0, 90.0)));
        assert_eq!(zone_of(&hand, "redis"), "a");
        hand.editor
            .add_thing(&cache, Some(Point::new(400.0, 290.0)));
        assert_eq!(zone_of(&hand, "redis-2"), "");
    }

    #[test]
    fn a_new_zone_takes_what_is_selected_and_lets_it_go_again() {
        let mut hand = Hand::on(zoned());
        let first = hand.editor.design().clone();
        hand.play("down 50 10; up 50 10; down 50 410 shift; up 50 410; zone-new");
        assert_eq!(
            (zone_of(&hand, "users"), zone_of(&hand, "loose")),
            ("c".into(), "c".into())
        );
        assert_eq!(hand.history(), ["Put loose and users in zone c"]);
        hand.play("zone-leave");
        assert_eq!(zone_of(&hand, "users"), "");
        hand.play("undo; undo");
        assert_eq!(hand.editor.design(), &first);
    }

    #[test]
    fn the_faults_of_a_zone_go_with_its_last_node_and_follow_its_name() {
        let mut design = zoned();
        let cut = |target: &str, to: &str| Fault {
            kind: FaultKind::Partition,
            target: target.into(),
            to: Some(to.into()),
            ..Fault::default()
        };
        design.faults = vec![cut("a", "b")];
        assert_eq!(design.problems(), []);
        let mut renamed = design.clone();
        for command in rename(&design, "b", "east").unwrap() {
            renamed.apply(command).unwrap();
        }
        assert_eq!(renamed.problems(), []);
        assert_eq!(renamed.faults, [cut("a", "east")]);
        assert!(rename(&design, "b", "a").is_err() && rename(&design, "b", "").is_err());
        let mut hand = Hand::on(design);
        let first = hand.editor.design().clone();
        hand.play("down 650 10; up 650 10; zone-leave");
        assert!(hand.editor.design().faults.is_empty());
        assert_eq!(hand.editor.design().problems(), []);
        hand.play("undo");
        assert_eq!(hand.editor.design(), &first);
        hand.play("down 650 10; up 650 10; delete");
        assert_eq!(hand.editor.design().problems(), []);
        hand.play("undo");
        assert_eq!(hand.editor.design(), &first);
    }
}
