//! Links lead around cards wherever there is a route, and a move recomputes only the links it
//! touches.

use design::link::Mode;
use design::{Design, KINDS, Link, Node};
use editor::geometry::{End, Rect, port_at, rect_at};
use editor::labels::{FLAG, LinkLabels, SAMPLE};
use editor::route::{REACH, TOUCH};
use editor::{Curve, LinkPath, NODE_WIDTH, Point, Routes, Scene, node_rect};
use std::collections::BTreeSet;
use testing::Rng;

/// Lines keep at least this distance from cards wherever such a route exists.
const MARGIN: f64 = 12.0;
/// Step of the search that the lines are compared with, in canvas units.
const STEP: f64 = 4.0;

/// Returns a random design whose nodes are partly spread out and partly in each other's way.
fn scattered(seed: u64) -> Design {
    let mut design = testing::design(seed);
    let mut rng = Rng::new(seed);
    let width = rng.between(60, 240);
    for node in &mut design.nodes {
        node.at = [rng.below(width), rng.below(width)].map(|at| at as i32 * 8);
    }
    design
}

/// Returns whether straight pieces enter a rectangle.
fn enters(rect: &Rect, path: &LinkPath) -> bool {
    let inner = rect.expand(-0.01);
    path.points().windows(2).any(|piece| {
        let steps = (piece[0].distance(piece[1]) / 2.0).ceil().max(1.0);
        (0..=steps as usize).any(|at| inner.contains(piece[0].towards(piece[1], at as f64 / steps)))
    })
}

/// Returns the cards that are not ends of a link.
fn others<'a>(design: &'a Design, link: &'a Link) -> impl Iterator<Item = Rect> + 'a {
    let nodes = design.nodes.iter();
    let nodes = nodes.filter(|node| node.id != link.from && node.id != link.to);
    nodes.map(node_rect)
}

/// Returns whether a flood fill gets from port to port, within the bounds and at the margin, and
/// both ports are free.
fn has_way(design: &Design, link: &Link, plain: &Curve) -> bool {
    let region = plain.hull().expand(REACH);
    let blocks: Vec<Rect> = design.nodes.iter().map(node_rect).collect();
    let blocks: Vec<Rect> = blocks
        .iter()
        .map(|card| card.expand(MARGIN - 0.01))
        .collect();
    let is_free = |at: Point| region.contains(at) && !blocks.iter().any(|block| block.contains(at));
    let port = |id: &str, end| port_at(Point::from(design.node(id).unwrap().at), end);
    let start = port(&link.from, End::From) + Point::new(MARGIN, 0.0);
    let end = port(&link.to, End::To) - Point::new(MARGIN, 0.0);
    let ports = [
        (start, Point::new(-MARGIN, 0.0)),
        (end, Point::new(MARGIN, 0.0)),
    ];
    let is_port_free = |(at, to): (Point, Point)| {
        let stub = Rect::between(at, at + to);
        is_free(at) && !others(design, link).any(|card| card.expand(5.0).intersects(&stub))
    };
    if !ports.into_iter().all(is_port_free) {
        return false;
    }
    let goal = ((end.x - start.x) / STEP, (end.y - start.y) / STEP);
    let goal = (goal.0.round() as i32, goal.1.round() as i32);
    let place = |(x, y): (i32, i32)| start + Point::new(f64::from(x), f64::from(y)) * STEP;
    let mut seen = BTreeSet::from([(0, 0)]);
    let mut open: Vec<(i32, i32)> = seen
        .iter()
        .copied()
        .filter(|at| is_free(place(*at)))
        .collect();
    while let Some((x, y)) = open.pop() {
        if (x, y) == goal {
            return true;
        }
        for next in [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)] {
            if is_free(place(next)) && seen.insert(next) {
                open.push(next);
            }
        }
    }
    false
}

#[test]
fn no_line_crosses_a_card_where_there_is_a_way_around() {
    let mut led = 0;
    let cases = testing::cases(40, 40);
    let has_fixed_set = cases.has_fixed_set();
    cases.check_drawn(scattered, |design, _| {
        for (link, line) in Scene::new(design).lines() {
            let path = LinkPath::new(line);
            let at = |id: &str| Point::from(design.node(id).unwrap().at);
            let [outlet, inlet] = [
                port_at(at(&link.from), End::From),
                port_at(at(&link.to), End::To),
            ];
            let parallel = design.links.iter();
            let is_alone = parallel
                .filter(|l| l.from == link.from && l.to == link.to)
                .count()
                == 1;
            let plain = Curve::between(outlet, inlet, 0.0);
            let is_plain = path.line == plain.into();
            led += usize::from(!is_plain);
            assert_eq!((path.line.start(), path.line.end()), (outlet, inlet));
            let own = [at(&link.from), at(&link.to)].map(rect_at);
            let is_behind_own = |path: &LinkPath, by: f64| {
                let mut own = own.iter();
                own.any(|card| enters(&card.expand(-by), path))
            };
            let drawn = LinkPath::new(plain);
            let mut near = others(design, link).map(|card| card.expand(TOUCH + 1.0));
            if is_alone && !is_behind_own(&drawn, 6.0) && !near.any(|card| enters(&card, &drawn)) {
                assert!(is_plain, "{} crosses nothing and stays as it is", link.id);
            }
            if others(design, link).any(|card| enters(&card, &path)) || is_behind_own(&path, 10.0) {
                assert!(!has_way(design, link, &plain), "{} has a way", link.id);
            }
            assert!(
                plain
                    .hull()
                    .expand(REACH + 28.0)
                    .contains(path.bounds().min),
                "{}",
                link.id
            );
        }
    });
    assert!(
        led > 100 || !has_fixed_set,
        "{led} lines lead around something"
    );
}

#[test]
fn lines_are_the_same_whatever_moved_before() {
    testing::cases(10, 10).check_drawn(scattered, |design, rng| {
        if design.nodes.is_empty() {
            return;
        }
        let mut moved = design.clone();
        let mut routes = Routes::new(design);
        for _ in 0..8 {
            let before = routes.clone();
            let nodes = [(); 2].map(|()| rng.place(moved.nodes.len()));
            for node in nodes {
                let by = [rng.below(400), rng.below(400)].map(|by| by as i32 - 200);
                let at = moved.nodes[node].at;
                moved.nodes[node].at = [at[0] + by[0], at[1] + by[1]];
            }
            let loose = rng.chance(20).then(|| moved.nodes[nodes[0]].id.clone());
            let told = routes.take_moves(&moved, &nodes, loose.as_deref());
            for at in 0..moved.links.len() {
                let id = &moved.links[at].id;
                let is_other = before.path(at) != routes.path(at)
                    || before.labels_of(id).marks != routes.labels_of(id).marks
                    || before.labels_of(id).sample != routes.labels_of(id).sample;
                assert_eq!(told.contains(&at), is_other, "{}", moved.links[at].id);
            }
        }
        routes.take_moves(&moved, &[], None);
        let again = Routes::new(&moved);
        let lines = Scene::new(&moved);
        for (link, path) in moved.links.iter().zip(lines.paths()) {
            assert_eq!(routes.path_of(&link.id), path.as_ref(), "{}", link.id);
            assert_eq!(routes.labels_of(&link.id), again.labels_of(&link.id));
        }
    });
}

/// Returns where the page draws the attempts that a caller abandoned: on the right of the line,
/// before the caller's card.
fn crosses(path: &LinkPath) -> impl Iterator<Item = Point> + '_ {
    [4.0, 9.5, 15.0, 20.5, 26.0].into_iter().flat_map(|along| {
        let share = along / path.length().max(1.0);
        let (at, way) = (path.at(share), path.direction(share));
        [10.0, 16.0, 23.0].map(|aside| at + Point::new(-way.y, way.x) * aside)
    })
}

#[test]
fn labels_are_over_nothing_and_beside_their_links() {
    let (mut shown, mut hidden) = (0, 0);
    let cases = testing::cases(25, 25);
    let has_fixed_set = cases.has_fixed_set();
    cases.check_drawn(scattered, |design, _| {
        let routes = Routes::new(design);
        let around =
            |middle: Point, size: Point| Rect::between(middle - size * 0.5, middle + size * 0.5);
        let mut boxes: Vec<(&str, Rect)> = Vec::new();
        for link in &design.links {
            let labels = routes.labels_of(&link.id);
            let (marks, sample) = (labels.marks, labels.sample);
            let flag = labels.flag.map(|at| around(at, FLAG));
            let marks = marks
                .into_iter()
                .map(|at| around(at, Point::new(16.0, 16.0)));
            let sample = sample.map(|at| around(at, SAMPLE));
            boxes.extend(
                marks
                    .chain(sample)
                    .chain(flag)
                    .map(|area| (link.id.as_str(), area)),
            );
            hidden += usize::from(sample.is_none());
            shown += usize::from(sample.is_some());
        }
        for (at, (id, area)) in boxes.iter().enumerate() {
            let inner = area.expand(-0.01);
            for (other, other_area) in &boxes[at + 1..] {
                // The marks of one link are round.
                let is_apart = match id == other && area.size() == other_area.size() {
                    true => area.center().distance(other_area.center()) >= 16.0,
                    false => !inner.intersects(other_area),
                };
                assert!(is_apart, "{id} and {other}");
            }
            let mut cards = design.nodes.iter().map(node_rect);
            assert!(
                !cards.any(|card| card.intersects(&inner)),
                "{id} and a card"
            );
            for link in &design.links {
                let path = routes.path_of(&link.id).unwrap();
                assert!(!enters(area, path), "{id} and the dots of {}", link.id);
                for cross in crosses(path) {
                    assert!(!area.contains(cross), "{id} and a cross of {}", link.id);
                }
            }
            let path = routes.path_of(id).unwrap();
            assert!(path.distance(area.center()) < 80.0, "{id}");
        }
    });
    assert!(
        shown > 2 * hidden || !has_fixed_set,
        "{shown}, and {hidden} have no place"
    );
}

#[test]
fn a_link_between_neighbors_has_room_for_all_its_labels() {
    let mut design = services(2);
    design.nodes[2].at = design.nodes[1].at;
    design.nodes[2].at[0] += NODE_WIDTH as i32 + 80;
    let link = &mut design.links[0];
    link.pool = Some(design::link::Pool::default());
    link.breaker = Some(design::link::Breaker::default());
    link.timeout = Some(design::Duration(1_000_000_000));
    link.retry = Some(design::link::Retry::default());
    let labels = Routes::new(&design).labels_of("l1");
    assert_eq!(labels.marks.len(), 4);
    assert!(
        labels.sample.is_some() && labels.flag.is_some(),
        "{labels:?}"
    );
}

/// Returns this many services in rows of twenty, each linked to the one before it in its row, and
/// one service alone.
fn services(count: usize) -> Design {
    let kind = |name: &str| {
        let info = KINDS.iter().find(|info| info.name == name);
        (info.expect("there is such a kind").make)()
    };
    let place = |at: usize| [(at % 20) as i32 * 500, (at / 20) as i32 * 120];
    let mut nodes = vec![Node::new("alone", kind("service"), [-600, 0])];
    nodes.extend((0..count).map(|at| Node::new(format!("n{at}"), kind("service"), place(at))));
    let links = (1..count).filter(|at| at % 20 != 0).map(|at| {
        let (from, to) = (format!("n{}", at - 1), format!("n{at}"));
        Link::new(format!("l{at}"), from, to, Mode::Call)
    });
    Design {
        links: links.collect(),
        nodes,
        ..Design::default()
    }
}

#[test]
fn a_move_leads_as_many_links_again_among_a_thousand_nodes_as_among_ten() {
    for id in ["n5", "alone"] {
        let cost = |count: usize| {
            let mut design = services(count);
            let node = design.nodes.iter().position(|node| node.id == id).unwrap();
            let mut routes = Routes::new(&design);
            let [before, _] = routes.work();
            let mut led = 0;
            // Over the first row, where the design of ten has its nodes, and above it.
            for step in 0..40 {
                design.nodes[node].at = [900 + step * 16, 40 - step * 2];
                led += routes.take_moves(&design, &[node], None).len();
            }
            (routes.work()[0] - before, led)
        };
        let few = cost(10);
        assert!(few.1 >= 10, "{id}: {few:?}");
        assert!(few.0 <= 40 * 5, "{id}: {few:?}");
        // The rows below are near as well, but not all fifty of them.
        let many = cost(1_000);
        assert_eq!(many, cost(200), "{id}");
        assert!(many.0 <= 40 * 8, "{id}: {few:?}, {many:?}");
    }
}

#[test]
fn an_edit_leads_links_again_only_where_the_picture_is_another() {
    let mut design = services(200);
    let mut routes = Routes::new(&design);
    let work = |routes: &mut Routes, design: &Design| {
        let before = routes.work();
        let led = routes.take_design(design);
        let again = Routes::new(design);
        for link in &design.links {
            assert_eq!(routes.path_of(&link.id), again.path_of(&link.id));
            assert_eq!(routes.labels_of(&link.id), again.labels_of(&link.id));
        }
        let after = routes.work();
        ([after[0] - before[0], after[1] - before[1]], led)
    };
    // A field, as the inspector sets it: nothing is led, no label is placed.
    design.nodes[3].label = Some("Another name".into());
    assert_eq!(work(&mut routes, &design), ([0, 0], Some(Vec::new())));
    // A policy comes: its mark, and the labels beside it.
    design.links[20].timeout = Some(design::Duration(1_000_000_000));
    let ([led, placed], told) = work(&mut routes, &design);
    assert_eq!((led, told), (0, Some(vec![20])));
    assert!((1..30).contains(&placed), "{placed}");
    assert_eq!(routes.labels_of(&design.links[20].id).marks.len(), 1);
    design.links[20].timeout = None;
    assert_eq!(work(&mut routes, &design).0[0], 0);
    // A node that such an edit puts elsewhere is a move.
    design.nodes[30].at[1] += 16;
    let ([led, _], told) = work(&mut routes, &design);
    assert!((1..10).contains(&led) && told.is_some(), "{led}");
    // A link goes, another comes, or it leads elsewhere: all are led.
    let gone = design.links.pop().unwrap();
    assert_eq!(work(&mut routes, &design).1, None);
    design.links.push(gone);
    assert_eq!(work(&mut routes, &design).1, None);
    design.links[7].to = "alone".into();
    assert_eq!(work(&mut routes, &design).1, None);
}

#[test]
fn parallel_links_around_a_card_keep_apart() {
    let mut design = services(3);
    design.nodes.remove(0);
    design.links = (0..3)
        .map(|at| Link::new(format!("p{at}"), "n0", "n2", Mode::Call))
        .collect();
    let paths: Vec<LinkPath> = Scene::new(&design).paths().flatten().collect();
    let card = rect_at(Point::new(500.0, 0.0));
    for (at, path) in paths.iter().enumerate() {
        assert!(!enters(&card, path), "{at}");
        for other in &paths[at + 1..] {
            assert!(other.distance(path.at(0.5)) >= 8.0, "{at}");
        }
    }
}

#[test]
fn a_line_from_edge_to_edge_of_the_canvas_is_led_and_has_no_labels() {
    let mut design = services(3);
    design.nodes[1].at = [-1_000_000, -1_000_000];
    design.nodes[2].at = [1_000_000, 1_000_000];
    let routes = Routes::new(&design);
    assert!(routes.path_of("l1").unwrap().length() > 2_000_000.0);
    assert_eq!(routes.labels_of("l1"), LinkLabels::default());
}
